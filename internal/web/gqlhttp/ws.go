package gqlhttp

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

// subprotocol is the one we speak: enisdenjo/graphql-ws, PROTOCOL.md.
const subprotocol = "graphql-transport-ws"

// Close codes of PROTOCOL.md, and 1012 and 1013 of the IANA registry. The
// standard client connects again after 4403, 4408, 1012 and 1013, and gives up
// for good after 4400, 4401, 4406, 4409 and 4429: so limits are never told by
// a close code.
const (
	closeRestart           = websocket.CloseServiceRestart // 1012
	closeTryAgain          = websocket.CloseTryAgainLater  // 1013
	closeInvalidMessage    = 4400
	closeUnauthorized      = 4401
	closeForbidden         = 4403
	closeNotAcceptable     = 4406
	closeInitTimeout       = 4408
	closeSubscriberExists  = 4409
	closeTooManyInitialise = 4429
)

// Sizes of gorilla's buffers, in bytes. Reading ones live as long as their
// socket; writing ones are borrowed for one frame, and a longer message goes
// out beside them without a copy.
const (
	readBufferBytes  = 1 << 10
	writeBufferBytes = 4 << 10
)

// WebSocket is graphql-transport-ws: subscriptions, and queries and mutations
// too. After the upgrade the HTTP handler returns, which frees the server's
// own buffers and stack; one goroutine reads the socket, and each running
// operation has one.
type WebSocket struct {
	opts     Options
	sockets  *Sockets
	upgrader websocket.Upgrader
	buffers  *bufferPool
}

var _ graphql.Transport = (*WebSocket)(nil)

// NewWebSocket returns the transport; its sockets live in the given register.
func NewWebSocket(o Options, sockets *Sockets) *WebSocket {
	t := &WebSocket{opts: o.withDefaults(), sockets: sockets, buffers: new(bufferPool)}
	t.upgrader = websocket.Upgrader{
		ReadBufferSize:  readBufferBytes,
		WriteBufferSize: writeBufferBytes,
		WriteBufferPool: new(sync.Pool),
		Subprotocols:    []string{subprotocol},
		CheckOrigin:     o.CheckOrigin,
		Error:           t.refuseUpgrade,
	}
	return t
}

// Supports takes every request that wants to be a WebSocket.
func (*WebSocket) Supports(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// Do upgrades r and returns; the socket lives on. Its context has r's values
// and none of its cancellation.
func (t *WebSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if t.sockets.isStopping() {
		refuse(w, r, &t.opts, &refusal{http.StatusServiceUnavailable, CodeUnavailable, "The server is stopping."})
		return
	}
	conn, err := t.upgrader.Upgrade(hijackable{w}, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	newSocket(context.WithoutCancel(r.Context()), t, conn, exec).start()
}

func (t *WebSocket) refuseUpgrade(w http.ResponseWriter, r *http.Request, status int, _ error) {
	w.Header().Set("Sec-WebSocket-Version", "13")
	switch status {
	case http.StatusForbidden:
		refuse(w, r, &t.opts, &refusal{status, CodeForbidden, "Pages of this origin may not connect."})
	case http.StatusInternalServerError:
		refuse(w, r, &t.opts, &refusal{status, CodeInternal, "Internal error."})
	default:
		refuse(w, r, &t.opts, &refusal{status, CodeBadRequest, "This is not a WebSocket handshake."})
	}
}

// hijackable lets gorilla reach the connection through middlewares that wrap
// the ResponseWriter and offer Unwrap.
type hijackable struct{ http.ResponseWriter }

// Hijack takes the connection over.
func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(h.ResponseWriter).Hijack()
}
