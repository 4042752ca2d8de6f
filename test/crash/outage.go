package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

type outageOptions struct {
	*common

	after time.Duration
	away  time.Duration
	back  time.Duration
}

func runOutage(ctx context.Context, args []string, out io.Writer) error {
	flags, c := newFlags(out, "outage", `Crashes Postgres under load, starts it again later, and measures how soon after it takes
connections the first bill is created and the first payment fulfilled. The servers must not be
restarted, and nothing that was acknowledged may be lost.`, 16)
	o := &outageOptions{common: c}
	flags.DurationVar(&o.after, "after", 5*time.Second, "of load before and after the outage")
	flags.DurationVar(&o.away, "for", 30*time.Second, "how long Postgres is away")
	flags.DurationVar(&o.back, "back", 5*time.Second, "how soon after its return the first bill and fulfilment must come")
	if err := flags.Set("db", rig.OnPostgres); err != nil {
		return err
	}
	if err := parse(flags, c, args, o.wrong); err != nil {
		return err
	}
	return withRig(ctx, c, "outage", out, o.run)
}

// wrong says which flag is out of its range; "" when none is.
func (o *outageOptions) wrong() string {
	switch {
	case o.db != rig.OnPostgres:
		return "a SQLite database cannot be away: use --db postgres"
	case o.after < 0:
		return "--after is 0 or more"
	case o.away < 0:
		return "--for is 0 or more"
	case o.back <= 0:
		return "--back is more than 0"
	}
	return ""
}

func (o *outageOptions) run(ctx context.Context, r *rig.Rig, out io.Writer) error {
	t, err := newTraffic(ctx, r, o.seed)
	if err != nil {
		return err
	}
	processes := make([]*rig.Process, len(r.Servers))
	for at, s := range r.Servers {
		processes[at] = s.Process()
	}
	w := &firsts{}
	var over atomic.Bool
	clients := make(chan struct{})
	go func() {
		defer close(clients)
		t.run(ctx, o.clients, over.Load, func(ctx context.Context, r *rand.Rand) { t.buyUntilDone(ctx, r, w) })
	}()
	pause(ctx, o.after)
	before := t.tally.of(countPayments)
	if err := r.Postgres.Crash(); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "Postgres is away, after %d payments\n", before)
	pause(ctx, o.away)
	during := t.tally.of(countPayments)
	if err := r.Postgres.Start(); err != nil {
		return err
	}
	if err := r.Postgres.Await(ctx); err != nil {
		return err
	}
	back := time.Now()
	w.since(back)
	_, _ = fmt.Fprintln(out, "Postgres takes connections again")
	for _, first := range []*atomic.Int64{&w.bill, &w.done} {
		for first.Load() == 0 && time.Since(back) < o.limit && ctx.Err() == nil {
			pause(ctx, 10*time.Millisecond)
		}
	}
	pause(ctx, o.after)
	over.Store(true)
	rest, err := settle(ctx, r.Check, o.common, clients, out)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "\n%d payments before, %d while it was away, %d after\n", before, during-before, t.tally.of(countPayments)-during)
	late := errors.Join(o.judge(out, "first bill created", w.bill.Load()), o.judge(out, "first payment fulfilled", w.done.Load()))
	for at, s := range r.Servers {
		if isClosed(processes[at].Done()) || s.Process() != processes[at] {
			late = errors.Join(late, fmt.Errorf("%w: %s did not live through it", errViolated, s.Name))
		}
	}
	return errors.Join(late, t.conclude(ctx, rest, out))
}

// judge prints how long after the return something came first, 0 for never, and
// says whether that was too late.
func (o *outageOptions) judge(out io.Writer, what string, after int64) error {
	took := time.Duration(after)
	_, _ = fmt.Fprintf(out, "  %-46s %8s after Postgres took connections\n", what, took.Round(time.Millisecond))
	if took == 0 || took > o.back {
		return fmt.Errorf("%w: the %s must come within %s of its return", errViolated, what, o.back)
	}
	return nil
}

// firsts notes how long after a moment things happened first, in nanoseconds; 0
// is not yet.
type firsts struct {
	from atomic.Pointer[time.Time]
	bill atomic.Int64
	done atomic.Int64
}

func (f *firsts) since(t time.Time) { f.from.Store(&t) }

func (f *firsts) note(what *atomic.Int64) {
	if from := f.from.Load(); from != nil {
		what.CompareAndSwap(0, max(int64(time.Since(*from)), 1))
	}
}

// buyUntilDone makes one payment of the plain kind and watches its bill until it
// is fulfilled.
func (t *traffic) buyUntilDone(ctx context.Context, r *rand.Rand, w *firsts) {
	bill, page := t.create(ctx, r, plan{token: t.keys.Secret, key: newKey(r), account: oneStage, copies: 1})
	if bill == "" {
		return
	}
	w.note(&w.bill)
	t.tally.add(countPayments)
	if page == "" {
		page = t.open(ctx, r, bill, oneStage)
	}
	t.pay(ctx, page, rig.Approve)
	for giveUp := time.Now().Add(patience); ctx.Err() == nil && time.Now().Before(giveUp); {
		if answer := t.refresh(ctx, r, bill); answer != nil && answer.Bill != nil && answer.Bill.Status == "DONE" {
			w.note(&w.done)
			if chance(r, 0.2) {
				t.returns(ctx, r, bill, 1+r.Int64N(pagePrice-1))
			}
			return
		}
		pause(ctx, 100*time.Millisecond)
	}
	t.tally.add(countNever)
}
