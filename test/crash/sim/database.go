package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// memoryDir makes a folder that is memory where the system has one. A file there
// is SQLite in memory with everything that the services use of it: the write-ahead
// log and readers beside the writer, which SQLite's own memory databases lack.
func memoryDir() (string, error) {
	dir, err := os.MkdirTemp("/dev/shm", "paygraph-sim-")
	if err != nil {
		dir, err = os.MkdirTemp("", "paygraph-sim-")
	}
	if err != nil {
		return "", fmt.Errorf("make the simulation's folder: %w", err)
	}
	return dir, nil
}

// migrated returns an empty database of the newest version, as bytes.
func migrated(ctx context.Context, dir string) ([]byte, error) {
	file := filepath.Join(dir, "template.db")
	s, err := store.Open(ctx, databaseURL(file), pay.ClockFunc(epoch))
	if err != nil {
		return nil, fmt.Errorf("open the empty database: %w", err)
	}
	_, err = s.Migrate(ctx)
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, fmt.Errorf("lay the empty database: %w", err)
	}
	return os.ReadFile(file) //nolint:gosec // our own temporary file
}

func databaseURL(file string) string { return "sqlite://" + file + "?synchronous=off" }

// openCopy opens a fresh copy of the template.
func openCopy(ctx context.Context, file string, template []byte, clock pay.Clock) (*store.Store, error) {
	if err := os.WriteFile(file, template, 0o600); err != nil {
		return nil, fmt.Errorf("write the database: %w", err)
	}
	return store.Open(ctx, databaseURL(file), clock)
}

// removeDatabase removes the file and what SQLite keeps beside it.
func removeDatabase(file string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(file + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
