package jobs_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// abandon has a process of its own lease all that is due and be killed.
func (b *bundle) abandon(t *testing.T) {
	t.Helper()
	killed := b.another(b.store)
	killed.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
		goexit()
		return nil
	})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = killed.RunDue(t.Context())
	}()
	receive(t, gone)
}

func TestRunner_ClockJumps(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name string
		jump time.Duration
	}{
		{name: "AnHourOnItsOwnJobIsNotTakenAgain", jump: time.Hour},
		{name: "AnHourBackItsOwnJobIsNotTakenAgain", jump: -time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				b := setup(t, url)
				r := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Poll: 10 * time.Millisecond})
				var mu sync.Mutex
				var begun []string
				signals, end := make(chan string, 10), make(chan struct{})
				r.Handle(mail, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
					mu.Lock()
					begun = append(begun, j.Key)
					mu.Unlock()
					signals <- j.Key
					<-end
					return nil
				})
				b.schedule(t, "alice", -3*time.Hour)
				stop, ended := run(t, r)
				receive(t, signals)

				b.clock.Advance(tt.jump)
				b.schedule(t, "bob", -2*time.Hour) // alice would come first
				receive(t, signals)
				close(end)
				b.gone(t, "alice")
				b.gone(t, "bob")
				stop()
				require.NoError(t, receive(t, ended))
				require.Equal(t, []string{"alice", "bob"}, begun)
			})
		})
	}

	t.Run("AnHourOnTheNewHoldersEndCounts", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.schedule(t, "alice", 0)
			first := b.another(b.store)
			begun, end, over := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			first.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
				close(begun)
				<-end
				return jobs.Park(errRefused)
			})
			go func() {
				_, err := first.RunDue(t.Context())
				over <- err
			}()
			receive(t, begun)

			b.clock.Advance(time.Hour)
			b.runner.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
				close(end)
				require.NoError(t, receive(t, over))
				require.NotNil(t, b.row(t, "alice").LeaseUntil, "the first one's end changes nothing")
				require.Nil(t, b.row(t, "alice").ParkedAt)
				return nil
			})
			require.Equal(t, 1, b.runDue(t))
			require.Nil(t, b.row(t, "alice"))
			require.Contains(t, b.log.String(), "job lost its lease")
		})
	})

	t.Run("AnHourBackAKilledProcesssLeaseIsNone", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.runner.Handle(mail, jobs.Policy{}, succeed)
			b.schedule(t, "alice", -2*time.Hour)
			b.abandon(t)

			b.clock.Advance(-time.Minute)
			require.Zero(t, b.runDue(t), "two leases from now may be one of a clock that is ahead")
			b.clock.Advance(-time.Hour)
			require.Equal(t, 1, b.runDue(t))
			require.Nil(t, b.row(t, "alice"))
		})
	})

	t.Run("AnHourBackMakesNothingLate", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.runner.Handle(mail, jobs.Policy{}, succeed)
			b.schedule(t, "alice", 5*time.Minute)
			b.schedule(t, "tomorrow", 24*time.Hour)
			require.Zero(t, b.runDue(t))

			b.clock.Advance(-time.Hour)
			require.Equal(t, 1, b.runDue(t))
			require.Nil(t, b.row(t, "alice"))
			require.Equal(t, 24*time.Hour, b.row(t, "tomorrow").RunAt.Sub(storetest.Epoch()))
		})
	})
	t.Run("AMomentBackIsHowClocksAreKept", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.runner.Handle(mail, jobs.Policy{}, succeed)
			b.schedule(t, "alice", time.Second)
			require.Zero(t, b.runDue(t))
			b.clock.Advance(-time.Second)
			require.Zero(t, b.runDue(t))
		})
	})

	// The heartbeat dates the lease by the new clock, so that nobody else takes it
	// for one of the lost hour.
	t.Run("AnHourBackTheHeartbeatMendsTheLease", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			r := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Lease: 300 * time.Millisecond})
			r.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
				b.clock.Advance(-time.Hour)
				require.Eventually(t, func() bool {
					return b.row(t, "alice").LeaseUntil.Equal(b.clock.Now().Add(300 * time.Millisecond))
				}, patience, 5*time.Millisecond)
				return nil
			})
			b.schedule(t, "alice", 0)
			n, err := r.RunDue(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.Nil(t, b.row(t, "alice"))
		})
	})
}
