package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/paygraph/paygraph/internal/store"
)

// clockBack is how far a clock must be behind itself to have been set back: a
// little is how clocks are kept right.
const clockBack = time.Minute

// watchClock notices when the clock was set back, and has what would now come late
// by that much run at once: a handler can bear to be called too early, a payer who
// waits cannot bear an hour. Each process does so for itself; a second time
// changes nothing.
func (r *Runner) watchClock(ctx context.Context) error {
	now := r.instant()
	r.claiming.Lock()
	back := r.latest.Sub(now)
	r.latest = now
	r.claiming.Unlock()
	if back < clockBack {
		return nil
	}
	var n int64
	err := r.o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = tx.Raw(ctx, `UPDATE jobs SET run_at = ? WHERE run_at > ? AND run_at <= ? AND parked_at IS NULL AND lease_until IS NULL`,
			now, now, now.Add(2*back))
		return err
	})
	if err != nil {
		return fmt.Errorf("bring jobs forward after the clock was set back: %w", err)
	}
	r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "the clock was set back, waiting jobs run now",
		slog.Duration("back", back), slog.Int64("jobs", n))
	return nil
}
