package check

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// attemptsWallet: a payment from a wallet takes from a wallet of its bill's payer,
// in the bill's currency, and asks no provider.
func (c *checker) attemptsWallet(ctx context.Context, name string) error {
	const query = `
SELECT a.id, b.id, CASE
	WHEN w.id IS NULL OR b.user_id IS NULL OR w.user_id <> b.user_id OR w.merchant_id <> a.merchant_id THEN 'its wallet is not one of its payer''s'
	WHEN w.currency <> a.currency THEN 'its wallet is in another currency'
	ELSE 'it is paid from a wallet, and a provider was asked' END
FROM attempts a JOIN bills b ON b.id = a.bill_id LEFT JOIN wallets w ON w.id = a.wallet_id
WHERE a.account = 'wallet' AND (w.id IS NULL OR b.user_id IS NULL OR w.user_id <> b.user_id OR w.merchant_id <> a.merchant_id
	OR w.currency <> a.currency OR a.provider <> 'wallet' OR EXISTS (SELECT 1 FROM operations o WHERE o.attempt_id = a.id))
ORDER BY a.id`
	return wrongOfBill[pay.AttemptID](ctx, c, name, query)
}

// holdPrefix begins the key of the transfer that sets money of a wallet aside for
// an attempt; the attempt's TypeID ends it, as it ends that of the capture.
const holdPrefix = "hold/"

// spending is how an attempt's money left a wallet.
type spending struct {
	status, currency             string
	captured                     int64
	fromAvailable, toHeld        int64 // of the hold
	fromHeld, earned, elsewhere  int64 // of the capture; earned is on SALES or SUSPENSE
	holdLegs, captureLegs, alien int   // alien legs are on another wallet
}

// isRight reports whether exactly the attempt's money was booked, from its wallet,
// as a hold and its capture, and nothing when it was not captured.
func (s spending) isRight() bool {
	if s.status != "CAPTURED" {
		return s.holdLegs+s.captureLegs == 0
	}
	return s.holdLegs == 2 && s.captureLegs == 2 && s.alien == 0 && s.elsewhere == 0 &&
		s.fromAvailable == -s.captured && s.toHeld == s.captured && s.fromHeld == -s.captured && s.earned == s.captured
}

// capturesWallet: what was paid from a wallet was set aside in it and then taken
// out of it, once each and with its amount, and nothing takes from a wallet for an
// attempt that is not paid from it.
func (c *checker) capturesWallet(ctx context.Context, name string) error {
	const query = `
SELECT CAST(a.id AS text), a.status, a.captured_minor, a.currency, COALESCE(le.transfer, ''), COALESCE(k.kind, ''),
	COALESCE(le.amount_minor, 0), COALESCE(le.wallet_id <> a.wallet_id, FALSE)
FROM attempts a LEFT JOIN ledger_entries le ON le.bill_id = a.bill_id LEFT JOIN ledger_accounts k ON k.id = le.account_id
WHERE a.account = 'wallet'
UNION ALL
SELECT '', '', 0, '', le.transfer, '', 0, FALSE
FROM ledger_entries le
WHERE le.wallet_id >= ` + anyID + ` AND (le.transfer LIKE '` + holdPrefix + `%' OR le.transfer LIKE '` + capturePrefix + `%')`
	attempts := make(map[string]*spending) // by TypeID
	transfers := make(map[string]bool)     // that take from a wallet
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var row spending
		var key, transfer, account string
		var amount int64
		var alien bool
		if err := rows.Scan(&key, &row.status, &row.captured, &row.currency, &transfer, &account, &amount, &alien); err != nil {
			return err
		}
		if key == "" {
			transfers[transfer] = true
			return nil
		}
		var id pay.AttemptID
		if err := id.Scan(key); err != nil {
			return err
		}
		s, known := attempts[id.String()]
		if !known {
			s = &row
			attempts[id.String()] = s
		}
		s.add(id.String(), transfer, account, amount, alien)
		return nil
	})
	if err != nil {
		return err
	}
	for id, s := range attempts {
		if !s.isRight() {
			c.report.breach(name, fmt.Sprintf("it is %s with %s, and of its wallet %s were set aside, %s taken, %s earned",
				s.status, money(s.captured, s.currency), money(s.toHeld, s.currency), money(-s.fromHeld, s.currency), money(s.earned, s.currency)), id)
		}
	}
	for transfer := range transfers {
		if attempts[strings.TrimPrefix(strings.TrimPrefix(transfer, holdPrefix), capturePrefix)] == nil {
			c.report.breach(name, "it takes from a wallet, and no attempt is paid from one by it", transfer)
		}
	}
	return nil
}

// add counts one leg of the attempt's bill, if it is one of the attempt's own.
func (s *spending) add(id, transfer, account string, amount int64, alien bool) {
	switch transfer {
	case holdPrefix + id:
		s.holdLegs++
		switch account {
		case "WALLET_AVAILABLE":
			s.fromAvailable += amount
		case "WALLET_HELD":
			s.toHeld += amount
		}
	case capturePrefix + id:
		s.captureLegs++
		switch account {
		case "WALLET_HELD":
			s.fromHeld += amount
		case "SALES", "SUSPENSE":
			s.earned += amount
		default:
			s.elsewhere += amount
		}
	default:
		return
	}
	if alien {
		s.alien++
	}
}

// topUpPrefix begins the key of the transfer that credits what a bill of a TOP_UP
// product paid; the bill's TypeID ends it.
const topUpPrefix = "top_up/"

// credit is money that a bill owes a user's wallet, or that a wallet got.
type credit struct {
	user     pay.UserID
	amount   int64
	currency [3]byte
	legs     int
}

// topUpsPosted: a DONE bill of a TOP_UP product credited a wallet of its user,
// once and by what was paid without a vendor's commission, and no other bill did. A payment that came twice, or late,
// counts as paid and is not credited, and neither is what went back before: what was
// credited is then some of it.
func (c *checker) topUpsPosted(ctx context.Context, name string) error {
	const query = `
SELECT 'bill', CAST(b.id AS text), b.status = 'DONE', CAST(b.user_id AS text),
	CAST(b.paid_minor - COALESCE((SELECT SUM(a.fee_minor) FROM attempts a WHERE a.bill_id = b.id AND a.status = 'CAPTURED'), 0) AS bigint), b.currency, 1,
	b.id IN (SELECT bill_id FROM review_cases WHERE bill_id IS NOT NULL AND (reason IN ('DUPLICATE_PAYMENT', 'LATE_PAYMENT') OR resolution = 'REFUND_EXCESS'))
		OR b.id IN (SELECT bill_id FROM refunds WHERE status = 'SUCCEEDED')
FROM products p CROSS JOIN bills b
WHERE b.product_id = p.id AND p.kind = 'TOP_UP' AND b.status IN ('DONE', 'REFUNDED')
UNION ALL
SELECT 'transfer', le.transfer, FALSE, MAX(CAST(w.user_id AS text)), CAST(SUM(le.amount_minor) AS bigint), MAX(le.currency), COUNT(*), FALSE
FROM wallets w CROSS JOIN ledger_entries le
WHERE le.wallet_id = w.id AND le.transfer LIKE '` + topUpPrefix + `%' GROUP BY le.transfer`
	type owed struct {
		credit
		done, twice bool
	}
	bills, credits := make(map[string]owed), make(map[string]credit) // by the bill's TypeID
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var table, key, currency string
		var user sql.Null[pay.UserID]
		var o owed
		if err := rows.Scan(&table, &key, &o.done, &user, &o.amount, &currency, &o.legs, &o.twice); err != nil {
			return err
		}
		o.user = user.V
		copy(o.currency[:], currency)
		if table == "transfer" {
			credits[strings.TrimPrefix(key, topUpPrefix)] = o.credit
			return nil
		}
		var id pay.BillID
		err := id.Scan(key)
		bills[id.String()] = o
		return err
	})
	if err != nil {
		return err
	}
	for id, o := range bills {
		got, ok := credits[id]
		delete(credits, id)
		switch {
		case !ok && !o.done: // refunded before anything was given
		case !ok:
			c.report.breach(name, "it is DONE, and no wallet was credited for it", id)
		case got.user != o.user:
			c.report.breach(name, "it credited a wallet that is not its payer's", id)
		case got.legs != 1, got.amount > o.amount, got.amount != o.amount && !o.twice, got.amount <= 0, got.currency != o.currency:
			c.report.breach(name, fmt.Sprintf("it was paid %s, and credited %s in %d parts",
				money(o.amount, string(o.currency[:])), money(got.amount, string(got.currency[:])), got.legs), id)
		}
	}
	for id, got := range credits {
		c.report.breach(name, fmt.Sprintf("it credited %s, and is no bill of a top-up that is DONE", money(got.amount, string(got.currency[:]))), id)
	}
	return nil
}
