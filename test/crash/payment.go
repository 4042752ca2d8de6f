package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// The demo shop's provider accounts.
const (
	oneStage = "payture"
	twoStage = "payture-two-stage"
)

// plan is what a payer and a shop are going to do in one payment.
type plan struct {
	token   string // whose: the page's or the shop's
	key     string
	account string
	copies  int    // of billCreate, at the same time
	outcome string // on the provider's page

	switches  bool // to the other account, with a page open
	paysBoth  bool // and pays on both pages
	cancels   bool // at about the time of paying
	refreshes int
	ends      string // what the shop does with a hold: capture, cancel or nothing
}

func (t *traffic) plan(r *rand.Rand) plan {
	p := plan{
		token: t.keys.Publishable, key: newKey(r), account: oneStage, copies: 1, outcome: rig.Approve,
		switches: chance(r, 0.12), cancels: chance(r, 0.08), refreshes: r.IntN(3),
	}
	p.paysBoth = p.switches && chance(r, 0.5)
	if chance(r, 0.4) {
		p.token = t.keys.Secret
	}
	if chance(r, 0.25) {
		p.copies = 2 + r.IntN(2)
	}
	if chance(r, 0.3) {
		p.account, p.ends = twoStage, []string{"capture", "capture", "cancel", ""}[r.IntN(4)]
	}
	switch n := r.IntN(100); {
	case n < 10:
		p.outcome = rig.Decline
	case n < 18:
		p.outcome = rig.Abandon
	}
	return p
}

func chance(r *rand.Rand, share float64) bool { return r.Float64() < share }

// newKey is a UUID from the seed.
func newKey(r *rand.Rand) string {
	a, b := r.Uint64(), r.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

// mixed makes one payment of any kind, start to end.
func (t *traffic) mixed(ctx context.Context, r *rand.Rand) {
	p := t.plan(r)
	bill, url := t.create(ctx, r, p)
	if bill == "" {
		return
	}
	t.tally.add(countPayments)
	if url == "" {
		url = t.open(ctx, r, bill, p.account)
	}
	pages := []string{url}
	if p.switches {
		other := t.open(ctx, r, bill, map[string]string{oneStage: twoStage, twoStage: oneStage}[p.account])
		pages = append(pages, other)
		if !p.paysBoth {
			pages = pages[r.IntN(2):][:1]
		}
	}
	var group sync.WaitGroup
	if p.cancels {
		key := newKey(r)
		random := rand.New(rand.NewPCG(r.Uint64(), 0)) //nolint:gosec // repeatable from the seed
		group.Go(func() { t.cancel(ctx, random, bill, key) })
	}
	for _, page := range pages {
		t.pay(ctx, page, p.outcome)
	}
	group.Wait()
	for range p.refreshes {
		t.refresh(ctx, r, bill)
	}
	if p.ends != "" && p.outcome == rig.Approve {
		t.end(ctx, r, bill, p.ends)
	}
}

// create makes the bill, by as many calls with one key as planned.
func (t *traffic) create(ctx context.Context, r *rand.Rand, p plan) (bill, url string) {
	input := map[string]any{
		"idempotencyKey": p.key, "product": t.shop.page, "currency": "RUB",
		"pageId": fmt.Sprintf("articles/%d", r.IntN(1000)), "payWith": map[string]string{"provider": p.account},
	}
	call := func(a *rig.API) (*rig.Answer, error) {
		began := t.history.Call()
		answer, err := a.Create(ctx, p.token, input)
		if err == nil && answer.Bill != nil {
			t.history.Created(began, p.key, answer.Bill.ID, answer.Bill.Status)
		}
		return answer, err
	}
	answers := make([]*rig.Answer, p.copies)
	var group sync.WaitGroup
	for at := range answers {
		random := rand.New(rand.NewPCG(r.Uint64(), 0)) //nolint:gosec // repeatable from the seed
		group.Go(func() { answers[at], _ = t.final(ctx, random, "billCreate", call) })
	}
	group.Wait()
	for _, answer := range answers {
		if answer != nil && answer.Bill != nil {
			bill = answer.Bill.ID
			if answer.Bill.NextAction.URL != "" {
				url = answer.Bill.NextAction.URL
			}
		}
	}
	return bill, url
}

// open opens the provider's page of an account for a bill; "" when the bill takes
// no payment any more, or not for long.
func (t *traffic) open(ctx context.Context, r *rand.Rand, bill, account string) string {
	for range 10 {
		key := newKey(r)
		answer, err := t.final(ctx, r, "billPay", t.about(bill, func(a *rig.API) (*rig.Answer, error) {
			return a.Pay(ctx, t.keys.Secret, key, bill, account)
		}))
		if err != nil || answer.Bill == nil || answer.Bill.Status != "PENDING" {
			return ""
		}
		if answer.Bill.NextAction.URL != "" {
			return answer.Bill.NextAction.URL
		}
		pause(ctx, 500*time.Millisecond)
	}
	t.tally.add("billPay: no page after 10 tries")
	return ""
}

// pay plays the payer.
func (t *traffic) pay(ctx context.Context, page, outcome string) {
	if page == "" {
		return
	}
	paid, err := t.Sandbox.Pay(ctx, page, outcome)
	if err != nil {
		t.tally.add("payer: the page did not work")
		return
	}
	t.tally.add("payer: " + paid.State)
}

func (t *traffic) refresh(ctx context.Context, r *rand.Rand, bill string) *rig.Answer {
	answer, _ := t.final(ctx, r, "billRefresh", t.about(bill, func(a *rig.API) (*rig.Answer, error) {
		return a.Refresh(ctx, t.keys.Secret, bill)
	}))
	return answer
}

func (t *traffic) cancel(ctx context.Context, r *rand.Rand, bill, key string) *rig.Answer {
	answer, _ := t.final(ctx, r, "billCancel", t.about(bill, func(a *rig.API) (*rig.Answer, error) {
		return a.Cancel(ctx, t.keys.Secret, key, bill)
	}))
	return answer
}

// end takes or releases what is held, once the server has heard of the hold.
func (t *traffic) end(ctx context.Context, r *rand.Rand, bill, how string) {
	for range 5 {
		answer := t.refresh(ctx, r, bill)
		if answer == nil || answer.Bill == nil {
			return
		}
		if answer.Bill.Status == "PENDING" {
			pause(ctx, 2*time.Second) // a bill is asked about once in that time
			continue
		}
		if answer.Bill.Status != "AUTHORIZED" {
			return
		}
		key := newKey(r)
		if how == "cancel" {
			t.cancel(ctx, r, bill, key)
			return
		}
		_, _ = t.final(ctx, r, "billCapture", t.about(bill, func(a *rig.API) (*rig.Answer, error) {
			return a.Capture(ctx, t.keys.Secret, key, bill)
		}))
		return
	}
}
