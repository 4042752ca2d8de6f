package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/vault"
	"github.com/paygraph/paygraph/internal/web"
	"github.com/paygraph/paygraph/providers"
)

// How to run the benchmarks, what they measure and how to read them stands in
// bench/README.md.

// clients is how many ask at once.
const clients = 16

// benchAccount is the only account of the shop that is measured.
const benchAccount = "payture"

// benched is the server as `paygraph serve` puts it together, on a database that
// keeps what it acknowledged, with a provider that answers at once.
type benched struct {
	*demo
	app      *app
	provider *instant
	commits  *commits
	addr     string
}

// newBenched assembles a server on the database at url; nothing runs yet.
func newBenched(t testing.TB, url string, listener net.Listener, options ...store.Option) *benched {
	t.Helper()
	s, err := store.Open(t.Context(), url, systemClock(), options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	publicURL := "http://" + listener.Addr().String()
	d, err := seedDemo(t.Context(), s, publicURL)
	require.NoError(t, err)
	p := &benched{demo: d, provider: newInstant(), addr: listener.Addr().String()}
	accounts, err := providers.NewAccounts(providers.Account{Code: benchAccount, Title: "Instant", Merchant: d.Merchant.ID, TestMode: true, Provider: p.provider})
	require.NoError(t, err)
	p.app, err = assemble(assembly{
		Store: s, Accounts: accounts, DevSecret: d.Secret, PublicURL: publicURL,
		GuestKeys: [][]byte{bytes.Repeat([]byte("g"), 32)}, ReturnKeys: [][]byte{bytes.Repeat([]byte("r"), 32)},
		Vault:  vault.Keys{Current: bytes.Repeat([]byte("s"), 32), Hash: bytes.Repeat([]byte("h"), 32)},
		Logger: newLogger(io.Discard, &config.Serve{LogLevel: slog.LevelInfo, LogFormat: "json"}),
		Web:    p.listenIn(t),
	})
	require.NoError(t, err)
	return p
}

// listenIn puts the notes on commits between billing and its feed, before anybody
// asks.
func (p *benched) listenIn(t testing.TB) func(*web.Options) {
	t.Helper()
	return func(o *web.Options) {
		outside, ok := o.Billing.(returns)
		require.True(t, ok)
		p.commits = newCommits(outside.Feed)
		outside.Feed = p.commits
	}
}

// startBenched runs a whole server, its jobs and its feed too, until the end of t.
func startBenched(t testing.TB, url string) *benched {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := newBenched(t, url, listener)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- p.app.run(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	require.NoError(t, p.app.web.Warm(t.Context()))
	return p
}

// durably runs f on either database, both of which sync to disk at each commit.
func durably(b *testing.B, f func(b *testing.B, url string)) {
	b.Helper()
	for _, database := range []struct {
		name string
		open func(testing.TB) string
	}{
		{name: "SQLite", open: storetest.DurableSQLite},
		{name: "Postgres", open: storetest.DurablePostgres},
	} {
		b.Run(database.name, func(b *testing.B) {
			url := database.open(b)
			s, err := store.Open(b.Context(), url, systemClock())
			require.NoError(b, err)
			require.NoError(b, s.CheckDurable(b.Context()))
			require.NoError(b, s.Close())
			f(b, url)
		})
	}
}

// inShops runs f in a new shop and in one that has sold for a while, on either
// database: what grows with the shop shows.
func inShops(b *testing.B, f func(b *testing.B, p *benched)) {
	b.Helper()
	durably(b, func(b *testing.B, url string) {
		p := startBenched(b, url)
		b.Run("NewShop", func(b *testing.B) { f(b, p) })
		var aged sync.Once
		b.Run("OldShop", func(b *testing.B) {
			aged.Do(func() { p.sellEarlier(b, earlierBills) })
			f(b, p)
		})
	})
}

// earlierBills is how many bills an old shop has behind it, each with an attempt.
const earlierBills = 50_000

// Bills of a guest, each opened at the provider, a second.
func BenchmarkBillCreate(b *testing.B) {
	inShops(b, func(b *testing.B, p *benched) {
		p.measure(b, func(int) ask {
			return ask{token: p.PublishableKey, body: p.buying(true), want: `"errors":[]`}
		})
	})
}

// Reads of one bill by its guest, a second.
func BenchmarkBill(b *testing.B) {
	inShops(b, func(b *testing.B, p *benched) {
		bills := p.manyBills(b, 500, false)
		p.measure(b, func(n int) ask {
			one := bills[n%len(bills)]
			return ask{token: one.Token, body: one.reading(), want: `"status":"PENDING"`}
		})
	})
}

// sellEarlier makes n bills that ended yesterday.
func (p *benched) sellEarlier(b *testing.B, n int) {
	b.Helper()
	yesterday := pay.Instant(time.Now().Add(-24 * time.Hour))
	err := p.app.store.InTx(b.Context(), func(ctx context.Context, tx *store.Tx) error {
		const batch = 500
		for range n / batch {
			bills, attempts := make([]*ent.BillCreate, batch), make([]*ent.AttemptCreate, batch)
			for at := range batch {
				bill, attempt := pay.NewBillID(yesterday), pay.NewAttemptID(yesterday)
				bills[at] = tx.Bill.Create().SetID(bill).SetMerchantID(p.Merchant.ID).SetProductID(p.PageAccess.ID).
					SetStatus(pay.BillExpired).SetCurrency(pay.RUB).SetTotalMinor(99000).SetVersion(2).
					SetExpiresAt(yesterday).SetCreatedAt(yesterday).SetUpdatedAt(yesterday)
				attempts[at] = tx.Attempt.Create().SetID(attempt).SetMerchantID(p.Merchant.ID).SetBillID(bill).
					SetProvider("instant").SetAccount(benchAccount).SetOrderNumber(attempt.Suffix()).
					SetStatus(pay.AttemptExpired).SetCurrent(false).SetTestMode(true).SetAmountMinor(99000).SetCurrency(pay.RUB).
					SetWatchUntil(yesterday).SetCreatedAt(yesterday).SetUpdatedAt(yesterday)
			}
			if err := tx.Bill.CreateBulk(bills...).Exec(ctx); err != nil {
				return err
			}
			if err := tx.Attempt.CreateBulk(attempts...).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(b, err)
}

// measure keeps all clients asking, each on its own connection, and reports how
// many requests a second were answered and how long one took.
func (p *benched) measure(b *testing.B, next func(n int) ask) {
	b.Helper()
	group, ctx := errgroup.WithContext(b.Context())
	asks := make(chan ask)
	took := make([][]time.Duration, clients)
	for at := range clients {
		group.Go(func() error {
			c, err := dial(ctx, p.addr)
			if err != nil {
				return err
			}
			defer c.close()
			for a := range asks {
				started := time.Now()
				if _, err := c.ask(a); err != nil {
					return err
				}
				took[at] = append(took[at], time.Since(started))
			}
			return nil
		})
	}
	n, started := 0, time.Now()
	for b.Loop() {
		select {
		case asks <- next(n):
			n++
		case <-ctx.Done():
			b.Fatal(group.Wait())
		}
	}
	close(asks)
	require.NoError(b, group.Wait())
	b.ReportMetric(float64(n)/time.Since(started).Seconds(), "req/s")
	report(b, "", slices.Concat(took...))
}

// report reports the median and the 99th percentile of what was measured.
func report(b *testing.B, what string, took []time.Duration) {
	b.Helper()
	require.NotEmpty(b, took)
	slices.Sort(took)
	at := func(percent int) float64 {
		return float64(took[(len(took)-1)*percent/100].Microseconds()) / 1000
	}
	b.ReportMetric(at(50), what+"p50-ms")
	b.ReportMetric(at(99), what+"p99-ms")
}

// benchBill is a bill and what opens it, as the processes of a benchmark hand it
// on.
type benchBill struct{ ID, Token, OrderNumber string }

// buying is the body of a billCreate of one page. Not started, it has no attempt,
// and so nobody asks the provider about it later.
func (p *benched) buying(start bool) []byte {
	return graphQL(buyDocument, map[string]any{"input": map[string]any{
		"idempotencyKey": uuid.NewString(), "product": p.PageAccess.ID.String(), "currency": "RUB", "pageId": "articles/42", "start": start,
	}})
}

const readDocument = `query Bill($id: ID!) {
  bill(id: $id) { id status version total { amount currency } paid { amount currency } expiresAt createdAt }
}`

func (one benchBill) reading() []byte {
	return graphQL(readDocument, map[string]any{"id": one.ID})
}

func graphQL(document string, variables map[string]any) []byte {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		panic(err) // strings and maps of strings
	}
	return body
}

// buy makes one bill over a connection.
func (p *benched) buy(c *caller, start bool) (benchBill, error) {
	answer, err := c.ask(ask{token: p.PublishableKey, body: p.buying(start), want: `"errors":[]`})
	if err != nil {
		return benchBill{}, err
	}
	var made struct{ Data bought }
	if err := json.Unmarshal(answer, &made); err != nil {
		return benchBill{}, fmt.Errorf("read the answer of billCreate: %w", err)
	}
	created := made.Data.BillCreate
	return benchBill{ID: created.Bill.ID, Token: created.AccessToken, OrderNumber: orderNumberOf(created.Bill.NextAction.URL)}, nil
}

// manyBills makes n bills.
func (p *benched) manyBills(b *testing.B, n int, start bool) []benchBill {
	b.Helper()
	bills := make([]benchBill, n)
	group, ctx := errgroup.WithContext(b.Context())
	for at := range clients {
		group.Go(func() error {
			c, err := dial(ctx, p.addr)
			if err != nil {
				return err
			}
			defer c.close()
			for one := at; one < n; one += clients {
				if bills[one], err = p.buy(c, start); err != nil {
					return fmt.Errorf("make bill %s: %w", strconv.Itoa(one), err)
				}
			}
			return nil
		})
	}
	require.NoError(b, group.Wait())
	return bills
}
