package subscriptions

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// AddTime prolongs within tx the user's running subscription of a product by give,
// which the bill paid for: what is left of it stays, and the time comes after it.
// It returns the subscription as it then is, and nil when the user has none that
// runs: what is given has then to be granted in another way.
//
// An open bill for the period that the time takes the place of is canceled. While
// money for it is in doubt AddTime returns CodeConflict, and nothing was done. It
// is not safe to repeat within a transaction that committed: its caller gives once.
func (s *Service) AddTime(ctx context.Context, tx *store.Tx, user pay.UserID, product pay.ProductID, give pay.Period, bill pay.BillID) (*ent.BillingSubscription, error) {
	if give.IsZero() {
		return nil, fmt.Errorf("give user %s time: it is none", user)
	}
	var row *ent.BillingSubscription
	err := store.Again(func() (err error) {
		row, err = s.addTime(ctx, tx, user, product, give, bill)
		return err
	})
	return row, err
}

func (s *Service) addTime(ctx context.Context, tx *store.Tx, user pay.UserID, product pay.ProductID, give pay.Period, bill pay.BillID) (*ent.BillingSubscription, error) {
	live, err := tx.BillingSubscription.Query().Where(
		billingsubscription.UserID(user), billingsubscription.ProductID(product),
		billingsubscription.StatusIn(pay.SubscriptionTrialing, pay.SubscriptionActive, pay.SubscriptionPastDue, pay.SubscriptionPaused),
	).Order(ent.Asc(billingsubscription.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the subscription of user %s: %w", user, err)
	}
	if len(live) == 0 {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	st, err := s.readIn(ctx, tx, live[0].ID)
	if err != nil {
		return nil, err
	}
	to := st.with()
	// The version is taken before anything is written that a race would repeat.
	if err := s.touch(ctx, tx, st); err != nil {
		return nil, err
	}
	if err := s.prolongBy(ctx, tx, &to, give, periodGift, &bill); err != nil {
		return nil, err
	}
	sold, _, err := s.offer(ctx, tx, to.row)
	if err != nil {
		return nil, err
	}
	if err := s.grant(ctx, tx, to.row, sold, *to.row.CurrentPeriodEnd); err != nil {
		return nil, err
	}
	return to.row, s.save(ctx, tx, st, to, reasonTimeWasGiven)
}

// touch locks within tx the row at the version that was read, or returns store.ErrRaced.
func (s *Service) touch(ctx context.Context, tx *store.Tx, st state) error {
	n, err := tx.BillingSubscription.Update().
		Where(billingsubscription.ID(st.id()), billingsubscription.Version(st.row.Version)).
		SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("lock subscription %s: %w", st.id(), err)
	}
	if n == 0 {
		return store.ErrRaced
	}
	return nil
}

// prolongBy adds time at the end of what the subscription has: the open bill for
// what would have come there goes, and with it what is owed.
func (s *Service) prolongBy(ctx context.Context, tx *store.Tx, to *state, give pay.Period, kind string, bill *pay.BillID) error {
	dropped, err := s.dropBill(ctx, tx, to)
	if err != nil {
		return err
	}
	if !dropped {
		return chargeUnderWay()
	}
	row := to.row
	clearDunning(row)
	switch row.Status {
	case pay.SubscriptionPastDue:
		row.Status = pay.SubscriptionActive
	case pay.SubscriptionPaused:
		// Nothing ran in the pause: the time begins now and not when the pause did.
		if err := s.anchorAt(ctx, tx, row, to.now); err != nil {
			return err
		}
	case pay.SubscriptionIncomplete, pay.SubscriptionTrialing, pay.SubscriptionActive, pay.SubscriptionCanceled, pay.SubscriptionEnded:
	}
	if row.CancelAtPeriodEnd {
		defer func() { row.CancelAt = row.CurrentPeriodEnd }()
	}
	return s.prolong(ctx, tx, row, give, kind, bill)
}

// chargeUnderWay refuses what would cross a charge whose outcome is not known.
func chargeUnderWay() *pay.Error {
	e := pay.Errorf(pay.CodeConflict, "subscription.charge_under_way", "A payment for this subscription is under way. Please try again in a minute.")
	e.Retry = pay.RetrySameKey
	return e.Because(errInDoubt)
}
