package points

import (
	"context"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// gives has all that is left of a bill's money given back. When the program died with the refund unsent, nothing went back, and the shop asks again with
// another key; while one is in doubt it comes again, too. That nothing is left is as
// good as done: another call was faster.
func (v *visit) gives(ctx context.Context, bill string) error {
	return until(ctx, doubtTime, "the money goes back", func() (bool, error) {
		key := v.key()
		answer, err := finally(ctx, "refundCreate", func(ctx context.Context) (*rig.Payload, error) {
			return v.api.Refund(ctx, v.keys.Secret, key, bill, 0)
		})
		switch {
		case err != nil:
			return false, err
		case answer.Refund == nil && slices.Contains(answer.Codes(), "STATE_CONFLICT"):
			return true, nil
		case answer.Refund == nil && slices.Contains(answer.Codes(), "CONFLICT"):
			return false, nil
		case answer.Refund == nil:
			return false, fmt.Errorf("refundCreate refused: %+v", answer.Errors)
		}
		return v.goesBack(ctx, answer.Refund.ID)
	})
}

// goesBack waits for what becomes of a refund, and reports whether it was done.
func (v *visit) goesBack(ctx context.Context, id string) (done bool, err error) {
	err = until(ctx, doubtTime, "it is known what became of the refund", func() (bool, error) {
		now, err := v.api.RefundOf(ctx, v.keys.Secret, id)
		if err != nil && !isLost(err) {
			return false, err
		}
		known := err == nil && now != nil && now.IsOver()
		done = known && now.Status == "SUCCEEDED"
		return known, nil
	})
	return done, err
}

// returned is what must be true of a bill of which all went back.
func returned(bill string, taken ...int64) want {
	return want{bill: bill, status: "REFUNDED", taken: taken, returned: taken}
}

// refundAll: a page is bought, paid and opened; then its money goes back, and the page
// is closed. The check sees to that.
func refundAll(ctx context.Context, v *visit) (want, error) {
	paid, err := payOnPage(ctx, v)
	if err != nil {
		return want{}, err
	}
	back := returned(paid.bill, price)
	back.entitlements = 1
	if err := v.gives(ctx, paid.bill); err != nil {
		return want{}, err
	}
	return back, v.become(ctx, paid.bill, false, "REFUNDED")
}

// loseRefund: the provider gives the money back and its answer is lost.
func loseRefund(ctx context.Context, v *visit) (want, error) {
	if err := v.lose(ctx, "refund", 1); err != nil {
		return want{}, err
	}
	return refundAll(ctx, v)
}

// refundParts: a part goes back, by a call that comes twice with one key; then the
// rest is asked back twice at the same time, with two.
func refundParts(ctx context.Context, v *visit) (want, error) {
	paid, err := payOnPage(ctx, v)
	if err != nil {
		return want{}, err
	}
	key := v.key()
	refunds := make([]string, 2)
	err = twice(func(n int) error {
		answer, err := finally(ctx, "refundCreate", func(ctx context.Context) (*rig.Payload, error) {
			return v.api.Refund(ctx, v.keys.Secret, key, paid.bill, price/3)
		})
		if err == nil && answer.Refund != nil {
			refunds[n] = answer.Refund.ID
		}
		return err
	})
	switch {
	case err != nil:
		return want{}, err
	case refunds[0] == "" || refunds[0] != refunds[1]:
		return want{}, fmt.Errorf("one key made the refunds %q", refunds)
	}
	if _, err := v.goesBack(ctx, refunds[0]); err != nil {
		return want{}, err
	}
	if err := twice(func(int) error { return v.gives(ctx, paid.bill) }); err != nil {
		return want{}, err
	}
	back := returned(paid.bill, price)
	back.entitlements = 1
	return back, v.become(ctx, paid.bill, false, "REFUNDED")
}

// refundGift: a gift is bought and given back before anybody redeems it.
func refundGift(ctx context.Context, v *visit) (want, error) {
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
	if err := v.gives(ctx, bill); err != nil {
		return want{}, err
	}
	back := returned(bill, giftPrice)
	back.also = func(ctx context.Context) (string, error) {
		gift, err := v.api.GiftOf(ctx, v.cardUser.token, bill)
		if err != nil || gift == nil || gift.Status != "VOIDED" {
			return fmt.Sprintf("the gift is %+v, want VOIDED", gift), err
		}
		return "", nil
	}
	return back, v.become(ctx, bill, false, "REFUNDED")
}

// refundTopUp: a wallet is filled, spent in part, and filled by what was spent; then
// what filled it goes back, out of the wallet.
func refundTopUp(ctx context.Context, v *visit) (want, error) {
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
	bill, _, err := v.create(ctx, v.keys.Secret, v.order(map[string]any{"user": v.cardUser.id, "payWith": map[string]string{"wallet": user.Wallets[0].ID}}))
	if err != nil {
		return want{}, err
	}
	if err := v.become(ctx, bill, false, "DONE"); err != nil {
		return want{}, err
	}
	answer, err := finally(ctx, "refundCreate", func(ctx context.Context) (*rig.Payload, error) {
		return v.api.Refund(ctx, v.keys.Secret, "too-early", filled, 0)
	})
	if err != nil || !slices.Contains(answer.Codes(), "INSUFFICIENT_FUNDS") {
		return want{}, fmt.Errorf("a top-up that was spent was given back: %v, %w", answer, err)
	}
	for _, b := range []string{bill, filled} {
		if err := v.gives(ctx, b); err != nil {
			return want{}, err
		}
		if err := v.become(ctx, b, false, "REFUNDED"); err != nil {
			return want{}, err
		}
	}
	back := returned(filled, amount)
	back.more, back.also = 1, v.holds(v.cardUser, 0)
	return back, nil
}

// refundPeriod: the first period of a subscription goes back, and the subscription is
// over.
func refundPeriod(ctx context.Context, v *visit) (want, error) {
	sub, err := v.starts(ctx, v.monthly)
	if err != nil {
		return want{}, err
	}
	now, err := v.turns(ctx, sub, "shows its bill", func(s *rig.Subscription) bool { return len(s.Bills.Nodes) == 1 })
	if err != nil {
		return want{}, err
	}
	bill := now.Bills.Nodes[0].ID
	if err := v.gives(ctx, bill); err != nil {
		return want{}, err
	}
	_, err = v.turns(ctx, sub, "is canceled", func(s *rig.Subscription) bool { return s.Status == "CANCELED" })
	return returned(bill, monthlyPrice), err
}

// refundLate: the payer cancels, and pays all the same. A person gives the money back.
func refundLate(ctx context.Context, v *visit) (want, error) {
	bill, page, err := v.buy(ctx, oneStage)
	if err != nil {
		return want{}, err
	}
	if err := v.cancel(ctx, bill); err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	back := returned(bill, price)
	back.reviews, err = v.resolvedBack(ctx, bill, "LATE_PAYMENT")
	return back, err
}

// refundDuplicate: two tabs, and the payer pays in both. A person gives the second
// payment back.
func refundDuplicate(ctx context.Context, v *visit) (want, error) {
	done, err := payTwice(ctx, v)
	if err != nil {
		return want{}, err
	}
	done.returned = []int64{price}
	done.reviews, err = v.resolvedBack(ctx, done.bill, "DUPLICATE_PAYMENT")
	return done, err
}

// resolvedBack has a person give back the money of a case, and returns all cases of
// it: when the program died with the refund unsent, the case is open again, and the
// person ends it once more.
func (v *visit) resolvedBack(ctx context.Context, bill, reason string) (cases []string, err error) {
	err = until(ctx, 2*doubtTime, "the money of the case goes back", func() (done bool, err error) {
		if err := v.resolve(ctx, reason, "REFUND_ALL"); err != nil {
			return false, err
		}
		cases = append(cases, reason+" REFUND_ALL")
		var refunds []rig.Refund
		err = until(ctx, patience, "the refund of the case is there", func() (bool, error) {
			refunds, err = v.api.RefundsOf(ctx, v.keys.Secret, bill)
			if err != nil && !isLost(err) {
				return false, err
			}
			return err == nil && len(refunds) == len(cases), nil
		})
		if err != nil {
			return false, err
		}
		return v.goesBack(ctx, refunds[len(refunds)-1].ID)
	})
	return cases, err
}

// refundApproved: what is above the merchant's sum waits for a second person.
func refundApproved(ctx context.Context, v *visit) (want, error) {
	const amount = 6_000_000
	bill, _, err := v.create(ctx, v.keys.Secret, v.topUpOrder(amount, map[string]string{"card": v.cardUser.card}))
	if err != nil {
		return want{}, err
	}
	if err := v.settled(ctx, bill); err != nil {
		return want{}, err
	}
	back := returned(bill, amount)
	back.also = v.holds(v.cardUser, 0)
	err = until(ctx, doubtTime, "the money goes back when it is approved", func() (bool, error) {
		key, second := v.key(), v.key()
		answer, err := finally(ctx, "refundCreate", func(ctx context.Context) (*rig.Payload, error) {
			return v.api.Refund(ctx, v.keys.Secret, key, bill, 0)
		})
		if err != nil || answer.Refund == nil {
			return false, fmt.Errorf("refundCreate refused: %v, %w", answer, err)
		}
		_, err = finally(ctx, "refundApprove", func(ctx context.Context) (*rig.Payload, error) {
			return v.api.Approve(ctx, v.keys.Operator, second, answer.Refund.ID)
		})
		if err != nil {
			return false, err
		}
		return v.goesBack(ctx, answer.Refund.ID)
	})
	if err != nil {
		return want{}, err
	}
	return back, v.become(ctx, bill, false, "REFUNDED")
}
