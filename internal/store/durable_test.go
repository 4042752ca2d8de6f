package store_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestStore_CheckDurable(t *testing.T) {
	t.Parallel()

	t.Run("SQLiteAsServeOpensIt", func(t *testing.T) {
		t.Parallel()
		s := storetest.Open(t, "sqlite://"+filepath.Join(t.TempDir(), "paygraph.db"), &storetest.Clock{})
		require.NoError(t, s.CheckDurable(t.Context()))
	})
	t.Run("SQLiteWithoutFsyncIsRefused", func(t *testing.T) {
		t.Parallel()
		s := storetest.Open(t, storetest.SQLite(t), &storetest.Clock{})
		require.ErrorContains(t, s.CheckDurable(t.Context()), "synchronous")
	})
	t.Run("PostgresWithoutFsyncIsRefused", func(t *testing.T) {
		t.Parallel()
		s := storetest.Open(t, storetest.MigratedPostgres(t), &storetest.Clock{})
		require.ErrorContains(t, s.CheckDurable(t.Context()), "want on") // the tests' own cluster does not sync
	})
}
