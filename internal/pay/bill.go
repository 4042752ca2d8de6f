package pay

// BillStatus says where a bill stands. Each constant says who sets it and who
// acts next.
type BillStatus string

// The statuses of a bill.
const (
	BillPending        BillStatus = "PENDING"         // set at creation; the payer acts
	BillAuthorized     BillStatus = "AUTHORIZED"      // set by settle when the money is held; the merchant captures or cancels
	BillPaid           BillStatus = "PAID"            // set by settle when the right amount is captured; the fulfilment job acts
	BillDone           BillStatus = "DONE"            // set by the fulfilment job; nobody need act
	BillAmountMismatch BillStatus = "AMOUNT_MISMATCH" // set by settle when other money than asked for was taken; a person resolves
	BillFailed         BillStatus = "FAILED"          // set when no attempt can succeed any more; nobody can act
	BillExpired        BillStatus = "EXPIRED"         // set by the expiry job, or when a hold lapsed; nobody can act
	BillCanceled       BillStatus = "CANCELED"        // set by a cancel, after the hold was released; nobody can act
	BillRefunded       BillStatus = "REFUNDED"        // set when everything captured was returned; nobody need act
)

// BillStatuses lists every status, in the order of a bill's life.
func BillStatuses() []BillStatus {
	return []BillStatus{
		BillPending, BillAuthorized, BillPaid, BillDone, BillAmountMismatch,
		BillFailed, BillExpired, BillCanceled, BillRefunded,
	}
}

// CanBecome reports whether a bill in status s may move to next. Staying is not
// a move: callers treat it as "already done".
func (s BillStatus) CanBecome(next BillStatus) bool {
	switch s {
	case BillPending:
		switch next {
		case BillAuthorized, BillPaid, BillAmountMismatch, BillFailed, BillExpired, BillCanceled:
			return true
		case BillPending, BillDone, BillRefunded:
			return false
		}
	case BillAuthorized:
		switch next {
		case BillPaid, BillAmountMismatch, BillExpired, BillCanceled:
			return true
		case BillPending, BillAuthorized, BillDone, BillFailed, BillRefunded:
			return false
		}
	case BillPaid:
		return next == BillDone || next == BillRefunded
	case BillDone:
		return next == BillRefunded
	case BillAmountMismatch, BillFailed, BillExpired, BillCanceled:
		// Only a person's resolution of a review case moves these: accept the
		// money after all, or give all of it back.
		return next == BillPaid || next == BillRefunded
	case BillRefunded:
		return false
	}
	return false
}

// IsPayable reports whether a payer may still start paying a bill.
func (s BillStatus) IsPayable() bool { return s == BillPending }

// BillAction is what a caller may do to a bill now, shown as allowedActions.
type BillAction string

// The actions on a bill.
const (
	ActionPay     BillAction = "pay"
	ActionRefresh BillAction = "refresh"
	ActionCancel  BillAction = "cancel"
	ActionCapture BillAction = "capture"
	ActionRefund  BillAction = "refund"
	ActionClaim   BillAction = "claim"
)

// AllowedActions lists what role may do to a bill in status s, for a client to
// draw its buttons. The services judge by themselves, and tell this list when
// they refuse. A claim is in no list: a guest token allows it, not a status.
func (s BillStatus) AllowedActions(role Role) []BillAction {
	var actions []BillAction
	allow := func(action BillAction, when bool) {
		if when && action.IsFor(role) {
			actions = append(actions, action)
		}
	}
	switch s {
	case BillPending:
		allow(ActionPay, true)
		allow(ActionRefresh, true)
		allow(ActionCancel, true)
	case BillAuthorized:
		allow(ActionRefresh, true)
		allow(ActionCapture, true)
		allow(ActionCancel, role.IsMerchantSide())
	case BillPaid, BillDone:
		allow(ActionRefresh, true)
		allow(ActionRefund, true)
	case BillAmountMismatch:
		allow(ActionRefresh, true)
	case BillFailed, BillExpired, BillCanceled:
		allow(ActionRefresh, true)
	case BillRefunded:
	}
	return actions
}

// IsFor reports whether role is one that may ever take the action.
func (a BillAction) IsFor(role Role) bool {
	switch a {
	case ActionPay:
		return role == RoleGuest || role == RoleUser || role == RoleServer || role == RoleAdmin
	case ActionCancel, ActionRefresh:
		return role != RolePublic
	case ActionCapture:
		return role == RoleServer || role == RoleFinance || role == RoleAdmin
	case ActionRefund:
		return role.IsMerchantSide()
	case ActionClaim:
		return role == RoleUser
	}
	return false
}
