package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/paygraph/paygraph/internal/pay"
)

// noticeRate is how many notifications come in a second.
const noticeRate = 200

// From the moment that a notification is due to its acknowledgement, at 200 a
// second, while the provider takes five seconds for each answer. They come by
// their own clock and not when the last was acknowledged, so that one that waits
// makes the others late too, and shows.
func BenchmarkWebhookAck(b *testing.B) {
	durably(b, func(b *testing.B, url string) {
		p := startBenched(b, url)
		bills := p.manyBills(b, 1000, true)
		for _, bill := range bills {
			p.provider.pays(bill.OrderNumber, pay.Of(99000, pay.RUB))
		}
		p.provider.thinks(5 * time.Second)
		took := make([]time.Duration, b.N)
		due := make(chan int, b.N)
		var group errgroup.Group
		b.ResetTimer()
		start := time.Now()
		at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second / noticeRate) }
		for range 2 * clients {
			group.Go(func() error {
				c, err := dial(b.Context(), p.addr)
				if err != nil {
					return err
				}
				defer c.close()
				for n := range due {
					order := bills[n%len(bills)].OrderNumber
					if _, err := c.ask(ask{path: "/webhooks/instant/" + benchAccount, body: []byte(order), want: "OK"}); err != nil {
						return err
					}
					took[n] = time.Since(at(n))
				}
				return nil
			})
		}
		for n := range b.N {
			<-time.After(time.Until(at(n)))
			due <- n
		}
		close(due)
		require.NoError(b, group.Wait())
		b.StopTimer()
		p.provider.thinks(0)
		report(b, "ack-", took)
		b.ReportMetric(0, "ns/op") // the pace is ours
	})
}
