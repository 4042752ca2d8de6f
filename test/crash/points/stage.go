package points

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// stage is one database, and one state of the sandbox, that all cases begin with a
// copy of: migrated, and with the shop in it.
type stage struct {
	db     string
	binary string
	keep   bool // what trials leave, also when nothing was wrong
	dir    string

	postgres *rig.Postgres // nil on SQLite
	address  string        // of the original, on Postgres
	copying  sync.Mutex    // Postgres copies one database once at a time
	starting chan struct{} // full while as many servers start as the machine can bear
	shop     shop
}

const (
	startsAtATime = 6
	startTries    = 3 // a machine under load is slower than a server waits for its sandbox
)

// newStage makes the original by a server of its own, which ends again.
func newStage(ctx context.Context, db, binary, dir string) (_ *stage, err error) {
	if dir, err = rig.NewDir(dir); err != nil {
		return nil, err
	}
	s := &stage{db: db, binary: binary, dir: dir, starting: make(chan struct{}, startsAtATime)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if db == rig.OnPostgres {
		if s.postgres, err = rig.StartPostgres(ctx, filepath.Join(dir, "postgres")); err != nil {
			return nil, err
		}
		if s.address, err = s.postgres.NewDatabase(ctx); err != nil {
			return nil, err
		}
	}
	sandbox, err := rig.StartSandbox(ctx, binary, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sandbox.Process.Kill()) }()
	server, err := rig.StartServer(ctx, rig.ServerOptions{
		Name: "original", Binary: binary, Dir: dir, Data: s.original(), Database: s.address, Sandbox: sandbox.URL,
	})
	if err != nil {
		return nil, err
	}
	if s.shop, err = s.openShop(ctx, server, sandbox); err != nil {
		return nil, errors.Join(err, server.Kill())
	}
	if err := server.Process().Term(); err != nil {
		return nil, err
	}
	if err := server.Process().Ended(); err != nil {
		return nil, fmt.Errorf("end the server that made the original: %w", err)
	}
	return s, nil
}

func (s *stage) close() error {
	if s.postgres == nil {
		return nil
	}
	return s.postgres.Close()
}

func (s *stage) original() string { return filepath.Join(s.dir, "original") }

// databaseArgs name the original database to a command.
func (s *stage) databaseArgs() []string {
	if s.postgres != nil {
		return []string{"--database", s.address}
	}
	return []string{"--data", s.original()}
}

// sandboxState is the name of the file in which a sandbox keeps its state.
const sandboxState = "sandbox.jsonl"

// copyTo makes copies in a trial's folder: of the sandbox's state, and of the
// database, SQLite's into the folder data, Postgres's at the address that it
// returns.
func (s *stage) copyTo(ctx context.Context, dir, data string) (address string, err error) {
	state, err := os.ReadFile(filepath.Join(s.dir, sandboxState))
	if err != nil {
		return "", fmt.Errorf("read the sandbox's state: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, sandboxState), state, 0o600); err != nil { //nolint:gosec // the run's own folder
		return "", fmt.Errorf("copy the sandbox's state: %w", err)
	}
	if s.postgres == nil {
		return "", os.CopyFS(data, os.DirFS(s.original()))
	}
	s.copying.Lock()
	defer s.copying.Unlock()
	return s.postgres.CloneDatabase(ctx, s.address)
}
