package check

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// eventsOnce: what a provider tells under one key is stored once.
func (c *checker) eventsOnce(ctx context.Context, name string) error {
	const query = `
SELECT account, event_key, COUNT(*) FROM provider_events GROUP BY account, event_key HAVING COUNT(*) > 1
ORDER BY account, event_key`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var account, key string
		var n int
		if err := rows.Scan(&account, &key, &n); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("account %s told it once, and it is stored %d times", account, n), key)
		return nil
	})
}

// eventWaits is how long a signed event may wait for its job, or for the attempt
// that it is about.
const eventWaits = time.Minute

// eventsProcessed: a signed event that was acknowledged is acted on. Hints prove
// nothing and may be left.
func (c *checker) eventsProcessed(ctx context.Context, name string) error {
	const query = `
SELECT id, account, order_number, received_at FROM provider_events WHERE processed_at IS NULL AND NOT hint ORDER BY id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.ProviderEventID
		var account, order string
		var received time.Time
		if err := rows.Scan(&id, &account, &order, &received); err != nil {
			return err
		}
		if c.isOld(received, eventWaits) {
			c.undecided(name, "what account "+account+" told is stored and not acted on", id.String(), order)
		}
		return nil
	})
}

// toldOfOrder is what is read of an event's result, by names of our own.
type toldOfOrder struct {
	Status string `json:"status"`
}

// eventsSettled: a signed event that was acted on and says that an attempt's
// money was taken left the attempt CAPTURED, or a person was asked. The merchants
// are compared as texts to keep SQLite from the attempts' index by merchant: there
// are few merchants.
func (c *checker) eventsSettled(ctx context.Context, name string) error {
	const query = `
SELECT e.id, a.id, a.bill_id, a.status, e.result
FROM provider_events e JOIN attempts a ON a.order_number = e.order_number AND CAST(a.merchant_id AS text) = CAST(e.merchant_id AS text)
WHERE e.processed_at IS NOT NULL AND NOT e.hint AND e.result IS NOT NULL AND a.status <> 'CAPTURED'
	AND a.id NOT IN (SELECT attempt_id FROM review_cases WHERE attempt_id IS NOT NULL)
ORDER BY e.id, a.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.ProviderEventID
		var attempt pay.AttemptID
		var bill pay.BillID
		var status string
		var result []byte
		if err := rows.Scan(&id, &attempt, &bill, &status, &result); err != nil {
			return err
		}
		var told toldOfOrder
		switch err := json.Unmarshal(result, &told); {
		case err != nil:
			c.report.breach(name, "what a signed event says of it cannot be read", attempt.String(), id.String())
		case told.Status == "CAPTURED":
			c.report.breach(name, fmt.Sprintf("a signed event says that its money was taken, and it is %s, without a review case", status),
				attempt.String(), bill.String(), id.String())
		}
		return nil
	})
}
