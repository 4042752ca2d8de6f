package providertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

// RequireError checks that err is an adapter's error and says what want says: whose
// it is, of which operation, its kind and its code. An adapter's own tests use it.
func RequireError(t testing.TB, err error, want providers.Error) {
	t.Helper()
	var told *providers.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, want.Provider, told.Provider)
	require.Equal(t, want.Op, told.Op, "%v", err)
	require.Equal(t, want.Kind, told.Kind, "%v", err)
	require.Equal(t, want.Code, told.Code, "%v", err)
}
