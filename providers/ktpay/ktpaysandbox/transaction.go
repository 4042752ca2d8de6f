package ktpaysandbox

import (
	"sync"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

const recordTransaction = "transaction"

// State is KTPay's word for where a transaction is (README, "Статусы
// транзакции").
type State string

// KTPay's states.
const (
	StatePending    State = "pending"    // no card that the bank took yet; the payer acts
	StateAuthorized State = "authorized" // money is held; a service is credited next
	StateSuccess    State = "success"    // the clearing is not over
	StateCompleted  State = "completed"  // final: money is taken
	StateError      State = "error"      // final: failed while executing
	StateDenied     State = "denied"     // final: refused by the bank, the service or KTPay
)

func (s State) isFinal() bool {
	switch s {
	case StateCompleted, StateError, StateDenied:
		return true
	case StatePending, StateAuthorized, StateSuccess:
		return false
	}
	return false
}

// isGood reports whether the payer has paid, as far as anybody knows yet.
func (s State) isGood() bool {
	switch s {
	case StateAuthorized, StateSuccess, StateCompleted:
		return true
	case StatePending, StateError, StateDenied:
		return false
	}
	return false
}

// Error types of a notification.
const (
	errorPayment = "ERROR_PAYMENT" // while the payment ran
	errorInput   = "ERROR_INPUT"   // while the card was typed
	errorSystem  = "ERROR_SYSTEM"  // inside KTPay
)

// failure is why a transaction ended without money.
type failure struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Code    string `json:"code,omitempty"` // the acquirer's
}

type orderKey struct{ appID, orderID string }

// transaction is one order of one merchant. The record is guarded by
// Vendor.mu. op lets one attempt or step at a time work on it, however slow it
// is; it is locked before Vendor.mu.
type transaction struct {
	op sync.Mutex
	record
}

// record is what the state file keeps of a transaction. Amounts are tiyin.
type record struct {
	ID          int64     `json:"id"` // in the name of the receipt
	AppID       string    `json:"appId"`
	OrderID     string    `json:"orderId"`
	Hash        string    `json:"hash"`
	AmountMinor int64     `json:"amountMinor"` // as ordered
	Type        string    `json:"type"`
	ServiceID   int64     `json:"serviceId,omitempty"`
	Contract    string    `json:"contract,omitempty"`
	Description string    `json:"description,omitempty"`
	ShowClose   bool      `json:"showClose"`
	Callbacks   Callbacks `json:"callbacks"`      // the merchant's included
	Seen        string    `json:"seen,omitempty"` // the trusted origin it came from last
	CreatedAt   time.Time `json:"createdAt"`

	State      State      `json:"state"`
	StateAt    time.Time  `json:"stateAt"`
	Slips      int        `json:"slips,omitempty"` // how often the bank found the card's data wrong
	Challenge  *challenge `json:"challenge,omitempty"`
	Card       string     `json:"card,omitempty"` // mask of the last card that the bank saw
	Code       string     `json:"code,omitempty"` // of the last slip, or of the failure
	Failure    *failure   `json:"failure,omitempty"`
	DueAt      time.Time  `json:"dueAt,omitzero"`       // when the service answers
	TakenMinor int64      `json:"takenMinor,omitempty"` // 0 until completed
}

// challenge is a 3-D Secure step that waits for its answer.
type challenge struct {
	ID   string `json:"id"`
	Mask string `json:"mask"`
	Code string `json:"code,omitempty"` // what the bank says after it; "" is yes
}

func (x *transaction) key() orderKey { return orderKey{x.AppID, x.OrderID} }

// pageURL is the way to the widget page from itself.
func (x *transaction) pageURL() string { return prefix + pagePath + "?hash=" + x.Hash }

// kept is x for the state file. v.mu must be held until it is committed.
func (x *transaction) kept() []sandbox.Record {
	return []sandbox.Record{{Kind: recordTransaction, ID: x.Hash, Value: x.record}}
}

// movement is x's line in the book as it stands.
func (x *transaction) movement() sandbox.Movement {
	return sandbox.Movement{
		Account: x.AppID, OrderRef: x.OrderID, Kind: sandbox.KindPayment, AmountMinor: x.AmountMinor,
		Currency: string(pay.KZT), State: string(x.State),
	}
}

// amountNow is what was taken, or else what is to be taken.
func (x *transaction) amountNow() int64 {
	if x.TakenMinor > 0 {
		return x.TakenMinor
	}
	return x.AmountMinor
}

// next is where the payer's browser is sent and whether that happens without
// the receipt being shown. Empty is KTPay's own standard page.
func (x *transaction) next() (address string, atOnce bool) {
	force, after := x.Callbacks.ForceFailed, x.Callbacks.Failed
	if x.State.isGood() {
		force, after = x.Callbacks.ForceSuccess, x.Callbacks.Success
	}
	for _, address := range []string{force, x.Callbacks.ForceBack} {
		if address != "" {
			return address, true
		}
	}
	if after != "" {
		return after, false
	}
	return x.Callbacks.Back, false
}
