package ktpaysandbox

import (
	"context"
	"crypto/rand"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// maxSlips is how often the bank may find the card's data wrong before the
// transaction ends, our own choice: the documents leave it to the acquirer.
const maxSlips = 3

// attempt puts a card to a pending transaction. It returns the id of the 3-D
// Secure step that must follow, or "" when the attempt is decided; the result
// is in x. A transaction that is past its card is left as it is, and so is one
// whose sandbox closes while the bank is silent: then an error is returned, and
// nothing happened.
//
// Attempts on one transaction run one after another, so money is held once
// however often a page is sent.
func (v *Vendor) attempt(ctx context.Context, x *transaction, card testCard, outcome sandbox.Outcome) (string, error) {
	x.op.Lock()
	defer x.op.Unlock()
	if v.state(x) != StatePending {
		return "", nil
	}
	code, asks := card.code, card.asks3DS
	switch outcome {
	case sandbox.OutcomeApprove: // the card decides
	case sandbox.OutcomeDecline:
		code = codeDeclined
	case sandbox.OutcomeAbandon:
		asks = true
	}
	if !asks && card.silent > 0 {
		if err := v.host.Wait(ctx, card.silent); err != nil {
			return "", err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	x.Challenge = nil // left for this card
	if asks {
		x.Challenge = &challenge{ID: rand.Text(), Mask: mask(card.pan), Code: code}
		v.challenges[x.Challenge.ID] = x
		v.host.Commit(sandbox.Change{Save: x.kept()})
		return x.Challenge.ID, nil
	}
	v.decide(x, mask(card.pan), code)
	return "", nil
}

// respond is what the payer does on the bank's page. A step that is no longer
// asked, because it was answered already or left for another card, changes
// nothing.
func (v *Vendor) respond(x *transaction, id string, confirmed bool) {
	x.op.Lock()
	defer x.op.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	c := x.Challenge
	if c == nil || c.ID != id {
		return
	}
	x.Challenge = nil
	code := c.Code
	if !confirmed {
		code = codeNot3DSecure
	}
	v.decide(x, c.Mask, code)
}

// decide ends an attempt with the bank's answer. x.op and v.mu must be held.
func (v *Vendor) decide(x *transaction, mask, code string) {
	x.Card, x.Code = mask, code
	if code == "" {
		v.authorize(x)
		return
	}
	says := outcomeOf(code)
	if says.again {
		x.Slips++
	}
	if says.again && x.Slips < maxSlips {
		v.host.Commit(sandbox.Change{Save: x.kept()})
		return
	}
	v.fail(x, says.state, failure{Type: says.kind, Message: explain(code), Code: code})
}

// state is where x is now.
func (v *Vendor) state(x *transaction) State {
	v.mu.Lock()
	defer v.mu.Unlock()
	return x.State
}
