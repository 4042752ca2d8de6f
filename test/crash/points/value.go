package points

import (
	"context"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// holds returns a judge that a customer's wallet has so much, in kopecks, and that
// nothing in it is set aside. A wallet that was never needed has nothing.
func (v *visit) holds(who person, amount int64) func(ctx context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		user, err := v.api.UserOf(ctx, v.keys.Secret, who.id)
		if err != nil || user == nil {
			return "the customer is not there", err
		}
		var has, held int64
		for _, w := range user.Wallets {
			has, held = has+w.Balance.Amount, held+w.Held.Amount
		}
		if has != amount || held != 0 {
			return fmt.Sprintf("%s's wallet has %d and holds %d of it, want %d and 0", who.name, has, held, amount), nil
		}
		return "", nil
	}
}

// topUpOrder is what billCreate is called with to fill the card user's wallet.
func (v *visit) topUpOrder(amount int64, with map[string]string) map[string]any {
	return map[string]any{
		"idempotencyKey": v.key(), "product": v.topUp, "currency": "RUB", "user": v.cardUser.id, "payWith": with,
		"amount": map[string]any{"amount": amount, "currency": "RUB"},
	}
}

// topUp: a wallet is filled on the provider's page.
func topUp(ctx context.Context, v *visit) (want, error) {
	const amount = 3 * leastTopUp
	bill, page, err := v.create(ctx, v.keys.Secret, v.topUpOrder(amount, map[string]string{"provider": oneStage}))
	if err == nil && page == "" {
		page, err = v.open(ctx, bill, oneStage, "")
	}
	if err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	return want{bill: bill, status: "DONE", taken: []int64{amount}, also: v.holds(v.cardUser, amount)}, v.become(ctx, bill, false, "DONE")
}

// payFromWallet: a wallet is filled from the saved card and pays for a bill. A
// second one is more than is left, and nothing is taken.
func payFromWallet(ctx context.Context, v *visit) (want, error) {
	const amount = price + leastTopUp
	filled, _, err := v.create(ctx, v.keys.Secret, v.topUpOrder(amount, map[string]string{"card": v.cardUser.card}))
	if err != nil {
		return want{}, err
	}
	if err := v.settled(ctx, filled); err != nil {
		return want{}, err
	}
	user, err := v.userOf(ctx, v.cardUser)
	if err != nil {
		return want{}, err
	}
	input := v.order(map[string]any{"user": v.cardUser.id, "payWith": map[string]string{"wallet": user.Wallets[0].ID}})
	bill, _, err := v.create(ctx, v.keys.Secret, input)
	if err != nil {
		return want{}, err
	}
	if err := v.become(ctx, bill, false, "DONE"); err != nil {
		return want{}, err
	}
	tooMuch, _, err := v.create(ctx, v.cardUser.token, v.order(map[string]any{"start": false, "payWith": nil}))
	if err != nil {
		return want{}, err
	}
	key := v.key()
	answer, err := v.final(ctx, "billPay", func(ctx context.Context) (*rig.Answer, error) {
		return v.api.PayWith(ctx, v.cardUser.token, key, tooMuch, map[string]string{"wallet": user.Wallets[0].ID})
	})
	if err != nil {
		return want{}, err
	}
	if !slices.Contains(answer.Codes(), "INSUFFICIENT_FUNDS") {
		return want{}, fmt.Errorf("a wallet paid more than it has: %v", answer.Codes())
	}
	done := bought(bill)
	done.taken, done.more, done.also = []int64{amount}, 2, v.holds(v.cardUser, amount-price)
	return done, v.cancel(ctx, tooMuch)
}

// userOf reads a customer, however often that takes.
func (v *visit) userOf(ctx context.Context, who person) (user *rig.User, err error) {
	err = until(ctx, newsTime, "the customer is read", func() (bool, error) {
		user, err = v.api.UserOf(ctx, v.keys.Secret, who.id)
		if err != nil && !isLost(err) {
			return false, err
		}
		return err == nil && user != nil && len(user.Wallets) > 0, nil
	})
	return user, err
}

// giveMoney: a gift is bought with the saved card, and two customers redeem its
// code at the same time.
func giveMoney(ctx context.Context, v *visit) (want, error) {
	input := map[string]any{
		"idempotencyKey": v.key(), "product": v.gift, "currency": "RUB", "payWith": map[string]string{"card": v.cardUser.card},
		"gift": map[string]any{"recipientEmail": "friend@example.com", "message": "For books."},
	}
	bill, _, err := v.create(ctx, v.cardUser.token, input)
	if err != nil {
		return want{}, err
	}
	if err := v.settled(ctx, bill); err != nil {
		return want{}, err
	}
	code := ""
	err = until(ctx, newsTime, "the buyer reads the code", func() (bool, error) {
		found, err := v.api.GiftOf(ctx, v.cardUser.token, bill)
		if err != nil && !isLost(err) {
			return false, err
		}
		if err == nil && found != nil {
			code = found.Code
		}
		return code != "", nil
	})
	if err != nil {
		return want{}, err
	}
	takers := []person{v.newUser, v.friend}
	keys := []string{v.key(), v.key()}
	answers := make([]*rig.Payload, len(takers))
	err = twice(func(n int) (err error) {
		answers[n], err = finally(ctx, "giftRedeem", func(ctx context.Context) (*rig.Payload, error) {
			return v.api.Redeem(ctx, takers[n].token, keys[n], code)
		})
		return err
	})
	if err != nil {
		return want{}, err
	}
	won := slices.IndexFunc(answers, func(p *rig.Payload) bool { return len(p.Errors) == 0 })
	if won < 0 || len(answers[1-won].Errors) == 0 {
		return want{}, fmt.Errorf("one gift, and two who redeem it were told %v and %v", answers[0].Codes(), answers[1].Codes())
	}
	return want{bill: bill, status: "DONE", taken: []int64{giftPrice}, also: func(ctx context.Context) (string, error) {
		// A gift of money is worth what was paid for it.
		if wrong, err := v.holds(takers[won], giftPrice)(ctx); wrong != "" || err != nil {
			return wrong, err
		}
		return v.holds(takers[1-won], 0)(ctx)
	}}, nil
}
