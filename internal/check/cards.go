package check

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/paygraph/paygraph/internal/pay"
)

// cardsDefault: a user has one default card at most, and not a removed one.
func (c *checker) cardsDefault(ctx context.Context, name string) error {
	const query = `
SELECT user_id, COUNT(*), SUM(CASE WHEN removed_at IS NOT NULL OR status = 'REMOVED' THEN 1 ELSE 0 END)
FROM cards WHERE is_default GROUP BY user_id
HAVING COUNT(*) > 1 OR SUM(CASE WHEN removed_at IS NOT NULL OR status = 'REMOVED' THEN 1 ELSE 0 END) > 0
ORDER BY user_id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.UserID
		var n, removed int
		if err := rows.Scan(&id, &n, &removed); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("%d default cards, %d of them removed", n, removed), id.String())
		return nil
	})
}

// mostDigits is how many digits of a card's number may be kept: the first six and
// the last four.
const mostDigits = 10

// cardsMask: no text of a saved card has more digits than a mask may show. The
// report does not repeat them.
func (c *checker) cardsMask(ctx context.Context, name string) error {
	const query = `
SELECT id, mask, brand, COALESCE(holder, '') FROM cards ORDER BY id`
	columns := []string{"mask", "brand", "holder"}
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.CardID
		texts := make([]string, len(columns))
		if err := rows.Scan(&id, &texts[0], &texts[1], &texts[2]); err != nil {
			return err
		}
		for at, text := range texts {
			if n := len(text) - len(strings.Map(notDigit, text)); n > mostDigits {
				c.report.breach(name, fmt.Sprintf("its %s has %d digits", columns[at], n), id.String())
			}
		}
		return nil
	})
}

// notDigit drops the digits from a text; those beyond ASCII are dropped as letters
// of several bytes, which only makes them count for more.
func notDigit(r rune) rune {
	if unicode.IsDigit(r) {
		return -1
	}
	return r
}

// registrationsCard: the card that a COMPLETED registration brought is of its user,
// at its account.
func (c *checker) registrationsCard(ctx context.Context, name string) error {
	const query = `
SELECT r.id, r.card_id FROM card_registrations r LEFT JOIN cards k ON k.id = r.card_id
WHERE r.status = 'COMPLETED' AND (k.id IS NULL OR k.user_id <> r.user_id OR k.merchant_id <> r.merchant_id OR k.account <> r.account)
ORDER BY r.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.CardRegistrationID
		var card sql.Null[pay.CardID]
		if err := rows.Scan(&id, &card); err != nil {
			return err
		}
		c.report.breach(name, "its card is not there, of another user or at another account", id.String(), card.V.String())
		return nil
	})
}

// openingTakes is how long the page of a registration may take to open.
const openingTakes = 30 * time.Second

// registrationsPending: the page of a registration opened, or is known not to have.
func (c *checker) registrationsPending(ctx context.Context, name string) error {
	const query = `
SELECT id, created_at FROM card_registrations WHERE status = 'PENDING' ORDER BY id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.CardRegistrationID
		var since time.Time
		if err := rows.Scan(&id, &since); err != nil {
			return err
		}
		if c.isOld(since, openingTakes) {
			c.undecided(name, "it is PENDING, and its page may or may not be open", id.String())
		}
		return nil
	})
}
