package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestPostgres(t *testing.T) {
	t.Parallel()

	t.Run("EachTestHasItsOwnRows", func(t *testing.T) {
		t.Parallel()

		first := open(t, Postgres(t, bookMigrate))
		second := open(t, Postgres(t, bookMigrate))
		run(t, first, "INSERT INTO book VALUES ('first')")

		require.Equal(t, 1, books(t, first))
		require.Equal(t, 0, books(t, second))
	})

	t.Run("WithoutMigrateIsEmpty", func(t *testing.T) {
		t.Parallel()

		db := open(t, Postgres(t, nil))

		require.Equal(t, 0, number(t, db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
	})

	t.Run("GoesWithItsTestAndTheConnectionsLeftOpen", func(t *testing.T) {
		t.Parallel()

		var left *sql.DB
		var name string
		t.Run("Inner", func(t *testing.T) { // not parallel: its end is waited for
			address := Postgres(t, bookMigrate)
			u, err := url.Parse(address)
			require.NoError(t, err)
			name = strings.TrimPrefix(u.Path, "/")
			left, err = sql.Open("postgres", address)
			require.NoError(t, err)
			require.NoError(t, left.PingContext(t.Context()))
		})

		require.Error(t, left.PingContext(t.Context()))
		require.NoError(t, left.Close())
		admin := open(t, Postgres(t, nil))
		require.Equal(t, 0, number(t, admin, "SELECT count(*) FROM pg_database WHERE datname = $1", name))
	})
}

//nolint:paralleltest // goroutines of parallel tests would be counted
func TestPostgres_LeavesNoGoroutine(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Run("Inner", func(t *testing.T) { Postgres(t, bookMigrate) })
	goleak.VerifyNone(t, leaks)
}

func TestServer_Database(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		ours bool
		want int64 // runs of migrate for three databases
	}{
		{name: "OurClusterMigratesOnceAndClones", ours: true, want: 1},
		{name: "AnotherServerIsMigratedEachTime", ours: false, want: 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := newServer(t, tt.ours)
			var runs atomic.Int64
			migrate := func(ctx context.Context, databaseURL string) error {
				runs.Add(1)
				return bookMigrate(ctx, databaseURL)
			}
			done := make(chan error, 3)
			for range 3 {
				go func() { done <- s.make(t, migrate) }()
			}
			for range 3 {
				require.NoError(t, <-done)
			}
			require.Equal(t, tt.want, runs.Load())
		})
	}

	t.Run("FailedMigrationIsToldToEveryTest", func(t *testing.T) {
		t.Parallel()

		s := newServer(t, true)
		errBroken := errors.New("no such column")
		broken := func(context.Context, string) error { return errBroken }

		require.ErrorIs(t, s.make(t, broken), errBroken)
		require.ErrorIs(t, s.make(t, broken), errBroken)
	})
}

func TestExistingServer(t *testing.T) {
	t.Parallel()

	for _, address := range []string{
		"host=localhost password=hunter2",
		"mysql://root:hunter2@localhost/db",
		"postgres://root:hunter2@local host/db",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()

			_, err := existingServer(address)

			require.ErrorContains(t, err, EnvPostgres)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()

	t.Run("SkipsForAPerson", func(t *testing.T) {
		t.Parallel()

		said := &recorder{TB: t}
		missing(said, "", "install it")
		require.Equal(t, []string{"skip: install it"}, said.calls[:1])
	})

	t.Run("FailsInCI", func(t *testing.T) {
		t.Parallel()

		said := &recorder{TB: t}
		missing(said, "true", "install it")
		require.Equal(t, []string{"fatal: install it"}, said.calls[:1])
	})
}

// recorder notes how a test was ended, and does not end it.
type recorder struct {
	testing.TB

	calls []string
}

func (r *recorder) Fatal(args ...any) { r.calls = append(r.calls, "fatal: "+fmt.Sprint(args...)) }
func (r *recorder) Skip(args ...any)  { r.calls = append(r.calls, "skip: "+fmt.Sprint(args...)) }

// newServer is the process's server with a template of its own, seen as a
// cluster of ours or as somebody else's.
func newServer(t *testing.T, ours bool) *serverInTest {
	t.Helper()
	Postgres(t, nil) // ends the test where there is none
	shared, err := processServer()
	require.NoError(t, err)
	s := &server{admin: shared.admin}
	if ours {
		s.cluster = &cluster{}
	}
	t.Cleanup(func() {
		if s.template != "" {
			require.NoError(t, s.drop(context.WithoutCancel(t.Context()), s.template))
		}
	})
	return &serverInTest{server: s}
}

// serverInTest drops what it makes.
type serverInTest struct{ *server }

func (s *serverInTest) make(t *testing.T, migrate MigrateFunc) error {
	t.Helper()
	name := newName("test")
	t.Cleanup(func() { require.NoError(t, s.drop(context.WithoutCancel(t.Context()), name)) })
	return s.database(t.Context(), name, migrate)
}

// bookMigrate lays one table.
func bookMigrate(ctx context.Context, databaseURL string) error {
	db, err := sql.Open("postgres", databaseURL)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE book (title text)")
	return errors.Join(err, db.Close())
}

func open(t *testing.T, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

func books(t *testing.T, db *sql.DB) int {
	t.Helper()
	return number(t, db, "SELECT count(*) FROM book")
}

func number(t *testing.T, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, db.QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

// TestMain lets the tests start this program as the process that is killed.
func TestMain(m *testing.M) {
	if os.Getenv(envVictim) != "" {
		victim()
	}
	os.Exit(m.Run())
}
