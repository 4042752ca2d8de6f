package sandboxtest

import (
	"sync"
	"time"
)

// Clock is a time that stands still until a test moves it. The zero value stands
// at Epoch. It is safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	moved time.Duration
}

// Epoch is where a Clock starts, and what the dates of test cards are compared
// with.
func Epoch() time.Time { return time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC) }

// Now is the clock's instant.
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

// BubbleClock is the time of the synctest bubble that a test runs in, which
// passes by itself.
type BubbleClock struct{}

// Now is the bubble's instant.
func (BubbleClock) Now() time.Time {
	return time.Now() //nolint:forbidigo // in a bubble this is the clock that the test holds
}
