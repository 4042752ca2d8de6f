package jobs_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// Kinds of a runner whose reserved workers are tested: what asks a dead server
// and what must not wait for it.
const (
	slow   jobs.Kind = "slow"
	urgent jobs.Kind = "urgent"
)

// office has a runner with four workers, two of them reserved.
type office struct {
	*bundle

	begun chan string   // keys
	end   chan struct{} // closed, it lets all slow jobs end
}

func openOffice(t *testing.T, url string, o jobs.Options) *office {
	t.Helper()
	f := &office{bundle: setup(t, url), begun: make(chan string, 100), end: make(chan struct{})}
	if o.Store == nil {
		o.Store = f.store
	}
	if o.Clock == nil {
		o.Clock = f.clock
	}
	f.runner = jobs.New(o)
	f.runner.Handle(slow, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
		f.begun <- j.Key
		<-f.end
		return nil
	})
	f.runner.Handle(urgent, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
		f.begun <- j.Key
		return nil
	})
	return f
}

// ask schedules slow jobs.
func (f *office) ask(t *testing.T, n int) {
	t.Helper()
	for at := range n {
		f.scheduleSpec(t, jobs.Spec{Kind: slow, Key: fmt.Sprint("slow ", at), Priority: 30})
	}
}

func TestRunner_Urgent(t *testing.T) {
	t.Parallel()

	t.Run("SlowJobsLeaveTheReservedWorkers", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			f := openOffice(t, url, jobs.Options{Workers: 4, Reserved: 2, Poll: 10 * time.Millisecond})
			f.ask(t, 6)
			stop, ended := run(t, f.runner)
			receive(t, f.begun)
			receive(t, f.begun)
			for n := range 5 {
				key := fmt.Sprint("urgent ", n)
				f.scheduleSpec(t, jobs.Spec{Kind: urgent, Key: key, Priority: 10})
				require.Equal(t, key, receive(t, f.begun), "nothing but what is urgent begins")
				f.gone(t, key)
			}
			close(f.end)
			for range 4 {
				receive(t, f.begun)
			}
			stop()
			require.NoError(t, receive(t, ended))
		})
	})

	t.Run("UrgentOneRunsWhenItIsDueNotAtThePoll", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			s := storetest.Open(t, url, systemClock())
			f := openOffice(t, url, jobs.Options{Store: s, Clock: systemClock(), Workers: 4, Reserved: 2, Poll: time.Hour})
			f.ask(t, 6)
			due := time.Now().Add(200 * time.Millisecond)
			require.NoError(t, schedule(t.Context(), s, jobs.Spec{Kind: urgent, Key: "in a moment", RunAt: due}))
			run(t, f.runner)
			receive(t, f.begun)
			receive(t, f.begun)
			require.Equal(t, "in a moment", receive(t, f.begun))
			close(f.end)
		})
	})

	t.Run("UrgentJobsMayHaveEveryWorker", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			r := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Workers: 4, Reserved: 2, Urgent: 5})
			var together sync.WaitGroup
			together.Add(4)
			all := make(chan struct{}, 4)
			r.Handle(urgent, jobs.Policy{}, func(context.Context, jobs.Job) error {
				together.Done()
				together.Wait()
				all <- struct{}{}
				return nil
			})
			for n := range 4 {
				b.scheduleSpec(t, jobs.Spec{Kind: urgent, Key: fmt.Sprint(n), Priority: 5})
			}
			run(t, r)
			for range 4 {
				receive(t, all)
			}
		})
	})

	t.Run("OneWorkerIsLeftForTheRest", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			f := openOffice(t, url, jobs.Options{Workers: 2, Reserved: 9})
			f.ask(t, 1)
			run(t, f.runner)
			require.Equal(t, "slow 0", receive(t, f.begun))
			close(f.end)
		})
	})

	// A free reserved worker asks for what is urgent only: it does not try again
	// and again to lease what it may not have.
	t.Run("WaitingSlowJobsAreNotAskedFor", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			var mu sync.Mutex
			claims, looks := 0, make(chan struct{}, 100)
			s, err := store.Open(t.Context(), url, &storetest.Clock{}, store.WithQueryLog(func(statement string) {
				mu.Lock()
				defer mu.Unlock()
				if strings.HasPrefix(statement, "UPDATE jobs SET lease_until = ") && strings.Contains(statement, "RETURNING") {
					claims++
				}
				if strings.HasPrefix(statement, "SELECT run_at FROM jobs") {
					looks <- struct{}{}
				}
			}))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			f := openOffice(t, url, jobs.Options{Store: s, Workers: 4, Reserved: 2, Poll: time.Hour})
			f.ask(t, 6)
			run(t, f.runner)
			receive(t, f.begun)
			receive(t, f.begun)
			receive(t, looks)
			receive(t, looks)
			for range 3 {
				f.runner.Wake()
				receive(t, looks)
			}
			f.scheduleSpec(t, jobs.Spec{Kind: urgent, Key: "now"})
			f.runner.Wake()
			require.Equal(t, "now", receive(t, f.begun))
			mu.Lock()
			require.Equal(t, 2, claims, "one of two slow jobs, one of the urgent one")
			mu.Unlock()
			close(f.end)
		})
	})
}
