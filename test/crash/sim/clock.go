package sim

import (
	"sync"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// epoch is when every seed begins: a Monday morning.
func epoch() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

// clock is the world's time, and how far the program's own clock is off. Timers of
// the services may read it from their goroutines.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	skew time.Duration
}

// world returns the true time, which payers and providers live by.
func (c *clock) world() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// off returns how far the program's clock is ahead.
func (c *clock) off() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew
}

// Now is the program's clock.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.Add(c.skew)
}

// reach moves the time on to t, and never back.
func (c *clock) reach(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

// jump sets how far the program's clock is off.
func (c *clock) jump(skew time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = skew
}

var _ pay.Clock = (*clock)(nil)
