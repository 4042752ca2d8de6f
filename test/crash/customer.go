package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// newsTime is how long a client waits for news before it goes away.
const newsTime = 90 * time.Second

// within calls f once a second until it says that it is done, or for as long as a
// client waits.
func within(ctx context.Context, f func() (done bool)) bool {
	for end := time.Now().Add(newsTime); ctx.Err() == nil && time.Now().Before(end); pause(ctx, time.Second) {
		if f() {
			return true
		}
	}
	return false
}

// newCustomer has the shop's server make a customer; "" when nobody said so.
func (t *traffic) newCustomer(ctx context.Context, r *rand.Rand) string {
	key := newKey(r)
	answer, err := t.change(ctx, r, "userUpsert", func(a *rig.API) (*rig.Payload, error) {
		return a.PutUser(ctx, t.keys.Secret, key, "customer-"+key)
	})
	if err != nil || answer.User == nil {
		return ""
	}
	t.tally.add(countOther)
	return answer.User.ID
}

// saveCard has a customer add a card on the provider's page, and returns it; ""
// when the client went away. Half of them ask for it, the others only look.
func (t *traffic) saveCard(ctx context.Context, r *rand.Rand, user string) string {
	registration, page := "", ""
	within(ctx, func() bool {
		key := newKey(r)
		answer, err := t.change(ctx, r, "cardRegistrationStart", func(a *rig.API) (*rig.Payload, error) {
			return a.StartCard(ctx, t.keys.Secret, map[string]any{"idempotencyKey": key, "user": user})
		})
		if err != nil || answer.Registration == nil {
			return err != nil
		}
		registration, page = answer.Registration.ID, answer.Registration.NextAction.URL
		return page != ""
	})
	if page == "" {
		return ""
	}
	t.tally.add(countOther)
	number := rig.SavedCards()[r.IntN(len(rig.SavedCards()))]
	paid, err := t.Sandbox.PayBy(ctx, page, number, rig.Approve)
	if err != nil {
		t.tally.add("payer: the page did not work")
		return ""
	}
	t.tally.add("payer: card " + paid.State)
	asks := chance(r, 0.5)
	card := ""
	within(ctx, func() bool {
		if asks {
			_, _ = t.change(ctx, r, "cardRegistrationFinish", func(a *rig.API) (*rig.Payload, error) {
				return a.FinishCard(ctx, t.keys.Secret, registration)
			})
		}
		now, err := t.api(r).RegistrationOf(ctx, t.keys.Secret, registration)
		if err == nil && now != nil && now.Status == "COMPLETED" && now.Card != nil {
			card = now.Card.ID
		}
		return card != ""
	})
	if card == "" {
		t.tally.add("cards: none seen in " + newsTime.String())
		return ""
	}
	t.facts.saved(user, card)
	return card
}

// order makes a bill that somebody pays for at once with what they have, and
// returns it; "" when nobody knows what became of it, or it was refused.
func (t *traffic) order(ctx context.Context, r *rand.Rand, token string, input map[string]any) (bill, url string) {
	return t.orderIn(ctx, r, token, "RUB", input)
}

func (t *traffic) orderIn(ctx context.Context, r *rand.Rand, token, currency string, input map[string]any) (bill, url string) {
	key := newKey(r)
	input["idempotencyKey"], input["currency"] = key, currency
	answer, err := t.final(ctx, r, "billCreate", func(a *rig.API) (*rig.Answer, error) {
		began := t.history.Call()
		answer, err := a.Create(ctx, token, input)
		if err == nil && answer.Bill != nil {
			t.history.Created(began, key, answer.Bill.ID, answer.Bill.Status)
		}
		return answer, err
	})
	if err != nil || answer.Bill == nil {
		return "", ""
	}
	t.tally.add(countPayments)
	return answer.Bill.ID, answer.Bill.NextAction.URL
}

// becomes waits for a bill to be done, and reports whether it was.
func (t *traffic) becomesDone(ctx context.Context, r *rand.Rand, bill string) bool {
	return within(ctx, func() bool {
		began := t.history.Call()
		bills, err := t.api(r).Bills(ctx, t.keys.Secret, []string{bill})
		if err != nil || bills[0] == nil {
			return false
		}
		t.history.Saw(began, bill, bills[0].ID, bills[0].Status)
		return bills[0].Status == "DONE"
	})
}

// payBy has a bill paid with something by calls with different keys, until it is
// not PENDING any more: what is in doubt refuses them, and nothing is taken twice.
func (t *traffic) payBy(ctx context.Context, r *rand.Rand, bill string, with map[string]string) {
	within(ctx, func() bool {
		key := newKey(r)
		answer, err := t.final(ctx, r, "billPay", t.about(bill, func(a *rig.API) (*rig.Answer, error) {
			return a.PayWith(ctx, t.keys.Secret, key, bill, with)
		}))
		return err != nil || answer.Bill == nil || answer.Bill.Status != "PENDING" || slices.Contains(answer.Codes(), "INSUFFICIENT_FUNDS")
	})
}

// buyByCard saves a card and buys with it: once, or some times at once.
func (t *traffic) buyByCard(ctx context.Context, r *rand.Rand) {
	user := t.newCustomer(ctx, r)
	card := ""
	if user != "" {
		card = t.saveCard(ctx, r, user)
	}
	if card == "" {
		return
	}
	t.atOnce(r, 1+r.IntN(3), func(r *rand.Rand) {
		bill, _ := t.order(ctx, r, t.keys.Secret, map[string]any{"product": t.shop.page, "pageId": "articles/1", "user": user, "payWith": map[string]string{"card": card}})
		if bill != "" && chance(r, 0.7) {
			t.payBy(ctx, r, bill, map[string]string{"card": card})
		}
	})
}

// atOnce plays something some times at the same time, each with its own random
// numbers.
func (t *traffic) atOnce(r *rand.Rand, times int, play func(r *rand.Rand)) {
	var group sync.WaitGroup
	for range times {
		own := rand.New(rand.NewPCG(r.Uint64(), 0)) //nolint:gosec // repeatable from the seed
		group.Go(func() { play(own) })
	}
	group.Wait()
}

// buyFromWallet fills a wallet, by card or on a page, and buys from it more, at the
// same time, than is in it.
func (t *traffic) buyFromWallet(ctx context.Context, r *rand.Rand) {
	const filled = 3*pagePrice + 5000
	user := t.newCustomer(ctx, r)
	if user == "" {
		return
	}
	with, outcome := map[string]string{"provider": oneStage}, rig.Approve
	if chance(r, 0.5) {
		card := t.saveCard(ctx, r, user)
		if card == "" {
			return
		}
		with = map[string]string{"card": card}
	}
	bill, url := t.order(ctx, r, t.keys.Secret, map[string]any{"product": t.shop.topUp, "amount": roubles(filled), "user": user, "payWith": with})
	t.facts.posts(user, bill, filled)
	if bill == "" {
		return
	}
	if with["card"] != "" {
		t.payBy(ctx, r, bill, with)
	} else {
		if url == "" {
			url = t.open(ctx, r, bill, oneStage)
		}
		t.pay(ctx, url, outcome)
		if chance(r, 0.5) {
			t.refresh(ctx, r, bill)
		}
	}
	if !t.becomesDone(ctx, r, bill) {
		return
	}
	wallet := t.walletOf(ctx, r, user)
	if wallet == "" {
		return
	}
	t.atOnce(r, 2+r.IntN(3), func(r *rand.Rand) {
		with := map[string]string{"wallet": wallet}
		bill, _ := t.order(ctx, r, t.keys.Secret, map[string]any{"product": t.shop.page, "pageId": "articles/2", "user": user, "payWith": with})
		t.facts.posts(user, bill, -pagePrice)
		if bill != "" && chance(r, 0.3) {
			t.payBy(ctx, r, bill, with)
		}
	})
}

// walletOf reads which wallet a customer has.
func (t *traffic) walletOf(ctx context.Context, r *rand.Rand, user string) (wallet string) {
	within(ctx, func() bool {
		now, err := t.api(r).UserOf(ctx, t.keys.Secret, user)
		if err == nil && now != nil && len(now.Wallets) == 1 {
			wallet = now.Wallets[0].ID
		}
		return wallet != ""
	})
	return wallet
}

// give has one person buy a gift, and others redeem its code, at the same time.
func (t *traffic) give(ctx context.Context, r *rand.Rand) {
	who := r.Perm(len(t.shop.known))
	buyer := t.shop.known[who[0]]
	bill, url := t.order(ctx, r, buyer.token, map[string]any{
		"product": t.shop.gift, "payWith": map[string]string{"provider": oneStage},
		"gift": map[string]any{"recipientEmail": "friend@example.com", "message": "For you."},
	})
	if bill == "" {
		return
	}
	t.facts.sold(bill, buyer.token)
	if url == "" {
		url = t.open(ctx, r, bill, oneStage)
	}
	t.pay(ctx, url, rig.Approve)
	if chance(r, 0.5) {
		t.refresh(ctx, r, bill)
	}
	code := ""
	within(ctx, func() bool {
		gift, err := t.api(r).GiftOf(ctx, buyer.token, bill)
		if err == nil && gift != nil {
			code = gift.Code
		}
		return code != ""
	})
	if code == "" {
		return
	}
	takers := who[1 : 2+r.IntN(3)]
	next := 0
	var turn sync.Mutex
	t.atOnce(r, len(takers), func(r *rand.Rand) {
		turn.Lock()
		taker := t.shop.known[takers[next]]
		next++
		turn.Unlock()
		key := newKey(r)
		answer, err := t.change(ctx, r, "giftRedeem", func(a *rig.API) (*rig.Payload, error) {
			return a.Redeem(ctx, taker.token, key, code)
		})
		if err == nil && len(answer.Errors) == 0 && answer.Gift != nil {
			t.tally.add(countOther)
			t.facts.redeemed(bill, taker.name)
		}
	})
}

// subscribe begins a subscription of short periods, sees it renewed, and mostly
// ends it.
func (t *traffic) subscribe(ctx context.Context, r *rand.Rand) {
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
	t.facts.renewed(sub, paidPeriods(answer.Subscription))
	enough := 2 + r.IntN(2)
	within(ctx, func() bool {
		now, err := t.api(r).SubscriptionOf(ctx, t.keys.Secret, sub)
		if err != nil || now == nil {
			return false
		}
		paid := paidPeriods(now)
		t.facts.renewed(sub, paid)
		return paid >= enough
	})
	t.unsubscribe(ctx, r, sub, chance(r, 0.3))
}

// unsubscribe ends a subscription, now or with its period.
func (t *traffic) unsubscribe(ctx context.Context, r *rand.Rand, sub string, later bool) {
	key := newKey(r)
	_, err := t.change(ctx, r, "billingSubscriptionCancel", func(a *rig.API) (*rig.Payload, error) {
		return a.Unsubscribe(ctx, t.keys.Secret, key, sub, later)
	})
	if err == nil {
		t.tally.add(countOther)
	}
}

// closing ends all subscriptions that their customers have left behind, once and
// again, until the clients have finished; the channel is closed when none is left.
func (t *traffic) closing(ctx context.Context, clients <-chan struct{}) <-chan struct{} {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for ctx.Err() == nil {
			finished := isClosed(clients)
			left, _, err := t.apis[0].Subscriptions(ctx, t.keys.Secret, "", rig.Live()...)
			if err == nil && len(left) == 0 && finished {
				return
			}
			r := t.random(t.next.Add(1))
			for _, sub := range left {
				if finished { // before that its customer may
					t.unsubscribe(ctx, r, sub.ID, false)
				}
			}
			pause(ctx, time.Second)
		}
	}()
	return closed
}
