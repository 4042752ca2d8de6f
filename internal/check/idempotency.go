package check

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
)

// idempotencyOnce: a caller's key did one thing.
func (c *checker) idempotencyOnce(ctx context.Context, name string) error {
	const query = `
SELECT CAST(MIN(CAST(id AS text)) AS text), principal, mutation, COUNT(*), COUNT(DISTINCT object_id)
FROM idempotency_records GROUP BY merchant_id, principal, mutation, key HAVING COUNT(*) > 1
ORDER BY 1`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.IdempotencyRecordID
		var principal, mutation string
		var n, objects int
		if err := rows.Scan(&id, &principal, &mutation, &n, &objects); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("one key of %s in %s has %d records of %d objects", principal, mutation, n, objects), id.String())
		return nil
	})
}

// keyed is a bill that records may name.
type keyed struct {
	merchant int32 // its number in the order of reading
	made     bool  // a billCreate record says that it made the bill
}

// record is an idempotency record that names a bill.
type record struct {
	id       pay.IdempotencyRecordID
	bill     pay.BillID
	merchant int32
	creates  bool
}

// idempotencyObjects: the bill that a key's record names is there and of the same
// merchant, two keys did not make the same bill, and a billCreate that is over
// made a bill or says why not.
//
// A record whose call never came back, its lease long past, is as it should be: a
// repetition takes the work over, and nobody need repeat.
func (c *checker) idempotencyObjects(ctx context.Context, name string) error {
	const query = `
SELECT '', CAST(id AS text), CAST(merchant_id AS text), '' FROM bills
UNION ALL
SELECT CAST(id AS text), object_id, CAST(merchant_id AS text), mutation FROM idempotency_records
WHERE SUBSTR(object_id, 1, 5) = 'bill_' OR mutation = 'billCreate' AND finished_at IS NOT NULL AND errors IS NULL`
	bills, merchants := make(map[pay.BillID]keyed), make(map[string]int32)
	var early []record // read before their bills
	judge := func(r record) bool {
		b, known := bills[r.bill]
		switch {
		case !known:
			return false
		case b.merchant != r.merchant:
			c.report.breach(name, "it names a bill of another merchant", r.id.String(), r.bill.String())
		case r.creates && b.made:
			c.report.breach(name, "another key made the same bill", r.id.String(), r.bill.String())
		}
		b.made = b.made || r.creates
		bills[r.bill] = b
		return true
	}
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var key, object, mutation string
		var merchant sql.RawBytes
		if err := rows.Scan(&key, &object, &merchant, &mutation); err != nil {
			return err
		}
		number, known := merchants[string(merchant)]
		if !known {
			number = int32(len(merchants)) //nolint:gosec // there are not that many merchants
			merchants[string(merchant)] = number
		}
		if key == "" {
			var id pay.BillID
			err := id.Scan(object)
			bills[id] = keyed{merchant: number}
			return err
		}
		r := record{merchant: number, creates: mutation == "billCreate"}
		if err := r.id.Scan(key); err != nil {
			return err
		}
		var err error
		if r.bill, err = pay.ParseBillID(object); err != nil {
			c.report.breach(name, "it is over and names no bill that can be", r.id.String(), object)
			return nil //nolint:nilerr // it is a finding
		}
		if !judge(r) {
			early = append(early, r)
		}
		return nil
	})
	for _, r := range early {
		if !judge(r) {
			c.report.breach(name, "it names a bill that is not there", r.id.String(), r.bill.String())
		}
	}
	return err
}
