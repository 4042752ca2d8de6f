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
		c.report.breach(name, fmt.Sprintf("its %d legs in %s sum to %s", legs, currency, money(sum, currency)), transfer)
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
SELECT w.id, w.currency, w.available_minor, w.held_minor, COALESCE(f.available, 0), COALESCE(f.held, 0)
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
		var currency string
		var available, held, availableSum, heldSum int64
		if err := rows.Scan(&id, &currency, &available, &held, &availableSum, &heldSum); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("it says %s available and %s held, its entries sum to %s and %s",
			money(available, currency), money(held, currency), money(availableSum, currency), money(heldSum, currency)), id.String())
		return nil
	})
}

// walletsEntries: the balances that a wallet's transfers recorded follow from one
// another, and none is below zero.
//
// An entry records all that the wallet has after it, held money included; those of
// a transfer that leaves that as it was, such as a hold, record nothing. Within a
// transfer a leg may pass below zero. Transfers are followed by their amounts and
// not in the order of ids or times: transactions are dated when they begin and
// commit in another order, and clocks are set back. See trail.
func (c *checker) walletsEntries(ctx context.Context, name string) error {
	const query = `
SELECT le.account_id, le.id, le.wallet_id, le.transfer, le.amount_minor, le.balance_after_minor
FROM ledger_entries le JOIN ledger_accounts a ON a.id = le.account_id
WHERE a.kind IN ('WALLET_AVAILABLE', 'WALLET_HELD')
ORDER BY le.wallet_id, le.transfer, le.leg`
	var wallet pay.WalletID
	var transfer string
	var legs []walletLeg
	var steps []entry
	endTransfer := func() {
		step, at, wrong := stepOf(legs)
		if wrong != "" {
			c.report.breach(name, wrong, wallet.String(), at.String())
		} else if step.amount != 0 {
			steps = append(steps, step)
		}
		legs = legs[:0]
	}
	endWallet := func() {
		endTransfer()
		if at, wrong := trail(steps); wrong != "" {
			c.report.breach(name, wrong, wallet.String(), at.String())
		}
		steps = steps[:0]
	}
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var account pay.LedgerAccountID
		var of sql.Null[pay.WalletID]
		var in string
		var l walletLeg
		if err := rows.Scan(&account, &l.id, &of, &in, &l.amount, &l.after); err != nil {
			return err
		}
		switch {
		case !of.Valid:
			c.report.breach(name, "an entry of a wallet's account names no wallet", account.String(), l.id.String())
			return nil
		case of.V != wallet:
			endWallet()
		case in != transfer:
			endTransfer()
		}
		wallet, transfer = of.V, in
		legs = append(legs, l)
		return nil
	})
	if err != nil {
		return err
	}
	endWallet()
	return nil
}

// walletLeg is one leg of a transfer on a wallet.
type walletLeg struct {
	id     pay.LedgerEntryID
	amount int64
	after  sql.NullInt64
}

// stepOf is the change that a transfer's legs on one wallet are together, of
// amount 0 when they leave it as it was; or what is wrong with which of them.
func stepOf(legs []walletLeg) (step entry, at pay.LedgerEntryID, wrong string) {
	for _, l := range legs {
		step.amount += l.amount
	}
	for n, l := range legs {
		switch {
		case step.amount == 0 && l.after.Valid:
			return step, l.id, fmt.Sprintf("its transfer leaves the wallet as it was, and it records a balance of %d minor units", l.after.Int64)
		case step.amount != 0 && !l.after.Valid:
			return step, l.id, "it records no balance after it"
		case step.amount != 0 && n > 0 && legs[n-1].after.Int64+l.amount != l.after.Int64:
			return step, l.id, fmt.Sprintf("the balance after it is %d minor units; by the leg before it is %d", l.after.Int64, legs[n-1].after.Int64+l.amount)
		}
		step.id, step.after = l.id, l.after.Int64
	}
	return step, at, ""
}
