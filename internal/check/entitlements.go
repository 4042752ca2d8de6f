package check

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// entitlementsOnce: a bill or a subscription gives one thing once.
func (c *checker) entitlementsOnce(ctx context.Context, name string) error {
	const query = `
SELECT bill_id, NULL, kind, resource, COUNT(*)
FROM entitlements WHERE bill_id IS NOT NULL GROUP BY bill_id, kind, resource HAVING COUNT(*) > 1
UNION ALL
SELECT NULL, subscription_id, kind, resource, COUNT(*)
FROM entitlements WHERE subscription_id >= ` + anyID + ` GROUP BY subscription_id, kind, resource HAVING COUNT(*) > 1
ORDER BY 1, 2, 3, 4`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var bill sql.Null[pay.BillID]
		var subscription sql.Null[pay.SubscriptionID]
		var kind, resource string
		var n int
		if err := rows.Scan(&bill, &subscription, &kind, &resource, &n); err != nil {
			return err
		}
		object := subscription.V.String()
		if bill.Valid {
			object = bill.V.String()
		}
		c.report.breach(name, fmt.Sprintf("it gave %s %q %d times", kind, resource, n), object)
		return nil
	})
}

// entitlementsPaid: nothing is given for a bill that never was paid. What a
// subscription gives is subscriptions.access's to judge.
func (c *checker) entitlementsPaid(ctx context.Context, name string) error {
	const query = `
SELECT e.id, e.bill_id, e.kind, e.resource
FROM entitlements e
WHERE e.bill_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM bill_events v WHERE v.bill_id = e.bill_id AND v."to" = 'PAID')
ORDER BY e.id`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.EntitlementID
		var bill pay.BillID
		var kind, resource string
		if err := rows.Scan(&id, &bill, &kind, &resource); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("%s %q was given, and the bill never was paid", kind, resource), bill.String(), id.String())
		return nil
	})
}

// sameEdit is how far apart an edit of a product and a fulfilment may be dated
// and yet have crossed: both are dated when their transactions begin.
const sameEdit = time.Minute

// entitlementsComplete: a DONE bill of a DIRECT product has given its page and
// every resource of the product. The resources of a product that was edited
// after the fulfilment are not known any more and are left out.
func (c *checker) entitlementsComplete(ctx context.Context, name string) error {
	query := `
SELECT b.id, 'resource', r.value, p.created_at, p.updated_at, done.at
FROM bills b
JOIN products p ON p.id = b.product_id AND p.kind = 'DIRECT'
JOIN bill_events done ON done.bill_id = b.id AND done."to" = 'DONE' AND done."from" = 'PAID'
` + c.eachResource() + `
WHERE b.status = 'DONE' AND r.value IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM entitlements e WHERE e.bill_id = b.id AND e.kind = 'resource' AND e.resource = r.value)
UNION ALL
SELECT b.id, 'page', b.page_id, p.created_at, p.created_at, p.created_at
FROM bills b JOIN products p ON p.id = b.product_id AND p.kind = 'DIRECT'
WHERE b.status = 'DONE' AND b.page_id IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM entitlements e WHERE e.bill_id = b.id AND e.kind = 'page' AND e.resource = b.page_id)
ORDER BY 1, 2, 3`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		var kind, resource string
		var made, edited, done time.Time
		if err := rows.Scan(&id, &kind, &resource, &made, &edited, &done); err != nil {
			return err
		}
		if edited.After(made) && edited.After(done.Add(-sameEdit)) {
			return nil
		}
		c.report.breach(name, fmt.Sprintf("it is DONE and did not give %s %q", kind, resource), id.String())
		return nil
	})
}

// eachResource joins r.value, the names in a product's list of resources, which
// is JSON: a list, null or nothing.
func (c *checker) eachResource() string {
	if c.Store.IsPostgres() {
		return `CROSS JOIN LATERAL jsonb_array_elements_text(
	CASE WHEN jsonb_typeof(p.grant_resources) = 'array' THEN p.grant_resources ELSE '[]' END) AS r(value)`
	}
	return `JOIN json_each(COALESCE(p.grant_resources, '[]')) r`
}
