package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// claimed is a job that this process holds the lease of. The fence is the
// lease's number: whoever writes under an older one has lost the job.
type claimed struct {
	Job

	fence    int64
	priority int
	runAt    time.Time
}

// wanted says what free workers may take.
type wanted struct {
	limit  int  // how many jobs
	urgent bool // urgent ones only
}

// due is the condition of the jobs that may be claimed at now, if their time
// comes until by and they are not parked, and its arguments.
//
// A lease further away than two of ours is none: the clock that dated it was
// wrong and has been set back, and its holder would come true in an hour. Two,
// as the clocks of live processes differ a little. A job that this process runs
// is never due, whatever the clock makes of its lease.
func (r *Runner) due(by, now time.Time, w wanted) (condition string, args []any) {
	// Every job is of one of few kinds, and few of the jobs are due: the index on
	// (kind, key) is of no use. Postgres counts that, SQLite has to be kept from it.
	kind := `kind || ''`
	if r.o.Store.IsPostgres() {
		kind = `kind`
	}
	condition = kind + ` IN (` + marks(len(r.handlers)) + `) AND run_at <= ?
		AND (lease_until IS NULL OR lease_until <= ? OR lease_until > ?)`
	for _, kind := range r.kinds() {
		args = append(args, string(kind))
	}
	args = append(args, by, now, now.Add(2*r.o.Lease))
	if running := r.running.ids(); len(running) > 0 {
		condition += ` AND id NOT IN (` + marks(len(running)) + `)`
		args = append(args, running...)
	}
	if w.urgent {
		condition += ` AND priority <= ?`
		args = append(args, r.o.Urgent)
	}
	return condition, args
}

// bound is how far a query for the first due jobs looks. Postgres is told to look
// as far as there are jobs: told of an end, it takes what is before it for little
// and sorts it, which in a backlog is much. Its callers cut what is after by.
func (r *Runner) bound(by time.Time) time.Time {
	if r.o.Store.IsPostgres() {
		return by.AddDate(1000, 0, 0)
	}
	return by
}

// marks are the question marks of n arguments, of which there is one at least.
func marks(n int) string { return `?` + strings.Repeat(`, ?`, n-1) }

// next returns when the next of the wanted jobs is due, looking no further than
// horizon. It reads only, so that an idle process never asks for SQLite's one
// writer.
func (r *Runner) next(ctx context.Context, now time.Time, horizon time.Duration, w wanted) (at time.Time, ok bool, err error) {
	from := `jobs`
	if w.urgent && !r.o.Store.IsPostgres() {
		// SQLite keeps no count of what is due. By time it would read all that
		// waits for the ordinary workers, each time one of them is done.
		from = `jobs INDEXED BY job_priority_run_at`
	}
	by := now.Add(horizon)
	condition, args := r.due(r.bound(by), now, w)
	rows, err := r.o.Store.Query(ctx, `SELECT run_at FROM `+from+` WHERE parked_at IS NULL AND `+condition+` ORDER BY run_at LIMIT 1`, args...)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look for due jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&at); err != nil {
			return time.Time{}, false, fmt.Errorf("look for due jobs: %w", err)
		}
		ok = !at.After(by)
	}
	if err := rows.Err(); err != nil {
		return time.Time{}, false, fmt.Errorf("look for due jobs: %w", err)
	}
	return at, ok, nil
}

// levels lists the priorities that jobs have, in order, by one step in the index
// for each.
const levels = `WITH RECURSIVE level(p) AS (
	SELECT MIN(priority) FROM jobs
	UNION ALL
	SELECT (SELECT MIN(priority) FROM jobs WHERE priority > level.p) FROM level WHERE level.p IS NOT NULL
) `

// mostUrgent is the condition of the ids of the jobs to claim: of those that are
// due, the first by priority and time. It walks the index level by level and ends
// at the limit. Sorting what is due would cost the more the further behind the
// workers are, just when they must catch up.
func (r *Runner) mostUrgent(now time.Time, w wanted) (condition string, args []any) {
	due, args := r.due(r.bound(now), now, w)
	if r.o.Store.IsPostgres() {
		// Not IN: it may run a subquery there once a row, and lease more rows
		// than the limit. An array is made once. Parked is written so that the
		// index of the times, which is of what is not parked, does not fit.
		return `= ANY (ARRAY(` + levels + `SELECT first.id FROM level CROSS JOIN LATERAL (
			SELECT id, run_at FROM jobs WHERE priority = level.p AND (parked_at IS NULL) IS NOT FALSE AND ` + due + `
			ORDER BY run_at LIMIT ? FOR UPDATE SKIP LOCKED
		) AS first WHERE level.p IS NOT NULL AND first.run_at <= ? LIMIT ?))`, append(args, w.limit, now, w.limit)
	}
	// SQLite nests a CROSS JOIN as it is written, so the rows come in the index's
	// order by themselves.
	return `IN (` + levels + `SELECT jobs.id FROM level CROSS JOIN jobs INDEXED BY job_priority_run_at
		WHERE priority = level.p AND parked_at IS NULL AND ` + due + ` LIMIT ?)`, append(args, w.limit)
}

// claim leases due jobs that are wanted, in one statement, and returns them in
// the order in which they should run. Two processes never get the same lease: on
// Postgres each skips the rows that the other has locked, on SQLite they take
// turns.
//
// What it returns counts as running here, and every one must be given to
// execute.
func (r *Runner) claim(ctx context.Context, w wanted) ([]claimed, error) {
	// Another claim of this process must see what this one took.
	r.claiming.Lock()
	defer r.claiming.Unlock()
	var list []claimed
	err := r.o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		list = nil // of a try that was undone
		first, args := r.mostUrgent(tx.Now, w)
		rows, err := tx.RawQuery(ctx, `UPDATE jobs SET lease_until = ?, fence = fence + 1 WHERE id `+first+`
			RETURNING id, kind, "key", payload, tries, fence, priority, run_at`, append([]any{tx.Now.Add(r.o.Lease)}, args...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c claimed
			var payload []byte
			if err := rows.Scan(&c.ID, &c.Kind, &c.Key, &payload, &c.Tries, &c.fence, &c.priority, &c.runAt); err != nil {
				return err
			}
			c.Payload = payload
			list = append(list, c)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	slices.SortFunc(list, func(a, b claimed) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), a.runAt.Compare(b.runAt), strings.Compare(a.ID.UUID(), b.ID.UUID()))
	})
	r.running.add(list)
	return list, nil
}

// extend makes the lease last from now again and reports whether it was still
// held.
func (r *Runner) extend(ctx context.Context, c claimed) (bool, error) {
	var n int64
	err := r.o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = tx.Raw(ctx, `UPDATE jobs SET lease_until = ? WHERE id = ? AND fence = ? AND lease_until IS NOT NULL`,
			tx.Now.Add(r.o.Lease), c.ID, c.fence)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("extend the lease of job %s: %w", c.ID, err)
	}
	return n == 1, nil
}

// kinds lists the kinds that have a handler, in a fixed order.
func (r *Runner) kinds() []Kind {
	list := make([]Kind, 0, len(r.handlers))
	for kind := range r.handlers {
		list = append(list, kind)
	}
	slices.Sort(list)
	return list
}

// instant is the runner's now, as rows hold it.
func (r *Runner) instant() time.Time { return pay.Instant(r.o.Clock.Now()) }
