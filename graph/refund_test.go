package graph_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

const refundDocument = `mutation Refund($input: RefundCreateInput!) { refundCreate(input: $input) {
	refund { id status amount { amount currency } reason failure { code } bill { id } attempt { status } }
	bill { id status refunded { amount } refundable { amount } allowedActions refunds { id status } entitlements { revokedAt } }
	errors { __typename code key path retry ... on LimitError { limit { amount } available { amount } } }
	replayed } }`

const approveDocument = `mutation Approve($key: ID!, $refund: ID!) { refundApprove(idempotencyKey: $key, refund: $refund) {
	refund { id status } bill { id status } errors { code key path } replayed } }`

// toRefund is the input of a refund: all that is left, or an amount.
func toRefund(bill string, amount ...int64) vars {
	input := vars{"idempotencyKey": uuid.NewString(), "bill": bill, "reason": "The page was empty."}
	for _, minor := range amount {
		input["amount"] = vars{"amount": minor, "currency": "RUB"}
	}
	return vars{"input": input}
}

// returned gives a part of a bill back and returns the refund's id.
func (b *bundle) returned(bill string, amount int64) string {
	b.t.Helper()
	b.provider.refunds = true
	payload := b.do(b.as(pay.RoleFinance), refundDocument, toRefund(bill, amount))["refundCreate"]
	require.Equal(b.t, []any{}, get(b.t, payload, "errors"))
	return text(b.t, payload, "refund", "id")
}

// sold is a bill of alice's that is done, at a provider that gives money back.
func (b *bundle) sold() string {
	b.t.Helper()
	b.provider.refunds = true
	id := b.bill(b.as(pay.RoleUser), nil)
	b.paid(id)
	b.fulfilled()
	return id
}

func TestRefundCreate(t *testing.T) {
	t.Parallel()

	fact(t, "MoneyGoesBackInParts", func(t *testing.T, b *bundle) {
		bill := b.sold()
		asked := toRefund(bill, 10000)
		payload := b.do(b.as(pay.RoleSupport), refundDocument, asked)["refundCreate"]
		id := text(t, payload, "refund", "id")
		require.Equal(t, map[string]any{
			"refund": map[string]any{
				"id": id, "status": "SUCCEEDED", "amount": map[string]any{"amount": 10000.0, "currency": "RUB"}, "reason": "The page was empty.",
				"failure": nil,
				"bill":    map[string]any{"id": bill}, "attempt": map[string]any{"status": "CAPTURED"},
			},
			"bill": map[string]any{
				"id": bill, "status": "DONE", "refunded": map[string]any{"amount": 10000.0}, "refundable": map[string]any{"amount": 89000.0},
				"allowedActions": []any{"refresh"}, "refunds": []any{map[string]any{"id": id, "status": "SUCCEEDED"}},
				"entitlements": []any{map[string]any{"revokedAt": nil}},
			},
			"errors": []any{}, "replayed": false,
		}, payload)
		may := b.do(b.as(pay.RoleFinance), `query($id: ID!) { bill(id: $id) { allowedActions } }`, vars{"id": bill})
		require.Equal(t, []any{"refresh", "refund"}, get(t, may, "bill", "allowedActions"), "SUPPORT's limit is used up, and not FINANCE's")
		again := b.do(b.as(pay.RoleSupport), refundDocument, asked)["refundCreate"]
		require.Equal(t, true, get(t, again, "replayed"))
		require.Equal(t, id, text(t, again, "refund", "id"))

		tooMuch := b.do(b.as(pay.RoleSupport), refundDocument, toRefund(bill, 1))["refundCreate"]
		require.Equal(t, []any{map[string]any{
			"__typename": "LimitError", "code": "LIMIT_EXCEEDED", "key": "refund.above_your_limit", "path": []any{"amount"}, "retry": "DO_NOT_RETRY",
			"limit": map[string]any{"amount": 10000.0}, "available": map[string]any{"amount": 0.0},
		}}, get(t, tooMuch, "errors"))
		require.Nil(t, get(t, tooMuch, "refund"))

		mine := b.do(b.as(pay.RoleUser), `query($bill: ID!, $id: ID!) { bill(id: $bill) { refunds { id status bill { id } attempt { id } } allowedActions }
			node(id: $id) { ... on Refund { id amount { amount } bill { id } } } }`, vars{"bill": bill, "id": id})
		require.Equal(t, bill, text(t, mine, "bill", "refunds", 0, "bill", "id"))
		require.Equal(t, map[string]any{"id": id, "amount": map[string]any{"amount": 10000.0}, "bill": map[string]any{"id": bill}}, get(t, mine, "node"))
		require.Equal(t, []any{"refresh"}, get(t, mine, "bill", "allowedActions"))
	})
	fact(t, "ASecondPersonApproves", func(t *testing.T, b *bundle) {
		bill := b.sold()
		payload := b.do(b.as(pay.RoleFinance), refundDocument, toRefund(bill))["refundCreate"]
		require.Equal(t, []any{}, get(t, payload, "errors"))
		require.Equal(t, "AWAITING_APPROVAL", text(t, payload, "refund", "status"))
		require.Equal(t, []any{"refresh"}, get(t, payload, "bill", "allowedActions"), "all is spoken for")
		require.InDelta(t, 0, get(t, payload, "bill", "refundable", "amount"), 0)
		id := text(t, payload, "refund", "id")
		const waiting = `{ bills(filter: {refundStatus: [AWAITING_APPROVAL]}) { nodes { id } totalCount } }`
		require.Equal(t, map[string]any{"nodes": []any{map[string]any{"id": bill}}, "totalCount": 1.0}, b.do(b.as(pay.RoleAdmin), waiting, nil)["bills"])

		own := b.do(b.as(pay.RoleFinance), approveDocument, vars{"key": uuid.NewString(), "refund": id})["refundApprove"]
		require.Equal(t, []any{map[string]any{"code": "FORBIDDEN", "key": "refund.own_request", "path": []any{"refund"}}}, get(t, own, "errors"))
		approval := vars{"key": uuid.NewString(), "refund": id}
		done := b.do(b.as(pay.RoleAdmin), approveDocument, approval)["refundApprove"]
		require.Equal(t, map[string]any{
			"refund": map[string]any{"id": id, "status": "SUCCEEDED"},
			"bill":   map[string]any{"id": bill, "status": "REFUNDED"}, "errors": []any{}, "replayed": false,
		}, done)
		require.Equal(t, true, get(t, b.do(b.as(pay.RoleAdmin), approveDocument, approval), "refundApprove", "replayed"))
		require.Equal(t, map[string]any{"nodes": []any{}, "totalCount": 0.0}, b.do(b.as(pay.RoleAdmin), waiting, nil)["bills"])

		const names = `query($id: ID!) { node(id: $id) { ... on Refund { requestedBy approvedBy } } }`
		require.Equal(t, map[string]any{"requestedBy": "FINANCE caller/FINANCE", "approvedBy": "ADMIN caller/ADMIN"},
			b.do(b.as(pay.RoleSupport), names, vars{"id": id})["node"])
		for _, role := range []pay.Role{pay.RoleUser, pay.RoleServer} {
			require.Equal(t, map[string]any{"requestedBy": nil, "approvedBy": nil}, b.do(b.as(role), names, vars{"id": id})["node"], "the staff's names are the staff's")
		}
		stranger := b.by(viewer.Viewer{Role: pay.RoleAdmin, Merchant: b.other.ID, Principal: "operator/other"})
		for _, unseen := range []string{id, "ref_01h455vb4pex5vsknk084sn02q", "nonsense"} {
			payload := b.do(stranger, approveDocument, vars{"key": uuid.NewString(), "refund": unseen})["refundApprove"]
			require.Equal(t, map[string]any{
				"refund": nil, "bill": nil, "replayed": false,
				"errors": []any{map[string]any{"code": "NOT_FOUND", "key": "refund.not_found", "path": []any{"refund"}}},
			}, payload)
		}
	})
	fact(t, "ProviderThatCannotIsNotAsked", func(t *testing.T, b *bundle) {
		bill := b.sold()
		b.provider.refunds = false
		payload := b.do(b.as(pay.RoleAdmin), refundDocument, toRefund(bill))["refundCreate"]
		require.Equal(t, []any{map[string]any{
			"__typename": "InputError", "code": "UNSUPPORTED", "key": "refund.unsupported", "path": []any{"bill"}, "retry": "DO_NOT_RETRY",
		}}, get(t, payload, "errors"))
		require.Equal(t, []any{"refresh"}, get(t, payload, "bill", "allowedActions"))
		require.InDelta(t, 99000, get(t, payload, "bill", "refundable", "amount"), 0, "it is left, whoever can give it back")
		require.Nil(t, get(t, payload, "refund"))
		require.Equal(t, bill, text(t, payload, "bill", "id"))
	})
	fact(t, "PayersMayNot", func(t *testing.T, b *bundle) {
		bill := b.sold()
		for _, role := range []pay.Role{pay.RolePublic, pay.RoleGuest, pay.RoleUser} {
			denied := b.try(b.as(role), refundDocument, toRefund(bill, 1))
			require.Equal(t, pay.CodeForbidden, denied.Errors[0].Extensions["code"], role)
		}
		for _, role := range []pay.Role{pay.RoleGuest, pay.RoleUser, pay.RoleServer, pay.RoleSupport} {
			denied := b.try(b.as(role), approveDocument, vars{"key": "k", "refund": "x"})
			require.Equal(t, pay.CodeForbidden, denied.Errors[0].Extensions["code"], role)
		}
	})
	fact(t, "EveryStepIsPushed", func(t *testing.T, b *bundle) {
		bill := b.sold()
		live := b.watch(b.as(pay.RoleUser), "billUpdated", `subscription($id: ID!) { billUpdated(id: $id) {
			bill { version status refunds { status } refunded { amount } history { reason } } } }`, vars{"id": bill})
		before := live.message(t)
		require.Equal(t, []any{}, get(t, before, "bill", "refunds"))
		b.do(b.as(pay.RoleFinance), refundDocument, toRefund(bill, 50000))
		version, last := get(t, before, "bill", "version"), any(nil)
		for range 3 { // versions may be skipped, and never go back
			next := live.message(t)
			require.Greater(t, get(t, next, "bill", "version"), version)
			version, last = get(t, next, "bill", "version"), next
			if text(t, next, "bill", "refunds", 0, "status") == "SUCCEEDED" {
				break
			}
		}
		require.Equal(t, "SUCCEEDED", text(t, last, "bill", "refunds", 0, "status"))
		require.InDelta(t, 50000, get(t, last, "bill", "refunded", "amount"), 0)
		events, ok := get(t, last, "bill", "history").([]any)
		require.True(t, ok)
		var reasons []string
		for _, e := range events[len(events)-3:] {
			reasons = append(reasons, text(t, e, "reason"))
		}
		require.Equal(t, []string{"refund.requested", "refund.sent", "refund.succeeded"}, reasons)
	})
}

const rejectDocument = `mutation Reject($key: ID!, $refund: ID!, $reason: String!) { refundReject(idempotencyKey: $key, refund: $refund, reason: $reason) {
	refund { id status failure { code message } resolvedAt } bill { id status refundable { amount } allowedActions history { reason note actor } }
	errors { code key path } replayed } }`

func TestRefundReject(t *testing.T) {
	t.Parallel()

	rejection := func(id string) vars {
		return vars{"key": uuid.NewString(), "refund": id, "reason": "The page was there."}
	}
	waiting := func(b *bundle) (bill, id string) {
		bill = b.sold()
		payload := b.do(b.as(pay.RoleFinance), refundDocument, toRefund(bill))["refundCreate"]
		require.Equal(b.t, "AWAITING_APPROVAL", text(b.t, payload, "refund", "status"))
		return bill, text(b.t, payload, "refund", "id")
	}
	fact(t, "AnotherPersonTurnsItDown", func(t *testing.T, b *bundle) {
		bill, id := waiting(b)
		asked := rejection(id)
		payload := b.do(b.as(pay.RoleAdmin), rejectDocument, asked)["refundReject"]
		require.Equal(t, []any{}, get(t, payload, "errors"))
		require.Equal(t, "FAILED", text(t, payload, "refund", "status"))
		require.Equal(t, "rejected", text(t, payload, "refund", "failure", "code"))
		require.NotNil(t, get(t, payload, "refund", "resolvedAt"))
		require.Equal(t, "DONE", text(t, payload, "bill", "status"))
		require.InDelta(t, 99000, get(t, payload, "bill", "refundable", "amount"), 0)
		require.Equal(t, []any{"refresh", "refund"}, get(t, payload, "bill", "allowedActions"))
		events, ok := get(t, payload, "bill", "history").([]any)
		require.True(t, ok)
		require.Equal(t, map[string]any{"reason": "refund.rejected", "note": "The page was there.", "actor": "ADMIN"}, events[len(events)-1])
		require.Equal(t, true, get(t, b.do(b.as(pay.RoleAdmin), rejectDocument, asked), "refundReject", "replayed"))
		read := b.do(b.as(pay.RoleUser), `query($id: ID!) { bill(id: $id) { history { note } refunds { status failure { message } } } }`, vars{"id": bill})
		require.NotContains(t, get(t, read, "bill", "history"), map[string]any{"note": "The page was there."}, "the reason is the merchant's")
		require.Equal(t, "The refund was turned down before it was sent.", text(t, read, "bill", "refunds", 0, "failure", "message"))
	})
	fact(t, "OthersMayNotAndSeeNothing", func(t *testing.T, b *bundle) {
		_, id := waiting(b)
		for _, role := range []pay.Role{pay.RolePublic, pay.RoleGuest, pay.RoleUser, pay.RoleServer, pay.RoleSupport} {
			denied := b.try(b.as(role), rejectDocument, rejection(id))
			require.Equal(t, pay.CodeForbidden, denied.Errors[0].Extensions["code"], role)
		}
		stranger := b.by(viewer.Viewer{Role: pay.RoleAdmin, Merchant: b.other.ID, Principal: "operator/other"})
		for _, unseen := range []string{id, "ref_01h455vb4pex5vsknk084sn02q", "nonsense"} {
			require.Equal(t, map[string]any{
				"refund": nil, "bill": nil, "replayed": false,
				"errors": []any{map[string]any{"code": "NOT_FOUND", "key": "refund.not_found", "path": []any{"refund"}}},
			}, b.do(stranger, rejectDocument, rejection(unseen))["refundReject"])
		}
	})
	fact(t, "WhatWaitsForNobodyIsNotTurnedDown", func(t *testing.T, b *bundle) {
		bill := b.sold()
		payload := b.do(b.as(pay.RoleFinance), rejectDocument, rejection(b.returned(bill, 100)))["refundReject"]
		require.Equal(t, []any{map[string]any{"code": "STATE_CONFLICT", "key": "refund.waits_for_nobody", "path": []any{"refund"}}}, get(t, payload, "errors"))
		require.Equal(t, bill, text(t, payload, "bill", "id"))
		require.Nil(t, get(t, payload, "refund"))
	})
}

// A refusal by the state of things says what the bill is, and what is allowed instead.
func TestRefundCreate_InState(t *testing.T) {
	t.Parallel()

	const refused = `mutation Refund($input: RefundCreateInput!) { refundCreate(input: $input) { errors { code key ... on StateError { from allowed } } } }`
	ask := func(b *bundle, bill string) any {
		return get(b.t, b.do(b.as(pay.RoleFinance), refused, toRefund(bill, 1)), "refundCreate", "errors")
	}
	says := func(key, from string, allowed ...any) []any {
		return []any{map[string]any{"code": "STATE_CONFLICT", "key": key, "from": from, "allowed": append([]any{}, allowed...)}}
	}
	fact(t, "BeforeAndAfterAndMeanwhile", func(t *testing.T, b *bundle) {
		b.provider.refunds = true
		require.Equal(t, says("refund.nothing_taken", "PENDING", "refresh", "cancel"), ask(b, b.bill(b.as(pay.RoleUser), nil)))
		bill := b.sold()
		b.returned(bill, 50000)
		payload := b.do(b.as(pay.RoleFinance), refundDocument, toRefund(bill))["refundCreate"]
		require.Equal(t, "AWAITING_APPROVAL", text(t, payload, "refund", "status"))
		require.Equal(t, says("refund.nothing_left", "DONE", "refresh"), ask(b, bill))
		wrong, _ := b.misfit()
		require.Equal(t, says("refund.case_is_open", "AMOUNT_MISMATCH", "refresh"), ask(b, wrong))
	})
}

// A watcher is not left with SENT when the provider was surely not reached.
func TestRefundCreate_NotSent(t *testing.T) {
	t.Parallel()

	fact(t, "IsPushed", func(t *testing.T, b *bundle) {
		bill := b.sold()
		b.provider.away = true
		live := b.watch(b.as(pay.RoleUser), "billUpdated", `subscription($id: ID!) { billUpdated(id: $id) { bill { refunds { status } history { reason } } } }`, vars{"id": bill})
		live.message(t)
		payload := b.do(b.as(pay.RoleFinance), refundDocument, toRefund(bill, 50000))["refundCreate"]
		require.Equal(t, "REQUESTED", text(t, payload, "refund", "status"))
		for range 3 { // versions may be skipped
			now := live.message(t)
			events, ok := get(t, now, "bill", "history").([]any)
			require.True(t, ok)
			if text(t, events[len(events)-1], "reason") == "refund.not_sent" {
				require.Equal(t, "REQUESTED", text(t, now, "bill", "refunds", 0, "status"))
				return
			}
		}
		require.Fail(t, "the watcher was not told")
	})
}

// A bill and its parts are shown as they were at one moment, though they are read by
// several statements.
func TestBill_OfOneMoment(t *testing.T) {
	t.Parallel()

	const shown = `{ version status refunds { status } refunded { amount } history { reason } }`
	untouched := func(t *testing.T, bill any) {
		t.Helper()
		require.Equal(t, []any{}, get(t, bill, "refunds"))
		require.InDelta(t, 0, get(t, bill, "refunded", "amount"), 0)
	}
	returned := func(t *testing.T, bill any) {
		t.Helper()
		require.Equal(t, []any{map[string]any{"status": "SUCCEEDED"}}, get(t, bill, "refunds"))
		require.InDelta(t, 50000, get(t, bill, "refunded", "amount"), 0)
	}
	for name, query := range map[string]string{
		"bill":  `query($id: ID!) { bill(id: $id) ` + shown + ` }`,
		"bills": `{ bills(first: 1) { nodes ` + shown + ` } }`,
	} {
		fact(t, "OfTheQuery_"+name, func(t *testing.T, b *bundle) {
			id := b.sold()
			b.between.Store(&interruption{table: "refunds", do: func() { b.returned(id, 50000) }})
			found := b.do(b.as(pay.RoleSupport), query, vars{"id": id})[name]
			require.Nil(t, b.between.Load(), "it was given back meanwhile")
			untouched(t, listed(found))
			returned(t, listed(b.do(b.as(pay.RoleSupport), query, vars{"id": id})[name]))
		})
	}
	fact(t, "OfAMessage", func(t *testing.T, b *bundle) {
		id := b.sold()
		b.between.Store(&interruption{table: "refunds", do: func() { b.returned(id, 50000) }})
		live := b.watch(b.as(pay.RoleUser), "billUpdated", `subscription($id: ID!) { billUpdated(id: $id) { bill `+shown+` } }`, vars{"id": id})
		untouched(t, get(t, live.message(t), "bill"))
		returned(t, get(t, live.message(t), "bill"))
	})
}

// listed is the bill, or the first of a page of bills.
func listed(found any) any {
	if page, ok := found.(map[string]any)["nodes"].([]any); ok {
		return page[0]
	}
	return found
}

// A bill's refunds are read with as many statements as for one.
func TestRefunds_StatementsDoNotGrow(t *testing.T) {
	t.Parallel()

	fact(t, "WithTheList", func(t *testing.T, b *bundle) {
		const query = `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Bill { refunds { id amount { amount } bill { id } attempt { id } } } } }`
		var ids []string
		for range 3 {
			id := b.sold()
			b.returned(id, 100)
			b.returned(id, 200)
			ids = append(ids, id)
		}
		one := b.taken(func() { b.do(b.as(pay.RoleSupport), query, vars{"ids": ids[:1]}) })
		require.Equal(t, one, b.taken(func() { b.do(b.as(pay.RoleSupport), query, vars{"ids": ids}) }))
	})
}
