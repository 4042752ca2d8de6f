package gqlhttp

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Post is GraphQL over HTTP: one operation as JSON in a POST, nothing else.
//
// Statuses follow the GraphQL-over-HTTP draft. What is not a well-formed
// GraphQL request is refused with 400, 405, 413 or 415. A well-formed one that
// does not parse, validate or pass the guard answers 200 as application/json
// (the draft's rule for old clients, which read a body only then) and 400 as
// application/graphql-response+json. What was executed answers 200.
type Post struct {
	opts    Options
	buffers *bufferPool
}

var _ graphql.Transport = (*Post)(nil)

// NewPost returns the transport. It takes every request, so it must be the
// last one added.
func NewPost(o Options) *Post {
	return &Post{opts: o.withDefaults(), buffers: new(bufferPool)}
}

// Supports is true: what is not a POST of JSON is refused in Do, in words.
func (*Post) Supports(*http.Request) bool { return true }

// Do runs the one operation of r and answers it.
func (p *Post) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	started := graphql.Now()
	raw, why := readParams(w, r, &p.opts, p.buffers)
	if why != nil {
		refuse(w, r, &p.opts, why)
		return
	}
	raw.Headers = r.Header
	raw.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}

	mediaType := negotiate(r.Header.Values("Accept"))
	result, executed := p.run(r.Context(), exec, raw)
	status := http.StatusOK
	switch {
	case result == nil: // panicked or was cancelled before a result
		status = http.StatusInternalServerError
		result = &graphql.Response{Errors: gqlerror.List{
			newError(CodeInternal, p.opts.RequestID(r.Context()), "Internal error."),
		}}
	case !executed && mediaType == mediaGraphQL:
		status = http.StatusBadRequest
	}
	b := p.buffers.get()
	defer p.buffers.put(b)
	writeResult(b, result)
	send(w, status, mediaType, b.Bytes())
}

// run executes raw and reports whether execution began. The result is nil if
// something outside gqlgen's own reach panicked.
func (p *Post) run(ctx context.Context, exec graphql.GraphExecutor, raw *graphql.RawParams) (result *graphql.Response, executed bool) {
	defer func() {
		if thrown := recover(); thrown != nil {
			_ = p.opts.Recover(ctx, thrown)
			result = nil
		}
	}()
	operation, errs := exec.CreateOperationContext(ctx, raw)
	if errs == nil && operation.Operation.Operation == ast.Subscription {
		errs = gqlerror.List{newError(CodeBadRequest, "",
			"A subscription needs a WebSocket (graphql-transport-ws) or Accept: text/event-stream.")}
	}
	if errs != nil {
		return refused(ctx, exec, operation, errs, &p.opts), false
	}
	responses, runCtx := exec.DispatchOperation(ctx, operation)
	if result = responses(runCtx); result != nil {
		result.Errors = withRequestIDs(ctx, result.Errors, p.opts.RequestID)
	}
	return result, true
}

// refused is the answer to a request that did not parse, validate or pass an
// extension. It goes through gqlgen's presenter like any other error.
func refused(ctx context.Context, exec graphql.GraphExecutor, operation *graphql.OperationContext, errs gqlerror.List, o *Options) *graphql.Response {
	result := exec.DispatchError(graphql.WithOperationContext(ctx, operation), redact(errs))
	result.Errors = withRequestIDs(ctx, result.Errors, o.RequestID)
	result.Data = nil
	return result
}

// readParams reads the GraphQL request in r's body, or says why it is none.
func readParams(w http.ResponseWriter, r *http.Request, o *Options, buffers *bufferPool) (*graphql.RawParams, *refusal) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &refusal{http.StatusMethodNotAllowed, CodeMethodNotAllowed, "Only POST is served here."}
	}
	if !isJSON(r.Header) {
		return nil, &refusal{http.StatusUnsupportedMediaType, CodeUnsupportedMediaType, "Send the request as application/json in UTF-8, not encoded."}
	}
	tooLarge := &refusal{http.StatusRequestEntityTooLarge, CodePayloadTooLarge, "The request body is too large."}
	if r.ContentLength > o.MaxBodyBytes {
		w.Header().Set("Connection", "close") // do not read it just to be polite
		return nil, tooLarge
	}
	b := buffers.get()
	defer buffers.put(b)
	if _, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, o.MaxBodyBytes)); err != nil {
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return nil, tooLarge
		}
		return nil, badRequest("The request body could not be read to its end.")
	}
	return decodeParams(b.Bytes())
}

// isJSON reports whether the body is said to be plain JSON in UTF-8. Anything
// a form can send, and so any page without a preflight, is not.
func isJSON(header http.Header) bool {
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	mediaType, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || mediaType != mediaJSON || len(header.Values("Content-Type")) != 1 {
		return false
	}
	charset := parameters["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}
