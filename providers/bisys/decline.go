package bisys

import (
	"regexp"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// What several rows of the table say.
const (
	sayDeclined = "The payment was declined. Please try another card."
	sayBroken   = "The payment could not be processed. Please try again later."
	sayBlocked  = "This payment is not allowed. Please try another card."
	sayTooLong  = "The time to pay is over. Please start again."
	sayNoCard   = "This card cannot be used any more. Please add it again, or use another one."
	sayNoRefund = "The provider does not allow this refund."
)

// declined is the Result of a payment that was refused and takes no further try. A
// code of the bank's that is not known is told as "declined", with itself beside it.
func declined(bank, raw string) providers.Result {
	told := declineOf(bank)
	told.ProviderCode = bank
	return providers.Result{Status: providers.Declined, RawStatus: raw, Decline: &told, SessionOver: true}
}

// declinedAs is the Result of a refusal that is not a bank's.
func declinedAs(code, providerCode, message string, retry pay.Retry) providers.Result {
	return providers.Result{
		Status: providers.Declined, RawStatus: providerCode, SessionOver: true,
		Decline: &providers.Decline{Code: code, ProviderCode: providerCode, Message: message, Retry: retry},
	}
}

// declineOf says what a payer is told of a bank's response code: the vendor calls it
// RC, and a wrong security code gives 05 (Shop API, test cards). They are those of
// ISO 8583, field 39.
func declineOf(bank string) providers.Decline {
	switch bank {
	case "01", "02", "05":
		return providers.Decline{Code: "issuer_declined", Message: "The bank declined the payment. Please check the card's details or use another one.", Retry: pay.RetryOtherMethod}
	case "04", "07", "41", "43":
		return providers.Decline{Code: "card_blocked", Message: "The card is blocked. Please use another one.", Retry: pay.RetryOtherMethod}
	case "12", "13", "30", "58":
		return providers.Decline{Code: "not_permitted", Message: sayBlocked, Retry: pay.RetryOtherMethod}
	case "14", "15":
		return providers.Decline{Code: "invalid_card_number", Message: "The card number is not right. Please check it and try again.", Retry: pay.RetryNewKey}
	case "33", "54":
		return providers.Decline{Code: "card_expired", Message: "The card has expired. Please use another one.", Retry: pay.RetryOtherMethod}
	case "34", "59", "63":
		return providers.Decline{Code: "fraud", Message: sayBlocked, Retry: pay.RetryOtherMethod}
	case "36", "57", "62":
		return providers.Decline{Code: "not_permitted", Message: sayBlocked, Retry: pay.RetryOtherMethod}
	case "51":
		return providers.Decline{Code: "insufficient_funds", Message: "There is not enough money on the card. Please use another one.", Retry: pay.RetryOtherMethod}
	case "61", "65":
		return providers.Decline{Code: "card_limit_exceeded", Message: "The card's limit is met. Please use another one.", Retry: pay.RetryOtherMethod}
	case "82", "N7":
		return providers.Decline{Code: "invalid_cvv", Message: "The security code is not right. Please check it and try again.", Retry: pay.RetryNewKey}
	case "68", "91", "92", "96":
		return providers.Decline{Code: "issuer_unavailable", Message: "The bank did not answer. Please try again later.", Retry: pay.RetryNewKey}
	}
	return providers.Decline{Code: "declined", Message: sayDeclined, Retry: pay.RetryOtherMethod}
}

// inText finds a response code inside a text, as in "RC=05".
var inText = regexp.MustCompile(`(?i)\bRC\s*[=:]?\s*([0-9A-Z]{2})\b`)

// bankCode finds what a state's error members say of the refusal: a response code
// inside the texts, else errorCode itself. It is a word or "".
func bankCode(answer object) string {
	code := answer.text("errorCode")
	for _, text := range []string{code, answer.text("error"), answer.text("message")} {
		if found := inText.FindStringSubmatch(text); found != nil {
			return strings.ToUpper(found[1])
		}
	}
	return strings.ToUpper(word(code))
}
