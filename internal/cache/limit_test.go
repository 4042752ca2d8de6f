package cache_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/cache"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestCache_Limit(t *testing.T) {
	t.Parallel()

	t.Run("ForgetsAfterItsTime", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := cache.New[string, int](clock, 5*time.Second, 10)
		c.Put("a", 1, clock.Now())
		clock.Advance(5*time.Second - 1)
		got, ok := c.Peek("a")
		require.True(t, ok)
		require.Equal(t, 1, got)
		clock.Advance(1)
		_, ok = c.Peek("a")
		require.False(t, ok)
	})

	t.Run("NeverHoldsMoreThanItsLimit", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := cache.New[int, int](clock, time.Minute, 100)
		for n := range 10_000 {
			c.Put(n, n, clock.Now())
			clock.Advance(time.Millisecond)
		}
		require.Equal(t, 100, c.Len())
		_, ok := c.Peek(9_999)
		require.True(t, ok, "the newest is there")
	})

	t.Run("KnownKeyNeedsNoRoom", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := cache.New[string, int](clock, time.Minute, 2)
		c.Put("a", 1, clock.Now())
		c.Put("b", 1, clock.Now())
		c.Put("a", 2, clock.Now())
		require.Equal(t, 2, c.Len())
		got, _ := c.Peek("a")
		require.Equal(t, 2, got)
	})

	t.Run("AgedOnesMakeRoomForNewOnes", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := cache.New[int, int](clock, time.Second, 10)
		for n := range 10 {
			c.Put(n, n, clock.Now())
		}
		clock.Advance(time.Second)
		c.Put(10, 10, clock.Now())
		require.Equal(t, 1, c.Len())
	})

	t.Run("OldOnesGoFirst", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := cache.New[int, int](clock, time.Minute, 10)
		c.Put(0, 0, clock.Now())
		clock.Advance(time.Second)
		for n := 1; n <= 10; n++ {
			c.Put(n, n, clock.Now())
		}
		_, ok := c.Peek(0)
		require.False(t, ok)
	})
}
