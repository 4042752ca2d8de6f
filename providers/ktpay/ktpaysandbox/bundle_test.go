package ktpaysandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/nacl/box"

	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
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

// notice is a notification as the shop got it.
type notice struct {
	sandboxtest.Delivery
	body map[string]any
}

func (n notice) status() map[string]any { return n.body["status"].(map[string]any) } //nolint:errcheck // a panic fails the test

type reply = sandboxtest.Reply

func says(status int, contentType, body string) reply {
	return reply{Status: status, ContentType: contentType, Body: body}
}

func acknowledged() reply { return says(200, "application/json", `{"status":"ok"}`) }

// bench is a running sandbox with KTPay on it.
type bench struct {
	*sandboxtest.Bench
	shop   *sandboxtest.Shop
	public [32]byte
}

type options struct {
	ktpay     ktpaysandbox.Options
	clock     sandbox.Clock
	stateFile string
	answers   func(n int) reply
	shop      *sandboxtest.Shop
}

func setup(t *testing.T, o options) *bench {
	t.Helper()
	if o.answers == nil {
		o.answers = sandboxtest.Always(acknowledged())
	}
	if o.shop == nil {
		o.shop = sandboxtest.NewShop(o.answers)
	}
	s := sandboxtest.Start(t, ktpaysandbox.New(o.ktpay), sandbox.Options{Clock: o.clock, StateFile: o.stateFile, NotifyClient: o.shop.Client()})
	return &bench{Bench: s, shop: o.shop, public: key(t, readVectors(t).PublicKey)}
}

// inBubble is a bench whose time is that of the synctest bubble t runs in. It
// must be closed before the bubble ends.
func inBubble(t *testing.T, o options) *bench {
	t.Helper()
	o.clock = sandboxtest.BubbleClock{}
	return setup(t, o)
}

type answer = sandboxtest.Answer

func (b *bench) form(path string, values url.Values) answer {
	b.Helper()
	return b.Ask(http.MethodPost, path, values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
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
	return b.Ask(http.MethodPost, paymentPath, b.seal(text), "Auth-Identifier", appID)
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
	require.Equal(b, http.StatusOK, a.Status, a.Body)
	var got struct {
		Error    []any
		Response struct {
			Success bool
			Data    struct {
				Hash string `json:"transaction_hash"`
			}
		}
	}
	require.NoError(b, json.Unmarshal([]byte(a.Body), &got))
	require.NotNil(b, got.Error)
	require.Empty(b, got.Error)
	require.True(b, got.Response.Success)
	require.Regexp(b, hashForm, got.Response.Data.Hash)
	return got.Response.Data.Hash
}

// refused checks the form of an error and returns what it says by field.
func (b *bench) refused(a answer, status, code int) map[string]string {
	b.Helper()
	require.Equal(b, status, a.Status, a.Body)
	require.Equal(b, "application/json", a.Header.Get("Content-Type"))
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
	require.NoError(b, json.Unmarshal([]byte(a.Body), &got))
	require.False(b, *got.Success)
	require.NotNil(b, got.Data)
	require.False(b, *got.Response.Success)
	require.Equal(b, code, got.Error.Code, a.Body)
	require.NotEmpty(b, got.Error.Messages["error"])
	require.NotEmpty(b, got.Error.Hint)
	return got.Error.Messages
}

func pagePath(hash string) string { return "/ktpay/payment-card?hash=" + hash }

// pay plays the payer by the control API.
func (b *bench) pay(hash, card, outcome string) sandbox.Paid {
	b.Helper()
	return b.Pay(b.URL+pagePath(hash), card, outcome)
}

func typed(card string) url.Values {
	return url.Values{"pan": {card}, "expiry": {"12/28"}, "cvc": {"123"}, "holder": {"AIGERIM K"}}
}

// submit sends the page's form.
func (b *bench) submit(hash, card string) answer {
	b.Helper()
	return b.form(pagePath(hash), typed(card))
}

// next waits for a notification: in a bubble for days, outside until the test's
// own limit.
func (b *bench) next() notice {
	b.Helper()
	n := notice{Delivery: b.shop.Next(b.T, 48*time.Hour)}
	require.NoError(b, json.Unmarshal([]byte(n.Body), &n.body))
	return n
}

// quiet lets d of the bubble's time go by without a notification.
func (b *bench) quiet(d time.Duration) {
	b.Helper()
	b.shop.Quiet(b.T, d)
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
