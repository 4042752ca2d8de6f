package wallets

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/ledgeraccount"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Withhold sets aside within tx, in the wallet that the bill filled, what is to be
// given back: it cannot be spent meanwhile. A commission that the payer's bank added
// is given back too and never was in the wallet. It returns CodeInsufficientFunds when it
// was spent already. A product whose buyer keeps what was bought leaves the wallet as
// it is, and so does a bill that has not filled it yet.
func (t *TopUp) Withhold(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product, r *ent.Refund) error {
	if p.RefundPolicy == pay.RefundKeep || b.UserID == nil {
		return nil
	}
	left, err := leftOf(ctx, tx, b)
	if err != nil || left <= 0 {
		return err
	}
	w, err := t.ledger.WalletOf(ctx, tx, b.MerchantID, *b.UserID, b.Currency)
	if err != nil {
		return fmt.Errorf("withhold the top-up of bill %s: %w", b.ID, err)
	}
	amount := pay.Of(min(r.AmountMinor, left), b.Currency)
	_, err = t.ledger.Post(ctx, tx, b.MerchantID, &b.ID, pay.RevokeHoldTransfer(r.ID, w.ID, amount))
	return err
}

// Restore lets the wallet have what Withhold set aside.
func (t *TopUp) Restore(ctx context.Context, tx *store.Tx, b *ent.Bill, _ *ent.Product, r *ent.Refund) error {
	return t.settleHold(ctx, tx, b, r, pay.RevokeReleaseTransfer)
}

// Returned takes what Withhold set aside out of the wallet: its money is back.
func (t *TopUp) Returned(ctx context.Context, tx *store.Tx, b *ent.Bill, _ *ent.Product, r *ent.Refund) error {
	return t.settleHold(ctx, tx, b, r, pay.RevokeTransfer)
}

// settleHold ends what Withhold set aside for a refund, if it did.
func (t *TopUp) settleHold(ctx context.Context, tx *store.Tx, b *ent.Bill, r *ent.Refund, end func(pay.RefundID, pay.WalletID, pay.Money) pay.Transfer) error {
	held, err := heldBy(ctx, tx, r)
	if err != nil || held.IsZero() {
		return err
	}
	w, err := t.ledger.WalletOf(ctx, tx, b.MerchantID, *b.UserID, b.Currency)
	if err != nil {
		return fmt.Errorf("settle the top-up of bill %s: %w", b.ID, err)
	}
	_, err = t.ledger.Post(ctx, tx, b.MerchantID, &b.ID, end(r.ID, w.ID, held))
	return err
}

// leftOf is what a bill brought to its payer's wallet and no refund has set aside or
// taken out, in minor units.
func leftOf(ctx context.Context, tx *store.Tx, b *ent.Bill) (int64, error) {
	entries, err := tx.LedgerEntry.Query().
		Where(ledgerentry.BillID(b.ID), ledgerentry.HasAccountWith(ledgeraccount.KindEQ(pay.AccountWalletAvailable))).All(ctx)
	if err != nil {
		return 0, fmt.Errorf("read what bill %s brought: %w", b.ID, err)
	}
	left := int64(0)
	for _, e := range entries {
		if e.Transfer == pay.TopUpKey(b.ID) || pay.IsRevokeKey(e.Transfer) {
			left += e.AmountMinor
		}
	}
	return left, nil
}

// heldBy is what Withhold set aside for a refund; zero when it did nothing.
func heldBy(ctx context.Context, tx *store.Tx, r *ent.Refund) (pay.Money, error) {
	entries, err := tx.LedgerEntry.Query().
		Where(ledgerentry.Transfer(pay.RevokeHoldKey(r.ID)), ledgerentry.AmountMinorGT(0)).All(ctx)
	if err != nil {
		return pay.Money{}, fmt.Errorf("read what was set aside for refund %s: %w", r.ID, err)
	}
	if len(entries) == 0 {
		return pay.Of(0, r.Currency), nil
	}
	return entries[0].Amount(), nil
}
