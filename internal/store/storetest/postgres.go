// Package storetest gives each test a migrated database of its own, on SQLite
// and on Postgres, and a clock that the test moves. It owns the throw-away
// Postgres server of a test process, the templates that are migrated once and
// the copies of them. Only tests may import it, and it may know no service.
// Start reading at Each; Postgres says where a server comes from.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/lib/pq" // the driver, by its name "postgres", and identifiers in quotes
)

// EnvPostgres names the variable with the address of a server to test on, as
// in postgres://user@localhost/postgres?sslmode=disable. The user must be
// allowed to create databases. What a killed run leaves there is named
// paygraph_test_*.
const EnvPostgres = "PAYGRAPH_TEST_POSTGRES"

// MigrateFunc lays the tables in the database at databaseURL, which is empty.
type MigrateFunc func(ctx context.Context, databaseURL string) error

// Postgres returns the address of a database that is t's alone and is dropped
// when t ends, with its open connections. It has what migrate laid in it, and
// is empty when migrate is nil. All calls in a process must mean the same by
// migrate: on a cluster of our own it runs once, on a template that the
// databases are cloned from; on the server that EnvPostgres names, where a
// template might be left behind, it runs for each.
//
// Without EnvPostgres the server is started from the programs installed on this
// machine, once for the process, and ends with it. It does not sync to disk:
// measure on DurablePostgres. Where none is installed t is skipped, or fails
// when CI=true.
func Postgres(t testing.TB, migrate MigrateFunc) string {
	t.Helper()
	return databaseOn(t, processServer, migrate)
}

// databaseOn makes a database for t on the server that find finds.
func databaseOn(t testing.TB, find func() (*server, error), migrate MigrateFunc) string {
	t.Helper()
	s, err := find()
	if errors.Is(err, errNoPostgres) {
		missing(t, os.Getenv("CI"), fmt.Sprintf("%v: apt-get install postgresql, or set %s", err, EnvPostgres))
	}
	if err != nil {
		t.Fatalf("Postgres for tests: %v", err)
	}
	name := newName("test")
	t.Cleanup(func() {
		// t's own context is over by now.
		if err := s.drop(context.WithoutCancel(t.Context()), name); err != nil {
			t.Errorf("Postgres for tests: %v", err)
		}
	})
	if err := s.database(t.Context(), name, migrate); err != nil {
		t.Fatalf("Postgres for tests: %v", err)
	}
	return s.url(name)
}

// missing ends a test for want of a tool: skipped on a person's machine, failed
// in CI, where a skipped test would pass for a green one.
func missing(t testing.TB, ci, why string) {
	t.Helper()
	if ci == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// processServer finds or starts the server that all tests of the process share.
//
//nolint:gochecknoglobals // a cluster a test would cost half a second each
var processServer = sync.OnceValues(findServer)

// findServer takes the server that EnvPostgres names, or starts one.
func findServer() (*server, error) {
	if address := os.Getenv(EnvPostgres); address != "" {
		return existingServer(address)
	}
	bin, err := findPostgres(os.Getenv("PATH"), serverFolders()...)
	if err != nil {
		return nil, err
	}
	c, err := startCluster(bin)
	if err != nil {
		return nil, err
	}
	return &server{admin: c.url(), cluster: c}, nil
}

// server is a Postgres server that databases are made on.
type server struct {
	admin   *url.URL
	cluster *cluster // nil when the server is not ours

	once        sync.Once // makes the template
	template    string
	templateErr error
}

// existingServer takes a server that somebody else runs.
func existingServer(address string) (*server, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		// Neither the address nor the parser's complaint: a password may be in it.
		return nil, fmt.Errorf("%s is not an address of the form postgres://user@host/database", EnvPostgres)
	}
	return &server{admin: u}, nil
}

// database makes the database name with what migrate lays.
func (s *server) database(ctx context.Context, name string, migrate MigrateFunc) error {
	if migrate == nil {
		return s.create(ctx, name, "template0")
	}
	if s.cluster != nil {
		s.once.Do(func() {
			s.template = newName("template")
			s.templateErr = s.migrated(ctx, s.template, migrate)
		})
		if s.templateErr != nil {
			return s.templateErr
		}
		return s.create(ctx, name, s.template)
	}
	return s.migrated(ctx, name, migrate)
}

func (s *server) migrated(ctx context.Context, name string, migrate MigrateFunc) error {
	if err := s.create(ctx, name, "template0"); err != nil {
		return err
	}
	if err := migrate(ctx, s.url(name)); err != nil {
		return fmt.Errorf("migrate database %s: %w", name, err)
	}
	return nil
}

func (s *server) create(ctx context.Context, name, template string) error {
	return s.exec(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(name)+" TEMPLATE "+pq.QuoteIdentifier(template))
}

// drop removes the database and cuts the connections that a test left open.
func (s *server) drop(ctx context.Context, name string) error {
	return s.exec(ctx, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)")
}

// exec runs one statement on a connection of its own: a pool kept for the
// process would be a goroutine that leak detectors report.
func (s *server) exec(ctx context.Context, statement string) error {
	db, err := sql.Open("postgres", s.admin.String())
	if err != nil {
		return fmt.Errorf("open Postgres for %q: %w", statement, err)
	}
	_, err = db.ExecContext(ctx, statement)
	if err != nil {
		err = fmt.Errorf("%s: %w", statement, err)
	}
	return errors.Join(err, db.Close())
}

func (s *server) url(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

// newName returns a name for a database that no other process uses.
func newName(kind string) string {
	return "paygraph_" + kind + "_" + strings.ToLower(rand.Text()[:12])
}
