package store

import (
	"context"
	"fmt"
)

// CheckDurable reports an error unless a commit is on disk when it returns:
// SQLite with synchronous=FULL, Postgres with fsync on and any synchronous_commit
// but off: the others, local to remote_apply, differ in what standbys have. A
// server that moves real money refuses to start otherwise.
func (s *Store) CheckDurable(ctx context.Context) error {
	settings := map[string]string{"PRAGMA synchronous": "2"}
	if s.IsPostgres() {
		settings = map[string]string{"SHOW fsync": "on", "SHOW synchronous_commit": "on", "SHOW full_page_writes": "on"}
	}
	for query, want := range settings {
		var is string
		if err := s.driver.writer.DB().QueryRowContext(ctx, query).Scan(&is); err != nil {
			return fmt.Errorf("ask the database whether its commits are durable: %w", err)
		}
		isLocal := query == "SHOW synchronous_commit" && is != "off" // on disk here at least
		if is != want && !isLocal {
			return fmt.Errorf("the database may lose what it acknowledged when the power fails: %s answers %s, want %s", query, is, want)
		}
	}
	return nil
}
