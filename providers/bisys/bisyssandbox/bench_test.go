package bisyssandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/bisys/bisyssandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is a running sandbox with bisys on it, and a shop that receives
// notifications.
type bench struct {
	*testing.T
	clock  *clock
	server *sandbox.Server
	url    string
	client *http.Client // follows no redirect
	shop   *shop
	token  string // of the shop that calls
	key    string
}

type options struct {
	bisys     bisyssandbox.Options
	stateFile string
}

func setup(t *testing.T, o options) *bench {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	s, err := sandbox.New(sandbox.Options{Clock: c, StateFile: o.stateFile})
	require.NoError(t, err)
	require.NoError(t, s.Register(bisyssandbox.New(o.bisys)))
	h := httptest.NewServer(s.Handler())
	b := &bench{T: t, clock: c, server: s, url: h.URL, shop: newShop(t), token: "sandbox-shop", key: "sandbox-key", client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.Cleanup(func() {
		h.Close()
		require.NoError(t, s.Close(context.Background()))
	})
	return b
}

// shop receives notifications: answers are its statuses in turn, then 200.
type shop struct {
	*httptest.Server
	heard chan heard

	mu      sync.Mutex
	answers []int
}

type heard struct {
	path string
	at   time.Time
	body map[string]string
	kind string
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{heard: make(chan heard, 100)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := heard{path: r.URL.Path, at: time.Now(), kind: r.Header.Get("Content-Type")}
		if json.NewDecoder(r.Body).Decode(&h.body) != nil || r.Method != http.MethodPost {
			h.path = "not a notification"
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		status := http.StatusOK
		if len(s.answers) > 0 {
			status, s.answers = s.answers[0], s.answers[1:]
		}
		w.WriteHeader(status)
		s.heard <- h
	}))
	t.Cleanup(s.Close)
	return s
}

// next waits for a notification.
func (b *bench) next() heard {
	b.Helper()
	select {
	case h := <-b.shop.heard:
		return h
	case <-time.After(10 * time.Second):
		require.FailNow(b, "no notification came")
		return heard{}
	}
}

// listen sends the shop's notifications to it.
func (b *bench) listen(answers ...int) {
	b.Helper()
	b.shop.mu.Lock()
	b.shop.answers = answers
	b.shop.mu.Unlock()
	require.NoError(b, b.server.SetNotifyURL("bisys", b.token, b.shop.URL+"/account"))
}

// answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *bench) do(method, path string, header http.Header, body string) answer {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(b, err)
	r.Header = header
	resp, err := b.client.Do(r)
	require.NoError(b, err)
	defer func() { require.NoError(b, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b, err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func (b *bench) get(path string) answer { b.Helper(); return b.do("GET", path, http.Header{}, "") }

// asked is a GET of a browser that reads English.
func (b *bench) asked(path string) answer {
	b.Helper()
	return b.do("GET", path, header("Accept-Language", "en-GB,en;q=0.9"), "")
}

func (b *bench) post(path string, pairs ...string) answer {
	b.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, header("Content-Type", "application/x-www-form-urlencoded"), v.Encode())
}

// body is a command's object or its answer.
type body = map[string]any

// call sends a command with Basic authentication.
func (b *bench) call(path string, in body) (int, body) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.url, http.NoBody)
	require.NoError(b, err)
	r.SetBasicAuth(b.token, b.key)
	r.Header.Set("Content-Type", "application/json")
	text, err := json.Marshal(in)
	require.NoError(b, err)
	a := b.do("POST", "/bisys/api-shop"+path, r.Header, string(text))
	require.Equal(b, "application/json; charset=utf-8", a.header.Get("Content-Type"), a.body)
	var out body
	require.NoError(b, json.Unmarshal([]byte(a.body), &out))
	return a.status, out
}

// must is a command that succeeds.
func (b *bench) must(path string, in body) body {
	b.Helper()
	status, out := b.call(path, in)
	require.Equal(b, http.StatusOK, status, out)
	return out
}

// refused is a command that is refused with the code.
func (b *bench) refused(path string, in body, code int) body {
	b.Helper()
	status, out := b.call(path, in)
	require.Equal(b, http.StatusBadRequest, status, out)
	require.InDelta(b, code, out["code"], 0, "%v", out)
	require.NotEmpty(b, out["userMessage"])
	return out
}

const (
	anonymousPath = "/rs/shop/do/payment/anonymous"
	recurrentPath = "/rs/shop/do/payment"
	statusPath    = "/rs/shop/check/payment/state"
	refundPath    = "/rs/shop/payment/refund"
	good          = "4111111111111111"
)

// fixture is one of the vendor's sample bodies.
func fixture(t *testing.T, file string) body {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	var out body
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}

// with is a copy of a body with some members changed; a nil value removes one.
func with(in body, pairs ...any) body {
	out := maps.Clone(in)
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		out[name] = pairs[i+1]
	}
	maps.DeleteFunc(out, func(_ string, value any) bool { return value == nil })
	return out
}

// order is a payment as its creator knows it.
type order struct{ num, url, id string }

func (b *bench) opened(out body) order {
	b.Helper()
	o := order{num: fmt.Sprint(out["regPayNum"]), url: fmt.Sprint(out["payUrl"])}
	u, err := url.Parse(o.url)
	require.NoError(b, err)
	o.id = u.Query().Get("order")
	return o
}

// anonymous opens the vendor's sample payment: 450 and a fee of 13300.
func (b *bench) anonymous(pairs ...any) order {
	b.Helper()
	return b.opened(b.must(anonymousPath, with(fixture(b.T, "anonymous.json"), pairs...)))
}

func (b *bench) status(num string) body {
	b.Helper()
	return b.must(statusPath, body{"regPayNum": num})
}

func (b *bench) state(num string) any { b.Helper(); return b.status(num)["state"] }

func (b *bench) control(path, in string) answer {
	b.Helper()
	return b.do("POST", "/_control/"+path, header("Content-Type", "application/json"), in)
}

// pay plays the payer by the control API.
func (b *bench) pay(page, card, outcome string) sandbox.Paid {
	b.Helper()
	a := b.control("pay", fmt.Sprintf(`{"url":%q,"card":%q,"outcome":%q}`, page, card, outcome))
	require.Equal(b, http.StatusOK, a.status, a.body)
	var p sandbox.Paid
	require.NoError(b, json.Unmarshal([]byte(a.body), &p))
	return p
}

// submit sends the page's form as a public client of the demo zone does.
func (b *bench) submit(o order, pairs ...string) answer {
	b.Helper()
	typed := map[string]string{
		"form": "card", "operation": "pay", "order": o.id, "type": "card", "pan": good, "exp": "12 24", "holder": "IVAN PETROV", "secret": "123",
	}
	for i := 0; i < len(pairs); i += 2 {
		typed[pairs[i]] = pairs[i+1]
	}
	var all []string
	for k, v := range typed {
		all = append(all, k, v)
	}
	return b.post(map[string]string{"pay": "/bisys/cardpay/api/C/pay", "checkpay": "/bisys/cardpay/api/C/rpcheck"}[typed["operation"]], all...)
}

// payByForm goes the way of the form and the bank's page.
func (b *bench) payByForm(o order) {
	b.Helper()
	a := b.submit(o)
	require.Equal(b, "/bisys/cardpay/secure?order="+o.id, a.header.Get("Location"), a.body)
	a = b.post(a.header.Get("Location"), "password", "12345678", "action", "confirm")
	require.Equal(b, "/bisys/cardpay/receipt?order="+o.id, a.header.Get("Location"), a.body)
}

// user registers a payer and returns the userToken.
func (b *bench) user(login string) string {
	b.Helper()
	return fmt.Sprint(b.must("/user/registration", body{"login": login})["userToken"])
}

// card registers a card of the user's and returns its token.
func (b *bench) card(user, pan string) string {
	b.Helper()
	out := b.must("/card/registration", body{"userToken": user, "clientType": "web"})
	require.Equal(b, "payed", b.pay(fmt.Sprint(out["payUrl"]), pan, "").State)
	cards := b.cards(user)
	return fmt.Sprint(cards[len(cards)-1]["cardToken"])
}

func (b *bench) cards(user string) []body {
	b.Helper()
	var cards []body
	list, ok := b.must("/ver3/get/cards", body{"userToken": user})["cards"].([]any)
	require.True(b, ok)
	for _, one := range list {
		c, ok := one.(body)
		require.True(b, ok)
		cards = append(cards, c)
	}
	return cards
}

// recurring is the vendor's sample of a recurrent payment for a user and card.
func (b *bench) recurring(user, card string, pairs ...any) body {
	b.Helper()
	in := with(fixture(b.T, "recurrent.json"), "userToken", user, "cardToken", card)
	return with(in, pairs...)
}

func (b *bench) book() []sandbox.Entry { return b.server.Book().After(0, 1000) }

// entry is the book's entry of a payment.
func (b *bench) entry(num string) sandbox.Entry {
	b.Helper()
	for _, e := range b.book() {
		if e.OrderRef == num {
			return e
		}
	}
	require.FailNow(b, "the book has no such order", num)
	return sandbox.Entry{}
}
