package graph_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

const resolveDocument = `mutation Resolve($input: ReviewResolveInput!) { reviewResolve(input: $input) {
	case { id resolution note resolvedBy resolvedAt allowedResolutions bill { id status } attempt { status } }
	bill { id status reviewReason entitlements { kind } history { reason note actor } }
	errors { __typename code key path retry ... on StateError { from allowed } ... on IdempotencyError { original { id __typename } } }
	replayed } }`

// misfit makes a bill that other money came for, and returns its id and that of
// its review case.
func (b *bundle) misfit() (bill, found string) {
	b.t.Helper()
	bill = b.bill(b.as(pay.RoleUser), nil)
	b.provider.says[order(b.t, b, bill)] = mismatched()
	b.do(b.as(pay.RoleServer), `mutation($id: ID!) { billRefresh(bill: $id) { bill { status } } }`, vars{"id": bill})
	return bill, text(b.t, b.do(b.as(pay.RoleFinance), `{ reviewCases { nodes { id } } }`, nil), "reviewCases", "nodes", 0, "id")
}

func TestReviewResolve(t *testing.T) {
	t.Parallel()

	input := func(id, resolution string) vars {
		return vars{"input": vars{"idempotencyKey": uuid.NewString(), "case": id, "resolution": resolution, "note": "agreed by telephone"}}
	}
	fact(t, "PersonEndsTheCase", func(t *testing.T, b *bundle) {
		bill, id := b.misfit()
		asked := input(id, "FULFIL")
		payload := b.do(b.as(pay.RoleFinance), resolveDocument, asked)["reviewResolve"]
		require.Equal(t, []any{}, get(t, payload, "errors"))
		require.Equal(t, false, get(t, payload, "replayed"))
		require.Equal(t, "FULFIL", text(t, payload, "case", "resolution"))
		require.Equal(t, "agreed by telephone", text(t, payload, "case", "note"))
		require.Equal(t, "FINANCE caller/FINANCE", text(t, payload, "case", "resolvedBy"))
		require.NotNil(t, get(t, payload, "case", "resolvedAt"))
		require.Equal(t, []any{}, get(t, payload, "case", "allowedResolutions"))
		require.Equal(t, map[string]any{"id": bill, "status": "PAID"}, get(t, payload, "case", "bill"))
		require.Equal(t, "CAPTURED", text(t, payload, "case", "attempt", "status"))
		require.Nil(t, get(t, payload, "bill", "reviewReason"))
		events, ok := get(t, payload, "bill", "history").([]any)
		require.True(t, ok)
		require.Equal(t, map[string]any{"reason": "review.fulfil", "note": "agreed by telephone", "actor": "FINANCE"}, events[len(events)-1])

		b.fulfilled()
		again := b.do(b.as(pay.RoleFinance), resolveDocument, asked)["reviewResolve"]
		require.Equal(t, true, get(t, again, "replayed"))
		require.Equal(t, "DONE", text(t, again, "bill", "status"))
		require.Equal(t, []any{map[string]any{"kind": "page"}}, get(t, again, "bill", "entitlements"))

		noted := b.do(b.as(pay.RoleUser), `query($id: ID!) { bill(id: $id) { history { note } } }`, vars{"id": bill})
		require.NotContains(t, get(t, noted, "bill", "history"), map[string]any{"note": "agreed by telephone"}, "the payer does not read it")
	})
	fact(t, "RefusalsSayWhatCanBeDone", func(t *testing.T, b *bundle) {
		_, id := b.misfit()
		payload := b.do(b.as(pay.RoleAdmin), resolveDocument, input(id, "RETRY_FULFILMENT"))["reviewResolve"]
		require.Equal(t, []any{map[string]any{
			"__typename": "StateError", "code": "STATE_CONFLICT", "key": "review.resolution_not_allowed", "path": []any{"resolution"},
			"retry": "RETRY_NEW_KEY", "from": "AMOUNT_MISMATCH", "allowed": []any{"FULFIL", "DISMISS"},
		}}, get(t, payload, "errors"))
		require.Nil(t, get(t, payload, "case", "resolution"))

		payload = b.do(b.as(pay.RoleAdmin), resolveDocument, input(id, "REFUND_ALL"))["reviewResolve"]
		require.Equal(t, []any{wrong("UNSUPPORTED", "review.refunds_unsupported", []any{"resolution"}, "DO_NOT_RETRY")}, get(t, payload, "errors"))

		asked := input(id, "DISMISS")
		b.do(b.as(pay.RoleAdmin), resolveDocument, asked)
		payload = b.do(b.as(pay.RoleFinance), resolveDocument, input(id, "FULFIL"))["reviewResolve"]
		require.Equal(t, "DISMISS", text(t, payload, "errors", 0, "from"))
		require.Equal(t, "DISMISS", text(t, payload, "case", "resolution"))

		other := asked["input"].(vars) //nolint:forcetypeassert,errcheck // made above
		other["note"] = "other"
		payload = b.do(b.as(pay.RoleAdmin), resolveDocument, asked)["reviewResolve"]
		require.Equal(t, map[string]any{"id": id, "__typename": "ReviewCase"}, get(t, payload, "errors", 0, "original"))
	})
	fact(t, "OthersMayNotAndSeeNothing", func(t *testing.T, b *bundle) {
		_, id := b.misfit()
		for _, role := range []pay.Role{pay.RolePublic, pay.RoleGuest, pay.RoleUser, pay.RoleServer, pay.RoleSupport} {
			denied := b.try(b.as(role), resolveDocument, input(id, "DISMISS"))
			require.Len(t, denied.Errors, 1)
			require.Equal(t, pay.CodeForbidden, denied.Errors[0].Extensions["code"], role)
		}
		stranger := b.by(viewer.Viewer{Role: pay.RoleAdmin, Merchant: b.other.ID, Principal: "operator/other"})
		for _, unseen := range []string{id, "rev_01h455vb4pex5vsknk084sn02q", "nonsense"} {
			payload := b.do(stranger, resolveDocument, input(unseen, "DISMISS"))["reviewResolve"]
			require.Equal(t, map[string]any{
				"case": nil, "bill": nil, "replayed": false,
				"errors": []any{wrong("NOT_FOUND", "case.not_found", []any{"case"}, "DO_NOT_RETRY")},
			}, payload)
		}
	})
}
