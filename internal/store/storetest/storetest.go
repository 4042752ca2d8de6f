package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Each runs f as two parallel subtests, on an empty migrated SQLite database and
// on an empty migrated Postgres one: both databases, same code, same tests. The
// url is f's own; Open opens it.
func Each(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t))
	})
	t.Run("Postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t, migrate))
	})
}

// Open opens the database at url for the length of the test.
func Open(t testing.TB, url string, clock pay.Clock) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, clock)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// SQLite returns the URL of a fresh migrated SQLite database, without fsync. It
// is a copy of one that was migrated once for the whole test process.
func SQLite(t testing.TB) string {
	t.Helper()
	template, err := sqliteTemplate()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "paygraph.db")
	require.NoError(t, os.WriteFile(file, template, 0o600))
	return "sqlite://" + file + "?synchronous=off"
}

// MigratedPostgres returns the URL of a fresh migrated Postgres database; see
// Postgres for where it comes from.
func MigratedPostgres(t testing.TB) string {
	t.Helper()
	return Postgres(t, migrate)
}

//nolint:gochecknoglobals // one template for the whole test process
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "paygraph-template-")
	if err != nil {
		return nil, fmt.Errorf("make the template's folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "template.db")
	if err := migrate(context.Background(), "sqlite://"+file+"?synchronous=off"); err != nil {
		return nil, err
	}
	return os.ReadFile(file) //nolint:gosec // our own temporary file
})

// migrate brings the database at url to the newest version.
func migrate(ctx context.Context, url string) (err error) {
	s, err := store.Open(ctx, url, &Clock{})
	if err != nil {
		return err
	}
	defer func() {
		if closed := s.Close(); err == nil {
			err = closed
		}
	}()
	_, err = s.Migrate(ctx)
	return err
}
