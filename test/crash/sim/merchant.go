package sim

import (
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
)

// mostLooks is how often the merchant looks at one bill for a hold.
const mostLooks = 12

// merchant looks whether the bill holds money, and decides about it: all of it is
// taken, a part, nothing, or it is forgotten.
func (c *customer) merchant() {
	w := c.w
	if c.looks++; c.looks > mostLooks {
		return
	}
	var b *ent.Bill
	var err error
	alive := w.call(func() { b, err = w.bills.Bill(w.server(), c.bill.String(), billing.Want{}) })
	switch {
	case alive && (err != nil || b == nil):
		w.breach("the merchant cannot read bill %s: %v", c.bill, err)
		return
	case !alive, b.Status == pay.BillPending:
		c.soon(5*time.Minute, 3*time.Hour, c.merchant)
		return
	case b.Status != pay.BillAuthorized:
		return
	}
	switch pick(w, weighed[int]{60, 0}, weighed[int]{20, 1}, weighed[int]{19, 2}, weighed[int]{1, 3}) {
	case 0:
		c.capture(w.newKey(), nil, 1)
	case 1:
		c.capture(w.newKey(), new(pay.Of(1+w.random.Int64N(b.TotalMinor), b.Currency)), 1)
	case 2:
		c.void(w.newKey(), 1)
	default:
		c.say("the merchant forgets the hold")
	}
}

// capture takes held money.
func (c *customer) capture(key string, amount *pay.Money, try int) {
	var out *billing.Outcome
	var err error
	alive := c.w.call(func() {
		out, err = c.w.bills.Capture(c.w.server(), billing.NewCapture{Key: key, Bill: c.bill.String(), Amount: amount})
	})
	c.decided("billCapture", alive, out, err, try, func() { c.capture(key, amount, try+1) })
	if alive && err == nil && len(out.Errors) == 0 && len(c.pages) > 0 {
		p := c.pages[len(c.pages)-1]
		c.w.notice(p.account, p.order, "EngineChargeSuccess")
	}
}

// void gives the hold back.
func (c *customer) void(key string, try int) {
	var out *billing.Outcome
	var err error
	alive := c.w.call(func() { out, err = c.w.bills.Cancel(c.w.server(), key, c.bill.String()) })
	c.decided("billCancel", alive, out, err, try, func() { c.void(key, try+1) })
}

// decided goes on after an operation: the same call again when it was not
// answered, another look later when it was refused.
func (c *customer) decided(what string, alive bool, out *billing.Outcome, err error, try int, repeat func()) {
	switch {
	case !alive:
		c.say("the merchant got no answer to %s", what)
	case err != nil:
		c.w.breach("customer %d: %s answers an internal error: %v", c.number, what, err)
		return
	default:
		c.say("the merchant's %s%s", what, outcomeWords(out))
	}
	switch {
	case (!alive || invited(out)) && try < mostTries:
		c.soon(3*time.Second, 5*time.Minute, repeat)
	case !alive || len(out.Errors) > 0:
		c.soon(time.Minute, 2*time.Hour, c.merchant)
	case c.w.chance(0.1): // a server that repeats what it need not
		c.soon(0, time.Minute, repeat)
	}
}
