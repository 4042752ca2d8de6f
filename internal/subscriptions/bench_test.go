package subscriptions_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// What renewing one subscription costs on billing itself, from the moment that it is
// due to its fulfilled period: its bill, the charge at a provider that answers at
// once, the posting and the period. Four at a time for each processor, on databases
// that keep what they acknowledge.
func BenchmarkRenew(b *testing.B) {
	databases := []struct {
		name string
		open func(testing.TB) string
	}{
		{"SQLite", storetest.DurableSQLite},
		{"Postgres", storetest.DurablePostgres},
	}
	for _, database := range databases {
		b.Run(database.name, func(b *testing.B) {
			shop := setup(b, database.open(b)) // one for each size
			bank := shop.useBilling()
			due := make([]pay.SubscriptionID, b.N)
			for n := range due {
				u := shop.newUser(fmt.Sprintf("payer-%d", n))
				shop.tx(func(ctx context.Context, tx *store.Tx) error {
					id := pay.NewCardID(tx.Now)
					return tx.Card.Create().SetID(id).SetMerchantID(shop.merchant.ID).SetUserID(u.ID).SetProvider("fake").SetAccount("fake").
						SetRefSealed([]byte{1}).SetRefHash(id.Bytes()).SetStatus(pay.CardActive).SetMask("411111******1111").SetIsDefault(true).
						SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
				})
				due[n] = shop.subscribedBy(u)
			}
			shop.later(time.Second)
			shop.clock.Advance(32 * day)
			var n atomic.Int64
			b.SetParallelism(4)
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					require.NoError(b, shop.Step(context.Background(), due[n.Add(1)-1]))
				}
			})
			_, err := shop.runner.RunDue(context.Background()) // what was paid is fulfilled
			require.NoError(b, err)
			b.StopTimer()
			require.Equal(b, 2*b.N, bank.charged())
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "renewals/s")
		})
	}
}
