package wallets

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/ent/wallet"
	"github.com/paygraph/paygraph/internal/pay"
)

// WalletsByID returns those of the wallets that the viewer may see, in no order.
func (s *Service) WalletsByID(ctx context.Context, ids []pay.WalletID) ([]*ent.Wallet, error) {
	found, err := s.store.Read().Wallet.Query().Where(wallet.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d wallets: %w", len(ids), err)
	}
	return found, nil
}

// EntriesByID returns those of the wallets' entries that the viewer may see, with
// their bills, in no order.
func (s *Service) EntriesByID(ctx context.Context, ids []pay.LedgerEntryID) ([]*ent.LedgerEntry, error) {
	found, err := s.store.Read().LedgerEntry.Query().
		Where(ledgerentry.IDIn(ids...), ledgerentry.WalletIDNotNil()).WithBill().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d ledger entries: %w", len(ids), err)
	}
	return found, nil
}
