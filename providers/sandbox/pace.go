package sandbox

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// pace is the sandbox's time. The speed shortens waiting (retry schedules,
// slow test cards, the pause before a redirect); sessions and holds live by
// the clock, which only advance moves.
type pace struct {
	clock Clock

	mu      sync.Mutex
	speed   float64
	offset  time.Duration
	changed chan struct{} // closed and replaced at each change, to wake waiters
}

// paceState is the pace as the state file keeps it.
type paceState struct {
	Speed  float64       `json:"speed"`
	Offset time.Duration `json:"offsetNs"`
}

func newPace(c Clock) *pace {
	return &pace{clock: c, speed: 1, changed: make(chan struct{})}
}

func (p *pace) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clock.Now().Add(p.offset).UTC().Truncate(time.Microsecond)
}

func (p *pace) scaled(d time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Duration(float64(d) / p.speed)
}

// set changes the speed (0: keep it) and moves the clock forward.
func (p *pace) set(speed float64, advance time.Duration) paceState {
	p.mu.Lock()
	defer p.mu.Unlock()
	if speed > 0 {
		p.speed = speed
	}
	p.offset += advance
	close(p.changed)
	p.changed = make(chan struct{})
	return paceState{Speed: p.speed, Offset: p.offset}
}

func (p *pace) restore(raw json.RawMessage) error {
	var s paceState
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	p.set(s.Speed, s.Offset)
	return nil
}

// wait passes d of sandbox time at the speed of the moment, follows changes of
// it, and returns early without an error when early is closed.
func (p *pace) wait(ctx context.Context, d time.Duration, early <-chan struct{}) error {
	for d > 0 {
		p.mu.Lock()
		speed, offset, changed, start := p.speed, p.offset, p.changed, p.clock.Now()
		p.mu.Unlock()

		t := time.NewTimer(time.Duration(float64(d) / speed))
		select {
		case <-t.C:
			return nil
		case <-early:
			t.Stop()
			return nil
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-changed:
			t.Stop()
			p.mu.Lock()
			d -= time.Duration(float64(p.clock.Now().Sub(start))*speed) + p.offset - offset
			p.mu.Unlock()
		}
	}
	return ctx.Err()
}
