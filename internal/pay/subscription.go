package pay

// SubscriptionStatus says where a billing subscription stands.
type SubscriptionStatus string

// The statuses of a billing subscription.
const (
	SubscriptionIncomplete SubscriptionStatus = "INCOMPLETE" // its first bill is not paid; the payer acts
	SubscriptionTrialing   SubscriptionStatus = "TRIALING"   // free until the trial ends, then charged
	SubscriptionActive     SubscriptionStatus = "ACTIVE"     // the present period is paid, or its charge is under way
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

// LiveSubscriptionStatuses lists the statuses that IsLive is true of.
func LiveSubscriptionStatuses() []SubscriptionStatus {
	return []SubscriptionStatus{
		SubscriptionIncomplete, SubscriptionTrialing, SubscriptionActive, SubscriptionPastDue, SubscriptionPaused,
	}
}

// CanBecome reports whether a subscription in status s may move to next. One that
// owes money cannot be paused: each pause would bring a new time of grace.
func (s SubscriptionStatus) CanBecome(next SubscriptionStatus) bool {
	switch s {
	case SubscriptionIncomplete:
		return next == SubscriptionActive || next == SubscriptionCanceled || next == SubscriptionEnded
	case SubscriptionTrialing:
		return next == SubscriptionActive || next == SubscriptionPastDue || next == SubscriptionPaused || next == SubscriptionCanceled || next == SubscriptionEnded
	case SubscriptionActive:
		return next == SubscriptionPastDue || next == SubscriptionPaused || next == SubscriptionCanceled
	case SubscriptionPastDue:
		return next == SubscriptionActive || next == SubscriptionCanceled
	case SubscriptionPaused:
		return next == SubscriptionTrialing || next == SubscriptionActive || next == SubscriptionCanceled
	case SubscriptionCanceled, SubscriptionEnded:
	}
	return false
}

// SubscriptionAction is what may be done to a subscription, shown as
// allowedActions.
type SubscriptionAction string

// The actions on a subscription.
const (
	SubscriptionCancel     SubscriptionAction = "cancel"
	SubscriptionResume     SubscriptionAction = "resume" // goes on after a pause, or takes a planned end back
	SubscriptionPause      SubscriptionAction = "pause"
	SubscriptionChangeCard SubscriptionAction = "change_card"
)

// AllowedActions lists what may be done to a subscription in status s by those
// who may act on it. ending says that it is to end with its period.
func (s SubscriptionStatus) AllowedActions(ending bool) []SubscriptionAction {
	if !s.IsLive() {
		return nil
	}
	actions := []SubscriptionAction{SubscriptionCancel}
	if ending || s == SubscriptionPaused {
		actions = append(actions, SubscriptionResume)
	}
	if !ending && s.CanBecome(SubscriptionPaused) {
		actions = append(actions, SubscriptionPause)
	}
	return append(actions, SubscriptionChangeCard)
}
