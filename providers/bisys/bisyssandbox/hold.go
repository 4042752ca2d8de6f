package bisyssandbox

// confirm takes the money of a held payment, or less of it (siblings,
// /provision-services/confirm). amount is the supplier's part, without the fee,
// which is taken in full.
func (v *Vendor) confirm(c call) (any, *refusal) {
	r := reader{f: c.f}
	num := r.required("regPayNum")
	r.text("orderId")
	amount := int64(0)
	if r.text("amount") != "" {
		amount = r.minor("amount", 1)
	}
	if r.bad != nil {
		return nil, r.bad
	}
	p, no := v.held(c, num)
	if no != nil {
		return nil, no
	}
	if amount > p.Amount {
		return nil, invalid("amount")
	}
	if amount > 0 {
		p.Amount = amount
	}
	v.capture(p)
	return done("the payment is confirmed"), nil
}

// release lets the money of a held payment go (siblings,
// /provision-services/refund).
func (v *Vendor) release(c call) (any, *refusal) {
	r := reader{f: c.f}
	num := r.required("regPayNum")
	r.text("orderId")
	if r.bad != nil {
		return nil, r.bad
	}
	p, no := v.held(c, num)
	if no != nil {
		return nil, no
	}
	v.move(p, StateRefunded)
	return done("the hold is released"), nil
}

// held finds a held payment. The seed's error list is lost: another state is
// answered as an invalid regPayNum.
func (v *Vendor) held(c call, num string) (*payment, *refusal) {
	p := v.paymentOf(c.shop, num)
	switch {
	case p == nil:
		return nil, noPayment()
	case p.State != StateHeld:
		return nil, invalid("regPayNum")
	}
	return p, nil
}
