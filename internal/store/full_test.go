package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// A disk that is full refuses what is new, keeps what was acknowledged, and is
// written to again when there is room: by the same process, without a restart.
func TestStore_DiskFull(t *testing.T) {
	t.Parallel()

	s := storetest.Open(t, storetest.DurableSQLite(t), &storetest.Clock{})
	setPages(t, s, number(t, s, "PRAGMA page_count")+20)

	acknowledged, tries := 0, 0
	write := func() error {
		return s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			tries++
			_, err := tx.Raw(ctx, `INSERT INTO jobs (id, kind, "key", payload, run_at, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
				pay.NewJobID(tx.Now), "mail", fmt.Sprint(tries), `"`+strings.Repeat("x", 1000)+`"`, tx.Now, tx.Now)
			return err
		})
	}
	var full error
	for full = write(); full == nil; full = write() {
		acknowledged++
	}
	require.NotZero(t, acknowledged)
	require.Equal(t, acknowledged+1, tries, "a write that was refused for want of room is not tried again")
	requireFull(t, full)
	requireFull(t, write())

	require.Equal(t, acknowledged, number(t, s, "SELECT count(*) FROM jobs"), "reads go on, and nothing more or less is there")
	var sound string
	require.NoError(t, s.Conn().DB().QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound))
	require.Equal(t, "ok", sound)
	require.NoError(t, s.Ping(t.Context()))

	setPages(t, s, 1<<20)
	require.NoError(t, write())
	require.Equal(t, acknowledged+1, number(t, s, "SELECT count(*) FROM jobs"))
	require.NoError(t, s.Conn().DB().QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound))
	require.Equal(t, "ok", sound)
}

// requireFull wants the error to be SQLite's own, and the only one: the undoing
// of a transaction that SQLite has already undone is no second fault.
func requireFull(t *testing.T, err error) {
	t.Helper()
	var refused *sqlite.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, sqlitelib.SQLITE_FULL, refused.Code())
	require.NotContains(t, err.Error(), "roll back")
	require.True(t, store.IsAway(err))
}

// setPages bounds the file as a full disk would, on the one connection that
// writes.
func setPages(t *testing.T, s *store.Store, n int) {
	t.Helper()
	var set int
	require.NoError(t, s.Conn().DB().QueryRowContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&set))
	require.Equal(t, n, set)
}

// number reads one number with the readers.
func number(t *testing.T, s *store.Store, query string) (n int) {
	t.Helper()
	rows, err := s.Query(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	require.True(t, rows.Next())
	require.NoError(t, rows.Scan(&n))
	require.NoError(t, rows.Err())
	return n
}
