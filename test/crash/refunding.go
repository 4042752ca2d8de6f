package main

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// giveBack has something bought and paid, and then its money given back: a page, a
// gift, what a wallet paid and what filled it, the first period of a subscription, or
// a payment that came too late.
func (t *traffic) giveBack(ctx context.Context, r *rand.Rand) {
	switch r.IntN(8) {
	case 0:
		t.returnGift(ctx, r)
	case 1:
		t.returnToWallet(ctx, r)
	case 2:
		t.returnPeriod(ctx, r)
	case 3:
		t.returnLate(ctx, r)
	default:
		t.returnPage(ctx, r)
	}
}

// refund calls refundCreate and notes what it made.
func (t *traffic) refund(ctx context.Context, r *rand.Rand, key, bill string, amount int64, currency string) (*rig.Payload, error) {
	answer, err := t.change(ctx, r, "refundCreate", func(a *rig.API) (*rig.Payload, error) {
		answer, err := a.RefundIn(ctx, t.keys.Secret, key, bill, amount, currency)
		if err == nil && answer.Refund != nil {
			t.facts.refunded(key, *answer.Refund)
		}
		return answer, err
	})
	if err == nil && answer.Refund != nil {
		t.tally.add(countOther)
	}
	return answer, err
}

// returns has all of a bill's money given back: at times a part first, by a call that
// comes twice with one key, and the rest by as many calls as it takes, some at the
// same time.
func (t *traffic) returns(ctx context.Context, r *rand.Rand, bill string, part int64) {
	t.returnsIn(ctx, r, bill, part, "RUB")
}

func (t *traffic) returnsIn(ctx context.Context, r *rand.Rand, bill string, part int64, currency string) {
	if part > 0 && chance(r, 0.4) {
		key := newKey(r)
		t.atOnce(r, 1+r.IntN(2), func(r *rand.Rand) {
			if answer, err := t.refund(ctx, r, key, bill, part, currency); err == nil && answer.Refund != nil && chance(r, 0.5) {
				t.goesBack(ctx, r, answer.Refund.ID)
			}
		})
	}
	t.atOnce(r, 1+r.IntN(2), func(r *rand.Rand) {
		within(ctx, func() bool {
			answer, err := t.refund(ctx, r, newKey(r), bill, 0, currency)
			switch {
			case err != nil:
				return true
			case answer.Refund != nil:
				t.goesBack(ctx, r, answer.Refund.ID)
			case !slices.Contains(answer.Codes(), "CONFLICT") && !slices.Contains(answer.Codes(), "STATE_CONFLICT"):
				return true
			}
			return t.isRefunded(ctx, r, bill)
		})
	})
}

// goesBack waits until it is known what became of a refund.
func (t *traffic) goesBack(ctx context.Context, r *rand.Rand, id string) {
	within(ctx, func() bool {
		now, err := t.api(r).RefundOf(ctx, t.keys.Secret, id)
		if err != nil || now == nil {
			return false
		}
		t.facts.refunded("", *now)
		return now.IsOver()
	})
}

// isRefunded reads whether a bill is.
func (t *traffic) isRefunded(ctx context.Context, r *rand.Rand, bill string) bool {
	began := t.history.Call()
	bills, err := t.api(r).Bills(ctx, t.keys.Secret, []string{bill})
	if err != nil || bills[0] == nil {
		return false
	}
	t.history.Saw(began, bill, bills[0].ID, bills[0].Status)
	return bills[0].Status == "REFUNDED"
}

// returnPage: a page is paid on the provider's own, and given back when it is opened,
// or before.
func (t *traffic) returnPage(ctx context.Context, r *rand.Rand) {
	p := plan{token: t.keys.Secret, key: newKey(r), account: oneStage, copies: 1}
	bill, url := t.create(ctx, r, p)
	if bill == "" {
		return
	}
	t.tally.add(countPayments)
	if url == "" {
		url = t.open(ctx, r, bill, p.account)
	}
	t.pay(ctx, url, rig.Approve)
	if chance(r, 0.5) {
		t.refresh(ctx, r, bill)
	}
	if t.becomesDone(ctx, r, bill) {
		t.returns(ctx, r, bill, 1+r.Int64N(pagePrice-1))
	}
}

// returnGift: a gift is given back before anybody redeems it.
func (t *traffic) returnGift(ctx context.Context, r *rand.Rand) {
	buyer := t.shop.known[r.IntN(len(t.shop.known))]
	bill, url := t.order(ctx, r, buyer.token, map[string]any{
		"product": t.shop.gift, "payWith": map[string]string{"provider": oneStage},
		"gift": map[string]any{"recipientEmail": "friend@example.com", "message": "For you."},
	})
	if bill == "" {
		return
	}
	if url == "" {
		url = t.open(ctx, r, bill, oneStage)
	}
	t.pay(ctx, url, rig.Approve)
	if t.becomesDone(ctx, r, bill) {
		t.returns(ctx, r, bill, 0)
	}
}

// returnToWallet: a wallet is filled and pays for a page; both are given back, at the
// same time, so that what filled the wallet may be refused until the page is back.
func (t *traffic) returnToWallet(ctx context.Context, r *rand.Rand) {
	const filled = pagePrice + 5000
	user := t.newCustomer(ctx, r)
	if user == "" {
		return
	}
	fill, url := t.order(ctx, r, t.keys.Secret, map[string]any{"product": t.shop.topUp, "amount": roubles(filled), "user": user, "payWith": map[string]string{"provider": oneStage}})
	t.facts.posts(user, fill, filled)
	if fill == "" {
		return
	}
	if url == "" {
		url = t.open(ctx, r, fill, oneStage)
	}
	t.pay(ctx, url, rig.Approve)
	if !t.becomesDone(ctx, r, fill) {
		return
	}
	wallet := t.walletOf(ctx, r, user)
	if wallet == "" {
		return
	}
	page, _ := t.order(ctx, r, t.keys.Secret, map[string]any{"product": t.shop.page, "pageId": "articles/2", "user": user, "payWith": map[string]string{"wallet": wallet}})
	t.facts.posts(user, page, -pagePrice)
	if page == "" || !t.becomesDone(ctx, r, page) {
		return
	}
	if chance(r, 0.5) {
		t.returns(ctx, r, fill, 0) // is refused
	}
	t.returns(ctx, r, page, 0)
	t.returns(ctx, r, fill, 0)
}

// returnPeriod: the newest bill of a subscription is given back, which ends it unless
// it was faster to renew.
func (t *traffic) returnPeriod(ctx context.Context, r *rand.Rand) {
	user := t.newCustomer(ctx, r)
	card := ""
	if user != "" {
		card = t.saveCard(ctx, r, user)
	}
	if card == "" {
		return
	}
	key := newKey(r)
	answer, err := t.change(ctx, r, "billingSubscriptionCreate", func(a *rig.API) (*rig.Payload, error) {
		return a.Subscribe(ctx, t.keys.Secret, map[string]any{"idempotencyKey": key, "price": t.shop.pulse, "card": card, "user": user})
	})
	if err != nil || answer.Subscription == nil {
		return
	}
	t.tally.add(countOther)
	sub := answer.Subscription.ID
	within(ctx, func() bool {
		now, err := t.api(r).SubscriptionOf(ctx, t.keys.Secret, sub)
		if err != nil || now == nil {
			return false
		}
		at := slices.IndexFunc(now.Bills.Nodes, func(b rig.Bill) bool { return b.Status == "DONE" })
		if at >= 0 {
			t.returns(ctx, r, now.Bills.Nodes[at].ID, 0)
		}
		return at >= 0 || now.Status == "CANCELED" || now.Status == "ENDED"
	})
	t.unsubscribe(ctx, r, sub, false)
}

// returnLate: the payer cancels, and pays on the open page all the same. A person
// gives the money back.
func (t *traffic) returnLate(ctx context.Context, r *rand.Rand) {
	p := plan{token: t.keys.Secret, key: newKey(r), account: oneStage, copies: 1}
	bill, url := t.create(ctx, r, p)
	if bill == "" || url == "" {
		return
	}
	t.tally.add(countPayments)
	t.cancel(ctx, r, bill, newKey(r))
	t.pay(ctx, url, rig.Approve)
	within(ctx, func() bool {
		t.refresh(ctx, r, bill)
		cases, err := t.api(r).CasesOf(ctx, t.keys.Operator, bill)
		if err != nil || len(cases) == 0 {
			return false
		}
		key := newKey(r)
		_, _ = t.change(ctx, r, "reviewResolve", func(a *rig.API) (*rig.Payload, error) {
			return a.Resolve(ctx, t.keys.Operator, key, cases[0], "REFUND_ALL")
		})
		return true
	})
}
