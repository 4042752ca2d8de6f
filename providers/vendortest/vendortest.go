// Package vendortest is what the tests of adapters share: a vendor that answers what
// a test tells it to and remembers what it was asked, and faults of a connection that
// no http.Handler has. It knows the wire and no vendor's words, and it is not the
// suite that every adapter has to pass, which is package providertest.
//
// Start with New.
package vendortest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Asked is one request that a vendor saw.
type Asked struct {
	Method string
	Path   string
	Target string // the path with its query, as it was sent
	Header http.Header
	Body   string
}

// Form reads the body as a form.
func (a Asked) Form(t testing.TB) url.Values {
	t.Helper()
	form, err := url.ParseQuery(a.Body)
	require.NoError(t, err)
	return form
}

// Member returns a member of the body, a JSON object, as it was written; "" when it
// is not there.
func (a Asked) Member(t testing.TB, name string) string {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(a.Body), &members))
	return string(members[name])
}

// Server is a vendor that says what a test tells it to, and remembers what it was
// asked.
type Server struct {
	*httptest.Server

	mu    sync.Mutex
	asked []Asked
}

// New starts a vendor that answers everything with handle. It ends with the test.
func New(t testing.TB, handle http.HandlerFunc) *Server {
	t.Helper()
	s := NewStopped(handle)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// NewStopped makes a vendor that is not started yet: with TLS, or never.
func NewStopped(handle http.HandlerFunc) *Server {
	s := new(Server)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mu.Lock()
		s.asked = append(s.asked, Asked{Method: r.Method, Path: r.URL.Path, Target: r.RequestURI, Header: r.Header.Clone(), Body: string(body)})
		s.mu.Unlock()
		handle(w, r)
	}))
	return s
}

// Seen returns the requests so far, in order.
func (s *Server) Seen() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// SeenAt returns those of one path.
func (s *Server) SeenAt(path string) []Asked {
	return slices.DeleteFunc(s.Seen(), func(a Asked) bool { return a.Path != path })
}

// Targets returns the requests' methods and targets, e.g. "GET /orders?number=1".
func (s *Server) Targets() []string {
	var list []string
	for _, a := range s.Seen() {
		list = append(list, a.Method+" "+a.Target)
	}
	return list
}
