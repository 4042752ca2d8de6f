package billing //nolint:testpackage // lanes are nobody else's to see

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestLanes(t *testing.T) {
	t.Parallel()
	setup := func() (*lanes, *storetest.Clock) {
		clock := &storetest.Clock{}
		return &lanes{clock: clock, lane: map[string]*lane{}}, clock
	}
	enter := func(l *lanes, n int) (leaves []func()) {
		for range n {
			if leave, ok := l.enter("a"); ok {
				leaves = append(leaves, leave)
			}
		}
		return leaves
	}
	t.Run("AQuickAccountIsForAll", func(t *testing.T) {
		t.Parallel()
		l, _ := setup()
		for range 3 {
			leaves := enter(l, 8)
			require.Len(t, leaves, 8)
			for _, leave := range leaves {
				leave()
			}
		}
	})
	t.Run("OneThatKeepsJobsWaitingLetsThreeIn", func(t *testing.T) {
		t.Parallel()
		l, clock := setup()
		require.Len(t, enter(l, 3), 3)
		clock.Advance(longWait)
		require.Empty(t, enter(l, 8))
		_, ok := l.enter("b")
		require.True(t, ok)
	})
	t.Run("ThatItWasSlowIsRemembered", func(t *testing.T) {
		t.Parallel()
		l, clock := setup()
		leaves := enter(l, 6) // nobody knew
		clock.Advance(10 * time.Second)
		for _, leave := range leaves {
			leave()
		}
		leaves = enter(l, 8)
		require.Len(t, leaves, perAccount)
		for _, leave := range leaves { // and it is quick again
			leave()
		}
		require.Len(t, enter(l, 8), 8)
	})
}
