package subscriptions

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// endWhenSure ends a subscription and its open bill, or leaves both for later while
// money for that bill is in doubt: what is paid must not end, and what has ended
// must not be charged.
func (s *Service) endWhenSure(ctx context.Context, tx *store.Tx, st state, status pay.SubscriptionStatus, reason string) error {
	to := st.with()
	dropped, err := s.dropBill(ctx, tx, &to)
	if err != nil {
		return err
	}
	if !dropped {
		return errInDoubt
	}
	return s.end(ctx, tx, st, to, status, reason)
}

// end writes within tx that the subscription is over. What is paid for lasts; the
// grace does not.
func (s *Service) end(ctx context.Context, tx *store.Tx, st, to state, status pay.SubscriptionStatus, reason string) error {
	row := to.row
	row.Status, row.EndedAt = status, &st.now
	row.DunningNextAt, row.CancelAt, row.PausedUntil = nil, nil, nil
	if err := s.shorten(ctx, tx, row.ID, later(at(row.CurrentPeriodEnd), st.now)); err != nil {
		return err
	}
	if err := s.tellEnded(ctx, tx, to, reason); err != nil {
		return err
	}
	return s.save(ctx, tx, st, to, reason)
}

// dropBill ends the open bill within tx, and says so in the state. It reports
// false when that cannot be, because the bill is paid meanwhile or money for it is
// in doubt. One that a person has dismissed is left as it is.
func (s *Service) dropBill(ctx context.Context, tx *store.Tx, to *state) (bool, error) {
	if to.row.OpenBillID == nil {
		return true, nil
	}
	canceled, err := s.Bills.CancelPeriodBill(ctx, tx, *to.row.OpenBillID)
	if err != nil {
		return false, fmt.Errorf("cancel the open bill of subscription %s: %w", to.row.ID, err)
	}
	if canceled || to.isVain || to.bill != nil && to.bill.Status == pay.BillRefunded {
		to.row.OpenBillID, to.bill, to.charge, to.isVain = nil, nil, nil, false
		return true, nil
	}
	return false, nil
}

// dropLeftBill ends the bill that a subscription left open when it ended, as soon
// as nothing is in doubt.
func (s *Service) dropLeftBill(ctx context.Context, tx *store.Tx, st state) error {
	to := st.with()
	dropped, err := s.dropBill(ctx, tx, &to)
	if err != nil {
		return err
	}
	if !dropped {
		return errInDoubt
	}
	return s.save(ctx, tx, st, to, reasonBillDropped)
}
