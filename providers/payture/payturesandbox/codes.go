package payturesandbox

// Code is an ErrCode of Payture's (docs, error-codes; older lists of its
// integrators), spelled as Payture spells it.
type Code string

// Codes that this sandbox answers.
const (
	CodeNone                Code = "NONE" // no error: nothing has been paid yet
	CodeAccessDenied        Code = "ACCESS_DENIED"
	CodeOperationNotAllowed Code = "OPERATION_NOT_ALLOWED"
	CodeFormatError         Code = "FORMAT_ERROR"
	CodeWrongParams         Code = "WRONG_PARAMS"
	CodeAmountError         Code = "AMOUNT_ERROR"
	CodeDuplicateOrderID    Code = "DUPLICATE_ORDER_ID"
	CodeOrderNotFound       Code = "ORDER_NOT_FOUND"
	CodeOrderTimeOut        Code = "ORDER_TIME_OUT"
	CodeIllegalOrderState   Code = "ILLEGAL_ORDER_STATE"
	CodeLimitExchaust       Code = "LIMIT_EXCHAUST" // sic
	CodeInternalError       Code = "INTERNAL_ERROR"
	CodeProcessingError     Code = "PROCESSING_ERROR"
	CodeAmountExceed        Code = "AMOUNT_EXCEED"
	CodeIssuerBlockedCard   Code = "ISSUER_BLOCKED_CARD"
	CodeIssuerCardFail      Code = "ISSUER_CARD_FAIL"
	CodeWrongCardPAN        Code = "WRONG_CARD_PAN"
	CodeWrongCVV            Code = "WRONG_CVV"
	CodeWrongExpireDate     Code = "WRONG_EXPIRE_DATE"
	CodeWrongCardholder     Code = "WRONG_CARDHOLDER"
	CodeCanceledByClient    Code = "CANCELED_BY_CLIENT"
	CodeThreeDSFail         Code = "THREE_DS_FAIL"
	CodeThreeDSTimeOut      Code = "THREE_DS_TIME_OUT"
	CodeThreeDSError        Code = "THREE_DS_ERROR"         // a PaRes that no bank gave
	CodeThreeDSNotAttempted Code = "THREE_DS_NOT_ATTEMPTED" // the bank wants 3-D Secure, and a recurring Pay has none
	CodeDuplicateUser       Code = "DUPLICATE_USER"         // as recorded; newer lists say DUPLICATE_CUSTOMER
	CodeCustomerNotFound    Code = "CUSTOMER_NOT_FOUND"
	CodeWrongUserParams     Code = "WRONG_USER_PARAMS"
	CodeWrongPhone          Code = "WRONG_PHONE"
	CodeEmailError          Code = "EMAIL_ERROR"
	CodeWrongCard           Code = "WRONG_CARD" // to pay with: not there, or not active
	CodeCardNotFound        Code = "CARD_NOT_FOUND"
	CodeCardExpired         Code = "CARD_EXPIRED"
	CodeDuplicateCard       Code = "DUPLICATE_CARD"
)

// State of an order or of one card attempt (docs, transaction-statuses).
type State string

// States, with who moves on from each.
const (
	StateNew                 State = "New"                 // no card yet; the payer
	StatePreAuthorized3DS    State = "PreAuthorized3DS"    // the payer is at the bank's page; the payer
	StateAuthorized          State = "Authorized"          // held; the merchant, within 7 days
	StateVoided              State = "Voided"              // released by Unblock; nobody
	StateCharged             State = "Charged"             // taken; the merchant may refund
	StateRefunded            State = "Refunded"            // all given back; nobody
	StateChargeback          State = "Chargeback"          // taken back by the payer's bank; nobody
	StateRejected            State = "Rejected"            // refused; the payer, while the session lasts
	StateError               State = "Error"               // the last operation failed technically; nobody
	StateObsolete            State = "Obsolete"            // of an attempt only: left at 3-D Secure for a newer one
	StateAuthorizationClosed State = "AuthorizationClosed" // the hold lapsed; nobody
)
