package wallets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/wallet"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// moves is what one transfer does to wallets.
type moves struct {
	wallets []*pay.WalletID // by leg; nil where the leg is on no wallet
	changes []change        // one for each wallet, in the order of the ids
}

// change is the sum of a transfer's legs on one wallet, in minor units.
type change struct {
	wallet    pay.WalletID
	currency  pay.Currency
	available int64
	held      int64
}

func (c change) net() int64 { return c.available + c.held }

// movesOf adds up the legs on wallets. It reads nothing.
func movesOf(t pay.Transfer) (moves, error) {
	m := moves{wallets: make([]*pay.WalletID, len(t.Legs))}
	for at, leg := range t.Legs {
		if !isWallet(leg.Kind) {
			continue
		}
		var id pay.WalletID
		if err := id.Scan(leg.Owner); err != nil {
			return m, fmt.Errorf("transfer %q: leg %d: its owner is no wallet: %w", t.Key, at, err)
		}
		m.wallets[at] = &id
		of := slices.IndexFunc(m.changes, func(c change) bool { return c.wallet == id })
		if of < 0 {
			of = len(m.changes)
			m.changes = append(m.changes, change{wallet: id, currency: leg.Amount.Currency})
		}
		if err := m.changes[of].add(leg); err != nil {
			return m, fmt.Errorf("transfer %q: leg %d: %w", t.Key, at, err)
		}
	}
	// Two transfers between the same wallets lock them in the same order.
	slices.SortFunc(m.changes, func(a, b change) int { return bytes.Compare(a.wallet.Bytes(), b.wallet.Bytes()) })
	return m, nil
}

func (c *change) add(leg pay.Leg) error {
	side := &c.available
	if leg.Kind == pay.AccountWalletHeld {
		side = &c.held
	}
	sum, err := pay.Of(*side, c.currency).Add(leg.Amount)
	if err != nil {
		return err
	}
	*side = sum.Amount
	return nil
}

// balances is what each wallet of a transfer holds while its legs are written.
type balances map[pay.WalletID]*balance

type balance struct {
	now    int64 // held money included, after the legs so far
	stands bool  // the transfer leaves it as it was
}

// after moves a wallet's balance by one leg and returns it, or nil where the
// transfer leaves the balance as it was.
func (b balances) after(id pay.WalletID, amount int64) *int64 {
	of := b[id]
	of.now += amount
	if of.stands {
		return nil
	}
	now := of.now
	return &now
}

// moveWallets changes the stored balances of a transfer's wallets and returns
// what they were before.
func moveWallets(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, m moves) (balances, error) {
	before := make(balances, len(m.changes))
	for _, c := range m.changes {
		after, moved, err := moveWallet(ctx, tx, merchant, c)
		if err != nil {
			return nil, fmt.Errorf("move wallet %s: %w", c.wallet, err)
		}
		if !moved {
			return nil, whyNotMoved(ctx, tx, merchant, c)
		}
		before[c.wallet] = &balance{now: after - c.net(), stands: c.net() == 0}
	}
	return before, nil
}

// moveWallet changes one wallet by one guarded UPDATE and returns all that it
// holds now; moved is false when a guard held it back.
//
// The guard is in the UPDATE: of two payments at once, the second sees what the
// first left. RETURNING saves the read afterwards; both databases have it.
func moveWallet(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, c change) (after int64, moved bool, err error) {
	rows, err := tx.RawQuery(ctx, `UPDATE wallets SET available_minor = available_minor + ?, held_minor = held_minor + ?
		WHERE id = ? AND merchant_id = ? AND currency = ? AND available_minor >= ? AND held_minor >= ? AND available_minor + held_minor <= ?
		RETURNING available_minor + held_minor`,
		c.available, c.held, c.wallet, merchant, string(c.currency), -c.available, -c.held, pay.MaxAmount-c.net())
	if err != nil {
		return 0, false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		moved = true
		if err := rows.Scan(&after); err != nil {
			return 0, false, err
		}
	}
	return after, moved, rows.Err()
}

// whyNotMoved finds out which guard held a wallet back.
func whyNotMoved(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, c change) error {
	w, err := tx.Wallet.Query().Where(wallet.ID(c.wallet), wallet.MerchantID(merchant)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return fmt.Errorf("move wallet %s: %s has no such wallet", c.wallet, merchant)
	case err != nil:
		return fmt.Errorf("move wallet %s: %w", c.wallet, err)
	case w.Currency != c.currency:
		return fmt.Errorf("move wallet %s by %s: %w", c.wallet, c.currency, pay.ErrCurrencyMismatch)
	case w.AvailableMinor+c.available < 0 || w.HeldMinor+c.held < 0:
		available := w.Available()
		short := pay.Errorf(pay.CodeInsufficientFunds, "wallet.insufficient_funds", "The wallet holds too little.")
		short.Detail = pay.LimitDetail{Available: &available}
		return short
	}
	return fmt.Errorf("move wallet %s: %w", c.wallet, pay.ErrAmountRange)
}
