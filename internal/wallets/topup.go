package wallets

import (
	"context"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/ledgeraccount"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// TopUp fulfils bills for products of kind TOP_UP: it fills the payer's wallet.
// It is safe for concurrent use.
type TopUp struct{ ledger *Service }

// NewTopUp returns the fulfiller of TOP_UP products.
func NewTopUp(ledger *Service) *TopUp { return &TopUp{ledger: ledger} }

// Fulfil credits the wallet of the payer of the bill b, in the bill's currency,
// with what the bill earned, within tx. The wallet is made when it is the first
// money. Repeating it changes nothing: the transfer's key is the bill's.
//
// It returns an error for a bill without a payer, whose money would be nobody's:
// billing refuses to make one.
func (t *TopUp) Fulfil(ctx context.Context, tx *store.Tx, b *ent.Bill, _ *ent.Product) error {
	if b.UserID == nil {
		return fmt.Errorf("top up by bill %s: it has no payer", b.ID)
	}
	amount, err := t.ledger.Earned(ctx, tx, b)
	if err != nil {
		return fmt.Errorf("top up by bill %s: %w", b.ID, err)
	}
	w, err := t.ledger.WalletOf(ctx, tx, b.MerchantID, *b.UserID, b.Currency)
	if err != nil {
		return fmt.Errorf("top up by bill %s: %w", b.ID, err)
	}
	_, err = t.ledger.Post(ctx, tx, b.MerchantID, &b.ID, pay.TopUpTransfer(b.ID, w.ID, amount))
	return err
}

// Earned is what a bill's captures brought to sales and no refund has given back,
// without the commission that a vendor added; an error when that is nothing. It is not the bill's paid amount,
// which holds money on suspense too: a second payment that waits for a person must
// not be spent.
func (*Service) Earned(ctx context.Context, tx *store.Tx, b *ent.Bill) (pay.Money, error) {
	none := pay.Money{Currency: b.Currency}
	entries, err := tx.LedgerEntry.Query().
		Where(ledgerentry.BillID(b.ID), ledgerentry.HasAccountWith(ledgeraccount.KindIn(pay.AccountSales, pay.AccountRefunds))).
		All(ctx)
	if err != nil {
		return none, fmt.Errorf("read what it earned: %w", err)
	}
	sum := none
	var paid []pay.AttemptID
	for _, e := range entries {
		of, isCapture := captureOf(e.Transfer)
		switch {
		case isCapture:
			paid = append(paid, of)
		case !pay.IsRefundKey(e.Transfer):
			continue
		}
		if sum, err = sum.Add(e.Amount()); err != nil {
			return none, err
		}
	}
	attempts, err := tx.Attempt.Query().Where(attempt.IDIn(paid...)).All(ctx)
	if err != nil {
		return none, fmt.Errorf("read what paid it: %w", err)
	}
	for _, a := range attempts {
		if sum, err = sum.Add(a.Fee().Neg()); err != nil {
			return none, err
		}
	}
	if sum.Amount <= 0 {
		return none, fmt.Errorf("it earned %s", sum)
	}
	return sum, nil
}

// captureOf returns the attempt whose capture, or whose accepting by a person,
// a transfer's key names.
func captureOf(transfer string) (pay.AttemptID, bool) {
	kind, of, _ := strings.Cut(transfer, "/")
	if kind != "capture" && kind != "accept" {
		return pay.AttemptID{}, false
	}
	id, err := pay.ParseAttemptID(of)
	return id, err == nil
}
