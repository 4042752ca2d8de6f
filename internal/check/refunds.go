package check

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// Where a refund stands, as SQL: it is out when a provider may have done it, and
// open when its amount is spoken for.
const (
	refundOut  = `('SENT', 'UNKNOWN')`
	refundOpen = `('AWAITING_APPROVAL', 'REQUESTED', 'SENT', 'UNKNOWN')`
)

// attemptsRefunded: what an attempt says of money that went back, or is on its
// way, is what its refunds say. That it is no more than it took is refunds.source's
// to judge.
func (c *checker) attemptsRefunded(ctx context.Context, name string) error {
	const query = `
SELECT a.id, a.bill_id, a.currency, a.refunded_minor, a.refunding_minor, COALESCE(r.done, 0), COALESCE(r.open, 0)
FROM attempts a LEFT JOIN (
	SELECT attempt_id, CAST(SUM(CASE status WHEN 'SUCCEEDED' THEN amount_minor ELSE 0 END) AS bigint) AS done,
		CAST(SUM(CASE WHEN status IN ` + refundOpen + ` THEN amount_minor ELSE 0 END) AS bigint) AS open
	FROM refunds GROUP BY attempt_id
) r ON r.attempt_id = a.id
WHERE a.refunded_minor <> COALESCE(r.done, 0) OR a.refunding_minor <> COALESCE(r.open, 0)
ORDER BY a.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.AttemptID
		var bill pay.BillID
		var currency string
		var refunded, refunding, done, open int64
		if err := rows.Scan(&id, &bill, &currency, &refunded, &refunding, &done, &open); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("it says %s went back and %s is on its way; its refunds say %s and %s",
			money(refunded, currency), money(refunding, currency), money(done, currency), money(open, currency)), id.String(), bill.String())
		return nil
	})
}

// billsRefunded: what a bill says of money that went back, or is on its way, is
// what its attempts say, and when it is all that it was paid, the bill is REFUNDED.
func (c *checker) billsRefunded(ctx context.Context, name string) error {
	const query = `
SELECT b.id, b.status, b.paid_minor, b.refunded_minor, b.refunding_minor, b.currency, COALESCE(s.refunded, 0), COALESCE(s.refunding, 0)
FROM bills b LEFT JOIN (
	SELECT bill_id, currency, CAST(SUM(refunded_minor) AS bigint) AS refunded, CAST(SUM(refunding_minor) AS bigint) AS refunding
	FROM attempts WHERE refunded_minor <> 0 OR refunding_minor <> 0 GROUP BY bill_id, currency
) s ON s.bill_id = b.id AND s.currency = b.currency
WHERE b.refunded_minor <> COALESCE(s.refunded, 0) OR b.refunding_minor <> COALESCE(s.refunding, 0)
	OR b.refunded_minor = b.paid_minor AND b.paid_minor > 0 AND b.status <> 'REFUNDED'
ORDER BY b.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		var status, currency string
		var paid, refunded, refunding, back, onItsWay int64
		if err := rows.Scan(&id, &status, &paid, &refunded, &refunding, &currency, &back, &onItsWay); err != nil {
			return err
		}
		detail := fmt.Sprintf("it is %s, was paid %s and gave back %s", status, money(paid, currency), money(refunded, currency))
		if refunded != back || refunding != onItsWay {
			detail = fmt.Sprintf("it says %s went back and %s is on its way; its attempts say %s and %s",
				money(refunded, currency), money(refunding, currency), money(back, currency), money(onItsWay, currency))
		}
		c.report.breach(name, detail, id.String())
		return nil
	})
}

// earnedByBill is what a bill's captures, and what a person accepted, brought to
// sales: a subquery of the bill whose id the text names.
func earnedByBill(id string) string {
	return `COALESCE((SELECT CAST(SUM(le.amount_minor) AS bigint) FROM ledger_entries le JOIN ledger_accounts k ON k.id = le.account_id AND k.kind = 'SALES'
		WHERE le.bill_id = ` + id + ` AND (le.transfer LIKE '` + capturePrefix + `%' OR le.transfer LIKE '` + acceptPrefix + `%')), 0)`
}

// billsReturned: of what a REFUNDED bill earned nothing is left. It may have more
// that came late or twice and waits for a person, and one whose hold was given back
// never had any.
func (c *checker) billsReturned(ctx context.Context, name string) error {
	query := `
SELECT id, currency, paid_minor, refunded_minor, earned, given FROM (
	SELECT b.id, b.currency, b.paid_minor, b.refunded_minor, ` + earnedByBill("b.id") + ` AS earned,
		COALESCE((SELECT CAST(SUM(r.amount_minor) AS bigint) FROM refunds r WHERE r.bill_id = b.id AND r.source = 'REFUNDS' AND r.status = 'SUCCEEDED'), 0) AS given,
		(SELECT COUNT(*) FROM review_cases v WHERE v.bill_id = b.id AND v.reason IN ('LATE_PAYMENT', 'DUPLICATE_PAYMENT')) AS unasked
	FROM bills b WHERE b.status = 'REFUNDED'
) returned
WHERE earned <> given OR refunded_minor < paid_minor AND unasked = 0
ORDER BY id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		var currency string
		var paid, refunded, earned, given int64
		if err := rows.Scan(&id, &currency, &paid, &refunded, &earned, &given); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("it is REFUNDED, and gave back %s of the %s that it was paid, %s of the %s that it earned",
			money(refunded, currency), money(paid, currency), money(given, currency), money(earned, currency)), id.String())
		return nil
	})
}

// refundsOwner: a refund is of its bill's merchant, gives back in the currency of
// the attempt what that took, which is one of the bill's, and the case that asked
// for it is about it. Who approved it is another person than who asked.
func (c *checker) refundsOwner(ctx context.Context, name string) error {
	const query = `
SELECT r.id, r.bill_id, CASE
	WHEN a.status <> 'CAPTURED' THEN 'it gives back what its attempt did not take'
	WHEN r.status = 'AWAITING_APPROVAL' AND r.approved_by IS NOT NULL THEN 'it waits for approval and has it'
	ELSE 'its bill, attempt or case is not there, of another merchant or in another currency, or they do not belong together' END
FROM refunds r LEFT JOIN bills b ON b.id = r.bill_id LEFT JOIN attempts a ON a.id = r.attempt_id LEFT JOIN review_cases v ON v.id = r.review_id
WHERE b.id IS NULL OR a.id IS NULL OR b.merchant_id <> r.merchant_id OR a.bill_id <> r.bill_id OR a.currency <> r.currency OR b.currency <> r.currency
	OR r.review_id IS NOT NULL AND (v.id IS NULL OR v.bill_id IS NULL OR v.bill_id <> r.bill_id OR v.resolution IS NULL OR v.resolution NOT IN ('REFUND_ALL', 'REFUND_EXCESS'))
	OR a.status <> 'CAPTURED'
	OR r.status = 'AWAITING_APPROVAL' AND r.approved_by IS NOT NULL
ORDER BY r.id`
	if err := wrongOfBill[pay.RefundID](ctx, c, name, query); err != nil {
		return err
	}
	const approved = `SELECT id, requested_by, approved_by FROM refunds WHERE approved_by IS NOT NULL ORDER BY id`
	return c.each(ctx, approved, func(rows *sql.Rows) error {
		var id pay.RefundID
		var asked, approved string
		if err := rows.Scan(&id, &asked, &approved); err != nil {
			return err
		}
		_, who, _ := strings.Cut(asked, " ") // after the role
		if _, second, _ := strings.Cut(approved, " "); second == who {
			c.report.breach(name, "it was approved by who asked for it", id.String())
		}
		return nil
	})
}

// refundsOut: one refund of an attempt is out at a time, and exactly then the
// attempt, which is CAPTURED, is in doubt.
func (c *checker) refundsOut(ctx context.Context, name string) error {
	const query = `
SELECT a.id, a.bill_id, COUNT(*) FROM refunds r JOIN attempts a ON a.id = r.attempt_id
WHERE r.status IN ` + refundOut + ` GROUP BY a.id, a.bill_id, a.doubt_since HAVING COUNT(*) > 1 OR a.doubt_since IS NULL
UNION ALL
SELECT a.id, a.bill_id, 0 FROM attempts a
WHERE a.status = 'CAPTURED' AND a.doubt_since IS NOT NULL AND a.id NOT IN (SELECT attempt_id FROM refunds WHERE status IN ` + refundOut + `)
ORDER BY 1`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.AttemptID
		var bill pay.BillID
		var n int
		if err := rows.Scan(&id, &bill, &n); err != nil {
			return err
		}
		detail := fmt.Sprintf("%d refunds of it are out at once", n)
		switch n {
		case 0:
			detail = "it is CAPTURED and in doubt, and no refund of it is out"
		case 1:
			detail = "a refund of it is out, and it is not in doubt"
		}
		c.report.breach(name, detail, id.String(), bill.String())
		return nil
	})
}

// refundsSent: each refund has the operation that its status needs, for its
// amount: one SUCCEEDED when the money is back, one that is open while it is out,
// none that may have been done in any other; out of a wallet nothing is sent. No
// operation gives back what no refund does.
func (c *checker) refundsSent(ctx context.Context, name string) error {
	const query = `
SELECT r.id, r.bill_id, 'it is ' || r.status || ', and its operation at the provider is ' || COALESCE(o.status, 'not there')
FROM refunds r JOIN attempts a ON a.id = r.attempt_id LEFT JOIN operations o ON o.id = r.operation_id
WHERE CASE WHEN a.wallet_id IS NOT NULL THEN r.operation_id IS NOT NULL ELSE CASE r.status
	WHEN 'SUCCEEDED' THEN COALESCE(o.status, '') <> 'SUCCEEDED'
	WHEN 'SENT' THEN COALESCE(o.status, '') <> 'CREATED'
	WHEN 'UNKNOWN' THEN COALESCE(o.status, '') <> 'UNKNOWN'
	WHEN 'AWAITING_APPROVAL' THEN r.operation_id IS NOT NULL
	ELSE COALESCE(o.status, 'FAILED') NOT IN ('FAILED', 'DECLINED') END END
UNION ALL
SELECT r.id, r.bill_id, 'its operation is another attempt''s, no refund, or for another amount'
FROM refunds r JOIN operations o ON o.id = r.operation_id
WHERE o.attempt_id <> r.attempt_id OR o.kind <> 'REFUND' OR o.amount_minor <> r.amount_minor OR o.currency <> r.currency
ORDER BY 1`
	if err := wrongOfBill[pay.RefundID](ctx, c, name, query); err != nil {
		return err
	}
	const alone = `
SELECT o.id, a.bill_id, 'it gives money back or may have, is ' || o.status || ', and is no refund''s'
FROM operations o JOIN attempts a ON a.id = o.attempt_id
WHERE o.kind = 'REFUND' AND o.status NOT IN ('FAILED', 'DECLINED') AND o.id NOT IN (SELECT operation_id FROM refunds WHERE operation_id IS NOT NULL)
ORDER BY o.id`
	return wrongOfBill[pay.OperationID](ctx, c, name, alone)
}

// refundsKeys: the refund that a refundCreate's key made is there, of the same
// merchant, and no other key made it.
func (c *checker) refundsKeys(ctx context.Context, name string) error {
	const query = `
SELECT CAST(id AS text), CAST(merchant_id AS text), '' FROM refunds
UNION ALL
SELECT object_id, CAST(merchant_id AS text), CAST(id AS text) FROM idempotency_records
WHERE mutation = 'refundCreate' AND finished_at IS NOT NULL AND errors IS NULL`
	type made struct{ refund, merchant, key string }
	merchants := make(map[string]string) // of each refund
	var keys []made
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var m made
		if err := rows.Scan(&m.refund, &m.merchant, &m.key); err != nil {
			return err
		}
		if m.key != "" {
			keys = append(keys, m)
			return nil
		}
		var id pay.RefundID
		err := id.Scan(m.refund)
		merchants[id.String()] = m.merchant
		return err
	})
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, m := range keys {
		var id pay.IdempotencyRecordID
		if err := id.Scan(m.key); err != nil {
			return err
		}
		merchant, there := merchants[m.refund]
		switch {
		case !there:
			c.report.breach(name, "it names a refund that is not there", id.String(), m.refund)
		case merchant != m.merchant:
			c.report.breach(name, "it names a refund of another merchant", id.String(), m.refund)
		case seen[m.refund]:
			c.report.breach(name, "another key made the same refund", id.String(), m.refund)
		}
		seen[m.refund] = true
	}
	return nil
}

// refundWaits is how long a refund that a job is to send may wait for it.
const refundWaits = 30 * time.Second

// refundsDue: a refund that is yet to be sent, or to be approved, has the job that
// sends or ends it. One that could be sent is sent soon: only a provider that
// cannot be reached keeps it.
func (c *checker) refundsDue(ctx context.Context, name string) error {
	const query = `
SELECT CAST(id AS text), status, updated_at, '' FROM refunds WHERE status IN ('AWAITING_APPROVAL', 'REQUESTED')
UNION ALL
SELECT '', '', created_at, key FROM jobs WHERE kind = 'refund.send'`
	type waiting struct {
		status string
		since  time.Time
	}
	refunds, jobs := make(map[string]waiting), make(map[string]bool)
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var key, job string
		var w waiting
		if err := rows.Scan(&key, &w.status, &w.since, &job); err != nil {
			return err
		}
		if key == "" {
			jobs[job] = true
			return nil
		}
		var id pay.RefundID
		err := id.Scan(key)
		refunds[id.String()] = w
		return err
	})
	if err != nil {
		return err
	}
	for id, w := range refunds {
		switch {
		case !jobs[id]:
			c.report.breach(name, "it is "+w.status+", and no job sends or ends it", id)
		case w.status == "REQUESTED" && c.isOld(w.since, refundWaits):
			c.undecided(name, "it is REQUESTED since "+w.since.UTC().Format(time.RFC3339)+" and was not sent", id)
		}
	}
	return nil
}
