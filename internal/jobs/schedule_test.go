package jobs_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestSchedule(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)

		t.Run("EarlierTimeWins", func(t *testing.T) {
			for _, tt := range []struct {
				key  string
				ask  []time.Duration
				want time.Duration
			}{
				{key: "once", ask: []time.Duration{time.Hour}, want: time.Hour},
				{key: "earlier", ask: []time.Duration{time.Hour, time.Minute}, want: time.Minute},
				{key: "later", ask: []time.Duration{time.Minute, time.Hour}, want: time.Minute},
				{key: "by a microsecond", ask: []time.Duration{time.Second, time.Second - time.Microsecond}, want: time.Second - time.Microsecond},
				{key: "by half a second", ask: []time.Duration{1500 * time.Millisecond, time.Second}, want: time.Second},
				{key: "finer than rows are", ask: []time.Duration{time.Minute + time.Nanosecond}, want: time.Minute},
			} {
				for _, at := range tt.ask {
					b.schedule(t, tt.key, at)
				}
				require.Equal(t, tt.want, b.row(t, tt.key).RunAt.Sub(storetest.Epoch()), tt.key)
			}
		})

		t.Run("NoTimeIsNow", func(t *testing.T) {
			b.scheduleSpec(t, jobs.Spec{Kind: mail, Key: "now"})
			require.True(t, b.row(t, "now").RunAt.Equal(storetest.Epoch()))
		})

		t.Run("FirstPayloadAndUrgentPriorityStay", func(t *testing.T) {
			for priority, payload := range []string{`{"n":9007199254740993}`, `{"n":2}`} {
				b.scheduleSpec(t, jobs.Spec{Kind: mail, Key: "kept", Payload: json.RawMessage(payload), Priority: 2 - priority})
			}
			row := b.row(t, "kept")
			require.JSONEq(t, `{"n":9007199254740993}`, string(row.Payload))
			require.Equal(t, 1, row.Priority)
		})

		t.Run("DroppedIsNotThere", func(t *testing.T) {
			b.schedule(t, "dropped", time.Hour)
			for range 2 {
				err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return jobs.Drop(ctx, tx, mail, "dropped") })
				require.NoError(t, err)
				require.Nil(t, b.row(t, "dropped"))
			}
		})

		t.Run("RolledBackIsNotThere", func(t *testing.T) {
			err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				require.NoError(t, jobs.Schedule(ctx, tx, jobs.Spec{Kind: mail, Key: "undone"}))
				return errRefused
			})
			require.ErrorIs(t, err, errRefused)
			require.Nil(t, b.row(t, "undone"))
		})

		t.Run("NamelessIsRefused", func(t *testing.T) {
			require.Error(t, schedule(t.Context(), b.store, jobs.Spec{Key: "no kind"}))
			require.Error(t, schedule(t.Context(), b.store, jobs.Spec{Kind: mail}))
		})
	})
}

// What is asked for while a job runs happens after that run, because the run
// may have read older rows.
func TestSchedule_WhileItRuns(t *testing.T) {
	t.Parallel()

	// Each handler's answer leaves the job to run again at the time asked for.
	for _, tt := range []struct {
		name   string
		answer error
		again  time.Duration // after the epoch
		tries  int
	}{
		{name: "Done", answer: nil, again: time.Hour},
		{name: "Parked", answer: jobs.Park(errRefused), again: time.Hour},
		{name: "SnoozedLonger", answer: jobs.Snooze(storetest.Epoch().Add(2 * time.Hour)), again: time.Hour},
		{name: "SnoozedShorter", answer: jobs.Snooze(storetest.Epoch().Add(time.Minute)), again: time.Minute},
		{name: "Failed", answer: errRefused, again: time.Second, tries: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				b := setup(t, url)
				b.runner.Handle(mail, jobs.Patient(), func(_ context.Context, j jobs.Job) error {
					for _, at := range []time.Duration{2 * time.Hour, time.Hour, 3 * time.Hour} {
						b.schedule(t, j.Key, at)
					}
					return tt.answer
				})
				b.schedule(t, "alice", 0)

				require.Equal(t, 1, b.runDue(t))

				row := b.row(t, "alice")
				require.Nil(t, row.RerunAt)
				require.Nil(t, row.LeaseUntil)
				require.Nil(t, row.ParkedAt)
				require.Equal(t, tt.tries, row.Tries)
				require.InDelta(t, tt.again, row.RunAt.Sub(storetest.Epoch()), float64(time.Second/10))
			})
		})
	}
}
