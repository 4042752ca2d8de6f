package gqlhttp

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// operation is one subscribe message and all that comes back for it.
type operation struct {
	socket *socket
	id     string
	ctx    context.Context
	cancel context.CancelFunc
	single bool // a query or mutation; guarded by socket.mu
}

// run executes raw and sends its results until it ends or is cancelled.
//
// Everything, parsing too, happens in this goroutine: the reader's stack, of
// which every idle socket has one, stays small.
func (o *operation) run(raw *graphql.RawParams) {
	defer o.socket.release(o)
	defer o.cancel()
	defer o.recovered()

	ctx := graphql.StartOperationTrace(o.ctx)
	opts := o.socket.opts()
	running, errs := o.socket.exec.CreateOperationContext(ctx, raw)
	if errs != nil {
		o.fail(refused(ctx, o.socket.exec, running, errs, opts).Errors)
		return
	}
	shareQuery(running)
	single := running.Operation.Operation != ast.Subscription
	if !o.socket.begin(o, single) {
		return
	}
	responses, ctx := o.socket.exec.DispatchOperation(ctx, running)
	for {
		result := responses(ctx)
		if result == nil {
			break
		}
		result.Errors = withRequestIDs(ctx, result.Errors, opts.RequestID)
		if result.Data == nil && len(result.Errors) > 0 { // it never got a stream
			o.fail(result.Errors)
			return
		}
		o.next(result)
		if single {
			break
		}
	}
	if o.socket.settle(o) {
		o.send("complete", nil)
	}
}

// shareQuery replaces the operation's copy of its text by the one in the
// parsed document, which the query cache shares among all who sent the same:
// an idle subscription should not hold a document.
func shareQuery(running *graphql.OperationContext) {
	if at := running.Operation.Position; at != nil && at.Src != nil && at.Src.Input == running.RawQuery {
		running.RawQuery = at.Src.Input
	}
}

func (o *operation) recovered() {
	thrown := recover()
	if thrown == nil {
		return
	}
	opts := o.socket.opts()
	_ = opts.Recover(o.ctx, thrown)
	o.fail(gqlerror.List{newError(CodeInternal, opts.RequestID(o.ctx), "Internal error.")})
}

// refuseFull answers an operation that was never started.
func (o *operation) refuseFull() {
	opts := o.socket.opts()
	err := newError(CodeLimitExceeded, opts.RequestID(o.socket.ctx), "Too many operations run on this socket.")
	err.Extensions["limit"] = opts.MaxOperations
	o.send("error", func(b *bytes.Buffer) { writeErrors(b, gqlerror.List{err}) })
}

func (o *operation) next(result *graphql.Response) {
	if o.socket.isLive(o) {
		o.send("next", func(b *bytes.Buffer) { writeResult(b, result) })
	}
}

// fail ends the operation with an error message; no complete follows it.
func (o *operation) fail(errs gqlerror.List) {
	if o.socket.settle(o) {
		o.send("error", func(b *bytes.Buffer) { writeErrors(b, errs) })
	}
}

// send writes one message of the protocol; payload may be nil.
func (o *operation) send(kind string, payload func(*bytes.Buffer)) {
	buffers := o.socket.transport.buffers
	b := buffers.get()
	defer buffers.put(b)
	b.WriteString(`{"id":`)
	id, _ := json.Marshal(o.id)
	b.Write(id)
	b.WriteString(`,"type":"`)
	b.WriteString(kind)
	b.WriteByte('"')
	if payload != nil {
		b.WriteString(`,"payload":`)
		payload(b)
	}
	b.WriteByte('}')
	o.socket.write(b.Bytes())
}
