package store_test

import (
	"net/url"
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

	commits := []struct {
		setting string
		want    require.ErrorAssertionFunc
	}{
		{setting: "off", want: forgets},
		{setting: "local", want: require.NoError},
		{setting: "remote_write", want: require.NoError},
		{setting: "on", want: require.NoError},
		{setting: "remote_apply", want: require.NoError},
	}
	for _, tt := range commits {
		t.Run("PostgresCommits/"+tt.setting, func(t *testing.T) {
			t.Parallel()
			at, err := url.Parse(storetest.DurablePostgres(t))
			require.NoError(t, err)
			query := at.Query()
			query.Set("synchronous_commit", tt.setting)
			at.RawQuery = query.Encode()
			tt.want(t, storetest.Open(t, at.String(), &storetest.Clock{}).CheckDurable(t.Context()))
		})
	}
}

func forgets(t require.TestingT, err error, _ ...any) {
	require.ErrorContains(t, err, "SHOW synchronous_commit answers off")
}
