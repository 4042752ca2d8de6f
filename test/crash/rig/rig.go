// Package rig starts the real program as its own processes and handles them as
// an operator, a payer and a bad day would: servers, a sandbox with a book of its
// own, a throw-away Postgres, SIGKILL, an API client that expects to be cut off,
// and a history of what was acknowledged.
//
// It is a black box to what it tests: it imports nothing of the server, knows no
// table, and judges by the API, the sandbox's book and `paygraph check`. Start
// with New; the modes in test/crash show the use.
package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// The databases that a run may be on.
const (
	SQLite     = "sqlite"
	OnPostgres = "postgres"
)

// Options say what New starts.
type Options struct {
	Dir       string    // holds everything of the run; "": a new folder
	Binary    string    // the program; "": built from the module that the working directory is in
	Tags      []string  // of the build
	DB        string    // SQLite or OnPostgres
	Postgres  *Postgres // a cluster to make a database on; nil: one of this run's own
	Processes int       // servers on the one database; 0: one
	Env       []string  // more variables of the servers, as NAME=value
}

// Rig is a sandbox and servers on one database.
type Rig struct {
	Dir      string
	Binary   string
	Sandbox  *Sandbox
	Postgres *Postgres // nil on SQLite
	Servers  []*Server

	data        string // the folder of the SQLite database
	database    string // the address of the Postgres one
	ownPostgres bool
}

// New builds the program where none is given and starts the sandbox, the database
// and the servers. The end of ctx kills them all; Close ends them in order.
func New(ctx context.Context, o Options) (_ *Rig, err error) {
	r := &Rig{Dir: o.Dir, Binary: o.Binary, Postgres: o.Postgres}
	if r.Dir, err = NewDir(o.Dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%w; everything is left in %s", err, r.Dir), r.Close())
		}
	}()
	if r.Binary == "" {
		if r.Binary, err = Build(ctx, r.Dir, o.Tags...); err != nil {
			return nil, err
		}
	}
	if r.Sandbox, err = StartSandbox(ctx, r.Binary, r.Dir); err != nil {
		return nil, err
	}
	if err := r.openDatabase(ctx, o.DB); err != nil {
		return nil, err
	}
	for n := range max(o.Processes, 1) {
		s, err := StartServer(ctx, ServerOptions{
			Name: "server-" + strconv.Itoa(n+1), Binary: r.Binary, Dir: r.Dir,
			Data: r.data, Database: r.database, Sandbox: r.Sandbox.URL, Env: o.Env,
		})
		if err != nil {
			return nil, err
		}
		r.Servers = append(r.Servers, s)
	}
	return r, nil
}

func (r *Rig) openDatabase(ctx context.Context, db string) (err error) {
	switch db {
	case SQLite:
		r.data = filepath.Join(r.Dir, "data")
		return nil
	case OnPostgres:
		if r.Postgres == nil {
			if r.Postgres, err = StartPostgres(ctx, filepath.Join(r.Dir, "postgres")); err != nil {
				return err
			}
			r.ownPostgres = true
		}
		r.database, err = r.Postgres.NewDatabase(ctx)
		return err
	}
	return fmt.Errorf("unknown database %q: want %s or %s", db, SQLite, OnPostgres)
}

// Close ends the servers, the sandbox and the cluster that New started, and keeps
// the folder. It may be repeated.
func (r *Rig) Close() error {
	var errs []error
	for _, s := range r.Servers {
		errs = append(errs, s.Kill())
	}
	if r.Sandbox != nil {
		errs = append(errs, r.Sandbox.Process.Kill())
	}
	if r.ownPostgres {
		errs = append(errs, r.Postgres.Close())
	}
	return errors.Join(errs...)
}

// Check runs `paygraph check` on the run's database and the sandbox's book, with
// more arguments, such as --strict.
func (r *Rig) Check(ctx context.Context, args ...string) (*Report, error) {
	args = append([]string{"--sandbox", r.Sandbox.URL}, args...)
	return Check(ctx, r.Binary, append(args, r.databaseArgs()...)...)
}

// databaseArgs name the run's database to a command.
func (r *Rig) databaseArgs() []string {
	if r.database != "" {
		return []string{"--database", r.database}
	}
	return []string{"--data", r.data}
}

// NewDir makes the folder of a run. Others may pass through it, for Postgres does
// not run as root.
func NewDir(dir string) (string, error) {
	if dir == "" {
		made, err := os.MkdirTemp("", "paygraph-crash-")
		if err != nil {
			return "", fmt.Errorf("make the run's folder: %w", err)
		}
		dir = made
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the run's folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o711); err != nil { //nolint:gosec // Postgres, another user, must reach its part
		return "", fmt.Errorf("make the run's folder: %w", err)
	}
	return dir, os.Chmod(dir, 0o711) //nolint:gosec // the same
}
