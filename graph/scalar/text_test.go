package scalar_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/graph/scalar"
	"github.com/paygraph/paygraph/internal/pay"
)

func TestUnmarshalString(t *testing.T) {
	t.Parallel()

	for _, good := range []string{"", "tea", "чай", "茶", "a\nb"} {
		got, err := scalar.UnmarshalString(good)
		require.NoError(t, err)
		require.Equal(t, good, got)
	}
	for _, bad := range []any{"a\x00b", "\xff", map[string]any{}} {
		_, err := scalar.UnmarshalString(bad)
		require.Equal(t, pay.CodeInvalid, pay.CodeOf(err))
	}
}
