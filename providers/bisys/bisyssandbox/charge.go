package bisyssandbox

// charge takes a recurrent payment from a saved card, without the payer. The
// reply's payUrl is then the receipt. A card whose bank asks for 3-D Secure
// raises NeedPass3dsException: at once, or, for one that says so at the status
// only, when the payment is asked for. The payment exists in either case.
//
// What enableSMSConfirm does is not stated ("controls 3-DS support"): false, and
// nothing else, makes the bank refuse such a card instead.
func (v *Vendor) charge(c call, p *payment, saved *card, sms string) (any, *refusal) {
	test := cardByMask(saved.Mask)
	p.CardToken, p.Mask = saved.Token, saved.Mask
	v.add(p)
	switch {
	case saved.Refuses != "":
		v.reject(p, failure{saved.Refuses, "RC=" + saved.Refuses + ": the bank refused the payment"})
	case saved.Expired:
		v.reject(p, failedExpired())
	case test.asksCharge == asksNever:
		v.take(p)
	case sms == "false":
		v.reject(p, failedNo3DS())
	default:
		v.askBank(p, saved.Mask)
		if test.asksCharge == asksAtOnce {
			return nil, needs3DS(p.RegPayNum, c.base+p.path(pageSecure))
		}
	}
	reply := p.opened(c.base)
	reply.PayURL = c.base + p.path(pageReceipt)
	return reply, nil
}

// askBank sends the payer of p to the bank's 3-D Secure page. v.mu must be held.
func (v *Vendor) askBank(p *payment, mask string) {
	p.Mask, p.Step, p.StepAt = mask, true, v.host.Now()
	v.host.Commit(kept(p))
}

// answerBank is the payer's password. It does nothing when the bank asks no
// more. v.mu must be held.
func (v *Vendor) answerBank(p *payment, password string) {
	v.age(p)
	switch {
	case p.State != StateCreated || !p.Step:
	case password != securePassword:
		v.reject(p, failedPassword())
	default:
		v.take(p)
	}
}
