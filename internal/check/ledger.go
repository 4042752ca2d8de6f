package check

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
)

// postingsBalanced: the legs of a transfer sum to zero in each currency.
func (c *checker) postingsBalanced(ctx context.Context, name string) error {
	const query = `
SELECT transfer, currency, CAST(SUM(amount_minor) AS bigint), COUNT(*)
FROM ledger_entries GROUP BY transfer, currency HAVING SUM(amount_minor) <> 0
ORDER BY transfer, currency`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var transfer, currency string
		var sum int64
		var legs int
		if err := rows.Scan(&transfer, &currency, &sum, &legs); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("its %d legs in %s sum to %d minor units", legs, currency, sum), transfer)
		return nil
	})
}

// postingsAccount: an entry is in the currency and of the merchant of its
// account.
func (c *checker) postingsAccount(ctx context.Context, name string) error {
	const query = `
SELECT le.id, le.transfer, le.currency, a.id, a.currency
FROM ledger_entries le JOIN ledger_accounts a ON a.id = le.account_id
WHERE le.currency <> a.currency OR le.merchant_id <> a.merchant_id
ORDER BY le.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.LedgerEntryID
		var account pay.LedgerAccountID
		var transfer, currency, accountCurrency string
		if err := rows.Scan(&id, &transfer, &currency, &account, &accountCurrency); err != nil {
			return err
		}
		detail := "an entry is on an account of another merchant"
		if currency != accountCurrency {
			detail = fmt.Sprintf("an entry in %s is on an account in %s", currency, accountCurrency)
		}
		c.report.breach(name, detail, transfer, id.String(), account.String())
		return nil
	})
}

// walletsBalance: what a wallet says it has is the sum of its entries.
func (c *checker) walletsBalance(ctx context.Context, name string) error {
	const query = `
SELECT w.id, w.available_minor, w.held_minor, COALESCE(f.available, 0), COALESCE(f.held, 0)
FROM wallets w
LEFT JOIN (
	SELECT le.wallet_id,
		CAST(SUM(CASE WHEN a.kind = 'WALLET_AVAILABLE' THEN le.amount_minor ELSE 0 END) AS bigint) AS available,
		CAST(SUM(CASE WHEN a.kind = 'WALLET_HELD' THEN le.amount_minor ELSE 0 END) AS bigint) AS held
	FROM ledger_entries le JOIN ledger_accounts a ON a.id = le.account_id
	WHERE le.wallet_id IS NOT NULL
	GROUP BY le.wallet_id
) f ON f.wallet_id = w.id
WHERE w.available_minor <> COALESCE(f.available, 0) OR w.held_minor <> COALESCE(f.held, 0)
ORDER BY w.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.WalletID
		var available, held, availableSum, heldSum int64
		if err := rows.Scan(&id, &available, &held, &availableSum, &heldSum); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("it says %d available and %d held, its entries sum to %d and %d", available, held, availableSum, heldSum), id.String())
		return nil
	})
}

// walletsEntries: the balances that a wallet's entries recorded follow from one
// another, and none is below zero.
//
// They are followed by their amounts and not in the order of ids or times:
// transactions are dated when they begin and commit in another order, and clocks
// are set back. See trail.
func (c *checker) walletsEntries(ctx context.Context, name string) error {
	const query = `
SELECT le.account_id, le.id, le.wallet_id, le.amount_minor, le.balance_after_minor
FROM ledger_entries le JOIN ledger_accounts a ON a.id = le.account_id
WHERE a.kind IN ('WALLET_AVAILABLE', 'WALLET_HELD')
ORDER BY le.account_id, le.id`
	var account pay.LedgerAccountID
	var entries []entry
	finish := func() {
		if entry, wrong := trail(entries); wrong != "" {
			c.report.breach(name, wrong, account.String(), entry.String())
		}
		entries = entries[:0]
	}
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var of pay.LedgerAccountID
		var e entry
		var wallet sql.Null[pay.WalletID]
		var after sql.NullInt64
		if err := rows.Scan(&of, &e.id, &wallet, &e.amount, &after); err != nil {
			return err
		}
		if of != account {
			finish()
			account = of
		}
		if !wallet.Valid || !after.Valid {
			c.report.breach(name, "an entry of a wallet's account names no wallet or no balance after it", of.String(), e.id.String())
			return nil
		}
		e.after = after.Int64
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return err
	}
	finish()
	return nil
}
