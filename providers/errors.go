package providers

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller may conclude from an error of an adapter.
type Kind string

// The kinds of errors. A decline is none of them: it is a Result.
const (
	Rejected    Kind = "rejected"     // our request is wrong; it was not done and will not be: page someone
	Unavailable Kind = "unavailable"  // surely not done: the first byte never left, or the vendor said "not now"
	Unknown     Kind = "unknown"      // it may be done: ask, never send again
	Auth        Kind = "auth"         // credentials or signature refused
	NotFound    Kind = "not_found"    // the vendor has never heard of the order
	Conflict    Kind = "conflict"     // the order number was used, or its state does not allow it
	RateLimited Kind = "rate_limited" // surely not done; RetryAfter says when
	Unsupported Kind = "unsupported"  // this account cannot do it; nothing was sent
	Malformed   Kind = "malformed"    // a read whose answer made no sense; a write's is Unknown
)

// Error is every error that an adapter returns. Neither its text nor its cause
// holds a secret, a card number or a token.
type Error struct {
	Provider   Name
	Op         Op
	Kind       Kind
	Code       string        // the vendor's own code, when it gave one
	RetryAfter time.Duration // with RateLimited
	Err        error         // the cause, for the log; may be nil
}

// Error writes who, what and why: "payture start: unknown: unexpected EOF".
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s: %s", e.Provider, e.Op, e.Kind)
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain. Any other error is
// Unknown, the kind that is safe to assume of a write; nil has no kind.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unknown
}
