package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/paygraph/paygraph/internal/store"
)

// databaseFlags say which database a command works on.
type databaseFlags struct {
	data *string
	url  *string
}

func addDatabaseFlags(flags *flag.FlagSet) databaseFlags {
	return databaseFlags{
		data: flags.String("data", ".paygraph", "the folder that holds the SQLite database"),
		url:  flags.String("database", "", "the database itself, postgres://user@host/name or sqlite:///path; instead of --data (or PAYGRAPH_DATABASE_URL)"),
	}
}

// open opens the database that the flags or the environment name. Migrated
// demands that it has the newest version.
func (d databaseFlags) open(ctx context.Context, env environment, migrated bool) (*store.Store, error) {
	raw, err := d.resolve(env)
	if err != nil {
		return nil, err
	}
	return openAt(ctx, raw, migrated)
}

func openAt(ctx context.Context, raw string, migrated bool) (*store.Store, error) {
	if migrated {
		if err := mustExist(raw); err != nil {
			return nil, err
		}
	}
	s, err := store.Open(ctx, raw, systemClock())
	if err != nil {
		return nil, err
	}
	if !migrated {
		return s, nil
	}
	if ok, err := s.IsMigrated(ctx); err != nil || !ok {
		if err == nil {
			err = errors.New("the database is older than this program: run `paygraph migrate up` on it first")
		}
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openPatiently opens a migrated database whose statements may take as long as
// they need: a check reads whole tables.
func (d databaseFlags) openPatiently(ctx context.Context, env environment) (*store.Store, error) {
	raw, err := d.resolve(env)
	if err != nil {
		return nil, err
	}
	if u, err := url.Parse(raw); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		q := u.Query()
		q.Set("statement_timeout", "0")
		u.RawQuery = q.Encode()
		raw = u.String()
	}
	return openAt(ctx, raw, true)
}

func (d databaseFlags) resolve(env environment) (string, error) {
	switch {
	case *d.url != "":
		return *d.url, nil
	case env.Getenv("PAYGRAPH_DATABASE_URL") != "" && *d.data == ".paygraph":
		return env.Getenv("PAYGRAPH_DATABASE_URL"), nil
	}
	return sqliteIn(*d.data)
}

// mustExist refuses a folder without a database: a command that reads must not
// make an empty one.
func mustExist(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "sqlite" {
		return nil //nolint:nilerr // store.Open says what is wrong with a URL
	}
	if _, err := os.Stat(u.Path); err != nil { //nolint:gosec // the operator names the file, and it is only looked for
		return fmt.Errorf("there is no database at %s: name its folder with --data, or another database with --database", u.Path)
	}
	return nil
}

// sqliteIn is the URL of the SQLite database in a folder.
func sqliteIn(folder string) (string, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("find the folder %s: %w", folder, err)
	}
	file := url.URL{Scheme: "sqlite", Path: filepath.ToSlash(filepath.Join(absolute, "paygraph.db"))}
	return file.String(), nil
}
