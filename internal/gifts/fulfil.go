package gifts

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/gift"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Fulfil makes within tx the gift that bill b paid for, with a fresh code, and
// has it mailed: to the buyer now, to the recipient at the delivery time. A bill
// has one gift, so repeating it changes nothing.
//
// A gift that could not be redeemed by anybody is not made: the error leaves the
// bill to a person.
func (s *Service) Fulfil(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product) error {
	made, err := tx.Gift.Query().Where(gift.BillID(b.ID)).Count(ctx)
	if err != nil || made > 0 {
		return err
	}
	given, err := gives(ctx, tx, p)
	if err != nil {
		return err
	}
	order, err := billing.ReadGiftOrder(b.Gift)
	if err != nil {
		return fmt.Errorf("make the gift of bill %s: %w", b.ID, err)
	}
	id, code := pay.NewGiftID(tx.Now), pay.NewGiftCode()
	sealed, err := s.Vault.Seal([]byte(code.Canonical()), id.String())
	if err != nil {
		return fmt.Errorf("seal the code of bill %s: %w", b.ID, err)
	}
	status, begins := pay.GiftIssued, tx.Now
	if order.DeliverAt != nil && order.DeliverAt.After(tx.Now) {
		status, begins = pay.GiftScheduled, *order.DeliverAt
	}
	create := tx.Gift.Create().SetID(id).
		SetMerchantID(b.MerchantID).SetBillID(b.ID).SetProductID(given.ID).SetNillableBuyerID(b.UserID).
		SetStatus(status).SetCodeHash(s.hash(code)).SetCodeSealed(sealed).
		SetRecipientEmail(order.RecipientEmail).SetNillableMessage(order.Message).SetNillableOccasion(order.Occasion).
		SetNillableDeliverAt(order.DeliverAt).
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
	if !s.Validity.IsZero() {
		create.SetExpiresAt(pay.Instant(s.Validity.AddTo(begins)))
	}
	g, err := create.Save(ctx)
	if err != nil {
		return fmt.Errorf("make the gift of bill %s: %w", b.ID, err)
	}
	parcel, err := parcelOf(ctx, tx, g, b, given, code)
	if err != nil {
		return err
	}
	if err := s.mailBuyer(ctx, tx, parcel); err != nil {
		return err
	}
	if status == pay.GiftIssued {
		return s.mailRecipient(ctx, tx, parcel)
	}
	return deliverLater(ctx, tx, id, begins)
}

// deliverLater has a gift issued and mailed at its time.
func deliverLater(ctx context.Context, tx *store.Tx, id pay.GiftID, at time.Time) error {
	if err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobDeliver, Key: id.String(), RunAt: at, Priority: priorityDeliver}); err != nil {
		return fmt.Errorf("schedule the delivery of gift %s: %w", id, err)
	}
	return nil
}

// gives returns the product that p gives. It refuses one that cannot be given: by
// its kind, or because it opens pages alone, which a buyer names and a gift does
// not.
func gives(ctx context.Context, tx *store.Tx, p *ent.Product) (*ent.Product, error) {
	if p.GiftOfID == nil {
		return nil, fmt.Errorf("give product %s: it gives no other", p.ID)
	}
	given, err := tx.Product.Get(ctx, *p.GiftOfID)
	if err != nil {
		return nil, fmt.Errorf("read product %s, which is given: %w", *p.GiftOfID, err)
	}
	if given.Kind == pay.ProductGift || given.Kind == pay.ProductDirect && len(given.GrantResources) == 0 {
		return nil, fmt.Errorf("give product %s: a %s that grants %d resources is no gift", given.ID, given.Kind, len(given.GrantResources))
	}
	return given, nil
}

// BillMoved is called within the transaction of every version of every bill.
// When a guest's bill became somebody's, so did the gift that it paid for.
func (s *Service) BillMoved(ctx context.Context, tx *store.Tx, b *ent.Bill, from *pay.BillStatus) error {
	stayed := from != nil && *from == b.Status // a bill is claimed where it stands
	if len(b.Gift) == 0 || b.UserID == nil || !stayed {
		return nil
	}
	err := tx.Gift.Update().Where(gift.BillID(b.ID), gift.BuyerIDIsNil()).
		SetBuyerID(*b.UserID).SetUpdatedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("give the gift of bill %s its buyer: %w", b.ID, err)
	}
	return nil
}

// Void takes back within tx the gift that a bill paid for, before the money is
// returned: its code stops working. It is safe to repeat, and does nothing when
// the bill made no gift or the gift has expired.
//
// It returns CodeConflict, gift.redeemed, when somebody has it already: what to
// do with the money is for a person to decide.
func (s *Service) Void(ctx context.Context, tx *store.Tx, bill pay.BillID) error {
	n, err := tx.Gift.Update().
		Where(gift.BillID(bill), gift.StatusIn(pay.GiftScheduled, pay.GiftIssued)).
		SetStatus(pay.GiftVoided).SetVoidedAt(tx.Now).SetUpdatedAt(tx.Now).
		Save(ctx)
	if err != nil {
		return fmt.Errorf("void the gift of bill %s: %w", bill, err)
	}
	if n == 1 {
		return nil // a delivery that is due finds nothing to deliver
	}
	return refuseRedeemed(ctx, tx, bill)
}

// refuseRedeemed returns CodeConflict when somebody has the gift that a bill paid for.
func refuseRedeemed(ctx context.Context, tx *store.Tx, bill pay.BillID) error {
	redeemed, err := tx.Gift.Query().Where(gift.BillID(bill), gift.StatusEQ(pay.GiftRedeemed)).Count(ctx)
	if err != nil {
		return fmt.Errorf("void the gift of bill %s: %w", bill, err)
	}
	if redeemed > 0 {
		return pay.Errorf(pay.CodeConflict, "gift.redeemed", "The gift was redeemed and cannot be taken back.")
	}
	return nil
}
