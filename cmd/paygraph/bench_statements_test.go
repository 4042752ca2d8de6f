package main

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// statements is what a server sent to its database.
type statements struct {
	mu   sync.Mutex
	list []string
}

func (s *statements) add(statement string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, statement)
}

func (s *statements) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	s.list = nil
	return list
}

// roundTrips is how often lib/pq waits for Postgres: it prepares a statement with
// parameters anew each time, and then executes it.
func roundTrips(list []string) int {
	n := 0
	for _, statement := range list {
		n++
		if strings.Contains(statement, "$1") {
			n++
		}
	}
	return n
}

// statementsOf returns what one billCreate and one bill(id) send, when the caches
// are warm. Jobs and feed do not run, so that nothing else is counted.
func statementsOf(t testing.TB, url string) (creating, reading []string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	sent := &statements{}
	p := newBenched(t, url, listener, store.WithQueryLog(sent.add))
	server := &http.Server{Handler: p.app.web}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		p.app.auth.Close()
		require.NoError(t, p.app.web.Close())
	})
	c, err := dial(t.Context(), p.addr)
	require.NoError(t, err)
	defer c.close()
	for range 2 { // the first warms up
		sent.taken()
		one, err := p.buy(c, true)
		require.NoError(t, err)
		creating = sent.taken()
		for range 2 { // so does the first with a token
			sent.taken()
			_, err = c.ask(ask{token: one.Token, body: one.reading(), want: `"status":"PENDING"`})
			require.NoError(t, err)
			reading = sent.taken()
		}
	}
	return creating, reading
}

// What a billCreate and a bill(id) send. Run it with -v to see the statements. Who
// adds one changes the figures here.
func TestStatements(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		open func(testing.TB) string
	}{
		{name: "SQLite", open: storetest.SQLite},
		{name: "Postgres", open: storetest.MigratedPostgres},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			creating, reading := statementsOf(t, tt.open(t))
			t.Logf("billCreate, %d statements:\n%s", len(creating), strings.Join(creating, "\n"))
			t.Logf("bill(id), %d statements:\n%s", len(reading), strings.Join(reading, "\n"))
			require.LessOrEqual(t, len(creating), 23)
			require.LessOrEqual(t, len(reading), 1)
		})
	}
}

// The same as figures, with the round trips to Postgres.
func BenchmarkStatements(b *testing.B) {
	for b.Loop() {
		creating, reading := statementsOf(b, storetest.MigratedPostgres(b))
		b.ReportMetric(float64(len(creating)), "statements/billCreate")
		b.ReportMetric(float64(roundTrips(creating)), "roundtrips/billCreate")
		b.ReportMetric(float64(len(reading)), "statements/bill")
		b.ReportMetric(float64(roundTrips(reading)), "roundtrips/bill")
	}
	b.ReportMetric(0, "ns/op")
}
