package jobs_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func goexit() { runtime.Goexit() }

func TestRunner_Run(t *testing.T) {
	t.Parallel()

	t.Run("WakeRunsItAtOnce", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			r := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Poll: time.Hour})
			ran := make(chan string)
			r.Handle(mail, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
				ran <- j.Key
				return nil
			})
			stop, ended := run(t, r)
			for n := range 3 {
				key := fmt.Sprint(n)
				require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
					tx.AfterCommit(r.Wake)
					return jobs.Schedule(ctx, tx, jobs.Spec{Kind: mail, Key: key})
				}))
				require.Equal(t, key, <-ran)
			}
			stop()
			require.NoError(t, <-ended)
		})
	})

	t.Run("FutureJobRunsWhenItIsDueNotAtThePoll", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			s := storetest.Open(t, url, systemClock())
			r := jobs.New(jobs.Options{Store: s, Clock: systemClock(), Poll: time.Hour})
			ran := make(chan time.Time, 1)
			r.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
				ran <- time.Now()
				return nil
			})
			due := time.Now().Add(200 * time.Millisecond)
			require.NoError(t, schedule(t.Context(), s, jobs.Spec{Kind: mail, Key: "alice", RunAt: due}))
			run(t, r)
			require.False(t, (<-ran).Before(due.Truncate(time.Microsecond)))
		})
	})

	t.Run("OtherProcessesJobIsFoundByThePoll", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			r := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Poll: 10 * time.Millisecond})
			ran := make(chan struct{}, 1)
			r.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
				ran <- struct{}{}
				return nil
			})
			run(t, r)
			b.schedule(t, "alice", 0)
			<-ran
		})
	})

	t.Run("NoMoreThanWorkersAtATime", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			r := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Workers: 3})
			var running atomic.Int64
			var tooMany atomic.Bool
			var left sync.WaitGroup
			left.Add(30)
			r.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
				defer left.Done()
				defer running.Add(-1)
				if running.Add(1) > 3 {
					tooMany.Store(true)
				}
				runtime.Gosched()
				return nil
			})
			for n := range 30 {
				b.schedule(t, fmt.Sprint(n), 0)
			}
			run(t, r)
			left.Wait()
			require.False(t, tooMany.Load())
		})
	})

	t.Run("EndWaitsForTheRunningJob", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			begun, end := make(chan struct{}), make(chan struct{})
			var cut error
			b.runner.Handle(mail, jobs.Policy{}, func(ctx context.Context, _ jobs.Job) error {
				close(begun)
				<-end
				cut = ctx.Err()
				return nil
			})
			b.schedule(t, "alice", 0)
			b.schedule(t, "not begun", time.Hour)
			stop, ended := run(t, b.runner)
			<-begun
			stop()
			select {
			case err := <-ended:
				require.Fail(t, "Run ended before its job", err)
			default:
			}
			close(end)
			require.NoError(t, <-ended)
			require.NoError(t, cut)
			require.Nil(t, b.row(t, "alice"))
			require.NotNil(t, b.row(t, "not begun"))
		})
	})

	t.Run("SlowJobIsCutAndWaitsForAnother", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			r := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Drain: time.Millisecond})
			begun := make(chan struct{})
			r.Handle(mail, jobs.Policy{}, func(ctx context.Context, _ jobs.Job) error {
				close(begun)
				<-ctx.Done()
				return ctx.Err()
			})
			b.schedule(t, "alice", 0)
			stop, ended := run(t, r)
			<-begun
			stop()
			require.NoError(t, <-ended)

			b.runner.Handle(mail, jobs.Policy{}, succeed)
			require.Equal(t, 1, b.runDue(t), "it waits without a lease and without a failed try")
		})
	})
}
