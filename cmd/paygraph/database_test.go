package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store"
)

// A folder's name may hold what has a meaning in a URL; the database is in it all
// the same.
func TestSqliteIn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "with blank", "a#1", "what?", "100%"} {
		folder := filepath.Join(t.TempDir(), name)
		url, err := sqliteIn(folder)
		require.NoError(t, err)
		s, err := store.Open(t.Context(), url, systemClock())
		require.NoError(t, err)
		_, err = s.Migrate(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.FileExists(t, filepath.Join(folder, "paygraph.db"))
	}
}
