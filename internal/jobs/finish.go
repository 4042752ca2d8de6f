package jobs

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/internal/store"
)

// finish writes what became of a job and gives the lease up. It reports whether
// the lease was still held; if not, nothing is written.
//
// A job that was scheduled again while it ran (rerun_at) is not over, whatever
// the verdict. The database decides that in the statement itself: the new
// request may be committing right now.
func (r *Runner) finish(ctx context.Context, c claimed, v verdict) (bool, error) {
	var held bool
	err := r.o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		held, err = finishIn(ctx, tx, c, v)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("finish job %s: %w", c.ID, err)
	}
	return held, nil
}

func finishIn(ctx context.Context, tx *store.Tx, c claimed, v verdict) (bool, error) {
	const ours = ` WHERE id = ? AND fence = ? AND lease_until IS NOT NULL`
	if v.done {
		n, err := tx.Raw(ctx, `DELETE FROM jobs`+ours+` AND rerun_at IS NULL`, c.ID, c.fence)
		if err != nil || n == 1 {
			return n == 1, err
		}
	}
	var problem any
	if v.problem != "" {
		problem = v.problem
	}
	var n int64
	var err error
	if v.done || v.park {
		// Asked for anew, so its tries begin anew too.
		n, err = tx.Raw(ctx, `UPDATE jobs SET lease_until = NULL, last_error = ?, rerun_at = NULL,
				run_at = CASE WHEN rerun_at IS NULL THEN run_at ELSE rerun_at END,
				tries = CASE WHEN rerun_at IS NULL THEN ? ELSE 0 END,
				parked_at = CASE WHEN rerun_at IS NULL THEN ? ELSE parked_at END`+ours,
			problem, v.tries, tx.Now, c.ID, c.fence)
	} else {
		n, err = tx.Raw(ctx, `UPDATE jobs SET lease_until = NULL, last_error = ?, tries = ?, rerun_at = NULL,
				run_at = CASE WHEN rerun_at < ? THEN rerun_at ELSE ? END`+ours,
			problem, v.tries, v.runAt, v.runAt, c.ID, c.fence)
	}
	return n == 1, err
}
