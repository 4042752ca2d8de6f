package wallets

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Post writes the transfer t of a merchant within tx and reports whether this
// call did it: false, with nothing written, when its key was posted before. Legs
// on a wallet (Owner is the wallet's UUID) move its stored balances too. billID
// is the bill it belongs to, or nil.
//
// It returns CodeInsufficientFunds, with what is available, when a wallet would
// go below zero; the caller rolls back. When two transactions post the same key
// at once, the slower one gets an error that store.IsUniqueViolation recognises
// and is rolled back too; its repeat finds the transfer posted.
//
// An entry's balance_after_minor is all that the wallet holds after it, held
// money included. It is null for accounts that are no wallet's, and for a
// transfer that only sets the wallet's own money aside or lets it go again.
func (s *Service) Post(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, billID *pay.BillID, t pay.Transfer) (posted bool, err error) {
	if err := t.Validate(); err != nil {
		return false, err
	}
	moves, err := movesOf(t)
	if err != nil {
		return false, err
	}
	before, err := tx.LedgerEntry.Query().Where(ledgerentry.Transfer(t.Key), ledgerentry.Leg(0)).Count(ctx)
	if err != nil || before > 0 {
		return false, wrap(t, err)
	}
	if err := s.openAccounts(ctx, tx, merchant, t); err != nil {
		return false, wrap(t, err)
	}
	balances, err := moveWallets(ctx, tx, merchant, moves)
	if err != nil {
		return false, wrap(t, err)
	}
	rows := make([]*ent.LedgerEntryCreate, len(t.Legs))
	for at, leg := range t.Legs {
		row := tx.LedgerEntry.Create().
			// A microsecond apart: the order of the ids is the order of the legs.
			SetID(pay.NewLedgerEntryID(tx.Now.Add(time.Duration(at) * time.Microsecond))).
			SetMerchantID(merchant).
			SetTransfer(t.Key).
			SetLeg(at).
			SetAccountID(pay.LedgerAccountIDOf(merchant, leg.Kind, leg.Amount.Currency, leg.Owner)).
			SetKind(t.Entry).
			SetAmountMinor(leg.Amount.Amount).
			SetCurrency(leg.Amount.Currency).
			SetNillableBillID(billID).
			SetCreatedAt(tx.Now)
		if id := moves.wallets[at]; id != nil {
			row.SetWalletID(*id).SetNillableBalanceAfterMinor(balances.after(*id, leg.Amount.Amount))
		}
		rows[at] = row
	}
	if err := tx.LedgerEntry.CreateBulk(rows...).Exec(ctx); err != nil {
		return false, wrap(t, err)
	}
	return true, nil
}

func wrap(t pay.Transfer, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("post %q: %w", t.Key, err)
}
