package cards

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLanes(t *testing.T) {
	t.Parallel()
	var l lanes
	first, ok := l.enter("slow")
	require.True(t, ok)
	_, ok = l.enter("slow")
	require.True(t, ok)
	_, ok = l.enter("slow")
	require.False(t, ok)
	_, ok = l.enter("another")
	require.True(t, ok, "accounts do not wait for each other")
	first()
	_, ok = l.enter("slow")
	require.True(t, ok)
}
