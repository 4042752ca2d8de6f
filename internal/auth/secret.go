package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/setting"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// InstallationSecret returns the 32 random bytes that this database keeps under
// name. The first call makes them; processes that race for it agree. It is for
// development: whoever reads the database reads the secret.
//
// It must not be called inside a transaction.
func InstallationSecret(ctx context.Context, s *store.Store, name string) ([]byte, error) {
	row, err := s.Read().Setting.Get(viewer.AsProgram(ctx), name)
	if ent.IsNotFound(err) {
		row, err = makeSecret(ctx, s, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read the installation's secret %s: %w", name, err)
	}
	if len(row.Value) != minSecretBytes {
		return nil, fmt.Errorf("read the installation's secret %s: it has %d bytes, not %d", name, len(row.Value), minSecretBytes)
	}
	return row.Value, nil
}

func makeSecret(ctx context.Context, s *store.Store, name string) (row *ent.Setting, err error) {
	value := make([]byte, minSecretBytes)
	_, _ = rand.Read(value) // never fails since Go 1.24
	err = s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		err := tx.Setting.Create().SetID(name).SetValue(value).SetCreatedAt(tx.Now).
			OnConflictColumns(setting.FieldID).DoNothing().Exec(ctx)
		if err != nil && !errors.Is(err, sql.ErrNoRows) { // no row: somebody was faster
			return err
		}
		row, err = tx.Setting.Get(ctx, name)
		return err
	})
	return row, err
}
