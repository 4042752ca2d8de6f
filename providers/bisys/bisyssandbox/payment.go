package bisyssandbox

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// State is where a payment is, in bisys' words and its spelling. The seed's list
// is lost; these are the siblings'.
type State string

// The states of a payment, and who moves it on. StateError, a posting that went
// wrong after the money was taken, is not simulated.
const (
	StateCreated   State = "created"   // the payer has not finished, or is at the bank's page
	StateHeld      State = "holded"    // held: the merchant confirms or cancels it, or time releases it
	StatePayed     State = "payed"     // the money is taken; processed follows by itself
	StateProcessed State = "processed" // the supplier has it; only a refund may follow
	StateRejected  State = "rejected"  // refused, or too late; final
	StateRefunded  State = "refunded"  // all of it given back, or the hold let go; final
)

const recordPayment = "payment"

// Pages of a payment.
const (
	pageCard    = "/cardpay/card"
	pageSecure  = "/cardpay/secure"
	pageReceipt = "/cardpay/receipt"
)

// payment is one regPayNum, as the state file keeps it. Amounts are tiyin. It is
// guarded by Vendor.mu.
type payment struct {
	Shop        string        `json:"shop"`
	RegPayNum   string        `json:"regPayNum"`
	OrderID     string        `json:"orderId"` // in its pages' addresses
	Kind        string        `json:"kind"`
	ServiceCode string        `json:"serviceCode,omitempty"`
	Amount      int64         `json:"amount"`    // for the supplier
	Comission   int64         `json:"comission"` // on top of Amount
	Properties  []pair        `json:"properties,omitempty"`
	Items       []item        `json:"items,omitempty"`
	Note        string        `json:"note,omitempty"`
	UserToken   string        `json:"userToken"`
	BestBefore  time.Time     `json:"bestBefore,omitzero"`
	HoldTTL     time.Duration `json:"holdTtlNs,omitempty"` // more than 0: it is held first
	SuccessURL  string        `json:"successUrl,omitempty"`
	FailURL     string        `json:"failUrl,omitempty"`
	NotifyURL   string        `json:"notifyUrl,omitempty"`
	KeepCard    bool          `json:"keepCard,omitempty"` // the card is saved when it pays
	CreatedAt   time.Time     `json:"createdAt"`

	State     State     `json:"state"`
	CardToken string    `json:"cardToken,omitempty"` // the saved card that it charges
	Mask      string    `json:"mask,omitempty"`      // of the card that was given
	Step      bool      `json:"step,omitempty"`      // the bank's 3-D Secure page is asked
	StepAt    time.Time `json:"stepAt,omitzero"`
	HeldAt    time.Time `json:"heldAt,omitzero"`
	PayedAt   time.Time `json:"payedAt,omitzero"`
	Taken     int64     `json:"taken,omitempty"`
	Refunded  int64     `json:"refunded,omitempty"`
	Failure   failure   `json:"failure,omitzero"`
}

// failure is why a payment was refused. RC 05 is the seed's, of its test cards;
// 54 is the same banks' code for a card past its date; the rest are ours.
type failure struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

func failedByBank() failure { return failure{"05", "RC=05: the bank refused the payment"} }
func failedExpired() failure {
	return failure{"54", "RC=54: the card has expired"}
}

func failedPassword() failure {
	return failure{"1002", "3-D Secure: wrong password"}
}

func failedStep() failure {
	return failure{"1003", "3-D Secure: not passed in time"}
}

func failedLate() failure {
	return failure{"1004", "the order's time to pay is over"}
}

func failedCancel() failure {
	return failure{"1006", "3-D Secure: the payer refused"}
}

func failedNo3DS() failure {
	return failure{"1005", "3-D Secure is needed and the shop has switched it off"}
}

// total is what the payer pays.
func (p *payment) total() int64 { return p.Amount + p.Comission }

// totalNow is what the payer paid, and before that what is ordered. Refunds do
// not lessen it.
func (p *payment) totalNow() int64 {
	if p.Taken > 0 {
		return p.Taken
	}
	return p.total()
}

func (p *payment) isCheck() bool { return p.Kind == kindCard }

// charges reports whether p takes its money from a saved card, without a form.
func (p *payment) charges() bool { return p.CardToken != "" }

// isPaid reports whether money was taken or is held, whatever came after.
func (p *payment) isPaid() bool { return p.Taken > 0 || !p.HeldAt.IsZero() }

func (p *payment) path(page string) string { return page + "?order=" + p.OrderID }

// next is the page that the payer should see.
func (p *payment) next() string {
	switch {
	case p.State != StateCreated:
		return p.path(pageReceipt)
	case p.Step:
		return p.path(pageSecure)
	}
	return p.path(pageCard)
}

// returnURL is where the payer's browser goes from the receipt, "" if nowhere.
func (p *payment) returnURL() string {
	if p.isPaid() {
		return p.SuccessURL
	}
	return p.FailURL
}

// take ends a payment well: the money is held or taken, and the merchant is told
// once it is taken. v.mu must be held.
func (v *Vendor) take(p *payment) {
	if p.HoldTTL > 0 {
		p.State, p.HeldAt, p.Step = StateHeld, v.host.Now(), false
		c := kept(p)
		c.Book = []sandbox.Movement{p.movement()}
		v.host.Commit(c)
		return
	}
	v.capture(p)
}

// capture takes the money of p. A card check is given back at once. v.mu must be
// held.
func (v *Vendor) capture(p *payment) {
	p.State, p.PayedAt, p.Step = StatePayed, v.host.Now(), false
	if p.isCheck() {
		p.Taken, p.Refunded = p.total(), p.total()
	} else {
		p.Taken = v.host.TakenMinor(p.total())
	}
	c := kept(p)
	m := p.movement()
	m.CapturedMinor, m.RefundedMinor = p.Taken, p.Refunded
	c.Book = []sandbox.Movement{m}
	if p.isCheck() || p.KeepCard {
		v.keepCard(p, &c)
	}
	if !p.isCheck() {
		c.Notify = v.notice(p)
	}
	v.host.Commit(c)
}

// reject ends a payment that took nothing. v.mu must be held.
func (v *Vendor) reject(p *payment, why failure) {
	p.State, p.Failure, p.Step = StateRejected, why, false
	c := kept(p)
	if v.accounts[p.Shop].NotifyFailures && !p.isCheck() {
		c.Notify = v.notice(p)
	}
	v.host.Commit(c)
}

// age lets time act on a payment: it may be too late to pay, the bank's page may
// lapse, a hold is released, and what is payed becomes processed. A card check's
// word becomes refunded then: its money went back before. v.mu must be held.
func (v *Vendor) age(p *payment) {
	now := v.host.Now()
	over := func(since time.Time, d time.Duration) bool { return !now.Before(since.Add(d)) }
	switch {
	case p.State == StateCreated && !p.BestBefore.IsZero() && over(p.BestBefore, 0):
		v.reject(p, failedLate())
	case p.State == StateCreated && p.Step && over(p.StepAt, stepLife):
		v.reject(p, failedStep())
	case p.State == StateHeld && over(p.HeldAt, p.HoldTTL):
		v.move(p, StateRefunded)
	case p.State == StatePayed && over(p.PayedAt, v.host.Scaled(v.options.SettleAfter)) && p.isCheck():
		v.move(p, StateRefunded)
	case p.State == StatePayed && over(p.PayedAt, v.host.Scaled(v.options.SettleAfter)):
		v.move(p, StateProcessed)
	}
}

// move changes a payment's word and no money. v.mu must be held.
func (v *Vendor) move(p *payment, to State) {
	p.State = to
	c := kept(p)
	c.Book = []sandbox.Movement{p.movement()}
	v.host.Commit(c)
}

// kept is a change that keeps p's record.
func kept(p *payment) sandbox.Change {
	return sandbox.Change{Save: []sandbox.Record{{Kind: recordPayment, ID: p.RegPayNum, Value: p}}}
}

// movement tells the book p's present state; the caller adds the money.
func (p *payment) movement() sandbox.Movement {
	m := sandbox.Movement{
		Account: p.Shop, OrderRef: p.RegPayNum, Kind: sandbox.KindPayment,
		AmountMinor: p.total(), Currency: currency, State: string(p.State),
	}
	if p.isCheck() {
		m.Kind = sandbox.KindVerification
	}
	return m
}

// paymentOf finds a shop's payment, or nil, as time has left it. v.mu must be
// held.
func (v *Vendor) paymentOf(shop Account, regPayNum string) *payment {
	p := v.payments[regPayNum]
	if p == nil || p.Shop != shop.ShopToken {
		return nil
	}
	v.age(p)
	return p
}

// newID is a random UUID: a user's or a card's token, or a page's order.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newRegPayNum is eleven digits, as in the seed's 13693892457.
func newRegPayNum() string {
	n, err := rand.Int(rand.Reader, big.NewInt(90_000_000_000))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return n.Add(n, big.NewInt(10_000_000_000)).String()
}
