package check

import (
	"context"
	"database/sql"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// subscriptionsOpen: a subscription has one bill at most that waits to be paid, and
// names it; the one that it names is its own and not done.
func (c *checker) subscriptionsOpen(ctx context.Context, name string) error {
	const query = `
SELECT s.id, b.id, 'a bill of its waits to be paid, and it does not say so'
FROM billing_subscriptions s CROSS JOIN bills b
WHERE b.subscription_id = s.id AND b.status IN ('PENDING', 'AUTHORIZED') AND (s.open_bill_id IS NULL OR s.open_bill_id <> b.id)
UNION ALL
SELECT s.id, s.open_bill_id, 'the bill that it calls open is done, or not its own'
FROM billing_subscriptions s LEFT JOIN bills b ON b.id = s.open_bill_id
WHERE s.open_bill_id IS NOT NULL AND (b.id IS NULL OR b.subscription_id IS NULL OR b.subscription_id <> s.id OR b.status = 'DONE')`
	return wrongOfBill[pay.SubscriptionID](ctx, c, name, query)
}

// subscriptionsState: a subscription has what its status needs: the time that is
// paid or free, when it goes on by itself, and why it does not. One that is over
// goes on only to end its open bill.
func (c *checker) subscriptionsState(ctx context.Context, name string) error {
	const query = `
SELECT id, status, wrong FROM (
	SELECT id, status, CASE
		WHEN status IN ('TRIALING', 'ACTIVE', 'PAST_DUE') AND (current_period_start IS NULL OR current_period_end IS NULL OR current_period_end <= current_period_start)
			THEN 'has no period'
		WHEN status IN ('INCOMPLETE', 'TRIALING', 'ACTIVE', 'PAST_DUE') AND next_action_at IS NULL AND test_clock_id IS NULL THEN 'does nothing by itself any more'
		WHEN status = 'TRIALING' AND trial_end IS NULL THEN 'has no end of its trial'
		WHEN status = 'PAST_DUE' AND past_due_since IS NULL THEN 'does not say since when'
		WHEN status = 'PAUSED' AND paused_at IS NULL THEN 'does not say since when'
		WHEN status IN ('CANCELED', 'ENDED') AND ended_at IS NULL THEN 'does not say since when'
		WHEN status IN ('CANCELED', 'ENDED') AND next_action_at IS NOT NULL AND open_bill_id IS NULL THEN 'goes on by itself'
	END AS wrong FROM billing_subscriptions
) states WHERE wrong IS NOT NULL ORDER BY id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.SubscriptionID
		var status, wrong string
		if err := rows.Scan(&id, &status, &wrong); err != nil {
			return err
		}
		c.report.breach(name, "it is "+status+" and "+wrong, id.String())
		return nil
	})
}

// How long what a subscription gives may be used beyond the time that is paid or
// free: while a renewal is tried again, and once the subscription is over.
const (
	longestGrace = 60 * 24 * time.Hour
	afterTheEnd  = 24 * time.Hour
)

// subscriptionsAccess: what a subscription gives is given to its user, and lasts no
// longer than what is paid for and a grace; when it is over, hardly longer than
// that. The grace of a bill that is open begins when it was made, which after a
// downtime, or a leap of a test clock, is later than it was due.
func (c *checker) subscriptionsAccess(ctx context.Context, name string) error {
	const query = `
SELECT e.id, e.subscription_id, s.id IS NOT NULL AND e.user_id IS NOT NULL AND e.user_id = s.user_id AND e.merchant_id = s.merchant_id,
	e.expires_at, s.current_period_end, s.ended_at, s.open_bill_id IS NOT NULL, s.updated_at, k.now
FROM entitlements e LEFT JOIN billing_subscriptions s ON s.id = e.subscription_id LEFT JOIN test_clocks k ON k.id = s.test_clock_id
WHERE e.subscription_id >= ` + anyID + ` AND e.revoked_at IS NULL`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.EntitlementID
		var of pay.SubscriptionID
		var owned, open bool
		var expires, paid, ended, updated, clock sql.NullTime
		if err := rows.Scan(&id, &of, &owned, &expires, &paid, &ended, &open, &updated, &clock); err != nil {
			return err
		}
		most := paid.Time.Add(longestGrace)
		switch {
		case ended.Valid:
			most = latest(paid, ended).Add(afterTheEnd)
		case open && clock.Valid:
			most = latest(paid, clock).Add(longestGrace)
		case open:
			most = latest(paid, updated).Add(longestGrace)
		}
		switch {
		case !owned:
			c.report.breach(name, "what it gives is not its user's", of.String(), id.String())
		case !paid.Valid:
			c.report.breach(name, "it gives something, and nothing was paid or free", of.String(), id.String())
		case !expires.Valid || expires.Time.After(most):
			c.report.breach(name, "what it gives lasts until "+orNever(expires)+", and is paid or free until "+orNever(paid), of.String(), id.String())
		}
		return nil
	})
}

// latest is the later of two instants.
func latest(a, b sql.NullTime) time.Time {
	if a.Time.After(b.Time) {
		return a.Time
	}
	return b.Time
}

// nextStepTakes is how long a subscription may wait for its job once something is
// due.
const nextStepTakes = time.Minute

// subscriptionsDue: where something is due there is a job that does it. What lives
// by a test clock waits for that to be moved.
func (c *checker) subscriptionsDue(ctx context.Context, name string) error {
	const query = `
SELECT 'subscription', CAST(id AS text) FROM billing_subscriptions WHERE test_clock_id IS NULL AND next_action_at < ?
UNION ALL
SELECT 'job', key FROM jobs WHERE kind = 'subscription.step'`
	due, jobs := make(map[string]bool), make(map[string]bool)
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var table, key string
		if err := rows.Scan(&table, &key); err != nil {
			return err
		}
		if table == "job" {
			jobs[key] = true
			return nil
		}
		var id pay.SubscriptionID
		err := id.Scan(key)
		due[id.String()] = true
		return err
	}, c.before(nextStepTakes))
	if err != nil {
		return err
	}
	for id := range due {
		if !jobs[id] {
			c.undecided(name, "something is due for it, and no job does it", id)
		}
	}
	return nil
}
