package sim

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// plan is what a customer is going to do with a bill.
type plan string

const (
	paysAtOnce    plan = "pays"
	triesTwice    plan = "is declined, then pays"
	leaves        plan = "leaves at the bank's page"
	leavesAndPays plan = "leaves at the bank's page, comes back and pays"
	never         plan = "never comes"
	paysLate      plan = "pays after the bill's end"
	comesTooLate  plan = "pays after the session's end"
	hasTwoTabs    plan = "pays twice in two tabs"
	switches      plan = "switches to another account"
	cancels       plan = "cancels"
	cancelsPays   plan = "cancels, then pays on the open page"
	paysCancels   plan = "pays, then cancels"
	byCard        plan = "pays by a saved card"
	byWallet      plan = "pays from the wallet"
)

// customer is one bill and whoever pays it.
type customer struct {
	w      *world
	number int
	plan   plan
	by     pay.Role
	user   pay.UserID
	in     billing.NewBill
	held   bool // through a two-stage account

	bill    pay.BillID // once acknowledged
	pages   []page     // that the payer was sent to, the newest last
	version int        // the newest one seen
	told    pay.BillStatus
	tries   int // of creating it
	opened  int // wishes for another page
	looks   int // of the merchant
}

// page is a provider's page that the payer was sent to.
type page struct {
	url, account, order string
}

// newCustomer decides who buys what, and what then.
func (w *world) newCustomer() *customer {
	c := &customer{w: w, number: len(w.customers) + 1}
	w.customers = append(w.customers, c)
	c.plan = pick(w,
		weighed[plan]{50, paysAtOnce}, weighed[plan]{8, triesTwice}, weighed[plan]{3, leaves}, weighed[plan]{3, leavesAndPays},
		weighed[plan]{3, never}, weighed[plan]{5, paysLate}, weighed[plan]{2, comesTooLate}, weighed[plan]{6, hasTwoTabs},
		weighed[plan]{6, switches}, weighed[plan]{4, cancels}, weighed[plan]{4, cancelsPays}, weighed[plan]{6, paysCancels})
	c.by = pick(w, weighed[pay.Role]{5, pay.RolePublic}, weighed[pay.Role]{2, pay.RoleUser}, weighed[pay.Role]{3, pay.RoleServer})
	if c.by == pay.RoleUser {
		c.user = w.users[w.random.IntN(len(w.users))]
	}
	account := pick(w, weighed[string]{5, oneStage}, weighed[string]{1, secondOne}, weighed[string]{3, twoStage}, weighed[string]{1, secondHeld})
	c.held = account == twoStage || account == secondHeld
	c.in = billing.NewBill{
		Key: w.newKey(), Start: !w.chance(0.1), PayWith: &billing.PayWith{Provider: &account},
		ReturnURL: new(shopOrigin + "/thanks"), ExpiresIn: c.life(),
	}
	if c.by == pay.RoleServer && w.chance(0.5) {
		c.in.Reference = new(fmt.Sprintf("order-%d", c.number))
		c.in.Lines = []billing.NewLine{
			{Title: "A hat", Quantity: 1 + w.random.IntN(3), Unit: pay.Of(int64(1+w.random.IntN(500000)), pay.RUB)},
			{Title: "Delivery", Quantity: 1, Unit: pay.Of(35000, pay.RUB)},
		}
		return c
	}
	product := w.products[w.random.IntN(len(w.products))]
	c.in.Product, c.in.Currency = new(product.ID.String()), new(pay.RUB)
	if product.Code == "page" {
		c.in.PageID = new(fmt.Sprintf("news/%d", w.random.IntN(50)))
	}
	if c.by == pay.RoleServer && w.chance(0.5) {
		c.user = w.users[w.random.IntN(len(w.users))]
		c.in.User = new(c.user.String())
	}
	return c
}

// life is how long the bill may be paid.
func (c *customer) life() *pay.Period {
	if c.plan == paysLate {
		return &pay.Period{Clock: 10 * time.Minute}
	}
	return pick(c.w, weighed[*pay.Period]{6, nil}, weighed[*pay.Period]{2, &pay.Period{Clock: 30 * time.Minute}}, weighed[*pay.Period]{1, &pay.Period{Days: 1}})
}

// buyer returns the context in which the bill is made.
func (c *customer) buyer() context.Context {
	if c.by == pay.RoleUser {
		return c.w.as(viewer.Viewer{Role: pay.RoleUser, User: c.user, Principal: "user/" + c.user.String()})
	}
	if c.by == pay.RoleServer {
		return c.w.server()
	}
	return c.w.as(viewer.Viewer{Role: pay.RolePublic, Principal: "key/public"})
}

// owner returns the context in which the bill is looked at and paid.
func (c *customer) owner() context.Context {
	if c.by == pay.RolePublic {
		return c.w.as(viewer.Viewer{Role: pay.RoleGuest, Bill: c.bill, Principal: "bill/" + c.bill.String()})
	}
	return c.buyer()
}

func (c *customer) say(format string, args ...any) {
	c.w.say("customer %d %s", c.number, fmt.Sprintf(format, args...))
}

// soon plans an act.
func (c *customer) soon(from, to time.Duration, do func()) { c.w.in(c.w.dice(from, to), do) }

// mostTries is how often a client repeats a call that got no answer.
const mostTries = 8

// create makes the bill, and repeats the call with the same key when it got no
// answer, or one that invites to.
func (c *customer) create() {
	c.tries++
	var out *billing.Outcome
	var err error
	alive := c.w.call(func() { out, err = c.w.bills.Create(c.buyer(), c.in) })
	if !alive {
		c.say("got no answer to billCreate")
		c.again(c.create)
		return
	}
	if err != nil {
		c.w.breach("customer %d: billCreate answers an internal error: %v", c.number, err)
		c.again(c.create)
		return
	}
	c.say("%s: bill %s%s", c.plan, c.w.trace.name("bill", out.Bill.String()), outcomeWords(out))
	if out.Bill.IsZero() {
		if invited(out) {
			c.again(c.create)
		}
		return
	}
	first := c.bill.IsZero()
	if !first && c.bill != out.Bill {
		c.w.breach("one key of billCreate made %s and %s", c.bill, out.Bill)
	}
	c.bill = out.Bill
	if invited(out) && c.tries < mostTries {
		c.again(c.create)
	}
	if !first {
		return
	}
	c.w.result.Bills++
	if c.w.chance(0.1) { // a client that repeats what it need not
		c.soon(0, time.Minute, c.create)
	}
	c.look()
	c.goOn()
	c.mayReturn()
	if c.held || c.plan == switches || c.plan == hasTwoTabs {
		c.soon(time.Minute, 3*time.Hour, c.merchant)
	}
}

// again repeats an act after a while, so often and no more.
func (c *customer) again(do func()) {
	if c.tries < mostTries {
		c.soon(3*time.Second, 3*time.Minute, do)
	}
}

// invited reports whether an outcome advises to repeat the call with its key.
func invited(out *billing.Outcome) bool {
	for _, e := range out.Errors {
		if e.Retry == pay.RetrySameKey {
			return true
		}
	}
	return false
}

func outcomeWords(out *billing.Outcome) string {
	text := ""
	if out.Replayed {
		text = " replayed"
	}
	for _, e := range out.Errors {
		text += " " + string(e.Code) + " " + e.Key
	}
	return text
}

// look reads the bill as its owner does, and keeps what it says.
func (c *customer) look() {
	var b *ent.Bill
	var err error
	var next *billing.NextAction
	alive := c.w.call(func() {
		b, err = c.w.bills.Bill(c.owner(), c.bill.String(), billing.Want{Attempts: true})
		if b != nil {
			next = billing.NextActionOf(b, b.Edges.Attempts, c.w.clock.Now())
		}
	})
	switch {
	case !alive:
		return
	case err != nil:
		c.w.breach("bill %s cannot be read: %v", c.bill, err)
		return
	case b == nil:
		c.w.breach("bill %s was acknowledged, and its owner does not see it", c.bill)
		return
	case b.Version < c.version:
		c.w.breach("bill %s went back from version %d to %d", c.bill, c.version, b.Version)
	}
	c.version = b.Version
	if c.told != b.Status {
		c.told = b.Status
		c.say("sees %s version %d", b.Status, b.Version)
	}
	if next != nil && next.Redirect != nil {
		c.sentTo(next.Redirect.URL, b.Edges.Attempts)
	}
}

// sentTo remembers a page.
func (c *customer) sentTo(to string, attempts []*ent.Attempt) {
	for _, p := range c.pages {
		if p.url == to {
			return
		}
	}
	for _, a := range attempts {
		if a.RedirectURL != nil && *a.RedirectURL == to {
			c.pages = append(c.pages, page{url: to, account: a.Account, order: a.OrderNumber})
			c.say("is sent to the page of %s at %s", c.w.trace.name("order", a.OrderNumber), a.Account)
		}
	}
}

// goOn plans what the customer does, now that the bill is there.
func (c *customer) goOn() {
	pays := func() { c.pay("approve") }
	switch c.plan {
	case paysAtOnce:
		c.soon(10*time.Second, 8*time.Minute, pays)
	case triesTwice:
		c.soon(10*time.Second, 10*time.Minute, func() {
			c.pay("decline")
			if c.w.chance(0.3) {
				c.wish(c.another(), func() {})
			}
			c.soon(10*time.Second, 5*time.Minute, pays)
		})
	case leaves:
		c.soon(10*time.Second, 20*time.Minute, func() { c.pay("abandon") })
	case leavesAndPays:
		c.soon(10*time.Second, 10*time.Minute, func() {
			c.pay("abandon")
			c.soon(time.Minute, 30*time.Minute, pays)
		})
	case never:
	case byCard, byWallet:
		c.soon(time.Second, 10*time.Minute, c.look)
		c.soon(time.Hour, 3*time.Hour, c.look)
	case paysLate:
		c.soon(11*time.Minute, 59*time.Minute, pays)
	case comesTooLate:
		c.soon(58*time.Minute, 3*time.Hour, pays)
	case hasTwoTabs:
		c.soon(10*time.Second, 10*time.Minute, func() {
			c.wish(c.another(), func() {
				for at := range min(2, len(c.pages)) {
					p := c.pages[len(c.pages)-1-at]
					c.soon(5*time.Second, 10*time.Minute, func() { c.payOn(p, "approve") })
				}
			})
		})
	case switches:
		c.soon(10*time.Second, 10*time.Minute, func() { c.wish(c.another(), func() { c.soon(5*time.Second, 10*time.Minute, pays) }) })
	case cancels:
		c.soon(10*time.Second, 30*time.Minute, func() { c.cancel(c.w.newKey(), 1) })
	case cancelsPays:
		c.soon(10*time.Second, 10*time.Minute, func() { c.cancel(c.w.newKey(), 1) })
		c.soon(time.Minute, 40*time.Minute, pays)
	case paysCancels:
		c.soon(10*time.Second, 10*time.Minute, func() {
			c.pay("approve")
			c.soon(time.Millisecond, 2*time.Minute, func() { c.cancel(c.w.newKey(), 1) })
		})
	}
}

// another returns an account that is not the newest page's.
func (c *customer) another() string {
	all := []string{oneStage, secondOne, twoStage, secondHeld}
	n := c.w.random.IntN(len(all))
	if len(c.pages) > 0 && all[n] == c.pages[len(c.pages)-1].account {
		n = (n + 1) % len(all)
	}
	return all[n]
}

// wish asks for a page of an account by billPay, and goes on with then once that
// was answered.
func (c *customer) wish(account string, then func()) {
	if c.opened++; c.opened > mostTries {
		return
	}
	c.wishAs(c.w.newKey(), account, 1, then)
}

func (c *customer) wishAs(key, account string, try int, then func()) {
	var out *billing.Outcome
	var err error
	alive := c.w.call(func() {
		out, err = c.w.bills.Pay(c.owner(), billing.NewPayment{Key: key, Bill: c.bill.String(), PayWith: &billing.PayWith{Provider: &account}})
	})
	repeat := func() {
		if try < mostTries {
			c.soon(3*time.Second, 3*time.Minute, func() { c.wishAs(key, account, try+1, then) })
		}
	}
	switch {
	case !alive:
		c.say("got no answer to billPay")
		repeat()
		return
	case err != nil:
		c.w.breach("customer %d: billPay answers an internal error: %v", c.number, err)
		return
	}
	c.say("billPay %s%s", account, outcomeWords(out))
	if invited(out) {
		repeat()
		return
	}
	c.look()
	then()
}

// pay pays on the newest page, and asks for one when there is none.
func (c *customer) pay(outcome string) {
	c.look()
	if len(c.pages) == 0 {
		if c.told != pay.BillPending {
			return
		}
		c.wish(c.another(), func() { c.soon(5*time.Second, 5*time.Minute, func() { c.pay(outcome) }) })
		return
	}
	c.payOn(c.pages[len(c.pages)-1], outcome)
}

// payOn plays the payer on one page, and what follows: the notification, the way
// back, an impatient look.
func (c *customer) payOn(p page, outcome string) {
	w := c.w
	var paid struct{ State, ErrCode, ReturnURL string }
	status := w.ask(http.MethodPost, "/_control/pay", map[string]string{"url": p.url, "outcome": outcome}, &paid)
	c.say("%s on the page of %s: %d %s %s", outcome, w.trace.name("order", p.order), status, paid.State, paid.ErrCode)
	if status != http.StatusOK {
		return
	}
	switch paid.State {
	case "Charged":
		w.notice(p.account, p.order, "EnginePaySuccess")
	case "Authorized":
		w.notice(p.account, p.order, "EngineBlockSuccess")
	case "Rejected":
		w.notice(p.account, p.order, "EnginePayFail")
	}
	if outcome != "abandon" && w.chance(0.7) {
		c.soon(time.Second, 20*time.Second, func() { c.comeBack(paid.ReturnURL) })
	}
	if w.chance(0.4) {
		c.soon(time.Second, 2*time.Minute, c.refresh)
	}
	c.soon(time.Second, 30*time.Minute, c.look)
	c.soon(time.Hour, 3*time.Hour, c.look)
}

// comeBack is the browser on our own return page.
func (c *customer) comeBack(to string) {
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(u.Path, "/return/") {
		c.w.fail(fmt.Errorf("the provider sends the payer to %q", to))
		return
	}
	var shop string
	alive := c.w.call(func() { shop, err = c.w.bills.Return(c.w.ctx, path.Base(u.Path)) })
	switch {
	case !alive:
		c.say("found nobody on the return page")
	case err != nil:
		c.w.breach("customer %d: the return page answers an error: %v", c.number, err)
	case !strings.HasPrefix(shop, shopOrigin):
		c.w.breach("customer %d: the return page leads to %q", c.number, shop)
	default:
		c.say("came back")
		c.soon(time.Second, 10*time.Second, c.look)
	}
}

// refresh asks the program to ask now.
func (c *customer) refresh() {
	var out *billing.Outcome
	var err error
	alive := c.w.call(func() { out, err = c.w.bills.Refresh(c.owner(), c.bill.String()) })
	switch {
	case !alive:
	case err != nil:
		c.w.breach("customer %d: billRefresh answers an internal error: %v", c.number, err)
	default:
		c.say("billRefresh%s", outcomeWords(out))
		c.look()
	}
}

// cancel ends the bill, as its owner or, for a hold, the merchant.
func (c *customer) cancel(key string, try int) {
	var out *billing.Outcome
	var err error
	alive := c.w.call(func() { out, err = c.w.bills.Cancel(c.owner(), key, c.bill.String()) })
	repeat := func() {
		if try < mostTries {
			c.soon(3*time.Second, 3*time.Minute, func() { c.cancel(key, try+1) })
		}
	}
	switch {
	case !alive:
		c.say("got no answer to billCancel")
		repeat()
	case err != nil:
		c.w.breach("customer %d: billCancel answers an internal error: %v", c.number, err)
	default:
		c.say("billCancel%s", outcomeWords(out))
		if invited(out) {
			repeat()
		}
		c.look()
	}
}
