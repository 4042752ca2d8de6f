package jobs_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// The database goes away and comes back under a runner.
func TestRunner_DatabaseAway(t *testing.T) {
	t.Parallel()

	// through is a runner whose store reaches b's database by the proxy.
	through := func(t *testing.T, b *bundle, p *proxy) *jobs.Runner {
		t.Helper()
		return jobs.New(jobs.Options{
			Store: storetest.Open(t, p.url, b.clock), Clock: b.clock, Poll: 10 * time.Millisecond,
			Logger: slog.New(slog.NewJSONHandler(b.log, nil)),
		})
	}

	t.Run("ItIsSaidOnceAndTheNextJobRunsWhenItIsBack", func(t *testing.T) {
		t.Parallel()
		url := storetest.MigratedPostgres(t)
		b, p := setup(t, url), newProxy(t, url)
		r := through(t, b, p)
		ran := make(chan string, 10)
		r.Handle(mail, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
			ran <- j.Key
			return nil
		})
		stop, ended := run(t, r)
		b.schedule(t, "before", 0)
		require.Equal(t, "before", receive(t, ran))
		b.gone(t, "before")

		for times, key := range []string{"during", "during the next"} {
			p.cut()
			b.schedule(t, key, 0)
			for range 10 {
				receive(t, p.refused) // it keeps trying
			}
			p.restore()
			began := time.Now()
			require.Equal(t, key, receive(t, ran))
			t.Logf("ran %v after the database was back", time.Since(began))
			b.gone(t, key)
			require.Eventually(t, func() bool { return b.said("jobs are claimed again") == times+1 }, patience, 5*time.Millisecond)
			require.Equal(t, times+1, b.said("jobs cannot be claimed"), "once for each time: %s", b.log)
		}
		stop()
		require.NoError(t, receive(t, ended))
	})

	t.Run("EndThatWasNotWrittenMeansAnotherRunAfterTheLease", func(t *testing.T) {
		t.Parallel()
		url := storetest.MigratedPostgres(t)
		b, p := setup(t, url), newProxy(t, url)
		r := through(t, b, p)
		ran := make(chan string, 10)
		r.Handle(mail, jobs.Policy{}, func(_ context.Context, j jobs.Job) error {
			if j.Key == "alice" && b.said("job's end was not written, it will run again") == 0 {
				p.cut()
			}
			ran <- j.Key
			return nil
		})
		b.schedule(t, "alice", 0)
		stop, ended := run(t, r)
		require.Equal(t, "alice", receive(t, ran))
		require.Eventually(t, func() bool { return b.said("job's end was not written, it will run again") == 1 }, patience, 5*time.Millisecond)
		p.restore()

		b.clock.Advance(time.Minute - time.Microsecond)
		b.schedule(t, "bob", 0) // and alice would come first
		require.Equal(t, "bob", receive(t, ran), "until its end the lease is held, by nobody")
		b.gone(t, "bob")
		b.clock.Advance(time.Microsecond)
		require.Equal(t, "alice", receive(t, ran))
		b.gone(t, "alice")
		stop()
		require.NoError(t, receive(t, ended))
	})
}

// said counts the log's lines with the message.
func (b *bundle) said(message string) int {
	return strings.Count(b.log.String(), `"msg":"`+message+`"`)
}
