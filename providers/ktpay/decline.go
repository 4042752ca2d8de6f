package ktpay

import (
	"strings"
	"unicode"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// What several rows say.
const (
	sayDeclined  = "The payment was declined. Please try another card."
	sayIssuer    = "The bank declined the payment. Please try another card."
	sayBlocked   = "This payment is not allowed. Please try another card."
	sayBroken    = "The payment could not be processed. Please try again later."
	sayWrongCard = "The card details are not right. Please check them and try again."
	sayNo3DS     = "The card's confirmation on the internet is not available now. Please try again later or use another card."
)

// declineOfCode looks up a code of the acquirer, Halyk Bank's ePay (KTWidget docs,
// errors, at the acquirer's side). It returns nil for one that is not there.
func declineOfCode(code string) *providers.Decline {
	row := func(ours, message string, retry pay.Retry) *providers.Decline {
		return &providers.Decline{Code: ours, ProviderCode: code, Message: message, Retry: retry}
	}
	switch code {
	// The bank.
	case "05", "01", "02", "37", "1A", "59", "78", "88", "94":
		return row("issuer_declined", sayIssuer, pay.RetryOtherMethod)
	case "04", "07", "36", "46", "62", "75", "86":
		return row("card_blocked", "The card is blocked. Please use another one.", pay.RetryOtherMethod)
	case "82", "91":
		return row("issuer_unavailable", "The bank did not answer. Please try again later.", pay.RetryNewKey)

	// The card.
	case "14", "15":
		return row("invalid_card_number", "The card number is not right. Please check it and try again.", pay.RetryNewKey)
	case "-9":
		return row("invalid_expiry", "The expiry date is not right. Please check it and try again.", pay.RetryNewKey)
	case "12", "189", "193":
		return row("invalid_card", sayWrongCard, pay.RetryNewKey)
	case "33", "54":
		return row("card_expired", "The card has expired. Please use another one.", pay.RetryOtherMethod)
	case "41", "43":
		return row("invalid_card", "This card cannot be used. Please use another one.", pay.RetryOtherMethod)
	case "45":
		return row("stolen_card", "This card cannot be used. Please use another one.", pay.RetryOtherMethod)
	case "57":
		return row("not_permitted", "The card may not pay on the internet, or its details are not right. Please check them or use another one.", pay.RetryOtherMethod)
	case "30", "58", "63", "93":
		return row("not_permitted", sayBlocked, pay.RetryOtherMethod)

	// Money.
	case "51":
		return row("insufficient_funds", "There is not enough money on the card. Please use another one.", pay.RetryOtherMethod)
	case "61", "65":
		return row("card_limit_exceeded", "The card's limit is met. Please use another one.", pay.RetryOtherMethod)

	// 3-D Secure.
	case "96", "195", "196", "961", "962":
		return row("authentication_required", "The card has to confirm payments by 3-D Secure. Please use one that can.", pay.RetryOtherMethod)
	case "19", "-19", "191":
		return row("authentication_failed", "The bank did not confirm the payment. Please try again or use another card.", pay.RetryNewKey)
	case "190", "192", "198", "199":
		return row("authentication_unavailable", sayNo3DS, pay.RetryNewKey)

	// The acquirer.
	case "21", "-21":
		return row("attempts_exhausted", "This payment can be tried again in half an hour.", pay.RetryNewKey)
	case "-3":
		return row("processing_error", "The payment could not be processed. The bank may hold the amount for a while.", pay.RetryOtherMethod)
	case "-22", "-17", "-8", "-4", "-2", "8", "20", "77", "194", "216":
		return row("processing_error", sayBroken, pay.RetryNewKey)
	}
	return nil
}

// declineOf explains an end without money (KTWidget docs, statuses): by the code of
// the acquirer when the text has one, else by error_type. The text itself is shown
// to no payer: nobody knows what is in it.
func declineOf(errorType, text string) *providers.Decline {
	if told := declineOfCode(codeInText(text)); told != nil {
		return told
	}
	row := func(ours, message string, retry pay.Retry) *providers.Decline {
		return &providers.Decline{Code: ours, ProviderCode: errorType, Message: message, Retry: retry}
	}
	switch errorType {
	case "ERROR_INPUT": // while the card was typed in
		return row("invalid_card", sayWrongCard, pay.RetryNewKey)
	case "ERROR_SYSTEM": // inside KTPay
		return row("processing_error", sayBroken, pay.RetryNewKey)
	}
	return row("declined", sayDeclined, pay.RetryOtherMethod) // ERROR_PAYMENT, none, and words to come
}

// codeInText finds the acquirer's code in a text that has exactly one word with a
// digit: "KKB rejected payment (51)". That codes stand there is not documented;
// nothing but the explanation depends on it.
func codeInText(text string) string {
	found := ""
	words := strings.FieldsFunc(strings.ReplaceAll(text, "−", "-"), func(r rune) bool {
		return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for _, word := range words {
		if !strings.ContainsFunc(word, unicode.IsDigit) {
			continue
		}
		if found != "" {
			return ""
		}
		found = word
	}
	return codeOf(found)
}
