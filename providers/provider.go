// Package providers is the contract that every payment provider's adapter
// meets: a small mandatory Provider, optional interfaces of one or two methods
// found by type assertion, and capabilities as data. No vendor's word stands
// here, and nothing here knows a table or a bill.
//
// Start with Provider, then Result: everything a provider tells us is one. How an
// account is made of its settings begins in vendor.go.
package providers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// Name is a provider's code in the API and in configuration, e.g. "payture".
type Name string

// Provider takes payments by one account at one vendor. Its methods are safe
// for concurrent use, wait on the network up to ctx's deadline, and must never
// be called while a database transaction is open.
type Provider interface {
	// Name returns the vendor's code.
	Name() Name

	// Capabilities returns what this account can do. It is constant and asks
	// nobody.
	Capabilities() Capabilities

	// Start opens what the payer pays on: a hosted page, a form or an invoice.
	// It takes no money. The answer is ActionRequired, or Declined when the
	// vendor refuses this payer or amount. An Error of kind Conflict means that
	// the order number was used before: ask Sync what became of it.
	Start(ctx context.Context, r StartRequest) (Result, error)

	// Sync asks what the vendor knows of an attempt. It changes nothing and may
	// be called at any time and any number of times. An order the vendor has
	// never heard of is an Error of kind NotFound; one that waits for its payer
	// is ActionRequired.
	Sync(ctx context.Context, ref Ref) (Result, error)
}

// Capturer takes money that is held, all of it or less.
//
// Implement this if the vendor has two-stage payments; the flag is OpCapture.
type Capturer interface {
	// Capture takes amount of an Authorized attempt. Handle is the operation's
	// own number, the same on every resend. An answer that is not clear is an
	// Error of kind Unknown: Sync decides, never a second Capture.
	Capture(ctx context.Context, ref Ref, handle string, amount pay.Money) (Result, error)
}

// Voider releases money that is held.
//
// Implement this if the vendor has two-stage payments; the flag is OpVoid.
type Voider interface {
	// Void releases the whole hold of an Authorized attempt.
	Void(ctx context.Context, ref Ref, handle string) (Result, error)
}

// Refunder gives back money that was taken.
//
// Implement this if the vendor can; the flag is OpRefund.
type Refunder interface {
	// Refund gives r.Amount of a Captured attempt back. The answer is Captured with
	// what stays taken, Refunded when nothing does, Pending when the vendor has
	// accepted it and will do it, or Declined when it refuses: then nothing moved.
	// An answer that is not clear is an Error of kind Unknown: Sync decides, by what
	// is taken, never a second Refund. One attempt has one refund on its way at a
	// time.
	Refund(ctx context.Context, r RefundRequest) (Result, error)
}

// Expirer closes a session that nobody has paid, so that no open tab can.
//
// Implement this if the vendor can do it for certain; the flag is OpExpire.
type Expirer interface {
	// Expire closes the session and returns what it found: Expired, or Captured
	// when the payer was faster.
	Expire(ctx context.Context, ref Ref, handle string) (Result, error)
}

// WebhookParser reads the vendor's notifications.
//
// Implement this if the vendor sends any; the flag is OpWebhook.
type WebhookParser interface {
	// ParseWebhook verifies and reads one notification, without side effects.
	// The Reply is what the vendor wants to hear when the notification was
	// stored. An Error of kind Auth means that it is forged, of kind Malformed
	// that it cannot be read; neither is stored as an event.
	ParseWebhook(ctx context.Context, n Notification) ([]Event, Reply, error)
}

// Op is one thing a provider can do. The words are shown in the API as
// capabilities.
type Op string

// The operations. Start and Sync stand for the mandatory methods: a vendor that
// cannot be asked leaves OpSync out and answers Unsupported.
const (
	OpStart   Op = "start"
	OpSync    Op = "sync"
	OpCapture Op = "capture"
	OpVoid    Op = "void"
	OpRefund  Op = "refund"
	OpExpire  Op = "expire"
	OpWebhook Op = "webhooks"

	OpSaveCard    Op = "save_card"      // a page of the vendor's where a card is added, see CardSaver
	OpSavePaid    Op = "save_paid_card" // a payment saves the card that it was made with, see Result.Saved
	OpChargeSaved Op = "charge_saved"
)

// Capabilities is what one account can do, as data.
type Capabilities struct {
	Ops        []Op           // what can be asked of it
	Currencies []pay.Currency // nil: any

	TwoStage          bool // payments are held first and captured by the merchant
	PartialCapture    bool // less than the hold may be captured
	PartialRefund     bool // less than the rest may be refunded
	NativeIdempotency bool // a resend with the same handle is done once
	SyncByOurNumber   bool // Sync works from our order number alone
	TellsRefunds      bool // Sync tells by Captured that part of the money was given back
	WantsItems        bool // Start and Charge use the bill's lines
	SecretNotifyURL   bool // notifications prove themselves by StartRequest.NotifyURL, which is made for each order and nobody can guess

	SessionLife  time.Duration // how long what Start opened can be paid
	SettlingTime time.Duration // after it, "never heard of it" may be believed

	Min, Max map[pay.Currency]int64 // minor units; a currency without an entry has no limit
}

// SavesCards reports whether a payment can leave a saved card.
func (c Capabilities) SavesCards() bool { return c.Can(OpSaveCard) || c.Can(OpSavePaid) }

// Can reports whether op is among the operations.
func (c Capabilities) Can(op Op) bool {
	for _, o := range c.Ops {
		if o == op {
			return true
		}
	}
	return false
}

// Takes reports whether the account takes payments in the currency.
func (c Capabilities) Takes(currency pay.Currency) bool {
	if c.Currencies == nil {
		return true
	}
	for _, known := range c.Currencies {
		if known == currency {
			return true
		}
	}
	return false
}

// Allows reports whether amount is within the account's limits and currencies. Nobody
// takes nothing, or less.
func (c Capabilities) Allows(amount pay.Money) bool {
	least, hasMin := c.Min[amount.Currency]
	most, hasMax := c.Max[amount.Currency]
	return amount.Amount > 0 && c.Takes(amount.Currency) && (!hasMin || amount.Amount >= least) && (!hasMax || amount.Amount <= most)
}

// Ref names an attempt at the vendor.
type Ref struct {
	OrderNumber string // ours: 26 lower-case letters and digits, unique for ever
	ProviderRef string // theirs, from an earlier Result; "" before the first answer
	OfCustomer  bool   // it charges a saved card or saves one: some vendors keep these orders elsewhere
}

// RefundRequest is what Refund needs to know.
type RefundRequest struct {
	Ref    Ref
	Handle string    // the operation's own number, the same on every resend: 26 lower-case letters and digits
	Amount pay.Money // to give back now
	Taken  pay.Money // what is taken and not given back before this refund, the vendor's commission included
	Reason string    // one line, for the vendor's records
}

// StartRequest is what Start needs to know.
type StartRequest struct {
	OrderNumber string
	Amount      pay.Money
	Description string // one line for the payer, without markup
	ReturnURL   string // where the payer's browser goes afterwards
	NotifyURL   string // where notifications go, for a vendor that takes it by order
	Items       []Item // what is paid for, for a fiscal receipt; nil when the bill has no lines
	Payer       Payer
	Expires     time.Time // the bill's own end; a vendor that can should stop then
	SaveFor     *Customer // whose card is saved when it has paid; nil: none is. Demands OpSaveCard or OpSavePaid
}

// Item is one line of what is paid for.
type Item struct {
	Title    string
	Quantity int       // at least 1
	Unit     pay.Money // the price of one
	Tax      string    // the merchant's word for it, such as "vat20"; "" when there is none
}

// Payer is what is known of the person who pays. Every field may be empty.
type Payer struct {
	Email  string
	Phone  string // E.164
	Locale string // BCP 47
	IP     string
	Note   string // shown on the payment form where the vendor can

	Requisites []Requisite   // what a vendor of services asks for: an account's number, a month
	Service    *ServiceOrder // the contract that is paid, at a vendor who pays it on, as the merchant's side says; nil: none
	Browser    *Browser      // for 3-D Secure without the vendor's page; nil: not known
}

// Requisite is one named detail of a payer. Their order is the caller's.
type Requisite struct{ Name, Value string }

// ServiceOrder names the contract of a service that a payment is for.
type ServiceOrder struct {
	ServiceID     int
	ContractValue string // as the payer knows it: leading zeros stay
}

// Browser is what 3-D Secure asks of the payer's browser.
type Browser struct {
	UserAgent, Language, AcceptHeader     string
	ColorDepth, ScreenWidth, ScreenHeight int
	TimeZoneOffset                        int // minutes, as JavaScript has it: -300 is UTC+5
	JavaEnabled                           bool
}

// Status is what a vendor says of an attempt, in our words.
type Status string

// The statuses of a Result.
const (
	Pending        Status = "PENDING"         // known to the vendor; nobody need act yet
	ActionRequired Status = "ACTION_REQUIRED" // the payer has to do something
	Authorized     Status = "AUTHORIZED"      // the money is held
	Captured       Status = "CAPTURED"        // the money was taken; part of it may have been refunded since
	Declined       Status = "DECLINED"        // refused; Decline says why
	Voided         Status = "VOIDED"          // the hold was released, nothing was taken
	Expired        Status = "EXPIRED"         // the session or the hold ran out, nothing was taken
	Refunded       Status = "REFUNDED"        // everything that was taken was given back
	ChargedBack    Status = "CHARGED_BACK"    // the payer's bank took the money back
)

// Result is what a vendor told us of an attempt. Amounts are in the vendor's
// own word converted exactly to minor units; zero money with a currency is an
// amount of nothing, the zero pay.Money an amount not told.
type Result struct {
	Status      Status
	ProviderRef string // the vendor's own number, when told
	RawStatus   string // the vendor's own word, for people and the log

	Redirect *Redirect // with ActionRequired, from Start

	Authorized pay.Money // held now
	Captured   pay.Money // taken and not refunded, the Fee included
	Fee        pay.Money // the vendor's commission, when it is added to the amount
	Moderated  bool      // with Pending: the vendor holds the payment until a person of its own has looked
	Refunding  bool      // a refund is on its way at the vendor: Captured may still fall

	// RefundFailed is the vendor's word that the last refund it had was not done, and
	// will not be. Just after a refund was sent it may be about the one before.
	RefundFailed bool

	Decline     *Decline   // with Declined; also the last refusal inside a live session
	SessionOver bool       // with Declined: no further try is possible in this session
	TestMode    *bool      // what the vendor says of it; nil when it does not say
	Card        *Card      // what paid, when told
	Saved       *SavedCard // the card that this payment saved, with OpSavePaid, when told
	At          time.Time  // when it happened at the vendor; zero when not told
}

// Redirect sends the payer to a page.
type Redirect struct {
	URL     string
	Method  string            // GET, or POST with Fields as a form
	Fields  map[string]string // nil for GET
	Expires time.Time         // zero: not told
}

// Card is what may be shown of a card.
type Card struct {
	Brand string // "visa", "mastercard", "mir", ...; "" when not told
	Mask  string // at most the first six and the last four digits
}

// Decline is why a vendor refused.
type Decline struct {
	Code         string    // ours: insufficient_funds, card_expired, stolen_card, issuer_declined, fraud, ...
	ProviderCode string    // theirs
	Message      string    // one English sentence that a payer may read
	Retry        pay.Retry // what may help
}

// Notification is one request that a vendor sent to us.
type Notification struct {
	Header http.Header
	Query  url.Values
	Body   []byte

	// Order is the attempt whose own NotifyURL it came to, as far as the vendor has
	// told us of it; nil when it came to the account's address. Nobody else can know
	// that address, so it proves where the notification is from.
	Order *Ref
}

// Event is one thing that a notification says.
type Event struct {
	Key      string  // unique per account for signed events; "" for hints
	Kind     string  // the vendor's word
	Ref      Ref     // which attempt, by our number or, at a vendor who does not tell it, by theirs; without both, see Customer
	Customer string  // the vendor's name of a customer whose cards have changed; "" for events of attempts
	Hint     bool    // it proves nothing: ask Sync
	Result   *Result // what a proven event says; nil for hints
	At       time.Time
	// Body is what may be stored of the notification; nil: all of it. It leaves out
	// what is kept encrypted elsewhere, such as the vendor's id of a saved card.
	Body []byte
}

// Reply is what a vendor wants to hear about its notification.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}
