package store

import (
	"context"
	"fmt"
	"io/fs"
	"path"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/paygraph/paygraph/ent/migrate"
)

// Migration is one version of the database's shape.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Migrate brings the database to the newest version and returns how many
// versions it applied. It is safe to repeat; on Postgres two processes take
// turns by an advisory lock.
func (s *Store) Migrate(ctx context.Context) (int, error) {
	p, err := s.migrations()
	if err != nil {
		return 0, err
	}
	applied, err := p.Up(ctx)
	if err != nil {
		return len(applied), fmt.Errorf("migrate the database: %w", err)
	}
	return len(applied), nil
}

// Migrations lists every version that this program knows, oldest first, and
// whether the database has it.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	p, err := s.migrations()
	if err != nil {
		return nil, err
	}
	statuses, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the database's version: %w", err)
	}
	list := make([]Migration, len(statuses))
	for at, status := range statuses {
		list[at] = Migration{
			Version: status.Source.Version,
			Name:    path.Base(status.Source.Path),
			Applied: status.State == goose.StateApplied,
		}
	}
	return list, nil
}

// IsMigrated reports whether the database has every version this program knows.
func (s *Store) IsMigrated(ctx context.Context) (bool, error) {
	list, err := s.Migrations(ctx)
	for _, m := range list {
		if !m.Applied {
			return false, err
		}
	}
	return true, err
}

func (s *Store) migrations() (*goose.Provider, error) {
	folder, dialect := "sqlite", goose.DialectSQLite3
	var options []goose.ProviderOption
	if s.IsPostgres() {
		folder, dialect = "postgres", goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("prepare the migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrate.Versions, folder)
	if err != nil {
		return nil, fmt.Errorf("open the migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, s.driver.writer.DB(), files, options...)
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return p, nil
}
