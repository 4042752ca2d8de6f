package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// parks gives the database a job that waits and, for each key, one that was
// parked.
func parks(t *testing.T, flags []string, keys ...string) {
	t.Helper()
	clock := &storetest.Clock{}
	s := storetest.Open(t, databaseOf(t, flags), clock)
	r := jobs.New(jobs.Options{Store: s, Clock: clock})
	r.Handle("mail", jobs.Policy{}, func(context.Context, jobs.Job) error { return errors.New("the letter-box is full") })
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, key := range keys {
			if err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: "mail", Key: key}); err != nil {
				return err
			}
		}
		return jobs.Schedule(ctx, tx, jobs.Spec{Kind: "mail", Key: "waits", RunAt: clock.Now().Add(time.Hour)})
	}))
	n, err := r.RunDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, len(keys), n)
}

// A person finds the jobs that gave up, and has them run again.
func TestJobs(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, flags []string) {
		with := func(name string, args ...string) []string {
			return append(append(strings.Fields(name), flags...), args...)
		}
		_, stderr, code := execute(t, with("jobs list")...)
		require.Equal(t, exitFailed, code)
		require.Regexp(t, "paygraph migrate up|no database", stderr)
		_, stderr, code = execute(t, with("migrate up")...)
		require.Equal(t, exitOK, code, stderr)
		stdout, stderr, code := execute(t, with("jobs list")...)
		require.Equal(t, exitOK, code, stderr)
		require.Empty(t, stdout+stderr, "nothing to do, nothing to say")
		parks(t, flags, "alice", "bob", "carol")

		stdout, stderr, code = execute(t, with("jobs list")...)
		require.Equal(t, exitOK, code, stderr)
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		require.Len(t, lines, 4)
		require.Regexp(t, "^job_[0-9a-z]{26}\tmail\talice\t1 tries\t2026-03-02T09:00:00Z\tthe letter-box is full$", lines[0])
		require.Equal(t, "mail\t1 waiting\t1 overdue\t0 running\t3 parked\t0 failing", lines[3])
		require.Contains(t, stderr, "paygraph jobs retry", "it says what to do next")

		stdout, stderr, code = execute(t, with("jobs list", "--json", "--limit", "2")...)
		require.Equal(t, exitOK, code, stderr)
		var report struct {
			Parked []struct {
				ID        pay.JobID
				Kind, Key string
				Tries     int
				ParkedAt  time.Time
				LastError string
			}
			Kinds []jobs.KindCounts
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &report))
		require.Len(t, report.Parked, 2)
		require.Equal(t, "the letter-box is full", report.Parked[1].LastError)
		require.Equal(t, []jobs.KindCounts{{Kind: "mail", Waiting: 1, Overdue: 1, Parked: 3}}, report.Kinds)
		_, stderr, _ = execute(t, with("jobs list", "--limit", "2")...)
		require.Contains(t, stderr, "1 more are parked")

		alice, bob := report.Parked[0].ID.String(), report.Parked[1].ID.String()
		stdout, stderr, code = execute(t, with("jobs retry", alice)...)
		require.Equal(t, exitOK, code, stderr)
		require.Equal(t, alice+"\n", stdout)
		stdout, stderr, code = execute(t, with("jobs retry", alice, bob)...)
		require.Equal(t, exitFailed, code, "one of them is not parked")
		require.Equal(t, bob+"\n", stdout, "the other runs again")
		require.Contains(t, stderr, "is not parked")
		require.Contains(t, stderr, "paygraph jobs list")
		_, stderr, code = execute(t, with("jobs retry", pay.NewJobID(storetest.Epoch()).String())...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "There is no job")

		stdout, stderr, code = execute(t, with("jobs retry", "--all")...)
		require.Equal(t, exitOK, code, stderr)
		require.Equal(t, "1 jobs run again\n", stdout)
		stdout, _, _ = execute(t, with("jobs list")...)
		require.Equal(t, "mail\t4 waiting\t4 overdue\t0 running\t0 parked\t0 failing\n", stdout)
	})
}

// A job that is never parked and never succeeds is shown all the same.
func TestJobs_Failing(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, flags []string) {
		_, stderr, code := execute(t, append([]string{"migrate", "up"}, flags...)...)
		require.Equal(t, exitOK, code, stderr)
		fails(t, flags, "alice", "bob")

		list := append([]string{"jobs", "list"}, flags...)
		stdout, stderr, code := execute(t, list...)
		require.Equal(t, exitOK, code, stderr)
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		require.Len(t, lines, 3)
		require.Regexp(t, "^job_[0-9a-z]{26}\tcharge\talice\t5 tries\tfailing, again at 2026-03-02T09:05:00Z\tthe bank is shut$", lines[0])
		require.Equal(t, "charge\t2 waiting\t2 overdue\t0 running\t0 parked\t2 failing", lines[2])
		require.Contains(t, stderr, "by themselves")

		stdout, stderr, code = execute(t, append(list, "--json", "--limit", "1")...)
		require.Equal(t, exitOK, code, stderr)
		var report struct {
			Parked, Failing []struct {
				Key, LastError string
				Tries          int
			}
			Kinds []jobs.KindCounts
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &report))
		require.Empty(t, report.Parked)
		require.Len(t, report.Failing, 1)
		require.Equal(t, "the bank is shut", report.Failing[0].LastError)
		require.Equal(t, []jobs.KindCounts{{Kind: "charge", Waiting: 2, Overdue: 2, Failing: 2}}, report.Kinds)
		_, stderr, _ = execute(t, append(list, "--limit", "1")...)
		require.Contains(t, stderr, "1 more are failing")
	})
}

// fails gives the database a job for each key that has failed five times and is
// never parked.
func fails(t *testing.T, flags []string, keys ...string) {
	t.Helper()
	clock := &storetest.Clock{}
	s := storetest.Open(t, databaseOf(t, flags), clock)
	r := jobs.New(jobs.Options{Store: s, Clock: clock})
	r.Handle("charge", jobs.Policy{Delays: []time.Duration{time.Minute}, Last: -1}, func(context.Context, jobs.Job) error { return errors.New("the bank is shut") })
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, key := range keys {
			if err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: "charge", Key: key}); err != nil {
				return err
			}
		}
		return nil
	}))
	for range 5 {
		n, err := r.RunDue(t.Context())
		require.NoError(t, err)
		require.Equal(t, len(keys), n)
		clock.Advance(time.Minute)
	}
}

func TestJobs_Misuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		says string
	}{
		{"RetryOfNothing", []string{"jobs", "retry"}, "or --all"},
		{"RetryOfAllAndOne", []string{"jobs", "retry", "--all", pay.NewJobID(storetest.Epoch()).String()}, "or --all"},
		{"RetryOfABill", []string{"jobs", "retry", pay.NewBillID(storetest.Epoch()).String()}, "is no job's id"},
		{"RetryOfAnEmptyWord", []string{"jobs", "retry", ""}, "is no job's id"},
		{"ListOfNothing", []string{"jobs", "list", "--limit", "0"}, "--limit is 1 or more"},
		{"ListOfOne", []string{"jobs", "list", "mail"}, "want 0 arguments"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, stderr, code := execute(t, tt.args...)
			require.Equal(t, exitMisused, code)
			require.Contains(t, stderr, tt.says)
		})
	}
}
