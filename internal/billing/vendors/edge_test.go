package vendors_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/web"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/bisys"
	"github.com/paygraph/paygraph/providers/ktpay"
	"github.com/paygraph/paygraph/providers/payelata"
	"github.com/paygraph/paygraph/providers/payture"
)

// patience bounds every wait, so that a failure is a failure and no hang.
const patience = 10 * time.Second

// The merchant's accounts.
const (
	ktpayAccount    = "ktpay"
	ktpayService    = "ktpay-service" // pays a service on
	bisysAccount    = "bisys"
	bisysFee        = "bisys-fee"   // the payer pays 1.5 % on top
	bisysOwn        = "bisys-own"   // each order has an address of its own for notifications
	bisysOther      = "bisys-other" // another merchant's, at the same shop
	payelataAccount = "payelata"
	paytureAccount  = "payture"
	paytureHolds    = "payture-two-stage"
	paytureOther    = "payture-other" // another merchant's, at the same terminal
)

func (b *bundle) accounts() []providers.Account {
	kt, err := ktpay.Vendor().Demo(b.vendors)[0].Open(providers.Deps{HTTP: b.wire.client(), Clock: b.clock})
	require.NoError(b.t, err)
	services, err := ktpay.New(ktpay.Config{
		FintechURL: b.vendors + "/ktpay", WidgetURL: b.vendors + "/ktpay", AppID: "e2d3d70d53c67bcd377266f74e98587c",
		AppKey: "SjgH0GTQdxgcwHCYnnaJHSDcpVWVSNwsd8GlAnOIKzg=", Type: ktpay.TypeService, ServiceID: 1, TestMode: true, Settling: time.Minute,
	}, providers.Deps{HTTP: b.wire.client(), Clock: b.clock})
	require.NoError(b.t, err)
	shop := func(change func(*bisys.Config)) providers.Provider {
		config := bisys.Config{
			BaseURL: b.vendors + "/bisys/api-shop", ShopToken: "sandbox-shop", SecKey: "sandbox-key", ServiceCode: "109-5804-1", TestMode: true,
		}
		change(&config)
		p, err := bisys.New(config, providers.Deps{HTTP: b.wire.client(), Clock: b.clock})
		require.NoError(b.t, err)
		return p
	}
	elata, err := payelata.New(payelata.Config{
		BaseURL: b.vendors + "/payelata/api", CardGateURL: b.vendors + "/payelata/cardgate", Account: "sandbox-account", APIKey: "sk_test_sandbox",
		TestMode: true, Tokenize: true, SessionLife: time.Hour,
		Services: map[pay.Currency]string{pay.USD: "payment_card_usd_hpp", pay.EUR: "payment_card_eur_hpp"},
	}, providers.Deps{HTTP: b.wire.client(), Clock: b.clock})
	require.NoError(b.t, err)
	inPay := func(demo int) providers.Provider {
		p, err := payture.Vendor().Demo(b.vendors)[demo].Open(providers.Deps{HTTP: b.wire.client(), Clock: b.clock})
		require.NoError(b.t, err)
		return p
	}
	list := []providers.Account{
		{Code: ktpayAccount, Provider: kt},
		{Code: ktpayService, Provider: services},
		{Code: bisysAccount, Provider: shop(func(*bisys.Config) {})},
		{Code: bisysFee, Provider: shop(func(c *bisys.Config) { c.Commission = bisys.Fee{RateBasisPoints: 150} })},
		{Code: bisysOwn, Provider: shop(func(c *bisys.Config) { c.PerOrderCallback = true })},
		{Code: payelataAccount, Provider: elata},
		{Code: paytureAccount, Provider: inPay(0)},
		{Code: paytureHolds, Provider: inPay(1)},
	}
	for at := range list {
		list[at].Merchant, list[at].TestMode = b.merchant.ID, true
	}
	return append(list,
		providers.Account{Code: bisysOther, Merchant: b.other.ID, TestMode: true, Provider: shop(func(*bisys.Config) {})},
		providers.Account{Code: paytureOther, Merchant: b.other.ID, TestMode: true, Provider: inPay(0)},
	)
}

// wire is what the adapters call through: it notes every exchange, and loses replies.
type wire struct {
	base *http.Transport

	mu      sync.Mutex
	calls   []exchange
	lost    map[string]int // by the end of the path: how many replies
	doubled map[string]int // likewise: how many requests
}

// exchange is one call of an adapter's, and the answer, which it may never have seen.
type exchange struct {
	method, path string
	sent, said   string
}

func newWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{base: &http.Transport{}, lost: map[string]int{}, doubled: map[string]int{}}
	t.Cleanup(w.base.CloseIdleConnections)
	return w
}

func (w *wire) client() *http.Client { return &http.Client{Transport: w} }

// loses has the next reply of a call to a path vanish, after the vendor did the work.
func (w *wire) loses(end string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost[end]++
}

// doubles has the next request to a path arrive twice, as a proxy that repeats what it
// must not does: the answer is the one to the second.
func (w *wire) doubles(end string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.doubled[end]++
}

// takes counts one of those with paths of that end, when any is left.
func takes(from map[string]int, path string) bool {
	for end, n := range from {
		if n > 0 && strings.HasSuffix(path, end) {
			from[end]--
			return true
		}
	}
	return false
}

// with are the exchanges with paths of that end.
func (w *wire) with(end string) []exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []exchange
	for _, c := range w.calls {
		if strings.HasSuffix(c.path, end) {
			found = append(found, c)
		}
	}
	return found
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.calls)
}

var errCut = errors.New("the connection was cut")

// RoundTrip exchanges as usual, and keeps the answer to itself when it is to be lost.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	twice := takes(w.doubled, r.URL.Path)
	w.mu.Unlock()
	if twice {
		if response, err := w.roundTrip(r, sent); err == nil {
			_ = response.Body.Close()
		}
	}
	response, err := w.roundTrip(r, sent)
	if err != nil {
		return nil, err
	}
	said, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(said))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, exchange{r.Method, r.URL.Path, string(sent), string(said)})
	if takes(w.lost, r.URL.Path) {
		return nil, errCut
	}
	return response, nil
}

func (w *wire) roundTrip(r *http.Request, body []byte) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return w.base.RoundTrip(r)
}

// delivery is one notification as it came, and our answer to it.
type delivery struct {
	path, body  string
	header      http.Header
	status      int
	contentType string
	answer      string
}

// edge is the server's door for notifications. It notes them all, and may answer 500
// when everything went well.
type edge struct {
	t    *testing.T
	url  string
	came chan delivery

	mu    sync.Mutex
	next  http.Handler
	fails int
}

func newEdge(t *testing.T) *edge {
	t.Helper()
	e := &edge{t: t, came: make(chan delivery, 10_000), next: http.NotFoundHandler()}
	outer := httptest.NewServer(e)
	t.Cleanup(outer.Close)
	e.url = outer.URL
	return e
}

// serves puts the real edge behind the door.
func (e *edge) serves(service *billing.Service, s *store.Store, clock pay.Clock) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { nothing: String }"})
	server, err := web.New(web.Options{
		Schema:    &graphql.ExecutableSchemaMock{SchemaFunc: func() *ast.Schema { return schema }},
		Presenter: graphql.DefaultErrorPresenter, Auth: nobody{}, Billing: service, Store: s, Clock: clock,
		Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(e.t, err)
	e.t.Cleanup(func() { require.NoError(e.t, server.Close()) })
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next = server
}

// nobody may ask anything here.
type nobody struct{}

func (nobody) FromHeader(*http.Request) (viewer.Viewer, error) { return viewer.Viewer{}, errCut }

func (nobody) FromInit(context.Context, map[string]any) (viewer.Viewer, error) {
	return viewer.Viewer{}, errCut
}

// failsOnce has the next notification answered 500, though it was taken.
func (e *edge) failsOnce() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fails = 1
}

// ServeHTTP takes one notification.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	e.mu.Lock()
	next, fails := e.next, e.fails > 0
	e.fails = 0
	e.mu.Unlock()
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	if fails {
		answer = httptest.NewRecorder()
		answer.WriteHeader(http.StatusInternalServerError)
	}
	e.came <- delivery{
		path: r.URL.Path, body: string(body), header: r.Header.Clone(),
		status: answer.Code, contentType: answer.Header().Get("Content-Type"), answer: answer.Body.String(),
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// delivered waits for the next notification.
func (b *bundle) delivered() delivery {
	b.t.Helper()
	select {
	case d := <-b.edge.came:
		return d
	case <-time.After(patience):
		require.FailNow(b.t, "no notification came")
		return delivery{}
	}
}

// sends sends a notification to a path of ours, as anybody may, and returns our answer.
func (b *bundle) sends(path, body string, header http.Header) delivery {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.edge.url+path, strings.NewReader(body))
	require.NoError(b.t, err)
	request.Header = header.Clone()
	if request.Header == nil {
		request.Header = http.Header{"Content-Type": {"application/json"}}
	}
	response, err := outside().Do(request)
	require.NoError(b.t, err)
	_ = response.Body.Close()
	return b.delivered()
}
