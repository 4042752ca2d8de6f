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

// isDue is the condition of a job that may be claimed. Its arguments are due's.
//
// The empty string keeps both databases from the index on (kind, key): every
// job is of one of few kinds, and few of the jobs are due.
func (r *Runner) isDue() string {
	return `kind || '' IN (?` + strings.Repeat(`, ?`, len(r.handlers)-1) + `)
		AND parked_at IS NULL AND run_at <= ? AND (lease_until IS NULL OR lease_until <= ?)`
}

// due returns the arguments of isDue: what would be due at by, with the leases
// that have ended at now.
func (r *Runner) due(by, now time.Time) []any {
	args := make([]any, 0, len(r.handlers)+4)
	for _, kind := range r.kinds() {
		args = append(args, string(kind))
	}
	return append(args, by, now)
}

// next returns when the next job is due, looking no further than horizon. It
// reads only, so that an idle process never asks for SQLite's one writer.
func (r *Runner) next(ctx context.Context, now time.Time, horizon time.Duration) (at time.Time, ok bool, err error) {
	rows, err := r.o.Store.Query(ctx, `SELECT run_at FROM jobs WHERE `+r.isDue()+` ORDER BY run_at LIMIT 1`,
		r.due(now.Add(horizon), now)...)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look for due jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&at); err != nil {
			return time.Time{}, false, fmt.Errorf("look for due jobs: %w", err)
		}
		ok = true
	}
	return at, ok, rows.Err()
}

// claim leases up to limit due jobs in one statement and returns them in the
// order in which they should run. Two processes never get the same lease: on
// Postgres each skips the rows that the other has locked, on SQLite they take
// turns.
func (r *Runner) claim(ctx context.Context, limit int) ([]claimed, error) {
	// Not IN: Postgres may run a subquery there once a row, and lease more rows
	// than the limit. An array is made once.
	one, lock, end := `IN (`, ``, `)`
	if r.o.Store.IsPostgres() {
		one, lock, end = `= ANY (ARRAY(`, ` FOR UPDATE SKIP LOCKED`, `))`
	}
	query := `UPDATE jobs SET lease_until = ?, fence = fence + 1
		WHERE id ` + one + `SELECT id FROM jobs WHERE ` + r.isDue() + ` ORDER BY priority, run_at LIMIT ?` + lock + end + `
		RETURNING id, kind, "key", payload, tries, fence, priority, run_at`
	var list []claimed
	err := r.o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		list = nil // of a try that was undone
		args := append([]any{tx.Now.Add(r.o.Lease)}, r.due(tx.Now, tx.Now)...)
		rows, err := tx.RawQuery(ctx, query, append(args, limit)...)
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
