package subscriptions

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/subscriptionperiod"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Withhold does nothing: what is granted may be used until the money is back.
func (s *Service) Withhold(context.Context, *store.Tx, *ent.Bill, *ent.Product, *ent.Refund) error {
	return nil
}

// Restore does nothing: nothing was withheld.
func (s *Service) Restore(context.Context, *store.Tx, *ent.Bill, *ent.Product, *ent.Refund) error {
	return nil
}

// Returned ends within tx a subscription whose newest paid period was given back in
// full: it is canceled, and what it opens is revoked now, or ends when that period
// would have begun. The money of an older period is history: giving it back changes
// nothing, and neither does a product whose buyer keeps what was bought. Repeating it
// changes nothing.
func (s *Service) Returned(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product, r *ent.Refund) error {
	if !r.ReturnsAll || p.RefundPolicy == pay.RefundKeep || b.SubscriptionID == nil {
		return nil
	}
	given, err := tx.SubscriptionPeriod.Query().Where(subscriptionperiod.BillID(b.ID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil // it was not given yet, and is not any more
	}
	if err != nil {
		return fmt.Errorf("read the period of bill %s: %w", b.ID, err)
	}
	var st state
	err = store.Again(func() (err error) {
		if st, err = s.readIn(ctx, tx, *b.SubscriptionID); err != nil {
			return err
		}
		return s.touch(ctx, tx, st)
	})
	if err != nil {
		return fmt.Errorf("end subscription %s: %w", b.SubscriptionID, err)
	}
	if st.row.CurrentPeriodEnd == nil || given.EndsAt.Before(*st.row.CurrentPeriodEnd) {
		return nil
	}
	if st.row.Status.IsLive() {
		to := st.with()
		if _, err := s.dropBill(ctx, tx, &to); err != nil {
			return err
		}
		if err := s.end(ctx, tx, st, to, pay.SubscriptionCanceled, reasonRefunded); err != nil {
			return err
		}
	}
	if given.StartsAt.After(st.now) { // what was paid before that period lasts
		return s.shorten(ctx, tx, st.id(), given.StartsAt)
	}
	return s.revoke(ctx, tx, st.id(), st.now)
}
