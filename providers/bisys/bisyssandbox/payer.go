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
// page. A payment that is decided already only says how. The card may carry its date
// and what is typed at 3-D Secure, 4111111111111111/1224/87654321; without them it is
// what the test cards' banks want.
func (v *Vendor) Pay(_ context.Context, who sandbox.Payer) (sandbox.Paid, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.payerPage(who.URL)
	if p == nil {
		return sandbox.Paid{}, sandbox.ErrNoPage
	}
	card, password := testCards()[0], securePassword
	if who.Card != "" {
		number, rest, _ := strings.Cut(who.Card, "/")
		date, secret, _ := strings.Cut(rest, "/")
		known, ok := findCard(number)
		if !ok || date != "" && monthYear(date) != known.date {
			return sandbox.Paid{}, sandbox.ErrCard
		}
		card = known
		if secret != "" {
			password = secret
		}
	}
	v.give(p, card, goodCode, who.Outcome)
	if p.State == StateCreated && p.Step {
		switch who.Outcome {
		case sandbox.OutcomeApprove:
			v.answerBank(p, password)
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
