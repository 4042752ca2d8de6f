package check

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
)

// attemptsOwner: an attempt is of its bill's merchant and asks for its bill's
// currency, and only the bill of a subscription's period is charged by number.
func (c *checker) attemptsOwner(ctx context.Context, name string) error {
	const query = `
SELECT a.id, b.id FROM attempts a LEFT JOIN bills b ON b.id = a.bill_id
WHERE b.id IS NULL OR b.merchant_id <> a.merchant_id OR b.currency <> a.currency
	OR a.charge_try IS NOT NULL AND b.subscription_id IS NULL
ORDER BY a.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.AttemptID
		var bill sql.Null[pay.BillID]
		if err := rows.Scan(&id, &bill); err != nil {
			return err
		}
		c.report.breach(name, "its bill is not there, of another merchant or in another currency, or is charged by number and of no subscription", id.String(), bill.V.String())
		return nil
	})
}

// attemptsState: what an attempt says of itself fits its status. Only a CAPTURED
// one took money; one that ended without money is no bill's current attempt;
// nothing that is over is in doubt (money on its way back is refunds.out's); and what is paid from a wallet names it, is of
// no provider and charges no card.
func (c *checker) attemptsState(ctx context.Context, name string) error {
	const query = `
SELECT id, bill_id, status, captured_minor, currency, current, doubt_since IS NOT NULL,
	(wallet_id IS NOT NULL) <> (account = 'wallet') OR (wallet_id IS NOT NULL) <> (method_kind = 'WALLET') OR wallet_id IS NOT NULL AND card_id IS NOT NULL
FROM attempts
WHERE captured_minor > 0 AND status <> 'CAPTURED'
	OR current AND status IN ('DECLINED', 'FAILED', 'VOIDED', 'EXPIRED')
	OR doubt_since IS NOT NULL AND status IN ('DECLINED', 'FAILED', 'VOIDED', 'EXPIRED')
	OR (wallet_id IS NOT NULL) <> (account = 'wallet') OR (wallet_id IS NOT NULL) <> (method_kind = 'WALLET')
	OR wallet_id IS NOT NULL AND card_id IS NOT NULL
ORDER BY id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.AttemptID
		var bill pay.BillID
		var status, currency string
		var captured int64
		var current, doubted, halfWallet bool
		if err := rows.Scan(&id, &bill, &status, &captured, &currency, &current, &doubted, &halfWallet); err != nil {
			return err
		}
		detail := fmt.Sprintf("it is %s and its bill's current attempt", status)
		switch {
		case captured > 0 && status != "CAPTURED":
			detail = fmt.Sprintf("it is %s and took %s", status, money(captured, currency))
		case doubted:
			detail = fmt.Sprintf("it is %s and in doubt", status)
		case halfWallet:
			detail = "it is neither a wallet's in full nor a provider's: its method, account, wallet and card"
		}
		c.report.breach(name, detail, id.String(), bill.String())
		return nil
	})
}
