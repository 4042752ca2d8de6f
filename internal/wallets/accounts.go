package wallets

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/wallet"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// account is a row that ledger_accounts shall have.
type account struct {
	id       pay.LedgerAccountID
	kind     pay.AccountKind
	currency pay.Currency
	owner    string
}

func accountOf(merchant pay.MerchantID, kind pay.AccountKind, currency pay.Currency, owner string) account {
	return account{id: pay.LedgerAccountIDOf(merchant, kind, currency, owner), kind: kind, currency: currency, owner: owner}
}

// openAccounts makes the accounts of t that this process has not seen committed
// yet. A wallet's two accounts were made with it.
func (s *Service) openAccounts(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, t pay.Transfer) error {
	var missing []account
	for _, leg := range t.Legs {
		if isWallet(leg.Kind) {
			continue
		}
		a := accountOf(merchant, leg.Kind, leg.Amount.Currency, leg.Owner)
		if _, seen := s.known.Load(a.id); !seen && !slices.Contains(missing, a) {
			missing = append(missing, a)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := insertAccounts(ctx, tx, merchant, missing); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		for _, a := range missing {
			s.known.Store(a.id, struct{}{})
		}
	})
	return nil
}

// insertAccounts inserts the accounts that are not there, in one statement. Their
// ids are derived from their words, so whoever is faster made the same row. Rows
// go in the order of the ids: two transactions then wait for each other in one
// direction only.
//
// It is raw SQL because ent asks for the ids of the rows back, and the ones that
// were there give none.
func insertAccounts(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, list []account) error {
	slices.SortFunc(list, func(a, b account) int { return bytes.Compare(a.id.Bytes(), b.id.Bytes()) })
	var args []any
	for _, a := range list {
		args = append(args, a.id, merchant, string(a.kind), string(a.currency), a.owner, tx.Now)
	}
	rows := strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?), ", len(list)), ", ")
	_, err := tx.Raw(ctx, `INSERT INTO ledger_accounts (id, merchant_id, kind, currency, owner, created_at) VALUES `+rows+` ON CONFLICT DO NOTHING`, args...)
	return err
}

func isWallet(kind pay.AccountKind) bool {
	return kind == pay.AccountWalletAvailable || kind == pay.AccountWalletHeld
}

// WalletOf returns the user's wallet in a currency, and makes it with its two
// accounts when it is first needed. However many need it first, there is one. The
// entity belongs to tx: who takes it outside unwraps it.
func (s *Service) WalletOf(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, user pay.UserID, currency pay.Currency) (*ent.Wallet, error) {
	find := func() (*ent.Wallet, error) {
		return tx.Wallet.Query().Where(wallet.UserID(user), wallet.Currency(currency), wallet.MerchantID(merchant)).Only(ctx)
	}
	found, err := find()
	if !ent.IsNotFound(err) {
		return found, err
	}
	made, err := tx.Raw(ctx, `INSERT INTO wallets (id, merchant_id, user_id, currency, available_minor, held_minor, created_at) VALUES (?, ?, ?, ?, 0, 0, ?) ON CONFLICT DO NOTHING`,
		pay.NewWalletID(tx.Now), merchant, user, string(currency), tx.Now)
	if err != nil {
		return nil, fmt.Errorf("make a wallet of %s in %s: %w", user, currency, err)
	}
	found, err = find() // ours, or the one of whoever was faster
	if err != nil {
		return nil, fmt.Errorf("read the new wallet of %s in %s: %w", user, currency, err)
	}
	if made == 0 {
		return found, nil // with its accounts: they were committed together
	}
	return found, insertAccounts(ctx, tx, merchant, []account{
		accountOf(merchant, pay.AccountWalletAvailable, currency, found.ID.UUID()),
		accountOf(merchant, pay.AccountWalletHeld, currency, found.ID.UUID()),
	})
}
