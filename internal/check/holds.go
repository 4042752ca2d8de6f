package check

import (
	"context"
	"database/sql"

	"github.com/paygraph/paygraph/internal/pay"
)

// billsHeld: a bill that is AUTHORIZED stands on a hold.
func (c *checker) billsHeld(ctx context.Context, name string) error {
	const query = `
SELECT b.id FROM bills b WHERE b.status = 'AUTHORIZED' AND NOT EXISTS (
	SELECT 1 FROM attempts a WHERE a.bill_id = b.id AND a.current AND a.status IN ('AUTHORIZED', 'UNKNOWN'))
ORDER BY b.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		c.report.breach(name, "it is AUTHORIZED, and no current attempt holds money for it", id.String())
		return nil
	})
}

// holdsKnown: every hold is one that a bill stands on, or is being given back, or
// a person knows of it.
func (c *checker) holdsKnown(ctx context.Context, name string) error {
	releasing := map[string]bool{}
	err := c.each(ctx, `SELECT key FROM jobs WHERE kind = 'attempt.release'`, func(rows *sql.Rows) error {
		var key string
		if err := rows.Scan(&key); err != nil {
			return err
		}
		releasing[key] = true
		return nil
	})
	if err != nil {
		return err
	}
	const query = `
SELECT a.id FROM attempts a JOIN bills b ON b.id = a.bill_id
WHERE a.status = 'AUTHORIZED' AND a.doubt_since IS NULL
	AND NOT (a.current AND b.status IN ('AUTHORIZED', 'AMOUNT_MISMATCH'))
	AND a.id NOT IN (SELECT attempt_id FROM review_cases WHERE attempt_id IS NOT NULL)
ORDER BY a.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.AttemptID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if !releasing[id.String()] {
			c.report.breach(name, "it holds money that its bill does not stand on, and nobody gives it back", id.String())
		}
		return nil
	})
}
