package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/viewer"
)

// writeTimeout bounds a statement that must not be given up with the context
// of its cause: a lease that was committed and never reported helps nobody.
const writeTimeout = 10 * time.Second

func persistent(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
}

// execute runs a claimed job and writes what became of it. When ctx ends the
// handler must return, and its job waits again as if it had not begun. The
// error is the database's: the job will run again when its lease is over.
func (r *Runner) execute(ctx context.Context, c claimed) error {
	defer r.running.remove(c)
	crashpoint.Here(crashpoint.JobClaimed)
	h := r.handlers[c.Kind]
	l := r.hold(ctx, c)
	defer l.release() // of a handler that ends its goroutine, too
	problem := call(viewer.AsProgram(l.ctx), h.policy.timeout(), h.f, c.Job)
	l.release()
	crashpoint.Here(crashpoint.JobRan)

	now := r.instant()
	v := h.policy.judge(c.Job, problem, now)
	if _, parked := asPark(problem); v.problem != "" && !parked && ctx.Err() != nil {
		v = verdict{runAt: now, tries: c.Tries} // the process ends: not the job's fault
	}
	ctx, cancel := persistent(ctx)
	defer cancel()
	held, err := r.finish(ctx, c, v)
	if err == nil {
		r.report(ctx, c, v, problem, held)
	}
	return err
}

// report logs what a person may have to know of a run: once, here.
func (r *Runner) report(ctx context.Context, c claimed, v verdict, problem error, held bool) {
	if v.problem == "" && held {
		return
	}
	attrs := []slog.Attr{
		slog.String("kind", string(c.Kind)), slog.String("key", c.Key),
		slog.String("job", c.ID.String()), slog.Int("try", c.Tries+1),
	}
	if v.problem != "" {
		attrs = append(attrs, slog.String("error", problem.Error()))
	}
	if panicked, ok := errors.AsType[*panicError](problem); ok {
		attrs = append(attrs, slog.String("stack", string(panicked.stack)))
	}
	log := r.o.Logger
	switch {
	case !held:
		log.LogAttrs(ctx, slog.LevelWarn, "job lost its lease, may have run twice", attrs...)
	case v.park:
		log.LogAttrs(ctx, slog.LevelError, "job parked, needs a person", attrs...)
	default:
		log.LogAttrs(ctx, slog.LevelWarn, "job failed, will be retried", append(attrs, slog.Time("again", v.runAt))...)
	}
}
