package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestRunner_RunDue(t *testing.T) {
	t.Parallel()

	t.Run("DueOnesRunInOrder", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			var order []string
			b.runner.Handle(mail, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
				order = append(order, j.Key)
				return nil
			})
			b.schedule(t, "second", -time.Minute)
			b.schedule(t, "third", 0)
			b.schedule(t, "too early", time.Microsecond)
			b.scheduleSpec(t, jobs.Spec{Kind: mail, Key: "fourth", RunAt: storetest.Epoch().Add(-time.Hour), Priority: 1})
			b.scheduleSpec(t, jobs.Spec{Kind: mail, Key: "first", Priority: -1})
			b.scheduleSpec(t, jobs.Spec{Kind: "nobody's", Key: "waits"})

			require.Equal(t, 4, b.runDue(t))
			require.Equal(t, []string{"first", "second", "third", "fourth"}, order)
			require.Nil(t, b.row(t, "first"), "a job that is done has no row")
			require.NotNil(t, b.row(t, "waits"), "a kind without a handler waits")

			b.clock.Advance(time.Microsecond)
			require.Equal(t, 1, b.runDue(t))
		})
	})

	t.Run("HandlerGetsItsJobAsTheProgram", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.scheduleSpec(t, jobs.Spec{Kind: mail, Key: "alice", Payload: json.RawMessage(`{"to": 1}`)})
			b.scheduleSpec(t, jobs.Spec{Kind: mail, Key: "bob", Priority: 1})
			id := b.row(t, "alice").ID
			var got []jobs.Job
			b.runner.Handle(mail, jobs.Policy{}, func(ctx context.Context, j jobs.Job) error {
				require.True(t, isProgram(ctx))
				got = append(got, j)
				return nil
			})

			require.Equal(t, 2, b.runDue(t))
			require.Equal(t, jobs.Job{ID: id, Kind: mail, Key: "alice", Payload: json.RawMessage(`{"to": 1}`)}, got[0])
			require.Nil(t, got[1].Payload)
		})
	})

	t.Run("FailedOneIsRetriedThenParked", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			var tries []int
			b.runner.Handle(mail, jobs.Policy{Delays: []time.Duration{time.Second, time.Minute}}, func(_ context.Context, j jobs.Job) error {
				tries = append(tries, j.Tries)
				return errRefused
			})
			b.schedule(t, "alice", 0)

			for _, wait := range []time.Duration{time.Second, time.Minute} {
				require.Equal(t, 1, b.runDue(t))
				require.Equal(t, errRefused.Error(), *b.row(t, "alice").LastError)
				b.clock.Advance(wait - time.Microsecond)
				require.Zero(t, b.runDue(t))
				b.clock.Advance(time.Microsecond)
			}
			require.Equal(t, 1, b.runDue(t))

			row := b.row(t, "alice")
			require.True(t, row.ParkedAt.Equal(b.clock.Now()))
			require.Equal(t, 3, row.Tries)
			require.Equal(t, []int{0, 1, 2}, tries)
			b.clock.Advance(24 * time.Hour)
			require.Zero(t, b.runDue(t), "a parked job waits for a person")
			require.Equal(t, 3, strings.Count(b.log.String(), errRefused.Error()), "each failure is logged once")
			require.Contains(t, b.log.String(), `"msg":"job parked, needs a person"`)

			b.schedule(t, "alice", 48*time.Hour)
			row = b.row(t, "alice")
			require.Nil(t, row.ParkedAt, "scheduled anew, it is no longer parked")
			require.Equal(t, 48*time.Hour, row.RunAt.Sub(storetest.Epoch()))
			require.Zero(t, row.Tries)
		})
	})

	t.Run("ParkIsForGood", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.runner.Handle(mail, jobs.Patient(), func(context.Context, jobs.Job) error { return jobs.Park(errRefused) })
			b.schedule(t, "alice", 0)

			require.Equal(t, 1, b.runDue(t))
			row := b.row(t, "alice")
			require.NotNil(t, row.ParkedAt)
			require.Equal(t, "parked: the letter-box is full", *row.LastError)
		})
	})

	t.Run("SnoozeIsNoTry", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			answers := []error{errRefused, jobs.Snooze(storetest.Epoch().Add(time.Hour)), nil}
			b.runner.Handle(mail, jobs.Patient(), func(context.Context, jobs.Job) error {
				answer := answers[0]
				answers = answers[1:]
				return answer
			})
			b.schedule(t, "alice", 0)
			require.Equal(t, 1, b.runDue(t))
			b.clock.Advance(2 * time.Second)
			require.Equal(t, 1, b.runDue(t))

			row := b.row(t, "alice")
			require.Zero(t, row.Tries)
			require.Nil(t, row.LastError)
			require.Equal(t, time.Hour, row.RunAt.Sub(storetest.Epoch()))
			b.clock.Advance(time.Hour)
			require.Equal(t, 1, b.runDue(t))
			require.Nil(t, b.row(t, "alice"))
		})
	})

	t.Run("PanicIsAFailedTry", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.runner.Handle(mail, jobs.Patient(), func(context.Context, jobs.Job) error { panic("no stamp") })
			b.schedule(t, "alice", 0)

			require.Equal(t, 1, b.runDue(t))
			row := b.row(t, "alice")
			require.Equal(t, "panic: no stamp", *row.LastError)
			require.Equal(t, 1, row.Tries)
			require.Contains(t, b.log.String(), "runner_test.go", "the stack is logged")
		})
	})

	t.Run("LastErrorIsOneShortLine", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.runner.Handle(mail, jobs.Patient(), func(context.Context, jobs.Job) error {
				return errors.New("two\r\n lines\x00, \xff and " + strings.Repeat("ж", 1000))
			})
			b.schedule(t, "alice", 0)

			require.Equal(t, 1, b.runDue(t))
			text := *b.row(t, "alice").LastError
			require.True(t, strings.HasPrefix(text, "two lines , and жж"), text)
			require.True(t, strings.HasSuffix(text, "ж…"), text)
			require.LessOrEqual(t, len(text), 500)
		})
	})

	t.Run("EndOfTheProcessIsNoTry", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			ctx, cancel := context.WithCancel(t.Context())
			b.runner.Handle(mail, jobs.Policy{}, func(ctx context.Context, _ jobs.Job) error {
				cancel()
				<-ctx.Done()
				return ctx.Err()
			})
			b.schedule(t, "alice", 0)

			n, err := b.runner.RunDue(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, 1, n)
			row := b.row(t, "alice")
			require.Zero(t, row.Tries)
			require.Nil(t, row.LeaseUntil)
			require.Nil(t, row.ParkedAt)
		})
	})

	t.Run("NoHandlersNothingRuns", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.schedule(t, "alice", 0)
			require.Zero(t, b.runDue(t))
		})
	})
}
