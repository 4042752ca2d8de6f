package events_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/pay"
)

func newChange(version int) events.Change {
	at := time.Unix(0, 0)
	return events.Change{Bill: pay.NewBillID(at), Merchant: pay.NewMerchantID(at), User: pay.NewUserID(at), Version: version}
}

func TestHub(t *testing.T) {
	t.Parallel()

	t.Run("WakesThoseWhoWatch", func(t *testing.T) {
		t.Parallel()

		h, c, other := events.NewHub(), newChange(1), newChange(1)
		watching := []*events.Subscription{
			h.Subscribe(events.BillTopic(c.Bill)), h.Subscribe(events.BillTopic(c.Bill)),
			h.Subscribe(events.MerchantTopic(c.Merchant)), h.Subscribe(events.UserTopic(c.User)),
		}
		others := []*events.Subscription{
			h.Subscribe(events.BillTopic(other.Bill)), h.Subscribe(events.MerchantTopic(other.Merchant)),
			h.Subscribe(events.UserTopic(other.User)), h.Subscribe(events.UserTopic(pay.UserID{})),
		}
		require.Equal(t, 8, h.Len())

		h.Publish(c, events.Change{Bill: pay.NewBillID(time.Unix(0, 0)), Version: 1})

		for _, s := range watching {
			woken(t, s)
		}
		for _, s := range others {
			asleep(t, s)
		}
	})

	t.Run("WakeUpsDoNotQueue", func(t *testing.T) {
		t.Parallel()

		h, c := events.NewHub(), newChange(1)
		s := h.Subscribe(events.BillTopic(c.Bill))
		for n := range 100 {
			h.Publish(version(c, n+1))
		}
		woken(t, s)
		asleep(t, s)
		require.Equal(t, 100, s.Latest())
	})

	t.Run("BillsVersionWakesOnce", func(t *testing.T) {
		t.Parallel()

		h, c := events.NewHub(), newChange(2)
		bill, merchant := h.Subscribe(events.BillTopic(c.Bill)), h.Subscribe(events.MerchantTopic(c.Merchant))
		require.Zero(t, bill.Latest())
		h.Publish(c)
		woken(t, bill)
		woken(t, merchant)

		h.Publish(c, version(c, 1))
		asleep(t, bill)
		woken(t, merchant)
		require.Equal(t, 2, bill.Latest())
		require.Zero(t, merchant.Latest())
	})

	t.Run("ClosedIsNotWoken", func(t *testing.T) {
		t.Parallel()

		h, c := events.NewHub(), newChange(1)
		var all []*events.Subscription
		for range 5 {
			all = append(all, h.Subscribe(events.BillTopic(c.Bill)))
		}
		for n, at := range []int{2, 4, 0, 1, 3} { // from the middle, both ends, and the last
			all[at].Close()
			all[at].Close()
			require.Equal(t, 4-n, h.Len())
			h.Publish(version(c, n+1))
		}
		var latest []int
		for _, s := range all {
			latest = append(latest, s.Latest())
		}
		require.Equal(t, []int{2, 3, 0, 4, 1}, latest, "each was told until its end")
		require.Zero(t, h.Len())
	})

	t.Run("ManyAtOnceLeaveNothing", func(t *testing.T) {
		t.Parallel()

		h, c := events.NewHub(), newChange(1)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				for n := range 100 {
					s := h.Subscribe(events.BillTopic(c.Bill))
					u := h.Subscribe(events.UserTopic(c.User))
					h.Publish(version(c, n+1))
					<-u.C()
					u.Close()
					s.Close()
				}
			})
		}
		wg.Wait()
		require.Zero(t, h.Len())
	})
}

// idle subscribes n watchers, each to a bill of its own.
func idle(h *events.Hub, n int) []*events.Subscription {
	all := make([]*events.Subscription, n)
	for at := range all {
		all[at] = h.Subscribe(events.BillTopic(pay.NewBillID(time.Unix(int64(at), 0))))
	}
	return all
}

// What one watched bill's change costs beside 10,000 watchers of other bills.
func BenchmarkHub_Publish(b *testing.B) {
	h, c := events.NewHub(), newChange(0)
	all := idle(h, 10_000)
	s := h.Subscribe(events.BillTopic(c.Bill))
	b.ReportAllocs()
	for b.Loop() {
		c.Version++
		h.Publish(c)
		<-s.C()
	}
	runtime.KeepAlive(all)
}

// What a change costs that 10,000 watch.
func BenchmarkHub_PublishToAll(b *testing.B) {
	h, c := events.NewHub(), newChange(0)
	all := make([]*events.Subscription, 10_000)
	for at := range all {
		all[at] = h.Subscribe(events.BillTopic(c.Bill))
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Version++
		h.Publish(c)
	}
	runtime.KeepAlive(all)
}

// What an idle watcher weighs: B/subscription, the hub's table included.
func BenchmarkHub_Subscribe(b *testing.B) {
	const n = 10_000
	var weight float64
	for b.Loop() {
		h := events.NewHub()
		before := heap()
		all := idle(h, n)
		weight = (heap() - before - n*8) / n // the slice is the benchmark's own
		runtime.KeepAlive(all)
		runtime.KeepAlive(h)
	}
	b.ReportMetric(weight, "B/subscription")
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
