// Package web is the HTTP edge: /graphql over POST, sockets and server-sent
// events, /webhooks/{provider}/{account}, /return/{token}, /pay/{token}, health,
// and the explorer and the inbox in development.
//
// It owns what every request gets whatever it asks for: an id, a line in the
// log, security headers, limits of size and time, a caught panic; and the life
// of the server from its listener to its drained end. It decides nothing about
// money or rights: it asks the services behind the interfaces in Options. No
// body, token, query or raw path is ever logged or sent back.
//
// Start at New, then observe.go for what wraps every request, authenticate.go
// for who asks, webhook.go and returned.go for what providers and payers send,
// serve.go for the beginning and the end.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/web/gqlhttp"
	"github.com/paygraph/paygraph/providers"
)

// Authenticator says who asks.
type Authenticator interface {
	// FromHeader reads a request's Authorization header, FromInit a socket's
	// connection_init. Both return CodeUnauthenticated for whatever proves
	// nothing, and any other error when it could not be judged just now.
	FromHeader(r *http.Request) (viewer.Viewer, error)
	FromInit(ctx context.Context, payload map[string]any) (viewer.Viewer, error)
}

// Billing takes what comes from outside about a payment.
type Billing interface {
	// Notify stores a provider's notification and returns what the provider
	// wants to hear. It returns a *providers.Error of kind Auth for a forged
	// one, of kind Malformed for one that cannot be read, and CodeNotFound when
	// there is no such account.
	Notify(ctx context.Context, provider, account string, n providers.Notification) (providers.Reply, error)
	// NotifyOrder is Notify for the address of one payment, which ends with a token.
	NotifyOrder(ctx context.Context, provider, account, token string, n providers.Notification) (providers.Reply, error)
	// Return returns the merchant's page for a payer who comes back, "" when
	// there is none, and CodeNotFound for a token that is not ours.
	Return(ctx context.Context, token string) (string, error)
	// FollowPayURL returns the page on which the bill of a pay link is paid, ""
	// when there is nothing to pay any more, and CodeNotFound for a token that is
	// not ours.
	FollowPayURL(ctx context.Context, token string) (string, error)
}

// Database tells whether there is work to be done with it.
type Database interface {
	Ping(ctx context.Context) error
	IsMigrated(ctx context.Context) (bool, error)
}

// Options say what is served. Those up to Logger are required.
type Options struct {
	Schema    graphql.ExecutableSchema
	Presenter graphql.ErrorPresenterFunc // shows and logs a resolver's error
	Auth      Authenticator
	Billing   Billing
	Store     Database
	Clock     pay.Clock
	Logger    *slog.Logger // give it LogHandler, and every line has its request's id

	// Recover is told of a resolver's panic; its error is shown through
	// Presenter. Nil: it is logged, without the value that was thrown.
	Recover graphql.RecoverFunc
	// Extensions of gqlgen that run after the lexical guard, e.g. a limit of
	// cost.
	Extensions []graphql.HandlerExtension

	// Explorer is served at / and lets everybody read the schema. Nil, as it
	// must be in production: / is not found, and only people may.
	Explorer http.Handler
	// Inbox shows the mails of a development server. Nil, as it must be in
	// production: there is none.
	Inbox http.Handler
	// PublicURL is where browsers reach us. When it is https, they are told to
	// come by https only from then on.
	PublicURL string
	// TrustedProxies are believed when they say in X-Forwarded-For who asks.
	TrustedProxies []netip.Prefix
	// AllowedOrigins are the web origins whose pages may call /graphql. Nil:
	// all, see cors.go for why that is safe.
	AllowedOrigins []string

	// DrainDelay is from the moment that /readyz says no to the moment that
	// the door closes, for a balancer to notice. Zero: at once.
	DrainDelay time.Duration
	Timeouts   Timeouts
}

// Timeouts bound what a client may make us wait for. Zero means what the
// comment says.
type Timeouts struct {
	Header time.Duration // for the head of a request to come; 5 s
	Read   time.Duration // for a request to come whole; 10 s
	Write  time.Duration // from its head to the end of its answer, sockets and streams excepted; 60 s
	Idle   time.Duration // for the next request on a connection; 60 s
	Notice time.Duration // for a notification's body to come; 5 s
	Work   time.Duration // for a notification or a return to be taken; 15 s
}

func (t Timeouts) withDefaults() Timeouts {
	setDefault(&t.Header, 5*time.Second)
	setDefault(&t.Read, 10*time.Second)
	setDefault(&t.Write, 60*time.Second)
	setDefault(&t.Idle, 60*time.Second)
	setDefault(&t.Notice, 5*time.Second)
	setDefault(&t.Work, 15*time.Second)
	return t
}

func setDefault(field *time.Duration, value time.Duration) {
	if *field == 0 {
		*field = value
	}
}

// queryCacheSize is how many parsed documents are kept. A client sends the same
// few; one is at most as large as the guard allows.
const queryCacheSize = 1000

// Server is the whole edge. It is an http.Handler, safe for concurrent use;
// Serve puts it on a listener and drains it at the end.
type Server struct {
	opts     Options
	graphql  *handler.Server
	sockets  *gqlhttp.Sockets
	handler  http.Handler
	pages    *pages
	ready    readiness
	draining atomic.Bool
}

// New returns the edge over these services. It starts what looks after sockets:
// Serve ends it, or Close when nothing was served.
func New(o Options) (*Server, error) {
	if o.Schema == nil || o.Presenter == nil || o.Auth == nil || o.Billing == nil || o.Store == nil || o.Clock == nil || o.Logger == nil {
		return nil, errors.New("the web needs a schema, a presenter, an authenticator, billing, a store, a clock and a logger")
	}
	o.Timeouts = o.Timeouts.withDefaults()
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o, pages: pages}
	if o.Recover == nil {
		s.opts.Recover = s.logResolverPanic
	}
	s.graphql = handler.New(o.Schema)
	s.graphql.SetErrorPresenter(o.Presenter)
	s.graphql.SetRecoverFunc(s.opts.Recover)
	s.graphql.SetQueryCache(lru.New[*ast.QueryDocument](queryCacheSize))
	s.graphql.SetDisableSuggestion(o.Explorer == nil)
	s.graphql.Use(&gqlhttp.Guard{MayIntrospect: s.mayIntrospect})
	for _, extension := range o.Extensions {
		s.graphql.Use(extension)
	}
	s.sockets = gqlhttp.Mount(s.graphql, gqlhttp.Options{
		Clock:       o.Clock,
		RequestID:   RequestID,
		Recover:     s.opts.Recover,
		Init:        s.initSocket,
		ExpiresAt:   func(ctx context.Context) time.Time { return viewer.From(ctx).Expires },
		CheckOrigin: s.mayConnect,
	})
	s.handler = s.observe(s.routes())
	return s, nil
}

func (s *Server) mayIntrospect(ctx context.Context) bool {
	return s.opts.Explorer != nil || viewer.From(ctx).Role.IsPerson()
}

// routes is every path there is. The patterns stand in the access log instead
// of the paths, which may hold a token.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/graphql", s.caught(answerGraphQLPanic, s.cors(s.authenticated(s.graphql))))
	mux.Handle("POST /webhooks/{provider}/{account}", s.caught(answerPanic, http.HandlerFunc(s.takeNotification)))
	mux.Handle("POST /webhooks/{provider}/{account}/{token}", s.caught(answerPanic, http.HandlerFunc(s.takeNotification)))
	for _, method := range []string{http.MethodGet, http.MethodPost} { // some gateways send the browser back by POST
		mux.Handle(method+" /return/{token}", s.caught(s.answerPagePanic, http.HandlerFunc(s.takeReturn)))
		mux.Handle(method+" /return/cards/{token}", s.caught(s.answerPagePanic, http.HandlerFunc(s.takeReturn)))
	}
	mux.Handle("GET /pay/{token}", s.caught(s.answerPagePanic, http.HandlerFunc(s.takePayer)))
	if s.opts.Inbox != nil {
		mux.Handle("GET /inbox/", http.StripPrefix("/inbox", s.opts.Inbox))
	}
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.Handle("GET /readyz", s.caught(answerPanic, http.HandlerFunc(s.serveReadiness)))
	if s.opts.Explorer != nil {
		mux.Handle("GET /{$}", s.opts.Explorer)
		mux.Handle("GET /explorer/", s.opts.Explorer)
	}
	return mux
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Sockets returns the register of what lives long, for figures.
func (s *Server) Sockets() *gqlhttp.Sockets { return s.sockets }

// isHTTPS reports whether browsers reach us by https.
func (s *Server) isHTTPS() bool { return strings.HasPrefix(s.opts.PublicURL, "https://") }
