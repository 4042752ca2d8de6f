package main

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// From the commit that settles a bill to the frame at its watcher's socket, while
// a thousand others watch bills to which nothing happens. A notification of the
// provider begins it; from there it is the notice-… metrics.
func BenchmarkSettleToPush(b *testing.B) {
	durably(b, func(b *testing.B, url string) {
		p := startBenched(b, url)
		p.watchIdly(b, p.manyBills(b, 1000, false))
		c, err := dial(b.Context(), p.addr)
		require.NoError(b, err)
		defer c.close()

		var pushed, noticed []time.Duration
		for b.Loop() {
			one, err := p.buy(c, true)
			require.NoError(b, err)
			w := p.watcher(b, one)
			snapshot := <-w.shown
			require.Equal(b, "PENDING", snapshot.status)

			p.provider.pays(one.OrderNumber, pay.Of(99000, pay.RUB))
			sent := time.Now()
			_, err = c.ask(ask{path: "/webhooks/instant/" + benchAccount, body: []byte(one.OrderNumber), want: "OK"})
			require.NoError(b, err)
			first := <-w.shown // PAID, or DONE already when that was faster than we
			require.Greater(b, first.version, snapshot.version)
			pushed = append(pushed, first.at.Sub(p.commits.of(one.ID, snapshot.version+1)))
			noticed = append(noticed, first.at.Sub(sent))
			for last := first; last.status != "DONE"; {
				last = <-w.shown
			}
			w.close()
		}
		report(b, "", pushed)
		report(b, "notice-", noticed)
		b.ReportMetric(0, "ns/op") // of no use: it holds the purchase and the fulfilment too
	})
}

// shown is one push, and when it was read from the socket.
type shown struct {
	status  string
	version int
	at      time.Time
}

// watcher is one socket that watches one bill.
type watcher struct {
	conn  *websocket.Conn
	shown chan shown // closed with the socket
}

func (p *benched) watcher(b *testing.B, one benchBill) *watcher {
	b.Helper()
	conn, err := watch(b.Context(), p.addr, one)
	require.NoError(b, err)
	w := &watcher{conn: conn, shown: make(chan shown, 8)}
	go w.read()
	return w
}

func (w *watcher) read() {
	defer close(w.shown)
	for {
		_, text, err := w.conn.ReadMessage()
		at := time.Now()
		if err != nil {
			return
		}
		var message struct {
			Type    string
			Payload struct {
				Data struct{ BillUpdated pushed }
			}
		}
		if json.Unmarshal(text, &message) != nil || message.Type != "next" {
			continue
		}
		bill := message.Payload.Data.BillUpdated.Bill
		w.shown <- shown{status: bill.Status, version: bill.Version, at: at}
	}
}

func (w *watcher) close() {
	_ = w.conn.Close()
	for range w.shown { // until the reader has ended
	}
}

// What an idle watcher costs the server: its heap, its stacks and its resident
// memory, the clients being in another process.
func BenchmarkIdleSubscriber(b *testing.B) {
	for _, count := range []int{1000, 5000} {
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			p := startBenched(b, quickSQLite(b))
			bills := p.manyBills(b, count, false)
			for b.Loop() {
				before := weigh()
				others := p.watchIdly(b, bills)
				after := weigh()
				each := func(after, before int64) float64 { return float64(after-before) / float64(count) }
				b.ReportMetric(each(after.memory, before.memory), "B/subscriber")
				b.ReportMetric(each(after.resident, before.resident), "RSS-B/subscriber")
				b.ReportMetric(each(after.goroutines, before.goroutines), "goroutines/subscriber")
				others.end()
				require.Eventually(b, func() bool { return p.app.web.Sockets().Len() == 0 }, time.Minute, 10*time.Millisecond)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
