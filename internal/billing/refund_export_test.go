package billing

import (
	"context"

	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// RequestRefundForTest commits a refund and sends nothing, as a caller that dies in
// between does.
func (s *Service) RequestRefundForTest(ctx context.Context, in NewRefund) (id pay.RefundID, err error) {
	of, err := pay.ParseBillID(in.Bill)
	if err != nil {
		return id, err
	}
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		b, err := tx.Bill.Query().Where(bill.ID(of)).Only(ctx)
		if err != nil {
			return err
		}
		r, err := s.request(ctx, tx, viewer.From(ctx), b.ID, in)
		if err == nil {
			id = r.ID
		}
		return err
	})
	return id, err
}

// SendRefundForTest sends a refund, as its job would.
func (s *Service) SendRefundForTest(ctx context.Context, id pay.RefundID) error {
	return s.sendRefund(ctx, id)
}

// AskForTest asks the provider about an attempt, as its job would.
func (s *Service) AskForTest(ctx context.Context, id pay.AttemptID) (bool, error) {
	return s.ask(ctx, id)
}
