package idempotency_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// refuse has the database refuse new records from now on.
func (b *bundle) refuse(t *testing.T) {
	t.Helper()
	statements := []string{`CREATE TRIGGER refusing BEFORE INSERT ON idempotency_records BEGIN SELECT RAISE(ABORT, 'refused'); END`}
	if b.store.IsPostgres() {
		statements = []string{
			`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$`,
			`CREATE TRIGGER refusing BEFORE INSERT ON idempotency_records EXECUTE FUNCTION refuse()`,
		}
	}
	for _, statement := range statements {
		_, err := b.store.Conn().DB().ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
}

// The work and the record of its key commit together or not at all: work without a
// record would be done again by the next repeat.
func TestOnce_RecordIsPartOfTheWork(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		b.refuse(t)
		_, _, err := idempotency.Once(t.Context(), b.store, b.scope, b.hash, func(ctx context.Context, tx *store.Tx) (string, error) {
			_, err := tx.Raw(ctx, `INSERT INTO settings (id, value, created_at) VALUES ('work', ?, ?)`, []byte("done"), tx.Now)
			return "user_1", err
		})
		require.ErrorContains(t, err, "refused")
		var done int
		require.NoError(t, b.store.Conn().DB().QueryRowContext(t.Context(), `SELECT count(*) FROM settings WHERE id = 'work'`).Scan(&done))
		require.Zero(t, done)
	})
}
