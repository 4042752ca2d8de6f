package gqlhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// maxIDLen bounds an operation's id, in bytes: it is repeated in every message.
const maxIDLen = 256

// receive handles one message of the client, in the reader's goroutine.
func (s *socket) receive(kind int, data []byte) {
	s.mu.Lock()
	closed := s.phase == phaseClosed
	s.mu.Unlock()
	if closed {
		return // it cannot know yet
	}
	var m message
	if kind != websocket.TextMessage || !utf8.Valid(data) || json.Unmarshal(data, &m) != nil || !isObjectOrNull(m.Payload) {
		s.invalid()
		return
	}
	switch m.Type {
	case "connection_init":
		s.initialise(m.Payload)
	case "ping":
		s.write([]byte(`{"type":"pong"}`)) // its payload is not sent back: nothing of a client's is
	case "pong":
	case "subscribe":
		s.subscribe(m)
	case "complete":
		s.complete(m)
	default:
		s.invalid()
	}
}

func (s *socket) invalid() { s.close(closeInvalidMessage, "Invalid message") }

// initialise asks Init who this is. The deadline of the phase goes on counting
// until the ack is sent, so that an Init which hangs ends too.
func (s *socket) initialise(payload json.RawMessage) {
	s.mu.Lock()
	ctx, first := s.ctx, s.phase == phaseOpened
	if first {
		s.phase = phaseInitialising
	}
	s.mu.Unlock()
	if !first {
		s.close(closeTooManyInitialise, "Too many initialisation requests")
		return
	}
	init := InitPayload{}
	if len(payload) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(payload))
		decoder.UseNumber()
		if decoder.Decode(&init) != nil {
			s.invalid()
			return
		}
	}
	ctx, expiresAt, err := s.opts().Init(ctx, init)
	now := s.now()
	switch {
	case errors.Is(err, ErrUnavailable):
		s.close(closeTryAgain, "Try again later")
		return
	case err != nil:
		s.close(closeForbidden, "Forbidden")
		return
	case !expiresAt.IsZero() && !now.Before(expiresAt):
		s.close(closeForbidden, "Token expired")
		return
	}
	s.mu.Lock()
	acked := s.phase == phaseInitialising
	if acked {
		s.phase = phaseAcked
		s.ctx, s.deadline, s.pinged = ctx, expiresAt, now
	}
	s.mu.Unlock()
	if acked {
		s.write([]byte(`{"type":"connection_ack"}`))
	}
}

// subscribe starts the operation of m in a goroutine of its own.
func (s *socket) subscribe(m message) {
	if m.ID == nil || *m.ID == "" || len(*m.ID) > maxIDLen {
		s.invalid()
		return
	}
	s.mu.Lock()
	phase := s.phase
	_, taken := s.live[*m.ID]
	full := len(s.live) >= s.opts().MaxOperations || s.running >= 2*s.opts().MaxOperations
	s.mu.Unlock()
	switch {
	case phase < phaseAcked:
		s.close(closeUnauthorized, "Unauthorized")
		return
	case phase > phaseAcked:
		return // the client will subscribe again where it connects next
	case taken:
		s.close(closeSubscriberExists, "Subscriber for "+*m.ID+" already exists")
		return
	}
	raw, why := decodeParams(m.Payload)
	if why != nil {
		s.invalid()
		return
	}
	op := &operation{socket: s, id: *m.ID}
	if full {
		op.refuseFull()
		return
	}
	s.mu.Lock()
	if s.phase != phaseAcked {
		s.mu.Unlock()
		return
	}
	op.ctx, op.cancel = context.WithCancel(s.ctx)
	s.live[op.id] = op
	s.running++
	s.mu.Unlock()
	go op.run(raw)
}

// complete cancels an operation the client no longer wants. An id it does not
// know is no mistake: the two may have crossed.
func (s *socket) complete(m message) {
	if m.ID == nil {
		s.invalid()
		return
	}
	s.mu.Lock()
	op := s.live[*m.ID]
	delete(s.live, *m.ID)
	s.mu.Unlock()
	if op != nil {
		op.cancel()
	}
}

// isLive reports whether the client still wants op's messages.
func (s *socket) isLive(op *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[op.id] == op
}

// settle takes op off the list and reports whether it was still on it: the one
// that gets true sends the last message.
func (s *socket) settle(op *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[op.id] != op {
		return false
	}
	delete(s.live, op.id)
	return true
}

// begin records what kind of operation op turned out to be and reports whether
// it may still run.
func (s *socket) begin(op *operation, single bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[op.id] != op {
		return false
	}
	if single {
		op.single = true
		s.singles++
	}
	return true
}

// release is the last that op's goroutine does.
func (s *socket) release(op *operation) {
	s.mu.Lock()
	s.running--
	if op.single {
		s.singles--
	}
	if s.live[op.id] == op {
		delete(s.live, op.id)
	}
	if s.phase == phaseDraining && s.singles == 0 {
		s.setClosed(s.closeCode, s.closeText)
	}
	s.mu.Unlock()
	s.goodbyeIfClosed()
}
