package check

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
)

// mailsOnce: the same news is mailed once.
func (c *checker) mailsOnce(ctx context.Context, name string) error {
	const query = `
SELECT MIN(CAST(id AS text)), COUNT(*) FROM mails GROUP BY merchant_id, key HAVING COUNT(*) > 1 ORDER BY 1`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.MailID
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("%d mails tell the same", n), id.String())
		return nil
	})
}

// mailsQueued: a mail that is QUEUED has the job that sends it. That a job is not
// left lying is jobs.rest's to say, and that it was not given up jobs.parked's.
func (c *checker) mailsQueued(ctx context.Context, name string) error {
	const query = `
SELECT 'mail', CAST(id AS text) FROM mails WHERE status = 'QUEUED'
UNION ALL
SELECT 'job', key FROM jobs WHERE kind = 'mail.send'`
	queued, jobs := make(map[string]bool), make(map[string]bool)
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var table, key string
		if err := rows.Scan(&table, &key); err != nil {
			return err
		}
		if table == "job" {
			jobs[key] = true
			return nil
		}
		var id pay.MailID
		err := id.Scan(key)
		queued[id.String()] = true
		return err
	})
	if err != nil {
		return err
	}
	for id := range queued {
		if !jobs[id] {
			c.report.breach(name, "it is QUEUED, and no job sends it", id)
		}
	}
	return nil
}
