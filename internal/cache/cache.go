// Package cache keeps what is read on every request and seldom changes, such as
// a merchant and its products, for a few seconds of the injected clock. The
// process that writes forgets its copy at once; the others see the change when
// theirs expires.
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

// Cache holds values by key for a fixed time. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	clock pay.Clock
	ttl   time.Duration

	mu     sync.Mutex
	values map[K]entry[V]
	writes map[K]uint64 // how often a key was forgotten
}

type entry[V any] struct {
	value V
	until time.Time
}

// New makes an empty cache whose values expire ttl after they were read.
func New[K comparable, V any](clock pay.Clock, ttl time.Duration) *Cache[K, V] {
	return &Cache[K, V]{clock: clock, ttl: ttl, values: make(map[K]entry[V]), writes: make(map[K]uint64)}
}

// Get returns the value of key, by load when it is not there or has expired. An
// error is returned and not kept. Callers that miss at the same time each load.
func (c *Cache[K, V]) Get(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	c.mu.Lock()
	kept, found := c.values[key]
	writes := c.writes[key]
	c.mu.Unlock()
	now := c.clock.Now()
	if found && now.Before(kept.until) {
		return kept.value, nil
	}
	value, err := load(ctx)
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes[key] == writes { // else it was forgotten while it was read, and may be what it was before
		c.values[key] = entry[V]{value: value, until: now.Add(c.ttl)}
	}
	return value, nil
}

// Forget drops the value of key. A writer calls it after its commit.
func (c *Cache[K, V]) Forget(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.values, key)
	c.writes[key]++
}
