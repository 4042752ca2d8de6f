package payturesandbox

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

const recordOrder = "order"

// Session types (docs, inpay/init and ewallet/init).
const (
	typePay   = "Pay"   // one-stage: the payer's yes takes the money
	typeBlock = "Block" // two-stage: it is held until Charge or Unblock
	typeAdd   = "Add"   // eWallet's only: a card is checked and saved
)

type orderKey struct{ key, orderID string }

// order is one OrderId of one terminal, with its one session: InPay's and
// eWallet's alike. An Add session is an order without a number, and a payment
// by card id one without a session. The record is guarded by Vendor.mu. op lets one attempt or operation at a time work on the
// order, however slow it is; it is locked before Vendor.mu.
type order struct {
	op sync.Mutex
	record
}

// record is what the state file keeps of an order. Amounts are kopecks.
type record struct {
	Key         string    `json:"key"`
	OrderID     string    `json:"orderId"`
	SessionID   string    `json:"sessionId"`
	Type        string    `json:"type"`
	Amount      int64     `json:"amount"` // as ordered
	Product     string    `json:"product,omitempty"`
	Description string    `json:"description,omitempty"`
	URL         string    `json:"url,omitempty"` // with its placeholders
	Language    string    `json:"language"`
	CreatedAt   time.Time `json:"createdAt"`

	State    State     `json:"state"`
	Tries    []*try    `json:"tries,omitempty"`
	Held     int64     `json:"held,omitempty"`
	HeldAt   time.Time `json:"heldAt,omitzero"`
	Charged  int64     `json:"charged,omitempty"`
	Refunded int64     `json:"refunded,omitempty"`
	Card     string    `json:"card,omitempty"` // mask of the card that paid
	RRN      string    `json:"rrn,omitempty"`  // the bank's number, once the bank said yes

	Login  string `json:"login,omitempty"`  // eWallet: the customer; "" is an order of InPay's
	Saved  string `json:"saved,omitempty"`  // the customer's card that Init or Pay named
	CardID string `json:"cardId,omitempty"` // the customer's card that paid, or that was added
	IP     string `json:"ip,omitempty"`
}

// try is one card attempt of a session.
type try struct {
	State     State     `json:"state"`
	Code      Code      `json:"code,omitempty"` // why it was refused
	Card      string    `json:"card"`           // mask
	At        time.Time `json:"at"`
	Challenge string    `json:"challenge,omitempty"` // id of its 3-D Secure step
	Verdict   Code      `json:"verdict,omitempty"`   // what the bank will say: "" is yes

	Holder string `json:"holder,omitempty"` // eWallet, to save the card when the bank says yes
	Date   string `json:"date,omitempty"`   // the same: MM/YY
	PaRes  string `json:"paRes,omitempty"`  // a step that the merchant runs: the bank's answer, once it is given
}

func (o *order) key() orderKey { return orderKey{o.Key, o.OrderID} }

// id is the name of o's record.
func (o *order) id() string {
	if o.SessionID != "" {
		return o.SessionID
	}
	return o.Key + "/" + o.OrderID
}

func (o *order) isWallet() bool { return o.Login != "" }

// page is the address of o's hosted page, or "" when it has none.
func (o *order) page() string {
	switch {
	case o.SessionID == "":
		return ""
	case o.Type == typeAdd:
		return "/payture/vwapi/Add"
	case o.isWallet():
		return "/payture/vwapi/Pay"
	}
	return "/payture/apim/Pay"
}

func (o *order) pageURL() string { return o.page() + "?SessionId=" + o.SessionID }

// last is the newest attempt, or nil.
func (o *order) last() *try {
	if len(o.Tries) == 0 {
		return nil
	}
	return o.Tries[len(o.Tries)-1]
}

// paid reports whether a card attempt succeeded, whatever came after.
func (o *order) paid() bool { return o.RRN != "" }

func (o *order) expired(now time.Time) bool { return !now.Before(o.CreatedAt.Add(sessionLife)) }

func (o *order) triesLeft() int { return max(sessionTries-len(o.Tries), 0) }

// closed is why the session takes no card any more, or "". The documents do
// not say how Payture answers a second submit of a paid page: it is the code
// of a burnt order number here.
func (o *order) closed(now time.Time) Code {
	switch {
	case o.paid() || o.State == StateError:
		return CodeDuplicateOrderID
	case o.expired(now):
		return CodeOrderTimeOut
	case o.triesLeft() == 0:
		return CodeLimitExchaust
	}
	return ""
}

// amountNow is the Amount of GetState: what is ordered, held, or still charged.
func (o *order) amountNow() int64 {
	switch o.State {
	case StateCharged, StateRefunded:
		return o.Charged - o.Refunded
	case StateAuthorized:
		return o.Held
	case StateVoided, StateAuthorizationClosed, StateChargeback:
		return 0
	case StateNew, StatePreAuthorized3DS, StateRejected, StateError, StateObsolete:
		return o.Amount
	}
	return o.Amount
}

// age lets time act on an order: an unanswered 3-D Secure step is refused, a
// hold that nobody charged lapses. It commits what changed. v.mu must be held.
func (v *Vendor) age(o *order, now time.Time) {
	t := o.last()
	switch {
	case o.State == StatePreAuthorized3DS && !now.Before(t.At.Add(challengeLife)):
		t.State, t.Code, o.State = StateRejected, CodeThreeDSTimeOut, StateRejected
		v.host.Commit(v.kept(o))
	case o.State == StateAuthorized && !now.Before(o.HeldAt.Add(holdLife)):
		o.State, o.Held = StateAuthorizationClosed, 0
		c := v.kept(o)
		c.Book = []sandbox.Movement{o.movement()}
		v.host.Commit(c)
	}
}

// kept is a change that keeps o's record.
func (v *Vendor) kept(o *order) sandbox.Change {
	return sandbox.Change{Save: []sandbox.Record{{Kind: recordOrder, ID: o.id(), Value: o.record}}}
}

// movement tells the book o's present state; the caller adds the money. A card
// check is in the book under its session's id.
func (o *order) movement() sandbox.Movement {
	m := sandbox.Movement{
		Account: o.Key, OrderRef: o.OrderID, Kind: sandbox.KindPayment,
		AmountMinor: o.Amount, Currency: currency, State: string(o.State),
	}
	if o.Type == typeAdd {
		m.OrderRef, m.Kind = o.SessionID, sandbox.KindVerification
	}
	return m
}

// returnURL fills in the placeholders of Url, which are lower case (docs,
// inpay/init): {orderid}, and {success} as True or False.
func (o *order) returnURL() string {
	success := "False"
	if o.paid() {
		success = "True"
	}
	id := strings.ReplaceAll(url.QueryEscape(o.OrderID), "+", "%20")
	return strings.NewReplacer("{orderid}", id, "{success}", success).Replace(o.URL)
}

// newID is a random UUID, the form of Payture's SessionId.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newRRN is a bank's reference number, twelve digits.
func newRRN() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000_000_000))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return fmt.Sprintf("%012d", n)
}
