package events_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestFeed_Committed(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		p := newProcess(t, url)
		c := p.newBill(t)
		s := p.hub.Subscribe(events.BillTopic(c.Bill))
		defer s.Close()

		p.commit(t, c) // nobody follows

		woken(t, s)
		require.Equal(t, 1, s.Latest())
	})
}

func TestFeed_Follow(t *testing.T) {
	t.Parallel()

	t.Run("OtherProcessesCommitWakes", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			one, other := newProcess(t, url), newProcess(t, url)
			c := one.newBill(t)
			other.follow(t, 10*time.Millisecond)
			for n, topic := range []events.Topic{events.BillTopic(c.Bill), events.MerchantTopic(c.Merchant), events.UserTopic(c.User)} {
				s := other.hub.Subscribe(topic)
				one.commit(t, version(c, n+1))
				woken(t, s)
				s.Close()
			}
		})
	})

	t.Run("AnnouncementComesBeforeThePoll", func(t *testing.T) {
		t.Parallel()
		url := storetest.MigratedPostgres(t)
		one, other := newProcess(t, url), newProcess(t, url)
		c := one.newBill(t)
		s := other.hub.Subscribe(events.BillTopic(c.Bill))
		one.follow(t, time.Hour)
		other.follow(t, time.Hour)
		one.listening(t, 2)
		for n := range 3 {
			one.commit(t, version(c, n+1))
			woken(t, s)
			require.Equal(t, n+1, s.Latest())
		}
	})

	t.Run("LostConnectionComesBack", func(t *testing.T) {
		t.Parallel()
		url := storetest.MigratedPostgres(t)
		one, other := newProcess(t, url), newProcess(t, url)
		c := one.newBill(t)
		s := other.hub.Subscribe(events.BillTopic(c.Bill))
		one.follow(t, time.Hour)
		other.follow(t, time.Hour)
		one.listening(t, 2)
		require.Equal(t, 2, one.number(t, `SELECT count(pg_terminate_backend(pid)) FROM `+listeners))

		one.commit(t, c) // found by the announcement, or by the look after reconnecting
		woken(t, s)
		one.listening(t, 2)
		one.commit(t, version(c, 2))
		woken(t, s)
	})

	t.Run("WithoutAnnouncementItPolls", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			p := newProcess(t, url)
			c := p.newBill(t)
			s := p.hub.Subscribe(events.MerchantTopic(c.Merchant))
			p.follow(t, 10*time.Millisecond)
			p.after(t, events.AllScope(), events.Position{}, 0)
			p.open(t, c)() // committed, and nobody told
			woken(t, s)
		})
	})

	// A reader of the feed is woken at the commit and may find nothing, as an
	// older transaction still runs. The end of that is announced by nobody.
	t.Run("ReaderThatCameTooEarlyIsWokenAgain", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, storetest.MigratedPostgres(t))
		slow, c := p.newBill(t), p.newBill(t)
		feed, bill := p.hub.Subscribe(events.MerchantTopic(c.Merchant)), p.hub.Subscribe(events.BillTopic(c.Bill))
		at, err := p.feed.Head(t.Context())
		require.NoError(t, err)
		p.follow(t, time.Hour)

		commitSlow := p.open(t, slow)
		p.commit(t, c)
		woken(t, bill)
		woken(t, feed)
		list, at, err := p.feed.After(t.Context(), events.MerchantScope(c.Merchant), at, 10)
		require.NoError(t, err)
		require.Empty(t, list)

		commitSlow()
		for len(list) == 0 {
			woken(t, feed)
			list, at, err = p.feed.After(t.Context(), events.MerchantScope(c.Merchant), at, 10)
			require.NoError(t, err)
		}
		require.Equal(t, []int{1}, versions(list))
	})

	// A bill's watcher needs no order, so a slow transaction of somebody else
	// does not hold it up, in another process either.
	t.Run("BillsWatcherDoesNotWaitForOrder", func(t *testing.T) {
		t.Parallel()
		url := storetest.MigratedPostgres(t)
		one, other := newProcess(t, url), newProcess(t, url)
		slow, c := one.newBill(t), one.newBill(t)
		s := other.hub.Subscribe(events.BillTopic(c.Bill))
		other.follow(t, 10*time.Millisecond)
		commitSlow := one.open(t, slow)
		defer commitSlow()

		one.open(t, c)()
		woken(t, s)
	})
}

// listeners are the connections that listen on the test's database.
const listeners = `pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`

// listening waits until as many processes listen.
func (p *process) listening(t *testing.T, want int) {
	t.Helper()
	require.Eventually(t, func() bool {
		return p.number(t, `SELECT count(*) FROM `+listeners) == want
	}, patience, time.Millisecond)
}
