package graph_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// five makes five bills of different totals, expiries and ages, and returns their
// ids, oldest first.
func five(b *bundle) []string {
	b.t.Helper()
	var ids []string
	for at, amount := range []int64{300, 100, 500, 200, 400} {
		b.clock.Advance(time.Second)
		ids = append(ids, b.bill(b.as(pay.RoleServer), vars{
			"lines": lines(amount), "start": false, "reference": "no-" + strconv.Itoa(at),
			"expiresIn": fmt.Sprintf("PT%dM", 60-at*5),
		}))
	}
	return ids
}

// picked are the bills at these places.
func picked(ids []string, places ...int) []string {
	list := make([]string, len(places))
	for at, place := range places {
		list[at] = ids[place]
	}
	return list
}

func TestBills(t *testing.T) {
	t.Parallel()

	const page = `query($after: Cursor, $order: BillOrder, $filter: BillFilter, $first: Int) {
		bills(first: $first, after: $after, orderBy: $order, filter: $filter) {
			nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount feedCursor } }`

	fact(t, "EveryOrderGoesThroughAllPages", func(t *testing.T, b *bundle) {
		ids := five(b)
		ascending := map[string][]string{
			"CREATED_AT": ids, "UPDATED_AT": ids,
			"TOTAL": picked(ids, 1, 3, 0, 4, 2), "EXPIRES_AT": picked(ids, 4, 3, 2, 1, 0),
		}
		for field, want := range ascending {
			require.Equal(t, want, through(t, b, page, vars{"order": vars{"field": field, "direction": "ASC"}}), field)
			descending := slices.Clone(want)
			slices.Reverse(descending)
			require.Equal(t, descending, through(t, b, page, vars{"order": vars{"field": field, "direction": "DESC"}}), field)
		}
		newestFirst := slices.Clone(ids)
		slices.Reverse(newestFirst)
		require.Equal(t, newestFirst, through(t, b, page, vars{}))
	})

	fact(t, "FiltersNarrow", func(t *testing.T, b *bundle) {
		ids := five(b)
		mine := b.bill(b.as(pay.RoleUser), nil)
		tests := []struct {
			name   string
			filter vars
			want   []string
		}{
			{"Reference", vars{"reference": "no-3"}, picked(ids, 3)},
			{"Search", vars{"search": ids[2]}, picked(ids, 2)},
			{"Amounts", vars{"amountMin": 200, "amountMax": 300, "currency": "RUB"}, picked(ids, 3, 0)},
			{"User", vars{"user": b.alice.ID.String()}, []string{mine}},
			{"NotAUser", vars{"user": "nonsense"}, []string{}},
			{"Provider", vars{"provider": []string{"test"}}, []string{mine}},
			{"Kind", vars{"kind": []string{"DIRECT"}}, []string{mine}},
			{"Status", vars{"status": []string{"PAID", "DONE"}}, []string{}},
			{"NoStatusAtAll", vars{"status": []string{}}, []string{}},
			{"Created", vars{"createdFrom": "2026-03-02T09:00:02Z", "createdTo": "2026-03-02T09:00:03Z"}, picked(ids, 1)},
		}
		for _, tt := range tests {
			data := b.do(b.as(pay.RoleSupport), page, vars{"filter": tt.filter})
			require.Equal(t, tt.want, idsOf(t, get(t, data, "bills", "nodes")), tt.name)
			require.InDelta(t, len(tt.want), get(t, data, "bills", "totalCount"), 0, tt.name)
		}
		totals := b.do(b.as(pay.RoleServer), `{ billTotals(filter: {amountMax: 500}) { currency count total { amount } paid { amount } } }`, nil)
		require.Equal(t, []any{map[string]any{
			"currency": "RUB", "count": 5.0, "total": map[string]any{"amount": 1500.0}, "paid": map[string]any{"amount": 0.0},
		}}, totals["billTotals"])
	})

	fact(t, "APageOutOfRangeIsRefused", func(t *testing.T, b *bundle) {
		for _, first := range []int{0, -1, 101} {
			r := b.try(b.as(pay.RoleServer), page, vars{"first": first})
			require.Len(t, r.Errors, 1)
			require.Equal(t, pay.CodeInvalid, r.Errors[0].Extensions["code"])
			require.Equal(t, []string{"first"}, r.Errors[0].Extensions["path"])
		}
		require.Empty(t, get(t, b.do(b.as(pay.RoleServer), page, vars{"first": nil}), "bills", "nodes"))
	})

	fact(t, "APayersOwnAreUnderTheViewer", func(t *testing.T, b *bundle) {
		b.bill(b.as(pay.RoleServer), nil)
		mine := b.bill(b.as(pay.RoleUser), nil)
		data := b.do(b.as(pay.RoleUser), `query($other: ID) { viewer { role permissions now merchant { name currencies { code symbol } webhookEventTypes }
			user { externalId wallets { id } cards { id } entitlements { id } billingSubscriptions { id } giftsBought { id }
				bills(filter: {user: $other}) { nodes { id payer { externalId } } totalCount feedCursor } } } }`, vars{"other": b.bob.ID.String()})
		require.Equal(t, []string{mine}, idsOf(t, get(t, data, "viewer", "user", "bills", "nodes")))
		require.Equal(t, "alice", text(t, data, "viewer", "user", "bills", "nodes", 0, "payer", "externalId"))
		require.InDelta(t, 1, get(t, data, "viewer", "user", "bills", "totalCount"), 0)
		require.Equal(t, []any{
			"catalogue.read", "bills.create", "bills.read_own", "bills.pay", "bills.refresh", "bills.cancel", "bills.claim",
			"cards.register", "cards.finish", "cards.manage", "subscriptions.manage", "gifts.read", "gifts.redeem",
		},
			get(t, data, "viewer", "permissions"))
		require.Empty(t, get(t, data, "viewer", "merchant", "webhookEventTypes"))
		require.Equal(t, []any{map[string]any{"code": "RUB", "symbol": "₽"}}, get(t, data, "viewer", "merchant", "currencies"))
	})
}

// through reads a list in pages of two and returns the ids of all.
func through(t *testing.T, b *bundle, query string, v vars) []string {
	t.Helper()
	var ids []string
	v["first"] = 2
	for {
		list := get(t, b.do(b.as(pay.RoleServer), query, v), "bills")
		found := idsOf(t, get(t, list, "nodes"))
		require.NotEmpty(t, text(t, list, "feedCursor"))
		require.Equal(t, found[0], text(t, list, "edges", 0, "node", "id"))
		require.Equal(t, text(t, list, "pageInfo", "startCursor"), text(t, list, "edges", 0, "cursor"))
		require.Equal(t, v["after"] != nil, get(t, list, "pageInfo", "hasPreviousPage"))
		ids = append(ids, found...)
		if get(t, list, "pageInfo", "hasNextPage") == false {
			return ids
		}
		v["after"] = get(t, list, "pageInfo", "endCursor")
	}
}

func idsOf(t *testing.T, nodes any) []string {
	t.Helper()
	list, ok := nodes.([]any)
	require.True(t, ok)
	ids := []string{}
	for _, node := range list {
		ids = append(ids, text(t, node, "id"))
	}
	return ids
}

// The number of statements of a page, a snapshot's BEGIN among them, does not depend
// on its size.
func TestBills_Statements(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name  string
		query string
		most  int64
	}{
		{"Plain", `query($n: Int) { bills(first: $n) { nodes { id status total { amount } } } }`, 1},
		{"Nodes", `query($n: Int) { bills(first: $n) { nodes { id product { title prices { amount { amount } } } attempts { status provider { code } }
			payer { externalId } } } }`, 6},
		{"Edges", `query($n: Int) { bills(first: $n) { edges { node { product { title } ... on Bill { attempts { bill { lines { title } } } } ...P } } } }
			fragment P on Bill { payer { externalId } }`, 7},
		{"Aliases", `query($n: Int) { bills(first: $n) { a: nodes { id } b: nodes { goods: product { title } tries: attempts { id } payer { id } } } }`, 6},
		{"EverythingElse", `query($n: Int) { bills(first: $n) { nodes { reviewReason reviews { bill { id } } nextAction { __typename } latestAttempt { id }
			entitlements { bill { id } } history { at } lines { title } } } }`, 7},
		{"Allowed", `query($n: Int) { bills(first: $n) { nodes { allowedActions refundable { amount } } } }`, 4}, // BEGIN, the bills, attempts, cases
		{"SkippedIsNotRead", `query($n: Int) { bills(first: $n) { nodes { id attempts @include(if: false) { id } ... @skip(if: true) { payer { id } } } } }`, 1},
		{"UsersWithWallets", `query($n: Int) { users(first: $n) { nodes { id wallets { balance { amount } } } } }`, 2},
		{"WhatPaid", `query($n: Int) { bills(first: $n) { nodes { attempts { card { mask billingSubscriptions { id } } method { wallet { balance { amount } } } } } } }`, 6},
		{"WhatWasBought", `query($n: Int) { bills(first: $n) { nodes { gift { product { title } purchasedBy { status } redeemedBy { id } }
			billingSubscription { price { product { title } } user { externalId } card { mask } openBill { status gift { id } } } } } }`, 13},
		{"Subscriptions", `query($n: Int) { billingSubscriptions(first: $n) { edges { node { status price { amount { amount } } user { id cards { id } } card { id } openBill { total { amount } } } } } }`, 8},
		{"UsersWithEverything", `query($n: Int) { users(first: $n) { nodes { cards { billingSubscriptions { price { product { title } } } }
			billingSubscriptions { openBill { id } } giftsBought { product { title } purchasedBy { id } } giftsReceived { id } } } }`, 13},
	}
	fact(t, "FiveAreFifty", func(t *testing.T, b *bundle) {
		for range 50 {
			id := b.bill(b.as(pay.RoleUser), nil)
			owner := b.user()
			card := b.card(owner)
			b.paidWith(id, card, b.wallet(owner))
			b.pastDue(b.subscribed(owner, card), owner, id)
			b.gift(id, &owner.ID)
		}
		for _, tt := range tests {
			few := b.counted(t, tt.query, 5)
			many := b.counted(t, tt.query, 50)
			require.Equal(t, few, many, tt.name)
			require.LessOrEqual(t, many, tt.most, tt.name)
		}
	})
}

// counted is how many statements the query takes for a page of n.
func (b *bundle) counted(t *testing.T, query string, n int) int64 {
	t.Helper()
	return b.taken(func() { b.do(b.as(pay.RoleAdmin), query, vars{"n": n}) })
}
