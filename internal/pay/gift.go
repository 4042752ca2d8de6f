package pay

// GiftStatus says where a gift stands.
type GiftStatus string

// The statuses of a gift.
const (
	GiftScheduled GiftStatus = "SCHEDULED" // paid; its code is mailed at the delivery time and cannot be redeemed before
	GiftIssued    GiftStatus = "ISSUED"    // its code can be redeemed; the recipient acts
	GiftRedeemed  GiftStatus = "REDEEMED"  // somebody has it; final
	GiftVoided    GiftStatus = "VOIDED"    // taken back before it was redeemed, for a refund; final, unless that fails
	GiftExpired   GiftStatus = "EXPIRED"   // not redeemed in time; final
)

// GiftStatuses lists every status, in the order of a gift's life.
func GiftStatuses() []GiftStatus {
	return []GiftStatus{GiftScheduled, GiftIssued, GiftRedeemed, GiftVoided, GiftExpired}
}

// CanBecome reports whether a gift in status s may move to next.
func (s GiftStatus) CanBecome(next GiftStatus) bool {
	switch s {
	case GiftScheduled:
		return next == GiftIssued || next == GiftVoided || next == GiftExpired
	case GiftIssued:
		return next == GiftRedeemed || next == GiftVoided || next == GiftExpired
	case GiftVoided:
		return next == GiftIssued || next == GiftScheduled // the refund was not done
	case GiftRedeemed, GiftExpired:
	}
	return false
}
