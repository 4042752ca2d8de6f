package check

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// notAsAsked is the reasons that say of captured money that it was not what the
// bill waited for: it lies on SUSPENSE until a person has decided.
const notAsAsked = `('AMOUNT_MISMATCH', 'CURRENCY_MISMATCH', 'LATE_PAYMENT', 'DUPLICATE_PAYMENT')`

// moneyTaken is the attempts that took money, with the currency that it came in
// (an attempt's own, or the one that its case names), whether a
// case, open or resolved, says that it was not the money to be paid, and whether
// a person accepted it all the same: all of it (1), or what its bill asked for (2).
// The cases are joined as one small table: there is no index to look them up by
// attempt.
const moneyTaken = `(
	SELECT a.id, a.merchant_id, a.bill_id, a.account, a.amount_minor, a.fee_minor, a.captured_minor,
		COALESCE(r.currency, a.currency) AS currency, r.attempt_id IS NOT NULL AS reviewed, COALESCE(r.accepted, 0) AS accepted
	FROM attempts a
	LEFT JOIN (
		SELECT attempt_id, MAX(CASE WHEN reason IN ('CURRENCY_MISMATCH', 'LATE_PAYMENT', 'DUPLICATE_PAYMENT') THEN currency END) AS currency,
			MAX(CASE resolution WHEN 'FULFIL' THEN 1 WHEN 'REFUND_EXCESS' THEN 2 ELSE 0 END) AS accepted
		FROM review_cases WHERE attempt_id IS NOT NULL AND reason IN ` + notAsAsked + ` GROUP BY attempt_id
	) r ON r.attempt_id = a.id
	WHERE a.status = 'CAPTURED'
)`

// capturePrefix begins the key of the transfer that books a capture; the
// attempt's TypeID ends it.
const capturePrefix = "capture/"

// capture is money that an attempt took, or that a transfer booked.
type capture struct {
	bill     pay.BillID
	amount   int64
	currency [3]byte
	parts    int // in how many it was booked: 1 is right
}

func (c capture) String() string { return money(c.amount, string(c.currency[:])) }

// capturesPosted: each capture at a provider is booked once, with its amount, as
// owed by the provider for its bill, and no capture is booked that no attempt
// made. A payment from a wallet is owed by nobody: see captures.wallet.
func (c *checker) capturesPosted(ctx context.Context, name string) error {
	const query = `
SELECT 'attempt', CAST(t.id AS text), CAST(t.bill_id AS text), t.captured_minor, t.currency, 1
FROM ` + moneyTaken + ` t WHERE t.captured_minor > 0 AND t.account <> 'wallet'
UNION ALL
SELECT 'transfer', le.transfer, MAX(CAST(le.bill_id AS text)), CAST(-SUM(le.amount_minor) AS bigint), MAX(le.currency), COUNT(*)
FROM ledger_entries le JOIN ledger_accounts a ON a.id = le.account_id AND a.kind = 'CLEARING'
WHERE le.transfer LIKE '` + capturePrefix + `%' GROUP BY le.transfer`
	attempts := newPairs[pay.AttemptID, capture]()
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var table, key, currency string
		var bill sql.Null[pay.BillID]
		var found capture
		if err := rows.Scan(&table, &key, &bill, &found.amount, &currency, &found.parts); err != nil {
			return err
		}
		found.bill = bill.V
		copy(found.currency[:], currency)
		if table == "attempt" {
			var id pay.AttemptID
			err := id.Scan(key)
			attempts.left(id, found)
			return err
		}
		id, err := pay.ParseAttemptID(strings.TrimPrefix(key, capturePrefix))
		if err != nil {
			c.report.breach(name, "the transfer books a capture and names no attempt", key)
			return nil //nolint:nilerr // it is a finding
		}
		attempts.right(id, found)
		return nil
	})
	if err != nil {
		return err
	}
	for id, took := range attempts.ours {
		posted, ok := attempts.theirs[id]
		delete(attempts.theirs, id)
		switch {
		case !ok:
			c.report.breach(name, fmt.Sprintf("it took %s, and nothing is booked", took), id.String())
		case posted.bill != took.bill:
			c.report.breach(name, fmt.Sprintf("it took %s, and that is booked for another bill", took), id.String())
		default:
			c.report.breach(name, fmt.Sprintf("it took %s, and %s is booked in %d parts", took, posted, posted.parts), id.String())
		}
	}
	for id, posted := range attempts.theirs {
		c.report.breach(name, fmt.Sprintf("%s is booked, and the attempt is not CAPTURED at a provider", posted), id.String())
	}
	return nil
}

// capturesSettled: money that was taken paid its bill, or a person was asked to
// look at it.
func (c *checker) capturesSettled(ctx context.Context, name string) error {
	const query = `
SELECT b.id, b.status, t.id
FROM ` + moneyTaken + ` t JOIN bills b ON b.id = t.bill_id
WHERE b.status NOT IN ('PAID', 'DONE', 'REFUNDED') AND NOT t.reviewed
ORDER BY b.id, t.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var bill pay.BillID
		var attempt pay.AttemptID
		var status string
		if err := rows.Scan(&bill, &status, &attempt); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("an attempt took money, the bill is %s, and no review case says why", status), bill.String(), attempt.String())
		return nil
	})
}

// capturesAmount: an attempt took what it asked for, what the merchant's own
// capture named, or a person was asked to look at it; the vendor's commission is
// on top.
func (c *checker) capturesAmount(ctx context.Context, name string) error {
	const query = `
SELECT t.id, t.bill_id, t.captured_minor, t.amount_minor, t.fee_minor, t.currency
FROM ` + moneyTaken + ` t
WHERE NOT t.reviewed
	AND t.captured_minor <> t.amount_minor + t.fee_minor
	AND NOT EXISTS (SELECT 1 FROM operations o
		WHERE o.attempt_id = t.id AND o.kind = 'CAPTURE' AND o.status = 'SUCCEEDED'
			AND t.captured_minor = o.amount_minor + t.fee_minor)
ORDER BY t.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var attempt pay.AttemptID
		var bill pay.BillID
		var captured, asked, fee int64
		var currency string
		if err := rows.Scan(&attempt, &bill, &captured, &asked, &fee, &currency); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("it took %s where %s and a commission of %s were asked for",
			money(captured, currency), money(asked, currency), money(fee, currency)), attempt.String(), bill.String())
		return nil
	})
}

// capturesSingle: of the attempts of a bill one takes money; whatever more was
// taken has a review case of its own.
func (c *checker) capturesSingle(ctx context.Context, name string) error {
	const query = `
SELECT t.bill_id, COUNT(*) FROM ` + moneyTaken + ` t
WHERE NOT t.reviewed GROUP BY t.bill_id HAVING COUNT(*) > 1
ORDER BY t.bill_id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var bill pay.BillID
		var n int
		if err := rows.Scan(&bill, &n); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("%d attempts took money for it, and no review case says so", n), bill.String())
		return nil
	})
}

// billsPaid: what a bill counts as paid is what its attempts took in its own
// currency, and a bill that is PAID or DONE was paid something.
func (c *checker) billsPaid(ctx context.Context, name string) error {
	const query = `
SELECT b.id, b.status, b.paid_minor, COALESCE(s.taken, 0), b.currency
FROM bills b
LEFT JOIN (
	SELECT t.bill_id, t.currency, CAST(SUM(t.captured_minor) AS bigint) AS taken FROM ` + moneyTaken + ` t GROUP BY t.bill_id, t.currency
) s ON s.bill_id = b.id AND s.currency = b.currency
WHERE b.paid_minor <> COALESCE(s.taken, 0) OR b.paid_minor = 0 AND b.status IN ('PAID', 'DONE')
ORDER BY b.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		var status, currency string
		var paid, taken int64
		if err := rows.Scan(&id, &status, &paid, &taken, &currency); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("it is %s and counts %s as paid; its attempts took %s", status, money(paid, currency), money(taken, currency)), id.String())
		return nil
	})
}
