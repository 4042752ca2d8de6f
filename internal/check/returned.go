package check

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// The keys of a refund's transfers begin with these; the refund's TypeID ends them.
const (
	refundPrefix        = "refund/"         // the money is back
	refundHoldPrefix    = "refund_hold/"    // what a top-up brought is set aside before that
	refundRevokePrefix  = "refund_revoke/"  // and taken out of the wallet: the money is back
	refundReleasePrefix = "refund_release/" // or left in it: it is not
)

// returning is a refund and what is booked for it.
type returning struct {
	bill     string // as the database has it
	status   string
	source   string // the account that gives
	to       string // the account that takes: the provider's, or the wallet's
	owner    string // of that account
	currency string
	amount   int64
	topUp    bool // of a product that fills a wallet
	filled   bool // which it had done, and the buyer may not keep it

	legs  int   // of its own transfer
	gave  int64 // by the source
	took  int64 // by the one who owes us less, or the wallet
	alien int   // legs elsewhere, of another bill or in another currency

	held, revoked, released wallet
}

// wallet is what one transfer does within, or out of, a wallet.
type wallet struct {
	legs                     int
	available, held, refunds int64
}

// refundsPosted: a refund whose money is back is booked once: out of the account
// that it names, into the attempt's provider's clearing or the wallet that paid,
// and with its amount; nothing else is booked as given back.
func (c *checker) refundsPosted(ctx context.Context, name string) error {
	return c.eachReturning(ctx, name, func(id string, r *returning) {
		want := 0
		if r.status == "SUCCEEDED" {
			want = 2
		}
		switch {
		case r.legs != want:
			c.report.breach(name, fmt.Sprintf("it is %s, and booked in %d legs", r.status, r.legs), id)
		case want > 0 && (r.alien > 0 || r.gave != -r.amount || r.took != r.amount):
			c.report.breach(name, fmt.Sprintf("it gave back %s, and %s went out of %s, %s to %s", money(r.amount, r.currency),
				money(-r.gave, r.currency), r.source, money(r.took, r.currency), r.to), id)
		}
	})
}

// refundsWithheld: what a top-up brought, and its refund set aside, stays so while
// the refund is open, leaves the wallet with its money, and is free again when it
// failed. Nothing else is set aside, taken or set free for a refund. Whether the
// buyer may keep it is the product's to say, of today: one that was edited since is
// left out.
func (c *checker) refundsWithheld(ctx context.Context, name string) error {
	return c.eachReturning(ctx, name, func(id string, r *returning) {
		var held, revoked, released wallet
		if r.held.legs > 0 {
			amount := min(r.held.held, r.amount) // less when the commission, which never was in the wallet, is given back too
			held = wallet{legs: 2, available: -amount, held: amount}
			switch r.status {
			case "SUCCEEDED":
				revoked = wallet{legs: 2, held: -amount, refunds: amount}
			case "FAILED":
				released = wallet{legs: 2, held: -amount, available: amount}
			}
		}
		if r.filled && r.source == "REFUNDS" && r.held.legs == 0 {
			c.report.breach(name, "the top-up had filled a wallet, and nothing was set aside in it", id)
			return
		}
		if !r.topUp && r.held.legs > 0 || r.held != held || r.revoked != revoked || r.released != released {
			c.report.breach(name, fmt.Sprintf("it is %s of %s, and of a top-up's wallet %s were set aside, %s taken, %s set free",
				r.status, money(r.amount, r.currency), money(r.held.held, r.currency), money(r.revoked.refunds, r.currency), money(r.released.available, r.currency)), id)
		}
	})
}

// eachReturning calls f for every refund with what is booked for it, and reports
// transfers of refunds that are not there, under the name of the invariant.
func (c *checker) eachReturning(ctx context.Context, name string, f func(id string, r *returning)) error {
	const query = `
SELECT CAST(r.id AS text), CAST(r.bill_id AS text), r.status, r.source, a.account, COALESCE(CAST(a.wallet_id AS text), ''), r.currency, r.amount_minor, COALESCE(p.kind, '') = 'TOP_UP',
	COALESCE(p.kind, '') = 'TOP_UP' AND p.refund_policy = 'REVOKE' AND p.updated_at <= r.created_at AND a.fee_minor = 0 AND EXISTS (
		SELECT 1 FROM ledger_entries le WHERE le.bill_id = r.bill_id AND le.transfer LIKE '` + topUpPrefix + `%' AND le.created_at <= r.created_at)
FROM refunds r JOIN attempts a ON a.id = r.attempt_id JOIN bills b ON b.id = r.bill_id LEFT JOIN products p ON p.id = b.product_id
UNION ALL
SELECT '', COALESCE(CAST(le.bill_id AS text), ''), le.transfer, k.kind, k.owner, '', le.currency, le.amount_minor, FALSE, FALSE
FROM ledger_entries le JOIN ledger_accounts k ON k.id = le.account_id
WHERE le.transfer >= 'refund' AND le.transfer < 'refune'`
	refunds := make(map[string]*returning)
	type leg struct{ bill, transfer, kind, owner, currency string }
	amounts, legs := []int64{}, []leg{}
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var key, paidFrom string
		var r returning
		if err := rows.Scan(&key, &r.bill, &r.status, &r.source, &r.owner, &paidFrom, &r.currency, &r.amount, &r.topUp, &r.filled); err != nil {
			return err
		}
		if key == "" {
			legs, amounts = append(legs, leg{r.bill, r.status, r.source, r.owner, r.currency}), append(amounts, r.amount)
			return nil
		}
		r.to = "CLEARING"
		if paidFrom != "" {
			var id pay.WalletID
			if err := id.Scan(paidFrom); err != nil {
				return err
			}
			r.to, r.owner = "WALLET_AVAILABLE", id.UUID()
		}
		var id pay.RefundID
		err := id.Scan(key)
		refunds[id.String()] = &r
		return err
	})
	if err != nil {
		return err
	}
	for at, l := range legs {
		prefix, id, _ := strings.Cut(l.transfer, "/")
		r := refunds[id]
		if r == nil {
			if (prefix+"/" == refundPrefix) == (name == "refunds.posted") { // each transfer is one invariant's
				c.report.breach(name, "it gives money back, and there is no such refund", l.transfer)
			}
			continue
		}
		r.add(prefix+"/", l.kind, l.owner, l.bill, l.currency, amounts[at])
	}
	for id, r := range refunds {
		f(id, r)
	}
	return nil
}

// add counts one leg of one of the refund's transfers.
func (r *returning) add(prefix, kind, owner, bill, currency string, amount int64) {
	switch prefix {
	case refundPrefix:
		r.legs++
		switch {
		case bill != r.bill || currency != r.currency:
			r.alien++
		case kind == r.source:
			r.gave += amount
		case kind == r.to && owner == r.owner:
			r.took += amount
		default:
			r.alien++
		}
	case refundHoldPrefix:
		r.held.add(kind, amount)
	case refundRevokePrefix:
		r.revoked.add(kind, amount)
	case refundReleasePrefix:
		r.released.add(kind, amount)
	}
}

func (w *wallet) add(kind string, amount int64) {
	w.legs++
	switch kind {
	case "WALLET_AVAILABLE":
		w.available += amount
	case "WALLET_HELD":
		w.held += amount
	case "REFUNDS":
		w.refunds += amount
	}
}

// refundsSource: an attempt gives back no more of what waits for a person than
// waits, and no more of what was earned than it earned.
func (c *checker) refundsSource(ctx context.Context, name string) error {
	const query = `
SELECT CAST(attempt_id AS text), CAST(bill_id AS text), source, CAST(SUM(amount_minor) AS bigint), MAX(currency)
FROM refunds WHERE status <> 'FAILED' GROUP BY attempt_id, bill_id, source
UNION ALL
SELECT le.transfer, '', CASE k.kind WHEN 'SALES' THEN 'REFUNDS' ELSE k.kind END, CAST(SUM(le.amount_minor) AS bigint), MAX(le.currency)
FROM (SELECT DISTINCT bill_id FROM refunds) r JOIN ledger_entries le ON le.bill_id = r.bill_id JOIN ledger_accounts k ON k.id = le.account_id AND k.kind IN ('SALES', 'SUSPENSE')
WHERE le.transfer LIKE '` + capturePrefix + `%' OR le.transfer LIKE '` + acceptPrefix + `%'
GROUP BY le.transfer, k.kind`
	type of struct{ attempt, source string }
	type given struct {
		bill, currency string
		amount         int64
	}
	out, in := make(map[of]given), make(map[of]int64)
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var key, source string
		var g given
		if err := rows.Scan(&key, &g.bill, &source, &g.amount, &g.currency); err != nil {
			return err
		}
		if g.bill == "" {
			_, attempt, _ := strings.Cut(key, "/")
			in[of{attempt, source}] += g.amount
			return nil
		}
		var id pay.AttemptID
		err := id.Scan(key)
		out[of{id.String(), source}] = g
		return err
	})
	if err != nil {
		return err
	}
	for key, g := range out {
		if g.amount > in[key] {
			c.report.breach(name, fmt.Sprintf("its refunds take %s from %s, and it brought %s there", money(g.amount, g.currency), key.source, money(in[key], g.currency)), key.attempt)
		}
	}
	return nil
}

// takenBack is the bills of which all that was earned went back, and whose product
// does not let the buyer keep what they bought, with when that was.
func takenBack() string {
	return `(
	SELECT r.bill_id, MAX(r.resolved_at) AS at FROM refunds r JOIN bills b ON b.id = r.bill_id JOIN products p ON p.id = b.product_id AND p.refund_policy = 'REVOKE'
	WHERE r.status = 'SUCCEEDED' AND r.source = 'REFUNDS' GROUP BY r.bill_id HAVING SUM(r.amount_minor) = ` + earnedByBill("r.bill_id") + `
)`
}

// refundsRevoked: what a bill gave may not be used once all that it earned is back:
// what it granted is revoked, its gift is VOIDED, and a subscription whose newest
// period it paid for is over and opens nothing. A gift is VOIDED by a refund only.
// The policy is the product's of today: one that was edited since is left out.
func (c *checker) refundsRevoked(ctx context.Context, name string) error {
	query := `
SELECT t.bill_id, CAST(e.id AS text), 'all that it earned went back, and what it granted may be used'
FROM ` + takenBack() + ` t JOIN bills b ON b.id = t.bill_id JOIN products p ON p.id = b.product_id AND p.kind = 'DIRECT' AND p.updated_at <= t.at
JOIN entitlements e ON e.bill_id = t.bill_id AND e.revoked_at IS NULL
UNION ALL
SELECT t.bill_id, CAST(g.id AS text), 'all that it earned went back, and its gift is ' || g.status
FROM ` + takenBack() + ` t JOIN gifts g ON g.bill_id = t.bill_id AND g.status NOT IN ('VOIDED', 'EXPIRED')
JOIN bills b ON b.id = t.bill_id JOIN products p ON p.id = b.product_id AND p.updated_at <= t.at
UNION ALL
SELECT g.bill_id, CAST(g.id AS text), 'its gift is VOIDED, and no refund of all that it earned is out or done'
FROM gifts g WHERE g.status = 'VOIDED'
	AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.bill_id = g.bill_id AND r.status <> 'FAILED' AND r.returns_all AND r.source = 'REFUNDS')
UNION ALL
SELECT t.bill_id, CAST(s.id AS text), 'it paid for the newest period, all that it earned went back, and its subscription is ' || s.status
FROM ` + takenBack() + ` t JOIN subscription_periods d ON d.bill_id = t.bill_id AND d.kind = 'paid' JOIN billing_subscriptions s ON s.id = d.subscription_id
JOIN products p ON p.id = s.product_id AND p.updated_at <= t.at LEFT JOIN test_clocks k ON k.id = s.test_clock_id
WHERE d.ends_at >= s.current_period_end AND (s.ended_at IS NULL
	OR EXISTS (SELECT 1 FROM entitlements e WHERE e.subscription_id = s.id AND e.revoked_at IS NULL AND (e.expires_at IS NULL OR e.expires_at > COALESCE(k.now, t.at))))
ORDER BY 1, 2`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var bill pay.BillID
		var object, wrong string
		if err := rows.Scan(&bill, &object, &wrong); err != nil {
			return err
		}
		c.report.breach(name, wrong, bill.String())
		return nil
	})
}
