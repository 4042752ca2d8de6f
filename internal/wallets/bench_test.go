package wallets_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// What one payment from a wallet costs, each in a transaction of its own that the
// database has made safe: a hundred wallets, four callers for each processor.
func BenchmarkTransfer(b *testing.B) {
	databases := []struct{ name, url string }{
		{"SQLite", storetest.DurableSQLite(b)},
		{"Postgres", storetest.DurablePostgres(b)},
	}
	for _, database := range databases {
		b.Run(database.name, func(b *testing.B) {
			ledger := setup(b, database.url)
			ids := make([]pay.WalletID, 100)
			for at := range ids {
				ledger.user = ledger.newUser(b, "payer "+strconv.Itoa(at)+" of "+strconv.Itoa(b.N))
				ids[at] = ledger.mustWallet(b, pay.RUB)
				ledger.mustPost(b, topUp("credit/"+strconv.Itoa(b.N)+"/"+strconv.Itoa(at), ids[at], 1_000_000_000))
			}
			var n atomic.Int64
			b.SetParallelism(4)
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					at := n.Add(1)
					posted, err := ledger.post(purchase("purchase/"+strconv.Itoa(b.N)+"/"+strconv.FormatInt(at, 10), ids[at%int64(len(ids))], 1))
					require.NoError(b, err)
					require.True(b, posted)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transfers/s")
		})
	}
}
