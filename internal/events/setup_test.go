package events_test

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// After the last test nothing of a Feed or a Hub is left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what should take milliseconds.
const patience = 20 * time.Second

// process is what one process of the server has: its own pool, hub and feeds.
type process struct {
	store   *store.Store
	hub     *events.Hub
	feed    *events.Feed
	objects *events.Feed
}

func newProcess(t testing.TB, url string) *process {
	t.Helper()
	clock := &storetest.Clock{}
	p := &process{store: storetest.Open(t, url, clock), hub: events.NewHub()}
	p.feed = events.NewFeed(p.store, p.hub, clock, slog.New(slog.DiscardHandler))
	p.objects = events.NewObjectFeed(p.store, p.hub, clock, slog.New(slog.DiscardHandler))
	return p
}

// follow runs Follow of the process's bills until the test ends, and has it end
// well. It returns when nothing can be missed any more.
func (p *process) follow(t *testing.T, poll time.Duration) {
	t.Helper()
	follow(t, p.feed, poll)
}

func follow(t *testing.T, feed *events.Feed, poll time.Duration) {
	t.Helper()
	feed.Poll = poll
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var err error
	wg.Go(func() { err = feed.Follow(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		require.NoError(t, err)
	})
	<-feed.Ready()
}

// newPayer makes a shop and a user of it, and returns the change of nothing yet
// that is theirs. Its version is 1.
func (p *process) newPayer(t testing.TB) events.Change {
	t.Helper()
	c := p.newBill(t)
	c.Bill = pay.BillID{}
	return c
}

// ofSubscription is a first version of a billing subscription of the change's
// payer, ofRegistration one of a card registration.
func ofSubscription(c events.Change) events.Change {
	c.Subscription, c.Version = pay.NewSubscriptionID(time.Unix(0, 0)), 1
	return c
}

func ofRegistration(c events.Change) events.Change {
	c.Registration, c.Version = pay.NewCardRegistrationID(time.Unix(0, 0)), 1
	return c
}

// newBill inserts a merchant, a user and a bill of theirs, and returns the
// change that is its first version. Its event is not yet written.
func (p *process) newBill(t testing.TB) events.Change {
	t.Helper()
	var c events.Change
	require.NoError(t, p.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		merchant, err := tx.Merchant.Create().SetID(pay.NewMerchantID(tx.Now)).SetCode(pay.NewMerchantID(tx.Now).String()).
			SetName("Shop").SetTestMode(true).SetCreatedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		user, err := tx.User.Create().SetID(pay.NewUserID(tx.Now)).SetMerchantID(merchant.ID).SetExternalID("alice").
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		c = events.Change{Merchant: merchant.ID, User: user.ID}
		c.Bill, err = billOf(ctx, tx, c)
		return err
	}))
	c.Version = 1
	return c
}

func billOf(ctx context.Context, tx *store.Tx, c events.Change) (pay.BillID, error) {
	id := pay.NewBillID(tx.Now)
	return id, tx.Bill.Create().SetID(id).SetMerchantID(c.Merchant).SetUserID(c.User).SetStatus(pay.BillPending).
		SetCurrency("RUB").SetTotalMinor(100).SetVersion(1).SetExpiresAt(tx.Now.Add(time.Hour)).
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
}

// insert writes the change's event within tx and returns it with its number.
func insert(ctx context.Context, tx *store.Tx, c events.Change) (events.Change, error) {
	if c.Bill.IsZero() {
		return insertObject(ctx, tx, c)
	}
	row, err := tx.BillEvent.Create().SetBillID(c.Bill).SetMerchantID(c.Merchant).SetUserID(c.User).
		SetVersion(c.Version).SetTo(pay.BillPending).SetReason("test").SetAt(tx.Now).Save(ctx)
	if err == nil {
		c.Seq = row.ID
	}
	return c, err
}

func insertObject(ctx context.Context, tx *store.Tx, c events.Change) (events.Change, error) {
	create := tx.ObjectEvent.Create().SetMerchantID(c.Merchant).SetUserID(c.User).
		SetVersion(c.Version).SetTo("ACTIVE").SetReason("test").SetAt(tx.Now)
	if c.Subscription.IsZero() {
		create.SetRegistrationID(c.Registration)
	} else {
		create.SetSubscriptionID(c.Subscription)
	}
	row, err := create.Save(ctx)
	if err == nil {
		c.Seq = row.ID
	}
	return c, err
}

// feedOf is the feed that has the change.
func (p *process) feedOf(c events.Change) *events.Feed {
	if c.Bill.IsZero() {
		return p.objects
	}
	return p.feed
}

// commit writes the change's event and tells of it as a service does.
func (p *process) commit(t *testing.T, c events.Change) {
	t.Helper()
	require.NoError(t, p.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		written, err := insert(ctx, tx, c)
		tx.AfterCommit(func() { p.feedOf(c).Committed(written) })
		return err
	}))
}

// open writes the change's event in a transaction that stays open until
// the returned func is called, which returns after the commit. Nobody is told.
func (p *process) open(t *testing.T, c events.Change) (commit func()) {
	t.Helper()
	written, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- p.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := insert(ctx, tx, c)
			close(written)
			<-end
			return err
		})
	}()
	<-written
	return sync.OnceFunc(func() {
		close(end)
		require.NoError(t, <-done)
	})
}

// after waits until the feed has as many changes after the position and returns
// them: on Postgres a commit is in the feed when nothing older runs, and other
// tests' databases are on the same server.
func (p *process) after(t *testing.T, scope events.Scope, from events.Position, want int) ([]events.Change, events.Position) {
	t.Helper()
	return after(t, p.feed, scope, from, want)
}

func after(t *testing.T, feed *events.Feed, scope events.Scope, from events.Position, want int) ([]events.Change, events.Position) {
	t.Helper()
	var all []events.Change
	require.Eventually(t, func() bool {
		list, next, err := feed.After(t.Context(), scope, from, 100)
		require.NoError(t, err)
		all, from = append(all, list...), next
		return len(all) >= want
	}, patience, time.Millisecond)
	require.Len(t, all, want)
	return all, from
}

// number runs a query that returns one number.
func (p *process) number(t *testing.T, query string) int {
	t.Helper()
	rows, err := p.store.Query(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	var n sql.NullInt64
	for rows.Next() {
		require.NoError(t, rows.Scan(&n))
	}
	require.NoError(t, rows.Err())
	return int(n.Int64)
}

func versions(list []events.Change) []int {
	var found []int
	for _, c := range list {
		found = append(found, c.Version)
	}
	return found
}

// version is the change's next one.
func version(c events.Change, n int) events.Change {
	c.Version = n
	return c
}

// woken waits for a wake-up.
func woken(t *testing.T, s *events.Subscription) {
	t.Helper()
	select {
	case <-s.C():
	case <-time.After(patience):
		require.Fail(t, "the subscription was not woken")
	}
}

func asleep(t *testing.T, s *events.Subscription) {
	t.Helper()
	select {
	case <-s.C():
		require.Fail(t, "the subscription was woken")
	default:
	}
}
