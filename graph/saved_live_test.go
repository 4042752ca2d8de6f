package graph_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

func TestCardRegistrationUpdated(t *testing.T) {
	t.Parallel()

	const watch = `subscription($id: ID!, $after: Cursor) { cardRegistrationUpdated(id: $id, after: $after) {
		cursor snapshot emittedAt registration { id status version nextAction { __typename } card { mask } } } }`
	fact(t, "ASnapshotAndThenTheCard", func(t *testing.T, b *bundle) {
		r := b.registration(b.alice)
		for _, ctx := range []context.Context{b.as(pay.RoleUser), b.registrant(r.ID.String())} {
			live := b.watch(ctx, "cardRegistrationUpdated", watch, vars{"id": r.ID.String()})
			first := live.message(t)
			require.Equal(t, true, get(t, first, "snapshot"))
			require.Equal(t, "RedirectAction", text(t, first, "registration", "nextAction", "__typename"))
			live.cancel()
		}
		live := b.watch(b.registrant(r.ID.String()), "cardRegistrationUpdated", watch, vars{"id": r.ID.String()})
		first := live.message(t)
		resumed := b.watch(b.as(pay.RoleServer), "cardRegistrationUpdated", watch, vars{"id": r.ID.String(), "after": get(t, first, "cursor")})
		b.registered(r, b.alice)
		for _, s := range []*stream{live, resumed} { // to who resumes, nothing had happened
			second := s.message(t)
			require.Equal(t, false, get(t, second, "snapshot"))
			require.Equal(t, "COMPLETED", text(t, second, "registration", "status"))
			require.InDelta(t, 2, get(t, second, "registration", "version"), 0)
			require.Equal(t, "411111******1111", text(t, second, "registration", "card", "mask"))
		}
		behind := b.watch(b.as(pay.RoleServer), "cardRegistrationUpdated", watch, vars{"id": r.ID.String(), "after": get(t, first, "cursor")})
		require.Equal(t, false, get(t, behind.message(t), "snapshot"))
	})

	fact(t, "WhatIsNotTheCallersIsNotFound", func(t *testing.T, b *bundle) {
		mine, theirs := b.registration(b.alice), b.registration(b.bob)
		for _, ctx := range []context.Context{b.as(pay.RoleUser), b.registrant(mine.ID.String())} {
			for _, id := range []string{theirs.ID.String(), pay.NewCardRegistrationID(b.clock.Now()).String(), "nonsense"} {
				live := b.watch(ctx, "cardRegistrationUpdated", watch, vars{"id": id})
				response := live.next(live.ctx)
				require.Len(t, response.Errors, 1, id)
				require.Equal(t, pay.CodeNotFound, response.Errors[0].Extensions["code"])
				live.ended(t)
			}
		}
		require.Zero(t, b.hub.Len(), "nobody is left waiting")
	})
}

func TestBillingSubscriptionUpdated(t *testing.T) {
	t.Parallel()

	const (
		fields   = `{ cursor snapshot emittedAt billingSubscription { id status version price { product { title } } openBill { id } } }`
		watchOne = `subscription($id: ID!, $after: Cursor) { billingSubscriptionUpdated(id: $id, after: $after) ` + fields + ` }`
		watchOwn = `subscription($after: Cursor) { viewerBillingSubscriptionUpdated(after: $after) ` + fields + ` }`
	)
	fact(t, "ASnapshotAndThenEachChange", func(t *testing.T, b *bundle) {
		s := b.subscribed(b.alice, b.card(b.alice))
		live := b.watch(b.as(pay.RoleUser), "billingSubscriptionUpdated", watchOne, vars{"id": s.ID.String()})
		first := live.message(t)
		require.Equal(t, true, get(t, first, "snapshot"))
		require.Equal(t, "By the month", text(t, first, "billingSubscription", "price", "product", "title"))
		bill := b.bill(b.as(pay.RoleUser), vars{"start": false})
		b.pastDue(s, b.alice, bill)
		second := live.message(t)
		require.Equal(t, false, get(t, second, "snapshot"))
		require.Equal(t, "PAST_DUE", text(t, second, "billingSubscription", "status"))
		require.Equal(t, bill, text(t, second, "billingSubscription", "openBill", "id"))
		b.do(b.as(pay.RoleServer), `mutation($id: ID!) { billingSubscriptionCancel(idempotencyKey: "1", id: $id) { errors { code } } }`, vars{"id": s.ID.String()})
		third := live.message(t)
		require.InDelta(t, 3, get(t, third, "billingSubscription", "version"), 0)
	})

	fact(t, "APayerSeesTheirOwnAndNothingElse", func(t *testing.T, b *bundle) {
		live := b.watch(b.as(pay.RoleUser), "viewerBillingSubscriptionUpdated", watchOwn, nil)
		b.subscribed(b.bob, b.card(b.bob))
		b.registration(b.alice) // is in the same table
		mine := b.subscribed(b.alice, b.card(b.alice))
		first := live.message(t)
		require.Equal(t, mine.ID.String(), text(t, first, "billingSubscription", "id"))
		require.Equal(t, false, get(t, first, "snapshot"))
		later := b.subscribed(b.alice, b.card(b.alice))
		require.Equal(t, later.ID.String(), text(t, live.message(t), "billingSubscription", "id"))

		resumed := b.watch(b.as(pay.RoleUser), "viewerBillingSubscriptionUpdated", watchOwn, vars{"after": get(t, first, "cursor")})
		require.Equal(t, later.ID.String(), text(t, resumed.message(t), "billingSubscription", "id"))
		all := b.watch(b.as(pay.RoleUser), "viewerBillingSubscriptionUpdated", watchOwn, vars{"after": "AQAA"})
		require.Equal(t, mine.ID.String(), text(t, all.message(t), "billingSubscription", "id"))
	})

	fact(t, "WhatIsNotTheCallersIsNotFound", func(t *testing.T, b *bundle) {
		s := b.subscribed(b.bob, b.card(b.bob))
		elsewhere := b.by(viewer.Viewer{Role: pay.RoleServer, Merchant: b.other.ID})
		for _, ctx := range []context.Context{b.as(pay.RoleUser), elsewhere} {
			live := b.watch(ctx, "billingSubscriptionUpdated", watchOne, vars{"id": s.ID.String()})
			require.Equal(t, pay.CodeNotFound, live.next(live.ctx).Errors[0].Extensions["code"])
			live.ended(t)
		}
		require.Zero(t, b.hub.Len())
	})
}
