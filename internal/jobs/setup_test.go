package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/job"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// After the last test nothing of a Runner is left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const mail jobs.Kind = "mail"

var errRefused = errors.New("the letter-box is full")

// bundle is a test's own database, clock, log and runner.
type bundle struct {
	clock  *storetest.Clock
	store  *store.Store
	runner *jobs.Runner
	log    *log
}

func setup(t *testing.T, url string) *bundle {
	t.Helper()
	b := &bundle{clock: &storetest.Clock{}, log: &log{}}
	b.store = storetest.Open(t, url, b.clock)
	b.runner = b.another(b.store)
	return b
}

// another is a runner as a second process would have it.
func (b *bundle) another(s *store.Store) *jobs.Runner {
	return jobs.New(jobs.Options{Store: s, Clock: b.clock, Logger: slog.New(slog.NewJSONHandler(b.log, nil))})
}

// schedule schedules a mail job at an offset from the epoch.
func (b *bundle) schedule(t *testing.T, key string, at time.Duration) {
	t.Helper()
	b.scheduleSpec(t, jobs.Spec{Kind: mail, Key: key, RunAt: storetest.Epoch().Add(at)})
}

func (b *bundle) scheduleSpec(t *testing.T, spec jobs.Spec) {
	t.Helper()
	require.NoError(t, schedule(t.Context(), b.store, spec))
}

func schedule(ctx context.Context, s *store.Store, spec jobs.Spec) error {
	return s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return jobs.Schedule(ctx, tx, spec) })
}

// runDue runs what is due and returns how many runs that were.
func (b *bundle) runDue(t *testing.T) int {
	t.Helper()
	n, err := b.runner.RunDue(t.Context())
	require.NoError(t, err)
	return n
}

// row is the job's row, or nil when there is none.
func (b *bundle) row(t *testing.T, key string) *ent.Job {
	t.Helper()
	var row *ent.Job
	require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		list, err := tx.Job.Query().Where(job.Key(key)).All(ctx)
		if len(list) > 0 {
			row = list[0]
		}
		return err
	}))
	return row
}

// run starts the runner and returns what ends it and the error it ends with.
func run(t *testing.T, r *jobs.Runner) (stop func(), ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() { result <- r.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return cancel, result
}

// patience is how long a test waits for what must come, on a busy machine too.
const patience = time.Minute

// receive returns the next value, which must come soon.
func receive[T any](t *testing.T, from <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		require.FailNow(t, "nothing came for a minute")
	}
	return got
}

// gone waits until the job has no row: its end is written.
func (b *bundle) gone(t *testing.T, key string) {
	t.Helper()
	require.Eventually(t, func() bool { return b.row(t, key) == nil }, patience, 5*time.Millisecond)
}

// systemClock is for tests of what waits by a real timer.
func systemClock() pay.Clock { return pay.ClockFunc(time.Now) }

// log is where a runner of a test logs to.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func succeed(context.Context, jobs.Job) error { return nil }

func isProgram(ctx context.Context) bool { return viewer.From(ctx).IsProgram() }
