// Package gqlhttp carries GraphQL over the network: POST, graphql-transport-ws
// and server-sent events, as transports for gqlgen's handler, and the lexical
// guard that looks at a document before anything parses it.
//
// It owns what a client sees of the protocols: media types, statuses, close
// codes, keepalives, caps on sizes and counts. It knows no schema, no viewer
// and no table: who is asking comes through the hooks in Options. It never
// writes a request's body into an answer, an error or a log.
//
// Start at Mount, then post.go, ws.go with socket.go and operation.go, sse.go;
// sockets.go is the one ticker behind everything that waits; guard.go stands
// alone.
package gqlhttp

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"

	"github.com/paygraph/paygraph/internal/pay"
)

// InitPayload is what a client sent in connection_init. It holds secrets: it
// is handed to InitFunc and then forgotten.
type InitPayload map[string]any

// Authorization returns the member of that name, whatever its case, or "".
func (p InitPayload) Authorization() string {
	for name, value := range p {
		if text, ok := value.(string); ok && strings.EqualFold(name, "Authorization") {
			return text
		}
	}
	return ""
}

// InitFunc decides who is at the other end of a socket. The context it returns
// must derive from ctx and is the parent of every operation of that socket;
// expiresAt is when the socket must end, zero for never.
//
// An error closes the socket with 4403, or with 1013 (try again later) when it
// wraps ErrUnavailable. Its text goes nowhere.
type InitFunc func(ctx context.Context, payload InitPayload) (_ context.Context, expiresAt time.Time, err error)

// Options are shared by the three transports. Only Clock is required; the
// zero value of everything else means what its comment says.
type Options struct {
	Clock pay.Clock

	// RequestID finds the id that errors carry as extensions.requestId.
	// Nil: errors carry none.
	RequestID func(ctx context.Context) string

	// Recover is told of a panic outside gqlgen's own reach, with the context
	// it happened in; its result is not used. Nil: the client still gets
	// INTERNAL, and nobody is told.
	Recover graphql.RecoverFunc

	// Init authenticates sockets. Nil: a socket is whoever its upgrade request
	// was, and never expires.
	Init InitFunc

	// ExpiresAt tells when the right that a request came with ends, so that an
	// event stream ends with it. Nil or a zero time: never.
	ExpiresAt func(ctx context.Context) time.Time

	// CheckOrigin says whether a page of that origin may open a socket.
	// Nil: only pages of the same host, and clients that send no Origin.
	CheckOrigin func(r *http.Request) bool

	MaxBodyBytes  int64         // of a POST body or a socket message; 64 KiB
	MaxOperations int           // that run at once on a socket; 10
	InitTimeout   time.Duration // from upgrade to connection_ack; 3 s
	PingInterval  time.Duration // between our pings on a socket; 20 s, silence of two ends it
	StreamPing    time.Duration // between comments on an event stream; 15 s
	WriteTimeout  time.Duration // for one message to leave; 10 s
	LingerTimeout time.Duration // for a client to answer our close frame; 3 s
	Tick          time.Duration // how often the shared ticker looks; 500 ms
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxBodyBytes, 64<<10)
	setDefault(&o.MaxOperations, 10)
	setDefault(&o.InitTimeout, 3*time.Second)
	setDefault(&o.PingInterval, 20*time.Second)
	setDefault(&o.StreamPing, 15*time.Second)
	setDefault(&o.WriteTimeout, 10*time.Second)
	setDefault(&o.LingerTimeout, 3*time.Second)
	setDefault(&o.Tick, 500*time.Millisecond)
	if o.RequestID == nil {
		o.RequestID = func(context.Context) string { return "" }
	}
	if o.Recover == nil {
		o.Recover = func(context.Context, any) error { return nil }
	}
	if o.ExpiresAt == nil {
		o.ExpiresAt = func(context.Context) time.Time { return time.Time{} }
	}
	if o.Init == nil {
		o.Init = func(ctx context.Context, _ InitPayload) (context.Context, time.Time, error) {
			return ctx, time.Time{}, nil
		}
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Mount adds the three transports to srv and returns the register of what
// lives long: call its Shutdown when the server stops, after the listener is
// closed to new requests.
//
// POST is added last because it takes every request the others leave, to
// refuse it properly: gqlgen's own refusal has no media type and says
// "data": null. Add no transport after it.
func Mount(srv *handler.Server, o Options) *Sockets {
	sockets := NewSockets(o)
	srv.AddTransport(NewWebSocket(o, sockets))
	srv.AddTransport(NewStream(o, sockets))
	srv.AddTransport(NewPost(o))
	return sockets
}
