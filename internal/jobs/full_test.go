package jobs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// pages leaves SQLite's file so many pages to grow by, as a full disk would.
func (b *bundle) pages(t *testing.T, more int) {
	t.Helper()
	db := b.store.Conn().DB()
	var count, set int
	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&count))
	require.NoError(t, db.QueryRowContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", count+more)).Scan(&set))
	require.Equal(t, count+more, set)
}

// A full disk stops jobs and loses none: when there is room they go on, without a
// restart, those too whose end could not be written.
func TestRunner_DiskFull(t *testing.T) {
	t.Parallel()

	b := setup(t, storetest.DurableSQLite(t))
	r := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Poll: 5 * time.Millisecond})
	refused, ran := make(chan string, 10_000), make(chan string, 100)
	long := "a letter of " + strings.Repeat("ж", 300)
	r.Handle(mail, jobs.Policy{Delays: []time.Duration{time.Second}, Last: -1}, func(ctx context.Context, j jobs.Job) error {
		// Its effect is a row of its own, as a grant is.
		err := schedule(ctx, b.store, jobs.Spec{Kind: "letter", Key: long + j.Key})
		if err != nil {
			refused <- j.Key
			return err
		}
		ran <- j.Key
		return nil
	})
	const total = 50
	for n := range total {
		b.schedule(t, fmt.Sprint(n), 0)
	}
	b.pages(t, 4)
	stop, ended := run(t, r)
	receive(t, refused)

	b.pages(t, 1<<20)
	require.Eventually(t, func() bool {
		b.clock.Advance(time.Second) // past the retries' delays, and a lease
		return len(ran) >= total && b.count(t, mail) == 0
	}, patience, 5*time.Millisecond)
	stop()
	require.NoError(t, receive(t, ended))
	require.Equal(t, total, b.count(t, "letter"), "each has its effect")
	var sound string
	require.NoError(t, b.store.Conn().DB().QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound))
	require.Equal(t, "ok", sound)
}

// count counts the jobs of a kind.
func (b *bundle) count(t *testing.T, kind jobs.Kind) int {
	t.Helper()
	list, err := jobs.Counts(t.Context(), b.store)
	require.NoError(t, err)
	for _, c := range list {
		if c.Kind == kind {
			return int(c.Waiting + c.Running + c.Parked)
		}
	}
	return 0
}
