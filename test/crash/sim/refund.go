package sim

import (
	"time"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
)

// returned is the share of bills whose money the merchant wants to give back, paid or
// not, and parted that of those which go back in part first.
const (
	returned = 0.2
	parted   = 0.4
)

// mayReturn plans that the merchant gives the bill's money back, for some bills.
func (c *customer) mayReturn() {
	if !c.w.chance(returned) {
		return
	}
	if c.w.chance(parted) {
		c.soon(5*time.Minute, 20*time.Hour, func() { c.giveBack(c.w.newKey(), new(pay.Of(1+c.w.random.Int64N(200000), pay.RUB)), 1) })
	}
	c.soon(10*time.Minute, 30*time.Hour, func() { c.giveBack(c.w.newKey(), nil, 1) })
}

// giveBack asks for a refund, of all that is left when no amount is named. The same
// call again when it was not answered, another later when it came to nothing.
func (c *customer) giveBack(key string, amount *pay.Money, try int) {
	var out *billing.RefundOutcome
	var err error
	alive := c.w.call(func() {
		out, err = c.w.bills.Refund(c.w.server(), billing.NewRefund{Key: key, Bill: c.bill.String(), Amount: amount, Reason: "The customer has changed their mind."})
	})
	switch {
	case !alive:
		c.say("the merchant got no answer to refundCreate")
		if try < mostTries {
			c.soon(3*time.Second, 5*time.Minute, func() { c.giveBack(key, amount, try+1) })
		}
		return
	case err != nil:
		c.w.breach("customer %d: refundCreate answers an internal error: %v", c.number, err)
		return
	}
	c.say("the merchant's refundCreate%s", outcomeWords(&billing.Outcome{Errors: out.Errors, Replayed: out.Replayed}))
	if out.Refund.IsZero() {
		return
	}
	c.w.result.Refunds++
	if c.w.chance(0.1) { // a server that repeats what it need not
		c.soon(0, time.Minute, func() { c.giveBack(key, amount, try+1) })
	}
}
