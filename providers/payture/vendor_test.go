package payture

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/providertest"
)

// The order that every canned answer is about, and secrets that are easy to
// find where they must not be.
const (
	order          = "0198c0ffee0000000000000abc"
	canaryKey      = "CANARY-KEY-7f3a"
	canaryPassword = "CANARY-PASSWORD-91bd"
)

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

func testDeps() providers.Deps {
	return providers.Deps{HTTP: &http.Client{Transport: &http.Transport{}}, Clock: pay.ClockFunc(func() time.Time { return noon })}
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
	providertest.RequireError(t, err, providers.Error{Provider: Name, Op: op, Kind: kind, Code: code})
	requireNoSecret(t, err.Error())
}

func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, strings.ToLower(text), "canary")
	require.NotContains(t, text, "3d0ac9a5", "a session id")
}
