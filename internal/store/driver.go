package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/lib/pq"  // registers "postgres"
	_ "modernc.org/sqlite" // registers "sqlite"
)

// driver sends transactions to the writer pool and plain reads to the readers,
// so that an entity has one client whichever made it. On Postgres both are the
// same pool; SQLite has one writer.
type driver struct {
	*entsql.Driver // readers
	writer         *entsql.Driver
	log            func(statement string)
}

// errWriteOutsideTx is what a write without a transaction gets: database/sql
// silently runs a statement again on a broken lib/pq connection otherwise
// (lib/pq issue 939), and never inside one.
var errWriteOutsideTx = errors.New("a write must run inside store.InTx")

// The pools' sizes. SQLite serialises writers anyway; four readers keep two
// cores busy.
const (
	sqliteReaders   = 4
	postgresConns   = 32
	connMaxIdleTime = 5 * time.Minute
)

func openDriver(raw string) (*driver, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("the database's URL cannot be read: want sqlite:///path or postgres://user@host/name")
	}
	switch u.Scheme {
	case "sqlite":
		return openSQLite(u)
	case "postgres", "postgresql":
		return openPostgres(u)
	default:
		return nil, fmt.Errorf("unknown database %q: want sqlite:///path or postgres://user@host/name", u.Scheme)
	}
}

// openSQLite opens the file with full durability: WAL and an fsync at every
// commit. ?synchronous=off in the URL is for tests that may lose their data.
func openSQLite(u *url.URL) (*driver, error) {
	path := u.Opaque + u.Host + u.Path
	if path == "" {
		return nil, errors.New("the database's URL names no file: want sqlite:///path")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil { //nolint:gosec // the operator names the folder
		return nil, fmt.Errorf("make the database's folder: %w", err)
	}
	synchronous := "FULL"
	if u.Query().Get("synchronous") == "off" {
		synchronous = "OFF"
	}
	pragmas := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(1)"}
	dsn := func(txlock string, more ...string) string {
		q := url.Values{"_txlock": {txlock}, "_time_format": {"sqlite"}, "_pragma": slices.Concat(pragmas, more)}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	writer, err := sql.Open("sqlite", dsn("immediate"))
	if err != nil {
		return nil, fmt.Errorf("open the SQLite writer: %w", err)
	}
	writer.SetMaxOpenConns(1)
	readers, err := sql.Open("sqlite", dsn("deferred", "query_only(1)")) // after journal_mode, which writes
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the SQLite readers: %w", err), writer.Close())
	}
	readers.SetMaxOpenConns(sqliteReaders)
	readers.SetMaxIdleConns(sqliteReaders)
	return &driver{Driver: entsql.OpenDB(dialect.SQLite, readers), writer: entsql.OpenDB(dialect.SQLite, writer)}, nil
}

func openPostgres(u *url.URL) (*driver, error) {
	q := u.Query()
	for name, value := range map[string]string{
		"timezone":                            "UTC",
		"statement_timeout":                   "15000",
		"lock_timeout":                        "5000",
		"idle_in_transaction_session_timeout": "30000",
		"connect_timeout":                     "5",
		"application_name":                    "paygraph",
	} {
		if !q.Has(name) {
			q.Set(name, value)
		}
	}
	u.RawQuery = q.Encode()
	db, err := sql.Open("postgres", u.String())
	if err != nil {
		return nil, fmt.Errorf("open Postgres: %s", withoutURL(err, u))
	}
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	db.SetConnMaxIdleTime(connMaxIdleTime)
	pool := entsql.OpenDB(dialect.Postgres, db)
	return &driver{Driver: pool, writer: pool}, nil
}

// withoutURL writes err without the password that its text may quote.
func withoutURL(err error, u *url.URL) string {
	text := err.Error()
	if password, ok := u.User.Password(); ok && password != "" {
		text = strings.ReplaceAll(text, password, "***")
	}
	return text
}

// Tx begins a transaction on the writer pool.
func (d *driver) Tx(ctx context.Context) (dialect.Tx, error) { return d.begun(d.writer.Tx(ctx)) }

// BeginTx begins a transaction with options: one that only reads on the readers,
// any other on the writer pool.
func (d *driver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	pool := d.writer
	if opts != nil && opts.ReadOnly {
		pool = d.Driver
	}
	return d.begun(pool.BeginTx(ctx, opts))
}

// Exec refuses: see errWriteOutsideTx.
func (d *driver) Exec(context.Context, string, any, any) error { return errWriteOutsideTx }

// ExecContext refuses: see errWriteOutsideTx.
func (d *driver) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errWriteOutsideTx
}

// Close closes both pools.
func (d *driver) Close() error {
	err := d.Driver.Close()
	if d.writer != d.Driver {
		err = errors.Join(err, d.writer.Close())
	}
	return err
}

func (d *driver) ping(ctx context.Context) error {
	if err := d.DB().PingContext(ctx); err != nil {
		return err
	}
	return d.writer.DB().PingContext(ctx)
}
