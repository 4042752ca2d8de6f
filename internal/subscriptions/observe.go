package subscriptions

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// BillMoved has a subscription look at its bill, in the transaction that changed
// it: it is billing's Observer. A bill that is just paid is not looked at: its
// fulfilment moves the subscription. What happens to it afterwards may be a person's
// word that nothing will.
func (s *Service) BillMoved(ctx context.Context, tx *store.Tx, b *ent.Bill, from *pay.BillStatus) error {
	if b.SubscriptionID == nil || from == nil {
		return nil
	}
	switch b.Status {
	case pay.BillPending, pay.BillFailed, pay.BillExpired, pay.BillCanceled, pay.BillRefunded:
		return s.wake(ctx, tx, *b.SubscriptionID, tx.Now)
	case pay.BillPaid, pay.BillAmountMismatch:
		if *from == b.Status {
			return s.wake(ctx, tx, *b.SubscriptionID, tx.Now)
		}
	case pay.BillAuthorized, pay.BillDone:
	}
	return nil
}

// CardGone warns the payers of subscriptions that are charged to a card which was
// removed or has expired. The card stays named: the next charge is refused, and
// dunning asks for another one.
func (s *Service) CardGone(ctx context.Context, tx *store.Tx, c *ent.Card) error {
	live, err := tx.BillingSubscription.Query().Where(
		billingsubscription.CardID(c.ID), billingsubscription.StatusIn(pay.LiveSubscriptionStatuses()...),
	).Order(ent.Asc(billingsubscription.FieldID)).All(ctx)
	if err != nil {
		return fmt.Errorf("find the subscriptions of card %s: %w", c.ID, err)
	}
	for _, row := range live {
		err := s.changeIn(ctx, tx, row.ID, reasonCardGone, func(to *state) error {
			return s.tellCardGone(ctx, tx, to.row, c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CardSaved gives a card to the subscription that was paid with it on a page that
// saved it: from now on it is charged. One that has a card already takes the new
// one only when that is seen to have paid last, or when its own was refused for
// good, is gone, or was only assumed. Other subscriptions keep theirs.
func (s *Service) CardSaved(ctx context.Context, tx *store.Tx, c *ent.Card) error {
	live, err := tx.BillingSubscription.Query().Where(
		billingsubscription.UserID(c.UserID), billingsubscription.StatusIn(pay.LiveSubscriptionStatuses()...),
	).Order(ent.Asc(billingsubscription.FieldID)).All(ctx)
	if err != nil {
		return fmt.Errorf("find the subscriptions of user %s: %w", c.UserID, err)
	}
	for _, row := range live {
		last, err := lastPaid(ctx, tx, row.ID)
		if err != nil {
			return err
		}
		if last == nil || !last.by.SavesCard || last.by.Account != c.Account || !s.canPay(c, last) {
			continue
		}
		takes, err := s.takesSaved(ctx, tx, row, last, c)
		if err != nil {
			return err
		}
		if !takes {
			continue
		}
		err = s.changeIn(ctx, tx, row.ID, reasonCardChanged, func(to *state) error {
			to.row.CardID = &c.ID
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// changeIn changes a subscription within somebody else's transaction, on what is
// there when it is this one's turn.
func (s *Service) changeIn(ctx context.Context, tx *store.Tx, id pay.SubscriptionID, reason string, change func(to *state) error) error {
	var st state
	err := store.Again(func() (err error) {
		if st, err = s.readIn(ctx, tx, id); err != nil {
			return err
		}
		return s.touch(ctx, tx, st)
	})
	if err != nil {
		return fmt.Errorf("change subscription %s: %w", id, err)
	}
	to := st.with()
	if err := change(&to); err != nil {
		return err
	}
	return s.save(ctx, tx, st, to, reason)
}
