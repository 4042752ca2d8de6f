package check

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// acceptPrefix begins the key of the transfer that a person's FULFIL books: from
// SUSPENSE to SALES. The attempt's TypeID ends it.
const acceptPrefix = "accept/"

// lying is where an attempt's money lies in the ledger.
type lying struct {
	clearing, sales, suspense, all int64
	currency                       string
}

// capturesAccount: captured money lies on SALES when its bill was paid by it, at
// once or by a person's FULFIL, and on SUSPENSE when it was not: all of it, and
// nowhere else. By REFUND_EXCESS its bill is paid by what it asks for, and the rest
// waits on SUSPENSE to be given back. Whether it is booked at all and with the right amount is
// captures.posted's to report, money from wallets captures.wallet's, and legs that do not balance postings.balanced's.
func (c *checker) capturesAccount(ctx context.Context, name string) error {
	// Of an attempt the first number says whether its bill was paid by it: not (0), by
	// all of it (1), or by the second number (2).
	const query = `
SELECT 'attempt', CAST(t.id AS text), CASE WHEN t.reviewed AND t.accepted = 0 THEN 0 WHEN t.accepted = 2 THEN 2 ELSE 1 END,
	CASE t.accepted WHEN 2 THEN t.fee_minor + (SELECT b.total_minor FROM bills b WHERE b.id = t.bill_id) ELSE 0 END, 0, 0, t.currency
FROM ` + moneyTaken + ` t WHERE t.captured_minor > 0 AND t.account <> 'wallet'
UNION ALL
SELECT 'transfer', le.transfer,
	CAST(SUM(CASE a.kind WHEN 'CLEARING' THEN -le.amount_minor ELSE 0 END) AS bigint),
	CAST(SUM(CASE a.kind WHEN 'SALES' THEN le.amount_minor ELSE 0 END) AS bigint),
	CAST(SUM(CASE a.kind WHEN 'SUSPENSE' THEN le.amount_minor ELSE 0 END) AS bigint),
	CAST(SUM(le.amount_minor) AS bigint), MAX(le.currency)
FROM ledger_entries le JOIN ledger_accounts a ON a.id = le.account_id
WHERE le.transfer LIKE '` + capturePrefix + `%' OR le.transfer LIKE '` + acceptPrefix + `%' GROUP BY le.transfer`
	type payment struct{ how, part int64 }
	paidBy := make(map[pay.AttemptID]payment)
	lies := make(map[pay.AttemptID]lying)
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var table, key string
		var found lying
		if err := rows.Scan(&table, &key, &found.clearing, &found.sales, &found.suspense, &found.all, &found.currency); err != nil {
			return err
		}
		if table == "attempt" {
			var id pay.AttemptID
			err := id.Scan(key)
			paidBy[id] = payment{found.clearing, found.sales}
			return err
		}
		id, err := pay.ParseAttemptID(strings.TrimPrefix(strings.TrimPrefix(key, capturePrefix), acceptPrefix))
		if err != nil {
			return nil //nolint:nilerr // captures.posted reports it
		}
		before := lies[id]
		lies[id] = lying{
			clearing: before.clearing + found.clearing, sales: before.sales + found.sales,
			suspense: before.suspense + found.suspense, all: before.all + found.all, currency: found.currency,
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id, found := range lies {
		paid, taken := paidBy[id]
		earned, why := int64(0), "its bill was not paid by it"
		switch paid.how {
		case 1:
			earned, why = found.clearing, "its bill was paid by it"
		case 2:
			earned, why = paid.part, "its bill was paid by "+money(paid.part, found.currency)+" of it"
		}
		if !taken || found.all != 0 || found.sales == earned && found.suspense == found.clearing-earned {
			continue
		}
		c.report.breach(name, fmt.Sprintf("%s, and of the %s it took %s lie on SALES and %s on SUSPENSE", why,
			money(found.clearing, found.currency), money(found.sales, found.currency), money(found.suspense, found.currency)), id.String())
	}
	return nil
}

// unmatchedPrefix begins the key of the transfer that books money for an order of
// nobody, and of the case that asks a person whose it is; the account's code and
// the order's number end both.
const (
	unmatchedPrefix     = "unmatched/"
	unmatchedCasePrefix = "UNMATCHED_PAYMENT/"
)

// capturesUnmatched: money that a provider took for an order of nobody is booked
// once and has a case, with the same amount.
func (c *checker) capturesUnmatched(ctx context.Context, name string) error {
	const query = `
SELECT 'case', key, COALESCE(amount_minor, 0), COALESCE(currency, ''), 1
FROM review_cases WHERE reason = 'UNMATCHED_PAYMENT'
UNION ALL
SELECT 'transfer', le.transfer, CAST(-SUM(le.amount_minor) AS bigint), MAX(le.currency), COUNT(*)
FROM ledger_entries le JOIN ledger_accounts a ON a.id = le.account_id AND a.kind = 'CLEARING'
WHERE le.transfer LIKE '` + unmatchedPrefix + `%' GROUP BY le.transfer`
	orders := newPairs[string, capture]()
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var table, key, currency string
		var found capture
		if err := rows.Scan(&table, &key, &found.amount, &currency, &found.parts); err != nil {
			return err
		}
		copy(found.currency[:], currency)
		if table == "case" {
			orders.left(strings.TrimPrefix(key, unmatchedCasePrefix), found)
		} else {
			orders.right(strings.TrimPrefix(key, unmatchedPrefix), found)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for order, asked := range orders.ours {
		detail := "a case is about it, and nothing is booked"
		if booked, ok := orders.theirs[order]; ok {
			detail = fmt.Sprintf("a case is about %s, and %s is booked in %d parts", asked, booked, booked.parts)
		}
		delete(orders.theirs, order)
		c.report.breach(name, detail, order)
	}
	for order, booked := range orders.theirs {
		c.report.breach(name, fmt.Sprintf("%s is booked for an order of nobody, and no case asks whose it is", booked), order)
	}
	return nil
}
