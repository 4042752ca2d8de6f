package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// grace is how long a handler has to return once its context has ended.
const grace = 5 * time.Second

// Run claims and runs jobs, Options.Workers at a time, until ctx ends. Then it
// claims no more and lets the running ones end; those that take longer than
// Options.Drain have their contexts ended and wait for another process. It
// returns nil when all have returned.
func (r *Runner) Run(ctx context.Context) error {
	life, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	d := &dispatcher{r: r, life: life, ended: make(chan struct{}, r.o.Workers)}
	if len(r.handlers) > 0 {
		d.until(ctx)
	}
	if d.drain(r.o.Drain) {
		return nil
	}
	cut()
	if d.drain(grace) {
		return nil
	}
	return fmt.Errorf("run jobs: %d do not end", d.running)
}

// dispatcher hands jobs to goroutines, one each. Only Run's goroutine uses it.
type dispatcher struct {
	r       *Runner
	life    context.Context //nolint:containedctx // of all handlers; it outlives Run's own
	running int
	ended   chan struct{} // one for each job that has ended; never full
	failing bool          // the database did not answer the last time
}

// until dispatches until ctx ends.
func (d *dispatcher) until(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.ended:
			d.running--
		case <-d.r.wake:
		case <-timer.C:
		}
		wait, err := d.fill(ctx)
		d.notice(ctx, err)
		timer.Reset(wait)
	}
}

// fill gives every free worker a job that is due, and returns how long to wait
// before looking again.
func (d *dispatcher) fill(ctx context.Context) (time.Duration, error) {
	r := d.r
	for d.running < r.o.Workers && ctx.Err() == nil {
		now := r.instant()
		at, ok, err := r.next(ctx, now, r.o.Poll)
		if err != nil || !ok {
			return r.o.Poll, err
		}
		if wait := at.Sub(now); wait > 0 {
			return wait, nil
		}
		list, err := d.claim(ctx, r.o.Workers-d.running)
		if err != nil || len(list) == 0 { // none: another process took it
			return r.o.Poll, err
		}
		for _, c := range list {
			d.running++
			go d.work(c)
		}
	}
	return r.o.Poll, nil // all are busy, and the first free one looks
}

func (d *dispatcher) claim(ctx context.Context, limit int) ([]claimed, error) {
	ctx, cancel := persistent(ctx)
	defer cancel()
	return d.r.claim(ctx, limit)
}

func (d *dispatcher) work(c claimed) {
	defer func() { d.ended <- struct{}{} }()
	if err := d.r.execute(d.life, c); err != nil {
		d.r.o.Logger.ErrorContext(d.life, "job's end was not written, it will run again",
			slog.String("kind", string(c.Kind)), slog.String("key", c.Key), slog.String("error", err.Error()))
	}
}

// notice logs when the database goes away and when it is back, not each poll
// between.
func (d *dispatcher) notice(ctx context.Context, err error) {
	if ctx.Err() != nil || d.failing == (err != nil) {
		return
	}
	d.failing = err != nil
	if d.failing {
		d.r.o.Logger.ErrorContext(ctx, "jobs cannot be claimed", slog.String("error", err.Error()))
		return
	}
	d.r.o.Logger.InfoContext(ctx, "jobs are claimed again")
}

// drain waits for all running jobs, at most so long, and reports whether all
// have ended.
func (d *dispatcher) drain(patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for d.running > 0 {
		select {
		case <-d.ended:
			d.running--
		case <-timer.C:
			return false
		}
	}
	return true
}
