package providertest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paygraph/paygraph/providers"
)

// receiver is where the vendor's notifications go: one address for each account,
// and one for each order that demands its own.
type receiver struct {
	server *httptest.Server

	mu      sync.Mutex
	parsers map[string]providers.Provider // by account
	orders  map[string]*providers.Ref     // by the secret part of an order's address
	got     []delivery
	came    chan struct{} // closed and replaced when one comes
}

// delivery is a notification that came, and what the adapter made of it.
type delivery struct {
	account      string
	notification providers.Notification
	events       []providers.Event
	err          error
}

// newReceiver begins to listen, over TLS for a live account.
func newReceiver(t *testing.T, live bool) *receiver {
	t.Helper()
	r := &receiver{parsers: map[string]providers.Provider{}, orders: map[string]*providers.Ref{}, came: make(chan struct{})}
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	if live {
		r.server.StartTLS()
	} else {
		r.server.Start()
	}
	t.Cleanup(r.server.Close)
	return r
}

// add gives an account its address and returns it.
func (r *receiver) add(account string, p providers.Provider) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parsers[account] = p
	return r.server.URL + "/accounts/" + account
}

// order gives an order its own address at an account and returns it.
func (r *receiver) order(account string, ref providers.Ref) string {
	secret := newName()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orders[secret] = &ref
	return r.server.URL + "/accounts/" + account + "/" + secret
}

// secrets are what nobody but the vendor may know of the orders' addresses.
func (r *receiver) secrets() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.orders))
}

// told notes the vendor's own number of an order.
func (r *receiver) told(ref providers.Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, known := range r.orders {
		if known.OrderNumber == ref.OrderNumber {
			known.ProviderRef = ref.ProviderRef
		}
	}
}

func (r *receiver) serve(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	account, secret, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/accounts/"), "/")
	d := delivery{account: account, notification: providers.Notification{Header: request.Header.Clone(), Query: request.URL.Query(), Body: body}}
	r.mu.Lock()
	if ref := r.orders[secret]; ref != nil {
		own := *ref
		d.notification.Order = &own
	}
	parser, ok := r.parsers[account].(providers.WebhookParser)
	r.mu.Unlock()
	if !ok {
		http.NotFound(w, request)
		return
	}
	events, answer, err := parser.ParseWebhook(request.Context(), d.notification)
	d.events, d.err = events, err
	r.mu.Lock()
	r.got = append(r.got, d)
	close(r.came)
	r.came = make(chan struct{})
	r.mu.Unlock()
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", answer.ContentType)
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// deliveries returns what came so far, and what is closed when more comes.
func (r *receiver) deliveries() ([]delivery, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]delivery(nil), r.got...), r.came
}

// isAbout reports whether an event is about an order, by our number or theirs.
func isAbout(e providers.Event, ref providers.Ref) bool {
	if e.Ref.OrderNumber != "" {
		return e.Ref.OrderNumber == ref.OrderNumber
	}
	return e.Ref.ProviderRef != "" && e.Ref.ProviderRef == ref.ProviderRef
}
