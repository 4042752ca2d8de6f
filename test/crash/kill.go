package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

type killOptions struct {
	*common

	payments int
	kills    int
	drop     float64
	rate     int
	flows    string
}

func runKill(ctx context.Context, args []string, out io.Writer) error {
	flags, c := newFlags(out, "kill", `Clients buy, pay, refresh, cancel, capture and repeat themselves while every server is
killed with SIGKILL 100 to 800 ms after it is ready, over and over. A share of the provider's
replies is cut off after the work was done; notifications come twice, late or never. After the
kills that were asked for they come ten times as rarely, until the payments are done. When both
the payments and the kills are done the faults stop, and all must come to rest in time: nothing
lost, nothing doubled, nothing in doubt, nothing taken back that a client was told.`, 96)
	o := &killOptions{common: c}
	flags.IntVar(&o.payments, "payments", 10_000, "payments at least")
	flags.IntVar(&o.kills, "kills", 200, "kills at least")
	flags.Float64Var(&o.drop, "drop", 0.2, "the share of the provider's replies that are lost")
	flags.IntVar(&o.rate, "rate", 30, "payments begun in a second at most; 0: as fast as the clients can, which is more than some servers can")
	flags.StringVar(&o.flows, "flows", allFlows, "what clients do: "+allFlows+", or some of "+flowNames())
	if err := parse(flags, c, args, o.wrong); err != nil {
		return err
	}
	return withRig(ctx, o.common, "kill", out, o.run)
}

// wrong says which flag is out of its range; "" when none is.
func (o *killOptions) wrong() string {
	switch {
	case o.payments < 1:
		return "--payments is 1 or more"
	case o.kills < 0:
		return "--kills is 0 or more"
	case !(o.drop >= 0 && o.drop <= 1):
		return "--drop is 0 to 1"
	case o.rate < 0:
		return "--rate is 0 or more"
	}
	if _, strange := chosen(o.flows); strange != "" {
		return unknownFlow(strange)
	}
	return ""
}

func (o *killOptions) run(ctx context.Context, r *rig.Rig, out io.Writer) error {
	t, err := newTraffic(ctx, r, o.seed)
	if err != nil {
		return err
	}
	t.flows, _ = chosen(o.flows)
	if t.needsShop() {
		if err := t.shop.open(ctx, r, t.apis[0]); err != nil {
			return err
		}
	}
	if o.rate > 0 {
		pace := time.NewTicker(time.Second / time.Duration(o.rate))
		defer pace.Stop()
		t.pace = pace.C
	}
	if err := r.Sandbox.Speed(ctx, noticeSpeed); err != nil {
		return err
	}
	if err := r.Sandbox.Break(ctx, t.badDay(o.drop, o.seed)...); err != nil {
		return err
	}
	k := &killer{must: o.kills}
	began := time.Now()
	clients, err := o.torture(ctx, t, k, out)
	if err != nil {
		return err
	}
	under, payments := time.Since(began), t.tally.of(countPayments)
	faults, err := r.Sandbox.Faults(ctx)
	if err != nil {
		return err
	}
	if err := r.Sandbox.Mend(ctx); err != nil {
		return err
	}
	rest, err := settle(ctx, r.Check, o.common, t.closing(ctx, clients), out)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "\n%d kills in %s of load (%.1f payments/s); ready again after p50 %s, p99 %s; %d starts failed\n",
		k.count(), under.Round(time.Second), float64(payments)/under.Seconds(),
		percentile(k.restarts, 0.5).Round(time.Millisecond), percentile(k.restarts, 0.99).Round(time.Millisecond), k.failed)
	for _, f := range faults {
		_, _ = fmt.Fprintf(out, "  %-46s %8d\n", f.Fault+" of "+f.Op, f.Hits)
	}
	return t.conclude(ctx, rest, out)
}

// torture runs clients and the killer until there was enough of both, and leaves
// the servers running. The clients then finish what they have begun; the channel is
// closed when they have.
func (o *killOptions) torture(ctx context.Context, t *traffic, k *killer, out io.Writer) (<-chan struct{}, error) {
	enough := func() bool { return t.tally.of(countPayments) >= o.payments && k.count() >= o.kills }
	clients, failed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(clients)
		t.run(ctx, o.clients, func() bool { return isClosed(failed) || enough() }, t.play)
	}()
	stopped := make(chan struct{})
	var printer sync.WaitGroup
	printer.Go(func() {
		everyFewSeconds(stopped, func(since time.Duration) {
			_, _ = fmt.Fprintf(out, "%5.0f s  %6d payments  %6d more  %5d kills  %6d answers lost  %3d violations\n", since.Seconds(),
				t.tally.of(countPayments), t.tally.of(countOther), k.count(), t.tally.of(countLost), len(t.history.Violations()))
		})
	})
	err := k.run(ctx, t.Servers, t.random(math.MaxUint64), enough)
	if err != nil {
		close(failed)
	}
	close(stopped)
	printer.Wait()
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	return clients, err
}

// badDay is what goes wrong at the providers.
func (t *traffic) badDay(drop float64, seed uint64) []rig.Fault {
	var faults []rig.Fault
	add := func(provider, op, fault string, rate float64) {
		if rate > 0 {
			n := int64(len(faults)) + 1
			faults = append(faults, rig.Fault{Provider: provider, Op: op, Fault: fault, Rate: rate, Seed: int64(seed>>1) + n})
		}
	}
	for _, op := range []string{"start", "charge", "sync", "refund", "payer"} {
		add("*", op, "drop_reply", drop)
	}
	seen := map[string]bool{}
	for _, v := range t.vendors {
		if seen[v.provider] {
			continue
		}
		seen[v.provider] = true
		if v.asked { // who cannot be asked is heard only
			add(v.provider, "webhook", "lose", 0.2)
		}
		add(v.provider, "webhook", "duplicate", 0.25)
		add(v.provider, "webhook", "reorder", 0.25)
	}
	return faults
}

// everyFewSeconds calls f with the time that has passed, until stopped.
func everyFewSeconds(stopped <-chan struct{}, f func(since time.Duration)) {
	began := time.Now()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stopped:
			f(time.Since(began))
			return
		case <-tick.C:
			f(time.Since(began))
		}
	}
}
