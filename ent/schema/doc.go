// Package schema is the data model: one file a table, with its columns, checks
// and indexes. It imports ent and internal/pay only, and holds no rule that a
// service could break: what must always be true is a CHECK, a unique index or a
// foreign key here; who may see a row is decided in internal/store.
//
// Ids are UUIDv7 in a type of their own per table, always set by the service
// that inserts. Times are set by services too, from their clock. Amounts are
// bigint minor units in columns that end in _minor, beside a currency column;
// a template (ent/template/money.tmpl) gives each such pair a method that
// returns pay.Money.
//
// A change here is followed by `go generate ./ent` and, when it alters a table,
// by `go test ./internal/store -run TestMigrations_Drift -migration NAME`, which
// writes the next migration of both databases. Start with bill.go and
// attempt.go.
package schema
