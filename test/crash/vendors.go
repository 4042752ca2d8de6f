package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// noticeSpeed is how many times as fast as in life notifications are repeated: what
// nobody can ask about is known when one arrives, and its last comes hours later.
const noticeSpeed = 20

// vendor is one account of the demo shop that takes money at once.
type vendor struct {
	account    string
	provider   string // whose account it is: the beginning of its code
	currencies []string
	asked      bool // it can be asked how a payment stands
	returns    bool // it can give money back
	parts      bool // it gives back in parts, too
}

// findVendors asks the demo shop by which accounts one can pay there: a provider that is new
// in the program has traffic here.
func findVendors(ctx context.Context, a *rig.API, token string) ([]vendor, error) {
	var data struct {
		Providers []struct {
			Code                     string
			Currencies, Capabilities []string
		}
	}
	if err := a.Do(ctx, token, `{ providers { code currencies capabilities } }`, nil, &data); err != nil {
		return nil, fmt.Errorf("ask which providers there are: %w", err)
	}
	var all []vendor
	for _, p := range data.Providers {
		can := func(word string) bool { return slices.Contains(p.Capabilities, word) }
		if can("two_stage") { // the other flows hold money
			continue
		}
		if len(p.Currencies) == 0 { // it takes any
			p.Currencies = []string{"RUB"}
		}
		provider, _, _ := strings.Cut(p.Code, "-")
		all = append(all, vendor{
			account: p.Code, provider: provider, currencies: p.Currencies,
			asked: can("sync"), returns: can("refund"), parts: can("partial_refund") && !isSilent(provider),
		})
	}
	if len(all) == 0 {
		return nil, errors.New("the demo shop has no account that takes money at once")
	}
	return all, nil
}

// isSilent reports whether a provider gives back in parts and does not say so when it
// is asked: a part that was lost on its way is in doubt until a person looks, and
// nobody does here. It is given back whole.
func isSilent(provider string) bool { return provider == "bisys" }

// mostOf is what is paid in a currency: more goes back only when a second person
// approves, and the demo shop says above what.
func mostOf(currency string) int64 {
	if currency == "RUB" || currency == "KZT" || currency == "UAH" {
		return 900_000
	}
	return 40_000
}

// buyAnywhere has the shop's server sell something by any of the providers; some of it
// is given back, where the provider can.
func (t *traffic) buyAnywhere(ctx context.Context, r *rand.Rand) {
	v := t.vendors[r.IntN(len(t.vendors))]
	currency := v.currencies[r.IntN(len(v.currencies))]
	amount := 1000 * (1 + r.Int64N(mostOf(currency)/1000))
	bill, url := t.orderIn(ctx, r, t.keys.Secret, currency, map[string]any{
		"lines":   []any{map[string]any{"title": "A hat", "quantity": 1, "unit": map[string]any{"amount": amount, "currency": currency}}},
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
		if v.parts {
			part = 100 * (1 + r.Int64N(amount/100-1))
		}
		t.returnsIn(ctx, r, bill, part, currency)
		return
	}
	answer, err := t.refund(ctx, r, newKey(r), bill, 0, currency)
	if err == nil && answer.Refund != nil {
		t.facts.strange(answer.Refund.ID, "%s cannot give money back, and a refund of it was begun", v.account)
	}
}
