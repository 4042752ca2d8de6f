package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/gifts"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
	"github.com/paygraph/paygraph/providers/payture"
	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// world is one seed: the program and everything outside it. One goroutine at a
// time has it.
type world struct {
	ctx    context.Context //nolint:containedctx // of the whole run
	o      Options
	clock  *clock
	random *rand.Rand
	trace  *trace
	queue  queue
	file   string
	store  *store.Store
	result *Result
	failed error // why it cannot go on

	// The provider's side.
	vendor  *sandbox.Server
	wire    *http.Client // the program's way to it, with all that happens on the way
	control *http.Client // ours, with nothing
	storm   *storm       // an outage of the network; nil: none

	// The program. It has no other memory than the database.
	bills    *billing.Service
	ledger   *wallets.Service
	cards    *cards.Service
	subs     *subscriptions.Service
	presents *gifts.Service
	saver    *payture.Client // of the account that saves cards
	runner   *jobs.Runner
	tokens   *auth.Authenticator
	dead     bool      // until it is started again
	depth    int       // calls of it that are under way, one inside another
	idle     time.Time // there was nothing due though a job looked so: not again before
	calm     bool      // no faults, no deaths any more

	// The shop.
	merchant  *ent.Merchant
	products  []*ent.Product
	users     []pay.UserID
	customers []*customer
	topUp     *ent.Product
	gifts     []*ent.Product
	periods   []pay.PriceID // what a subscription may cost
	members   []*member
}

// deepest is how many calls of the program run one inside another at most.
const deepest = 3

// jobLease is the lease that the server's own jobs have.
const jobLease = 20 * time.Second

// settling is how long the sandbox may not know of a call, as in cmd: it does each
// before it answers.
const settling = 5 * time.Second

// sandboxURL is the provider's address on the transport that has only this one.
const sandboxURL = "http://sandbox.example"

// newWorld lays an empty shop, its provider and the program.
func newWorld(ctx context.Context, o Options, dir string, template []byte, seed uint64) (*world, error) {
	w := &world{
		ctx: ctx, o: o, trace: newTrace(o.Trace), result: &Result{Seed: seed, Breaches: []string{}, Tail: []string{}},
		clock:  &clock{now: epoch()},
		random: rand.New(rand.NewPCG(seed, 0x70617967)), //nolint:gosec // chance must be repeatable from its seed, not unpredictable
		file:   filepath.Join(dir, fmt.Sprintf("seed-%d.db", seed)),
	}
	vendor, err := sandbox.New(sandbox.Options{Clock: pay.ClockFunc(w.clock.world), BaseURL: sandboxURL})
	if err != nil {
		return nil, err
	}
	w.vendor = vendor
	if err := vendor.Register(payturesandbox.New(payturesandbox.Options{})); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.wire = &http.Client{Transport: road{w}}
	w.control = &http.Client{Transport: straight{vendor.Handler()}}
	if w.store, err = openCopy(ctx, w.file, template, w.clock); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := w.seed(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := w.boot(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	onReach(func(p crashpoint.Point) { w.mayDie(string(p), pointChance(p)) })
	return w, nil
}

func (w *world) close() error {
	onReach(nil)
	if w.tokens != nil {
		w.tokens.Close()
	}
	err := w.vendor.Close(context.WithoutCancel(w.ctx))
	if w.store != nil {
		err = errors.Join(err, w.store.Close())
	}
	return errors.Join(err, removeDatabase(w.file))
}

// begin has the program take up what the process before it left, in which it may
// die again.
func (w *world) begin() {
	var err error
	if w.call(func() { err = errors.Join(w.bills.Begin(w.ctx), w.cards.Begin(w.ctx)) }) && err != nil {
		w.breach("the program cannot take up what was left: %v", err)
	}
}

// say writes a line of the trace.
func (w *world) say(format string, args ...any) {
	w.trace.line(w.clock.world(), fmt.Sprintf(format, args...))
}

// breach notes what does not hold.
func (w *world) breach(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.result.Breaches = append(w.result.Breaches, text)
	w.say("BREACH %s", firstLine(text))
}

// fail ends the seed: the simulation itself is broken.
func (w *world) fail(err error) {
	if w.failed == nil {
		w.failed = err
	}
}

// in plans an act.
func (w *world) in(d time.Duration, do func()) { w.queue.add(w.clock.world().Add(d), do) }

// call has the program do f, and reports false when it does not run, or died of
// it. What f has written to variables is to be used after a true answer only.
func (w *world) call(f func()) (alive bool) {
	if w.dead || w.failed != nil {
		return false
	}
	w.depth++
	ended := make(chan bool)
	go func() {
		finished := false
		defer func() {
			if p := recover(); p != nil {
				w.breach("the program panicked: %v\n%s", p, debug.Stack())
				finished = true
			}
			ended <- finished
		}()
		f()
		finished = true
	}()
	finished := <-ended
	w.depth--
	if !finished && !w.dead {
		w.fail(errors.New("a call of the program ended its goroutine by itself"))
	}
	if w.dead && w.depth == 0 {
		down := w.dice(time.Second, 2*time.Minute)
		if w.chance(0.05) {
			down = w.dice(10*time.Minute, time.Hour)
		}
		w.in(down, func() {
			w.say("the program starts")
			if err := w.boot(); err != nil {
				w.fail(err)
				return
			}
			w.begin()
		})
	}
	return finished && !w.dead
}

// mayDie ends the process, with that chance, by ending its goroutine: what is
// deferred is what the operating system and the database do for a dead one.
func (w *world) mayDie(where string, chance float64) {
	if w.calm || w.depth == 0 || w.dead || !w.chance(chance) {
		return
	}
	w.result.Crashes++
	w.say("the program dies: %s", where)
	w.dead = true
	runtime.Goexit()
}

// pointChance is how likely death is at a point. Those that every question
// passes are met a hundred times as often as the rest.
func pointChance(p crashpoint.Point) float64 {
	everyday := []crashpoint.Point{
		crashpoint.AskTaken, crashpoint.AskAnswered, crashpoint.Settling, crashpoint.Settled, crashpoint.JobClaimed, crashpoint.JobRan,
	}
	if slices.Contains(everyday, p) {
		return 1.0 / 2000
	}
	return 1.0 / 100
}

// advance lets time pass until then, with all that happens meanwhile. Called
// while the program waits for an answer, it may find it dead and does not return.
func (w *world) advance(until time.Time) {
	for w.failed == nil {
		at, isJob, ok := w.next()
		if !ok || at.After(until) {
			break
		}
		w.clock.reach(at)
		if isJob {
			w.runDue()
		} else {
			w.queue.take().do()
		}
		if w.dead && w.depth > 0 {
			runtime.Goexit()
		}
		if err := w.ctx.Err(); err != nil {
			w.fail(err)
		}
	}
	w.clock.reach(until)
}

// next returns when something happens next, and whether that is a job of the
// program's.
func (w *world) next() (at time.Time, isJob, ok bool) {
	at, ok = w.queue.next()
	if w.dead {
		return at, false, ok
	}
	due, some, err := w.nextJob()
	if err != nil {
		w.fail(err)
	}
	if some && (!ok || due.Before(at)) {
		return due, true, true
	}
	return at, false, ok
}

// nextJob returns when, in the world's time, the program will find a job due.
func (w *world) nextJob() (at time.Time, ok bool, err error) {
	const query = `
SELECT run_at, lease_until FROM jobs WHERE parked_at IS NULL
ORDER BY CASE WHEN lease_until > run_at THEN lease_until ELSE run_at END LIMIT 1`
	rows, err := w.store.Query(w.ctx, query)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look for the next job: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var lease *time.Time
		if err := rows.Scan(&at, &lease); err != nil {
			return time.Time{}, false, err
		}
		if lease != nil && lease.After(at) {
			at = *lease
		}
		at, ok = at.Add(-w.clock.off()), true
		if at.Before(w.idle) {
			at = w.idle
		}
	}
	return at, ok, rows.Err()
}

// jobsPatience is how much real time the jobs of one instant may take.
const jobsPatience = time.Minute

// runDue has the program run its due jobs.
func (w *world) runDue() {
	var ran int
	var err error
	alive := w.call(func() {
		ctx, cancel := context.WithTimeout(w.ctx, jobsPatience)
		defer cancel()
		ran, err = w.runner.RunDue(ctx)
	})
	switch {
	case !alive:
		return
	case err != nil && w.ctx.Err() == nil:
		w.breach("jobs cannot be run, or do not end: %v", err)
		w.idle = w.clock.world().Add(time.Minute)
		return
	case ran == 0:
		w.idle = w.clock.world().Add(time.Second)
	}
	w.say("%d jobs ran", ran)
}

// quiet is how long the program has, after the faults, to find everything out.
const quiet = 48 * time.Hour

// recovery is when, after the faults, no money may be in doubt any more.
const recovery = 30 * time.Second

// run plays the days of traffic and the quiet ones after them.
func (w *world) run() error {
	busy := time.Duration(w.o.Days) * 24 * time.Hour
	end := epoch().Add(busy)
	if w.o.meddle != nil {
		w.queue.add(epoch().Add(busy*3/4), func() {
			if err := w.o.meddle(w.ctx, w.store); err != nil {
				w.fail(err)
			}
		})
	}
	w.begin()
	w.advance(end)
	w.calmDown()
	w.advance(end.Add(recovery))
	if err := w.judgeRecovery(); err != nil {
		return err
	}
	w.advance(end.Add(quiet))
	return w.failed
}

// program returns the context in which the program itself asks.
func (w *world) program() context.Context { return viewer.AsProgram(w.ctx) }

// chance is true so often.
func (w *world) chance(p float64) bool { return w.random.Float64() < p }

// dice returns a time between two, short ones more often.
func (w *world) dice(from, to time.Duration) time.Duration {
	f := w.random.Float64()
	return from + time.Duration(f*f*float64(to-from))
}

// pick returns one of the choices, each as often as its weight says.
func pick[T any](w *world, choices ...weighed[T]) T {
	sum := 0
	for _, c := range choices {
		sum += c.weight
	}
	n := w.random.IntN(sum)
	for _, c := range choices {
		if n -= c.weight; n < 0 {
			return c.what
		}
	}
	return choices[0].what
}

// weighed is one choice.
type weighed[T any] struct {
	weight int
	what   T
}
