package pay

// SubscriptionStatus says where a billing subscription stands.
type SubscriptionStatus string

// The statuses of a billing subscription.
const (
	SubscriptionIncomplete SubscriptionStatus = "INCOMPLETE" // its first bill is not paid; the payer acts
	SubscriptionTrialing   SubscriptionStatus = "TRIALING"   // free until the trial ends, then charged
	SubscriptionActive     SubscriptionStatus = "ACTIVE"     // the present period is paid
	SubscriptionPastDue    SubscriptionStatus = "PAST_DUE"   // a renewal failed; charged again by schedule, and the payer may pay
	SubscriptionPaused     SubscriptionStatus = "PAUSED"     // not charged until it is resumed
	SubscriptionCanceled   SubscriptionStatus = "CANCELED"   // ended by its payer, its merchant, or an unpaid renewal; what is paid for lasts; final
	SubscriptionEnded      SubscriptionStatus = "ENDED"      // ran out by itself: its first bill was not paid, or a trial ended without a card; final
)

// SubscriptionStatuses lists every status, in the order of a subscription's life.
func SubscriptionStatuses() []SubscriptionStatus {
	return []SubscriptionStatus{
		SubscriptionIncomplete, SubscriptionTrialing, SubscriptionActive, SubscriptionPastDue,
		SubscriptionPaused, SubscriptionCanceled, SubscriptionEnded,
	}
}

// IsLive reports whether the subscription may still be charged or used.
func (s SubscriptionStatus) IsLive() bool {
	return s != SubscriptionCanceled && s != SubscriptionEnded
}

// CanBecome reports whether a subscription in status s may move to next.
func (s SubscriptionStatus) CanBecome(next SubscriptionStatus) bool {
	switch s {
	case SubscriptionIncomplete:
		return next == SubscriptionActive || next == SubscriptionEnded || next == SubscriptionCanceled
	case SubscriptionTrialing:
		return next == SubscriptionActive || next == SubscriptionPastDue || next == SubscriptionPaused || next == SubscriptionCanceled || next == SubscriptionEnded
	case SubscriptionActive:
		return next == SubscriptionPastDue || next == SubscriptionPaused || next == SubscriptionCanceled
	case SubscriptionPastDue:
		return next == SubscriptionActive || next == SubscriptionPaused || next == SubscriptionCanceled
	case SubscriptionPaused:
		return next == SubscriptionActive || next == SubscriptionTrialing || next == SubscriptionPastDue || next == SubscriptionCanceled
	case SubscriptionCanceled, SubscriptionEnded:
	}
	return false
}
