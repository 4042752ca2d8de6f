package ktpay

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/nacl/box"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/providertest"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// The order that every test is about, the documented sample's hash, and an app id,
// a secret address and a contract that are easy to find where they must not be.
const (
	orderNumber = "0198c0ffee0000000000000abc"
	sampleHash  = "af7ed500aa9f2132fae4b63e936af641bcc4ebaf"
	testAppID   = "e2d3d70d53c67bcd377266f74e98587c"
	notifyURL   = "https://pay.example/webhooks/ktpay/main/CANARY-7f3a91bd"
	contract    = "0012CANARY"
)

// A sealedVector is one sealed box that libsodium made, or something like one.
type sealedVector struct {
	Plaintext string `json:"plaintext"`
	Note      string `json:"note"`
	Sealed    string `json:"sealed_b64"`
}

// samples are the key pair of the tests and what was sealed for it.
type samples struct {
	Secret  string         `json:"secret_key_b64"`
	Public  string         `json:"public_key_b64"`
	Vectors []sealedVector `json:"vectors"`
}

func readSamples(t testing.TB) samples {
	t.Helper()
	var read samples
	require.NoError(t, json.Unmarshal(golden(t, "sealed.json"), &read))
	return read
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return text
}

func (s samples) keys(t testing.TB) (public, secret *[32]byte) {
	t.Helper()
	p, err := base64.StdEncoding.DecodeString(s.Public)
	require.NoError(t, err)
	q, err := base64.StdEncoding.DecodeString(s.Secret)
	require.NoError(t, err)
	return (*[32]byte)(p), (*[32]byte)(q)
}

// openBox opens a box in standard base64 as its owner.
func openBox(sealed string, public, secret *[32]byte) (string, bool) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return "", false
	}
	text, ok := box.OpenAnonymous(nil, raw, public, secret)
	return string(text), ok
}

// vendor is a KTPay that creates transactions from boxes that it opens, unless a
// test gives it another way to answer.
type vendor struct {
	*vendortest.Server
	public, secret *[32]byte
	answer         http.HandlerFunc // nil: create

	mu     sync.Mutex
	orders map[string]string // plain JSON by order_id
}

func newVendor(t *testing.T, answer http.HandlerFunc) *vendor {
	t.Helper()
	v := newStoppedVendor(t, answer)
	v.Start()
	t.Cleanup(v.Close)
	return v
}

func newStoppedVendor(t *testing.T, answer http.HandlerFunc) *vendor {
	t.Helper()
	v := &vendor{answer: answer, orders: make(map[string]string)}
	v.public, v.secret = readSamples(t).keys(t)
	v.Server = vendortest.NewStopped(func(w http.ResponseWriter, r *http.Request) {
		if v.answer != nil {
			v.answer(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		status, said := v.create(r, string(body))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, said)
	})
	return v
}

func (v *vendor) created() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.orders)
}

// opened returns the plain JSON of the only request.
func (v *vendor) opened(t *testing.T) string {
	t.Helper()
	require.Len(t, v.Seen(), 1)
	text, ok := openBox(v.Seen()[0].Body, v.public, v.secret)
	require.True(t, ok, "the box does not open")
	return text
}

// create does what the vendor documents for a creation.
func (v *vendor) create(r *http.Request, body string) (status int, said string) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/v1/merchant-widget/payment" {
		return http.StatusNotFound, `{}`
	}
	if r.Header.Get("Auth-Identifier") != testAppID {
		return http.StatusUnauthorized, refusing(4010103, "error")
	}
	text, ok := openBox(body, v.public, v.secret)
	if !ok {
		return http.StatusUnprocessableEntity, refusing(4220101, "error")
	}
	var told struct {
		Order struct {
			ID     string          `json:"order_id"`
			Amount json.RawMessage `json:"amount"`
		} `json:"order"`
	}
	if json.Unmarshal([]byte(text), &told) != nil {
		return http.StatusUnprocessableEntity, refusing(4220101, "error")
	}
	if !regexp.MustCompile(`^[1-9][0-9]*(\.[0-9]{1,2})?$|^0\.[0-9]{1,2}$`).Match(told.Order.Amount) {
		return http.StatusUnprocessableEntity, refusing(4220002, "amount")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, used := v.orders[told.Order.ID]; used || told.Order.ID == "" {
		return http.StatusUnprocessableEntity, refusing(4220002, "order.order_id")
	}
	v.orders[told.Order.ID] = text
	return http.StatusOK, fmt.Sprintf(`{"error":[],"response":{"success":true,"data":{"transaction_hash":%q,"show_close_button":true}}}`, sampleHash)
}

// refusing is an error in the shape of the README, with a message of a field.
func refusing(code int, field string) string {
	return fmt.Sprintf(`{"success":false,"data":[],"error":{"code":%d,"messages":{%q:"CANARY no"},"hint":"CANARY"}}`, code, field)
}

// says answers everything with the same status and body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func testConfig(t *testing.T, base string) Config {
	t.Helper()
	return Config{FintechURL: base, WidgetURL: base, AppID: testAppID, AppKey: readSamples(t).Public, TestMode: true}
}

func testDeps() providers.Deps {
	return providers.Deps{HTTP: &http.Client{Transport: &http.Transport{}}, Clock: pay.ClockFunc(func() time.Time { return time.Time{} })}
}

// newClient is the client of an account at a vendor, changed by a test.
func newClient(t *testing.T, base string, changes ...func(*Config)) *Client {
	t.Helper()
	config := testConfig(t, base)
	for _, change := range changes {
		change(&config)
	}
	deps := testDeps()
	t.Cleanup(deps.HTTP.CloseIdleConnections)
	c, err := New(config, deps)
	require.NoError(t, err)
	return c
}

func startRequest() providers.StartRequest {
	return providers.StartRequest{
		OrderNumber: orderNumber, Amount: pay.Of(100050, pay.KZT), Description: "Заказ № 7",
		ReturnURL: "https://shop.example/return?a=1&b=2", NotifyURL: notifyURL,
	}
}

// requireError checks an adapter's error and that it tells nothing that it should not.
func requireError(t *testing.T, err error, op providers.Op, kind providers.Kind, code string) {
	t.Helper()
	providertest.RequireError(t, err, providers.Error{Provider: Name, Op: op, Kind: kind, Code: code})
	requireNoSecret(t, err.Error())
}

func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, strings.ToLower(text), "canary")
	require.NotContains(t, text, testAppID)
	require.NotContains(t, text, readSamples(t).Public)
	require.NotContains(t, text, sampleHash)
}
