package payelatasandbox

import (
	"context"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// Pay plays the payer for /_control/pay: the card goes the way of the page's
// form, the 3-D Secure step that of the bank's page. A card may carry an expiry
// date, 4302912837020000/0933, which decides the resolution; without one a failing
// card is insufficient_funds. No card is the saved one, or the plain successful
// one. The bank's page that a sale led to is answered there.
func (v *Vendor) Pay(_ context.Context, p sandbox.Payer) (sandbox.Paid, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if challenge, isBank := strings.CutPrefix(p.URL.Path, bankPath("")); isBank {
		return v.payAtBank(challenge, p.Outcome)
	}
	sid, isPage := strings.CutPrefix(p.URL.Path, "/payelata/cardgate/hpp/")
	i := v.sessions[sid]
	if !isPage || i == nil {
		return sandbox.Paid{}, sandbox.ErrNoPage
	}
	var a attempt
	if p.Card == "" && i.Token != "" {
		a = v.savedAttempt(i)
	} else {
		number, expiry, _ := strings.Cut(p.Card, "/")
		if number == "" {
			number = testCards()[0].pan
		}
		card, known := findCard(number)
		if expiry == "" {
			expiry = expiryPlain
			if card.fails {
				expiry = expiryFunds
			}
		}
		form := cardForm{pan: number, expiry: expiry, cvv: "123", holder: sandboxHolder}
		if !known || form.mmyy() == "" {
			return sandbox.Paid{}, sandbox.ErrCard
		}
		a = newAttempt(card, form)
	}
	a.outcome = p.Outcome
	if challenge := v.submit(i, a); challenge != "" && p.Outcome != sandbox.OutcomeAbandon {
		v.confirm(challenge, true)
	}
	return v.paid(i), nil
}

// payAtBank answers the bank's page. v.mu must be held.
func (v *Vendor) payAtBank(challenge string, outcome sandbox.Outcome) (sandbox.Paid, error) {
	i := v.asking(challenge)
	if i == nil {
		return sandbox.Paid{}, sandbox.ErrNoPage
	}
	if outcome != sandbox.OutcomeAbandon {
		v.confirm(challenge, outcome == sandbox.OutcomeApprove)
	}
	return v.paid(i), nil
}

// paid is how an invoice stands after a visit. v.mu must be held.
func (v *Vendor) paid(i *invoice) sandbox.Paid {
	paid := sandbox.Paid{State: string(i.Status), Provider: v.Name(), OrderRef: i.ReferenceID, ReturnURL: i.returnURL()}
	if i.Resolution != resolutionOK {
		paid.ErrCode = i.Resolution
	}
	return paid
}
