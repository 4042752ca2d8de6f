package payture

import (
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// meaning is what a code says of the call that it answers.
type meaning int

// The meanings. A write and a read conclude different things from them: see
// Client.refused and Client.judgeCode.
const (
	meansUnknown      meaning = iota // a code that no document has
	meansNothingYet                  // no error: the payer has not acted
	meansTimeOut                     // the session is over, nothing was paid
	meansNoOrder                     // never heard of
	meansConflict                    // the number is used, or the state forbids it
	meansAccess                      // credentials refused
	meansNotAllowed                  // the terminal may not use the command, or not from here
	meansWrongRequest                // our request is wrong
	meansRefusal                     // the payment is refused
	meansExhausted                   // refused, and the session takes no further try
	meansDoubt                       // something broke: it may or may not be done
)

// entry is one row of the table of codes. Code, message and retry are what a
// payer is told when the code stands beside a refused payment.
type entry struct {
	means   meaning
	code    string
	message string
	retry   pay.Retry
}

// What several rows say.
const (
	sayDeclined  = "The payment was declined. Please try another card."
	sayBroken    = "The payment could not be processed. Please try again later."
	sayWrongCard = "The card details are not right. Please check them and try again."
	sayNotOurs   = "The payment could not be processed. Please contact the seller."
	sayNot3DS    = "The bank did not confirm the payment. Please try again or use another card."
	sayTooLong   = "The time to pay is over. Please start again."
	sayBlocked   = "This payment is not allowed. Please try another card."
)

// codeOf looks a code up. The codes are those of the official list and of the
// public clients together (Payture docs, error-codes); the list is open. The
// spelling of LIMIT_EXCHAUST, REFUND_NOT_ALOWED and REAUTH_NOT_ALOWED is the
// vendor's.
func codeOf(code string) entry {
	switch code {
	// None.
	case "NONE":
		return entry{meansNothingYet, "declined", sayDeclined, pay.RetryOtherMethod}
	case "OTHER_ERROR", "UNKNOWN_STATE":
		return entry{meansDoubt, "processing_error", sayBroken, pay.RetryNewKey}

	// Access.
	case "ACCESS_DENIED", "INVALID_SIGNATURE", "INVALID_PAYTUREID", "PROCESSING_ACCESS_DENIED":
		return entry{meansAccess, "merchant_refused", sayNotOurs, pay.RetryOtherMethod}
	case "API_NOT_ALLOWED", "OPERATION_NOT_ALLOWED", "NOT_ALLOWED":
		return entry{meansNotAllowed, "merchant_refused", sayNotOurs, pay.RetryOtherMethod}
	case "CURRENCY_NOT_ALLOWED":
		return entry{meansWrongRequest, "currency_not_supported", "The card cannot pay in this currency.", pay.RetryOtherMethod}

	// Request.
	case "FORMAT_ERROR", "INVALID_FORMAT", "WRONG_PARAMS", "WRONG_PHONE", "EMAIL_ERROR":
		return entry{meansWrongRequest, "invalid_request", sayNotOurs, pay.DoNotRetry}
	case "WRONG_AMOUNT", "AMOUNT_ERROR":
		return entry{meansWrongRequest, "invalid_amount", sayNotOurs, pay.DoNotRetry}
	case "WRONG_PAY_INFO":
		return entry{meansWrongRequest, "invalid_card", sayWrongCard, pay.RetryNewKey}

	// Order.
	case "DUPLICATE_ORDER_ID", "DUPLICATE_PROCESSING_ORDER_ID":
		return entry{meansConflict, "duplicate_order", "This payment was started before. Please start again.", pay.RetryNewKey}
	case "ORDER_NOT_FOUND":
		return entry{meansNoOrder, "order_not_found", "This payment is not known. Please start again.", pay.RetryNewKey}
	case "ORDER_TIME_OUT":
		return entry{meansTimeOut, "session_expired", sayTooLong, pay.RetryNewKey}
	case "ILLEGAL_ORDER_STATE", "REFUND_NOT_ALOWED", "REAUTH_NOT_ALOWED":
		return entry{meansConflict, "state_conflict", sayNotOurs, pay.DoNotRetry}
	case "LIMIT_EXCHAUST", "RETRY_LIMIT_EXCEEDED":
		return entry{meansExhausted, "attempts_exhausted", "There were too many tries. Please start again.", pay.RetryNewKey}
	case "MERCHANT_FORWARD":
		return entry{meansDoubt, "forwarded", sayBroken, pay.RetryNewKey}

	// Customer: of the wallet. Register and GetList look at some of them first.
	case "DUPLICATE_USER", "DUPLICATE_CUSTOMER", "USER_NOT_FOUND", "CUSTOMER_NOT_FOUND":
		return entry{meansWrongRequest, "invalid_customer", sayNotOurs, pay.DoNotRetry}
	case wrongUser: // the customer's, which is derived: ours to put right
		return entry{meansAccess, "invalid_customer", sayNotOurs, pay.DoNotRetry}

	// Card.
	case "DUPLICATE_CARD":
		return entry{meansWrongRequest, "duplicate_card", "This card is saved already.", pay.DoNotRetry}
	case "CARD_EXPIRED":
		return entry{meansRefusal, "card_expired", "The card has expired. Please use another one.", pay.RetryOtherMethod}
	case "CARD_NOT_FOUND", "WRONG_CARD":
		return entry{meansRefusal, "invalid_card", "This card cannot be used. Please use another one.", pay.RetryOtherMethod}
	case "WRONG_CARD_INFO", "WRONG_CARDHOLDER", "WRONG_CARDHOLDER_NAME":
		return entry{meansRefusal, "invalid_card", sayWrongCard, pay.RetryNewKey}
	case "WRONG_PAN", "WRONG_CARD_PAN":
		return entry{meansRefusal, "invalid_card_number", "The card number is not right. Please check it and try again.", pay.RetryNewKey}
	case "WRONG_CVV":
		return entry{meansRefusal, "invalid_cvv", "The security code is not right. Please check it and try again.", pay.RetryNewKey}
	case "WRONG_EXPIRE_DATE":
		return entry{meansRefusal, "invalid_expiry", "The expiry date is not right. Please check it and try again.", pay.RetryNewKey}
	case "WRONG_AUTH_CODE", "WRONG_AUTHORIZATION_CODE", "WRONG_CONFIRM_CODE":
		return entry{meansRefusal, "authentication_failed", "The confirmation code is not right. Please try again.", pay.RetryNewKey}

	// Money.
	case "AMOUNT_EXCEED", "AMOUNT_EXCEED_BALANCE":
		return entry{meansRefusal, "insufficient_funds", "There is not enough money on the card, or its limit is met. Please use another one.", pay.RetryOtherMethod}

	// Issuer. ISSUER_BLOCKED_CARD must not be tried again with the same card by
	// the card schemes' rules (Payture docs, error-codes).
	case "ISSUER_FAIL":
		return entry{meansRefusal, "issuer_declined", "The bank declined the payment. Please try another card.", pay.RetryOtherMethod}
	case "ISSUER_CARD_FAIL":
		return entry{meansRefusal, "issuer_declined", "The bank declined the card. Please try another one.", pay.RetryOtherMethod}
	case "ISSUER_BLOCKED_CARD":
		return entry{meansRefusal, "card_blocked", "The card is blocked. Please use another one.", pay.RetryOtherMethod}
	case "ISSUER_TIMEOUT":
		return entry{meansDoubt, "issuer_unavailable", "The bank did not answer. Please try again later.", pay.RetryNewKey}
	case "ISSUER_LIMIT_FAIL", "ISSUER_LIMIT_AMOUNT_FAIL", "ISSUER_LIMIT_COUNT_FAIL":
		return entry{meansRefusal, "card_limit_exceeded", "The card's limit is met. Please use another one.", pay.RetryOtherMethod}

	// Gateway.
	case "INTERNAL_ERROR", "PROCESSING_ERROR", "PROCESSING_TIME_OUT", "PAYMENT_ENGINE_ERROR", "COMMUNICATE_ERROR", "EMPTY_RESPONSE", "AUTHORIZATION_TIMEOUT":
		return entry{meansDoubt, "processing_error", sayBroken, pay.RetryNewKey}
	case "REFUSAL_BY_GATE":
		return entry{meansRefusal, "declined", sayDeclined, pay.RetryOtherMethod}
	case "MERCHANT_RESTRICTION":
		return entry{meansRefusal, "not_permitted", sayBlocked, pay.RetryOtherMethod}
	case "MPI_CERTIFICATE_ERROR", "MPI_RESPONSE_ERROR", "AUTHENTICATION_ERROR":
		return entry{meansRefusal, "authentication_failed", sayNot3DS, pay.RetryNewKey}
	case "CANCELED_BY_CLIENT":
		return entry{meansRefusal, "canceled_by_payer", "The payment was canceled.", pay.RetryNewKey}

	// Fraud.
	case "FRAUD_ERROR", "FRAUD_ERROR_BIN_LIMIT", "FRAUD_ERROR_BLACKLIST_BANKCOUNTRY", "FRAUD_ERROR_BLACKLIST_AEROPORT",
		"FRAUD_ERROR_BLACKLIST_USERCOUNTRY", "FRAUD_ERROR_CRITICAL_CARD", "FRAUD_ERROR_CRITICAL_CUSTOMER", "FRAUD_ERROR_IP",
		"FRAUD_INTERNAL_ERROR", "PROCESSING_FRAUD_ERROR":
		return entry{meansRefusal, "fraud", sayBlocked, pay.RetryOtherMethod}
	case "GEO_CARD_RESTRICTION":
		return entry{meansRefusal, "card_country_not_allowed", "Cards of this country are not taken. Please use another one.", pay.RetryOtherMethod}
	case "INSTALLMENT_NOT_ALLOWED":
		return entry{meansRefusal, "not_permitted", sayBlocked, pay.RetryOtherMethod}

	// 3-D Secure.
	case "THREE_DS_FAIL", "THREE_DS_ERROR", "THREE_DS_AUTH_ERROR", "THREE_DS_ATTEMPTS_FAIL", "THREE_DS_NOT_ATTEMPTED", "THREE_DS_USER_AUTH_FAIL":
		return entry{meansRefusal, "authentication_failed", sayNot3DS, pay.RetryNewKey}
	case "THREE_DS_TIME_OUT":
		return entry{meansRefusal, "authentication_timed_out", "The confirmation by the bank took too long. Please try again.", pay.RetryNewKey}
	case "THREE_DS_NOTENROLLED":
		return entry{meansRefusal, "authentication_unavailable", "The card cannot confirm payments on the internet. Please use another one.", pay.RetryOtherMethod}
	}
	return entry{meansUnknown, "declined", sayDeclined, pay.RetryOtherMethod}
}

// declined is the Result of a refused payment, raw the vendor's word for it. An
// unknown or missing code is told as "declined", with the vendor's own beside
// it. The session is over when the code says so.
func declined(code, raw string) providers.Result {
	row := codeOf(code)
	told := &providers.Decline{Code: row.code, ProviderCode: code, Message: row.message, Retry: row.retry}
	return providers.Result{
		Status:      providers.Declined,
		RawStatus:   raw,
		Decline:     told,
		SessionOver: row.means == meansExhausted || row.means == meansTimeOut,
	}
}
