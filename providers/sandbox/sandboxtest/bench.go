// Package sandboxtest is what the tests of the vendors' sandboxes stand on: a
// running sandbox with one vendor, a time that they move, and a shop that
// receives notifications. It knows no vendor's words, and may be imported by
// tests only. Start reading at [Start].
package sandboxtest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// Bench is a running sandbox with one vendor on it. It opens no socket until
// Listen, so that it runs in a synctest bubble too.
type Bench struct {
	*testing.T
	Server *sandbox.Server
	URL    string // the sandbox's own address, as it tells it to others
}

// Start runs a sandbox with v on it until the test ends. A clock that o does not
// give is a Clock of nobody's, which stands still.
func Start(t *testing.T, v sandbox.Vendor, o sandbox.Options) *Bench {
	t.Helper()
	if o.Clock == nil {
		o.Clock = new(Clock)
	}
	if o.BaseURL == "" {
		o.BaseURL = "http://sandbox.test"
	}
	s, err := sandbox.New(o)
	require.NoError(t, err)
	require.NoError(t, s.Register(v))
	b := &Bench{T: t, Server: s, URL: o.BaseURL}
	t.Cleanup(b.Close)
	return b
}

// Close stops the sandbox, as for a restart. It is safe to repeat.
func (b *Bench) Close() {
	b.Helper()
	require.NoError(b, b.Server.Close(context.Background()))
}

// Listen opens a socket for the rest of the test, for a browser or a client that
// must see the connection, and makes URL its address.
func (b *Bench) Listen() {
	b.Helper()
	h := httptest.NewServer(b.Server.Handler())
	b.Cleanup(h.Close)
	b.URL = h.URL
	b.Server.SetBaseURL(h.URL)
}

// Answer is what came back of a request.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Ask makes a request; headers are names and values in turn.
func (b *Bench) Ask(method, path, body string, headers ...string) Answer {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
	for header := range slices.Chunk(headers, 2) {
		r.Header.Set(header[0], header[1])
	}
	w := httptest.NewRecorder()
	b.Server.Handler().ServeHTTP(w, r)
	return Answer{w.Code, w.Header(), w.Body.String()}
}

// Get asks for a page or a question's answer.
func (b *Bench) Get(path string, headers ...string) Answer {
	b.Helper()
	return b.Ask(http.MethodGet, path, "", headers...)
}

// Post sends a form; pairs are fields and values in turn.
func (b *Bench) Post(path string, pairs ...string) Answer {
	b.Helper()
	form := url.Values{}
	for field := range slices.Chunk(pairs, 2) {
		form.Set(field[0], field[1])
	}
	return b.Ask(http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// Control calls POST /_control/name.
func (b *Bench) Control(name, body string) Answer {
	b.Helper()
	return b.Ask(http.MethodPost, "/_control/"+name, body, "Content-Type", "application/json")
}

// Pay plays the payer on the page at an address by the control API. An empty card
// or outcome is the plain one.
func (b *Bench) Pay(page, card, outcome string) sandbox.Paid {
	b.Helper()
	in, err := json.Marshal(map[string]string{"url": page, "card": card, "outcome": outcome})
	require.NoError(b, err)
	a := b.Control("pay", string(in))
	require.Equal(b, http.StatusOK, a.Status, a.Body)
	var p sandbox.Paid
	require.NoError(b, json.Unmarshal([]byte(a.Body), &p))
	return p
}

// Book is all that the sandbox knows of money.
func (b *Bench) Book() []sandbox.Entry { return b.Server.Book().After(0, 1000) }
