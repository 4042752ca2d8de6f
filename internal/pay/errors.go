package pay

import (
	"errors"
	"fmt"
	"time"
)

// Code says what kind of thing went wrong. Codes are never renamed: clients
// branch on them.
type Code string

// The codes a person may read, and the two that only stand at the top level of
// an answer.
const (
	CodeInvalid             Code = "INVALID"               // the request can never succeed as written
	CodeNotFound            Code = "NOT_FOUND"             // no such thing, or not yours to see
	CodeForbidden           Code = "FORBIDDEN"             // you are known, and this is not for you
	CodeConflict            Code = "CONFLICT"              // true once, no longer: reload and decide
	CodeStateConflict       Code = "STATE_CONFLICT"        // the object's status does not allow it
	CodeIdempotencyMismatch Code = "IDEMPOTENCY_MISMATCH"  // the key was used with other input
	CodeIdempotencyInFlight Code = "IDEMPOTENCY_IN_FLIGHT" // the first call with this key still runs
	CodeDeclined            Code = "DECLINED"              // the provider said no; another card may work
	CodeProviderUnavailable Code = "PROVIDER_UNAVAILABLE"  // the provider could not be asked; nothing was taken
	CodeInsufficientFunds   Code = "INSUFFICIENT_FUNDS"    // the wallet has less
	CodeLimitExceeded       Code = "LIMIT_EXCEEDED"        // too often or too much
	CodeUnsupported         Code = "UNSUPPORTED"           // no provider of yours can do it
	CodeUnauthenticated     Code = "UNAUTHENTICATED"       // we do not know who asks (top level only)
	CodeInternal            Code = "INTERNAL"              // our fault; the details are in our log only (top level only)
)

// Retry says what a caller may do about an error.
type Retry string

// The advice an error carries.
const (
	DoNotRetry       Retry = "DO_NOT_RETRY"       // it will fail again
	RetrySameKey     Retry = "RETRY_SAME_KEY"     // the same call with the same key, later
	RetryNewKey      Retry = "RETRY_NEW_KEY"      // a changed call, with a new key
	RetryOtherMethod Retry = "RETRY_OTHER_METHOD" // another card or provider, with a new key
)

// Error is an error that a person may read. Message is shown as it is; Err is
// the cause, for the log only, and may be nil.
type Error struct {
	Code    Code
	Key     string   // stable, for translation: "bill.already_paid"
	Message string   // one English sentence without secrets
	Path    []string // the input field that is wrong, from the outside in; nil when none is
	Retry   Retry
	Detail  Detail // what only this kind of error tells; nil for most
	Err     error
}

// Detail is the data of one kind of error: StateDetail, IdempotencyDetail,
// DeclineDetail or LimitDetail.
type Detail interface{ isDetail() }

// StateDetail tells from which status a move was refused and what is allowed.
type StateDetail struct {
	From    string
	Allowed []string
}

// IdempotencyDetail names the object that the key's first call made, if any.
type IdempotencyDetail struct{ OriginalID string }

// DeclineDetail tells why the provider said no.
type DeclineDetail struct {
	DeclineCode  string
	ProviderCode string
	Attempt      AttemptID
}

// LimitDetail tells which limit was met and when to come back.
type LimitDetail struct {
	RetryAfter time.Duration // zero: no use waiting
	Limit      *Money
	Available  *Money
}

func (StateDetail) isDetail()       {}
func (IdempotencyDetail) isDetail() {}
func (DeclineDetail) isDetail()     {}
func (LimitDetail) isDetail()       {}

// Error writes the code, the message and the cause, for the log.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// At returns a copy of e that blames the input field at path.
func (e *Error) At(path ...string) *Error {
	blamed := *e
	blamed.Path = path
	return &blamed
}

// Because returns a copy of e with its cause.
func (e *Error) Because(err error) *Error {
	caused := *e
	caused.Err = err
	return &caused
}

// Errorf makes an Error with a code, its translation key and a message. The
// retry advice is the usual one of the code.
func Errorf(code Code, key, format string, args ...any) *Error {
	return &Error{Code: code, Key: key, Message: fmt.Sprintf(format, args...), Retry: code.usualRetry()}
}

// Invalid makes a CodeInvalid error that blames an input field.
func Invalid(key, message string, path ...string) *Error {
	return Errorf(CodeInvalid, key, "%s", message).At(path...)
}

// CardNumberRefused is what free text that holds a card number gets: those are
// stored nowhere.
func CardNumberRefused(path ...string) *Error {
	return Invalid("text.card_number", "This looks like a card number. Card numbers belong on the provider's page only.", path...)
}

// NotFound makes a CodeNotFound error for an input field. What is not yours and
// what does not exist answer alike.
func NotFound(what string, path ...string) *Error {
	return Errorf(CodeNotFound, what+".not_found", "There is no such %s.", what).At(path...)
}

func (c Code) usualRetry() Retry {
	switch c {
	case CodeIdempotencyInFlight, CodeProviderUnavailable, CodeLimitExceeded, CodeInternal:
		return RetrySameKey
	case CodeConflict, CodeStateConflict, CodeIdempotencyMismatch:
		return RetryNewKey
	case CodeDeclined, CodeInsufficientFunds, CodeUnsupported:
		return RetryOtherMethod
	case CodeInvalid, CodeNotFound, CodeForbidden, CodeUnauthenticated:
		return DoNotRetry
	}
	return DoNotRetry
}

// Readable returns the first Error in err's chain when a person may read it, and nil
// when there is none or it is CodeInternal.
func Readable(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok && e.Code != CodeInternal {
		return e
	}
	return nil
}

// CodeOf returns the code of the first Error in err's chain, CodeInternal for
// any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
