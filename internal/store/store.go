// Package store opens the database, SQLite or Postgres, and is the only way to
// write to it: InTx. It migrates, holds rows back from those who may not see
// them (access.go), and runs what must wait for a commit.
//
// It knows tables but no domain: no rule of a bill stands here. Start with Open
// and InTx.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	client  *ent.Client
	driver  *driver
	dialect string
	clock   pay.Clock
	url     string
}

// Open opens the database at url: sqlite:///path/to/file, or postgres://….
// It does not migrate. It fails when the database is not reachable.
func Open(ctx context.Context, url string, clock pay.Clock, options ...Option) (*Store, error) {
	d, err := openDriver(url)
	if err != nil {
		return nil, err
	}
	d.log = func(string) {}
	for _, option := range options {
		option(d)
	}
	if err := d.ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach the database: %w", err), d.Close())
	}
	client := ent.NewClient(ent.Driver(d))
	client.Intercept(readsAllowed())
	client.Use(writesInTx())
	return &Store{client: client, driver: d, dialect: d.Dialect(), clock: clock, url: url}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.client.Close() }

// Read returns the client for plain reads. It shows the viewer in the context
// what is theirs and nothing else, and refuses every write.
func (s *Store) Read() *ent.Client { return s.client }

// Clock returns the clock that dates every transaction.
func (s *Store) Clock() pay.Clock { return s.clock }

// URL returns what Open was given. It may hold a password: never log it.
func (s *Store) URL() string { return s.url }

// IsPostgres reports whether the database is Postgres. Only raw SQL that the two
// write differently may ask.
func (s *Store) IsPostgres() bool { return s.dialect == dialect.Postgres }

// Ping reports whether the database answers, for readiness.
func (s *Store) Ping(ctx context.Context) error { return s.driver.ping(ctx) }

// Query runs a raw read on the read pool. It knows no viewer: the caller must
// have decided what may be seen.
func (s *Store) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.driver.QueryContext(ctx, s.Rebind(query), args...)
}

// Rebind turns the ? of a query into the $1, $2 of Postgres.
func (s *Store) Rebind(query string) string { return rebind(s.dialect, query) }

func rebind(to, query string) string {
	if to != dialect.Postgres {
		return query
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		fmt.Fprintf(&b, "$%d", n)
	}
	return b.String()
}
