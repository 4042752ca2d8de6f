package check

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// What only time can mend is pending while the program runs: nobody can say from
// the rows when the faults stopped that it recovers from. For a program at rest
// (Strict) it is a breach, however young.

// How old something must be to be reported as pending.
const (
	doubtLasts    = 30 * time.Second // an attempt in doubt
	fulfilTakes   = time.Minute      // a paid bill that was given nothing yet
	expiryTakes   = 2 * time.Minute  // a bill past its end
	jobOverdueFor = time.Minute      // a job that is due and that nobody runs
)

// isOld reports whether something that began at since has lasted for more than d.
// For a program at rest everything has.
func (c *checker) isOld(since time.Time, d time.Duration) bool {
	return c.Strict || since.Add(d).Before(c.Clock.Now())
}

// undecided reports what time alone may mend.
func (c *checker) undecided(name, detail string, objects ...string) {
	report := c.report.pending
	if c.Strict {
		report = c.report.breach
	}
	report(name, detail, objects...)
}

// attemptsCertain: what became of an attempt is known, or a person was asked to
// find out. An attempt is in doubt while a call about it is out or its answer was
// lost: SENT or UNKNOWN, CREATED before its page is open, or with an operation
// under way on it.
func (c *checker) attemptsCertain(ctx context.Context, name string) error {
	const query = `
SELECT a.id, a.bill_id, a.status, a.doubt_since, o.created_at, a.updated_at
FROM attempts a LEFT JOIN operations o ON o.attempt_id = a.id AND o.resolved_at IS NULL
WHERE (a.status IN ('CREATED', 'SENT', 'UNKNOWN') OR a.doubt_since IS NOT NULL OR o.id IS NOT NULL)
	AND a.id NOT IN (SELECT attempt_id FROM review_cases WHERE attempt_id IS NOT NULL AND reason = 'IN_DOUBT' AND resolved_at IS NULL)
ORDER BY a.id`
	var last pay.AttemptID
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.AttemptID
		var bill pay.BillID
		var status string
		var doubt, operation sql.NullTime
		var since time.Time
		err := rows.Scan(&id, &bill, &status, &doubt, &operation, &since)
		if err != nil || id == last { // two open operations are operations.open's to report
			return err
		}
		last = id
		switch {
		case doubt.Valid:
			since = doubt.Time
		case operation.Valid:
			since = operation.Time
		}
		if c.isOld(since, doubtLasts) {
			c.undecided(name, fmt.Sprintf("it is %s and in doubt since %s, without an open IN_DOUBT case", status, since.UTC().Format(time.RFC3339)), id.String(), bill.String())
		}
		return nil
	})
}

// billsFulfilled: what was paid is given, unless a person knows that it could not
// be, or the money is on its way back.
func (c *checker) billsFulfilled(ctx context.Context, name string) error {
	const query = `
SELECT b.id, b.updated_at FROM bills b WHERE b.status = 'PAID' AND b.id NOT IN (
	SELECT bill_id FROM review_cases WHERE bill_id IS NOT NULL AND reason = 'FULFILMENT_FAILED' AND (resolved_at IS NULL OR resolution = 'DISMISS'))
	AND b.id NOT IN (SELECT bill_id FROM refunds WHERE source = 'REFUNDS' AND status IN ` + refundOpen + `)
ORDER BY b.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		var since time.Time
		if err := rows.Scan(&id, &since); err != nil {
			return err
		}
		if c.isOld(since, fulfilTakes) {
			c.undecided(name, "it is PAID, and nothing was given for it yet", id.String())
		}
		return nil
	})
}

// billsExpired: a bill that nobody paid ends at its time. Money in doubt keeps it
// open.
func (c *checker) billsExpired(ctx context.Context, name string) error {
	const query = `
SELECT b.id FROM bills b
WHERE b.status = 'PENDING' AND b.expires_at < ?
	AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.bill_id = b.id AND (a.status = 'UNKNOWN' OR a.doubt_since IS NOT NULL))
ORDER BY b.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		c.undecided(name, "it is PENDING past its end", id.String())
		return nil
	}, c.before(expiryTakes))
}

// jobsRest: a program at rest runs no job and left none undone that was due. While
// a program runs, leases come and go and a full lane keeps jobs waiting: then
// nothing is reported.
func (c *checker) jobsRest(ctx context.Context, name string) error {
	if !c.Strict {
		return nil
	}
	const query = `
SELECT id, kind, key, lease_until IS NOT NULL FROM jobs
WHERE parked_at IS NULL AND (lease_until IS NOT NULL OR run_at < ?) ORDER BY id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.JobID
		var kind, key string
		var leased bool
		if err := rows.Scan(&id, &kind, &key, &leased); err != nil {
			return err
		}
		detail := kind + " is overdue, and nobody runs it"
		if leased {
			detail = kind + " has a lease that was not given back"
		}
		c.report.breach(name, detail, id.String(), key)
		return nil
	}, c.before(jobOverdueFor))
}

// before is the instant d ago, as rows hold it.
func (c *checker) before(d time.Duration) time.Time { return pay.Instant(c.Clock.Now().Add(-d)) }
