package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// ParkedJob is a job that was given up and waits for a person.
type ParkedJob struct {
	ID        pay.JobID `json:"id"`
	Kind      Kind      `json:"kind"`
	Key       string    `json:"key"`
	Tries     int       `json:"tries"`
	ParkedAt  time.Time `json:"parkedAt"`
	LastError string    `json:"lastError"` // of its last try, one line
}

// Parked lists up to limit of the parked jobs, the longest parked first. It
// shows them whoever asks: they are the operator's.
func Parked(ctx context.Context, s *store.Store, limit int) ([]ParkedJob, error) {
	rows, err := s.Query(ctx, `SELECT id, kind, "key", tries, parked_at, COALESCE(last_error, '') FROM jobs
		WHERE parked_at IS NOT NULL ORDER BY parked_at, id LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("list parked jobs: %w", err)
	}
	defer rows.Close()
	list := []ParkedJob{}
	for rows.Next() {
		var p ParkedJob
		if err := rows.Scan(&p.ID, &p.Kind, &p.Key, &p.Tries, &p.ParkedAt, &p.LastError); err != nil {
			return nil, fmt.Errorf("list parked jobs: %w", err)
		}
		p.ParkedAt = p.ParkedAt.UTC()
		list = append(list, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list parked jobs: %w", err)
	}
	return list, nil
}

// failing picks the jobs that failed five times in a row or more, when most faults
// that pass are over, and are tried again. One that is being tried at this moment
// is among them.
const failing = `parked_at IS NULL AND tries >= 5 AND last_error IS NOT NULL`

// FailingJob is a job that is not parked, because its policy does not let it be
// yet or at all, and keeps failing. It runs again by itself.
type FailingJob struct {
	ID        pay.JobID `json:"id"`
	Kind      Kind      `json:"kind"`
	Key       string    `json:"key"`
	Tries     int       `json:"tries"`     // all failed
	RunAt     time.Time `json:"runAt"`     // of its next try
	LastError string    `json:"lastError"` // of its last try, one line
}

// Failing lists up to limit of the failing jobs, those that failed most often
// first. Like Parked it is the operator's.
func Failing(ctx context.Context, s *store.Store, limit int) ([]FailingJob, error) {
	rows, err := s.Query(ctx, `SELECT id, kind, "key", tries, run_at, last_error FROM jobs
		WHERE `+failing+` ORDER BY tries DESC, id LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("list failing jobs: %w", err)
	}
	defer rows.Close()
	list := []FailingJob{}
	for rows.Next() {
		var f FailingJob
		if err := rows.Scan(&f.ID, &f.Kind, &f.Key, &f.Tries, &f.RunAt, &f.LastError); err != nil {
			return nil, fmt.Errorf("list failing jobs: %w", err)
		}
		f.RunAt = f.RunAt.UTC()
		list = append(list, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list failing jobs: %w", err)
	}
	return list, nil
}

// unpark makes parked jobs wait again, due at once and with all their tries. The
// last error stays until the next run says otherwise.
const unpark = `UPDATE jobs SET parked_at = NULL, tries = 0, run_at = ? WHERE parked_at IS NOT NULL`

// Retry has a parked job run again: now, with all its tries. It commits. A
// Runner finds the job at its next poll.
//
// It returns CodeNotFound when there is no such job, which may be done, and
// CodeStateConflict when the job is not parked: it runs by itself. Repeating it
// does no harm.
func Retry(ctx context.Context, s *store.Store, id pay.JobID) error {
	err := s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Raw(ctx, unpark+` AND id = ?`, tx.Now, id)
		if err != nil || n == 1 {
			return err
		}
		left, err := tx.Job.Get(ctx, id)
		if ent.IsNotFound(err) {
			return pay.Errorf(pay.CodeNotFound, "job.not_found", "There is no job %s: a job that is done has no row.", id)
		}
		if err != nil {
			return err
		}
		return pay.Errorf(pay.CodeStateConflict, "job.not_parked", "Job %s (%s %s) is not parked: it runs by itself.", id, left.Kind, left.Key)
	})
	if err != nil {
		return fmt.Errorf("retry job %s: %w", id, err)
	}
	return nil
}

// RetryAll has every parked job run again, as Retry does, and returns how many
// those were.
func RetryAll(ctx context.Context, s *store.Store) (n int64, err error) {
	err = s.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = tx.Raw(ctx, unpark, tx.Now)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retry the parked jobs: %w", err)
	}
	return n, nil
}

// KindCounts says how many jobs of a kind there are, by what they are doing.
type KindCounts struct {
	Kind    Kind  `json:"kind"`
	Waiting int64 `json:"waiting"` // with those that are overdue
	Overdue int64 `json:"overdue"` // their time has come, and nobody has taken them yet
	Running int64 `json:"running"` // leased
	Parked  int64 `json:"parked"`
	Failing int64 `json:"failing"` // of the waiting and the running, those that Failing lists
}

// Counts counts the jobs of each kind, in the order of the kinds' names. Like
// Parked it is the operator's.
func Counts(ctx context.Context, s *store.Store) ([]KindCounts, error) {
	const waits = `parked_at IS NULL AND (lease_until IS NULL OR lease_until <= ?)`
	now := pay.Instant(s.Clock().Now())
	rows, err := s.Query(ctx, `SELECT kind,
			SUM(CASE WHEN `+waits+` THEN 1 ELSE 0 END),
			SUM(CASE WHEN `+waits+` AND run_at <= ? THEN 1 ELSE 0 END),
			SUM(CASE WHEN lease_until > ? THEN 1 ELSE 0 END),
			SUM(CASE WHEN parked_at IS NOT NULL THEN 1 ELSE 0 END),
			SUM(CASE WHEN `+failing+` THEN 1 ELSE 0 END)
		FROM jobs GROUP BY kind ORDER BY kind`, now, now, now, now)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer rows.Close()
	list := []KindCounts{}
	for rows.Next() {
		var c KindCounts
		if err := rows.Scan(&c.Kind, &c.Waiting, &c.Overdue, &c.Running, &c.Parked, &c.Failing); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	return list, nil
}
