package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

type renewOptions struct {
	*common

	subscriptions int
	kills         int
	drop          float64
}

func runRenew(ctx context.Context, args []string, out io.Writer) error {
	flags, c := newFlags(out, "renew", `Subscriptions are made whose trials all end while no server runs. Then the servers are started, and
each is killed with SIGKILL 100 to 800 ms after it is ready, over and over, while they charge what is
due; a share of the provider's replies is lost. In the end the provider's own book has one charge for
each subscription, each has one paid period, and a strict check finds nothing.`, 16)
	o := &renewOptions{common: c}
	flags.IntVar(&o.subscriptions, "subscriptions", 10_000, "how many fall due")
	flags.IntVar(&o.kills, "kills", 40, "kills at least, before they come ten times as rarely; 0: none")
	flags.Float64Var(&o.drop, "drop", 0.1, "the share of the provider's replies that are lost")
	if err := parse(flags, c, args, o.wrong); err != nil {
		return err
	}
	return withRig(ctx, o.common, "renew", out, o.run)
}

// wrong says which flag is out of its range; "" when none is.
func (o *renewOptions) wrong() string {
	switch {
	case o.subscriptions < 1:
		return "--subscriptions is 1 or more"
	case o.kills < 0:
		return "--kills is 0 or more"
	case !(o.drop >= 0 && o.drop <= 1):
		return "--drop is 0 to 1"
	}
	return ""
}

// renewPrice is the price of a period, in kopecks.
const renewPrice = 4900

// productsOf is how many products the subscriptions are to: a user has one to each
// at most.
func productsOf(subscriptions int) int { return int(math.Ceil(math.Sqrt(float64(subscriptions)))) }

func (o *renewOptions) run(ctx context.Context, r *rig.Rig, out io.Writer) error {
	t, err := newTraffic(ctx, r, o.seed)
	if err != nil {
		return err
	}
	due, err := o.prepare(ctx, t, out)
	if err != nil {
		return err
	}
	for _, s := range r.Servers {
		if err := s.Kill(); err != nil {
			return err
		}
	}
	early, err := charged(ctx, r)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "%d subscriptions, %d of them charged already; the last is due in %s\n", o.subscriptions, early, time.Until(due).Round(time.Second))
	pause(ctx, time.Until(due))
	if err := r.Sandbox.Break(ctx, t.badDay(o.drop, o.seed)...); err != nil {
		return err
	}
	k := &killer{must: o.kills}
	took, byJobs, err := o.renewAll(ctx, t, k, out)
	if err != nil {
		return err
	}
	if err := r.Sandbox.Mend(ctx); err != nil {
		return err
	}
	byHand, err := o.payLeft(ctx, t)
	if err != nil {
		return err
	}
	idle := make(chan struct{})
	close(idle)
	rest, err := settle(ctx, r.Check, o.common, idle, out)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "\n%d renewals in %s (%.1f/s) with %d kills of %d processes; %d more were unsent when a process died, and paid by their customers\n",
		byJobs-early, took.Round(100*time.Millisecond), float64(byJobs-early)/took.Seconds(), k.count(), o.processes, byHand)
	return o.conclude(ctx, t, rest, out)
}

// prepare makes customers with saved cards and subscriptions with trials that end
// at about the same time, and returns when the last one does.
func (o *renewOptions) prepare(ctx context.Context, t *traffic, out io.Writer) (due time.Time, err error) {
	products := productsOf(o.subscriptions)
	users := (o.subscriptions + products - 1) / products
	_, _ = fmt.Fprintf(out, "making %d customers with cards, and their subscriptions to %d products\n", users, products)
	ids, saved := make([]string, users), make([]string, users)
	err = o.each(users, func(n int, r *rand.Rand) error {
		if ids[n] = t.newCustomer(ctx, r); ids[n] != "" {
			saved[n] = t.saveCard(ctx, r, ids[n])
		}
		if saved[n] == "" {
			return fmt.Errorf("customer %d has no card", n+1)
		}
		return nil
	})
	if err != nil {
		return due, err
	}
	const perSecond, least = 80, 5 * time.Second
	wanted := time.Now().Add(time.Duration(o.subscriptions)*time.Second/perSecond + 15*time.Second)
	made := 0
	for product := range products {
		trial := max(time.Until(wanted), least).Truncate(time.Second)
		offer, err := sell(ctx, t.apis[0], t.keys.Secret, map[string]any{
			"code": fmt.Sprintf("series-%d", product+1), "kind": "SUBSCRIPTION", "title": "A series", "grants": map[string]any{"resources": []string{"series"}},
			"prices": []any{map[string]any{"amount": roubles(renewPrice), "interval": "P1M", "trial": fmt.Sprintf("PT%dS", int(trial.Seconds()))}},
		})
		if err != nil {
			return due, err
		}
		count := min(users, o.subscriptions-made)
		made += count
		err = o.each(count, func(n int, r *rand.Rand) error {
			key := newKey(r)
			answer, err := t.change(ctx, r, "billingSubscriptionCreate", func(a *rig.API) (*rig.Payload, error) {
				return a.Subscribe(ctx, t.keys.Secret, map[string]any{"idempotencyKey": key, "price": offer.Prices[0].ID, "card": saved[n], "user": ids[n]})
			})
			if err == nil && (answer.Subscription == nil || answer.Subscription.Status != "TRIALING") {
				err = fmt.Errorf("billingSubscriptionCreate: %s", answer.State())
			}
			return err
		})
		if err != nil {
			return due, err
		}
		due = time.Now().Add(trial)
	}
	return due, nil
}

// each does something some times, as many at a time as there are clients, each with
// its own random numbers; it stops at the first error.
func (o *renewOptions) each(times int, do func(n int, r *rand.Rand) error) error {
	var group sync.WaitGroup
	var next atomic.Int64
	errs := make(chan error, o.clients)
	for range o.clients {
		group.Go(func() {
			for n := int(next.Add(1)) - 1; n < times; n = int(next.Add(1)) - 1 {
				if err := do(n, rand.New(rand.NewPCG(o.seed, rand.Uint64()))); err != nil { //nolint:gosec // only keys come of it
					errs <- err
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// charged counts the payments in the provider's book.
func charged(ctx context.Context, r *rig.Rig) (int, error) {
	book, err := r.Sandbox.Book(ctx)
	return len(rig.Payments(book)), err
}

// stalled is how long no charge may come before those that are left are given up:
// what a process died of before it was sent is tried again in an hour.
const stalled = 40 * time.Second

// renewAll starts the servers and kills them until everything is charged, or
// nothing is any more. It returns how long it took to the last charge, and how many
// there then were, and leaves the servers running.
func (o *renewOptions) renewAll(ctx context.Context, t *traffic, k *killer, out io.Writer) (took time.Duration, count int, err error) {
	began := time.Now()
	var last atomic.Int64 // when the last charge came, since began
	var have atomic.Int64
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		var seq int64
		for ; watching.Err() == nil; pause(watching, 500*time.Millisecond) {
			news, err := t.Sandbox.BookAfter(watching, seq)
			if err != nil || len(news) == 0 {
				continue
			}
			seq = news[len(news)-1].Seq
			if found := int64(len(rig.Payments(news))); found > 0 {
				have.Add(found)
				last.Store(int64(time.Since(began)))
			}
		}
	})
	enough := func() bool {
		return have.Load() >= int64(o.subscriptions) || time.Since(began)-time.Duration(last.Load()) > stalled
	}
	printed := make(chan struct{})
	var printer sync.WaitGroup
	printer.Go(func() {
		everyFewSeconds(printed, func(since time.Duration) {
			_, _ = fmt.Fprintf(out, "%5.0f s  %6d charges  %5d kills\n", since.Seconds(), have.Load(), k.count())
		})
	})
	for _, s := range t.Servers {
		if err = k.revive(ctx, s); err != nil {
			break
		}
	}
	k.forget()
	if err == nil && o.kills > 0 {
		err = k.run(ctx, t.Servers, t.random(math.MaxUint64), enough)
	}
	for err == nil && !enough() && ctx.Err() == nil {
		pause(ctx, 100*time.Millisecond)
	}
	stop()
	watch.Wait()
	close(printed)
	printer.Wait()
	return time.Duration(last.Load()), int(have.Load()), err
}

// payLeft has customers pay the bills that nobody has charged, and returns how
// many.
func (o *renewOptions) payLeft(ctx context.Context, t *traffic) (int, error) {
	paid := 0
	for end := time.Now().Add(o.limit); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, time.Second) {
		left, _, err := t.apis[0].Subscriptions(ctx, t.keys.Secret, "", "TRIALING", "PAST_DUE")
		if err != nil {
			return paid, fmt.Errorf("read what is left: %w", err)
		}
		if len(left) == 0 {
			return paid, nil
		}
		r := t.random(t.next.Add(1))
		for _, s := range left {
			if s.OpenBill == nil || s.Card == nil {
				continue
			}
			key := newKey(r)
			answer, err := t.final(ctx, r, "billPay", func(a *rig.API) (*rig.Answer, error) {
				return a.PayWith(ctx, t.keys.Secret, key, s.OpenBill.ID, map[string]string{"card": s.Card.ID})
			})
			if err == nil && len(answer.Errors) == 0 {
				paid++
			}
		}
	}
	return paid, nil // what is left now, the end will show
}

// conclude holds the end against what must be.
func (o *renewOptions) conclude(ctx context.Context, t *traffic, s *rest, out io.Writer) error {
	book, err := t.Sandbox.Book(ctx)
	if err != nil {
		return err
	}
	broken := s.print(out)
	wrong := func(format string, args ...any) {
		broken++
		_, _ = fmt.Fprintf(out, "VIOLATION "+format+"\n", args...)
	}
	taken := 0
	for _, entry := range rig.Payments(book) {
		if entry.Captures == 0 {
			continue
		}
		taken++
		if entry.Captures != 1 || entry.CapturedMinor != renewPrice {
			wrong("renew.book %s: taken %d times, %d in all, want once %d", entry.OrderRef, entry.Captures, entry.CapturedMinor, renewPrice)
		}
	}
	if taken != o.subscriptions {
		wrong("renew.book: %d charges for %d periods", taken, o.subscriptions)
	}
	statuses, seen := map[string]int{}, 0
	for after, more := "", true; more; more = after != "" {
		var page []rig.Subscription
		if page, after, err = t.apis[0].Subscriptions(ctx, t.keys.Secret, after); err != nil {
			return fmt.Errorf("read the subscriptions: %w", err)
		}
		for _, sub := range page {
			seen++
			statuses["subscriptions at last: "+sub.Status]++
			if n := paidPeriods(&sub); n != 1 || len(sub.Bills.Nodes) != 1 || sub.Status != "ACTIVE" {
				wrong("renew.once %s: it is %s with %d bills, %d of them paid, want ACTIVE with one", sub.ID, sub.Status, len(sub.Bills.Nodes), n)
			}
		}
	}
	if seen != o.subscriptions {
		wrong("renew.kept: %d subscriptions were made, and %d are there", o.subscriptions, seen)
	}
	t.tally.print(out)
	printCounts(out, statuses)
	if broken > 0 {
		return fmt.Errorf("%w: %d violations, seed %d", errViolated, broken, t.seed)
	}
	_, _ = fmt.Fprintf(out, "OK: %d charges for %d periods, 0 violations, seed %d\n", taken, o.subscriptions, t.seed)
	return nil
}
