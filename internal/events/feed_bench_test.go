package events_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// What a look at the feed costs when there is nothing new: what an idle server
// does twice a second, and a reader that was woken too early.
func BenchmarkFeed_AfterNothing(b *testing.B) {
	for _, database := range []struct {
		name string
		open func(testing.TB) string
	}{
		{name: "SQLite", open: storetest.SQLite},
		{name: "Postgres", open: storetest.MigratedPostgres},
	} {
		for _, past := range []int{1, 100_000} {
			b.Run(fmt.Sprintf("%s/Past%d", database.name, past), func(b *testing.B) {
				p := newProcess(b, database.open(b))
				c := p.newBill(b)
				p.fill(b, c, past)
				for _, scope := range []struct {
					name string
					of   events.Scope
				}{
					{name: "All", of: events.AllScope()},
					{name: "Merchant", of: events.MerchantScope(c.Merchant)},
					{name: "User", of: events.UserScope(c.User)},
				} {
					b.Run(scope.name, func(b *testing.B) {
						head, err := p.feed.Head(b.Context())
						require.NoError(b, err)
						for b.Loop() {
							list, _, err := p.feed.After(b.Context(), scope.of, head, 100)
							require.NoError(b, err)
							require.Empty(b, list)
						}
					})
				}
			})
		}
	}
}

// fill commits n changes of the bill at once.
func (p *process) fill(b *testing.B, c events.Change, n int) {
	b.Helper()
	require.NoError(b, p.store.InTx(b.Context(), func(ctx context.Context, tx *store.Tx) error {
		for at := range n {
			_, err := tx.Raw(ctx, `INSERT INTO bill_events (bill_id, merchant_id, user_id, version, "to", reason, at) VALUES (?, ?, ?, ?, 'PENDING', 'test', ?)`,
				c.Bill, c.Merchant, c.User, at+1, tx.Now)
			if err != nil {
				return err
			}
		}
		return nil
	}))
}
