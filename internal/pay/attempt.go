package pay

// AttemptStatus says what is known of one attempt to pay a bill.
type AttemptStatus string

// The statuses of an attempt.
const (
	AttemptCreated        AttemptStatus = "CREATED"         // committed with its first operation; the call that opens it may be out
	AttemptSent           AttemptStatus = "SENT"            // a charge is out: its answer, or asking, says what became of it
	AttemptActionRequired AttemptStatus = "ACTION_REQUIRED" // a page or invoice waits; the payer acts
	AttemptAuthorized     AttemptStatus = "AUTHORIZED"      // the money is held; the merchant captures or voids
	AttemptCaptured       AttemptStatus = "CAPTURED"        // the money was taken; final
	AttemptDeclined       AttemptStatus = "DECLINED"        // the provider said no and its session is over
	AttemptFailed         AttemptStatus = "FAILED"          // it surely took nothing: never sent, or refused as a request
	AttemptVoided         AttemptStatus = "VOIDED"          // the hold was released, nothing was taken
	AttemptExpired        AttemptStatus = "EXPIRED"         // the session or the hold ran out
	AttemptUnknown        AttemptStatus = "UNKNOWN"         // money may have moved; the poll asks until it knows
)

// AttemptStatuses lists every status, in the order of an attempt's life.
func AttemptStatuses() []AttemptStatus {
	return []AttemptStatus{
		AttemptCreated, AttemptSent, AttemptActionRequired, AttemptAuthorized, AttemptCaptured,
		AttemptDeclined, AttemptFailed, AttemptVoided, AttemptExpired, AttemptUnknown,
	}
}

// CanBecome reports whether an attempt in status s may move to next. Evidence of
// captured money moves an attempt from anywhere, once: a session that we closed
// may still be paid in some tab, and that money must be seen.
func (s AttemptStatus) CanBecome(next AttemptStatus) bool {
	if s == AttemptCaptured || s == next {
		return false
	}
	if next == AttemptCaptured {
		return true
	}
	switch s {
	case AttemptCreated:
		return next == AttemptSent || next == AttemptActionRequired || next == AttemptAuthorized || next == AttemptDeclined || next == AttemptFailed || next == AttemptExpired
	case AttemptSent, AttemptUnknown:
		return next != AttemptCreated && next != AttemptSent
	case AttemptActionRequired:
		// VOIDED: held and released outside of us before we asked.
		return next == AttemptAuthorized || next == AttemptDeclined || next == AttemptFailed || next == AttemptVoided || next == AttemptExpired || next == AttemptUnknown
	case AttemptAuthorized:
		return next == AttemptVoided || next == AttemptExpired || next == AttemptUnknown
	case AttemptDeclined, AttemptFailed, AttemptExpired:
		return next == AttemptAuthorized // a hold by a session that outlived our record of it
	case AttemptVoided, AttemptCaptured:
		return false
	}
	return false
}

// IsOpen reports whether the attempt may still take money without anybody
// starting anything new.
func (s AttemptStatus) IsOpen() bool {
	switch s {
	case AttemptCreated, AttemptSent, AttemptActionRequired, AttemptAuthorized, AttemptUnknown:
		return true
	case AttemptCaptured, AttemptDeclined, AttemptFailed, AttemptVoided, AttemptExpired:
		return false
	}
	return false
}

// MayHaveTaken reports whether the attempt may have taken the money just now:
// nobody but its provider knows, and nothing else is begun before that does.
func (s AttemptStatus) MayHaveTaken() bool { return s == AttemptSent || s == AttemptUnknown }

// OperationKind is one kind of write to a provider.
type OperationKind string

// The operations on an attempt.
const (
	OperationStart   OperationKind = "START"   // opens a session, an invoice or an order: takes no money by itself
	OperationCharge  OperationKind = "CHARGE"  // charges a saved card
	OperationCapture OperationKind = "CAPTURE" // takes money that is held
	OperationVoid    OperationKind = "VOID"    // releases money that is held
	OperationRefund  OperationKind = "REFUND"  // returns money that was taken
)

// MovesMoney reports whether an operation in doubt is money in doubt. A session
// that may have been opened, whose page nobody saw, is not.
func (k OperationKind) MovesMoney() bool { return k != OperationStart }

// OperationStatus says how far one operation got.
type OperationStatus string

// The statuses of an operation: its row is committed before its call.
const (
	OperationCreated   OperationStatus = "CREATED"   // committed; the call may be out
	OperationSucceeded OperationStatus = "SUCCEEDED" // the provider did it
	OperationDeclined  OperationStatus = "DECLINED"  // the provider refused it, for a reason of the payer's
	OperationFailed    OperationStatus = "FAILED"    // it was surely not done
	OperationUnknown   OperationStatus = "UNKNOWN"   // it may have been done
)

// OperationStatuses lists every status of an operation.
func OperationStatuses() []OperationStatus {
	return []OperationStatus{OperationCreated, OperationSucceeded, OperationDeclined, OperationFailed, OperationUnknown}
}
