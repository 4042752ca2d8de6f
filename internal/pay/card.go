package pay

// CardStatus says whether a saved card can be charged.
type CardStatus string

// The statuses of a saved card.
const (
	CardActive  CardStatus = "ACTIVE"  // can be charged
	CardExpired CardStatus = "EXPIRED" // its last month is over; its owner adds another
	CardRemoved CardStatus = "REMOVED" // cardRemove took it away, and nothing else does; final
)

// CardStatuses lists every status.
func CardStatuses() []CardStatus { return []CardStatus{CardActive, CardExpired, CardRemoved} }

// CardRegistrationStatus says how far the adding of a card is.
type CardRegistrationStatus string

// The statuses of a card registration.
const (
	RegistrationPending        CardRegistrationStatus = "PENDING"         // committed; the call that opens the provider's page may be out
	RegistrationActionRequired CardRegistrationStatus = "ACTION_REQUIRED" // the page waits; the payer adds a card
	RegistrationCompleted      CardRegistrationStatus = "COMPLETED"       // the card is saved
	RegistrationFailed         CardRegistrationStatus = "FAILED"          // the page could not be opened, or its tries are used up
	RegistrationExpired        CardRegistrationStatus = "EXPIRED"         // the page's time is over and no card was added
)

// CardRegistrationStatuses lists every status, in the order of a registration's
// life.
func CardRegistrationStatuses() []CardRegistrationStatus {
	return []CardRegistrationStatus{
		RegistrationPending, RegistrationActionRequired, RegistrationCompleted, RegistrationFailed, RegistrationExpired,
	}
}

// IsOpen reports whether a card may still come of the registration without
// anybody starting anything new.
func (s CardRegistrationStatus) IsOpen() bool {
	return s == RegistrationPending || s == RegistrationActionRequired
}

// CanBecome reports whether a registration in status s may move to next. One
// whose page we gave up may still have taken a card: a card that is found then
// completes it.
func (s CardRegistrationStatus) CanBecome(next CardRegistrationStatus) bool {
	switch s {
	case RegistrationPending:
		return next == RegistrationActionRequired || next == RegistrationFailed || next == RegistrationExpired || next == RegistrationCompleted
	case RegistrationActionRequired:
		return next == RegistrationCompleted || next == RegistrationFailed || next == RegistrationExpired
	case RegistrationFailed, RegistrationExpired:
		return next == RegistrationCompleted
	case RegistrationCompleted:
	}
	return false
}
