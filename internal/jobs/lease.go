package jobs

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errLeaseLost is why a handler's context ended: another process may run the
// job now.
var errLeaseLost = errors.New("the job's lease was lost")

// lease keeps a claimed job ours while its handler runs, and ends the handler's
// context a sixth of the lease before it is not. It costs two timers; a
// goroutine runs only while a long job's lease is extended.
type lease struct {
	r      *Runner
	c      claimed
	ctx    context.Context //nolint:containedctx // it is what a lease gives
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	released bool
	beat     *time.Timer // extends
	end      *time.Timer // gives up
}

// hold starts to keep c's lease, which was just taken.
func (r *Runner) hold(ctx context.Context, c claimed) *lease {
	l := &lease{r: r, c: c}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	l.mu.Lock() // until both timers are there
	defer l.mu.Unlock()
	l.end = time.AfterFunc(l.life(), func() { l.cancel(errLeaseLost) })
	l.beat = time.AfterFunc(r.o.Lease/3, l.extend)
	return l
}

// life is how long the handler may rely on a lease just taken. What it leaves
// out is more than an extension may take and the processes' clocks may differ.
func (l *lease) life() time.Duration { return l.r.o.Lease - l.r.o.Lease/6 }

func (l *lease) extend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), l.r.o.Lease/6)
	defer cancel()
	held, err := l.r.extend(ctx, l.c)
	switch {
	case err != nil: // the database is away: soon again, while there is time
		l.beat.Reset(l.r.o.Lease / 12)
	case !held:
		l.cancel(errLeaseLost)
	default:
		l.end.Reset(l.life())
		l.beat.Reset(l.r.o.Lease / 3)
	}
}

// release stops keeping the lease; the row still has it.
func (l *lease) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.released = true
	l.beat.Stop()
	l.end.Stop()
	l.cancel(nil)
}
