package payturesandbox

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// Pay plays the payer for /_control/pay: the card goes the way of the page's
// form, the 3-D Secure step that of the bank's page.
func (v *Vendor) Pay(ctx context.Context, p sandbox.Payer) (sandbox.Paid, error) {
	o := v.session(p.URL)
	if o == nil {
		return sandbox.Paid{}, sandbox.ErrNoPage
	}
	number := p.Card
	if number == "" {
		number = v.withSaved(o, cardForm{pan: testCards()[0].pan, saved: true}).pan
	}
	card, known := findCard(number)
	if !known {
		return sandbox.Paid{}, sandbox.ErrCard
	}
	form := cardForm{pan: card.pan, date: card.date(v.host.Now()), cvc: card.code(), holder: "SANDBOX PAYER"}
	challenge, code := v.submit(ctx, o, attempt{form: form, card: card, outcome: p.Outcome})
	if code == CodeInternalError {
		return sandbox.Paid{}, fmt.Errorf("pay session %s: the sandbox is closing", o.SessionID)
	}
	if challenge != "" && p.Outcome != sandbox.OutcomeAbandon {
		v.answer(o, challenge, true)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if t := o.last(); code == "" && t != nil {
		code = t.Code
	}
	if o.paid() {
		code = ""
	}
	return sandbox.Paid{
		State: v.outcome(o), Provider: v.Name(), OrderRef: o.movement().OrderRef, ErrCode: string(code), ReturnURL: o.returnURL(),
	}, nil
}

// session finds the order behind a payment page's URL, or nil.
func (v *Vendor) session(u *url.URL) *order {
	f := fields{}
	for name, values := range u.Query() {
		f.put(name, values[0])
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	o := v.sessions[f.get("SessionId")]
	if o == nil || !strings.EqualFold(u.Path, o.page()) {
		return nil
	}
	return o
}
