package check

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/internal/pay"
)

// The legal moves of a billing subscription and of a card registration, written
// out here once more. "" is how a history begins.
func subscriptionMoves() map[string][]string {
	return map[string][]string{
		"":           {"INCOMPLETE", "TRIALING", "ACTIVE"},
		"INCOMPLETE": {"ACTIVE", "CANCELED", "ENDED"},
		"TRIALING":   {"ACTIVE", "PAST_DUE", "PAUSED", "CANCELED", "ENDED"},
		"ACTIVE":     {"PAST_DUE", "PAUSED", "CANCELED"},
		"PAST_DUE":   {"ACTIVE", "CANCELED"},
		"PAUSED":     {"TRIALING", "ACTIVE", "CANCELED"},
	}
}

func registrationMoves() map[string][]string {
	return map[string][]string{
		"":                {"PENDING"},
		"PENDING":         {"ACTION_REQUIRED", "COMPLETED", "FAILED", "EXPIRED"},
		"ACTION_REQUIRED": {"COMPLETED", "FAILED", "EXPIRED"},
		"FAILED":          {"COMPLETED"},
		"EXPIRED":         {"COMPLETED"},
	}
}

// subscriptionsHistory: the versions of a subscription are 1, 2, 3 … without gaps,
// each goes on from where the one before ended by a legal move, and the
// subscription stands where they end.
func (c *checker) subscriptionsHistory(ctx context.Context, name string) error {
	const query = `
SELECT o.id, o.status, o.version, e.version, COALESCE(e."from", ''), COALESCE(e."to", '')
FROM billing_subscriptions o LEFT JOIN object_events e ON e.subscription_id = o.id
ORDER BY o.id, e.version, e.id`
	return objectHistory[pay.SubscriptionID](ctx, c, name, query, subscriptionMoves())
}

// registrationsHistory: the same of a card registration.
func (c *checker) registrationsHistory(ctx context.Context, name string) error {
	const query = `
SELECT o.id, o.status, o.version, e.version, COALESCE(e."from", ''), COALESCE(e."to", '')
FROM card_registrations o LEFT JOIN object_events e ON e.registration_id = o.id
ORDER BY o.id, e.version, e.id`
	return objectHistory[pay.CardRegistrationID](ctx, c, name, query, registrationMoves())
}

// past is what was read of one object's history so far.
type past struct {
	object, status string
	version        int    // of the object
	steps          int    // how many versions were read
	at             string // where they lead
	wrong          string // the first thing that is wrong
}

// objectHistory goes through the versions of every object and reports the first
// wrong thing of each.
func objectHistory[ID any, P interface {
	*ID
	sql.Scanner
	fmt.Stringer
}](ctx context.Context, c *checker, name, query string, moves map[string][]string) error {
	var h past
	finish := func() {
		if h.wrong == "" && (h.steps != h.version || h.at != h.status) {
			h.wrong = fmt.Sprintf("it is %s at version %d, and its history ends at %q with version %d", h.status, h.version, h.at, h.steps)
		}
		if h.wrong != "" {
			c.report.breach(name, h.wrong, h.object)
		}
	}
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var id ID
		var row past
		var version sql.Null[int]
		var from, to string
		if err := rows.Scan(P(&id), &row.status, &row.version, &version, &from, &to); err != nil {
			return err
		}
		if row.object = P(&id).String(); row.object != h.object {
			finish()
			h = row
		}
		if version.Valid {
			h.add(version.V, from, to, moves)
		}
		return nil
	})
	if err != nil {
		return err
	}
	finish()
	return nil
}

// add goes on by one version. A version that stays in its status is not a move.
func (h *past) add(version int, from, to string, moves map[string][]string) {
	h.steps++
	switch {
	case h.wrong != "":
	case version != h.steps:
		h.wrong = fmt.Sprintf("version %d stands where version %d should", version, h.steps)
	case from != h.at:
		h.wrong = fmt.Sprintf("version %d goes on from %q, and the one before ended at %q", version, from, h.at)
	case from != to && !slices.Contains(moves[from], to):
		h.wrong = fmt.Sprintf("version %d moves from %q to %s, which is no legal move", version, from, to)
	}
	h.at = to
}
