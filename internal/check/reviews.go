package check

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/internal/pay"
)

// The ways in which a case may end, by its reason, written out here once more.
func legalEndings() map[string][]string {
	return map[string][]string{
		"AMOUNT_MISMATCH":    {"FULFIL", "REFUND_EXCESS", "REFUND_ALL", "DISMISS"},
		"CURRENCY_MISMATCH":  {"REFUND_ALL", "DISMISS"},
		"DUPLICATE_PAYMENT":  {"FULFIL", "REFUND_ALL", "DISMISS"},
		"LATE_PAYMENT":       {"FULFIL", "REFUND_ALL", "DISMISS"},
		"IN_DOUBT":           {"FULFIL", "DISMISS"},
		"PROVIDER_DISAGREES": {"DISMISS"},
		"FULFILMENT_FAILED":  {"RETRY_FULFILMENT", "REFUND_ALL", "DISMISS"},
		"CHARGEBACK":         {"DISMISS"},
		"MODERATION":         {"DISMISS"},
		"UNMATCHED_PAYMENT":  {"REFUND_ALL", "DISMISS"},
	}
}

// reviewsOnce: one finding has one open case.
func (c *checker) reviewsOnce(ctx context.Context, name string) error {
	const query = `
SELECT key, COUNT(*) FROM review_cases WHERE resolved_at IS NULL GROUP BY key HAVING COUNT(*) > 1 ORDER BY key`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var key string
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("%d cases are open about it", n), key)
		return nil
	})
}

// reviewsResolved: a case that is over says how, why, by whom and when, and ended
// in a way that its reason allows; one that is open says none of it.
func (c *checker) reviewsResolved(ctx context.Context, name string) error {
	const query = `
SELECT id, reason, COALESCE(resolution, ''), COALESCE(note, ''), COALESCE(resolved_by, ''), resolved_at IS NOT NULL
FROM review_cases ORDER BY id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.ReviewCaseID
		var reason, resolution, note, by string
		var over bool
		if err := rows.Scan(&id, &reason, &resolution, &note, &by, &over); err != nil {
			return err
		}
		switch {
		case !over && resolution == "" && by == "":
		case !over || resolution == "" || by == "" || note == "":
			c.report.breach(name, "it is neither open nor resolved in full: how, why, by whom and when", id.String())
		case !slices.Contains(legalEndings()[reason], resolution):
			c.report.breach(name, fmt.Sprintf("it is about %s and was resolved by %s", reason, resolution), id.String())
		}
		return nil
	})
}

// reviewsOwner: a case is about a bill and an attempt of its own merchant, and the
// attempt is one of the bill's.
func (c *checker) reviewsOwner(ctx context.Context, name string) error {
	const query = `
SELECT r.id FROM review_cases r
LEFT JOIN bills b ON b.id = r.bill_id
LEFT JOIN attempts a ON a.id = r.attempt_id
WHERE b.merchant_id <> r.merchant_id OR a.merchant_id <> r.merchant_id OR a.bill_id <> r.bill_id
	OR r.bill_id IS NOT NULL AND b.id IS NULL OR r.attempt_id IS NOT NULL AND a.id IS NULL
ORDER BY r.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.ReviewCaseID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		c.report.breach(name, "its bill or attempt is not there, of another merchant, or they do not belong together", id.String())
		return nil
	})
}

// reviewsCarried: what a person decided was carried out. A bill whose money was
// accepted, or whose fulfilment was to be tried again, is PAID or further; an
// attempt in doubt whose money a person saw is CAPTURED; and what was taken and is to
// go back has a refund, whatever became of it.
func (c *checker) reviewsCarried(ctx context.Context, name string) error {
	const query = `
SELECT r.id, r.reason, r.resolution, b.id, b.status, COALESCE(a.status, '')
FROM review_cases r JOIN bills b ON b.id = r.bill_id LEFT JOIN attempts a ON a.id = r.attempt_id
WHERE r.resolution IN ('FULFIL', 'RETRY_FULFILMENT', 'REFUND_EXCESS') AND CASE r.reason
	WHEN 'IN_DOUBT' THEN COALESCE(a.status, '') <> 'CAPTURED'
	ELSE b.status NOT IN ('PAID', 'DONE', 'REFUNDED') END
UNION ALL
SELECT r.id, '', r.resolution, b.id, 'one whose money was taken, and no refund of it began', ''
FROM review_cases r JOIN bills b ON b.id = r.bill_id JOIN attempts a ON a.id = r.attempt_id
WHERE a.status = 'CAPTURED' AND (a.resolved_at IS NULL OR a.resolved_at <= r.resolved_at) AND (r.resolution = 'REFUND_EXCESS' OR r.resolution = 'REFUND_ALL' AND a.refunded_minor + a.refunding_minor < a.captured_minor)
	AND NOT EXISTS (SELECT 1 FROM refunds f WHERE f.review_id = r.id)
ORDER BY 1`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.ReviewCaseID
		var bill pay.BillID
		var reason, resolution, status, attempt string
		if err := rows.Scan(&id, &reason, &resolution, &bill, &status, &attempt); err != nil {
			return err
		}
		about := "bill is " + status
		if reason == "IN_DOUBT" {
			about = "attempt is " + attempt
		}
		c.report.breach(name, fmt.Sprintf("it was resolved by %s, and its %s", resolution, about), id.String(), bill.String())
		return nil
	})
}

// billsMismatch: a bill is AMOUNT_MISMATCH because a case says what is wrong with
// its money, whether or not a person has decided yet.
func (c *checker) billsMismatch(ctx context.Context, name string) error {
	const query = `
SELECT b.id FROM bills b WHERE b.status = 'AMOUNT_MISMATCH' AND b.id NOT IN (
	SELECT bill_id FROM review_cases WHERE bill_id IS NOT NULL AND reason IN ('AMOUNT_MISMATCH', 'CURRENCY_MISMATCH'))
ORDER BY b.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		c.report.breach(name, "it is AMOUNT_MISMATCH, and no review case says what is wrong with its money", id.String())
		return nil
	})
}
