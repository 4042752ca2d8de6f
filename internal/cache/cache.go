// Package cache keeps what is read on every request and seldom changes, such as
// a merchant, its products or a key, for a few seconds of the injected clock.
// The process that writes forgets its copy at once; the others see the change
// when theirs has aged out.
//
// It owns no value: what it returns is shared by all callers and must not be
// changed. It may not hold anything whose stale copy could move money twice;
// amounts are copied into the bill. Start with Get.
package cache

import (
	"context"
	"sync"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// Cache remembers at most a fixed number of values, each for a fixed time. It is
// safe for concurrent use.
type Cache[K comparable, V any] struct {
	clock pay.Clock
	ttl   time.Duration
	limit int

	mu        sync.RWMutex
	entries   map[K]entry[V]
	forgotten uint64 // how often anything was forgotten
}

type entry[V any] struct {
	value V
	since time.Time
}

// New makes an empty cache of at most limit values, which age out ttl after they
// were read.
func New[K comparable, V any](clock pay.Clock, ttl time.Duration, limit int) *Cache[K, V] {
	return &Cache[K, V]{clock: clock, ttl: ttl, limit: limit, entries: make(map[K]entry[V])}
}

// Get returns the value of key, by load when it is not there or has aged out. An
// error is returned and not kept. Callers that miss at the same time each load.
func (c *Cache[K, V]) Get(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	if value, ok := c.Peek(key); ok {
		return value, nil
	}
	c.mu.RLock()
	forgotten := c.forgotten
	c.mu.RUnlock()
	since := c.clock.Now()
	value, err := load(ctx)
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgotten == forgotten { // else something was forgotten while this was read, and it may be what it was before
		c.put(key, value, since)
	}
	return value, nil
}

// Peek returns the value of key unless it has aged out.
func (c *Cache[K, V]) Peek(key K) (V, bool) {
	c.mu.RLock()
	e, found := c.entries[key]
	c.mu.RUnlock()
	if !found || !c.isFresh(e, c.clock.Now()) {
		var none V
		return none, false
	}
	return e.value, true
}

// Put remembers value from since on: the instant before it was read, so that it
// is never trusted for longer than ttl after it was true.
func (c *Cache[K, V]) Put(key K, value V, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(key, value, since)
}

func (c *Cache[K, V]) put(key K, value V, since time.Time) {
	if _, known := c.entries[key]; !known && len(c.entries) >= c.limit {
		c.makeRoom(c.clock.Now())
	}
	c.entries[key] = entry[V]{value: value, since: since}
}

// Forget drops the value of key. A writer calls it after its commit.
func (c *Cache[K, V]) Forget(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
	c.forgotten++
}

// Len returns how many values are held, aged out or not.
func (c *Cache[K, V]) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.entries)
}

// A clock set back must not keep a value alive: what comes from the future is
// not fresh either.
func (c *Cache[K, V]) isFresh(e entry[V], now time.Time) bool {
	age := now.Sub(e.since)
	return age >= 0 && age < c.ttl
}

// makeRoom looks at a few entries (a map gives them in no order), forgets those
// that have aged out, or the oldest of them when none has. A scan of all at each
// put would make a full cache slow.
func (c *Cache[K, V]) makeRoom(now time.Time) {
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
