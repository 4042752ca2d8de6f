package cache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/cache"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

const ttl = 5 * time.Second

// counter loads 1, 2, 3 and so on.
func counter() func(context.Context) (int, error) {
	n := 0
	return func(context.Context) (int, error) {
		n++
		return n, nil
	}
}

func TestCache_Get(t *testing.T) {
	t.Parallel()

	t.Run("ReadsOnceUntilItExpires", func(t *testing.T) {
		t.Parallel()
		clock := &storetest.Clock{}
		c := cache.New[string, int](clock, ttl, 10)
		load := counter()
		require.Equal(t, 1, get(t, c, load))
		clock.Advance(ttl - time.Microsecond)
		require.Equal(t, 1, get(t, c, load))
		clock.Advance(time.Microsecond)
		require.Equal(t, 2, get(t, c, load))
	})

	t.Run("ForgottenIsReadAgain", func(t *testing.T) {
		t.Parallel()
		c := cache.New[string, int](&storetest.Clock{}, ttl, 10)
		load := counter()
		require.Equal(t, 1, get(t, c, load))
		c.Forget("key")
		require.Equal(t, 2, get(t, c, load))
		require.Equal(t, 2, get(t, c, load))
	})

	t.Run("ReadBeforeAWriteIsNotKept", func(t *testing.T) {
		t.Parallel()
		c := cache.New[string, int](&storetest.Clock{}, ttl, 10)
		require.Equal(t, 1, get(t, c, func(context.Context) (int, error) {
			c.Forget("key") // somebody commits while we read
			return 1, nil
		}))
		require.Equal(t, 2, get(t, c, func(context.Context) (int, error) { return 2, nil }))
	})

	t.Run("ErrorIsNotKept", func(t *testing.T) {
		t.Parallel()
		c := cache.New[string, int](&storetest.Clock{}, ttl, 10)
		broken := errors.New("broken")
		_, err := c.Get(t.Context(), "key", func(context.Context) (int, error) { return 0, broken })
		require.ErrorIs(t, err, broken)
		require.Equal(t, 1, get(t, c, counter()))
	})
}

func get(t *testing.T, c *cache.Cache[string, int], load func(context.Context) (int, error)) int {
	t.Helper()
	value, err := c.Get(t.Context(), "key", load)
	require.NoError(t, err)
	return value
}
