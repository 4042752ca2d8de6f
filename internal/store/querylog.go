package store

import (
	"context"
	"database/sql"

	"entgo.io/ent/dialect"
)

// An Option changes how Open opens.
type Option func(*driver)

// WithQueryLog has f told the text of every statement, BEGIN and COMMIT among
// them, before it is sent and without its arguments: tests and tools count round
// trips by it. f is called from many goroutines at once.
func WithQueryLog(f func(statement string)) Option {
	return func(d *driver) { d.log = f }
}

// Query runs a read on the readers.
func (d *driver) Query(ctx context.Context, query string, args, v any) error {
	d.log(query)
	return d.Driver.Query(ctx, query, args, v)
}

// QueryContext runs a raw read on the readers.
func (d *driver) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	d.log(query)
	return d.Driver.QueryContext(ctx, query, args...)
}

// logged is a transaction whose statements are told to the log.
type logged struct {
	dialect.Tx
	raw rawTx
	log func(string)
}

// rawTx is what a transaction of ent's SQL driver has beside dialect.Tx.
type rawTx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// begun tells the log of a new transaction and of all that runs in it.
func (d *driver) begun(tx dialect.Tx, err error) (dialect.Tx, error) {
	raw, ok := tx.(rawTx)
	if err != nil || !ok {
		return tx, err
	}
	d.log("BEGIN")
	return &logged{Tx: tx, raw: raw, log: d.log}, nil
}

// Exec runs a write.
func (t *logged) Exec(ctx context.Context, query string, args, v any) error {
	t.log(query)
	return t.Tx.Exec(ctx, query, args, v)
}

// Query runs a read.
func (t *logged) Query(ctx context.Context, query string, args, v any) error {
	t.log(query)
	return t.Tx.Query(ctx, query, args, v)
}

// ExecContext runs a raw write.
func (t *logged) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	t.log(query)
	return t.raw.ExecContext(ctx, query, args...)
}

// QueryContext runs a raw read.
func (t *logged) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	t.log(query)
	return t.raw.QueryContext(ctx, query, args...)
}

// Commit commits.
func (t *logged) Commit() error {
	t.log("COMMIT")
	return t.Tx.Commit()
}
