package sim

import (
	"net/http"
	"net/url"
	"time"

	"github.com/paygraph/paygraph/providers"
)

// fate is what becomes of a notification on its way.
type fate string

const (
	arrives fate = "arrives"
	isLost  fate = "is lost"
	isTwice fate = "arrives twice"
	isLate  fate = "arrives late"
)

// notice sends Payture's notification of an order on its way. How long each takes
// is chance, so they overtake each other.
func (w *world) notice(account, order, kind string) {
	deliver := func() { w.deliver(account, order, kind, 1) }
	f := pick(w, weighed[fate]{60, arrives}, weighed[fate]{15, isLost}, weighed[fate]{15, isTwice}, weighed[fate]{10, isLate})
	w.say("the notice %s of %s %s", kind, w.trace.name("order", order), f)
	switch f {
	case isLost:
	case arrives:
		w.in(w.dice(time.Millisecond, time.Minute), deliver)
	case isTwice:
		w.in(w.dice(time.Millisecond, time.Minute), deliver)
		w.in(w.dice(time.Millisecond, 10*time.Minute), deliver)
	case isLate:
		w.in(w.dice(10*time.Minute, 30*time.Hour), deliver)
	}
}

// deliver brings a notification, and brings it again when it was not acknowledged.
func (w *world) deliver(account, order, kind string, try int) {
	name := w.trace.name("order", order)
	body := url.Values{
		"Notification": {kind}, "Success": {"True"}, "ErrCode": {"NONE"}, "OrderId": {order},
		"Amount": {"1"}, "MerchantContract": {"Merchant"},
	}.Encode()
	var reply providers.Reply
	var err error
	alive := w.call(func() {
		reply, err = w.bills.Notify(w.ctx, "payture", account, providers.Notification{
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(body),
		})
	})
	switch {
	case !alive:
		w.say("the notice of %s finds nobody", name)
		if try < mostTries {
			w.in(time.Minute, func() { w.deliver(account, order, kind, try+1) })
		}
	case err != nil:
		w.breach("a notification of %s is answered an error: %v", order, err)
	case reply.Status != http.StatusOK:
		w.breach("a notification of %s is answered %d", order, reply.Status)
	default:
		w.result.Notifications++
		w.say("the notice %s of %s is acknowledged", kind, name)
	}
}

// forge sends a notification that nobody ordered: of a bill of anybody's, paid or
// not, or of an order that there never was.
func (w *world) forge() {
	if len(w.customers) == 0 {
		return
	}
	order := "0000000000000000000000000a"
	if pages := w.customers[w.random.IntN(len(w.customers))].pages; len(pages) > 0 {
		order = pages[0].order
	}
	w.say("a notice is forged")
	w.deliver(oneStage, order, "EnginePaySuccess", mostTries)
}
