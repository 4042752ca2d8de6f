package check

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// giftsIssued: a DONE bill of a GIFT product has one gift, and no other bill has
// any.
func (c *checker) giftsIssued(ctx context.Context, name string) error {
	const query = `
SELECT 'bill', CAST(b.id AS text), b.status = 'DONE', 1
FROM products p CROSS JOIN bills b WHERE b.product_id = p.id AND p.kind = 'GIFT' AND b.status IN ('DONE', 'REFUNDED')
UNION ALL
SELECT 'gifts', CAST(bill_id AS text), FALSE, COUNT(*) FROM gifts GROUP BY bill_id`
	done, gifts := make(map[pay.BillID]bool), make(map[pay.BillID]int)
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var table, key string
		var isDone bool
		var n int
		if err := rows.Scan(&table, &key, &isDone, &n); err != nil {
			return err
		}
		var id pay.BillID
		err := id.Scan(key)
		if table == "bill" {
			done[id] = isDone
		} else {
			gifts[id] = n
		}
		return err
	})
	if err != nil {
		return err
	}
	for id, isDone := range done {
		n := gifts[id]
		delete(gifts, id)
		if n > 1 || n == 0 && isDone {
			c.report.breach(name, fmt.Sprintf("it bought one gift, and there are %d", n), id.String())
		}
	}
	for id, n := range gifts {
		c.report.breach(name, fmt.Sprintf("it has %d gifts, and is no bill of a gift that is DONE", n), id.String())
	}
	return nil
}

// giftsCodes: a code is of one gift.
func (c *checker) giftsCodes(ctx context.Context, name string) error {
	const query = `
SELECT MIN(CAST(id AS text)), COUNT(*) FROM gifts GROUP BY code_hash HAVING COUNT(*) > 1 ORDER BY 1`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.GiftID
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("%d gifts have its code", n), id.String())
		return nil
	})
}

// giftPrefix begins the key of the transfer that credits a gift of money; the
// gift's TypeID ends it.
const giftPrefix = "gift/"

// redemption is a gift and what was given for it, and how much of that to who
// redeemed it.
type redemption struct {
	status                  string
	by                      sql.Null[pay.UserID]
	granted, grantedToThem  int
	periods, periodsOfThem  int
	credits, creditsOfOther int
}

// giftsEffect: a REDEEMED gift gave what it is once, to who redeemed it: the right
// to use something, time on a subscription, or money in a wallet. No other gift
// gave anything.
func (c *checker) giftsEffect(ctx context.Context, name string) error {
	const query = `
SELECT 'gift', CAST(g.id AS text), g.status, CAST(g.redeemed_by_id AS text),
	(SELECT COUNT(*) FROM entitlements e WHERE e.bill_id = g.bill_id),
	(SELECT COUNT(*) FROM entitlements e WHERE e.bill_id = g.bill_id AND e.user_id = g.redeemed_by_id),
	(SELECT COUNT(*) FROM subscription_periods p WHERE p.bill_id = g.bill_id),
	(SELECT COUNT(*) FROM subscription_periods p JOIN billing_subscriptions s ON s.id = p.subscription_id
		WHERE p.bill_id = g.bill_id AND p.kind = 'gift' AND s.id = g.subscription_id AND s.user_id = g.redeemed_by_id)
FROM gifts g
UNION ALL
SELECT 'transfer', le.transfer, '', MAX(CAST(w.user_id AS text)), COUNT(*), 0, 0, 0
FROM wallets w CROSS JOIN ledger_entries le
WHERE le.wallet_id = w.id AND le.transfer LIKE '` + giftPrefix + `%' GROUP BY le.transfer`
	gifts, credits := make(map[string]*redemption), make(map[string]redemption) // by the gift's TypeID
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var table, key string
		var r redemption
		if err := rows.Scan(&table, &key, &r.status, &r.by, &r.granted, &r.grantedToThem, &r.periods, &r.periodsOfThem); err != nil {
			return err
		}
		if table == "transfer" {
			credits[strings.TrimPrefix(key, giftPrefix)] = r
			return nil
		}
		var id pay.GiftID
		err := id.Scan(key)
		gifts[id.String()] = &r
		return err
	})
	if err != nil {
		return err
	}
	for id, credit := range credits {
		if gifts[id] == nil {
			c.report.breach(name, "it credited a wallet, and there is no such gift", id)
			continue
		}
		gifts[id].credits = credit.granted
		if credit.by != gifts[id].by {
			gifts[id].creditsOfOther = credit.granted
		}
	}
	for id, r := range gifts {
		if wrong := r.wrong(); wrong != "" {
			c.report.breach(name, wrong, id)
		}
	}
	return nil
}

// wrong says what is wrong with what was given for a gift, "" when nothing is.
func (r redemption) wrong() string {
	effects := min(r.granted, 1) + r.periods + r.credits
	switch {
	case r.status != "REDEEMED" && effects > 0:
		return fmt.Sprintf("it is %s, and something was given for it", r.status)
	case r.status != "REDEEMED":
		return ""
	case effects != 1:
		return fmt.Sprintf("it is REDEEMED, and has %d effects", effects)
	case r.grantedToThem != r.granted || r.periodsOfThem != r.periods || r.creditsOfOther != 0:
		return "what it gave is not of who redeemed it"
	}
	return ""
}
