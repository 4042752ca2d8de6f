package bisys

import (
	"errors"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// state is a state of a payment, in lower case.
type state string

// The states. The list of the Shop API is lost; these are what the siblings' clients
// know, with the vendor's own spelling. Some write them in capitals.
const (
	stateCreated      state = "created"       // the payer has not finished, or 3-D Secure is not passed
	stateHeld         state = "holded"        // the money is held: we never ask for that
	statePaid         state = "payed"         // the money was taken, the payee is not credited yet
	stateProcessed    state = "processed"     // the payee is credited
	stateCreatedError state = "created_error" // it could not be created
	stateRejected     state = "rejected"      // the bank or the processing refused
	stateError        state = "error"         // taken, and the payee could not be credited
	stateRefunded     state = "refunded"      // all of it was given back, or a hold was let go
)

// judge turns a status into a Result. It asks nobody. FeeOf tells which part of a
// total is the commission; captured money includes it.
//
// Three choices are ours:
//
//   - error: the money left the payer and did not reach the payee. Neither "paid"
//     nor "declined, please pay again" would be right, and somebody has to look. It
//     is told as Captured with an amount of nothing: that fits no payment, so the
//     core opens a case, whether it had seen the money taken before or not, and
//     delivers nothing.
//   - created, of a customer's payment: a charge of a saved card has no page on
//     which its owner could do anything, and its money may be on its way. It is
//     Pending. Any other payment that is created waits for its payer.
//   - rejected is Expired when the vendor says that the time was over, and then only:
//     a request for the status does not know when the order ends.
//
// A state that we do not know is Pending, never paid.
func (c *Client) judge(ref providers.Ref, answer object, feeOf func(total int64) int64) (providers.Result, error) {
	said := answer.text("state")
	if said == "" {
		return providers.Result{}, senseless(ref, "the answer tells no state")
	}
	nothing := pay.Of(0, c.config.Currency)
	result := providers.Result{ProviderRef: ref.ProviderRef, RawStatus: word(said)}
	switch state(strings.ToLower(said)) {
	case stateCreated:
		result.Status = providers.ActionRequired
		if ref.OfCustomer {
			result.Status = providers.Pending
		}
	case stateHeld, statePaid, stateProcessed:
		total, exact := answer.minor("totalAmount")
		if !exact {
			return providers.Result{}, senseless(ref, "the total is not whole minor units")
		}
		taken := pay.Of(total, c.config.Currency)
		result.Fee = pay.Of(feeOf(total), c.config.Currency)
		result.Status, result.Authorized, result.Captured = providers.Captured, nothing, taken
		if state(strings.ToLower(said)) == stateHeld {
			result.Status, result.Authorized, result.Captured = providers.Authorized, taken, nothing
		}
	case stateRejected:
		return rejectedState(ref, answer, result.RawStatus), nil
	case stateCreatedError:
		refused := declinedAs("processing_error", bankCode(answer), sayBroken, pay.RetryNewKey)
		refused.ProviderRef, refused.RawStatus = ref.ProviderRef, result.RawStatus
		return refused, nil
	case stateError:
		result.Status, result.Authorized, result.Captured = providers.Captured, nothing, nothing
		if code := word(answer.text("errorCode")); code != "" {
			result.RawStatus += " " + code // of the posting, for the person who looks
		}
	case stateRefunded:
		result.Status, result.Authorized, result.Captured = providers.Refunded, nothing, nothing
	default:
		result.Status = providers.Pending
	}
	return result, nil
}

// rejectedState reads a refusal: of the bank, or of time.
func rejectedState(ref providers.Ref, answer object, raw string) providers.Result {
	for _, text := range []string{answer.text("error"), answer.text("message")} {
		if exceptionNamed(text) == faultTooLate {
			return providers.Result{Status: providers.Expired, ProviderRef: ref.ProviderRef, RawStatus: raw}
		}
	}
	result := declined(bankCode(answer), raw)
	result.ProviderRef = ref.ProviderRef
	return result
}

// isKnownState reports whether judge knows the word.
func isKnownState(said string) bool {
	switch state(strings.ToLower(said)) {
	case stateCreated, stateHeld, statePaid, stateProcessed, stateCreatedError, stateRejected, stateError, stateRefunded:
		return true
	}
	return false
}

// senseless is the error of a read whose answer proves nothing.
func senseless(ref providers.Ref, why string) error {
	return failure(providers.OpSync, providers.Malformed, "", fmt.Errorf("order %s: %w", ref.OrderNumber, errors.New(why)))
}
