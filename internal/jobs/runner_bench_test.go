package jobs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// What finding one due job and running it costs, beside jobs of the future
// (as one for each bill that may expire).
func BenchmarkRunner_RunDue(b *testing.B) {
	for _, database := range []struct {
		name string
		open func(testing.TB) string
	}{
		{name: "SQLite", open: storetest.SQLite},
		{name: "Postgres", open: storetest.MigratedPostgres},
	} {
		for _, waiting := range []int{0, 100_000} {
			b.Run(fmt.Sprintf("%s/Waiting%d", database.name, waiting), func(b *testing.B) {
				clock := &storetest.Clock{}
				s := storetest.Open(b, database.open(b), clock)
				fill(b, s, waiting)
				r := jobs.New(jobs.Options{Store: s, Clock: clock})
				r.Handle(mail, jobs.Policy{}, succeed)
				for b.Loop() {
					require.NoError(b, schedule(b.Context(), s, jobs.Spec{Kind: mail, Key: "due"}))
					n, err := r.RunDue(b.Context())
					require.NoError(b, err)
					require.Equal(b, 1, n)
				}
			})
		}
	}
}

// What a job costs that is one of many: a backlog must not make each of them
// dearer.
func BenchmarkRunner_Backlog(b *testing.B) {
	for _, database := range []struct {
		name string
		open func(testing.TB) string
	}{
		{name: "SQLite", open: storetest.SQLite},
		{name: "Postgres", open: storetest.MigratedPostgres},
	} {
		for _, behind := range []int{0, 20_000} {
			b.Run(fmt.Sprintf("%s/Behind%d", database.name, behind), func(b *testing.B) {
				clock := &storetest.Clock{}
				s := storetest.Open(b, database.open(b), clock)
				fill(b, s, behind)
				clock.Advance(365 * 24 * time.Hour)
				r := jobs.New(jobs.Options{Store: s, Clock: clock})
				ran := make(chan struct{})
				r.Handle(mail, jobs.Policy{}, func(context.Context, jobs.Job) error {
					ran <- struct{}{}
					return nil
				})
				for at := range b.N {
					require.NoError(b, schedule(b.Context(), s, jobs.Spec{Kind: mail, Key: fmt.Sprint("more ", at)}))
				}
				ctx, stop := context.WithCancel(b.Context())
				ended := make(chan error, 1)
				b.ResetTimer()
				go func() { ended <- r.Run(ctx) }()
				for range b.N {
					<-ran
				}
				b.StopTimer()
				stop()
				for {
					select {
					case <-ran: // what was claimed already
						continue
					case err := <-ended:
						require.NoError(b, err)
						return
					}
				}
			})
		}
	}
}

// fill schedules n jobs for tomorrow and later, and has the database count them,
// as Postgres does by itself within a minute.
func fill(b *testing.B, s *store.Store, n int) {
	b.Helper()
	defer func() {
		_, err := s.Conn().DB().ExecContext(b.Context(), `ANALYZE jobs`)
		require.NoError(b, err)
	}()
	require.NoError(b, s.InTx(b.Context(), func(ctx context.Context, tx *store.Tx) error {
		for at := range n {
			_, err := tx.Raw(ctx, `INSERT INTO jobs (id, kind, "key", run_at, created_at) VALUES (?, ?, ?, ?, ?)`,
				pay.NewJobID(tx.Now), string(mail), fmt.Sprint("waits ", at), tx.Now.Add(24*time.Hour+time.Duration(at)*time.Second), tx.Now)
			if err != nil {
				return err
			}
		}
		return nil
	}))
}
