package billing_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/pay"
)

// refuses has the database refuse a kind of write to a table, as a broken one
// would, and returns what ends that.
func (b *bundle) refuses(write, table string) (mend func()) {
	b.t.Helper()
	trigger := []string{fmt.Sprintf(`CREATE TRIGGER refusing BEFORE %s ON %s BEGIN SELECT RAISE(ABORT, 'refused'); END`, write, table)}
	drop := `DROP TRIGGER refusing`
	if b.store.IsPostgres() {
		trigger = []string{
			`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$`,
			fmt.Sprintf(`CREATE TRIGGER refusing BEFORE %s ON %s EXECUTE FUNCTION refuse()`, write, table),
		}
		drop += ` ON ` + table
	}
	exec := func(statement string) {
		_, err := b.store.Conn().DB().ExecContext(b.t.Context(), statement)
		require.NoError(b.t, err)
	}
	for _, statement := range trigger {
		exec(statement)
	}
	return func() { exec(drop) }
}

// A transaction that is undone at its very end.
func TestService_Refused(t *testing.T) {
	t.Parallel()
	fact(t, "WhatIsNotCommittedIsNotPushed", func(t *testing.T, b *bundle) {
		hub := events.NewHub()
		b.Feed = events.NewFeed(b.store, hub, b.clock, slog.New(slog.DiscardHandler))
		watcher := hub.Subscribe(events.MerchantTopic(b.merchant.ID))
		defer watcher.Close()
		in := b.buyPage()
		in.Start = false // its last statement, after the bill's first version, is its key's

		mend := b.refuses("UPDATE", "idempotency_records")
		_, err := b.Create(b.public(), in)
		require.ErrorContains(t, err, "refused")
		require.Empty(t, watcher.C())
		bills, err := b.store.Read().Bill.Query().Count(b.program())
		require.NoError(t, err)
		require.Zero(t, bills)

		mend()
		b.created(b.public(), in)
		require.Len(t, watcher.C(), 1)
	})
	fact(t, "WhatCannotBeStoredIsNotAcknowledged", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		order := b.current(bill).OrderNumber
		mend := b.refuses("INSERT", "provider_events")
		_, err := b.Notify(t.Context(), "payture", oneStage, paidNotice(order))
		require.ErrorContains(t, err, "refused")
		mend()
		_, err = b.Notify(t.Context(), "payture", oneStage, paidNotice(order))
		require.NoError(t, err)
		require.Len(t, b.events(), 1)
	})
	fact(t, "WhatIsNotFulfilledIsNotDone", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		mend := b.refuses("INSERT", "entitlements")
		b.later(firstAsk)
		require.Equal(t, pay.BillPaid, b.bill(bill.ID).Status)
		mend()
		b.later(firstAsk)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Len(t, b.bill(bill.ID).Edges.Entitlements, 1)
	})
}
