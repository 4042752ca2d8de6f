package gifts_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store/storetest"
)

// What redeeming one gift costs, each in a transaction of its own that the database
// has made safe: a user and a code each, four callers for each processor.
func BenchmarkRedeem(b *testing.B) {
	databases := []struct{ name, url string }{
		{"SQLite", storetest.DurableSQLite(b)},
		{"Postgres", storetest.DurablePostgres(b)},
	}
	for _, database := range databases {
		b.Run(database.name, func(b *testing.B) {
			shop := setup(b, database.url)
			list, users := shop.codes(b, shop.pass(b), b.N), shop.users(b, "user", b.N)
			var n atomic.Int64
			b.SetParallelism(4)
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					at := n.Add(1) - 1
					out, err := shop.Redeem(shop.as(users[at]), "bench "+strconv.FormatInt(at, 10), list[at])
					require.NoError(b, err)
					require.Empty(b, out.Errors)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "redemptions/s")
		})
	}
}
