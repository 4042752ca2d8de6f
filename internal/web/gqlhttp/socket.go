package gqlhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

// phase is where a socket is in its life. It only moves down this list.
type phase int

const (
	phaseOpened       phase = iota // upgraded: connection_init must come in time
	phaseInitialising              // connection_init has come, Init is deciding
	phaseAcked                     // connection_ack has gone: operations run
	phaseDraining                  // no new operation; queries and mutations finish, then it closes
	phaseClosed                    // the close frame is on its way, or the peer is gone
)

// socket is one WebSocket. Its reader goroutine is the only one that moves the
// protocol forward; the register's ticker and workers ping it and end it;
// operations write to it.
type socket struct {
	transport *WebSocket
	conn      *websocket.Conn
	exec      graphql.GraphExecutor
	cancel    context.CancelFunc // ends every operation

	heard      atomic.Int64 // the moment the peer last sent anything
	writeSince atomic.Int64 // the moment the write under way began; 0: none is

	writing sync.Mutex // held for one frame

	mu        sync.Mutex // guards all below; never held while reading or writing
	ctx       context.Context
	phase     phase
	deadline  time.Time // of the phase: for the ack, the token, the drain or the peer's goodbye; zero: none
	pinged    time.Time
	live      map[string]*operation // by id: those whose messages the client wants
	running   int                   // goroutines of operations, live or cancelled
	singles   int                   // of those, queries and mutations
	closeCode int
	closeText string
	closeSent bool
}

var _ member = (*socket)(nil)

func newSocket(ctx context.Context, t *WebSocket, conn *websocket.Conn, exec graphql.GraphExecutor) *socket {
	s := &socket{transport: t, conn: conn, exec: exec, live: make(map[string]*operation)}
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s
}

// start registers the socket and reads it in a goroutine of its own.
func (s *socket) start() {
	now := s.now()
	s.deadline = now.Add(s.opts().InitTimeout)
	s.heard.Store(s.moment(now))
	s.conn.SetReadLimit(s.opts().MaxBodyBytes)
	s.conn.SetPingHandler(func(data string) error {
		s.heard.Store(s.moment(s.now()))
		return s.conn.WriteControl(websocket.PongMessage, []byte(data), time.Time{})
	})
	if !s.transport.sockets.join(s) { // lost the race with Shutdown
		s.close(closeRestart, "Service restart")
		_ = s.conn.Close()
		return
	}
	go s.read()
}

func (s *socket) opts() *Options { return &s.transport.opts }
func (s *socket) now() time.Time { return s.transport.opts.Clock.Now() }

func (s *socket) moment(now time.Time) int64 { return s.transport.sockets.moment(now) }

// read receives messages until the connection ends, and then ends the socket.
func (s *socket) read() {
	defer s.end()
	defer s.recovered(s.ctx)
	if s.conn.Subprotocol() != subprotocol {
		s.close(closeNotAcceptable, "Subprotocol not acceptable")
	}
	for {
		kind, r, err := s.conn.NextReader()
		if err == nil {
			s.heard.Store(s.moment(s.now()))
			err = s.readMessage(kind, r)
		}
		if errors.Is(err, websocket.ErrReadLimit) {
			s.discard()
		}
		if err != nil {
			return
		}
	}
}

func (s *socket) readMessage(kind int, r io.Reader) error {
	b := s.transport.buffers.get()
	defer s.transport.buffers.put(b)
	if _, err := b.ReadFrom(r); err != nil {
		return err
	}
	s.receive(kind, b.Bytes())
	return nil
}

// discard reads on after gorilla has refused a message that is too large
// (close code 1009), until the peer has read that and hangs up or the ticker
// loses patience: to close with unread bytes would reset the connection, and
// the peer might never see why.
func (s *socket) discard() {
	s.mu.Lock()
	s.setClosed(websocket.CloseMessageTooBig, "")
	s.closeSent = true
	s.mu.Unlock()
	_, _ = io.Copy(io.Discard, s.conn.NetConn())
}

// end forgets the socket, whatever ended it.
func (s *socket) end() {
	s.mu.Lock()
	s.setClosed(websocket.CloseAbnormalClosure, "")
	s.closeSent = true
	s.mu.Unlock()
	_ = s.conn.Close()
	s.transport.sockets.leave(s)
}

// recovered is deferred where a panic would end the process.
func (s *socket) recovered(ctx context.Context) {
	if thrown := recover(); thrown != nil {
		_ = s.opts().Recover(ctx, thrown)
	}
}

// close says goodbye with code, and cancels what runs. It does not wait for
// the peer: the reader does. The first call decides.
func (s *socket) close(code int, text string) {
	s.mu.Lock()
	s.setClosed(code, text)
	s.mu.Unlock()
	s.sayGoodbye()
}

// setClosed needs s.mu.
func (s *socket) setClosed(code int, text string) {
	if s.phase == phaseClosed {
		return
	}
	s.phase = phaseClosed
	s.closeCode, s.closeText = code, text
	s.deadline = s.now().Add(s.opts().LingerTimeout)
	s.live = nil
	s.cancel()
}

// sayGoodbye sends the close frame unless that is done. When a write is under
// way it leaves the frame to that writer, who looks when it has finished.
func (s *socket) sayGoodbye() {
	if !s.writing.TryLock() {
		return
	}
	defer s.writing.Unlock()
	s.mu.Lock()
	wanted := s.phase == phaseClosed && !s.closeSent
	s.closeSent = s.closeSent || wanted
	code, text := s.closeCode, s.closeText
	s.mu.Unlock()
	if wanted {
		s.writeFrame(websocket.CloseMessage, websocket.FormatCloseMessage(code, shorten(text, 123)))
	}
}

// write sends one text message and waits until the kernel has it, or until the
// ticker finds that it took longer than WriteTimeout and drops the socket.
func (s *socket) write(message []byte) {
	s.writing.Lock()
	s.writeFrame(websocket.TextMessage, message)
	s.writing.Unlock()
	s.goodbyeIfClosed()
}

// goodbyeIfClosed follows every release of s.writing.
func (s *socket) goodbyeIfClosed() {
	s.mu.Lock()
	pending := s.phase == phaseClosed && !s.closeSent
	s.mu.Unlock()
	if pending {
		s.sayGoodbye()
	}
}

// writeFrame needs s.writing.
func (s *socket) writeFrame(kind int, data []byte) {
	s.writeSince.Store(s.moment(s.now()))
	err := s.conn.WriteMessage(kind, data)
	s.writeSince.Store(0)
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		s.drop()
	}
}

// drop cuts the connection. The reader wakes and ends the socket.
func (s *socket) drop() { _ = s.conn.NetConn().Close() }

// drain ends the socket in good order with 1012.
func (s *socket) drain(time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setDraining(closeRestart, "Service restart", time.Time{})
}

// setDraining needs s.mu. Subscriptions end in silence: a complete would tell
// the client not to subscribe again.
func (s *socket) setDraining(code int, text string, deadline time.Time) {
	switch s.phase {
	case phaseOpened, phaseInitialising:
		s.setClosed(code, text)
	case phaseAcked:
		s.phase = phaseDraining
		s.closeCode, s.closeText = code, text
		s.deadline = deadline
		for id, op := range s.live {
			if !op.single {
				delete(s.live, id)
				op.cancel()
			}
		}
	case phaseDraining, phaseClosed:
	}
}

// due is part of member.
func (s *socket) due(now time.Time) need {
	if since := s.writeSince.Load(); since != 0 && s.moment(now)-since > int64(s.opts().WriteTimeout) {
		return needDrop
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	late := !s.deadline.IsZero() && !now.Before(s.deadline)
	switch s.phase {
	case phaseOpened, phaseInitialising:
		if late {
			return needAct
		}
	case phaseAcked:
		if s.moment(now)-s.heard.Load() >= 2*int64(s.opts().PingInterval) {
			return needDrop
		}
		if late || now.Sub(s.pinged) >= s.opts().PingInterval {
			return needAct
		}
	case phaseDraining:
		if late || s.singles == 0 {
			return needAct
		}
	case phaseClosed:
		if late {
			return needDrop
		}
		if !s.closeSent {
			return needAct
		}
	}
	return needNothing
}

// act is part of member.
func (s *socket) act(now time.Time) {
	s.mu.Lock()
	late := !s.deadline.IsZero() && !now.Before(s.deadline)
	ping := false
	switch s.phase {
	case phaseOpened, phaseInitialising:
		if late {
			s.setClosed(closeInitTimeout, "Connection initialisation timeout")
		}
	case phaseAcked:
		if late {
			s.setDraining(closeForbidden, "Token expired", now.Add(s.opts().WriteTimeout))
		} else if now.Sub(s.pinged) >= s.opts().PingInterval {
			s.pinged = now
			ping = true
		}
	case phaseDraining, phaseClosed:
	}
	if s.phase == phaseDraining && (s.singles == 0 || (late && !s.deadline.After(now))) {
		s.setClosed(s.closeCode, s.closeText)
	}
	s.mu.Unlock()

	if ping && s.writing.TryLock() { // a write under way is as good as a ping
		s.writeFrame(websocket.TextMessage, []byte(`{"type":"ping"}`))
		s.writing.Unlock()
	}
	s.goodbyeIfClosed()
}

// message is one of the protocol, from the client.
type message struct {
	ID      *string         `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// isObjectOrNull reports whether a payload is what every message allows.
func isObjectOrNull(payload json.RawMessage) bool {
	payload = bytes.TrimLeft(payload, " \t\r\n")
	return len(payload) == 0 || payload[0] == '{' || bytes.Equal(payload, []byte("null"))
}
