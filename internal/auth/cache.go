package auth

import (
	"sync"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// cache remembers at most limit values, each for ttl by the given clock. Only
// what was proved goes in, so a stranger cannot fill it. It is safe for
// concurrent use.
type cache[K comparable, V any] struct {
	clock pay.Clock
	ttl   time.Duration
	limit int

	mu      sync.RWMutex
	entries map[K]entry[V]
}

type entry[V any] struct {
	value V
	since time.Time
}

func newCache[K comparable, V any](clock pay.Clock, ttl time.Duration, limit int) *cache[K, V] {
	return &cache[K, V]{clock: clock, ttl: ttl, limit: limit, entries: make(map[K]entry[V])}
}

// get returns the value of key unless it has aged out.
func (c *cache[K, V]) get(key K) (V, bool) {
	c.mu.RLock()
	e, found := c.entries[key]
	c.mu.RUnlock()
	if !found || !c.isFresh(e, c.clock.Now()) {
		var none V
		return none, false
	}
	return e.value, true
}

// put remembers value from since on: the instant before it was read, so that it
// is never trusted for longer than ttl after it was true.
func (c *cache[K, V]) put(key K, value V, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.entries[key]; !known && len(c.entries) >= c.limit {
		c.makeRoom(c.clock.Now())
	}
	c.entries[key] = entry[V]{value: value, since: since}
}

// A clock set back must not keep a value alive: what comes from the future is
// not fresh either.
func (c *cache[K, V]) isFresh(e entry[V], now time.Time) bool {
	age := now.Sub(e.since)
	return age >= 0 && age < c.ttl
}

// makeRoom looks at a few entries (a map gives them in no order), forgets those
// that have aged out, or the oldest of them when none has. A scan of all at
// each put would make a full cache slow.
func (c *cache[K, V]) makeRoom(now time.Time) {
	const sample = 16
	var oldest K
	var since time.Time
	looked, dropped := 0, false
	for key, e := range c.entries {
		if !c.isFresh(e, now) {
			delete(c.entries, key)
			dropped = true
		} else if since.IsZero() || e.since.Before(since) {
			oldest, since = key, e.since
		}
		if looked++; looked == sample {
			break
		}
	}
	if !dropped {
		delete(c.entries, oldest)
	}
}
