package check

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
)

// chargesTries: the charges of a period's bill are numbered from 1, one attempt
// each, and while the bill is open none is beyond what its subscription began. A
// number without an attempt is a charge that was refused before anybody was asked.
// That one of them at most takes money is captures.single's to say.
func (c *checker) chargesTries(ctx context.Context, name string) error {
	const query = `
SELECT b.id, a.id, a.charge_try, b.status = 'PENDING' AND s.open_bill_id IS NOT NULL AND s.open_bill_id = b.id AND a.charge_try > s.dunning_try
FROM billing_subscriptions s CROSS JOIN bills b CROSS JOIN attempts a
WHERE b.subscription_id = s.id AND a.bill_id = b.id AND a.charge_try IS NOT NULL
ORDER BY b.id, a.charge_try, a.id`
	var last pay.BillID
	tried := 0
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var bill pay.BillID
		var id pay.AttemptID
		var try int
		var unbegun bool
		if err := rows.Scan(&bill, &id, &try, &unbegun); err != nil {
			return err
		}
		if bill != last {
			last, tried = bill, 0
		}
		switch {
		case try <= tried:
			c.report.breach(name, fmt.Sprintf("charge %d comes after charge %d", try, tried), bill.String(), id.String())
		case unbegun:
			c.report.breach(name, fmt.Sprintf("charge %d was made, and its subscription did not begin it", try), bill.String(), id.String())
		}
		tried = try
		return nil
	})
}

// chargesCard: an attempt that charges a saved card charges one of its bill's
// payer, at the account that has it, by an operation that says so.
func (c *checker) chargesCard(ctx context.Context, name string) error {
	const query = `
SELECT a.id, a.bill_id, CASE
	WHEN k.id IS NULL OR b.user_id IS NULL OR k.user_id <> b.user_id OR k.merchant_id <> a.merchant_id THEN 'its card is not its payer''s'
	WHEN k.account <> a.account THEN 'its card is saved at another account'
	ELSE 'it charges a saved card, and no operation of it says so' END
FROM attempts a JOIN bills b ON b.id = a.bill_id LEFT JOIN cards k ON k.id = a.card_id
WHERE a.card_id >= ` + anyID + ` AND (k.id IS NULL OR b.user_id IS NULL OR k.user_id <> b.user_id OR k.merchant_id <> a.merchant_id OR k.account <> a.account
	OR NOT EXISTS (SELECT 1 FROM operations o WHERE o.attempt_id = a.id AND o.kind = 'CHARGE')
	OR EXISTS (SELECT 1 FROM operations o WHERE o.attempt_id = a.id AND o.kind = 'START'))`
	return wrongOfBill[pay.AttemptID](ctx, c, name, query)
}
