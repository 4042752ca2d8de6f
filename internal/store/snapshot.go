package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
)

// InSnapshot runs f with a client whose reads all see the database as it was at
// one moment, as the viewer in the context may see it; it refuses every write. Rows
// that are read by several statements fit together: no other transaction's commit
// comes between them. It holds one connection meanwhile, so f reads and does nothing
// else, and not through another client. Entities that leave f are as they are:
// nothing more can be read through them.
func (s *Store) InSnapshot(ctx context.Context, f func(*ent.Client) error) (err error) {
	tx, err := s.client.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin a snapshot: %w", err)
	}
	defer func() { // there is nothing to commit, also when f panics
		if undo := tx.Rollback(); err == nil && undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			err = fmt.Errorf("end a snapshot: %w", undo)
		}
	}()
	return f(tx.Client())
}
