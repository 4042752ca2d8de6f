package payturesandbox

import (
	"crypto/subtle"
	"net/http"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// operation is what Charge, Unblock and Refund have in common.
type operation struct {
	from  State                                // the only state it works in
	slow  string                               // the test card's step that takes 40 s
	fails func(testCard) Code                  // the test card's refusal of it
	limit func(*order) int64                   // the largest Amount, and the one meant when absent
	exact bool                                 // Amount may not be lower than limit
	apply func(*order, int64) sandbox.Movement // does it and returns the money that moved
	reply func(*order, int64) attribute
	event string // of the notification; "" sends none
}

// charge takes held money, all of it or less, once (docs, inpay/charge).
func (v *Vendor) charge() operation {
	return operation{
		from: StateAuthorized, slow: "charge", event: "EngineCharge",
		fails: func(c testCard) Code { return c.chargeFails },
		limit: func(o *order) int64 { return o.Held },
		apply: func(o *order, amount int64) sandbox.Movement {
			o.State, o.Charged, o.Held = StateCharged, v.host.TakenMinor(amount), 0
			return sandbox.Movement{CapturedMinor: o.Charged}
		},
		// Payture says what it was asked to take; GetState says what it took.
		reply: func(_ *order, amount int64) attribute { return kopecks("Amount", amount) },
	}
}

// unblock releases the whole hold (docs, inpay/unblock). Older documents had an
// Amount; a wrong one was AMOUNT_ERROR. Payture has no notification for it.
func (v *Vendor) unblock() operation {
	return operation{
		from: StateAuthorized, slow: "unblock", exact: true,
		fails: func(c testCard) Code { return c.unblockFail },
		limit: func(o *order) int64 { return o.Held },
		apply: func(o *order, _ int64) sandbox.Movement {
			o.State, o.Held = StateVoided, 0
			return sandbox.Movement{}
		},
		reply: func(*order, int64) attribute { return kopecks("NewAmount", 0) },
	}
}

// refund gives back all that is left or a part, any number of times (docs,
// payture-api/refund). Nothing makes a repeated refund the same one.
func (v *Vendor) refund() operation {
	return operation{
		from: StateCharged, slow: "refund", event: "EngineRefund",
		fails: func(c testCard) Code { return c.refundFails },
		limit: func(o *order) int64 { return o.Charged - o.Refunded },
		apply: func(o *order, amount int64) sandbox.Movement {
			o.Refunded += amount
			if o.Refunded == o.Charged {
				o.State = StateRefunded
			}
			return sandbox.Movement{RefundedMinor: amount}
		},
		reply: func(o *order, _ int64) attribute { return kopecks("NewAmount", o.Charged-o.Refunded) },
	}
}

// inPay is an operation as a command of InPay's.
func (v *Vendor) inPay(op operation) func(*http.Request, fields) reply {
	return func(r *http.Request, f fields) reply {
		terminal, code := v.terminal(f)
		if code != "" {
			return refused(code)
		}
		return v.operate(r, terminal, f, op)
	}
}

func (v *Vendor) operate(r *http.Request, terminal Account, f fields, op operation) reply {
	if subtle.ConstantTimeCompare([]byte(f.get("Password")), []byte(terminal.Password)) != 1 {
		return refused(CodeAccessDenied)
	}
	if f.get("OrderId") == "" {
		return refused(CodeWrongParams)
	}
	id := attribute{"OrderId", f.get("OrderId")}
	asked, code := f.amount()
	if code != "" {
		return refused(code, id)
	}
	if !isCheque(f.get("Cheque")) {
		return refused(CodeFormatError, id)
	}
	o := v.find(terminal, f)
	if o == nil {
		return refused(CodeOrderNotFound, id)
	}

	o.op.Lock()
	defer o.op.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.age(o, v.host.Now())
	if o.State != op.from {
		return refused(CodeIllegalOrderState, id)
	}
	amount := op.limit(o)
	if asked > amount || op.exact && asked != 0 && asked != amount {
		return refused(CodeAmountError, id)
	}
	if asked != 0 {
		amount = asked
	}
	card := cardByMask(o.Card)
	if card.slow == op.slow && !v.slow(r.Context()) {
		return refused(CodeInternalError, id)
	}
	code = op.fails(card)
	var money sandbox.Movement
	if code == "" {
		money = op.apply(o, amount)
	} else {
		// transaction-statuses: Error, the last operation failed. What was
		// held or taken before stays so, and no operation works any more.
		o.State = StateError
	}
	c := v.kept(o)
	entry := o.movement()
	entry.CapturedMinor, entry.RefundedMinor = money.CapturedMinor, money.RefundedMinor
	c.Book = []sandbox.Movement{entry}
	if op.event != "" {
		c.Notify = v.notice(o, op.event, amount, code, false)
	}
	v.host.Commit(c)
	if code != "" {
		return refused(code, id)
	}
	return accepted(id, op.reply(o, amount))
}

func (v *Vendor) find(terminal Account, f fields) *order {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.orders[orderKey{terminal.Key, f.get("OrderId")}]
}
