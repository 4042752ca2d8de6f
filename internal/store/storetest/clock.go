package storetest

import (
	"sync"
	"time"
)

// Clock is a clock that stands still until a test moves it. The zero value
// stands at Epoch. It is safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	moved time.Duration
}

// Epoch is where a Clock starts: a Monday morning far from any change of clocks.
func Epoch() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

// Now returns the clock's instant.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Epoch().Add(c.moved)
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}
