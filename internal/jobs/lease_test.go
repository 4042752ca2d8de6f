package jobs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// steal takes the job's lease, as another process does once it has ended.
func (b *bundle) steal(t *testing.T, key string) {
	t.Helper()
	require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw(ctx, `UPDATE jobs SET fence = fence + 1 WHERE "key" = ?`, key)
		return err
	}))
}

func TestLease(t *testing.T) {
	t.Parallel()

	t.Run("JobOfAKilledProcessIsTakenUp", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.schedule(t, "alice", 0)
			killed := b.another(b.store)
			gone := make(chan struct{})
			killed.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
				// What ends a goroutine writes no end of the job, like a kill.
				goexit()
				return nil
			})
			go func() {
				defer close(gone)
				_, _ = killed.RunDue(t.Context())
			}()
			<-gone

			var tries []int
			b.runner.Handle(mail, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
				tries = append(tries, j.Tries)
				return nil
			})
			b.clock.Advance(time.Minute - time.Microsecond)
			require.Zero(t, b.runDue(t), "until its end the lease is the other's")
			b.clock.Advance(time.Microsecond)
			require.Equal(t, 1, b.runDue(t))
			require.Equal(t, []int{0}, tries, "a killed process is no failed try")
			require.Nil(t, b.row(t, "alice"))
		})
	})

	t.Run("OldHolderCannotFinish", func(t *testing.T) {
		t.Parallel()

		for _, tt := range []struct {
			name   string
			answer error
		}{
			{name: "Done", answer: nil},
			{name: "Snoozed", answer: jobs.Snooze(storetest.Epoch().Add(time.Hour))},
			{name: "Failed", answer: errRefused},
			{name: "Parked", answer: jobs.Park(errRefused)},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				storetest.Each(t, func(t *testing.T, url string) {
					b := setup(t, url)
					b.runner.Handle(mail, jobs.Patient(), func(_ context.Context, j jobs.Job) error {
						b.steal(t, j.Key)
						return tt.answer
					})
					b.schedule(t, "alice", 0)

					require.Equal(t, 1, b.runDue(t))
					row := b.row(t, "alice")
					require.NotNil(t, row.LeaseUntil, "the new holder still has it")
					require.Nil(t, row.ParkedAt)
					require.Nil(t, row.LastError)
					require.Zero(t, row.Tries)
					require.Contains(t, b.log.String(), "job lost its lease")
				})
			})
		}
	})

	t.Run("LongJobKeepsItsLease", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			s := storetest.Open(t, url, systemClock())
			r := jobs.New(jobs.Options{Store: s, Clock: systemClock(), Lease: 3 * time.Second})
			begun, end := make(chan struct{}), make(chan struct{})
			var cut error
			r.Handle(mail, jobs.Policy{}, func(ctx context.Context, _ jobs.Job) error {
				close(begun)
				<-end
				cut = ctx.Err()
				return nil
			})
			b.schedule(t, "alice", 0)
			stop, ended := run(t, r)
			<-begun
			first := *b.row(t, "alice").LeaseUntil
			require.Eventually(t, func() bool {
				return b.row(t, "alice").LeaseUntil.After(first.Add(3 * time.Second))
			}, patience, 10*time.Millisecond, "the lease is extended past its first end")
			close(end)
			stop()
			require.NoError(t, <-ended)
			require.NoError(t, cut, "the context lives as long as the lease")
			require.Nil(t, b.row(t, "alice"))
		})
	})

	t.Run("LostLeaseEndsTheContext", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			r := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Lease: 100 * time.Millisecond})
			var why error
			r.Handle(mail, jobs.Policy{}, func(ctx context.Context, j jobs.Job) error {
				b.steal(t, j.Key)
				<-ctx.Done()
				why = context.Cause(ctx)
				return why
			})
			b.schedule(t, "alice", 0)
			_, err := r.RunDue(t.Context())
			require.NoError(t, err)
			require.EqualError(t, why, "the job's lease was lost")
		})
	})

	t.Run("RunHasATimeout", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.runner.Handle(mail, jobs.Policy{Timeout: time.Millisecond}, func(ctx context.Context, _ jobs.Job) error {
				<-ctx.Done()
				return ctx.Err()
			})
			b.schedule(t, "alice", 0)

			require.Equal(t, 1, b.runDue(t))
			require.Equal(t, context.DeadlineExceeded.Error(), *b.row(t, "alice").LastError)
		})
	})
}
