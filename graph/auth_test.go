package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

func TestCheckAuth(t *testing.T) {
	t.Parallel()

	require.NoError(t, graph.CheckAuth(publicSchema(t)))
	open := parseSchema(t, `
		directive @auth(any: [String!]!) on FIELD_DEFINITION
		type Query { closed: Int @auth(any: ["ADMIN"])  open: Int  nobody: Int @auth(any: []) }
		type Mutation { change: Int }`)
	err := graph.CheckAuth(open)
	require.ErrorContains(t, err, "Query.open has no @auth")
	require.ErrorContains(t, err, "Query.nobody has no @auth")
	require.ErrorContains(t, err, "Mutation.change has no @auth")
	require.NotContains(t, err.Error(), "closed")
}

// Every root field opens to the roles that the schema names, before its arguments
// are looked at by anything else, and to nobody else.
func TestAuth_EveryRootFieldByRole(t *testing.T) {
	t.Parallel()

	fact(t, "OnlyTheRolesNamed", func(t *testing.T, b *bundle) {
		for name, field := range rootFields(publicSchema(t)) {
			operation := document(name, field)
			require.Equal(t, pay.CodeUnauthenticated, b.topCode(t.Context(), operation), "%s without a caller", name)
			allowed := rolesOf(field)
			for _, role := range pay.Roles() {
				code := b.topCode(b.as(role), operation)
				if allowed[role] {
					require.NotContains(t, []pay.Code{pay.CodeForbidden, pay.CodeUnauthenticated, pay.CodeInternal}, code, "%s as %s", name, role)
				} else {
					require.Equal(t, pay.CodeForbidden, code, "%s as %s", name, role)
				}
			}
		}
		require.Empty(t, b.log.String())
	})
}

func rolesOf(field *ast.FieldDefinition) map[pay.Role]bool {
	roles := map[pay.Role]bool{}
	for _, child := range field.Directives.ForName("auth").Arguments.ForName("any").Value.Children {
		roles[pay.Role(child.Value.Raw)] = true
	}
	return roles
}

// document calls a root field with the least that it takes.
func document(name string, field *ast.FieldDefinition) string {
	values := map[string]string{
		"ID!": `"bill_01h455vb4pex5vsknk084sn02q"`, "[ID!]!": `["bill_01h455vb4pex5vsknk084sn02q"]`, "String!": `"x"`, "BillFilter!": `{}`,
		"BillCreateInput!": `{idempotencyKey: "k"}`, "BillPayInput!": `{idempotencyKey: "k", bill: "x", payWith: {provider: "x"}}`,
		"RefundCreateInput!":  `{idempotencyKey: "", bill: "x", reason: "x"}`,
		"ReviewResolveInput!": `{idempotencyKey: "", case: "x", resolution: DISMISS, note: "x"}`,
		"UserUpsertInput!":    `{idempotencyKey: "", externalId: "x"}`,
		"ProductUpsertInput!": `{idempotencyKey: "", code: "x", kind: DIRECT, title: "x", prices: []}`,
		"DateTime!":           `"2026-11-21T10:15:00Z"`,

		"CardRegistrationStartInput!":     `{idempotencyKey: ""}`,
		"BillingSubscriptionCreateInput!": `{idempotencyKey: "", price: "x"}`,
		"GiftRedeemInput!":                `{idempotencyKey: "", code: "x"}`,
	}
	var args []string
	for _, arg := range field.Arguments {
		if arg.Type.NonNull {
			args = append(args, arg.Name+": "+values[arg.Type.String()])
		}
	}
	call := field.Name
	if len(args) > 0 {
		call += "(" + strings.Join(args, ", ") + ")"
	}
	return fmt.Sprintf("%s { %s { __typename } }", strings.ToLower(strings.Split(name, ".")[0]), call)
}

// topCode is the code of the one top-level error, "" without any. A stream is
// begun and left.
func (b *bundle) topCode(ctx context.Context, query string) pay.Code {
	b.t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	respond, ctx := b.start(ctx, query, nil)
	if strings.HasPrefix(query, "subscription { viewer") || strings.HasPrefix(query, "subscription { merchant") {
		cancel() // it is silent until something changes
	}
	response := respond(ctx)
	if response == nil || len(response.Errors) == 0 {
		return ""
	}
	code, ok := response.Errors[0].Extensions["code"].(pay.Code)
	require.True(b.t, ok, "%v", response.Errors)
	return code
}

// objects are the ids of one object of each kind that belong to one payer.
type objects map[string]string

// belongings makes one of everything for the caller, and says what it is called.
func (b *bundle) belongings(ctx context.Context) objects {
	b.t.Helper()
	id := b.bill(ctx, nil)
	b.paid(id)
	b.fulfilled()
	found := objects{"bill": id, "refund": b.returned(id, 1)}
	data := b.do(b.as(pay.RoleAdmin), `query($id: ID!) { bill(id: $id) { attempts { id } entitlements { id } payer { id } } }`, vars{"id": id})
	found["attempt"] = text(b.t, data, "bill", "attempts", 0, "id")
	found["entitlement"] = text(b.t, data, "bill", "entitlements", 0, "id")
	if get(b.t, data, "bill", "payer") != nil {
		found["user"] = text(b.t, data, "bill", "payer", "id")
		user, err := pay.ParseUserID(found["user"])
		require.NoError(b.t, err)
		owner := &ent.User{ID: user, MerchantID: b.shop.ID}
		found["wallet"] = b.wallet(owner)
		registration := b.registration(owner)
		card := b.registered(registration, owner)
		gift, _ := b.gift(id, &user)
		found["card"], found["registration"], found["gift"] = card.ID.String(), registration.ID.String(), gift.ID.String()
		found["subscription"] = b.subscribed(owner, card).ID.String()
	}
	return found
}

// What is another's and what does not exist answer alike, for every role and
// every kind of object, by node and by the fields of their own.
func TestAccess(t *testing.T) {
	t.Parallel()

	fact(t, "AnothersIsLikeNothing", func(t *testing.T, b *bundle) {
		alice := b.belongings(b.as(pay.RoleUser))
		bob := b.belongings(b.by(viewer.Viewer{Role: pay.RoleUser, Merchant: b.shop.ID, User: b.bob.ID, Principal: "user/bob"}))
		random := objects{
			"bill": pay.NewBillID(b.clock.Now()).String(), "attempt": pay.NewAttemptID(b.clock.Now()).String(),
			"entitlement": pay.NewEntitlementID(b.clock.Now()).String(), "user": pay.NewUserID(b.clock.Now()).String(),
			"wallet": pay.NewWalletID(b.clock.Now()).String(), "card": pay.NewCardID(b.clock.Now()).String(),
			"registration": pay.NewCardRegistrationID(b.clock.Now()).String(), "subscription": pay.NewSubscriptionID(b.clock.Now()).String(),
			"gift": pay.NewGiftID(b.clock.Now()).String(), "refund": pay.NewRefundID(b.clock.Now()).String(),
		}
		elsewhere := func(role pay.Role) context.Context {
			return b.by(viewer.Viewer{Role: role, Merchant: b.other.ID, User: b.alice.ID, Principal: "elsewhere"})
		}
		callers := []struct {
			name string
			ctx  context.Context
			sees objects // of alice's and bob's
		}{
			{"PUBLIC", b.as(pay.RolePublic), nil},
			{"GUEST", b.guest(alice["bill"]), objects{"bill": alice["bill"], "attempt": alice["attempt"], "entitlement": alice["entitlement"], "gift": alice["gift"], "refund": alice["refund"]}},
			{"GUEST of a registration", b.registrant(alice["registration"]), objects{"registration": alice["registration"]}},
			{"USER", b.as(pay.RoleUser), alice},
			{"elsewhere USER", elsewhere(pay.RoleUser), nil},
			{"elsewhere SERVER", elsewhere(pay.RoleServer), nil},
			{"elsewhere ADMIN", elsewhere(pay.RoleAdmin), nil},
		}
		for _, caller := range callers {
			for kind, nobody := range random {
				want := b.asked(caller.ctx, nobody)
				require.Empty(t, want.node, "%s and no %s", caller.name, kind)
				for _, id := range []string{alice[kind], bob[kind]} {
					got := b.asked(caller.ctx, id)
					if caller.sees[kind] == id {
						require.Equal(t, id, got.node, "%s and their %s", caller.name, kind)
					} else {
						require.Equal(t, want, got, "%s and another's %s", caller.name, kind)
					}
				}
			}
		}
		for _, role := range []pay.Role{pay.RoleServer, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin} {
			for kind, id := range alice {
				require.Equal(t, id, b.asked(b.as(role), id).node, "%s and their merchant's %s", role, kind)
			}
		}
	})
}

// seen is all that a caller learns of an id.
type seen struct {
	node    string
	bill    any
	user    any
	refresh any
	cancel  any
	told    []any // by everything else that takes an id
}

// asking takes an id of any kind, each in its own way.
var asking = []string{
	`query($id: ID!) { cardRegistration(id: $id) { id } }`,
	`query($id: ID!) { billingSubscription(id: $id) { id } }`,
	`query($id: ID!) { user(id: $id) { cards { id } billingSubscriptions { id } giftsBought { id } } }`,
	`query($id: ID!) { billingSubscriptions(filter: {user: $id}) { totalCount } }`,
	`mutation($id: ID!) { cardRegistrationFinish(registration: $id) { registration { id } errors { code key path } } }`,
	`mutation($id: ID!) { cardSetDefault(idempotencyKey: $id, card: $id) { card { id } user { id } errors { code key path } } }`,
	`mutation($id: ID!) { cardRemove(idempotencyKey: $id, card: $id) { card { id } user { id } errors { code key path } } }`,
	`mutation($id: ID!) { billingSubscriptionPause(idempotencyKey: $id, id: $id) { billingSubscription { id } errors { code key path } } }`,
	`mutation($id: ID!) { billingSubscriptionResume(idempotencyKey: $id, id: $id) { billingSubscription { id } errors { code key path } } }`,
	`mutation($id: ID!) { billingSubscriptionChangeCard(idempotencyKey: $id, id: $id, card: $id) { billingSubscription { id } errors { code key path } } }`,
	`mutation($id: ID!) { billingSubscriptionCancel(idempotencyKey: $id, id: $id) { billingSubscription { id } errors { code key path } } }`,
	`mutation($id: ID!) { testClockAdvance(idempotencyKey: $id, clock: $id, to: "2027-01-01T00:00:00Z") { clock { id } errors { code key path } } }`,
	`mutation($id: ID!) { giftRedeem(input: {idempotencyKey: $id, code: "x"}) { gift { id } errors { code key } } }`,
	`query { gift(code: "x") { id } }`,
	`mutation($id: ID!) { refundCreate(input: {idempotencyKey: $id, bill: $id, reason: "x", amount: {amount: 100000000, currency: "RUB"}}) { refund { id } bill { id } errors { code key path } } }`,
	`mutation($id: ID!) { refundApprove(idempotencyKey: $id, refund: $id) { refund { id } bill { id } errors { code key path } } }`,
	`mutation($id: ID!) { refundReject(idempotencyKey: $id, refund: $id, reason: "x") { refund { id } bill { id } errors { code key path } } }`,
	`subscription($id: ID!) { cardRegistrationUpdated(id: $id) { snapshot } }`,
	`subscription($id: ID!) { billingSubscriptionUpdated(id: $id) { snapshot } }`,
}

// registrant returns a context in which the holder of a registration's token asks.
func (b *bundle) registrant(registration string) context.Context {
	id, err := pay.ParseCardRegistrationID(registration)
	require.NoError(b.t, err)
	return b.by(viewer.Viewer{Role: pay.RoleGuest, Merchant: b.shop.ID, Registration: id, Principal: "registration/" + registration})
}

// codesOf are the codes of top-level errors.
func codesOf(errs gqlerror.List) []any {
	var codes []any
	for _, e := range errs {
		codes = append(codes, e.Extensions["code"])
	}
	return codes
}

func (b *bundle) asked(ctx context.Context, id string) seen {
	b.t.Helper()
	data := b.do(ctx, `query($id: ID!) { node(id: $id) { id } nodes(ids: [$id, "nonsense", "bill_nonsense"]) { id } bill(id: $id) { __typename } }`, vars{"id": id})
	found := seen{bill: data["bill"]}
	if data["node"] != nil {
		found.node = text(b.t, data, "node", "id")
	}
	require.Equal(b.t, []any{data["node"], nil, nil}, data["nodes"])
	found.user = b.try(ctx, `query($id: ID!) { user(id: $id) { __typename } }`, vars{"id": id}).Data["user"]
	found.refresh = b.try(ctx, `mutation($id: ID!) { billRefresh(bill: $id) { bill { __typename } errors { code key path } } }`, vars{"id": id}).Data
	for _, document := range asking {
		ctx, cancel := context.WithCancel(ctx)
		respond, asked := b.start(ctx, document, vars{"id": id})
		answer := respond(asked)
		cancel()
		found.told = append(found.told, string(answer.Data), codesOf(answer.Errors))
	}
	b.clock.Advance(time.Minute) // wrong codes are limited
	found.cancel = b.try(ctx, `mutation($id: ID!) { billCancel(idempotencyKey: "`+id+`", bill: $id) { bill { __typename } errors { code key path } } }`, vars{"id": id}).Data
	return found
}

func TestNodes(t *testing.T) {
	t.Parallel()

	fact(t, "EveryKindInTheOrderAsked", func(t *testing.T, b *bundle) {
		own := b.belongings(b.as(pay.RoleUser))
		ids := []string{
			own["user"], own["bill"], b.shop.ID.String(), b.page.ID.String(), b.page.Edges.Prices[0].ID.String(), "nonsense",
			own["attempt"], own["entitlement"], own["wallet"], own["bill"], b.other.ID.String(),
			own["card"], own["registration"], own["subscription"], own["gift"], own["refund"],
		}
		before := b.statements.Load()
		data := b.do(b.as(pay.RoleSupport), `query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Bill { product { code } } ... on Price { of: product { code } } } }`, vars{"ids": ids})
		require.LessOrEqual(t, b.statements.Load()-before, int64(24))
		var kinds []string
		list, ok := data["nodes"].([]any)
		require.True(t, ok)
		for at, node := range list {
			if node == nil {
				kinds = append(kinds, "")
				continue
			}
			require.Equal(t, ids[at], text(t, node, "id"))
			kinds = append(kinds, text(t, node, "__typename"))
		}
		require.Equal(t, []string{
			"User", "Bill", "Merchant", "Product", "Price", "", "PaymentAttempt", "Entitlement", "Wallet", "Bill", "",
			"Card", "CardRegistration", "BillingSubscription", "Gift", "Refund",
		}, kinds)
	})

	fact(t, "WhatIsBelowIsReadForAllAtOnce", func(t *testing.T, b *bundle) {
		var ids []string
		for range 4 {
			owner := b.user()
			card := b.card(owner)
			gift, _ := b.gift(b.bill(b.as(pay.RoleUser), nil), &owner.ID)
			ids = append(ids, card.ID.String(), b.subscribed(owner, card).ID.String(), gift.ID.String(), owner.ID.String())
		}
		const query = `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Card { mask billingSubscriptions { id } }
			... on BillingSubscription { user { externalId } price { product { title } } of: card { mask } } ... on Gift { product { title } purchasedBy { id } }
			... on User { cards { id } giftsBought { id } } } }`
		ask := func(ids []string) int64 {
			return b.taken(func() { b.do(b.as(pay.RoleAdmin), query, vars{"ids": ids}) })
		}
		require.Equal(t, ask(ids[:4]), ask(ids))
	})

	fact(t, "AHundredAtMost", func(t *testing.T, b *bundle) {
		r := b.try(b.as(pay.RolePublic), `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": make([]string, 101)})
		require.Equal(t, pay.CodeInvalid, r.Errors[0].Extensions["code"])
		require.Len(t, b.do(b.as(pay.RolePublic), `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": make([]string, 100)})["nodes"], 100)
	})
}
