package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// The counts that the modes read again.
const (
	countPayments = "payments begun and answered"
	countOther    = "other operations that were answered"
	countLost     = "answers lost, call repeated"
	countAway     = "no server there, call repeated"
	countQuit     = "answers lost, the client went away for good"
	countNever    = "calls that never got a final answer"
)

// callTime is how long a client waits for one answer, and patience how long it
// repeats a call before that is a violation of its own.
const (
	callTime = 15 * time.Second
	patience = 3 * time.Minute
)

// quitters is the share of clients that never come back after a lost answer.
const quitters = 0.03

// errNever says that a call was repeated for as long as anybody would.
var errNever = errors.New("no final answer")

// traffic is the clients of the servers, and what they were told.
type traffic struct {
	*rig.Rig

	seed    uint64
	apis    []*rig.API
	keys    rig.Keys
	flows   []flow
	shop    shop
	vendors []vendor
	history *rig.History
	facts   *facts
	tally   *tally
	next    atomic.Uint64    // number of the next payment
	pace    <-chan time.Time // lets one payment begin at a time; nil: as fast as they can
}

func newTraffic(ctx context.Context, r *rig.Rig, seed uint64) (*traffic, error) {
	t := &traffic{Rig: r, seed: seed, keys: r.Servers[0].Keys, history: rig.NewHistory(), facts: newFacts(), tally: newTally()}
	for _, s := range r.Servers {
		if s.Keys != t.keys {
			return nil, fmt.Errorf("%s has other keys than %s on the same database", s.Name, r.Servers[0].Name)
		}
		t.apis = append(t.apis, rig.NewAPI(s.URL(), callTime))
	}
	product, err := t.apis[0].Product(ctx, t.keys.Publishable)
	if err != nil {
		return nil, fmt.Errorf("find what to buy: %w", err)
	}
	t.shop.page = product
	t.vendors, err = findVendors(ctx, t.apis[0], t.keys.Publishable)
	return t, err
}

// run has clients make payments, by one after the other each, until enough says
// so or ctx ends.
func (t *traffic) run(ctx context.Context, clients int, enough func() bool, payment func(ctx context.Context, r *rand.Rand)) {
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for t.paced(ctx) && !enough() {
				payment(ctx, t.random(t.next.Add(1)))
			}
		})
	}
	group.Wait()
}

// paced waits until the next payment may begin; it is false when ctx has ended.
func (t *traffic) paced(ctx context.Context) bool {
	if t.pace != nil {
		select {
		case <-ctx.Done():
		case <-t.pace:
		}
	}
	return ctx.Err() == nil
}

// random returns the random numbers of payment or killer n: the same for the same
// seed, whoever draws in between.
func (t *traffic) random(n uint64) *rand.Rand {
	return rand.New(rand.NewPCG(t.seed, n)) //nolint:gosec // repeatable from the seed
}

// api is any of the servers.
func (t *traffic) api(r *rand.Rand) *rig.API { return t.apis[r.IntN(len(t.apis))] }

// answered is the payload of any mutation.
type answered interface {
	IsFinal() bool
	State() string
}

// final is finally for a mutation of a bill.
func (t *traffic) final(ctx context.Context, r *rand.Rand, name string, call func(a *rig.API) (*rig.Answer, error)) (*rig.Answer, error) {
	return finally(ctx, t, r, name, call)
}

// change is finally for a mutation of anything else.
func (t *traffic) change(ctx context.Context, r *rand.Rand, name string, call func(a *rig.API) (*rig.Payload, error)) (*rig.Payload, error) {
	return finally(ctx, t, r, name, call)
}

// finally repeats a call, at any of the servers, until its answer is final. A call
// that was cut off is repeated with the same key: that is what keys are for.
func finally[A answered](ctx context.Context, t *traffic, r *rand.Rand, name string, call func(a *rig.API) (A, error)) (none A, err error) {
	giveUp := time.Now().Add(patience)
	for ctx.Err() == nil {
		answer, err := call(t.api(r))
		refused, isRefused := errors.AsType[*rig.RefusedError](err)
		wait := 50*time.Millisecond + time.Duration(r.IntN(200))*time.Millisecond
		switch {
		case err == nil && answer.IsFinal():
			t.tally.add(name + ": " + answer.State())
			return answer, nil
		case err == nil:
			t.tally.add(name + ": " + answer.State() + ", repeated")
			wait = time.Second + 10*wait // a call that died holds its key for half a minute
		case isRefused:
			t.tally.add(name + ": refused " + strings.Join(refused.Codes, " "))
		case errors.Is(err, syscall.ECONNREFUSED):
			t.tally.add(countAway)
			wait *= 2
		case errors.Is(err, rig.ErrLost):
			t.tally.add(countLost)
			if chance(r, quitters) {
				t.tally.add(countQuit)
				return none, err
			}
		default:
			return none, err
		}
		if time.Now().After(giveUp) {
			t.tally.add(countNever)
			return none, fmt.Errorf("%s: %w in %s", name, errNever, patience)
		}
		pause(ctx, wait)
	}
	return none, ctx.Err()
}

// about calls about a bill that is known and notes what was answered.
func (t *traffic) about(bill string, call func(a *rig.API) (*rig.Answer, error)) func(a *rig.API) (*rig.Answer, error) {
	return func(a *rig.API) (*rig.Answer, error) {
		began := t.history.Call()
		answer, err := call(a)
		if err == nil && answer.Bill != nil {
			t.history.Saw(began, bill, answer.Bill.ID, answer.Bill.Status)
		}
		return answer, err
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
