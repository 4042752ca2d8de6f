package payelatasandbox

import (
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// Amounts with a meaning, in minor units of any currency: 990.01 and so on. They
// make reachable what no test card does.
const (
	amountModeration    = 99001 // waits for a moderator: /payelata/_test/moderation decides
	amountPartial       = 99002 // 60 of 100 are taken: partially_processed
	amountOtherCurrency = 99003 // taken in euros instead, or in dollars instead of euros
)

// attempt is a card put to an invoice.
type attempt struct {
	card    shownCard
	verdict string          // what the bank will say
	threeDS bool            // the payer is asked first
	proof   bool            // and even when nobody is there, see savedCard.Refuses
	never   bool            // the bank never answers
	outcome sandbox.Outcome // approve, unless /_control/pay plays the payer
}

// newAttempt is an attempt with a card that was typed and checked.
func newAttempt(card testCard, f cardForm) attempt {
	return attempt{
		card: f.shown(), verdict: card.verdict(f.mmyy()), threeDS: card.threeDS,
		never: !card.fails && f.mmyy() == expiryPending,
	}
}

// submit takes one attempt and returns the id of the 3-D Secure step that must
// follow, or "". It does nothing to an invoice that takes no card, so that money
// is taken once however often a page is sent. v.mu must be held.
func (v *Vendor) submit(i *invoice, a attempt) string {
	v.age(i)
	if !i.takesCards() {
		return ""
	}
	if a.outcome == sandbox.OutcomeDecline {
		a.verdict, a.never = resolutionDeclined, false
	}
	delete(v.challenges, i.Challenge) // a step that was left for another card
	i.Card, i.Challenge, i.Verdict = &a.card, "", a.verdict
	switch {
	case a.never:
		i.Waiting, i.Resolution = true, resolutionOK
		if a.threeDS {
			i.Resolution = resolution3DS
		}
		v.keep(i, sandbox.Change{})
	case a.threeDS || a.outcome == sandbox.OutcomeAbandon:
		i.Challenge, i.Resolution = newID("", 24), resolution3DS
		v.challenges[i.Challenge] = i
		v.keep(i, sandbox.Change{})
	default:
		v.decide(i)
	}
	return i.Challenge
}

// confirm is the payer's answer on the bank's page; one to a step that is no
// longer asked does nothing. A payer who cancels is client_auth_failed. v.mu must
// be held.
func (v *Vendor) confirm(challenge string, confirmed bool) {
	i := v.asking(challenge)
	if i == nil {
		return
	}
	if !confirmed {
		i.Verdict = resolutionCanceled
	}
	v.decide(i)
}

// asking finds the invoice whose step is under way, or nil. v.mu must be held.
func (v *Vendor) asking(challenge string) *invoice {
	if i := v.challenges[challenge]; i != nil {
		v.age(i) // takes the step away when the time is up
	}
	return v.challenges[challenge]
}

// decide ends an attempt with the bank's verdict. v.mu must be held.
func (v *Vendor) decide(i *invoice) {
	delete(v.challenges, i.Challenge)
	i.Challenge, i.Resolution = "", i.Verdict
	switch {
	case i.Verdict != resolutionOK:
		i.Refused++
		if i.Refused >= v.options.Attempts {
			i.Status = StatusProcessFailed
		}
		v.keep(i, sandbox.Change{})
	case i.Amount == amountModeration:
		i.Moderation = true
		v.keep(i, sandbox.Change{})
	default:
		v.take(i)
	}
}

// take takes the money and saves the card if the merchant asked. v.mu must be
// held.
func (v *Vendor) take(i *invoice) {
	asked := i.Amount
	if asked == amountPartial {
		asked = asked * 60 / 100
	}
	i.Processed = v.host.TakenMinor(asked)
	i.ProcessedAt, i.RRN, i.Approval = v.host.Now(), newDigits(12), newDigits(6)
	i.Status, i.Resolution = StatusProcessed, resolutionOK
	if i.Processed < i.Amount {
		i.Status = StatusPartiallyProcessed
	}
	if i.Amount == amountOtherCurrency {
		i.TakenIn = pay.EUR
		if i.Currency == pay.EUR {
			i.TakenIn = pay.USD
		}
	}
	var c sandbox.Change
	if i.Tokenize {
		c.Save = append(c.Save, v.saveCard(i))
	}
	money := i.movement()
	money.CapturedMinor = i.Processed
	c.Book = []sandbox.Movement{money}
	v.keep(i, c)
}
