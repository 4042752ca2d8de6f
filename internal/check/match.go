package check

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// order names one order of a vendor: its name and the order's number there, which is
// ours or the vendor's own.
type order struct{ provider, number string }

// taken is money that the book has, and the attempt that claims it.
type taken struct {
	captured int64
	refunded int64
	currency string
	captures int
	at       time.Time
	claimed  bool
}

// attemptRow is what the comparison needs of one attempt.
type attemptRow struct {
	id         pay.AttemptID
	bill       pay.BillID
	order      order
	ref        string // the vendor's own number
	status     string
	captured   int64
	refunded   int64
	out        int64 // what a refund gives back that the vendor may have done
	currency   string
	watchUntil time.Time
	askedAt    sql.NullTime
	updatedAt  time.Time
	operation  sql.NullTime // since when an operation is under way
	reviewed   bool         // an open review case is about it
	disagrees  bool         // a case, open or resolved, says that the provider's book differs, or that the bank took the money back
}

// bookMatched: the captures of the sandbox's book and our CAPTURED attempts are
// the same, one to one by provider and order number, each taken once, with the
// same amount and currency, and as much of it given back. Some vendors number
// orders themselves: theirs is the attempt's reference. Card verifications are
// counted apart. What was paid from a wallet is in no provider's book.
//
// Money in the book that no attempt took yet is one of three things. With an
// open review case it is known. It is pending, and no breach unless Strict, while
// the attempt is UNKNOWN, which the program resolves by asking for up to a day,
// or while it is open or watched and one of these is younger than 60 s: the
// money, the last question, its last change, the operation under way. A capture
// of ours that is newer than the reading of the book is pending too, and so is money
// that the book has as given back while our refund of it is out, which the program
// resolves by asking as well. Everything else is a breach.
//
// An order that no attempt has at all needs an UNMATCHED_PAYMENT case whose key ends
// with "/" and its number, and another amount than ours a PROVIDER_DISAGREES case;
// a person may have resolved them.
func (c *checker) bookMatched(ctx context.Context, name string) error {
	if c.Sandbox == "" {
		c.report.Skipped = append(c.report.Skipped, name+": no sandbox was named")
		return nil
	}
	began := c.Clock.Now()
	book := make(map[order]*taken)
	var payments, verifications int64
	err := c.readBook(ctx, func(e bookEntry) {
		if e.Kind == "verification" {
			verifications++
			return
		}
		payments++
		if e.Captures > 0 || e.CapturedMinor != 0 {
			book[order{e.Provider, e.OrderRef}] = &taken{captured: e.CapturedMinor, refunded: e.RefundedMinor, currency: e.Currency, captures: e.Captures, at: e.At}
		}
	})
	if err != nil {
		return err
	}
	c.report.count("orders in the book", payments)
	c.report.count("verifications in the book", verifications)
	if err := c.matchAttempts(ctx, name, book, began); err != nil {
		return err
	}
	return c.matchNobody(ctx, name, book)
}

// matchAttempts goes through all attempts, and marks the money that is claimed.
func (c *checker) matchAttempts(ctx context.Context, name string, book map[order]*taken, began time.Time) error {
	const query = `
SELECT a.id, a.bill_id, a.provider, a.order_number, COALESCE(a.provider_ref, ''), a.status, a.captured_minor, a.refunded_minor,
	CASE WHEN o.kind = 'REFUND' THEN o.amount_minor ELSE 0 END, COALESCE(r.currency, a.currency), a.watch_until, a.asked_at, a.updated_at, o.created_at, COALESCE(r.open, 0) = 1, COALESCE(r.disagrees, 0) = 1
FROM attempts a LEFT JOIN operations o ON o.attempt_id = a.id AND o.resolved_at IS NULL
LEFT JOIN (
	SELECT attempt_id, MAX(CASE WHEN reason IN ('CURRENCY_MISMATCH', 'LATE_PAYMENT', 'DUPLICATE_PAYMENT') THEN currency END) AS currency,
		MAX(CASE WHEN resolved_at IS NULL THEN 1 ELSE 0 END) AS open,
		MAX(CASE WHEN reason IN ('PROVIDER_DISAGREES', 'CHARGEBACK') THEN 1 ELSE 0 END) AS disagrees
	FROM review_cases WHERE attempt_id IS NOT NULL GROUP BY attempt_id
) r ON r.attempt_id = a.id
WHERE a.account <> 'wallet'
ORDER BY a.id`
	var last pay.AttemptID
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var a attemptRow
		err := rows.Scan(&a.id, &a.bill, &a.order.provider, &a.order.number, &a.ref, &a.status, &a.captured, &a.refunded, &a.out, &a.currency,
			&a.watchUntil, &a.askedAt, &a.updatedAt, &a.operation, &a.reviewed, &a.disagrees)
		if err != nil || a.id == last { // two open operations are operations.open's to report
			return err
		}
		last = a.id
		t := book[a.order]
		if t == nil && a.ref != "" {
			t = book[order{a.order.provider, a.ref}]
		}
		c.matchAttempt(name, a, t, began)
		return nil
	})
}

// matchAttempt compares one attempt with the money that the book has for its
// order, which is nil when it has none.
func (c *checker) matchAttempt(name string, a attemptRow, t *taken, began time.Time) {
	ours := a.status == "CAPTURED" && a.captured > 0
	objects := []string{a.id.String(), a.bill.String(), a.order.number}
	breach := func(format string, args ...any) {
		c.report.breach(name, fmt.Sprintf(format, args...), objects...)
	}
	switch {
	case t == nil && !ours:
	case t == nil && !a.updatedAt.Before(began):
		c.undecided(name, fmt.Sprintf("it took %s since the book was read", money(a.captured, a.currency)), objects...)
	case t == nil:
		breach("it took %s, and the book of %s has nothing", money(a.captured, a.currency), a.order.provider)
	case t.claimed:
		breach("two attempts have this order of %s", a.order.provider)
	default:
		t.claimed = true
		switch {
		case t.captures != 1:
			breach("%s took its money %d times", a.order.provider, t.captures)
		case !ours && a.reviewed:
		case !ours && c.mayStillLearn(a, t):
			c.undecided(name, fmt.Sprintf("%s took %s, and the attempt is still %s", a.order.provider, money(t.captured, t.currency), a.status), objects...)
		case !ours:
			breach("%s took %s, and the attempt is %s, without an open review case", a.order.provider, money(t.captured, t.currency), a.status)
		case (t.captured != a.captured || t.currency != a.currency) && !a.disagrees:
			breach("%s took %s, and %s is recorded", a.order.provider, money(t.captured, t.currency), money(a.captured, a.currency))
		case t.refunded == a.refunded || a.disagrees:
		case a.out > 0 && t.refunded == a.refunded+a.out, !a.updatedAt.Before(began):
			c.undecided(name, fmt.Sprintf("%s gave back %s, %s is recorded, and a refund is out", a.order.provider, money(t.refunded, t.currency), money(a.refunded, a.currency)), objects...)
		default:
			breach("%s gave back %s, and %s is recorded", a.order.provider, money(t.refunded, t.currency), money(a.refunded, a.currency))
		}
	}
}

// mayStillLearn reports whether the program is still on its way to hear of t.
func (c *checker) mayStillLearn(a attemptRow, t *taken) bool {
	now := c.Clock.Now()
	switch a.status {
	case "UNKNOWN":
		return true
	case "CREATED", "SENT", "ACTION_REQUIRED", "AUTHORIZED":
	default:
		if !now.Before(a.watchUntil) {
			return false
		}
	}
	news := []time.Time{t.at, a.askedAt.Time, a.updatedAt, a.operation.Time}
	return now.Before(slices.MaxFunc(news, time.Time.Compare).Add(grace))
}

// matchNobody reports the money that no attempt has to do with, unless a person
// has been asked about it.
func (c *checker) matchNobody(ctx context.Context, name string, book map[order]*taken) error {
	known, err := c.unmatchedCases(ctx)
	if err != nil {
		return err
	}
	for o, t := range book {
		if !t.claimed && !known[o.number] {
			c.report.breach(name, fmt.Sprintf("%s took %s for an order that is no attempt of ours", o.provider, money(t.captured, t.currency)), o.number)
		}
	}
	return nil
}

// unmatchedCases is the order numbers that cases are about. A resolved one counts:
// what was returned at the provider stays in its book.
func (c *checker) unmatchedCases(ctx context.Context) (map[string]bool, error) {
	const query = `
SELECT key FROM review_cases WHERE reason = 'UNMATCHED_PAYMENT'`
	known := make(map[string]bool)
	err := c.each(ctx, query, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		known[key[strings.LastIndexByte(key, '/')+1:]] = true
		return err
	})
	return known, err
}
