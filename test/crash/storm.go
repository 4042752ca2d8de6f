package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

type stormOptions struct {
	*common

	notices     int
	connections int
	bills       int
}

func runStorm(ctx context.Context, args []string, out io.Writer) error {
	flags, c := newFlags(out, "storm", `First one true notification of one payment, again and again over many connections: all are
acknowledged, one fulfilment follows. Then many bills are paid, and the provider's notification
(twice) and ours, billRefresh (twice), the payer's return and the server's own poll race to settle
each: every bill is fulfilled exactly once.`, 64)
	o := &stormOptions{common: c}
	flags.IntVar(&o.notices, "notices", 1000, "repeats of the one notification")
	flags.IntVar(&o.connections, "connections", 100, "that they come over")
	flags.IntVar(&o.bills, "bills", 5000, "bills that are raced for")
	if err := parse(flags, c, args, o.wrong); err != nil {
		return err
	}
	return withRig(ctx, c, "storm", out, o.run)
}

// wrong says which flag is out of its range; "" when none is.
func (o *stormOptions) wrong() string {
	switch {
	case o.notices < 1:
		return "--notices is 1 or more"
	case o.connections < 1:
		return "--connections is 1 or more"
	case o.bills < 1:
		return "--bills is 1 or more"
	}
	return ""
}

func (o *stormOptions) run(ctx context.Context, r *rig.Rig, out io.Writer) error {
	t, err := newTraffic(ctx, r, o.seed)
	if err != nil {
		return err
	}
	if err := o.repeat(ctx, t, out); err != nil {
		return err
	}
	if err := r.Sandbox.Break(ctx, rig.Fault{Provider: "payture", Op: "webhook", Fault: "duplicate", Rate: 1}); err != nil {
		return err
	}
	return o.race(ctx, t, out)
}

// repeat sends one true notification many times.
func (o *stormOptions) repeat(ctx context.Context, t *traffic, out io.Writer) error {
	lose := rig.Fault{Provider: "payture", Op: "webhook", Fault: "lose", Rate: 1} // ours are the only ones
	if err := t.Sandbox.Break(ctx, lose); err != nil {
		return err
	}
	random := t.random(0)
	bill, page := t.create(ctx, random, plan{token: t.keys.Secret, key: newKey(random), account: oneStage, copies: 1})
	paid, err := t.Sandbox.Pay(ctx, page, rig.Approve)
	if err != nil {
		return err
	}
	t.tally.add(countPayments)
	began := time.Now()
	var acknowledged, sent atomic.Int64
	var group sync.WaitGroup
	for n := range o.connections {
		// A client each has a connection each.
		api := rig.NewAPI(t.Servers[n%len(t.Servers)].URL(), callTime)
		group.Go(func() {
			for sent.Add(1) <= int64(o.notices) {
				status, err := api.Notify(ctx, paid.OrderRef)
				if err == nil && status/100 == 2 {
					acknowledged.Add(1)
				}
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	shown, err := t.awaitDone(ctx, bill)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "%d notifications of one payment over %d connections in %s: %d acknowledged, %d fulfilments\n",
		o.notices, o.connections, took.Round(time.Millisecond), acknowledged.Load(), len(shown.Entitlements))
	if acknowledged.Load() != int64(o.notices) || len(shown.Entitlements) != 1 {
		return fmt.Errorf("%w: want %d acknowledged and 1 fulfilment of %s", errViolated, o.notices, bill)
	}
	return t.Sandbox.Mend(ctx)
}

// awaitDone waits until a bill is DONE.
func (t *traffic) awaitDone(ctx context.Context, bill string) (*rig.Bill, error) {
	for giveUp := time.Now().Add(time.Minute); time.Now().Before(giveUp) && ctx.Err() == nil; {
		bills, err := t.apis[0].Bills(ctx, t.keys.Secret, []string{bill})
		if err != nil {
			return nil, err
		}
		if bills[0] != nil && bills[0].Status == "DONE" {
			return bills[0], nil
		}
		pause(ctx, 50*time.Millisecond)
	}
	return nil, fmt.Errorf("%w: %s was paid and is not DONE", errViolated, bill)
}

// race pays bills and lets every way to settle them loose at once.
func (o *stormOptions) race(ctx context.Context, t *traffic, out io.Writer) error {
	began := time.Now()
	var paid atomic.Int64
	clients, stopped := make(chan struct{}), make(chan struct{})
	var printer sync.WaitGroup
	printer.Go(func() {
		everyFewSeconds(stopped, func(since time.Duration) {
			_, _ = fmt.Fprintf(out, "%5.0f s  %6d bills paid and raced for\n", since.Seconds(), paid.Load())
		})
	})
	var begun atomic.Int64
	enough := func() bool { return begun.Add(1) > int64(o.bills) }
	t.run(ctx, o.clients, enough, func(ctx context.Context, r *rand.Rand) {
		t.raceFor(ctx, r)
		paid.Add(1)
	})
	close(clients)
	close(stopped)
	printer.Wait()
	rest, err := settle(ctx, t.Check, o.common, clients, out)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "\n%d bills paid and raced for in %s\n", o.bills, time.Since(began).Round(time.Second))
	return errors.Join(o.countFulfilments(ctx, t, rest, out), t.conclude(ctx, rest, out))
}

// raceFor pays one bill and settles it by every way at the same time. Some of them are
// given back then, by calls that come at the same time, too.
func (t *traffic) raceFor(ctx context.Context, r *rand.Rand) {
	bill, page := t.create(ctx, r, plan{token: t.keys.Secret, key: newKey(r), account: oneStage, copies: 1})
	if bill == "" {
		return
	}
	t.tally.add(countPayments)
	if chance(r, 0.5) {
		// The server first polls an attempt 5 seconds after its start.
		pause(ctx, 4900*time.Millisecond+time.Duration(r.IntN(200))*time.Millisecond)
	}
	paid, err := t.Sandbox.Pay(ctx, page, rig.Approve)
	if err != nil {
		t.tally.add("payer: the page did not work")
		return
	}
	t.tally.add("payer: " + paid.State)
	var group sync.WaitGroup
	for range 2 {
		random := rand.New(rand.NewPCG(r.Uint64(), 0)) //nolint:gosec // repeatable from the seed
		api := t.api(r)
		group.Go(func() { t.refresh(ctx, random, bill) })
		group.Go(func() { t.counted("notification", func() (int, error) { return api.Notify(ctx, paid.OrderRef) }) })
	}
	api := t.api(r)
	group.Go(func() { t.counted("return page", func() (int, error) { return api.Return(ctx, paid.ReturnURL) }) })
	group.Wait()
	if chance(r, 0.1) && t.becomesDone(ctx, r, bill) {
		t.returns(ctx, r, bill, 1+r.Int64N(pagePrice-1))
	}
}

// counted counts how a plain request was answered.
func (t *traffic) counted(name string, call func() (int, error)) {
	status, err := call()
	if err != nil {
		t.tally.add(name + ": no answer")
		return
	}
	t.tally.add(fmt.Sprintf("%s: %d %s", name, status, http.StatusText(status)))
}

// countFulfilments demands one fulfilment for each bill: by the API's answers and
// by the number of rows that the check counted.
func (o *stormOptions) countFulfilments(ctx context.Context, t *traffic, s *rest, out io.Writer) error {
	ids := t.history.Bills()
	once := 0
	for from := 0; from < len(ids); from += 100 {
		bills, err := t.apis[0].Bills(ctx, t.keys.Secret, ids[from:min(from+100, len(ids))])
		if err != nil {
			return err
		}
		for _, bill := range bills {
			if bill != nil && (bill.Status == "DONE" || bill.Status == "REFUNDED") && len(bill.Entitlements) == 1 {
				once++
			}
		}
	}
	want := o.bills + 1 // and the one of the repeated notification
	_, _ = fmt.Fprintf(out, "%d bills, %d of them DONE, or REFUNDED after that, with one fulfilment, %d fulfilments in all\n", len(ids), once, s.report.Count("entitlements"))
	if len(ids) != want || once != want || s.report.Count("entitlements") != int64(want) {
		return fmt.Errorf("%w: want exactly %d", errViolated, want)
	}
	return nil
}
