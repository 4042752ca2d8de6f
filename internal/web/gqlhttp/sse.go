package gqlhttp

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Stream is GraphQL over server-sent events in "distinct connections" mode
// (enisdenjo/graphql-sse, PROTOCOL.md): one POST of JSON that accepts
// text/event-stream, one operation, `next` events and a last `complete`.
//
// What is not a GraphQL request is refused as JSON with the statuses of Post;
// a document that does not parse or validate is a `next` with errors. A stream
// that ends without `complete` was cut, by a failure or because the server
// stops, and the client should connect again.
type Stream struct {
	opts    Options
	sockets *Sockets
	buffers *bufferPool
}

var _ graphql.Transport = (*Stream)(nil)

// NewStream returns the transport; its streams live in the given register.
func NewStream(o Options, sockets *Sockets) *Stream {
	return &Stream{opts: o.withDefaults(), sockets: sockets, buffers: new(bufferPool)}
}

// Supports takes the POST that names text/event-stream in its Accept header.
func (*Stream) Supports(r *http.Request) bool {
	return r.Method == http.MethodPost && quality(r.Header.Values("Accept"), mediaEventStream) > 0
}

var (
	errTokenExpired = errors.New("token expired")
	errStopping     = errors.New("server is stopping")
	errStalled      = errors.New("client does not read")
)

// Do runs the operation of r until it ends, the client leaves, the token
// expires or the server stops.
func (t *Stream) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	started := graphql.Now()
	raw, why := readParams(w, r, &t.opts, t.buffers)
	if why != nil {
		refuse(w, r, &t.opts, why)
		return
	}
	raw.Headers = r.Header
	raw.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}

	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	s := &stream{transport: t, w: w, control: http.NewResponseController(w), cancel: cancel}
	if !t.sockets.join(s) {
		refuse(w, r, &t.opts, &refusal{http.StatusServiceUnavailable, CodeUnavailable, "The server is stopping."})
		return
	}
	defer s.end()
	if s.open() {
		s.run(ctx, exec, raw)
	}
}

// stream is one open answer. Its handler's goroutine writes the events, the
// register's workers write the comments between them.
type stream struct {
	transport *Stream
	w         http.ResponseWriter
	control   *http.ResponseController
	cancel    context.CancelCauseFunc

	writeSince atomic.Int64 // the moment the write under way began; 0: none is

	writing sync.Mutex // held for one event; guards over
	over    bool       // the handler has returned: w belongs to the server again

	mu        sync.Mutex // guards the rest; never held while writing
	gone      bool
	wrote     time.Time
	expiresAt time.Time // zero: never
	live      bool      // a subscription: ends with the token and with the server
}

var _ member = (*stream)(nil)

// open sends the head of the answer and reports whether the client is there.
// The server's own deadlines for a request end here: they would cut any stream
// that lives longer.
func (s *stream) open() bool {
	_ = s.control.SetReadDeadline(time.Time{})  // not every ResponseWriter has deadlines
	_ = s.control.SetWriteDeadline(time.Time{}) // and those that have not need no clearing
	header := s.w.Header()
	header.Set("Content-Type", mediaEventStream+"; charset=utf-8")
	header.Set("Cache-Control", "no-cache, no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would hold events back
	header.Set("X-Content-Type-Options", "nosniff")
	s.w.WriteHeader(http.StatusOK)
	return s.write([]byte(":\n\n")) == nil
}

func (s *stream) run(ctx context.Context, exec graphql.GraphExecutor, raw *graphql.RawParams) {
	opts := &s.transport.opts
	defer func() {
		if thrown := recover(); thrown != nil {
			_ = opts.Recover(ctx, thrown)
			s.next(&graphql.Response{Errors: gqlerror.List{newError(CodeInternal, opts.RequestID(ctx), "Internal error.")}})
			s.complete()
		}
	}()
	operation, errs := exec.CreateOperationContext(ctx, raw)
	if errs != nil {
		s.next(refused(ctx, exec, operation, errs, opts))
		s.complete()
		return
	}
	single := operation.Operation.Operation != ast.Subscription
	if !single {
		s.follow(opts.ExpiresAt(ctx))
	}
	responses, runCtx := exec.DispatchOperation(ctx, operation)
	for {
		result := responses(runCtx)
		if result == nil {
			break
		}
		result.Errors = withRequestIDs(ctx, result.Errors, opts.RequestID)
		s.next(result)
		if single || (result.Data == nil && len(result.Errors) > 0) {
			break
		}
	}
	switch cause := context.Cause(ctx); {
	case cause == nil:
		s.complete()
	case errors.Is(cause, errTokenExpired):
		s.next(&graphql.Response{Errors: gqlerror.List{newError(CodeTokenExpired, opts.RequestID(ctx), "The token has expired.")}})
		s.complete()
	}
}

// follow makes the stream one that ends with its token and with the server.
func (s *stream) follow(expiresAt time.Time) {
	s.mu.Lock()
	s.live, s.expiresAt = true, expiresAt
	s.mu.Unlock()
	if s.transport.sockets.isStopping() {
		s.cancel(errStopping)
	}
}

func (s *stream) next(result *graphql.Response) {
	b := s.transport.buffers.get()
	defer s.transport.buffers.put(b)
	b.WriteString("event: next\ndata: ")
	start := b.Len()
	writeResult(b, result)
	oneLine(b.Bytes()[start:])
	b.WriteString("\n\n")
	_ = s.write(b.Bytes()) // a failed write has cancelled the operation
}

func (s *stream) complete() { _ = s.write([]byte("event: complete\ndata:\n\n")) }

// oneLine makes one line of JSON: a line end in it can only be white space
// between tokens (a JSON scalar that came with its own layout), but would end
// the event's data.
func oneLine(encoded []byte) {
	if !bytes.ContainsAny(encoded, "\r\n") {
		return
	}
	for i, c := range encoded {
		if c == '\n' || c == '\r' {
			encoded[i] = ' '
		}
	}
}

// write sends and flushes; when that fails it cancels the operation.
func (s *stream) write(data []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.writeLocked(data)
}

// writeLocked needs s.writing.
func (s *stream) writeLocked(data []byte) error {
	if s.over {
		return nil
	}
	now := s.transport.opts.Clock.Now()
	s.writeSince.Store(s.transport.sockets.moment(now))
	_, err := s.w.Write(data)
	if err == nil {
		err = s.control.Flush()
	}
	s.writeSince.Store(0)
	if err != nil {
		s.cancel(errStalled)
		return err
	}
	s.mu.Lock()
	s.wrote = now
	s.mu.Unlock()
	return nil
}

// end gives w back to the server: after it nothing touches it.
func (s *stream) end() {
	s.writing.Lock()
	s.over = true
	s.writing.Unlock()
	s.mu.Lock()
	s.gone = true
	s.mu.Unlock()
	s.transport.sockets.leave(s)
}

// drain ends a subscription; a query or mutation finishes by itself.
func (s *stream) drain(time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live {
		s.cancel(errStopping)
	}
}

// drop makes a write that is stuck fail, and the operation end.
func (s *stream) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return
	}
	_ = s.control.SetWriteDeadline(time.Unix(1, 0)) // long past
	s.cancel(errStalled)
}

// due is part of member.
func (s *stream) due(now time.Time) need {
	opts := &s.transport.opts
	if since := s.writeSince.Load(); since != 0 && s.transport.sockets.moment(now)-since > int64(opts.WriteTimeout) {
		return needDrop
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	expired := !s.expiresAt.IsZero() && !now.Before(s.expiresAt)
	if expired || (!s.wrote.IsZero() && now.Sub(s.wrote) >= opts.StreamPing) {
		return needAct
	}
	return needNothing
}

// act is part of member.
func (s *stream) act(now time.Time) {
	s.mu.Lock()
	expired := !s.expiresAt.IsZero() && !now.Before(s.expiresAt)
	ping := !s.wrote.IsZero() && now.Sub(s.wrote) >= s.transport.opts.StreamPing
	s.mu.Unlock()
	if expired {
		s.cancel(errTokenExpired)
		return
	}
	if ping && s.writing.TryLock() { // an event under way is as good as a comment
		defer s.writing.Unlock()
		_ = s.writeLocked([]byte(":\n\n"))
	}
}
