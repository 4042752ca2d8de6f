package payture

import (
	"io"
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

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// The order that every canned answer is about, and secrets that are easy to
// find where they must not be.
const (
	order          = "0198c0ffee0000000000000abc"
	canaryKey      = "CANARY-KEY-7f3a"
	canaryPassword = "CANARY-PASSWORD-91bd"
)

// asked is one request that the vendor saw.
type asked struct {
	command string
	method  string
	target  string
	header  http.Header
	body    string
}

func (a asked) form(t *testing.T) url.Values {
	t.Helper()
	form, err := url.ParseQuery(a.body)
	require.NoError(t, err)
	return form
}

// vendor is a server that says what a test tells it to, and remembers what it
// was asked.
type vendor struct {
	*httptest.Server
	mu       sync.Mutex
	requests []asked
}

// newVendor answers every command with handle, which may be nil for 404.
func newVendor(t *testing.T, handle http.HandlerFunc) *vendor {
	t.Helper()
	v := newStoppedVendor(handle)
	v.Start()
	t.Cleanup(v.Close)
	return v
}

func newStoppedVendor(handle http.HandlerFunc) *vendor {
	v := new(vendor)
	v.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v.mu.Lock()
		v.requests = append(v.requests, asked{
			command: strings.TrimPrefix(r.URL.Path, "/apim/"), method: r.Method, target: r.RequestURI, header: r.Header.Clone(), body: string(body),
		})
		v.mu.Unlock()
		handle(w, r)
	}))
	return v
}

func (v *vendor) seen() []asked {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]asked(nil), v.requests...)
}

// says answers every command with the same body.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = io.WriteString(w, body)
	}
}

// saysBy answers each command with its own body, others with 404.
func saysBy(bodies map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[strings.TrimPrefix(r.URL.Path, "/apim/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		says(body)(w, r)
	}
}

func golden(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(text)
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func testConfig(base string) Config {
	return Config{BaseURL: base, Key: canaryKey, Password: canaryPassword, TestMode: true}
}

func testDeps() Deps {
	return Deps{HTTP: &http.Client{Transport: &http.Transport{}}, Clock: pay.ClockFunc(func() time.Time { return noon })}
}

func newClient(t *testing.T, base string, twoStage bool) *Client {
	t.Helper()
	config := testConfig(base)
	config.TwoStage = twoStage
	deps := testDeps()
	t.Cleanup(deps.HTTP.CloseIdleConnections)
	c, err := New(config, deps)
	require.NoError(t, err)
	return c
}

func startRequest() providers.StartRequest {
	return providers.StartRequest{OrderNumber: order, Amount: pay.Of(12480, pay.RUB), Description: "A page", ReturnURL: "https://shop.example/return/tok"}
}

// requireError checks an adapter's error and that it tells no secret.
func requireError(t *testing.T, err error, op providers.Op, kind providers.Kind, code string) {
	t.Helper()
	var e *providers.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, Name, e.Provider)
	require.Equal(t, op, e.Op, "%v", err)
	require.Equal(t, kind, e.Kind, "%v", err)
	require.Equal(t, code, e.Code, "%v", err)
	requireNoSecret(t, err.Error())
}

func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, strings.ToLower(text), "canary")
	require.NotContains(t, text, "3d0ac9a5", "a session id")
}
