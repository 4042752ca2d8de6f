package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Tx is one transaction. Now is the single instant that dates all its rows.
type Tx struct {
	*ent.Tx
	Now time.Time

	dialect     string
	afterCommit []func()
}

// AfterCommit has f run once, in the caller's goroutine, when the transaction
// has been committed, and never when it is rolled back. f must not block.
func (t *Tx) AfterCommit(f func()) { t.afterCommit = append(t.afterCommit, f) }

// Raw runs a raw statement inside the transaction and returns how many rows it
// changed. Question marks are rebound for Postgres.
func (t *Tx) Raw(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.ExecContext(ctx, rebind(t.dialect, query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// RawQuery runs a raw query inside the transaction. Question marks are rebound
// for Postgres.
func (t *Tx) RawQuery(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.QueryContext(ctx, rebind(t.dialect, query), args...)
}

// maxTries bounds how often a transaction is run again after a deadlock.
const maxTries = 4

// InTx runs f in a transaction and commits when it returns nil. Inside, the
// program itself asks: whoever calls InTx has decided what its caller may do.
// Entities that leave f must be unwrapped by the caller (ent's Unwrap).
//
// When the database says that it undid the whole transaction (deadlock,
// serialisation failure, busy), f is run again from the start, so f must have no
// effect outside tx. An error of the commit itself is returned as it is: whether
// it took place is not known, and the caller's idempotency decides.
func (s *Store) InTx(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	ctx = viewer.AsProgram(ctx)
	for try := 1; ; try++ {
		tx, err := s.once(ctx, f)
		if err == nil {
			for _, after := range tx.afterCommit {
				after()
			}
			return nil
		}
		if try == maxTries || !wasUndone(err) || ctx.Err() != nil {
			return err
		}
	}
}

func (s *Store) once(ctx context.Context, f func(ctx context.Context, tx *Tx) error) (_ *Tx, err error) {
	begun, err := s.client.Tx(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		// Also when f panics or ends its goroutine, as a test's FailNow does: a
		// transaction left open would keep SQLite's one writer for ever.
		if undo := begun.Rollback(); err != nil && undo != nil && !errors.Is(undo, sql.ErrTxDone) && !undidItself(err) {
			err = errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
	}()
	tx := &Tx{Tx: begun, Now: pay.Instant(s.clock.Now()), dialect: s.dialect}
	if err := f(ctx, tx); err != nil {
		return nil, err
	}
	if err := begun.Commit(); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	committed = true
	return tx, nil
}

// wasUndone reports whether the database said that nothing of the transaction
// was done and that it may be run again.
func wasUndone(err error) bool {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return e.Code == "40P01" || e.Code == "40001" // deadlock_detected, serialization_failure
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlitelib.SQLITE_BUSY
	}
	return false
}

// undidItself reports whether SQLite may have rolled the transaction back when it
// failed with err, so that there is nothing left to roll back ("Response To Errors
// Within A Transaction" in SQLite's documentation): the disk is full or broken,
// there is no memory, or the statement was interrupted.
func undidItself(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff {
	case sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_NOMEM, sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_INTERRUPT:
		return true
	}
	return false
}

// IsUniqueViolation reports whether err is a broken unique index: somebody was
// faster.
func IsUniqueViolation(err error) bool {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return e.Code == "23505"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// Conn returns the driver of the writer pool, for migrations and their tests.
func (s *Store) Conn() *entsql.Driver { return s.driver.writer }
