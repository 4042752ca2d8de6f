package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// DurableSQLite is SQLite with an fsync at every commit, as a server opens it:
// for figures that somebody may quote.
func DurableSQLite(t testing.TB) string {
	t.Helper()
	template, err := sqliteTemplate()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "paygraph.db")
	require.NoError(t, os.WriteFile(file, template, 0o600))
	return "sqlite://" + file
}

// DurablePostgres is MigratedPostgres on a second server of the process that
// does sync to disk: for figures that somebody may quote. Where EnvPostgres names
// the server it is that one, as it is set; store.CheckDurable tells.
func DurablePostgres(t testing.TB) string {
	t.Helper()
	return databaseOn(t, durableServer, migrate)
}

// durableServer finds or starts the server that syncs to disk.
//
//nolint:gochecknoglobals // one for the whole process, as processServer
var durableServer = sync.OnceValues(func() (*server, error) {
	s, err := findServer()
	if err != nil || s.cluster == nil {
		return s, err
	}
	ctx := context.Background()
	for _, statement := range []string{
		"ALTER SYSTEM SET fsync = on", "ALTER SYSTEM SET full_page_writes = on", "ALTER SYSTEM SET autovacuum = on",
		"SELECT pg_reload_conf()", "CHECKPOINT",
	} {
		if err := s.exec(ctx, statement); err != nil {
			return nil, errors.Join(err, s.cluster.stop())
		}
	}
	return s, nil
})
