package providertest

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// line stands between an adapter and the sandbox. It hands everything on, keeps
// what the adapter sent, and spoils what a case has it spoil.
type line struct {
	server *httptest.Server
	client *http.Client

	mu     sync.Mutex
	origin string
	calls  []sent
	from   int // of the calls: where the fault began
	fault  fault
}

// sent is a request of the adapter's.
type sent struct {
	method, target string
	header         http.Header
	body           []byte
}

// exchange is a request on its way; forward has the sandbox do it.
type exchange struct {
	number  int // from 1, since the fault began
	sent    sent
	context context.Context
	forward func() reply
}

// fault does with a request what a bad line or a bad server would.
type fault func(http.ResponseWriter, exchange)

// reply is what the sandbox answered.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// newLine begins to listen, over TLS for a live account.
func newLine(t *testing.T, live bool) *line {
	t.Helper()
	l := &line{client: &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	l.server = httptest.NewUnstartedServer(http.HandlerFunc(l.serve))
	l.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if live {
		l.server.StartTLS()
	} else {
		l.server.Start()
	}
	t.Cleanup(func() {
		l.server.Close()
		l.client.CloseIdleConnections()
	})
	return l
}

func (l *line) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	got := sent{method: r.Method, target: r.RequestURI, header: r.Header.Clone(), body: body}
	l.mu.Lock()
	l.calls = append(l.calls, got)
	spoil, number := l.fault, len(l.calls)-l.from
	l.mu.Unlock()
	forward := func() reply { return l.forward(context.WithoutCancel(r.Context()), got) }
	if spoil == nil {
		forward().writeTo(w)
		return
	}
	spoil(w, exchange{number: number, sent: got, context: r.Context(), forward: forward})
}

// forward has the sandbox do a request. A connection that it cuts is cut here.
func (l *line) forward(ctx context.Context, s sent) reply {
	l.mu.Lock()
	origin := l.origin
	l.mu.Unlock()
	request, err := http.NewRequestWithContext(ctx, s.method, origin+s.target, bytes.NewReader(s.body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	request.Header = s.header.Clone()
	answer, err := l.client.Do(request)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return reply{status: answer.StatusCode, header: answer.Header, body: body}
}

func (a reply) writeTo(w http.ResponseWriter) {
	for name, values := range a.header {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// spoil has the fault strike every request from now on; nil mends the line.
func (l *line) spoil(f fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault, l.from = f, len(l.calls)
}

// seen returns what was sent since the line was spoiled or mended last.
func (l *line) seen() []sent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]sent(nil), l.calls[l.from:]...)
}

// all returns everything that was sent.
func (l *line) all() []sent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]sent(nil), l.calls...)
}

// cut is the fault of a connection that ends without an answer.
func cut(w http.ResponseWriter, _ exchange) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// edited is the fault of an answer that says something else.
func edited(change func([]byte) []byte) fault {
	return func(w http.ResponseWriter, x exchange) {
		answer := x.forward()
		answer.body = change(answer.body)
		answer.writeTo(w)
	}
}
