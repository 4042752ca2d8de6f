package points

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// begins makes a subscription and returns it and its first bill with its page.
func (v *visit) begins(ctx context.Context, who person, cost string, with map[string]any) (sub string, first *rig.Bill, err error) {
	input := map[string]any{"idempotencyKey": v.key(), "price": cost, "user": who.id}
	for name, value := range with {
		input[name] = value
	}
	answer, err := finally(ctx, "billingSubscriptionCreate", func(ctx context.Context) (*rig.Payload, error) {
		return v.api.Subscribe(ctx, v.keys.Secret, input)
	})
	switch {
	case err != nil:
		return "", nil, err
	case answer.Subscription == nil || answer.FirstBill == nil:
		return "", nil, fmt.Errorf("billingSubscriptionCreate made nothing: %v", answer.Codes())
	}
	return answer.Subscription.ID, answer.FirstBill, nil
}

// starts begins a subscription by the saved card and waits until it is active. When
// the program died with the first charge unsent, the customer pays that bill.
func (v *visit) starts(ctx context.Context, cost string) (sub string, err error) {
	sub, first, err := v.begins(ctx, v.cardUser, cost, map[string]any{"card": v.cardUser.card})
	if err != nil {
		return "", err
	}
	if err := v.settled(ctx, first.ID); err != nil {
		return "", err
	}
	_, err = v.turns(ctx, sub, "is active", isActive)
	return sub, err
}

// turns waits until a subscription is as is says.
func (v *visit) turns(ctx context.Context, sub, what string, is func(s *rig.Subscription) bool) (*rig.Subscription, error) {
	return v.turnsWithin(ctx, sub, what, newsTime, func(s *rig.Subscription) (bool, error) { return is(s), nil })
}

func (v *visit) turnsWithin(ctx context.Context, sub, what string, limit time.Duration, is func(s *rig.Subscription) (bool, error)) (now *rig.Subscription, err error) {
	err = until(ctx, limit, "the subscription "+what, func() (bool, error) {
		now, err = v.api.SubscriptionOf(ctx, v.keys.Secret, sub)
		switch {
		case err != nil && isLost(err), err == nil && now == nil:
			return false, nil
		case err != nil:
			return false, err
		}
		return is(now)
	})
	if err != nil && now != nil {
		err = fmt.Errorf("%w: it is %s with the bills %+v", err, now.Status, now.Bills.Nodes)
	}
	return now, err
}

// paid counts the bills of a subscription that are done; ok says that the others
// will take no money any more.
func paid(s *rig.Subscription) (count int, ok bool) {
	ok = true
	for _, b := range s.Bills.Nodes {
		if b.Status == "DONE" {
			count++
		} else {
			ok = ok && (b.Status == "CANCELED" || b.Status == "EXPIRED")
		}
	}
	return count, ok
}

// wantPaid is that count periods of a subscription were paid, each once, at a
// price, by as many bills of all there are, and that it is in a status.
func (v *visit) wantPaid(sub, status string, count, bills int, cost int64) want {
	return want{taken: slices.Repeat([]int64{cost}, count), more: int64(bills), also: func(ctx context.Context) (string, error) {
		now, err := v.api.SubscriptionOf(ctx, v.keys.Secret, sub)
		if err != nil || now == nil {
			return "the subscription is not there", err
		}
		if n, _ := paid(now); n != count || now.Status != status {
			return fmt.Sprintf("the subscription is %s with %d paid periods, want %s with %d", now.Status, n, status, count), nil
		}
		return "", nil
	}}
}

func isActive(s *rig.Subscription) bool { n, _ := paid(s); return s.Status == "ACTIVE" && n > 0 }

// subscribe: the first period is charged to the saved card.
func subscribe(ctx context.Context, v *visit) (want, error) {
	sub, err := v.starts(ctx, v.monthly)
	return v.wantPaid(sub, "ACTIVE", 1, 1, monthlyPrice), err
}

// subscribeOnPage: the first period is paid on a page, whose card is saved.
func subscribeOnPage(ctx context.Context, v *visit) (want, error) {
	sub, first, err := v.begins(ctx, v.newUser, v.monthly, map[string]any{"payWith": map[string]string{"provider": oneStage}})
	if err != nil {
		return want{}, err
	}
	page := first.NextAction.URL
	if page == "" {
		if page, err = v.open(ctx, first.ID, oneStage, ""); err != nil {
			return want{}, err
		}
	}
	err = steadily(func() error {
		_, err := v.sandbox.PayBy(ctx, page, savedCard(), rig.Approve)
		return err
	})
	if err != nil {
		return want{}, fmt.Errorf("pay: %w", err)
	}
	w := v.wantPaid(sub, "ACTIVE", 1, 1, monthlyPrice)
	isPaid := w.also
	w.also = func(ctx context.Context) (string, error) {
		if wrong, err := isPaid(ctx); wrong != "" || err != nil {
			return wrong, err
		}
		return v.hasCards(v.newUser, 1)(ctx)
	}
	_, err = v.turns(ctx, sub, "is active", isActive)
	return w, err
}

// renew: periods of two seconds are charged by jobs until the customer has enough.
func renew(ctx context.Context, v *visit) (want, error) {
	return v.renewed(ctx, func() error { return nil })
}

// loseRenewal: the same, and the provider's answer to a charge is lost.
func loseRenewal(ctx context.Context, v *visit) (want, error) {
	return v.renewed(ctx, func() error { return v.lose(ctx, "charge", 1) })
}

// renewed has a subscription renew twice after something has happened to it, and
// ends it.
func (v *visit) renewed(ctx context.Context, happens func() error) (want, error) {
	sub, err := v.starts(ctx, v.often)
	if err != nil {
		return want{}, err
	}
	if err := happens(); err != nil {
		return want{}, err
	}
	if err := v.renewTwice(ctx, sub); err != nil {
		return want{}, err
	}
	key := v.key()
	ended, err := finally(ctx, "billingSubscriptionCancel", func(ctx context.Context) (*rig.Payload, error) {
		return v.api.Unsubscribe(ctx, v.cardUser.token, key, sub, false)
	})
	if err != nil {
		return want{}, err
	}
	if len(ended.Errors) > 0 {
		return want{}, fmt.Errorf("billingSubscriptionCancel: %v", ended.Codes())
	}
	last, err := v.turns(ctx, sub, "has ended, and all that was asked for it is clear", func(s *rig.Subscription) bool {
		_, ok := paid(s)
		return s.Status == "CANCELED" && ok && s.OpenBill == nil
	})
	if err != nil {
		return want{}, err
	}
	count, _ := paid(last)
	return v.wantPaid(sub, "CANCELED", count, len(last.Bills.Nodes), oftenPrice), nil
}

// renewTwice waits until a subscription has paid three periods. A charge that the
// program died of before it was sent is tried again by itself in an hour; the
// customer does not wait, and pays the bill.
func (v *visit) renewTwice(ctx context.Context, sub string) error {
	stuck, since := "", time.Now()
	_, err := v.turnsWithin(ctx, sub, "is renewed twice", 2*doubtTime, func(s *rig.Subscription) (bool, error) {
		if n, _ := paid(s); n >= 3 {
			return true, nil
		}
		open := ""
		if s.OpenBill != nil {
			open = s.OpenBill.ID
		}
		if open != stuck {
			stuck, since = open, time.Now()
		}
		if stuck == "" || time.Since(since) < 10*time.Second {
			return false, nil
		}
		return false, v.charge(ctx, stuck)
	})
	return err
}

// byClock begins a monthly subscription of a customer who lives by a test clock,
// and returns what moves it to an instant.
func (v *visit) byClock(ctx context.Context) (sub string, advance func(to time.Time) error, err error) {
	key := v.key()
	made, err := finally(ctx, "testClockCreate", func(ctx context.Context) (*rig.Payload, error) {
		return v.api.MakeClock(ctx, v.keys.Secret, key)
	})
	if err != nil {
		return "", nil, err
	}
	if made.Clock == nil {
		return "", nil, fmt.Errorf("testClockCreate made nothing: %v", made.Codes())
	}
	attach := v.key()
	attached, err := finally(ctx, "testClockAttach", func(ctx context.Context) (*rig.Payload, error) {
		return v.api.AttachClock(ctx, v.keys.Secret, attach, made.Clock.ID, v.cardUser.id)
	})
	if err != nil {
		return "", nil, err
	}
	if len(attached.Errors) > 0 {
		return "", nil, fmt.Errorf("testClockAttach: %v", attached.Codes())
	}
	if sub, err = v.starts(ctx, v.monthly); err != nil {
		return "", nil, err
	}
	return sub, func(to time.Time) error {
		key := v.key()
		moved, err := finally(ctx, "testClockAdvance", func(ctx context.Context) (*rig.Payload, error) {
			return v.api.AdvanceClock(ctx, v.keys.Secret, key, made.Clock.ID, to)
		})
		if err == nil && len(moved.Errors) > 0 {
			err = fmt.Errorf("testClockAdvance: %v", moved.Codes())
		}
		return err
	}, nil
}

// liveByClock: three months pass at once on a test clock.
func liveByClock(ctx context.Context, v *visit) (want, error) {
	began := time.Now()
	sub, advance, err := v.byClock(ctx)
	if err != nil {
		return want{}, err
	}
	return v.wantPaid(sub, "ACTIVE", 4, 4, monthlyPrice), v.advances(ctx, sub, inMonths(began, 3), advance, hasPaid(4))
}

func hasPaid(count int) func(s *rig.Subscription) bool {
	return func(s *rig.Subscription) bool { n, _ := paid(s); return n >= count }
}

// advances moves the clock to an instant, and on by hours until a subscription is
// as is says: what the program died of before it was sent is charged again an hour
// later, by that clock.
func (v *visit) advances(ctx context.Context, sub string, to time.Time, advance func(to time.Time) error, is func(s *rig.Subscription) bool) error {
	_, err := v.turnsWithin(ctx, sub, "is as it must be by its clock", doubtTime, func(s *rig.Subscription) (bool, error) {
		if is(s) {
			return true, nil
		}
		err := advance(to)
		to = to.Add(2 * time.Hour)
		return false, err
	})
	return err
}

// fallPastDue: the bank refuses a renewal, and takes the card a day later.
func fallPastDue(ctx context.Context, v *visit) (want, error) {
	began := time.Now()
	sub, advance, err := v.byClock(ctx)
	if err != nil {
		return want{}, err
	}
	if err := v.sandbox.Card(ctx, savedCard(), "refuse", "AMOUNT_EXCEED"); err != nil {
		return want{}, err
	}
	isPastDue := func(s *rig.Subscription) bool { return s.Status == "PAST_DUE" }
	if err := v.advances(ctx, sub, inMonths(began, 1), advance, isPastDue); err != nil {
		return want{}, err
	}
	if err := v.sandbox.Card(ctx, savedCard(), "accept", ""); err != nil {
		return want{}, err
	}
	return v.wantPaid(sub, "ACTIVE", 2, 2, monthlyPrice), v.advances(ctx, sub, inMonths(began, 1).AddDate(0, 0, 10), advance, hasPaid(2))
}
