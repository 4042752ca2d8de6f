package bisyssandbox

import (
	"strconv"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// refundReply is our own: the seed has lost the reply's members.
type refundReply struct {
	resultReply
	RegPayNum       string `json:"regPayNum"`
	RefundAmount    string `json:"refundAmount"`
	RemainingAmount string `json:"remainingAmount"`
}

// resultReply is the vendor's short yes.
type resultReply struct {
	ResultState string `json:"resultState"`
	Desc        string `json:"desc"`
}

func done(desc string) resultReply { return resultReply{ResultState: "success", Desc: desc} }

// refund gives back a part or all of a payment (seed, "Возврат платежа"). The
// rules are ours: the payment must be payed or processed, and refundAmount and
// remainingAmount must add up to what is not yet given back, fee included. So a
// repeated request is refused. Nothing left makes the payment refunded; a part
// changes neither its state nor its totalAmount.
func (v *Vendor) refund(c call) (any, *refusal) {
	r := reader{f: c.f}
	num, amount, remaining := r.required("regPayNum"), r.minor("refundAmount", 0), r.minor("remainingAmount", 0)
	r.required("note")
	if r.bad != nil {
		return nil, r.bad
	}
	p := v.paymentOf(c.shop, num)
	switch {
	case p == nil:
		return nil, noPayment()
	case p.isCheck():
		return nil, noRefund("a card check is returned by itself")
	case p.State != StatePayed && p.State != StateProcessed:
		return nil, noRefund("the payment is " + string(p.State))
	case amount == 0:
		return nil, noRefund("refundAmount is 0")
	case amount+remaining != p.Taken-p.Refunded:
		return nil, noRefund("refundAmount and remainingAmount do not add up to what is left")
	}
	p.Refunded += amount
	if remaining == 0 {
		p.State = StateRefunded
	}
	change := kept(p)
	m := p.movement()
	m.RefundedMinor = amount
	change.Book = []sandbox.Movement{m}
	v.host.Commit(change)
	return refundReply{
		resultReply: done("the refund is accepted"), RegPayNum: p.RegPayNum,
		RefundAmount: strconv.FormatInt(amount, 10), RemainingAmount: strconv.FormatInt(remaining, 10),
	}, nil
}
