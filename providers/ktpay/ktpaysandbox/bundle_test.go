package ktpaysandbox_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/nacl/box"

	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

const (
	appID       = "e2d3d70d53c67bcd377266f74e98587c"
	paymentPath = "/ktpay/api/v1/merchant-widget/payment"

	cardGood     = "4111111111111111"
	card3DS      = "4000002500003155"
	card3DSThen5 = "4000008400001629"
	cardDeclined = "4000000000000002"
	cardNoFunds  = "4000000000009995"
	cardBlocked  = "4000000000009979"
	cardExpired  = "4000000000000069"
	cardSilent   = "4000000000000119"
)

// vectors are the sealed boxes of libsodium that our specification gives.
type vectors struct {
	PublicKey string `json:"public_key_b64"`
	Vectors   []struct {
		Note, Plaintext, Expect string
		Sealed                  string `json:"sealed_b64"`
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(text, &v))
	require.Len(t, v.Vectors, 8)
	return v
}

// key is 32 bytes in base64.
func key(t *testing.T, s string) [32]byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return [32]byte(raw)
}

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

// bubbleClock is the time of a synctest bubble.
type bubbleClock struct{}

func (bubbleClock) Now() time.Time { return time.Now() }

// notice is a notification as the shop got it.
type notice struct {
	url, contentType, text string
	body                   map[string]any
	at                     time.Time
}

func (n notice) status() map[string]any { return n.body["status"].(map[string]any) } //nolint:errcheck // a panic fails the test

// reply is a shop's answer to a notification.
type reply struct {
	status            int
	contentType, body string
}

func acknowledged() reply { return reply{200, "application/json", `{"status":"ok"}`} }

// shop receives notifications in place of a network.
type shop struct {
	got     chan notice
	answers func(n int) reply
	n       int
}

func (s *shop) RoundTrip(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	n := notice{url: r.URL.String(), contentType: r.Header.Get("Content-Type"), text: string(text), at: time.Now()}
	if err := json.Unmarshal(text, &n.body); err != nil {
		return nil, err
	}
	s.n++
	a := s.answers(s.n)
	s.got <- n
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {a.contentType}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r,
	}, nil
}

// bench is a running sandbox with KTPay on it. It opens no socket, so that it
// runs in a synctest bubble too.
type bench struct {
	*testing.T
	server *sandbox.Server
	shop   *shop
	public [32]byte
}

type options struct {
	ktpay     ktpaysandbox.Options
	clock     sandbox.Clock
	stateFile string
	answers   func(n int) reply
	shop      *shop
}

func setup(t *testing.T, o options) *bench {
	t.Helper()
	if o.clock == nil {
		o.clock = &clock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	}
	if o.answers == nil {
		o.answers = func(int) reply { return acknowledged() }
	}
	if o.shop == nil {
		o.shop = &shop{got: make(chan notice, 100), answers: o.answers}
	}
	s, err := sandbox.New(sandbox.Options{
		Clock: o.clock, StateFile: o.stateFile, BaseURL: "http://sandbox.example", NotifyClient: &http.Client{Transport: o.shop},
	})
	require.NoError(t, err)
	require.NoError(t, s.Register(ktpaysandbox.New(o.ktpay)))
	b := &bench{T: t, server: s, shop: o.shop, public: key(t, readVectors(t).PublicKey)}
	t.Cleanup(b.close)
	return b
}

// inBubble is a bench whose time is that of the synctest bubble t runs in. It
// must be closed before the bubble ends.
func inBubble(t *testing.T, o options) *bench {
	t.Helper()
	o.clock = bubbleClock{}
	return setup(t, o)
}

func (b *bench) close() { require.NoError(b, b.server.Close(context.Background())) }

// answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *bench) do(method, path, body string, headers ...string) answer {
	b.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.server.Handler().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func (b *bench) get(path string, headers ...string) answer {
	b.Helper()
	return b.do(http.MethodGet, path, "", headers...)
}

func (b *bench) form(path string, values url.Values) answer {
	b.Helper()
	return b.do(http.MethodPost, path, values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

func (b *bench) control(path, body string) answer {
	b.Helper()
	return b.do(http.MethodPost, "/_control/"+path, body, "Content-Type", "application/json")
}

// seal is a body as the client makes it: base64 of a sealed box.
func (b *bench) seal(text string) string {
	b.Helper()
	sealed, err := box.SealAnonymous(nil, []byte(text), &b.public, nil)
	require.NoError(b, err)
	return base64.StdEncoding.EncodeToString(sealed)
}

// send posts a sealed text as the built-in application.
func (b *bench) send(text string) answer {
	b.Helper()
	return b.do(http.MethodPost, paymentPath, b.seal(text), "Auth-Identifier", appID)
}

// ecom is an order of 1000 tenge; more is further members, each after a comma.
func ecom(id string, more ...string) string {
	return fmt.Sprintf(`{"order":{"order_id":%q,"amount":1000,"type":"ecom"%s}}`, id, strings.Join(more, ""))
}

func toService(id string, service int, contract string) string {
	return fmt.Sprintf(`{"order":{"order_id":%q,"amount":1000,"type":"service","service":{"service_id":%d,"contract_value":%q}}}`, id, service, contract)
}

const hashForm = `^[0-9a-f]{40}$`

// open creates a transaction and returns its hash.
func (b *bench) open(text string) string {
	b.Helper()
	a := b.send(text)
	require.Equal(b, http.StatusOK, a.status, a.body)
	var got struct {
		Error    []any
		Response struct {
			Success bool
			Data    struct {
				Hash string `json:"transaction_hash"`
			}
		}
	}
	require.NoError(b, json.Unmarshal([]byte(a.body), &got))
	require.NotNil(b, got.Error)
	require.Empty(b, got.Error)
	require.True(b, got.Response.Success)
	require.Regexp(b, hashForm, got.Response.Data.Hash)
	return got.Response.Data.Hash
}

// refused checks the form of an error and returns what it says by field.
func (b *bench) refused(a answer, status, code int) map[string]string {
	b.Helper()
	require.Equal(b, status, a.status, a.body)
	require.Equal(b, "application/json", a.header.Get("Content-Type"))
	var got struct {
		Success  *bool
		Data     []any
		Response struct{ Success *bool }
		Error    struct {
			Code     int
			Messages map[string]string
			Hint     string
		}
	}
	require.NoError(b, json.Unmarshal([]byte(a.body), &got))
	require.False(b, *got.Success)
	require.NotNil(b, got.Data)
	require.False(b, *got.Response.Success)
	require.Equal(b, code, got.Error.Code, a.body)
	require.NotEmpty(b, got.Error.Messages["error"])
	require.NotEmpty(b, got.Error.Hint)
	return got.Error.Messages
}

func pagePath(hash string) string { return "/ktpay/payment-card?hash=" + hash }

// pay plays the payer by the control API.
func (b *bench) pay(hash, card, outcome string) sandbox.Paid {
	b.Helper()
	a := b.control("pay", fmt.Sprintf(`{"url":"http://sandbox.example%s","card":%q,"outcome":%q}`, pagePath(hash), card, outcome))
	require.Equal(b, http.StatusOK, a.status, a.body)
	var p sandbox.Paid
	require.NoError(b, json.Unmarshal([]byte(a.body), &p))
	return p
}

func typed(card string) url.Values {
	return url.Values{"pan": {card}, "expiry": {"12/28"}, "cvc": {"123"}, "holder": {"AIGERIM K"}}
}

// submit sends the page's form.
func (b *bench) submit(hash, card string) answer {
	b.Helper()
	return b.form(pagePath(hash), typed(card))
}

func (b *bench) book() []sandbox.Entry { return b.server.Book().After(0, 1000) }

// next waits for a notification.
func (b *bench) next() notice {
	b.Helper()
	select {
	case n := <-b.shop.got:
		return n
	case <-time.After(48 * time.Hour): // of the bubble's time; outside, the test's own limit comes first
		require.Fail(b, "no notification")
		return notice{}
	}
}

// quiet lets d of the bubble's time go by without a notification.
func (b *bench) quiet(d time.Duration) {
	b.Helper()
	select {
	case n := <-b.shop.got:
		require.Fail(b, "a notification came", n.text)
	case <-time.After(d):
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

// kept is the states that a state file saw the transactions in, one after
// another.
func kept(t *testing.T, file string) []string {
	t.Helper()
	_, changes, _ := strings.Cut(read(t, file), "\n") // after the header
	var states []string
	for line := range strings.Lines(changes) {
		var records []struct {
			Kind  string
			Value struct{ State string }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &records))
		for _, r := range records {
			if r.Kind == "ktpay/transaction" {
				states = append(states, r.Value.State)
			}
		}
	}
	return states
}
