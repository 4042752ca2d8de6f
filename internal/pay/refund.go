package pay

import "strings"

// RefundStatus says where money on its way back stands.
type RefundStatus string

// The statuses of a refund.
const (
	RefundAwaitingApproval RefundStatus = "AWAITING_APPROVAL" // set when it is above the merchant's sum; a second person approves
	RefundRequested        RefundStatus = "REQUESTED"         // set at creation, by the approval, or when the provider could not be reached; a job sends it
	RefundSent             RefundStatus = "SENT"              // set before the provider hears of it; its answer, or asking, says what became of it
	RefundSucceeded        RefundStatus = "SUCCEEDED"         // the money is back; final
	RefundFailed           RefundStatus = "FAILED"            // it surely was not given back; final
	RefundUnknown          RefundStatus = "UNKNOWN"           // it may have been given back; the provider is asked until it says
)

// RefundStatuses lists every status, in the order of a refund's life.
func RefundStatuses() []RefundStatus {
	return []RefundStatus{RefundAwaitingApproval, RefundRequested, RefundSent, RefundSucceeded, RefundFailed, RefundUnknown}
}

// CanBecome reports whether a refund in status s may move to next.
func (s RefundStatus) CanBecome(next RefundStatus) bool {
	switch s {
	case RefundAwaitingApproval:
		return next == RefundRequested || next == RefundFailed
	case RefundRequested:
		return next == RefundSent || next == RefundSucceeded || next == RefundFailed // at once, out of a wallet
	case RefundSent:
		return next == RefundSucceeded || next == RefundFailed || next == RefundUnknown || next == RefundRequested
	case RefundUnknown:
		return next == RefundSucceeded || next == RefundFailed
	case RefundSucceeded, RefundFailed:
	}
	return false
}

// IsOpen reports whether the refund's amount is spoken for: it may still go back.
func (s RefundStatus) IsOpen() bool { return s != RefundSucceeded && s != RefundFailed }

// RefundEvidence is what a provider says of an attempt while a refund of it is out.
type RefundEvidence struct {
	Taken  Money // what was taken and not given back before this refund
	Amount Money // what this refund gives back
	Left   Money // what the provider says is taken now

	Refunding bool // the provider says that it is still at it
	Settled   bool // it has had time to know of all that was sent
	Tells     bool // it tells partial refunds; one that does not is silent about them for ever
}

// RefundVerdict is what follows from RefundEvidence.
type RefundVerdict string

// The verdicts.
const (
	RefundIsDone     RefundVerdict = "done"
	RefundIsNotDone  RefundVerdict = "not_done"
	RefundIsOut      RefundVerdict = "out"      // nobody can say yet
	RefundIsDisputed RefundVerdict = "disputed" // the amount is one that this refund does not explain
)

// JudgeRefund decides by what is left whether a refund was done. It never needs the
// refund's own number: one attempt has one refund out at a time.
func JudgeRefund(e RefundEvidence) RefundVerdict {
	after, err := e.Taken.Add(e.Amount.Neg())
	switch {
	case err != nil, e.Left != after && e.Left != e.Taken:
		return RefundIsDisputed
	case e.Left == after:
		return RefundIsDone
	case e.Refunding, !e.Settled, !e.Tells && !after.IsZero():
		return RefundIsOut
	}
	return RefundIsNotDone
}

// refundKey begins the keys of refunds' own transfers.
const refundKey = "refund/"

// IsRefundKey reports whether a transfer of that key gave money back.
func IsRefundKey(key string) bool { return strings.HasPrefix(key, refundKey) }

// IsEarningKey reports whether a transfer of that key booked money that was taken, or
// that a person accepted.
func IsEarningKey(key string) bool {
	return strings.HasPrefix(key, "capture/") || strings.HasPrefix(key, "accept/")
}

// RefundTransfer books that money which a provider took was given back: it owes us
// less. From is REFUNDS for what was earned, SUSPENSE for what waited for a person.
// Its key is the refund's, so it is booked once.
func RefundTransfer(refund RefundID, account string, from AccountKind, amount Money) Transfer {
	return Transfer{
		Key:   refundKey + refund.String(),
		Entry: EntryRefund,
		Legs: []Leg{
			{Kind: from, Amount: amount.Neg()},
			{Kind: AccountClearing, Owner: account, Amount: amount},
		},
	}
}

// WalletRefundTransfer books that what a wallet paid for is back in the wallet.
func WalletRefundTransfer(refund RefundID, wallet WalletID, from AccountKind, amount Money) Transfer {
	return Transfer{
		Key:   refundKey + refund.String(),
		Entry: EntryRefund,
		Legs: []Leg{
			{Kind: from, Amount: amount.Neg()},
			{Kind: AccountWalletAvailable, Owner: wallet.UUID(), Amount: amount},
		},
	}
}

// RevokeHoldTransfer sets aside what a top-up brought to a wallet, before the money
// is given back: it cannot be spent meanwhile.
func RevokeHoldTransfer(refund RefundID, wallet WalletID, amount Money) Transfer {
	return walletMove(RevokeHoldKey(refund), EntryHold, wallet, AccountWalletAvailable, AccountWalletHeld, amount)
}

// RevokeHoldKey is the key of a refund's RevokeHoldTransfer.
func RevokeHoldKey(refund RefundID) string { return "refund_hold/" + refund.String() }

// IsRevokeKey reports whether a transfer of that key set a top-up's money aside for a
// refund, took it out, or let it go again.
func IsRevokeKey(key string) bool {
	return strings.HasPrefix(key, "refund_hold/") || strings.HasPrefix(key, "refund_revoke/") || strings.HasPrefix(key, "refund_release/")
}

// RevokeTransfer takes what RevokeHoldTransfer set aside out of the wallet: the
// top-up's money was given back, which RefundTransfer took from REFUNDS.
func RevokeTransfer(refund RefundID, wallet WalletID, amount Money) Transfer {
	return Transfer{
		Key:   "refund_revoke/" + refund.String(),
		Entry: EntryRefund,
		Legs: []Leg{
			{Kind: AccountWalletHeld, Owner: wallet.UUID(), Amount: amount.Neg()},
			{Kind: AccountRefunds, Amount: amount},
		},
	}
}

// RevokeReleaseTransfer gives the wallet back what RevokeHoldTransfer set aside: the
// refund was not done.
func RevokeReleaseTransfer(refund RefundID, wallet WalletID, amount Money) Transfer {
	return walletMove("refund_release/"+refund.String(), EntryRelease, wallet, AccountWalletHeld, AccountWalletAvailable, amount)
}

// walletMove moves money within one wallet.
func walletMove(key string, entry EntryKind, wallet WalletID, from, to AccountKind, amount Money) Transfer {
	return Transfer{
		Key:   key,
		Entry: entry,
		Legs: []Leg{
			{Kind: from, Owner: wallet.UUID(), Amount: amount.Neg()},
			{Kind: to, Owner: wallet.UUID(), Amount: amount},
		},
	}
}
