package payturesandbox

import "net/http"

// getState says where an order is (docs, inpay/get-state). It needs no
// password.
func (v *Vendor) getState(_ *http.Request, f fields) reply {
	terminal, code := v.terminal(f)
	if code != "" {
		return refused(code)
	}
	return v.state(terminal, f, CodeOrderNotFound, (*order).fullState)
}

// fullState is GetState's answer.
func (o *order) fullState() reply {
	return accepted(
		attribute{"OrderId", o.OrderID},
		attribute{"State", string(o.State)},
		attribute{"Forwarded", "False"},
		attribute{"MerchantContract", o.Key},
		kopecks("Amount", o.amountNow()),
		attribute{"RRN", o.RRN},
	)
}

// payStatus is the deprecated form of getState.
func (v *Vendor) payStatus(_ *http.Request, f fields) reply {
	terminal, code := v.terminal(f)
	if code != "" {
		return refused(code)
	}
	return v.state(terminal, f, CodeOrderNotFound, func(o *order) reply {
		return accepted(
			attribute{"OrderId", o.OrderID},
			kopecks("Amount", o.amountNow()),
			attribute{"State", string(o.State)},
		)
	})
}

// state answers for both, and for eWallet's; unknown is the code for an order
// that is not there. Before the first card PayStatus says NONE, which is
// no error, and ORDER_TIME_OUT once the session is over; the documents are
// silent on GetState then, so it says the same. An order that a card was
// tried on keeps its state when the session ends.
func (v *Vendor) state(terminal Account, f fields, unknown Code, view func(*order) reply) reply {
	if f.get("OrderId") == "" {
		return refused(CodeWrongParams)
	}
	id, forwarded := attribute{"OrderId", f.get("OrderId")}, attribute{"Forwarded", "False"}
	o := v.find(terminal, f)
	if o == nil {
		return refused(unknown, id, forwarded)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.host.Now()
	v.age(o, now)
	switch {
	case o.State != StateNew:
		return view(o)
	case o.expired(now):
		return refused(CodeOrderTimeOut, id, forwarded)
	}
	return refused(CodeNone, id, forwarded)
}
