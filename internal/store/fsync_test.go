package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// envCommits names the variable with the database that this program, started by
// its own test, writes to and ends.
const envCommits = "PAYGRAPH_TEST_COMMITS"

// commits is how many transactions are counted.
const commits = 50

// TestMain lets the tests start this program as the process whose fsyncs are
// counted.
func TestMain(m *testing.M) {
	if url := os.Getenv(envCommits); url != "" {
		if err := commitAll(context.Background(), url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// commitAll makes the transactions, one after the other.
func commitAll(ctx context.Context, url string) error {
	s, err := store.Open(ctx, url, &storetest.Clock{})
	if err != nil {
		return err
	}
	for n := range commits {
		err := s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, fmt.Sprint("commit ", n), "yes") })
		if err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return s.Close()
}

// What was acknowledged is on the disk: killing the process shows nothing of that,
// for the system keeps what it was given. Only counting shows it.
func TestStore_SyncsEachCommit(t *testing.T) {
	t.Parallel()

	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		require.GreaterOrEqual(t, syncsOfSQLite(t, storetest.DurableSQLite(t)), commits)
	})
	t.Run("SQLiteWithoutIsTold", func(t *testing.T) {
		t.Parallel()
		require.Less(t, syncsOfSQLite(t, storetest.SQLite(t)), commits)
	})
	t.Run("Postgres", func(t *testing.T) {
		t.Parallel()
		url := storetest.DurablePostgres(t)
		probe := storetest.Open(t, url, &storetest.Clock{})
		before := syncsOfPostgres(t, probe)
		require.NoError(t, commitAll(t.Context(), url))
		// A connection reports its figures when it ends, a moment after it is closed.
		require.Eventually(t, func() bool { return syncsOfPostgres(t, probe) >= before+commits }, 30*time.Second, 50*time.Millisecond)
	})
}

// syncsOfSQLite counts how often a process syncs that makes the commits.
func syncsOfSQLite(t *testing.T, url string) int {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		const why = "strace is not installed, so nobody counts fsyncs: apt-get install strace"
		if os.Getenv("CI") == "true" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	own, err := os.Executable()
	require.NoError(t, err)
	table := filepath.Join(t.TempDir(), "syncs")
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", table, own)
	cmd.Env = append(os.Environ(), envCommits+"="+url)
	output, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(output), "Operation not permitted") {
		t.Skip("this machine lets nobody trace a process, so nobody counts fsyncs: allow ptrace")
	}
	require.NoError(t, err, "%s", output)
	text, err := os.ReadFile(table)
	require.NoError(t, err)
	return countIn(t, string(text))
}

// countIn adds up the calls of strace's summary, whose lines are
//
//	% time     seconds  usecs/call     calls    errors syscall
func countIn(t *testing.T, summary string) int {
	t.Helper()
	sum := 0
	for line := range strings.Lines(summary) {
		columns := strings.Fields(line)
		if len(columns) < 5 || !strings.HasSuffix(columns[len(columns)-1], "sync") {
			continue
		}
		n, err := strconv.Atoi(columns[3])
		require.NoError(t, err, "%s", summary)
		sum += n
	}
	return sum
}

// syncsOfPostgres is how often the server has synced its log so far. Newer ones
// count it elsewhere; where the write itself syncs, the writes are counted.
func syncsOfPostgres(t *testing.T, s *store.Store) int {
	t.Helper()
	show := func(name string) (value string) {
		require.NoError(t, s.Conn().DB().QueryRowContext(t.Context(), "SHOW "+name).Scan(&value))
		return value
	}
	version, err := strconv.Atoi(show("server_version_num"))
	require.NoError(t, err)
	written := strings.HasPrefix(show("wal_sync_method"), "open_")
	switch {
	case version >= 180000 && written:
		return number(t, s, "SELECT sum(writes)::bigint FROM pg_stat_io WHERE object = 'wal'")
	case version >= 180000:
		return number(t, s, "SELECT sum(fsyncs)::bigint FROM pg_stat_io WHERE object = 'wal'")
	case written:
		return number(t, s, "SELECT wal_write FROM pg_stat_wal")
	}
	return number(t, s, "SELECT wal_sync FROM pg_stat_wal")
}
