package auth

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestCache(t *testing.T) {
	t.Parallel()

	t.Run("ForgetsAfterItsTime", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := newCache[string, int](clock, 5*time.Second, 10)
		c.put("a", 1, clock.Now())
		clock.Advance(5*time.Second - 1)
		got, ok := c.get("a")
		require.True(t, ok)
		require.Equal(t, 1, got)
		clock.Advance(1)
		_, ok = c.get("a")
		require.False(t, ok)
	})

	t.Run("NeverHoldsMoreThanItsLimit", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := newCache[int, int](clock, time.Minute, 100)
		for n := range 10_000 {
			c.put(n, n, clock.Now())
			clock.Advance(time.Millisecond)
		}
		require.Len(t, c.entries, 100)
		_, ok := c.get(9_999)
		require.True(t, ok, "the newest is there")
	})

	t.Run("KnownKeyNeedsNoRoom", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := newCache[string, int](clock, time.Minute, 2)
		c.put("a", 1, clock.Now())
		c.put("b", 1, clock.Now())
		c.put("a", 2, clock.Now())
		require.Len(t, c.entries, 2)
		got, _ := c.get("a")
		require.Equal(t, 2, got)
	})

	t.Run("AgedOnesMakeRoomForNewOnes", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := newCache[int, int](clock, time.Second, 10)
		for n := range 10 {
			c.put(n, n, clock.Now())
		}
		clock.Advance(time.Second)
		c.put(10, 10, clock.Now())
		require.Len(t, c.entries, 1)
	})

	t.Run("OldOnesGoFirst", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := newCache[int, int](clock, time.Minute, 10)
		c.put(0, 0, clock.Now())
		clock.Advance(time.Second)
		for n := 1; n <= 10; n++ {
			c.put(n, n, clock.Now())
		}
		_, ok := c.get(0)
		require.False(t, ok)
	})
}
