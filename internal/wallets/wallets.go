// Package wallets owns the ledger: accounts, the postings that move money
// between them, and the wallets of users, whose two balances are the only ones
// that are stored. It is the only writer of these tables.
//
// Entries are inserted and never changed; those of one transfer sum to zero in
// each currency. A transfer's key names it for ever, so it is posted once
// however often it is tried, in the transaction of the change of status that
// caused it. What a transfer means (a capture, a refund) is its caller's
// business: it knows no bill but by id. Start with Post.
package wallets

import (
	"context"
	"fmt"
	"sync"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/ent/wallet"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Service posts transfers and reads wallets.
type Service struct {
	store *store.Store
	known sync.Map // pay.LedgerAccountID of accounts that are committed, wallets' own left out
}

// New returns the ledger of a database.
func New(s *store.Store) *Service { return &Service{store: s} }

// EntryPage is a page of a wallet's entries.
type EntryPage struct {
	Entries []*ent.LedgerEntry
	Info    page.Info
}

// Wallet returns one wallet that the viewer may see, else CodeNotFound.
func (s *Service) Wallet(ctx context.Context, id pay.WalletID) (*ent.Wallet, error) {
	found, err := s.store.Read().Wallet.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("wallet")
	}
	if err != nil {
		return nil, fmt.Errorf("read wallet %s: %w", id, err)
	}
	return found, nil
}

// Balance returns all that is in a wallet, held money included.
func Balance(w *ent.Wallet) pay.Money {
	return pay.Of(w.AvailableMinor+w.HeldMinor, w.Currency)
}

// WalletsOf returns the wallets of users, those that the viewer may see, oldest
// first, with one read for all of them. A user without any is not in the map.
func (s *Service) WalletsOf(ctx context.Context, users ...pay.UserID) (map[pay.UserID][]*ent.Wallet, error) {
	rows, err := s.store.Read().Wallet.Query().Where(wallet.UserIDIn(users...)).Order(ent.Asc(wallet.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the wallets of %d users: %w", len(users), err)
	}
	byUser := make(map[pay.UserID][]*ent.Wallet)
	for _, w := range rows {
		byUser[w.UserID] = append(byUser[w.UserID], w)
	}
	return byUser, nil
}

// Entry returns one ledger entry of a wallet that the viewer may see, with its
// bill if they may see that too, else CodeNotFound. Entries of other accounts
// are nobody's to read here.
func (s *Service) Entry(ctx context.Context, id pay.LedgerEntryID) (*ent.LedgerEntry, error) {
	found, err := s.store.Read().LedgerEntry.Query().
		Where(ledgerentry.ID(id), ledgerentry.WalletIDNotNil()).
		WithBill().
		Only(ctx)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("ledger_entry")
	}
	if err != nil {
		return nil, fmt.Errorf("read ledger entry %s: %w", id, err)
	}
	return found, nil
}

// listed names the list of entries in its cursors; its order is newest first,
// which is the order of the ids.
const (
	listed   = "entries"
	pageSize = 50
)

// Entries returns a page of a wallet's entries, newest first, each with its bill
// where the viewer may see it. It returns CodeInvalid for a bad page size; a bad
// cursor begins anew. The entries of a wallet that the viewer may not see are
// none.
func (s *Service) Entries(ctx context.Context, id pay.WalletID, want page.Request) (EntryPage, error) {
	size, err := want.Size(pageSize)
	if err != nil {
		return EntryPage{}, err
	}
	query := s.store.Read().LedgerEntry.Query().Where(ledgerentry.WalletID(id))
	after, continued := page.Find(listed, want.After, pay.ParseLedgerEntryID)
	if continued {
		query.Where(ledgerentry.IDLT(after.ID))
	}
	rows, err := query.WithBill().Order(ent.Desc(ledgerentry.FieldID)).Limit(size + 1).All(ctx)
	if err != nil {
		return EntryPage{}, fmt.Errorf("list the entries of wallet %s: %w", id, err)
	}
	rows, more := page.Cut(rows, size)
	return EntryPage{Entries: rows, Info: page.InfoOf(rows, more, continued, Cursor)}, nil
}

// Cursor returns an entry's place in its list.
func Cursor(e *ent.LedgerEntry) string { return page.At(listed, 0, e.ID.String()) }
