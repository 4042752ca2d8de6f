package store_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

var (
	errOurs     = errors.New("ours")
	errDeadlock = &pq.Error{Code: "40P01", Message: "deadlock detected"}
)

// set writes one row of the settings: a table without anything else in it.
func set(ctx context.Context, tx *store.Tx, name, value string) error {
	_, err := tx.Raw(ctx, `INSERT INTO settings (id, value, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value`, name, []byte(value), tx.Now)
	return err
}

func setting(t *testing.T, s *store.Store, name string) string {
	t.Helper()
	found, err := s.Read().Setting.Get(viewer.AsProgram(t.Context()), name)
	if ent.IsNotFound(err) {
		return ""
	}
	require.NoError(t, err)
	return string(found.Value)
}

func TestStore_InTx(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		clock := &storetest.Clock{}
		s := storetest.Open(t, url, clock)

		t.Run("CommitsAndThenRunsWhatWaited", func(t *testing.T) {
			var ran []string
			require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				tx.AfterCommit(func() { ran = append(ran, "first "+setting(t, s, "committed")) })
				tx.AfterCommit(func() { ran = append(ran, "second") })
				require.Empty(t, setting(t, s, "committed"), "nobody outside sees it yet")
				require.Empty(t, ran)
				return set(ctx, tx, "committed", "yes")
			}))
			require.Equal(t, []string{"first yes", "second"}, ran)
		})
		t.Run("AnErrorRollsBack", func(t *testing.T) {
			ran, tries := false, 0
			err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				tries++
				tx.AfterCommit(func() { ran = true })
				require.NoError(t, set(ctx, tx, "failed", "yes"))
				return errOurs
			})
			require.ErrorIs(t, err, errOurs)
			require.Equal(t, 1, tries, "our own error says nothing of the database")
			require.False(t, ran)
			require.Empty(t, setting(t, s, "failed"))
		})
		t.Run("APanicRollsBackAndGoesOn", func(t *testing.T) {
			ran := false
			require.PanicsWithValue(t, "no stamp", func() {
				_ = s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
					tx.AfterCommit(func() { ran = true })
					require.NoError(t, set(ctx, tx, "panicked", "yes"))
					panic("no stamp")
				})
			})
			require.False(t, ran)
			require.Empty(t, setting(t, s, "panicked"))
			require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, "next", "yes") }), "the connection is back")
		})
		t.Run("AGoroutineThatEndsRollsBack", func(t *testing.T) {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = s.InTx(context.Background(), func(ctx context.Context, tx *store.Tx) error {
					if err := set(ctx, tx, "gone", "yes"); err != nil {
						return err
					}
					runtime.Goexit() // as a test's FailNow does
					return nil
				})
			}()
			<-ended
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			require.NoError(t, s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, "next", "yes") }), "the connection is back")
			require.Empty(t, setting(t, s, "gone"))
		})
		t.Run("OneInstantDatesItAll", func(t *testing.T) {
			clock.Advance(1500 * time.Nanosecond)
			require.NoError(t, s.InTx(t.Context(), func(_ context.Context, tx *store.Tx) error {
				require.Equal(t, pay.Instant(clock.Now()), tx.Now)
				before := tx.Now
				clock.Advance(time.Hour)
				require.Equal(t, before, tx.Now)
				return nil
			}))
		})
		t.Run("TheProgramAsksForItsCaller", func(t *testing.T) {
			ctx := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleSupport})
			require.NoError(t, s.InTx(ctx, func(ctx context.Context, _ *store.Tx) error {
				require.True(t, viewer.From(ctx).IsProgram())
				require.Equal(t, pay.RoleSupport, *viewer.From(ctx).Actor())
				return nil
			}))
		})
		t.Run("ACanceledContextBeginsNothing", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := s.InTx(ctx, func(context.Context, *store.Tx) error { panic("not reached") })
			require.ErrorIs(t, err, context.Canceled)
		})
	})
}

// A transaction that the database undid is run again from the start, and what
// its lost tries wanted after the commit is forgotten.
func TestStore_InTxIsRunAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url, &storetest.Clock{})

		t.Run("AfterADeadlock", func(t *testing.T) {
			tries, ran := 0, []int{}
			require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				tries++
				tx.AfterCommit(func() { ran = append(ran, tries) })
				if err := set(ctx, tx, "try", strings.Repeat("I", tries)); err != nil || tries == 3 {
					return err
				}
				return errDeadlock
			}))
			require.Equal(t, []int{3}, ran)
			require.Equal(t, "III", setting(t, s, "try"))
		})
		t.Run("ButNotForEver", func(t *testing.T) {
			tries := 0
			err := s.InTx(t.Context(), func(context.Context, *store.Tx) error {
				tries++
				return errDeadlock
			})
			require.ErrorIs(t, err, errDeadlock)
			require.Equal(t, 4, tries)
		})
		t.Run("NotForACallerWhoHasGone", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			tries := 0
			err := s.InTx(ctx, func(context.Context, *store.Tx) error {
				tries++
				cancel()
				return errDeadlock
			})
			require.ErrorIs(t, err, errDeadlock)
			require.Equal(t, 1, tries)
		})
		t.Run("NotForOtherErrorsOfTheDatabase", func(t *testing.T) {
			tries := 0
			err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				tries++
				_, err := tx.Raw(ctx, `INSERT INTO settings (id, value, created_at) VALUES (?, ?, ?), (?, ?, ?)`, "twice", []byte("1"), tx.Now, "twice", []byte("2"), tx.Now)
				return err
			})
			require.True(t, store.IsUniqueViolation(err))
			require.Equal(t, 1, tries)
		})
	})
}

// Two transactions that lock the same rows in opposite order: Postgres undoes
// one, and both are done in the end.
func TestStore_InTxPostgresDeadlock(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.MigratedPostgres(t), &storetest.Clock{})
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(set(ctx, tx, "a", ""), set(ctx, tx, "b", ""))
	}))

	both := make(chan struct{})
	hold := func(ready chan<- struct{}, names ...string) (tries int, err error) {
		err = s.InTx(context.Background(), func(ctx context.Context, tx *store.Tx) error {
			tries++
			for at, name := range names {
				if _, err := tx.Raw(ctx, `UPDATE settings SET value = value || ? WHERE id = ?`, []byte("x"), name); err != nil {
					return err
				}
				if at == 0 && tries == 1 {
					ready <- struct{}{}
					<-both
				}
			}
			return nil
		})
		return tries, err
	}
	ready, total := make(chan struct{}), make(chan int, 2)
	for _, names := range [][]string{{"a", "b"}, {"b", "a"}} {
		go func() {
			tries, err := hold(ready, names...)
			if err != nil {
				tries = 100
			}
			total <- tries
		}()
	}
	<-ready
	<-ready
	close(both)
	ran := <-total + <-total
	require.GreaterOrEqual(t, ran, 3, "one of them was undone and ran again; they may meet once more")
	require.Less(t, ran, 100, "both were done")
	require.Equal(t, "xx", setting(t, s, "a"))
	require.Equal(t, "xx", setting(t, s, "b"))
}

// What SQLite says to a writer who waited in vain is "busy": nothing was done,
// and the transaction is run again.
func TestStore_InTxSQLiteBusy(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	s := storetest.Open(t, url, &storetest.Clock{})
	file, _, _ := strings.Cut(strings.TrimPrefix(url, "sqlite://"), "?")
	impatient, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(0)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, impatient.Close()) })

	tries := 0
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		tries++
		if err := set(ctx, tx, "busy", "no"); err != nil || tries == 2 {
			return err
		}
		_, busy := impatient.BeginTx(ctx, nil)
		require.ErrorContains(t, busy, "SQLITE_BUSY")
		return busy
	}))
	require.Equal(t, 2, tries)
	require.Equal(t, "no", setting(t, s, "busy"))
}

// A commit that fails is told to the caller and is not run again; the next
// transaction finds a clean connection.
func TestStore_InTxCommitFails(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite(t), &storetest.Clock{})
	tries, ran := 0, false
	err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		tries++
		tx.AfterCommit(func() { ran = true })
		if _, err := tx.Raw(ctx, `PRAGMA defer_foreign_keys = ON`); err != nil {
			return err
		}
		_, err := tx.Raw(ctx, `INSERT INTO bill_lines (id, bill_id, position, title, quantity, unit_minor, currency) VALUES (?, ?, 0, 'x', 1, 1, 'RUB')`,
			pay.NewBillLineID(tx.Now), pay.NewBillID(tx.Now))
		return err
	})
	require.ErrorContains(t, err, "commit: ")
	require.Equal(t, 1, tries)
	require.False(t, ran)
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, "next", "yes") }))
	require.Equal(t, "yes", setting(t, s, "next"))
}
