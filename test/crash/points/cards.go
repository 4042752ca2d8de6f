package points

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// adds opens a provider's page on which a customer adds a card.
func (v *visit) adds(ctx context.Context, who person) (registration, page string, err error) {
	err = until(ctx, patience, "cardRegistrationStart opens a page", func() (bool, error) {
		input := map[string]any{"idempotencyKey": v.key()}
		answer, err := finally(ctx, "cardRegistrationStart", func(ctx context.Context) (*rig.Payload, error) {
			return v.api.StartCard(ctx, who.token, input)
		})
		if err != nil {
			return false, err
		}
		if answer.Registration == nil {
			return false, fmt.Errorf("cardRegistrationStart made nothing: %v", answer.Codes())
		}
		registration, page = answer.Registration.ID, answer.Registration.NextAction.URL
		return page != "", nil
	})
	return registration, page, err
}

// adding has a customer who has no card add one on the page. Asking has the client
// ask for it, by cardRegistrationFinish, instead of waiting.
func (v *visit) adding(ctx context.Context, asking bool) (want, error) {
	who := v.newUser
	registration, page, err := v.adds(ctx, who)
	if err != nil {
		return want{}, err
	}
	err = steadily(func() error {
		_, err := v.sandbox.PayBy(ctx, page, savedCard(), rig.Approve)
		return err
	})
	if err != nil {
		return want{}, fmt.Errorf("add a card: %w", err)
	}
	err = until(ctx, newsTime, "the registration is completed", func() (bool, error) {
		if asking {
			if _, err := v.api.FinishCard(ctx, who.token, registration); err != nil && !isLost(err) {
				return false, err
			}
		}
		now, err := v.api.RegistrationOf(ctx, who.token, registration)
		if err != nil && !isLost(err) {
			return false, err
		}
		return err == nil && now != nil && now.Status == "COMPLETED", nil
	})
	return want{taken: []int64{}, also: v.hasCards(who, 1)}, err
}

// hasCards returns a judge that a customer has so many cards, and each can be
// charged.
func (v *visit) hasCards(who person, count int) func(ctx context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		user, err := v.api.UserOf(ctx, v.keys.Secret, who.id)
		switch {
		case err != nil:
			return "", err
		case user == nil:
			return "the customer is not there", nil
		case len(user.Cards) != count, slices.ContainsFunc(user.Cards, func(c rig.Card) bool { return c.Status != "ACTIVE" }):
			return fmt.Sprintf("the customer has the cards %v, want %d that are ACTIVE", user.Cards, count), nil
		}
		return "", nil
	}
}

// addCard: a card is added, and nobody asks: a notification or a poll finds it.
func addCard(ctx context.Context, v *visit) (want, error) { return v.adding(ctx, false) }

// finishCard: the notification never comes; the client asks.
func finishCard(ctx context.Context, v *visit) (want, error) {
	if err := v.faulty(ctx, rig.Fault{Provider: "payture", Op: "webhook", Fault: "lose", Rate: 1}); err != nil {
		return want{}, err
	}
	return v.adding(ctx, true)
}

// loseAdding: the provider's answers about the customer, the page and the cards
// are lost at first.
func loseAdding(ctx context.Context, v *visit) (want, error) {
	for _, op := range []string{"payer", "start", "sync"} {
		if err := v.lose(ctx, op, 1); err != nil {
			return want{}, err
		}
	}
	return v.adding(ctx, true)
}

// cardOrder is what billCreate is called with to charge the saved card.
func (v *visit) cardOrder(more map[string]any) map[string]any {
	input := map[string]any{"user": v.cardUser.id, "payWith": map[string]string{"card": v.cardUser.card}}
	for name, value := range more {
		input[name] = value
	}
	return v.order(input)
}

// payByCard: the saved card is charged in the call that makes the bill.
func payByCard(ctx context.Context, v *visit) (want, error) {
	bill, _, err := v.create(ctx, v.keys.Secret, v.cardOrder(nil))
	if err != nil {
		return want{}, err
	}
	return bought(bill), v.settled(ctx, bill)
}

// settled waits until a bill is done that a card was charged for. When the program
// died with the charge unsent, nothing was taken, and the client pays again.
func (v *visit) settled(ctx context.Context, bill string) error {
	const soon = 8 * time.Second
	short, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	if err := v.become(short, bill, false, "PAID", "DONE"); err != nil {
		if err := v.charge(ctx, bill); err != nil {
			return err
		}
	}
	return v.become(ctx, bill, false, "DONE")
}

// doubtTime is how long money may be in doubt that nobody has sent: the provider is
// believed after a quarter of a minute, and asked again after a minute.
const doubtTime = 100 * time.Second

// payByCardLater: a bill without an attempt, charged by its payer's own call.
func payByCardLater(ctx context.Context, v *visit) (want, error) {
	bill, _, err := v.create(ctx, v.cardUser.token, v.cardOrder(map[string]any{"start": false, "user": nil, "payWith": nil}))
	if err != nil {
		return want{}, err
	}
	return bought(bill), v.charge(ctx, bill)
}

// charge has the saved card charged for a bill, again with another key when it was
// refused, until the bill is done.
func (v *visit) charge(ctx context.Context, bill string) error {
	return until(ctx, doubtTime, "the saved card pays", func() (bool, error) {
		if bills, err := v.api.Bills(ctx, v.keys.Secret, []string{bill}); err == nil && bills[0] != nil && bills[0].Status != "PENDING" {
			return bills[0].Status == "PAID" || bills[0].Status == "DONE", nil
		}
		key := v.key()
		answer, err := v.final(ctx, "billPay", func(ctx context.Context) (*rig.Answer, error) {
			return v.api.PayWith(ctx, v.cardUser.token, key, bill, map[string]string{"card": v.cardUser.card})
		})
		if err != nil {
			return false, err
		}
		return answer.Bill != nil && (answer.Bill.Status == "PAID" || answer.Bill.Status == "DONE"), nil
	})
}

// payByCardTwice: the call that charges the card comes twice at the same time, with
// the same key, and is then made with others.
func payByCardTwice(ctx context.Context, v *visit) (want, error) {
	input := v.cardOrder(nil)
	bills := make([]string, 2)
	err := twice(func(n int) (err error) {
		bills[n], _, err = v.create(ctx, v.keys.Secret, input)
		return err
	})
	switch {
	case err != nil:
		return want{}, err
	case bills[0] != bills[1]:
		return want{}, fmt.Errorf("one key made two bills: %v", bills)
	}
	if err := twice(func(int) error { return v.charge(ctx, bills[0]) }); err != nil {
		return want{}, err
	}
	return bought(bills[0]), v.become(ctx, bills[0], false, "DONE")
}

// payByRefusedCard: the bank refuses the saved card, and takes it the next time.
func payByRefusedCard(ctx context.Context, v *visit) (want, error) {
	if err := v.sandbox.Card(ctx, savedCard(), "refuse", "AMOUNT_EXCEED"); err != nil {
		return want{}, err
	}
	bill, _, err := v.create(ctx, v.keys.Secret, v.cardOrder(nil))
	if err != nil {
		return want{}, err
	}
	if err := v.sandbox.Card(ctx, savedCard(), "accept", ""); err != nil {
		return want{}, err
	}
	return bought(bill), v.charge(ctx, bill)
}

// losePayment: the provider charges the saved card and its answer is lost.
func losePayment(ctx context.Context, v *visit) (want, error) {
	if err := v.lose(ctx, "charge", 1); err != nil {
		return want{}, err
	}
	return payByCard(ctx, v)
}
