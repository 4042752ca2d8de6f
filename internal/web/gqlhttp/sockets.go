package gqlhttp

import (
	"context"
	"sync"
	"time"
)

// Sockets is the register of what outlives a request: WebSockets and event
// streams. One ticker and a handful of workers serve all of them; no member
// has a timer or a goroutine for waiting of its own.
//
// The ticker decides with Options.Clock and never blocks: what may wait for a
// peer (a ping, a close frame) goes to the workers, and a member that is busy
// is asked again at the next tick.
type Sockets struct {
	opts    Options
	epoch   time.Time // moments are counted from here, so that a step of the wall clock drops nobody
	errands chan member
	stopped chan struct{} // closed by Shutdown: the ticker and the workers end

	mu       sync.Mutex
	members  map[member]struct{}
	stopping bool
	empty    chan struct{} // closed when stopping and the last member has left
}

// member is one connection. All its methods may be called from any goroutine.
type member interface {
	// due says what the ticker must do. It never blocks.
	due(now time.Time) need
	// act does what is due and may write to the peer.
	act(now time.Time)
	// drain asks the member to end in good order, because the server stops.
	// It never blocks; what it leaves to do is due.
	drain(now time.Time)
	// drop cuts the connection at once. It never blocks.
	drop()
}

type need int

const (
	needNothing need = iota
	needAct
	needDrop
)

const (
	errandWorkers = 4
	errandBacklog = 1024
)

// NewSockets returns an empty register and starts its ticker, which Shutdown
// ends.
func NewSockets(o Options) *Sockets {
	s := newSockets(o)
	ticker := time.NewTicker(s.opts.Tick)
	go func() {
		defer ticker.Stop()
		s.keepTicking(ticker.C)
	}()
	return s
}

// newSockets leaves the ticks to the caller.
func newSockets(o Options) *Sockets {
	s := &Sockets{
		opts:    o.withDefaults(),
		epoch:   o.Clock.Now(),
		errands: make(chan member, errandBacklog),
		stopped: make(chan struct{}),
		members: make(map[member]struct{}),
		empty:   make(chan struct{}),
	}
	for range errandWorkers {
		go s.work()
	}
	return s
}

// Len returns how many connections live, those still saying goodbye included.
func (s *Sockets) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.members)
}

// Shutdown refuses new connections, lets running queries and mutations finish,
// ends every subscription, closes the sockets with 1012 (clients then connect
// again, to another server) and waits until all are gone. When ctx ends first
// it cuts those that remain and returns ctx's error. It may be repeated.
func (s *Sockets) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	first := !s.stopping
	s.stopping = true
	members := make([]member, 0, len(s.members))
	for m := range s.members {
		members = append(members, m)
	}
	if first && len(members) == 0 {
		close(s.empty)
	}
	s.mu.Unlock()

	now := s.opts.Clock.Now()
	for _, m := range members {
		m.drain(now)
	}
	if first {
		defer close(s.stopped)
		s.hurry(ctx, members)
	}
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
	}
	for _, m := range members {
		m.drop()
	}
	return context.Cause(ctx)
}

// hurry hands every member to the workers without waiting for a tick.
func (s *Sockets) hurry(ctx context.Context, members []member) {
	for _, m := range members {
		select {
		case s.errands <- m:
		case <-ctx.Done():
			return
		}
	}
}

// join registers m and reports whether it may live: not once we are stopping.
func (s *Sockets) join(m member) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.members[m] = struct{}{}
	return true
}

// leave forgets m. It may be repeated.
func (s *Sockets) leave(m member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, here := s.members[m]; !here {
		return
	}
	delete(s.members, m)
	if s.stopping && len(s.members) == 0 {
		close(s.empty)
	}
}

// moment is now as an atomic can hold it. It is never 0, which means "not".
func (s *Sockets) moment(now time.Time) int64 { return int64(now.Sub(s.epoch)) + 1 }

func (s *Sockets) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

func (s *Sockets) keepTicking(ticks <-chan time.Time) {
	for {
		select {
		case <-ticks:
			s.sweep()
		case <-s.stopped:
			return
		}
	}
}

// sweep looks at every member once. Ten thousand of them cost about a
// millisecond.
func (s *Sockets) sweep() {
	now := s.opts.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for m := range s.members {
		switch m.due(now) {
		case needNothing:
		case needAct:
			select {
			case s.errands <- m:
			default: // the workers are behind: it is still due at the next tick
			}
		case needDrop:
			m.drop()
		}
	}
}

func (s *Sockets) work() {
	for {
		select {
		case m := <-s.errands:
			m.act(s.opts.Clock.Now())
		case <-s.stopped:
			return
		}
	}
}
