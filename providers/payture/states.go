package payture

import (
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// state is a transaction status of Payture, in lower case.
type state string

// The states (Payture docs, transaction-statuses; that list is cut off after
// "Pen", which we read as Pending). The column there that calls every one of
// them final is of no use: New is in it.
const (
	stateUnknown             state = ""
	stateNew                 state = "new"                 // the payer opened the page
	statePreAuthorized       state = "preauthorized"       // PreAuthorized3DS: at the bank's page; legacy PreAuthorizedAF
	stateObsolete            state = "obsolete"            // a 3-D Secure step was left for a new try in the session
	statePending             state = "pending"             // undocumented
	stateAuthorized          state = "authorized"          // the money is held
	stateAuthorizationClosed state = "authorizationclosed" // the hold was not charged in time, or the issuer let go
	stateVoided              state = "voided"              // the hold was released by Unblock
	stateCharged             state = "charged"             // the money was taken; Amount is what remains of it
	stateRefunded            state = "refunded"            // nothing remains
	stateChargeback          state = "chargeback"          // disputed by the payer's bank
	stateRejected            state = "rejected"            // refused; the session may still be paid
	stateForwarded           state = "forwarded"           // passed to another terminal
	stateError               state = "error"               // the last operation failed technically
)

// states lists what stateOf knows.
func states() []state {
	return []state{
		stateNew, statePreAuthorized, stateObsolete, statePending, stateAuthorized, stateAuthorizationClosed, stateVoided,
		stateCharged, stateRefunded, stateChargeback, stateRejected, stateForwarded, stateError,
	}
}

// stateOf finds the state that a word begins with, whatever its case: a
// terminal may follow in brackets, as in "Rejected(Terminal)". A longer word is
// another word, so that nothing unheard-of is ever taken for Charged; only
// PreAuthorized has documented endings. It returns stateUnknown for all else.
func stateOf(raw string) state {
	folded := strings.ToLower(strings.TrimSpace(raw))
	for _, known := range states() {
		rest, begins := strings.CutPrefix(folded, string(known))
		if begins && (known == statePreAuthorized || rest == "" || strings.HasPrefix(strings.TrimSpace(rest), "(")) {
			return known
		}
	}
	return stateUnknown
}

// judgeState turns a state into a Result. Two states tell less than they seem
// to, and what is made of them is our choice:
//
//   - Forwarded: another terminal has the order and this one cannot say how it
//     ended. Pending, so that it is asked again, and never paid.
//   - Error: an operation failed technically. It may have been a payer's try, a
//     Charge or an Unblock, so it proves neither that money was taken nor that
//     none is held. Pending, with the refusal when a code tells one.
//
// Rejected does not end the session: Payture takes further tries until they or
// the time run out, so SessionOver is false unless the code says that. A charge
// of a saved card has no session: Rejected ends it, and so does a bank that
// wants to see the card's owner (PreAuthorized3DS), whom nobody can send there.
func (c *Client) judgeState(ref providers.Ref, answer reply) (providers.Result, error) {
	raw := word(answer.get("State"))
	known := stateOf(answer.get("State"))
	nothing := pay.Of(0, c.config.Currency)
	switch known {
	case stateNew, statePreAuthorized, stateObsolete:
		if known == statePreAuthorized && isCharge(ref) {
			return proofDemanded(raw), nil
		}
		return providers.Result{Status: providers.ActionRequired, RawStatus: raw}, nil
	case statePending, stateForwarded:
		return providers.Result{Status: providers.Pending, RawStatus: raw}, nil
	case stateError:
		result := declined(answer.code(), raw)
		result.Status = providers.Pending
		return result, nil
	case stateRejected:
		return refusedOrder(ref, answer.code(), raw), nil
	case stateVoided:
		return providers.Result{Status: providers.Voided, RawStatus: raw, Authorized: nothing, Captured: nothing}, nil
	case stateAuthorizationClosed:
		return providers.Result{Status: providers.Expired, RawStatus: raw, Authorized: nothing, Captured: nothing}, nil
	case stateRefunded:
		return providers.Result{Status: providers.Refunded, RawStatus: raw, Authorized: nothing, Captured: nothing}, nil
	case stateChargeback:
		return providers.Result{Status: providers.ChargedBack, RawStatus: raw, Authorized: nothing, Captured: nothing}, nil
	case stateAuthorized, stateCharged:
		amount, exact := answer.amount("Amount", c.config.Currency)
		if !exact {
			return providers.Result{}, senseless(ref, answer, "the amount is not whole minor units")
		}
		if known == stateAuthorized {
			return providers.Result{Status: providers.Authorized, RawStatus: raw, Authorized: amount, Captured: nothing}, nil
		}
		return providers.Result{Status: providers.Captured, RawStatus: raw, Authorized: nothing, Captured: amount}, nil
	case stateUnknown:
	}
	return providers.Result{}, senseless(ref, answer, "the state is none that we know")
}
