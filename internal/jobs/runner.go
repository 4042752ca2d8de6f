// Package jobs runs durable jobs: rows of the table jobs, each a kind, a key and
// a time, scheduled in the transaction that makes them necessary and run at
// least once by one of the processes that know the kind, whatever crashes. It
// owns that table, its leases and its retries. It knows no domain: what a job
// does is its handler's.
//
// Start with Schedule and HandlerFunc, then Runner. The states of a row:
//
//	waiting   run_at in the future or past, lease_until and parked_at null
//	running   lease_until set; when that has passed, it is waiting again
//	parked    parked_at set: waits for a person or a new Schedule
//	done      no row
//
// Times are those of the process's clock. When that is set back while the process
// runs, what would now come late by as much is brought forward, so a job may run
// before its time and must judge that by itself; leases from the lost hour count
// as none. When it leaps, leases look over that are not: a process never takes what it
// runs itself, and of two processes that run a job the fence lets one end it.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Options are what a Runner is made of. Store and Clock are required.
type Options struct {
	Store   *store.Store
	Clock   pay.Clock
	Logger  *slog.Logger  // of failures and parked jobs; nil: none
	Workers int           // jobs at a time; 0: 8, as most wait for somebody else's server
	Poll    time.Duration // how often to look for what other processes scheduled; 0: 1 s
	Lease   time.Duration // how long a killed process's job waits for another; 0: 1 min; the same in all processes
	Drain   time.Duration // how long Run lets jobs end after its context did; 0: 15 s

	// Slow jobs that can wait must never keep all workers from those that cannot.
	Reserved int // of the workers, how many only urgent jobs may have; 0: a quarter; below 0: none; one is always left for the rest
	Urgent   int // the highest priority of an urgent job; 0: 10
}

// Runner runs the jobs of the kinds it has handlers for. Its methods, but
// Handle, are safe for concurrent use.
type Runner struct {
	o        Options
	handlers map[Kind]handler
	wake     chan struct{}
	claiming sync.Mutex
	latest   time.Time // that the clock has shown, guarded by claiming
	running  running
}

type handler struct {
	policy Policy
	f      HandlerFunc
}

// New returns a Runner without handlers.
func New(o Options) *Runner {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Workers <= 0 {
		o.Workers = 8
	}
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.Lease <= 0 {
		o.Lease = time.Minute
	}
	if o.Drain <= 0 {
		o.Drain = 15 * time.Second
	}
	if o.Reserved == 0 {
		o.Reserved = o.Workers / 4
	}
	o.Reserved = max(0, min(o.Reserved, o.Workers-1))
	if o.Urgent == 0 {
		o.Urgent = 10
	}
	return &Runner{
		o: o, handlers: map[Kind]handler{}, wake: make(chan struct{}, 1),
		running: running{set: map[pay.JobID]struct{}{}},
	}
}

// Handle has f do the jobs of the kind. It must be called before Run and
// RunDue. Jobs of a kind that nobody handles wait.
func (r *Runner) Handle(kind Kind, p Policy, f HandlerFunc) {
	r.handlers[kind] = handler{policy: p, f: f}
}

// Wake has Run look at once: something was scheduled for now. It costs next to
// nothing and never blocks; call it from tx.AfterCommit.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it is about to look anyway
	}
}

// RunDue runs everything that is due, by priority and time, one at a time in
// the caller's goroutine, and what that makes due, until nothing is. It returns
// how many runs that were. A handler's error is the job's affair, as in Run;
// the database's is returned. It is for tests and tools.
func (r *Runner) RunDue(ctx context.Context) (int, error) {
	if len(r.handlers) == 0 {
		return 0, nil
	}
	if err := r.watchClock(ctx); err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return n, fmt.Errorf("run due jobs: %w", err)
		}
		list, err := r.claim(ctx, wanted{limit: 1})
		if err != nil || len(list) == 0 {
			return n, err
		}
		if err := r.execute(ctx, list[0]); err != nil {
			return n, err
		}
	}
}
