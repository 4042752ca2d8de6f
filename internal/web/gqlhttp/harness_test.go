package gqlhttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// canary is planted in every entry and must come out of none.
const canary = "4276838748917319"

// patience bounds every wait of a test, so that a failure is a failure and no
// hang.
const patience = 10 * time.Second

// fakeClock is a clock that only a test moves.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newFakeClock() *fakeClock {
	return &fakeClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
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

// fakeSchema is an executable schema small enough to read:
//
//	echo     gives back its 64-bit argument
//	boom     fails; panic panics
//	hold     waits for release or for its context
//	count    counts to its argument and ends
//	forever  sends what is put into feed until it is cancelled
//	spare    is forever with a feed of its own
//	denied   is a subscription that never starts
type fakeSchema struct {
	feed     chan string   // to every forever
	spare    chan string   // to every spare
	release  chan struct{} // ends hold
	started  chan struct{} // a hold or forever has begun
	canceled chan struct{} // a hold or forever was cancelled
}

const fakeSDL = `
	scalar Long
	enum Colour { RED }
	type Query { echo(n: Long!): Long!  text(s: String, c: Colour, i: Int): String  boom: String  panic: String  hold: String  self: Query }
	type Mutation { hold: String }
	type Subscription { count(to: Int!): Int!  forever: String!  spare: String!  denied: String!  panic: String! }
`

func newFakeSchema() *fakeSchema {
	return &fakeSchema{
		feed:     make(chan string),
		spare:    make(chan string),
		release:  make(chan struct{}),
		started:  make(chan struct{}, 100_000),
		canceled: make(chan struct{}, 100_000),
	}
}

func (f *fakeSchema) executable() graphql.ExecutableSchema {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: fakeSDL})
	return &graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ComplexityFunc: func(context.Context, string, string, int, map[string]any) (int, bool) {
			return 0, false
		},
		ExecFunc: f.exec,
	}
}

func (f *fakeSchema) exec(ctx context.Context) graphql.ResponseHandler {
	running := graphql.GetOperationContext(ctx)
	field, ok := running.Operation.SelectionSet[0].(*ast.Field)
	if !ok {
		return graphql.OneShot(data("__typename", `"Query"`))
	}
	arguments := field.ArgumentMap(running.Variables)
	switch field.Name {
	case "echo":
		return graphql.OneShot(data(field.Alias, fmt.Sprint(arguments["n"])))
	case "text", "__schema":
		return graphql.OneShot(data(field.Alias, fmt.Sprint(!running.DisableIntrospection)))
	case "boom":
		return func(ctx context.Context) *graphql.Response {
			graphql.AddError(ctx, errors.New("it went wrong"))
			return data(field.Alias, "null")
		}
	case "panic":
		return func(context.Context) *graphql.Response { panic("oh no " + canary) }
	case "hold":
		f.begin(ctx)
		return graphql.OneShot(f.hold(ctx))
	case "count":
		return counter(arguments["to"])
	case "forever":
		f.begin(ctx)
		return follow("forever", f.feed)
	case "spare":
		f.begin(ctx)
		return follow("spare", f.spare)
	default:
		graphql.AddError(ctx, errors.New("not for you"))
		return nil
	}
}

// begin tells that an operation has begun, and later that it was cancelled:
// gqlgen asks no resolver any more then, so it must be told from here.
func (f *fakeSchema) begin(ctx context.Context) {
	context.AfterFunc(ctx, func() { f.canceled <- struct{}{} })
	f.started <- struct{}{}
}

func (f *fakeSchema) hold(ctx context.Context) *graphql.Response {
	select {
	case <-f.release:
		return data("hold", `"held"`)
	case <-ctx.Done():
		return nil
	}
}

func follow(field string, feed <-chan string) graphql.ResponseHandler {
	return func(ctx context.Context) *graphql.Response {
		select {
		case value := <-feed:
			return data(field, value)
		case <-ctx.Done():
			return nil
		}
	}
}

func counter(to any) graphql.ResponseHandler {
	n := 0
	return func(context.Context) *graphql.Response {
		if fmt.Sprint(n) == fmt.Sprint(to) {
			return nil
		}
		n++
		return data("count", fmt.Sprint(n))
	}
}

func data(field, value string) *graphql.Response {
	return &graphql.Response{Data: json.RawMessage(`{"` + field + `":` + value + `}`)}
}

// edge is a server under test, with a clock and a ticker that only the test
// moves.
type edge struct {
	schema  *fakeSchema
	clock   *fakeClock
	sockets *Sockets
	web     *httptest.Server
	url     string
	mu      sync.Mutex
	panics  []any
}

type requestIDKey struct{}

func setup(t testing.TB, change func(*Options)) *edge {
	t.Helper()
	e := &edge{schema: newFakeSchema(), clock: newFakeClock()}
	o := Options{
		Clock:       e.clock,
		RequestID:   func(ctx context.Context) string { id, _ := ctx.Value(requestIDKey{}).(string); return id },
		CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") != "https://evil.example" },
		Recover: func(_ context.Context, thrown any) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.panics = append(e.panics, thrown)
			return errors.New("internal")
		},
	}
	if change != nil {
		change(&o)
	}
	e.sockets = newSockets(o)
	srv := handler.New(e.schema.executable())
	srv.SetQueryCache(lru.New[*ast.QueryDocument](100))
	srv.Use(&Guard{MayIntrospect: func(context.Context) bool { return true }})
	srv.AddTransport(NewWebSocket(o, e.sockets))
	srv.AddTransport(NewStream(o, e.sockets))
	srv.AddTransport(NewPost(o))
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		srv.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, "req-1")))
	}))
	e.web, e.url = web, web.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = e.sockets.Shutdown(ctx)
		web.Close()
	})
	return e
}

// pass moves the clock and lets the ticker look, once what was being written
// is: else the write would seem to have taken all that time.
func (e *edge) pass(t testing.TB, d time.Duration) {
	t.Helper()
	require.Eventually(t, func() bool { return e.stuckWrites() == 0 }, patience, time.Millisecond)
	e.passStuck(d)
}

// passStuck is pass while a write cannot end.
func (e *edge) passStuck(d time.Duration) {
	e.clock.advance(d)
	e.sockets.sweep()
}

func wait(t testing.TB, signal <-chan struct{}) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
	}
}

// client is a WebSocket client that says what it expects.
type client struct {
	*websocket.Conn
	t testing.TB
}

func (e *edge) dial(t testing.TB) *client {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{subprotocol}, ReadBufferSize: 512, WriteBufferSize: 512}
	conn, response, err := dialer.Dial("ws"+strings.TrimPrefix(e.url, "http"), nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = conn.Close() })
	return &client{conn, t}
}

// dialAcked dials and is acknowledged.
func (e *edge) dialAcked(t testing.TB) *client {
	t.Helper()
	c := e.dial(t)
	c.send(`{"type":"connection_init"}`)
	c.expect(`{"type":"connection_ack"}`)
	return c
}

// within is c for a subtest.
func (c *client) within(t *testing.T) *client {
	t.Helper()
	return &client{c.Conn, t}
}

func (c *client) send(message string) {
	c.t.Helper()
	require.NoError(c.t, c.WriteMessage(websocket.TextMessage, []byte(message)))
}

func (c *client) subscribe(id, query string) {
	c.t.Helper()
	payload, err := json.Marshal(map[string]any{"query": query})
	require.NoError(c.t, err)
	c.send(`{"id":"` + id + `","type":"subscribe","payload":` + string(payload) + `}`)
}

func (c *client) expect(message string) {
	c.t.Helper()
	_, got, err := c.ReadMessage()
	require.NoError(c.t, err)
	require.JSONEq(c.t, message, string(got))
}

func (c *client) expectClose(code int) {
	c.t.Helper()
	_, got, err := c.ReadMessage()
	closed, ok := errors.AsType[*websocket.CloseError](err)
	require.True(c.t, ok, "got %s, %v", got, err)
	require.Equal(c.t, code, closed.Code)
	require.NotContains(c.t, closed.Text, canary)
}
