package entitlements

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Withhold does nothing: what is granted may be used until the money is back.
func (d *Direct) Withhold(context.Context, *store.Tx, *ent.Bill, *ent.Product, *ent.Refund) error {
	return nil
}

// Restore does nothing: nothing was withheld.
func (d *Direct) Restore(context.Context, *store.Tx, *ent.Bill, *ent.Product, *ent.Refund) error {
	return nil
}

// Returned ends within tx what the bill granted, when all its money is back and its
// product does not let the buyer keep it. Repeating it changes nothing.
func (d *Direct) Returned(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product, r *ent.Refund) error {
	if !r.ReturnsAll || p.RefundPolicy == pay.RefundKeep {
		return nil
	}
	err := tx.Entitlement.Update().Where(entitlement.BillID(b.ID), entitlement.RevokedAtIsNil()).SetRevokedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("revoke what bill %s granted: %w", b.ID, err)
	}
	return nil
}
