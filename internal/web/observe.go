package web

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/paygraph/paygraph/internal/pay"
)

// requestIDHeader carries a request's id in and out.
const requestIDHeader = "X-Request-Id"

// request is what is known of a request before anybody handles it, and for the
// log what its handler learned.
type request struct {
	id string
	ip netip.Addr

	// Written by the handler's goroutine only, read when it has returned: a
	// socket that lives on must not touch them.
	role    pay.Role
	refused string // the key of the error that authentication ended with
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	if known, ok := ctx.Value(requestKey{}).(*request); ok {
		return known
	}
	return &request{}
}

// RequestID returns the id of the request that ctx belongs to, or "". It stands
// in every error's extensions.requestId, in the X-Request-Id header and in the
// log.
func RequestID(ctx context.Context) string { return requestOf(ctx).id }

// ClientIP returns the address of who sent the request that ctx belongs to, or
// "" when it is not known.
func ClientIP(ctx context.Context) string {
	if ip := requestOf(ctx).ip; ip.IsValid() {
		return ip.String()
	}
	return ""
}

// observe gives each request its id, the headers that every answer has, and
// its line in the log.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.opts.Clock.Now()
		known := &request{id: requestIDOf(r.Header), ip: clientIP(r, s.opts.TrustedProxies)}
		header := w.Header()
		header.Set(requestIDHeader, known.id)
		setSecurityHeaders(header, s.isHTTPS())
		if s.draining.Load() {
			header.Set("Connection", "close") // so that the next request goes to another server
		}
		recorded := &recorder{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, known))
		defer func() {
			elapsed := s.opts.Clock.Now().Sub(started)
			s.logAccess(r, known, recorded, slog.Duration("duration", elapsed))
		}()
		next.ServeHTTP(recorded, r)
	})
}

// setSecurityHeaders forbids a browser everything that an API's answers have no
// use for. A page that needs more sets its own policy.
func setSecurityHeaders(header http.Header, isHTTPS bool) {
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if isHTTPS {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// logAccess writes the line of one request: the route's pattern, never the
// path, and nothing that the client wrote.
func (s *Server) logAccess(r *http.Request, known *request, w *recorder, elapsed slog.Attr) {
	level := slog.LevelInfo
	switch {
	case w.status >= http.StatusInternalServerError:
		level = slog.LevelError
	case r.Pattern == "GET /healthz" || r.Pattern == "GET /readyz":
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String("method", knownMethod(r.Method)), slog.String("route", r.Pattern),
		slog.Int("status", w.statusSent()), slog.Int64("bytes", w.bytes), elapsed,
	}
	if known.role != "" {
		attrs = append(attrs, slog.String("role", string(known.role)))
	}
	if known.refused != "" {
		attrs = append(attrs, slog.String("refused", known.refused))
	}
	s.opts.Logger.LogAttrs(r.Context(), level, "request", append(attrs, slog.String(requestIDAttr, known.id))...)
}

// knownMethod keeps what a client invented out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// requestIDOf returns the id that a proxy in front or the client gave, if it is
// one, and makes one otherwise.
func requestIDOf(header http.Header) string {
	if given := header.Values(requestIDHeader); len(given) == 1 && isRequestID(given[0]) {
		return given[0]
	}
	return rand.Text()
}

// isRequestID accepts letters, digits and hyphens: a UUID or a trace id, but no
// key and no token of ours, for those have _ or dots; and no card number. What
// it accepts goes into the log.
func isRequestID(id string) bool {
	if len(id) < 8 || len(id) > 64 || pay.HoldsCardNumber(id) {
		return false
	}
	for at := range len(id) {
		c := id[at]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// recorder notes what became of an answer. Deadlines and flushes reach the
// connection through Unwrap.
type recorder struct {
	http.ResponseWriter
	status   int // 0: nothing was sent
	bytes    int64
	hijacked bool
}

// WriteHeader notes the status, but for those that announce another one.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes of the body.
func (w *recorder) Write(body []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(body)
	w.bytes += int64(n)
	return n, err
}

// Hijack notes that the answer is no longer the server's.
func (w *recorder) Hijack() (conn net.Conn, rw *bufio.ReadWriter, err error) {
	conn, rw, err = http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = err == nil
	return conn, rw, err
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) statusSent() int {
	switch {
	case w.hijacked:
		return http.StatusSwitchingProtocols
	case w.status == 0:
		return http.StatusOK // what the server sends for a handler that says nothing
	default:
		return w.status
	}
}

// caught turns a panic of next into an answer with status 500, or cuts an
// answer that has begun. Others are served on.
func (s *Server) caught(answer http.HandlerFunc, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			thrown := recover()
			if thrown == nil {
				return
			}
			if thrown == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				panic(thrown)
			}
			s.logPanic(r.Context(), "handler", thrown)
			if sent, ok := w.(*recorder); ok && (sent.status != 0 || sent.hijacked) {
				panic(http.ErrAbortHandler)
			}
			answer(w, r)
		}()
		next.ServeHTTP(w, r)
	})
}

// logPanic logs where it happened. The value that was thrown may quote a
// request, so only the runtime's own words are shown of it.
func (s *Server) logPanic(ctx context.Context, where string, thrown any) {
	what := fmt.Sprintf("%T", thrown)
	if runtimeError, ok := thrown.(runtime.Error); ok {
		what = runtimeError.Error()
	}
	s.opts.Logger.LogAttrs(ctx, slog.LevelError, "a panic was caught",
		slog.String("in", where), slog.String("panic", what), slog.String("stack", string(debug.Stack())), slog.String(requestIDAttr, RequestID(ctx)))
}

// logResolverPanic is the Recover that Options left out. Its error has a code, so
// that the presenter shows it and does not log it a second time.
func (s *Server) logResolverPanic(ctx context.Context, thrown any) error {
	s.logPanic(ctx, "resolver", thrown)
	return &gqlerror.Error{
		Message: internalMessage, Path: graphql.GetPath(ctx), Extensions: map[string]any{"code": string(pay.CodeInternal)},
	}
}
