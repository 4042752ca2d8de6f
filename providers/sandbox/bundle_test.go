package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

// acme is the smallest vendor: /take?order=1&amount=500 takes money and tells
// the merchant, /page is a payer's page, /sync counts its calls.
type acme struct {
	host    *sandbox.Host
	retries []time.Duration

	mu    sync.Mutex
	taken map[string]int64
	syncs int
}

func (a *acme) Name() string       { return "acme" }
func (a *acme) Accounts() []string { return []string{"shop"} }

func (a *acme) Mount(h *sandbox.Host) ([]sandbox.Route, error) {
	a.host, a.taken = h, map[string]int64{}
	err := h.Load("order", func(id string, raw json.RawMessage) error {
		var amount int64
		err := json.Unmarshal(raw, &amount)
		a.taken[id] = amount
		return err
	})
	return []sandbox.Route{
		{Path: "/take", Op: sandbox.OpCharge, Handler: a.take},
		{Path: "/page", Handler: a.take},
		{Path: "/sync", Op: sandbox.OpSync, Handler: func(w http.ResponseWriter, _ *http.Request) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.syncs++
			_, _ = io.WriteString(w, "ok")
		}},
	}, err
}

func (a *acme) take(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	order := r.FormValue("order")
	amount, _ := strconv.ParseInt(r.FormValue("amount"), 10, 64)
	taken := a.host.TakenMinor(amount)
	a.taken[order] = taken
	a.host.Commit(sandbox.Change{
		Save: []sandbox.Record{{Kind: "order", ID: order, Value: taken}},
		Book: []sandbox.Movement{{
			Account: "shop", OrderRef: order, Kind: sandbox.KindPayment, AmountMinor: amount, Currency: "KZT",
			State: "Taken", CapturedMinor: taken,
		}},
		Notify: []sandbox.Notification{{
			Account: "shop", Header: map[string]string{"Content-Type": "text/plain"}, Body: "taken " + order, Retries: a.retries,
		}},
	})
	_, _ = io.WriteString(w, "taken")
}

func (a *acme) Pay(_ context.Context, p sandbox.Payer) (sandbox.Paid, error) {
	switch {
	case p.URL.Path != "/acme/page":
		return sandbox.Paid{}, sandbox.ErrNoPage
	case p.Card == "9999":
		return sandbox.Paid{}, sandbox.ErrCard
	}
	return sandbox.Paid{State: "Taken:" + p.Card + ":" + string(p.Outcome), Provider: "acme", OrderRef: "1"}, nil
}

func (a *acme) syncCalls() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.syncs
}

// bench is a running sandbox with one vendor.
type bench struct {
	*testing.T
	acme   *acme
	server *sandbox.Server
	http   *httptest.Server
}

func setup(t *testing.T, o sandbox.Options) *bench {
	t.Helper()
	if o.Clock == nil {
		o.Clock = new(sandboxtest.Clock)
	}
	s, err := sandbox.New(o)
	require.NoError(t, err)
	b := &bench{T: t, acme: &acme{}, server: s}
	require.NoError(t, s.Register(b.acme))
	b.http = httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		b.http.Close()
		require.NoError(t, s.Close(context.Background()))
	})
	return b
}

// send makes one request and returns status and body; a connection cut before
// an answer is status 0.
func (b *bench) send(method, path, body string) (int, string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.http.URL+path, strings.NewReader(body))
	require.NoError(b, err)
	// Not kept alive: Go's client would repeat a GET on a cut, used connection.
	r.Close = true
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		require.ErrorIs(b, err, io.EOF)
		return 0, ""
	}
	defer func() { require.NoError(b, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b, err)
	return resp.StatusCode, strings.TrimSpace(string(text))
}

// must makes a control request that has to succeed.
func (b *bench) must(method, path, body string) string {
	b.Helper()
	status, text := b.send(method, path, body)
	require.Equal(b, http.StatusOK, status, text)
	return text
}

func (b *bench) captures() []sandbox.Entry {
	b.Helper()
	var all []sandbox.Entry
	require.NoError(b, json.Unmarshal([]byte(b.must("GET", "/_control/captures", "")), &all))
	return all
}
