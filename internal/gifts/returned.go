package gifts

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/gift"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Withhold voids within tx the gift that a bill paid for, before all its money goes
// back: see Void. Less than all leaves the gift as it is, and so does a product whose
// buyer keeps what was bought.
func (s *Service) Withhold(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product, r *ent.Refund) error {
	switch {
	case p.RefundPolicy == pay.RefundKeep:
		return nil
	case !r.ReturnsAll:
		return withholdPart(ctx, tx, b.ID)
	}
	return s.Void(ctx, tx, b.ID)
}

// withholdPart sees to it that a gift of money gives no more than stays: while a part
// is on its way back it cannot be redeemed, see giveMoney, and once it was redeemed
// nothing of it goes back. Any other gift gives the same whatever was paid.
func withholdPart(ctx context.Context, tx *store.Tx, bill pay.BillID) error {
	g, err := tx.Gift.Query().Where(gift.BillID(bill)).WithProduct().Only(ctx)
	if ent.IsNotFound(err) {
		return nil // it is made when it is known what stays
	}
	if err != nil {
		return fmt.Errorf("read the gift of bill %s: %w", bill, err)
	}
	if g.Edges.Product.Kind != pay.ProductTopUp {
		return nil
	}
	// A write that changes nothing: who redeems it right now waits, or is waited for.
	n, err := tx.Gift.Update().Where(gift.ID(g.ID), gift.StatusIn(pay.GiftScheduled, pay.GiftIssued)).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("hold gift %s still: %w", g.ID, err)
	}
	if n == 1 {
		return nil
	}
	return refuseRedeemed(ctx, tx, bill)
}

// Restore makes within tx a gift that Withhold voided good again: money that was paid
// for it was not given back, by the refund that voided it or by one before. One that is
// delivered later waits for that as before; when its time has come meanwhile it is
// delivered at once, and who has the mail already gets no other.
func (s *Service) Restore(ctx context.Context, tx *store.Tx, b *ent.Bill, _ *ent.Product, _ *ent.Refund) error {
	voided, err := tx.Gift.Query().Where(gift.BillID(b.ID), gift.StatusEQ(pay.GiftVoided)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the gift of bill %s: %w", b.ID, err)
	}
	to := pay.GiftIssued
	if voided.DeliverAt != nil {
		to = pay.GiftScheduled
		if err := deliverLater(ctx, tx, voided.ID, *voided.DeliverAt); err != nil {
			return err
		}
	}
	err = tx.Gift.Update().Where(gift.ID(voided.ID), gift.StatusEQ(pay.GiftVoided)).
		SetStatus(to).ClearVoidedAt().SetUpdatedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("make gift %s good again: %w", voided.ID, err)
	}
	return nil
}

// Returned does nothing: the gift was voided before its money went back.
func (s *Service) Returned(context.Context, *store.Tx, *ent.Bill, *ent.Product, *ent.Refund) error {
	return nil
}
