package jobs_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// crew is two processes on one database and what their handlers did together.
type crew struct {
	*bundle

	mu       sync.Mutex
	running  map[string]int // runs of a job at this moment
	done     map[string]int // runs that returned
	overlaps []string
	lost     map[string]bool // begun by the first process, and killed with it
}

const crewJobs = 300

func gather(t *testing.T, url string) *crew {
	t.Helper()
	c := &crew{bundle: setup(t, url), running: map[string]int{}, done: map[string]int{}, lost: map[string]bool{}}
	require.NoError(t, c.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for n := range crewJobs {
			if err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: mail, Key: fmt.Sprint(n), Priority: n % 40}); err != nil {
				return err
			}
		}
		return nil
	}))
	return c
}

// process starts a runner with a database connection of its own, whose handler
// works between begin and return.
func (c *crew) process(t *testing.T, url string, work func(j jobs.Job)) (s *store.Store, stop func(), ended <-chan error) {
	t.Helper()
	s = storetest.Open(t, url, c.clock)
	r := jobs.New(jobs.Options{Store: s, Clock: c.clock, Workers: 4, Poll: 5 * time.Millisecond})
	r.Handle(mail, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
		c.begin(j.Key)
		defer c.returns(j.Key)
		work(j)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.done[j.Key]++
		return nil
	})
	stop, ended = run(t, r)
	return s, stop, ended
}

func (c *crew) begin(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[key]++
	if c.running[key] > 1 {
		c.overlaps = append(c.overlaps, key)
	}
}

func (c *crew) returns(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[key]--
}

// lose notes that the run of the job is killed.
func (c *crew) lose(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost[key] = true
}

// left counts the jobs that are not done.
func (c *crew) left(t *testing.T) int {
	t.Helper()
	n, err := c.count(t.Context())
	require.NoError(t, err)
	return n
}

func (c *crew) count(ctx context.Context) (n int, err error) {
	err = c.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = tx.Job.Query().Count(ctx)
		return err
	})
	return n, err
}

func TestRunner_TwoProcesses(t *testing.T) {
	t.Parallel()

	t.Run("EachJobRunsOnce", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			c := gather(t, url)
			var shares [2]int
			var stops []func()
			var ends []<-chan error
			for at := range shares {
				_, stop, ended := c.process(t, url, func(jobs.Job) {
					c.mu.Lock()
					defer c.mu.Unlock()
					shares[at]++
				})
				stops, ends = append(stops, stop), append(ends, ended)
			}
			require.Eventually(t, func() bool { return c.left(t) == 0 }, patience, 5*time.Millisecond)
			for at := range shares {
				stops[at]()
				require.NoError(t, receive(t, ends[at]))
			}
			require.Empty(t, c.overlaps)
			require.Len(t, c.done, crewJobs)
			for key, n := range c.done {
				require.Equal(t, 1, n, "runs of job %s", key)
			}
			require.NotContains(t, shares, 0, "both work")
		})
	})

	// The first process dies in the middle: its connections are cut, what its
	// handlers were doing stops, and what they had done is not written. Its jobs
	// are taken up when their leases are over and not before.
	t.Run("KilledOnesJobsAreTakenUpAfterTheLease", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			c := gather(t, url)
			killed, enough := make(chan struct{}), make(chan struct{}, crewJobs)
			s, stopFirst, firstEnded := c.process(t, url, func(j jobs.Job) {
				c.mu.Lock()
				dies := len(c.done) >= 20
				c.mu.Unlock()
				if !dies {
					return
				}
				c.lose(j.Key)
				enough <- struct{}{}
				<-killed
				goexit()
			})
			receive(t, enough)
			receive(t, enough)
			require.NoError(t, s.Close())
			close(killed)
			stopFirst()
			require.NoError(t, receive(t, firstEnded))

			// Its rows and no others have a lease, those among them that had run
			// and could not say so.
			held := c.leased(t)
			require.NotEmpty(t, held)
			for key := range c.lost {
				require.Contains(t, held, key)
			}
			_, stop, ended := c.process(t, url, func(jobs.Job) {})
			require.Eventually(t, func() bool { return c.left(t) == len(held) }, patience, 5*time.Millisecond)
			require.Equal(t, held, c.leased(t), "until its end a lease is the killed one's")
			c.clock.Advance(time.Minute)
			require.Eventually(t, func() bool { return c.left(t) == 0 }, patience, 5*time.Millisecond)
			stop()
			require.NoError(t, receive(t, ended))

			require.Empty(t, c.overlaps)
			require.Len(t, c.done, crewJobs)
			for key, n := range c.done {
				want := 1
				_, again := held[key]
				if again && !c.lost[key] {
					want = 2 // it had run, and its end was not written
				}
				require.Equal(t, want, n, "runs of job %s", key)
			}
		})
	})
}

// leased are the keys of the jobs that somebody holds, and until when.
func (c *crew) leased(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, c.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		list, err := tx.Job.Query().All(ctx)
		for _, row := range list {
			if row.LeaseUntil != nil {
				found[row.Key] = row.LeaseUntil.UTC().String()
			}
		}
		return err
	}))
	return found
}
