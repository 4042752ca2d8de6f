package check

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// periodsChain: the periods of a subscription follow one another without a gap and
// without an overlap, and the last one ends where the subscription says. It
// reports the first break of each.
func (c *checker) periodsChain(ctx context.Context, name string) error {
	const query = `
SELECT s.id, s.current_period_end, p.starts_at, p.ends_at
FROM billing_subscriptions s LEFT JOIN subscription_periods p ON p.subscription_id = s.id
ORDER BY s.id, p.starts_at, p.id`
	var last pay.SubscriptionID
	var end, reached sql.NullTime // what the subscription says, and what its periods come to
	var broken string
	finish := func() {
		switch {
		case last.IsZero():
		case broken != "":
			c.report.breach(name, broken, last.String())
		case end.Valid != reached.Valid || !end.Time.Equal(reached.Time):
			c.report.breach(name, fmt.Sprintf("it is paid or free until %s, and its periods end at %s", orNever(end), orNever(reached)), last.String())
		}
	}
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.SubscriptionID
		var says, starts, ends sql.NullTime
		if err := rows.Scan(&id, &says, &starts, &ends); err != nil {
			return err
		}
		if id != last {
			finish()
			last, end, reached, broken = id, says, sql.NullTime{}, ""
		}
		if reached.Valid && broken == "" && !starts.Time.Equal(reached.Time) {
			broken = fmt.Sprintf("a period begins at %s, and the one before it ends at %s", orNever(starts), orNever(reached))
		}
		reached = ends
		return nil
	})
	if err != nil {
		return err
	}
	finish()
	return nil
}

// orNever writes an instant that need not be.
func orNever(t sql.NullTime) string {
	if !t.Valid {
		return "no time"
	}
	return t.Time.UTC().Format(time.RFC3339)
}

// periodsPaid: a paid period has a bill of its subscription that was paid and is
// for that very time; a trial and a pause have none, and a gift another's. A bill
// that is paid when another period took its place, or when its subscription is
// over, brings its time at the end.
func (c *checker) periodsPaid(ctx context.Context, name string) error {
	const query = `
SELECT p.subscription_id, p.kind, p.starts_at, p.ends_at, p.bill_id, b.status, b.subscription_id, b.period_start, b.period_end,
	s.ended_at IS NOT NULL OR EXISTS (SELECT 1 FROM subscription_periods o
		WHERE o.subscription_id = p.subscription_id AND o.id <> p.id AND o.starts_at <= b.period_start AND o.ends_at > b.period_start)
FROM subscription_periods p JOIN billing_subscriptions s ON s.id = p.subscription_id LEFT JOIN bills b ON b.id = p.bill_id
ORDER BY p.subscription_id, p.starts_at, p.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.SubscriptionID
		var kind string
		var starts, ends time.Time
		var bill sql.Null[pay.BillID]
		var status sql.NullString
		var of sql.Null[pay.SubscriptionID]
		var from, to sql.NullTime
		var late bool
		if err := rows.Scan(&id, &kind, &starts, &ends, &bill, &status, &of, &from, &to, &late); err != nil {
			return err
		}
		was := "its " + kind + " period from " + starts.UTC().Format(time.RFC3339)
		paid := status.String == "DONE" || status.String == "REFUNDED"
		switch {
		case kind != "paid" && kind != "gift" && bill.Valid:
			c.report.breach(name, was+" has a bill", id.String(), bill.V.String())
		case kind == "gift" && (!paid || of.Valid):
			c.report.breach(name, was+" was paid by no gift's bill", id.String(), bill.V.String())
		case kind == "paid" && (!paid || !of.Valid || of.V != id):
			c.report.breach(name, was+" was paid by no bill of the subscription", id.String(), bill.V.String())
		case kind == "paid" && !late && (!from.Valid || !to.Valid || !from.Time.Equal(starts) || !to.Time.Equal(ends)):
			c.report.breach(name, was+" has a bill that is for other time", id.String(), bill.V.String())
		}
		return nil
	})
}

// periodsComplete: the bill of a period is of its subscription's payer, and brought
// the time that it paid for.
func (c *checker) periodsComplete(ctx context.Context, name string) error {
	const query = `
SELECT b.id, b.subscription_id, s.id IS NOT NULL AND b.user_id IS NOT NULL AND b.user_id = s.user_id AND b.merchant_id = s.merchant_id
		AND b.period_start IS NOT NULL AND b.period_end IS NOT NULL,
	b.status = 'DONE', (SELECT COUNT(*) FROM subscription_periods p WHERE p.bill_id = b.id)
FROM bills b LEFT JOIN billing_subscriptions s ON s.id = b.subscription_id
WHERE b.subscription_id >= ` + anyID
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		var of pay.SubscriptionID
		var owned, done bool
		var periods int
		if err := rows.Scan(&id, &of, &owned, &done, &periods); err != nil {
			return err
		}
		switch {
		case !owned:
			c.report.breach(name, "its subscription is not there, of another payer, or it says no time", id.String(), of.String())
		case periods > 1, done && periods == 0:
			c.report.breach(name, fmt.Sprintf("it paid for one period, and there are %d", periods), id.String(), of.String())
		}
		return nil
	})
}
