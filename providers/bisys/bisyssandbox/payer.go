package bisyssandbox

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// Pay plays the payer for /_control/pay, on the form, at the bank's page or at
// the receipt: the card goes the way of the form, the password that of the bank's
// page. A payment that is decided already only says how.
func (v *Vendor) Pay(_ context.Context, who sandbox.Payer) (sandbox.Paid, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.payerPage(who.URL)
	if p == nil {
		return sandbox.Paid{}, sandbox.ErrNoPage
	}
	card := testCards()[0]
	if who.Card != "" {
		known, ok := findCard(who.Card)
		if !ok {
			return sandbox.Paid{}, sandbox.ErrCard
		}
		card = known
	}
	v.give(p, card, goodCode, who.Outcome)
	if p.State == StateCreated && p.Step {
		switch who.Outcome {
		case sandbox.OutcomeApprove:
			v.answerBank(p, securePassword)
		case sandbox.OutcomeDecline:
			v.reject(p, failedByBank())
		case sandbox.OutcomeAbandon: // leaves
		}
	}
	return sandbox.Paid{
		State: string(p.State), Provider: name, OrderRef: p.RegPayNum, ErrCode: p.Failure.Code, ReturnURL: p.returnURL(),
	}, nil
}

// payerPage finds the payment behind a page's address, or nil. v.mu must be held.
func (v *Vendor) payerPage(u *url.URL) *payment {
	if !slices.Contains([]string{pageCard, pageSecure, pageReceipt}, strings.TrimPrefix(u.Path, "/"+name)) {
		return nil
	}
	return v.orderOf(u.Query().Get("order"))
}
