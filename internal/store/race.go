package store

import (
	"context"
	"errors"
)

// ErrRaced says that a guarded UPDATE found the row changed since it was read.
// Whoever returns it from a transaction has the transaction rolled back, and the
// work judged anew by what is there now.
var ErrRaced = errors.New("another call moved the row first")

// maxRaces bounds how often work is done again after ErrRaced.
const maxRaces = 20

// Again does work, and does it again as long as it returns ErrRaced, 20 times at
// most. What work returned last is what Again returns.
func Again(work func() error) error {
	for race := 1; ; race++ {
		if err := work(); !errors.Is(err, ErrRaced) || race == maxRaces {
			return err
		}
	}
}

// InTxAgain is InTx, done Again while other calls are faster.
func (s *Store) InTxAgain(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	return Again(func() error { return s.InTx(ctx, f) })
}
