package main

import (
	"context"
	"math/rand/v2"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// noticeSpeed is how many times as fast as in life notifications are repeated: what
// nobody can ask about is known when one arrives, and its last comes hours later.
const noticeSpeed = 20

// vendor is one provider of the demo shop.
type vendor struct {
	provider string
	account  string
	currency string
	most     int64 // that is paid: more goes back only when a second person approves
	asked    bool  // it can be asked how a payment stands
	returns  bool  // it can give money back
	tells    bool  // it says so of a part, too: one that was lost elsewhere is in doubt until a person looks
}

// vendors are the providers of the demo shop, each by its plain account.
func vendors() []vendor {
	return []vendor{
		{provider: "payture", account: oneStage, currency: "RUB", most: 900_000, asked: true, returns: true, tells: true},
		{provider: "ktpay", account: "ktpay", currency: "KZT", most: 900_000},
		{provider: "bisys", account: "bisys", currency: "KZT", most: 900_000, asked: true, returns: true},
		{provider: "payelata", account: "payelata", currency: "USD", most: 40_000, asked: true, returns: true, tells: true},
	}
}

// buyAnywhere has the shop's server sell something by any of the providers; some of it
// is given back, where the provider can.
func (t *traffic) buyAnywhere(ctx context.Context, r *rand.Rand) {
	v := vendors()[r.IntN(len(vendors()))]
	amount := 1000 * (1 + r.Int64N(v.most/1000))
	bill, url := t.orderIn(ctx, r, t.keys.Secret, v.currency, map[string]any{
		"lines":   []any{map[string]any{"title": "A hat", "quantity": 1, "unit": map[string]any{"amount": amount, "currency": v.currency}}},
		"payWith": map[string]string{"provider": v.account}, "email": "payer@example.com",
	})
	if bill == "" {
		return
	}
	if url == "" {
		url = t.open(ctx, r, bill, v.account)
	}
	outcome := []string{rig.Approve, rig.Approve, rig.Approve, rig.Approve, rig.Decline, rig.Abandon}[r.IntN(6)]
	t.pay(ctx, url, outcome)
	if outcome != rig.Approve {
		return
	}
	if chance(r, 0.5) {
		t.refresh(ctx, r, bill)
	}
	if !chance(r, 0.5) || !t.becomesDone(ctx, r, bill) {
		return
	}
	if v.returns {
		part := int64(0)
		if v.tells {
			part = 100 * (1 + r.Int64N(amount/100-1))
		}
		t.returnsIn(ctx, r, bill, part, v.currency)
		return
	}
	answer, err := t.refund(ctx, r, newKey(r), bill, 0, v.currency)
	if err == nil && answer.Refund != nil {
		t.facts.strange(answer.Refund.ID, "%s cannot give money back, and a refund of it was begun", v.provider)
	}
}
