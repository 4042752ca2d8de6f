package ktpaysandbox

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// Pay plays the payer for /_control/pay: the card goes the way of the page's
// form, the 3-D Secure step that of the bank's page. A service is credited after
// Pay returns: then the state is authorized and the book has the hold.
func (v *Vendor) Pay(ctx context.Context, p sandbox.Payer) (sandbox.Paid, error) {
	x := v.find(p.URL.Query().Get("hash"))
	if x == nil || p.URL.Path != prefix+pagePath {
		return sandbox.Paid{}, sandbox.ErrNoPage
	}
	if p.Card == "" {
		p.Card = testCards()[0].pan
	}
	card, known := findCard(p.Card)
	if !known {
		return sandbox.Paid{}, sandbox.ErrCard
	}
	step, err := v.attempt(ctx, x, card, p.Outcome)
	if err != nil {
		return sandbox.Paid{}, fmt.Errorf("pay transaction %s: %w", x.Hash, err)
	}
	if step != "" && p.Outcome != sandbox.OutcomeAbandon {
		v.respond(x, step, true)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	paid := sandbox.Paid{State: string(x.State), Provider: v.Name(), OrderRef: x.OrderID, ErrCode: x.Code}
	if x.State != StatePending {
		paid.ReturnURL, _ = x.next()
	}
	return paid, nil
}
