// Package breaker keeps callers away from a server that does not answer, so that
// they are refused at once instead of waiting for its time-out one after another.
//
// A breaker is closed while calls succeed. A run of failures opens it: calls are
// refused for a while, then one is let through as a trial, and its end closes the
// breaker or opens it again. It knows nobody's errors: the caller says what was a
// failure. It goes by an injected clock, which the libraries of this kind do not
// allow and a simulation of months needs. Start with Group.
package breaker

import (
	"sync"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// Options say when breakers open, and for how long.
type Options struct {
	Clock    pay.Clock                    // required
	Failures int                          // so many in a row open it; 0: 10
	Cooldown time.Duration                // from opening to the first trial; 0: 5 s
	OnChange func(name string, open bool) // told of each opening and closing, outside any lock; nil: nobody
}

// Group is breakers by name: one for each server and kind of call. It is safe for
// concurrent use.
type Group struct {
	o Options

	mu    sync.Mutex
	known map[string]*state
}

// state is one breaker. Its zero value is closed.
type state struct {
	failures int       // in a row
	openTil  time.Time // zero while closed
	trial    bool      // the one call that an open breaker lets through is out
}

// NewGroup returns a group whose breakers are all closed.
func NewGroup(o Options) *Group {
	if o.Failures <= 0 {
		o.Failures = 10
	}
	if o.Cooldown <= 0 {
		o.Cooldown = 5 * time.Second
	}
	if o.OnChange == nil {
		o.OnChange = func(string, bool) {}
	}
	return &Group{o: o, known: map[string]*state{}}
}

// Outcome is how a call ended, as far as a breaker is concerned.
type Outcome int

// The outcomes of a call.
const (
	Answered Outcome = iota // the server answered, whatever it said
	Failed                  // it did not answer, or not sensibly
	Unknown                 // the call was given up by our own side: it says nothing of the server
)

// Allow reports whether a call may be made now. If so, ended must be called
// exactly once with its outcome, however it ends.
func (g *Group) Allow(name string) (ended func(Outcome), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.known[name]
	if s == nil {
		s = &state{}
		g.known[name] = s
	}
	isOpen := !s.openTil.IsZero()
	now := g.o.Clock.Now()
	wait := s.openTil.Sub(now) // longer than any: the clock was set back
	if isOpen && (s.trial || wait > 0 && wait <= g.o.Cooldown) {
		return nil, false
	}
	s.trial = isOpen
	return func(o Outcome) { g.end(name, s, isOpen, o) }, true
}

// end counts a call's outcome. A call that began before the breaker opened says
// nothing any more: only the trial closes it.
func (g *Group) end(name string, s *state, wasTrial bool, o Outcome) {
	g.mu.Lock()
	wasOpen := !s.openTil.IsZero()
	switch {
	case wasTrial:
		s.trial = false
		switch o {
		case Answered:
			s.failures, s.openTil = 0, time.Time{}
		case Failed:
			s.openTil = g.o.Clock.Now().Add(g.o.Cooldown)
		case Unknown:
		}
	case wasOpen, o == Unknown:
	case o == Answered:
		s.failures = 0
	default:
		if s.failures++; s.failures >= g.o.Failures {
			s.openTil = g.o.Clock.Now().Add(g.o.Cooldown)
		}
	}
	isOpen := !s.openTil.IsZero()
	g.mu.Unlock()
	if isOpen != wasOpen {
		g.o.OnChange(name, isOpen)
	}
}
