package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.uber.org/goleak"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/web"
	"github.com/paygraph/paygraph/providers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canary is planted in tokens, bodies, queries and paths and must come out of
// no answer and no log line.
const canary = "Canary4276838748917319"

// patience bounds every wait, so that a failure is a failure and no hang.
const patience = 10 * time.Second

// safeBuffer is a log that may be read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// fakeAuth knows three tokens: of a user, of a user until tomorrow, and of an
// administrator. With down set it can judge none.
type fakeAuth struct{ down bool }

func (a fakeAuth) FromHeader(r *http.Request) (viewer.Viewer, error) {
	return a.judge(r.Header.Get("Authorization"))
}

func (a fakeAuth) FromInit(_ context.Context, payload map[string]any) (viewer.Viewer, error) {
	text, _ := payload["Authorization"].(string)
	return a.judge(text)
}

func (a fakeAuth) judge(text string) (viewer.Viewer, error) {
	switch {
	case a.down:
		return viewer.Viewer{}, errors.New("the database is out of reach")
	case text == "Bearer alice":
		return viewer.Viewer{Role: pay.RoleUser, Principal: "user/alice"}, nil
	case text == "Bearer admin":
		return viewer.Viewer{Role: pay.RoleAdmin, Principal: "operator/admin"}, nil
	case text == "":
		return viewer.Viewer{}, pay.Errorf(pay.CodeUnauthenticated, "auth.missing", "Send a key or a token.")
	default:
		return viewer.Viewer{}, pay.Errorf(pay.CodeUnauthenticated, "auth.expired", "The token has expired: get a new one.")
	}
}

// fakeBilling is billing as a test says.
type fakeBilling struct {
	notify   func(ctx context.Context, provider, account string, n providers.Notification) (providers.Reply, error)
	returned func(ctx context.Context, token string) (string, error)
	follow   func(ctx context.Context, token string) (string, error)
}

func (b *fakeBilling) FollowPayURL(ctx context.Context, token string) (string, error) {
	return b.follow(ctx, token)
}

func (b *fakeBilling) Notify(ctx context.Context, provider, account string, n providers.Notification) (providers.Reply, error) {
	return b.notify(ctx, provider, account, n)
}

func (b *fakeBilling) NotifyOrder(ctx context.Context, provider, account, token string, n providers.Notification) (providers.Reply, error) {
	return b.notify(ctx, provider, account+"/"+token, n)
}

func (b *fakeBilling) Return(ctx context.Context, token string) (string, error) {
	return b.returned(ctx, token)
}

// fakeStore is a database as a test says.
type fakeStore struct {
	mu       sync.Mutex
	pingErr  error
	migrated bool
	pings    int
}

func (s *fakeStore) Ping(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pings++
	return s.pingErr
}

func (s *fakeStore) IsMigrated(context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.migrated, nil
}

func (s *fakeStore) set(pingErr error, migrated bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pingErr, s.migrated = pingErr, migrated
}

// fakeClock stands still until a test moves it.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fakeSchema answers one field each:
//
//	who    the viewer's principal
//	from   the client's address
//	hold   after release
//	panic  never
//	ticks  a subscription that sends one and then waits for its end
type fakeSchema struct {
	started chan struct{} // hold or ticks has begun
	release chan struct{}
}

const fakeSDL = `
	type Query { who: String from: String hold: String panic: String wrong(card: Int): String }
	type Subscription { ticks: String }
`

func (f *fakeSchema) executable() graphql.ExecutableSchema {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: fakeSDL})
	return &graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc:   f.exec,
	}
}

func (f *fakeSchema) exec(ctx context.Context) graphql.ResponseHandler {
	field, _ := graphql.GetOperationContext(ctx).Operation.SelectionSet[0].(*ast.Field)
	answer := func(value string) graphql.ResponseHandler {
		encoded, _ := json.Marshal(map[string]string{field.Alias: value})
		return graphql.OneShot(&graphql.Response{Data: encoded})
	}
	switch field.Name {
	case "who":
		return answer(viewer.From(ctx).Principal)
	case "from":
		return answer(web.ClientIP(ctx))
	case "hold":
		f.started <- struct{}{}
		<-f.release
		return answer("held")
	case "panic":
		panic(canary)
	case "ticks":
		sent := false
		return func(ctx context.Context) *graphql.Response {
			if sent {
				<-ctx.Done()
				return nil
			}
			sent = true
			f.started <- struct{}{}
			return &graphql.Response{Data: json.RawMessage(`{"ticks":"1"}`)}
		}
	default:
		return answer("Query")
	}
}

func present(_ context.Context, err error) *gqlerror.Error {
	if shown, ok := errors.AsType[*gqlerror.Error](err); ok {
		return shown
	}
	return &gqlerror.Error{Message: "Internal error.", Extensions: map[string]any{"code": pay.CodeInternal}}
}

// edge is a whole server with fakes behind it. Change options or a fake before
// the first request.
type edge struct {
	options web.Options
	billing *fakeBilling
	store   *fakeStore
	schema  *fakeSchema
	clock   *fakeClock
	log     *safeBuffer
	server  *web.Server
	url     string
}

// setup serves an edge with httptest, without the deadlines of Serve.
func setup(t *testing.T, change func(*edge)) *edge {
	t.Helper()
	e := newEdge(t, change)
	outer := httptest.NewServer(e.server)
	t.Cleanup(func() {
		require.NoError(t, e.server.Close())
		outer.Close()
	})
	e.url = outer.URL
	return e
}

func newEdge(t *testing.T, change func(*edge)) *edge {
	t.Helper()
	e := &edge{
		billing: &fakeBilling{},
		store:   &fakeStore{migrated: true},
		schema:  &fakeSchema{started: make(chan struct{}, 1000), release: make(chan struct{})},
		clock:   &fakeClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		log:     &safeBuffer{},
	}
	e.options = web.Options{
		Schema: e.schema.executable(), Presenter: present, Auth: fakeAuth{}, Billing: e.billing, Store: e.store, Clock: e.clock,
		Logger: slog.New(web.LogHandler(slog.NewJSONHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}
	if change != nil {
		change(e)
	}
	server, err := web.New(e.options)
	require.NoError(t, err)
	e.server = server
	return e
}

// client follows no redirects and keeps no connections.
var client = &http.Client{
	Timeout:       patience,
	Transport:     &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: patience},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// answer is a response read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// send makes one request; headers come in pairs.
func (e *edge) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	got, err := e.trySend(method, path, strings.NewReader(body), headers...)
	require.NoError(t, err)
	return got
}

func (e *edge) trySend(method, path string, body io.Reader, headers ...string) (answer, error) {
	r, err := http.NewRequest(method, e.url+path, body)
	if err != nil {
		return answer{}, err
	}
	for at := 0; at < len(headers); at += 2 {
		r.Header.Add(headers[at], headers[at+1])
	}
	response, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(read)}, err
}

// query posts one GraphQL document.
func (e *edge) query(t *testing.T, document string, headers ...string) answer {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": document})
	require.NoError(t, err)
	return e.send(t, http.MethodPost, "/graphql", string(body), append([]string{"Content-Type", "application/json"}, headers...)...)
}

// lines returns the log's lines with that message.
func (e *edge) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(e.log.String()) {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &fields))
		if fields["msg"] == message {
			found = append(found, fields)
		}
	}
	return found
}

// noCanary checks that nothing that was planted came out.
func (e *edge) noCanary(t *testing.T, answers ...answer) {
	t.Helper()
	require.NotContains(t, e.log.String(), canary)
	for _, a := range answers {
		require.NotContains(t, a.body, canary)
		for name, values := range a.header {
			require.NotContains(t, strings.Join(values, " "), canary, name)
		}
	}
}

func wait[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

// dial opens a bare connection to the edge.
func (e *edge) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
