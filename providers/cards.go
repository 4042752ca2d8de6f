package providers

import (
	"context"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// CardSaver keeps payers' cards at the vendor, who shows us masks and ids of its
// own.
//
// Implement this if the vendor has a page on which a payer adds a card; the flag
// is OpSaveCard.
type CardSaver interface {
	// StartCard opens the vendor's page where the customer adds a card, and makes
	// the customer known to the vendor before that when it is not. No money stays
	// taken. It may be repeated under a new order number: a session without a card
	// is worth nothing.
	StartCard(ctx context.Context, r CardRequest) (CardSession, error)

	// Cards lists the cards that the vendor keeps for the customer. It changes
	// nothing. A customer whom the vendor has never heard of has none.
	Cards(ctx context.Context, c Customer) ([]SavedCard, error)

	// RemoveCard has the vendor forget a card. One that it has forgotten already
	// is removed: it may be repeated.
	RemoveCard(ctx context.Context, c Customer, ref string) error

	// CustomerName returns the vendor's name of the customer, as Event.Customer
	// has it; "" for one whom the vendor cannot have. It asks nobody.
	CustomerName(c Customer) string
}

// CardActivator makes a card usable that was added and is not active yet.
//
// Implement this if the vendor keeps such cards; the flag is OpSaveCard.
type CardActivator interface {
	// ActivateCard names the amount that was held when the card was tried, as
	// CardRequest had it. It may be repeated, and may be asked of a card that does
	// not need it or is not ready for it: then the card stays as it is, and Cards
	// tells how that is.
	ActivateCard(ctx context.Context, c Customer, ref string, amount pay.Money) error
}

// SavedCharger charges a saved card without its owner.
//
// Implement this if the vendor can; the flag is OpChargeSaved.
type SavedCharger interface {
	// Charge takes the amount, or holds it on a two-stage account: Captured,
	// Authorized, or Declined with SessionOver. ActionRequired with a Redirect says
	// that the owner has to prove on a page that it is theirs. An answer that is
	// not clear is an Error of kind Unknown: Sync decides, never a second Charge.
	Charge(ctx context.Context, r ChargeRequest) (Result, error)
}

// Customer is a payer as the vendor's own customer. Both ids are constant for
// ever; an adapter derives from them what it calls the customer.
type Customer struct {
	ID         string // ours: 26 lower-case letters and digits
	ExternalID string // the merchant's own
	Email      string
	Phone      string // E.164
}

// CardRequest is what StartCard needs to know.
type CardRequest struct {
	OrderNumber string
	Customer    Customer
	Amount      pay.Money // held for a moment to try the card
	ReturnURL   string
	NotifyURL   string
	Payer       Payer
}

// CardSession is a page on which a card can be added.
type CardSession struct {
	Redirect     Redirect
	AttemptsLeft *int // how many cards may be tried; nil when not told
}

// SavedCard is one card that a vendor keeps.
type SavedCard struct {
	Ref         string // the vendor's id of it: a secret, never shown
	Card        Card
	Holder      string // "" when not told
	ExpMonth    int    // 1 to 12; 0 when not told
	ExpYear     int    // four digits; 0 when not told
	Active      bool   // it may be charged
	Expired     bool
	RequiresCVV bool // its owner has to type the code for each charge
}

// ChargeRequest is what Charge needs to know.
type ChargeRequest struct {
	OrderNumber string
	Handle      string // the operation's own number, the same on every resend
	Amount      pay.Money
	Customer    Customer
	CardRef     string // SavedCard.Ref
	Description string
	ReturnURL   string // for a proof on a page
	NotifyURL   string
	Items       []Item
	Payer       Payer
	Initiator   Initiator
	Expires     time.Time
}

// Initiator says who started a charge; banks judge the two differently.
type Initiator string

// Who starts a charge.
const (
	ByPayer    Initiator = "payer"    // the owner is here and chose the card
	ByMerchant Initiator = "merchant" // a renewal, without the owner
)
