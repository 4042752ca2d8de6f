package jobs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestRunner_Poison(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name string
		fail func() error
		text string
	}{
		{name: "Panics", fail: func() error { panic("no stamp") }, text: "panic: no stamp"},
		{name: "Errs", fail: func() error { return errRefused }, text: errRefused.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				const poison jobs.Kind = "poison"
				b := setup(t, url)
				ran := 0
				b.runner.Handle(poison, jobs.Policy{Delays: []time.Duration{time.Second, time.Minute}},
					func(context.Context, jobs.Job) error { return tt.fail() })
				b.runner.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
					ran++
					return nil
				})
				for n := range 10 {
					b.scheduleSpec(t, jobs.Spec{Kind: poison, Key: fmt.Sprint("poison ", n), Priority: -1})
					b.schedule(t, fmt.Sprint("good ", n), 0)
				}

				require.Equal(t, 20, b.runDue(t), "one try each, and the good ones do not wait for another")
				require.Equal(t, 10, ran)
				for _, wait := range []time.Duration{time.Second, time.Minute} {
					b.clock.Advance(wait)
					b.schedule(t, fmt.Sprint("good after ", wait), 0)
					require.Equal(t, 11, b.runDue(t))
				}
				b.clock.Advance(24 * time.Hour)
				require.Zero(t, b.runDue(t))

				list, err := jobs.Parked(t.Context(), b.store, 100)
				require.NoError(t, err)
				require.Len(t, list, 10)
				for _, p := range list {
					require.Equal(t, poison, p.Kind)
					require.Equal(t, 3, p.Tries)
					require.Equal(t, tt.text, p.LastError)
					require.Equal(t, storetest.Epoch().Add(time.Second+time.Minute), p.ParkedAt)
				}
			})
		})
	}
}

func TestParked(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		list, err := jobs.Parked(t.Context(), b.store, 100)
		require.NoError(t, err)
		require.NotNil(t, list, "an empty list, not null, in JSON")
		require.Empty(t, list)

		b.runner.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error { return errRefused })
		for _, key := range []string{"first", "second", "third"} {
			b.schedule(t, key, 0)
			require.Equal(t, 1, b.runDue(t))
			b.clock.Advance(time.Second)
		}
		list, err = jobs.Parked(t.Context(), b.store, 2)
		require.NoError(t, err)
		require.Equal(t, []jobs.ParkedJob{
			{ID: b.row(t, "first").ID, Kind: mail, Key: "first", Tries: 1, ParkedAt: storetest.Epoch(), LastError: errRefused.Error()},
			{ID: b.row(t, "second").ID, Kind: mail, Key: "second", Tries: 1, ParkedAt: storetest.Epoch().Add(time.Second), LastError: errRefused.Error()},
		}, list)
	})
}

// A job that is never parked shows when it keeps failing, also while it runs, and
// no more when it is well.
func TestFailing(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		failing := func(t *testing.T, limit int) []jobs.FailingJob {
			t.Helper()
			list, err := jobs.Failing(t.Context(), b.store, limit)
			require.NoError(t, err)
			return list
		}
		require.Equal(t, []jobs.FailingJob{}, failing(t, 100), "an empty list, not null, in JSON")

		var whileItRan []jobs.FailingJob
		answers := map[string]error{"young": errRefused, "old": errRefused, "well": nil}
		b.runner.Handle(mail, jobs.Policy{Delays: []time.Duration{time.Minute}, Last: -1}, func(ctx context.Context, j jobs.Job) (err error) {
			whileItRan, err = jobs.Failing(ctx, b.store, 100)
			require.NoError(t, err)
			return answers[j.Key]
		})
		b.schedule(t, "old", 0)
		b.schedule(t, "well", 0)
		for try := range 4 {
			require.Equal(t, map[bool]int{true: 2, false: 1}[try == 0], b.runDue(t))
			b.clock.Advance(time.Minute)
		}
		require.Empty(t, failing(t, 100), "four times is not often")
		b.schedule(t, "young", 0)
		require.Equal(t, 2, b.runDue(t))
		old := jobs.FailingJob{
			ID: b.row(t, "old").ID, Kind: mail, Key: "old", Tries: 5,
			RunAt: storetest.Epoch().Add(5 * time.Minute), LastError: errRefused.Error(),
		}
		require.Equal(t, []jobs.FailingJob{old}, failing(t, 100))

		for range 4 {
			b.clock.Advance(time.Minute)
			require.Equal(t, 2, b.runDue(t))
		}
		list := failing(t, 100)
		require.Len(t, list, 2)
		require.Equal(t, "old", list[0].Key, "it failed more often")
		require.Equal(t, list[:1], failing(t, 1))
		counts, err := jobs.Counts(t.Context(), b.store)
		require.NoError(t, err)
		require.Equal(t, []jobs.KindCounts{{Kind: mail, Waiting: 2, Failing: 2}}, counts)
		require.NotEmpty(t, whileItRan)

		answers = nil // all is well
		b.clock.Advance(time.Minute)
		require.Equal(t, 2, b.runDue(t))
		require.Empty(t, failing(t, 100))
	})
}

func TestRetry(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		answer := errRefused
		var tries []int
		b.runner.Handle(mail, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
			tries = append(tries, j.Tries)
			return answer
		})
		for _, key := range []string{"alice", "bob", "carol"} {
			b.schedule(t, key, 0)
		}
		require.Equal(t, 3, b.runDue(t))
		alice := b.row(t, "alice").ID

		b.clock.Advance(time.Hour)
		require.NoError(t, jobs.Retry(t.Context(), b.store, alice))
		row := b.row(t, "alice")
		require.Nil(t, row.ParkedAt)
		require.Zero(t, row.Tries)
		require.True(t, row.RunAt.Equal(b.clock.Now()))
		require.Equal(t, errRefused.Error(), *row.LastError, "what it failed of stays until it has run")
		require.Equal(t, pay.CodeStateConflict, pay.CodeOf(jobs.Retry(t.Context(), b.store, alice)), "it waits already")
		require.Equal(t, 1, b.runDue(t), "the others stay parked")

		answer = nil
		n, err := jobs.RetryAll(t.Context(), b.store)
		require.NoError(t, err)
		require.EqualValues(t, 3, n)
		require.Equal(t, 3, b.runDue(t))
		require.Equal(t, []int{0, 0, 0, 0, 0, 0, 0}, tries)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(jobs.Retry(t.Context(), b.store, alice)), "it is done")
		n, err = jobs.RetryAll(t.Context(), b.store)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestCounts(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		list, err := jobs.Counts(t.Context(), b.store)
		require.NoError(t, err)
		require.NotNil(t, list, "an empty list, not null, in JSON")
		require.Empty(t, list)

		b.schedule(t, "left by a killed process", -time.Hour)
		b.abandon(t)
		b.clock.Advance(time.Minute)
		b.schedule(t, "overdue", 0)
		b.schedule(t, "of the future", time.Hour)
		b.scheduleSpec(t, jobs.Spec{Kind: slow, Key: "parks"})
		b.scheduleSpec(t, jobs.Spec{Kind: urgent, Key: "runs"})
		b.runner.Handle(slow, jobs.Policy{}, func(context.Context, jobs.Job) error { return errRefused })
		b.runner.Handle(urgent, jobs.Policy{}, func(ctx context.Context, _ jobs.Job) (err error) {
			list, err = jobs.Counts(ctx, b.store)
			return err
		})
		require.Equal(t, 2, b.runDue(t))
		require.Equal(t, []jobs.KindCounts{
			{Kind: mail, Waiting: 3, Overdue: 2},
			{Kind: slow, Parked: 1},
			{Kind: urgent, Running: 1},
		}, list)
	})
}
