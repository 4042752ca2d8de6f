package payelata

import (
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// row is what a payer is told of a refusal.
type row struct {
	code    string
	message string
	retry   pay.Retry
}

// What several rows say.
const (
	sayDeclined  = "The payment was declined. Please try another card."
	sayBroken    = "The payment could not be processed. Please try again later."
	sayNotOurs   = "The payment could not be processed. Please contact the seller."
	sayNot3DS    = "The bank did not confirm the payment. Please try again or use another card."
	sayBlocked   = "This payment is not allowed. Please try another card."
	sayUnusable  = "This card cannot be used. Please use another one."
	sayWrongCard = "The card details are not right. Please check them and try again."
	sayProve     = "The bank wants its customer to confirm this payment. Please pay on the payment page, or with another card."
)

// authenticationRequired is our code of a bank that wants to see the card's owner.
const authenticationRequired = "authentication_required"

// resolutionOK is what stands there as long as nothing went wrong.
const resolutionOK = "ok"

// resolutionAuthRequired says that 3-D Secure is wanted.
const resolutionAuthRequired = "auth_3ds_required"

// resolutionOf looks a resolution up: why an invoice failed (Corefy docs,
// connectors/test/test-card-numbers, and release notes for
// card_verification_failed). The list is open; ok is false for what it lacks.
func resolutionOf(resolution string) (r row, ok bool) {
	switch resolution {
	// Card.
	case "card_expired":
		return row{"card_expired", "The card has expired. Please use another one.", pay.RetryOtherMethod}, true
	case "invalid_card":
		return row{"invalid_card", sayUnusable, pay.RetryOtherMethod}, true
	case "invalid_details":
		return row{"invalid_card", sayWrongCard, pay.RetryNewKey}, true
	case "invalid_pan":
		return row{"invalid_card_number", "The card number is not right. Please check it and try again.", pay.RetryNewKey}, true
	case "invalid_cvv":
		return row{"invalid_cvv", "The security code is not right. Please check it and try again.", pay.RetryNewKey}, true
	case "invalid_card_status":
		return row{"card_blocked", "The card is blocked. Please use another one.", pay.RetryOtherMethod}, true
	case "lost_or_stolen_card":
		return row{"stolen_card", sayUnusable, pay.RetryOtherMethod}, true

	// Money.
	case "insufficient_funds":
		return row{"insufficient_funds", "There is not enough money on the card. Please use another one.", pay.RetryOtherMethod}, true
	case "limit_violation":
		return row{"card_limit_exceeded", "The card's limit is met. Please use another one.", pay.RetryOtherMethod}, true

	// Issuer.
	case "issuer_decline", "card_verification_failed":
		return row{"issuer_declined", "The bank declined the payment. Please try another card.", pay.RetryOtherMethod}, true
	case "declined":
		return row{"declined", sayDeclined, pay.RetryOtherMethod}, true

	// The owner's proof.
	case resolutionAuthRequired, "card_is_3ds_enrolled":
		return row{authenticationRequired, "The bank wants this payment to be confirmed. Please try again.", pay.RetryNewKey}, true
	case "card_is_not_3ds_enrolled":
		return row{"authentication_unavailable", "The card cannot confirm payments on the internet. Please use another one.", pay.RetryOtherMethod}, true
	case "client_auth_failed", "unable_to_determine_3ds_enrolment":
		return row{"authentication_failed", sayNot3DS, pay.RetryNewKey}, true
	case "auth_fatal_error":
		return row{"authentication_failed", sayNot3DS, pay.RetryOtherMethod}, true
	case "invalid_otp", "invalid_3ds_code":
		return row{"authentication_failed", "The confirmation code is not right. Please try again.", pay.RetryNewKey}, true
	case "invalid_pin":
		return row{"authentication_failed", "The PIN is not right. Please try again.", pay.RetryNewKey}, true

	// Fraud and rules.
	case "antifraud_error":
		return row{"fraud", sayBlocked, pay.RetryOtherMethod}, true
	case "functionality_is_not_permitted":
		return row{"not_permitted", sayBlocked, pay.RetryOtherMethod}, true

	// Gateway. The fatal ones will fail again.
	case "error", "provider_error", "unknown", "unable_to_reconcile":
		return row{"processing_error", sayBroken, pay.RetryNewKey}, true
	case "fatal_error", "provider_fatal_error", "general_fatal_error":
		return row{"processing_error", sayDeclined, pay.RetryOtherMethod}, true
	case "duplicated_transaction":
		return row{"duplicate_order", "This payment was started before. Please start again.", pay.RetryNewKey}, true

	// The merchant's contract and our request.
	case "access_denied", "invalid_credentials":
		return row{"merchant_refused", sayNotOurs, pay.RetryOtherMethod}, true
	case "invalid_amount":
		return row{"invalid_amount", sayNotOurs, pay.DoNotRetry}, true
	case "invalid_request":
		return row{"invalid_request", sayNotOurs, pay.DoNotRetry}, true
	}
	return row{"declined", sayDeclined, pay.RetryOtherMethod}, false
}

// declineOf is why an invoice failed. Without a resolution its status says it.
func (c *Client) declineOf(ref providers.Ref, i invoice) *providers.Decline {
	word := c.word(string(i.Resolution), i.secrets()...)
	r, known := resolutionOf(word)
	if !known && (word == "" || word == resolutionOK) {
		word = c.word(string(i.Status))
		if status(i.Status) == statusTerminated {
			r = row{"canceled_by_payer", "The payment was canceled.", pay.RetryNewKey}
		}
	}
	if !isPage(ref, i) {
		r = withoutOwner(r)
	}
	return r.decline(word)
}

// refusedSoFar is the last refusal of an invoice that still may be paid; nil when
// there was none.
func (c *Client) refusedSoFar(i invoice) *providers.Decline {
	word := c.word(string(i.Resolution), i.secrets()...)
	if word == "" || word == resolutionOK || word == resolutionAuthRequired {
		return nil
	}
	r, _ := resolutionOf(word)
	return r.decline(word)
}

// withoutOwner is what a refusal means for a saved card. Nobody typed anything, so
// advice to check what was typed becomes advice to use another card; and a proof
// needs a page.
func withoutOwner(r row) row {
	switch {
	case strings.HasPrefix(r.code, "authentication_"):
		return row{authenticationRequired, sayProve, pay.RetryOtherMethod}
	case strings.HasPrefix(r.code, "invalid_") && r.retry == pay.RetryNewKey:
		return row{r.code, sayUnusable, pay.RetryOtherMethod}
	}
	return r
}

func (r row) decline(providerCode string) *providers.Decline {
	return &providers.Decline{Code: r.code, ProviderCode: providerCode, Message: r.message, Retry: r.retry}
}

// secrets are the words of an invoice that must not be told.
func (i invoice) secrets() []string {
	return []string{string(i.Payload.value.Token), string(i.Flow.value.Metadata.value.Token)}
}
