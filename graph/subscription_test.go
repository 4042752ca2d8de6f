package graph_test

import (
	"context"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// stream is one running subscription.
type stream struct {
	b      *bundle
	field  string
	next   graphql.ResponseHandler
	ctx    context.Context
	cancel context.CancelFunc
}

// patience bounds how long a test waits for what must come.
const patience = 20 * time.Second

// watch begins a subscription. Its field is the operation's one root field.
func (b *bundle) watch(ctx context.Context, field, query string, v vars) *stream {
	b.t.Helper()
	b.follow()
	ctx, cancel := context.WithTimeout(ctx, patience)
	b.t.Cleanup(cancel)
	next, ctx := b.start(ctx, query, v)
	return &stream{b: b, field: field, next: next, ctx: ctx, cancel: cancel}
}

// message is the next one.
func (s *stream) message(t *testing.T) any {
	t.Helper()
	r := s.b.decoded(s.next(s.ctx))
	require.Empty(t, r.Errors)
	return r.Data[s.field]
}

// ended waits for the end of the stream and reports that its reader was still
// there.
func (s *stream) ended(t *testing.T) {
	t.Helper()
	require.Nil(t, s.next(s.ctx))
	require.NoError(t, s.ctx.Err(), "the stream did not end by itself")
}

const watchBill = `subscription($id: ID!, $after: Cursor) { billUpdated(id: $id, after: $after) {
	cursor snapshot emittedAt bill { id status version attempts { status } entitlements { kind } allowedActions } } }`

// change is a message without its cursor and instant.
func change(t *testing.T, message any) []any {
	t.Helper()
	return []any{get(t, message, "snapshot"), get(t, message, "bill", "status")}
}

func version(t *testing.T, message any) float64 {
	t.Helper()
	number, ok := get(t, message, "bill", "version").(float64)
	require.True(t, ok)
	return number
}

func TestBillUpdated(t *testing.T) {
	t.Parallel()

	fact(t, "ASnapshotAndThenEachChange", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RolePublic), nil)
		live := b.watch(b.guest(id), "billUpdated", watchBill, vars{"id": id})
		first := live.message(t)
		require.Equal(t, []any{true, "PENDING"}, change(t, first))
		require.Equal(t, []any{"pay", "refresh", "cancel"}, get(t, first, "bill", "allowedActions"))
		b.paid(id)
		second := live.message(t)
		require.Equal(t, []any{false, "PAID"}, change(t, second))
		require.Equal(t, "CAPTURED", text(t, second, "bill", "attempts", 0, "status"))
		b.fulfilled()
		third := live.message(t)
		require.Equal(t, []any{false, "DONE"}, change(t, third))
		require.Equal(t, "page", text(t, third, "bill", "entitlements", 0, "kind"))
		require.IsIncreasing(t, []float64{version(t, first), version(t, second), version(t, third)})
	})

	fact(t, "ACursorResumesWithoutLoss", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleServer), nil)
		live := b.watch(b.as(pay.RoleServer), "billUpdated", watchBill, vars{"id": id})
		first := live.message(t)
		live.cancel()

		// Nothing has happened since: the first message is the next change.
		resumed := b.watch(b.as(pay.RoleServer), "billUpdated", watchBill, vars{"id": id, "after": get(t, first, "cursor")})
		b.paid(id)
		paid := resumed.message(t)
		require.Equal(t, []any{false, "PAID"}, change(t, paid))

		// Something has: the present state comes at once, as a change.
		behind := b.watch(b.as(pay.RoleServer), "billUpdated", watchBill, vars{"id": id, "after": get(t, first, "cursor")})
		require.Equal(t, []any{false, "PAID"}, change(t, behind.message(t)))

		// Anything else counts as absent.
		other := b.bill(b.as(pay.RoleServer), nil)
		for _, after := range []any{"", "garbage", nil, get(t, paid, "cursor")} {
			fresh := b.watch(b.as(pay.RoleServer), "billUpdated", watchBill, vars{"id": other, "after": after})
			require.Equal(t, []any{true, "PENDING"}, change(t, fresh.message(t)))
			fresh.cancel()
		}
	})

	fact(t, "ASlowReaderGetsTheLatest", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleServer), nil)
		live := b.watch(b.as(pay.RoleServer), "billUpdated", watchBill, vars{"id": id})
		live.message(t)
		b.paid(id)
		b.fulfilled()
		last := change(t, live.message(t))
		if last[1] == "PAID" { // it was read before the job had run
			last = change(t, live.message(t))
		}
		require.Equal(t, []any{false, "DONE"}, last)
	})

	fact(t, "WhatIsNotTheCallersIsNotFound", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleServer), nil)
		for _, other := range []string{id, pay.NewBillID(b.clock.Now()).String(), "nonsense", ""} {
			live := b.watch(b.as(pay.RoleUser), "billUpdated", watchBill, vars{"id": other})
			response := live.next(live.ctx)
			require.Len(t, response.Errors, 1, other)
			require.Equal(t, pay.CodeNotFound, response.Errors[0].Extensions["code"])
			live.ended(t)
		}
		require.Zero(t, b.hub.Len(), "nobody is left waiting")
	})

	fact(t, "ItSaysNothingAfterTheToken", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RolePublic), nil)
		parsed, err := pay.ParseBillID(id)
		require.NoError(t, err)
		live := b.watch(b.by(viewer.Viewer{
			Role: pay.RoleGuest, Merchant: b.shop.ID, Bill: parsed, Expires: b.clock.Now().Add(200 * time.Millisecond),
		}), "billUpdated", watchBill, vars{"id": id})
		live.message(t)
		b.silent(t)
		live.cancel() // as the transport does, with its own word
		require.Nil(t, live.next(live.ctx))
	})

	fact(t, "ItEndsWithTheRight", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleUser), nil)
		live := b.watch(b.as(pay.RoleUser), "billUpdated", watchBill, vars{"id": id})
		live.message(t)
		_, err := b.store.Conn().DB().ExecContext(t.Context(), `UPDATE bills SET user_id = NULL`)
		require.NoError(t, err)
		b.paid(id)
		live.ended(t)
	})

	fact(t, "ItEndsWithItsReader", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleServer), nil)
		for range 50 {
			live := b.watch(b.as(pay.RoleServer), "billUpdated", watchBill, vars{"id": id})
			live.message(t)
			live.cancel()
			require.Nil(t, live.next(live.ctx))
		}
		require.Eventually(t, func() bool { return b.hub.Len() == 0 }, patience, time.Millisecond)
	})
}

const (
	watchOwn      = `subscription($after: Cursor) { viewerBillUpdated(after: $after) { cursor snapshot bill { id status } } }`
	watchMerchant = `subscription($after: Cursor, $filter: BillFilter) { merchantBillUpdated(after: $after, filter: $filter) {
		cursor snapshot bill { id status version product { title } } } }`
	feedCursor = `{ bills(first: 1) { feedCursor nodes { id } } }`
)

func TestFeeds(t *testing.T) {
	t.Parallel()

	fact(t, "APayerSeesTheirOwnBills", func(t *testing.T, b *bundle) {
		own := text(t, b.do(b.as(pay.RoleUser), `{ viewer { user { bills { feedCursor } } } }`, nil), "viewer", "user", "bills", "feedCursor")
		theirs := b.bill(b.by(viewer.Viewer{Role: pay.RoleUser, Merchant: b.shop.ID, User: b.bob.ID, Principal: "user/bob"}), vars{"start": false})
		mine := b.bill(b.as(pay.RoleUser), vars{"start": false})
		require.NotEqual(t, theirs, mine)
		live := b.watch(b.as(pay.RoleUser), "viewerBillUpdated", watchOwn, vars{"after": own})
		first := live.message(t)
		require.Equal(t, mine, text(t, first, "bill", "id"))
		require.Equal(t, false, get(t, first, "snapshot"))

		later := b.bill(b.as(pay.RoleUser), vars{"start": false})
		second := live.message(t)
		require.Equal(t, later, text(t, second, "bill", "id"))
		resumed := b.watch(b.as(pay.RoleUser), "viewerBillUpdated", watchOwn, vars{"after": get(t, first, "cursor")})
		require.Equal(t, second, resumed.message(t))
	})

	fact(t, "TheConsoleSeesWhatMatchesAfterTheChange", func(t *testing.T, b *bundle) {
		b.bill(b.as(pay.RoleServer), vars{"start": false})
		from := text(t, b.do(b.as(pay.RoleSupport), feedCursor, nil), "bills", "feedCursor")
		live := b.watch(b.as(pay.RoleSupport), "merchantBillUpdated", watchMerchant,
			vars{"after": from, "filter": vars{"status": []string{"PAID", "DONE"}}})
		b.bill(b.as(pay.RoleUser), nil)
		id := b.bill(b.as(pay.RoleServer), nil)
		b.paid(id)
		require.Equal(t, map[string]any{"id": id, "status": "PAID", "product": map[string]any{"title": "One page"}},
			without(t, get(t, live.message(t), "bill"), "version"))
	})

	fact(t, "SeveralVersionsAreShownAsTheLatest", func(t *testing.T, b *bundle) {
		from := text(t, b.do(b.as(pay.RoleServer), feedCursor, nil), "bills", "feedCursor")
		first := b.bill(b.as(pay.RoleServer), nil)
		b.paid(first)
		b.fulfilled()
		second := b.bill(b.as(pay.RoleServer), nil)
		live := b.watch(b.as(pay.RoleServer), "merchantBillUpdated", watchMerchant, vars{"after": from})
		shown := []any{live.message(t), live.message(t)}
		require.Equal(t, "DONE", text(t, shown[0], "bill", "status"))
		require.Equal(t, []string{first, second}, []string{text(t, shown[0], "bill", "id"), text(t, shown[1], "bill", "id")})

		// On Postgres the first message may have been ahead of its cursor: then
		// the same version is shown once more, and nothing is lost.
		again := b.watch(b.as(pay.RoleServer), "merchantBillUpdated", watchMerchant, vars{"after": get(t, shown[0], "cursor")})
		next := again.message(t)
		if text(t, next, "bill", "id") == first {
			require.Equal(t, get(t, shown[0], "bill"), get(t, next, "bill"))
			next = again.message(t)
		}
		require.Equal(t, get(t, shown[1], "bill"), get(t, next, "bill"))
	})

	fact(t, "APageAndItsFeedMissNothing", func(t *testing.T, b *bundle) {
		var made []string
		for range 60 { // more than the stream reads at a time
			made = append(made, b.bill(b.as(pay.RoleServer), vars{"start": false}))
		}
		live := b.watch(b.as(pay.RoleServer), "merchantBillUpdated", watchMerchant, vars{"after": "AQAA"})
		var seen []string
		for range made {
			seen = append(seen, text(t, live.message(t), "bill", "id"))
		}
		require.Equal(t, made, seen)
	})

	fact(t, "AnotherMerchantSeesNothing", func(t *testing.T, b *bundle) {
		ctx, cancel := context.WithTimeout(b.by(viewer.Viewer{Role: pay.RoleServer, Merchant: b.other.ID}), patience)
		defer cancel()
		live := b.watch(ctx, "merchantBillUpdated", watchMerchant, vars{"after": "AQAA"})
		b.bill(b.as(pay.RoleServer), vars{"start": false})
		live.cancel()
		require.Nil(t, live.next(live.ctx))
	})

	fact(t, "ItSaysNothingAfterTheToken", func(t *testing.T, b *bundle) {
		live := b.watch(b.by(viewer.Viewer{
			Role: pay.RoleUser, Merchant: b.shop.ID, User: b.alice.ID, Expires: b.clock.Now().Add(200 * time.Millisecond),
		}), "viewerBillUpdated", watchOwn, nil)
		b.silent(t)
		live.cancel()
		require.Nil(t, live.next(live.ctx))
	})
}

func without(t *testing.T, object any, name string) map[string]any {
	t.Helper()
	m, ok := object.(map[string]any)
	require.True(t, ok)
	delete(m, name)
	return m
}

// silent waits until nobody listens to the hub any more.
func (b *bundle) silent(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return b.hub.Len() == 0 }, 10*time.Second, time.Millisecond)
}
