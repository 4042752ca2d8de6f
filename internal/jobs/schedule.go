package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Kind names what is to be done. A Runner has one handler for each.
type Kind string

// Spec is a job to schedule. Kind and Key name it: there is one job of a name.
type Spec struct {
	Kind     Kind
	Key      string          // what it is done to, as an id; appears in logs
	Payload  json.RawMessage // for the handler, inert here; nil for none
	RunAt    time.Time       // not before; zero: now
	Priority int             // of two that are due the lower runs first
}

// Schedule makes sure that the job (Kind, Key) runs at RunAt or earlier. It is
// safe to repeat, and takes place when tx commits: wake the Runner from
// tx.AfterCommit if that is soon.
//
//   - A new job is inserted.
//   - One that waits runs at the earlier of both times.
//   - One that runs now runs once more after it, at RunAt: what it has read may
//     be older than what tx writes.
//   - A parked one is waiting again, with all its tries.
//
// An existing job keeps its payload, and the more urgent priority.
func Schedule(ctx context.Context, tx *store.Tx, s Spec) error {
	if s.Kind == "" || s.Key == "" {
		return fmt.Errorf("schedule job %q %q: a job needs a kind and a key", s.Kind, s.Key)
	}
	runAt := pay.Instant(s.RunAt)
	if s.RunAt.IsZero() {
		runAt = tx.Now
	}
	var payload any
	if s.Payload != nil {
		payload = string(s.Payload) // text, or SQLite would keep a blob
	}
	// One statement, because a caller that settles a bill counts its round trips.
	// On the right of SET every column still has its old value.
	_, err := tx.Raw(ctx, `
		INSERT INTO jobs (id, kind, "key", payload, priority, run_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, "key") DO UPDATE SET
			priority = CASE WHEN excluded.priority < jobs.priority THEN excluded.priority ELSE jobs.priority END,
			run_at = CASE
				WHEN jobs.lease_until IS NOT NULL THEN jobs.run_at
				WHEN jobs.parked_at IS NOT NULL OR excluded.run_at < jobs.run_at THEN excluded.run_at
				ELSE jobs.run_at END,
			rerun_at = CASE
				WHEN jobs.lease_until IS NULL THEN NULL
				WHEN jobs.rerun_at < excluded.run_at THEN jobs.rerun_at
				ELSE excluded.run_at END,
			tries = CASE WHEN jobs.parked_at IS NOT NULL THEN 0 ELSE jobs.tries END,
			parked_at = NULL`,
		pay.NewJobID(tx.Now), string(s.Kind), s.Key, payload, s.Priority, runAt, tx.Now)
	if err != nil {
		return fmt.Errorf("schedule job %s %s: %w", s.Kind, s.Key, err)
	}
	return nil
}

// Drop takes back a job that waits: there is nothing left for it to do. One that
// runs now ends as it may. There need be no such job.
func Drop(ctx context.Context, tx *store.Tx, kind Kind, key string) error {
	_, err := tx.Raw(ctx, `DELETE FROM jobs WHERE kind = ? AND "key" = ? AND lease_until IS NULL`, string(kind), key)
	if err != nil {
		return fmt.Errorf("drop job %s %s: %w", kind, key, err)
	}
	return nil
}
