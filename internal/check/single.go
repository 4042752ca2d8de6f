package check

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
)

// attemptsCurrent: a payer of a bill is sent to one attempt at a time.
func (c *checker) attemptsCurrent(ctx context.Context, name string) error {
	const query = `
SELECT bill_id, COUNT(*) FROM attempts WHERE current GROUP BY bill_id HAVING COUNT(*) > 1 ORDER BY bill_id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("it has %d current attempts", n), id.String())
		return nil
	})
}

// operationsOpen: an attempt has one operation under way at a time.
func (c *checker) operationsOpen(ctx context.Context, name string) error {
	const query = `
SELECT attempt_id, COUNT(*) FROM operations WHERE resolved_at IS NULL GROUP BY attempt_id HAVING COUNT(*) > 1 ORDER BY attempt_id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.AttemptID
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("it has %d open operations", n), id.String())
		return nil
	})
}

// jobsParked: no work was given up. The error that parked a job is in its row,
// and not in the report.
func (c *checker) jobsParked(ctx context.Context, name string) error {
	const query = `
SELECT id, kind, key, tries FROM jobs WHERE parked_at IS NOT NULL ORDER BY id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.JobID
		var kind, key string
		var tries int
		if err := rows.Scan(&id, &kind, &key, &tries); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("%s was given up after %d tries", kind, tries), id.String(), key)
		return nil
	})
}
