package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

const wholeBill = `
	fragment Whole on Bill {
		id status reviewReason reviews { id } version email pageId reference locale returnUrl metadata
		total { amount currency exponent decimal } paid { amount } refunded { amount } refundable { amount }
		lines { title quantity unit { decimal } tax }
		product { id code title active description prices { id amount { amount } interval trial active product { id } }
			grants { resources pages duration refundPolicy giftOf { id } } }
		billingSubscription { id } payer { id externalId } gift { id } refunds { id }
		nextAction { __typename ... on RedirectAction { url httpMethod fields { name value } expiresAt } ... on WaitAction { pollAfterMs } }
		allowedActions latestAttempt { id }
		attempts { id status amount { amount } fee { amount } captured { amount } bill { id lines { title } } card { id } decline { code }
			method { kind brand mask wallet { id } } provider { code name sandbox currencies capabilities }
			providerRef providerStatus createdAt updatedAt resolvedAt }
		entitlements { id kind resource grantedAt expiresAt revokedAt bill { id } }
		history { version from to reason actor note at }
		paidAt expiresAt createdAt updatedAt
	}`

const readBill = wholeBill + ` query($id: ID!) { bill(id: $id) { ...Whole } }`

func TestBill(t *testing.T) {
	t.Parallel()

	fact(t, "AGuestBuysAndReads", func(t *testing.T, b *bundle) {
		data := b.do(b.as(pay.RolePublic), wholeBill+` mutation($input: BillCreateInput!) {
			billCreate(input: $input) { bill { ...Whole } accessToken replayed errors { code } } }`,
			vars{"input": b.input(vars{"email": "reader@example.com", "metadata": vars{"n": 1}})})
		payload := get(t, data, "billCreate")
		require.Empty(t, get(t, payload, "errors"))
		require.NotEmpty(t, text(t, payload, "accessToken"))
		bill := get(t, payload, "bill")
		require.Equal(t, "PENDING", text(t, bill, "status"))
		require.Equal(t, map[string]any{"amount": 99000.0, "currency": "RUB", "exponent": 2.0, "decimal": "990.00"}, get(t, bill, "total"))
		require.Equal(t, "RedirectAction", text(t, bill, "nextAction", "__typename"))
		require.Equal(t, []any{map[string]any{"name": "a", "value": "1"}, map[string]any{"name": "b", "value": "2"}}, get(t, bill, "nextAction", "fields"))
		require.Equal(t, []any{"pay", "refresh", "cancel"}, get(t, bill, "allowedActions"), "as the holder of the token may")
		require.Equal(t, "One page", text(t, bill, "product", "title"))
		require.Equal(t, "*", text(t, bill, "product", "grants", "pages"))
		require.Equal(t, text(t, bill, "id"), text(t, bill, "attempts", 0, "bill", "id"))
		require.Equal(t, []any{"start", "sync"}, get(t, bill, "attempts", 0, "provider", "capabilities"))
		require.Equal(t, map[string]any{"n": 1.0}, get(t, bill, "metadata"))
		require.Empty(t, get(t, bill, "reviews"))
		require.Nil(t, get(t, bill, "payer"))

		id := text(t, bill, "id")
		require.Nil(t, b.do(b.as(pay.RolePublic), readBill, vars{"id": id})["bill"], "a page reads no bills")
		require.Equal(t, bill, b.do(b.guest(id), readBill, vars{"id": id})["bill"])
		require.Nil(t, b.do(b.as(pay.RoleUser), readBill, vars{"id": id})["bill"])
		theirs := b.by(viewer.Viewer{Role: pay.RoleServer, Merchant: b.other.ID})
		require.Nil(t, b.do(theirs, readBill, vars{"id": id})["bill"])

		b.paid(id)
		require.Equal(t, "WaitAction", text(t, b.do(b.guest(id), readBill, vars{"id": id}), "bill", "nextAction", "__typename"))
		b.fulfilled()
		done := b.do(b.guest(id), readBill, vars{"id": id})["bill"]
		require.Equal(t, "DONE", text(t, done, "status"))
		require.Nil(t, get(t, done, "nextAction"))
		require.InDelta(t, 99000, get(t, done, "refundable", "amount"), 0)
		require.Equal(t, "page", text(t, done, "entitlements", 0, "kind"))
		require.Equal(t, "news/42", text(t, done, "entitlements", 0, "resource"))
		require.Equal(t, id, text(t, done, "entitlements", 0, "bill", "id"))
		require.Nil(t, get(t, done, "history", 0, "from"))
	})

	fact(t, "OnlyThoseWhoMayPaySeeTheWayToPay", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleServer), nil)
		const query = `query($id: ID!) { bill(id: $id) { nextAction { __typename } allowedActions } }`
		shown := map[pay.Role]any{}
		for _, role := range []pay.Role{pay.RoleServer, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin} {
			shown[role] = b.do(b.as(role), query, vars{"id": id})["bill"]
		}
		payable := map[string]any{"nextAction": map[string]any{"__typename": "RedirectAction"}, "allowedActions": []any{"pay", "refresh", "cancel"}}
		watched := map[string]any{"nextAction": nil, "allowedActions": []any{"refresh", "cancel"}}
		require.Equal(t, map[pay.Role]any{
			pay.RoleServer: payable, pay.RoleAdmin: payable, pay.RoleSupport: watched, pay.RoleFinance: watched,
		}, shown)
	})

	fact(t, "ReviewsAreForPeople", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleUser), nil)
		b.provider.says[order(t, b, id)] = mismatched()
		b.do(b.as(pay.RoleServer), `mutation($id: ID!) { billRefresh(bill: $id) { bill { status } } }`, vars{"id": id})

		const query = `query($id: ID!) { bill(id: $id) { status reviewReason reviews { reason } } }`
		require.Equal(t, map[string]any{"status": "AMOUNT_MISMATCH", "reviewReason": nil, "reviews": []any{}},
			b.do(b.as(pay.RoleUser), query, vars{"id": id})["bill"])
		require.Equal(t, map[string]any{
			"status": "AMOUNT_MISMATCH", "reviewReason": "AMOUNT_MISMATCH", "reviews": []any{map[string]any{"reason": "AMOUNT_MISMATCH"}},
		}, b.do(b.as(pay.RoleSupport), query, vars{"id": id})["bill"])

		cases := b.do(b.as(pay.RoleFinance), `{ reviewCases { totalCount pageInfo { hasNextPage endCursor } nodes {
			reason openedAt details amount { amount } provider { code } allowedResolutions resolution note
			bill { id product { title } payer { externalId } } attempt { id bill { id lines { title } } } } } }`, nil)
		found := get(t, cases, "reviewCases", "nodes", 0)
		require.Equal(t, id, text(t, found, "bill", "id"))
		require.Equal(t, "One page", text(t, found, "bill", "product", "title"))
		require.Equal(t, id, text(t, found, "attempt", "bill", "id"))
		require.Equal(t, []any{"FULFIL", "DISMISS"}, get(t, found, "allowedResolutions"))
	})
}

// order is the number of the bill's newest attempt at the provider.
func order(t *testing.T, b *bundle, bill string) string {
	t.Helper()
	data := b.do(b.as(pay.RoleServer), `query($id: ID!) { bill(id: $id) { latestAttempt { providerRef } } }`, vars{"id": bill})
	return text(t, data, "bill", "latestAttempt", "providerRef")[len("ref-"):]
}

// mismatched is what a provider says that took another amount than was asked for.
func mismatched() providers.Result {
	return providers.Result{Status: providers.Captured, Captured: pay.Of(1, pay.RUB)}
}
