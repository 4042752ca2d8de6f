package store_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent/migrate"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// With -migration NAME the drift test writes what it found as the next version
// of both databases, instead of failing:
//
//	go test ./internal/store -run TestMigrations_Drift -migration add_cards
var migrationName = flag.String("migration", "", "write the drift as a migration of this name")

// The tables that ent/schema describes are the tables that the migrations make.
func TestMigrations_Drift(t *testing.T) {
	t.Parallel()

	for _, database := range []struct {
		folder string
		open   func(testing.TB) string
	}{
		{folder: "sqlite", open: storetest.SQLite},
		{folder: "postgres", open: storetest.MigratedPostgres},
	} {
		t.Run(database.folder, func(t *testing.T) {
			s := storetest.Open(t, database.open(t), &storetest.Clock{})
			into := t.TempDir()
			if *migrationName != "" {
				into = filepath.Join("..", "..", "ent", "migrate", database.folder)
			}
			drift, err := writeDrift(t.Context(), s, into)
			require.NoError(t, err)
			if *migrationName != "" {
				t.Logf("wrote the next version to %s", into)
				return
			}
			require.Empty(t, drift, "ent/schema has changed: run this test with -migration NAME and commit the two files")
		})
	}
}

// writeDrift writes the difference between the database and ent/schema into the
// folder, in goose's format, and returns it.
func writeDrift(ctx context.Context, s *store.Store, folder string) (string, error) {
	dir, err := atlas.NewLocalDir(folder)
	if err != nil {
		return "", err
	}
	before, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil {
		return "", err
	}
	sum, err := dir.Checksum()
	if err != nil {
		return "", err
	}
	if err := atlas.WriteSumFile(dir, sum); err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(filepath.Join(folder, atlas.HashFileName)) }()

	differ, err := schema.NewMigrate(s.Conn(), schema.WithDir(dir), schema.WithFormatter(sqltool.GooseFormatter),
		schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		return "", err
	}
	if err := differ.NamedDiff(ctx, *migrationName, migrate.Tables...); err != nil {
		return "", err
	}
	after, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil || len(after) == len(before) {
		return "", err
	}
	drift, err := os.ReadFile(after[len(after)-1])
	return string(drift), err
}
