package bisyssandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/bisys/bisyssandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

// bench is a running sandbox with bisys on it, and a shop that receives
// notifications.
type bench struct {
	*sandboxtest.Bench
	clock   *sandboxtest.Clock
	shop    *sandboxtest.Shop
	answers []int  // the shop's statuses in turn, then 200
	token   string // of the shop that calls
	key     string
}

type options struct {
	bisys     bisyssandbox.Options
	stateFile string
}

func setup(t *testing.T, o options) *bench {
	t.Helper()
	b := &bench{clock: new(sandboxtest.Clock), token: "sandbox-shop", key: "sandbox-key"}
	b.shop = sandboxtest.NewShop(sandboxtest.Statuses(func(n int) int {
		if n <= len(b.answers) {
			return b.answers[n-1]
		}
		return http.StatusOK
	}))
	b.Bench = sandboxtest.Start(t, bisyssandbox.New(o.bisys), sandbox.Options{Clock: b.clock, StateFile: o.stateFile, NotifyClient: b.shop.Client()})
	return b
}

// heard is a notification as the shop got it.
type heard struct {
	sandboxtest.Delivery
	body map[string]string
}

// next waits for a notification.
func (b *bench) next() heard {
	b.Helper()
	h := heard{Delivery: b.shop.Next(b.T, 10*time.Second)}
	require.Equal(b, http.MethodPost, h.Method)
	require.NoError(b, json.Unmarshal([]byte(h.Body), &h.body))
	return h
}

// listen sends the shop's notifications to it.
func (b *bench) listen(answers ...int) {
	b.Helper()
	b.answers = answers
	require.NoError(b, b.Server.SetNotifyURL("bisys", b.token, "http://shop.test/account"))
}

type answer = sandboxtest.Answer

// asked is a GET of a browser that reads English.
func (b *bench) asked(path string) answer {
	b.Helper()
	return b.Get(path, "Accept-Language", "en-GB,en;q=0.9")
}

// body is a command's object or its answer.
type body = map[string]any

// call sends a command with Basic authentication.
func (b *bench) call(path string, in body) (int, body) {
	b.Helper()
	text, err := json.Marshal(in)
	require.NoError(b, err)
	a := b.Ask(http.MethodPost, "/bisys/api-shop"+path, string(text),
		"Content-Type", "application/json", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(b.token+":"+b.key)))
	require.Equal(b, "application/json; charset=utf-8", a.Header.Get("Content-Type"), a.Body)
	var out body
	require.NoError(b, json.Unmarshal([]byte(a.Body), &out))
	return a.Status, out
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
	return b.Post(map[string]string{"pay": "/bisys/cardpay/api/C/pay", "checkpay": "/bisys/cardpay/api/C/rpcheck"}[typed["operation"]], all...)
}

// payByForm goes the way of the form and the bank's page.
func (b *bench) payByForm(o order) {
	b.Helper()
	a := b.submit(o)
	require.Equal(b, "/bisys/cardpay/secure?order="+o.id, a.Header.Get("Location"), a.Body)
	a = b.Post(a.Header.Get("Location"), "password", "12345678", "action", "confirm")
	require.Equal(b, "/bisys/cardpay/receipt?order="+o.id, a.Header.Get("Location"), a.Body)
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
	require.Equal(b, "payed", b.Pay(fmt.Sprint(out["payUrl"]), pan, "").State)
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

// entry is the book's entry of a payment.
func (b *bench) entry(num string) sandbox.Entry {
	b.Helper()
	for _, e := range b.Book() {
		if e.OrderRef == num {
			return e
		}
	}
	require.FailNow(b, "the book has no such order", num)
	return sandbox.Entry{}
}
