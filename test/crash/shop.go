package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// shop is what is sold, and the customers who sign in themselves. All others are
// made by the shop's server as they come.
type shop struct {
	page  string // the access to one page
	topUp string
	gift  string // money as a gift
	pulse string // the price of a subscription's short period
	known []person
}

// person is a customer with a token.
type person struct{ name, token string }

// What is paid, in kopecks, and how often a subscription is.
const (
	pagePrice   = 99000
	giftPrice   = 20000
	pulsePeriod = "PT4S"
)

// persons is how many sign in.
const persons = 8

// open puts what the flows need into the demo shop.
func (s *shop) open(ctx context.Context, r *rig.Rig, a *rig.API) error {
	secret := r.Servers[0].Keys.Secret
	topUp, err := a.ProductOf(ctx, secret, "top-up")
	if err != nil {
		return err
	}
	gift, err := sell(ctx, a, secret, map[string]any{
		"code": "money-gift", "kind": "GIFT", "title": "Money for a friend", "grants": map[string]any{"giftOf": topUp.ID},
		"prices": []any{map[string]any{"amount": roubles(giftPrice)}},
	})
	if err != nil {
		return err
	}
	pulse, err := sell(ctx, a, secret, map[string]any{
		"code": "pulse", "kind": "SUBSCRIPTION", "title": "A pulse", "grants": map[string]any{"resources": []string{"pulse"}},
		"prices": []any{map[string]any{"amount": roubles(300), "interval": pulsePeriod}},
	})
	if err != nil {
		return err
	}
	s.topUp, s.gift, s.pulse = topUp.ID, gift.ID, pulse.Prices[0].ID
	s.known = make([]person, persons)
	errs := make([]error, persons)
	var group sync.WaitGroup
	for n := range s.known {
		group.Go(func() {
			name := fmt.Sprintf("person-%d", n+1)
			token, err := r.Token(ctx, name)
			s.known[n], errs[n] = person{name: name, token: token}, err
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func roubles(minor int64) map[string]any { return map[string]any{"amount": minor, "currency": "RUB"} }

// sell puts a product into the catalogue.
func sell(ctx context.Context, a *rig.API, secret string, input map[string]any) (*rig.Product, error) {
	input["idempotencyKey"] = fmt.Sprint("sell/", input["code"])
	made, err := a.PutProduct(ctx, secret, input)
	if err != nil {
		return nil, fmt.Errorf("sell %s: %w", input["code"], err)
	}
	if made.Product == nil {
		return nil, fmt.Errorf("sell %s: %v", input["code"], made.Codes())
	}
	return made.Product, nil
}
