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
	d := &dispatcher{r: r, life: life, ended: make(chan claimed, r.o.Workers)}
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
	patient int          // of the running, those that are not urgent
	ended   chan claimed // the jobs that have ended; never full
	failing bool         // the database did not answer the last time
}

// wanted is what the free workers may take: anything, while those that are not
// reserved are among them, and urgent jobs otherwise.
func (d *dispatcher) wanted() wanted {
	free := d.r.o.Workers - d.running
	room := d.r.o.Workers - d.r.o.Reserved - d.patient
	if room <= 0 {
		return wanted{limit: free, urgent: true}
	}
	return wanted{limit: min(free, room)}
}

// count notes that c has begun, with 1, or ended, with -1.
func (d *dispatcher) count(c claimed, n int) {
	d.running += n
	if c.priority > d.r.o.Urgent {
		d.patient += n
	}
}

// until dispatches until ctx ends.
func (d *dispatcher) until(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-d.ended:
			d.count(c, -1)
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
	if err := r.watchClock(ctx); err != nil {
		return r.o.Poll, err
	}
	for d.running < r.o.Workers && ctx.Err() == nil {
		now := r.instant()
		w := d.wanted()
		at, ok, err := d.next(ctx, now, w)
		if err != nil || !ok {
			return r.o.Poll, err
		}
		if wait := at.Sub(now); wait > 0 {
			return wait, nil
		}
		list, err := d.claim(ctx, w)
		if err != nil || len(list) == 0 { // none: another process took it
			return r.o.Poll, err
		}
		for _, c := range list {
			d.count(c, 1)
			go d.work(c)
		}
	}
	return r.o.Poll, nil // all are busy, and the first free one looks
}

func (d *dispatcher) next(ctx context.Context, now time.Time, w wanted) (time.Time, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return d.r.next(ctx, now, d.r.o.Poll, w)
}

func (d *dispatcher) claim(ctx context.Context, w wanted) ([]claimed, error) {
	ctx, cancel := persistent(ctx)
	defer cancel()
	return d.r.claim(ctx, w)
}

func (d *dispatcher) work(c claimed) {
	defer func() { d.ended <- c }()
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
		case c := <-d.ended:
			d.count(c, -1)
		case <-timer.C:
			return false
		}
	}
	return true
}
