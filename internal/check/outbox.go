package check

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// told is how many messages there are of one object, and of which versions.
type told struct{ messages, distinct, first, last int }

// outboxComplete: the outbox has one message for each version of a bill, a billing
// subscription and a card registration, and none for a version or an object that
// is not there.
func (c *checker) outboxComplete(ctx context.Context, name string) error {
	const query = `
SELECT 'bill', CAST(id AS text), version, version, 1, version FROM bills
UNION ALL
SELECT 'sub', CAST(id AS text), version, version, 1, version FROM billing_subscriptions
UNION ALL
SELECT 'creg', CAST(id AS text), version, version, 1, version FROM card_registrations
UNION ALL
SELECT '', object_id, COUNT(*), COUNT(DISTINCT version), MIN(version), MAX(version)
FROM outbox_messages WHERE SUBSTR(object_id, 1, 5) IN ('bill_', 'creg_') OR SUBSTR(object_id, 1, 4) = 'sub_' GROUP BY object_id`
	bills := newPairs[pay.BillID, told]()
	subscriptions := newPairs[pay.SubscriptionID, told]()
	registrations := newPairs[pay.CardRegistrationID, told]()
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var table, key string
		var t told
		if err := rows.Scan(&table, &key, &t.messages, &t.distinct, &t.first, &t.last); err != nil {
			return err
		}
		if table == "" {
			var err error
			switch prefix, _, _ := strings.Cut(key, "_"); prefix {
			case "bill":
				err = tellOf(bills, key, t, pay.ParseBillID)
			case "sub":
				err = tellOf(subscriptions, key, t, pay.ParseSubscriptionID)
			default:
				err = tellOf(registrations, key, t, pay.ParseCardRegistrationID)
			}
			if err != nil {
				c.report.breach(name, "messages are about an id that nothing can have", key)
			}
			return nil
		}
		switch table {
		case "bill":
			var id pay.BillID
			err := id.Scan(key)
			bills.left(id, t)
			return err
		case "sub":
			var id pay.SubscriptionID
			err := id.Scan(key)
			subscriptions.left(id, t)
			return err
		}
		var id pay.CardRegistrationID
		err := id.Scan(key)
		registrations.left(id, t)
		return err
	})
	if err != nil {
		return err
	}
	reportTold(c, name, bills)
	reportTold(c, name, subscriptions)
	reportTold(c, name, registrations)
	return nil
}

// tellOf adds the messages about the object that the key names.
func tellOf[ID comparable](objects pairs[ID, told], key string, t told, parse func(string) (ID, error)) error {
	id, err := parse(key)
	if err == nil {
		objects.right(id, t)
	}
	return err
}

// reportTold reports the objects whose messages are not those of their versions.
func reportTold[ID interface {
	comparable
	fmt.Stringer
}](c *checker, name string, objects pairs[ID, told]) {
	for id, want := range objects.ours {
		t := objects.theirs[id]
		delete(objects.theirs, id)
		c.report.breach(name, fmt.Sprintf("%d versions, and %d messages of %d of them (%d to %d)", want.last, t.messages, t.distinct, t.first, t.last), id.String())
	}
	for id, t := range objects.theirs {
		c.report.breach(name, fmt.Sprintf("%d messages about what is not there", t.messages), id.String())
	}
}
