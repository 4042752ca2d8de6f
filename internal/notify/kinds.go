package notify

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// Kind names what a mail tells, and with that its template and the type of its
// data.
type Kind string

// The kinds, each with the type of Mail.Data beside it.
const (
	KindReceipt           Kind = "receipt"            // Receipt: a bill is paid and what it bought is granted
	KindGiftForRecipient  Kind = "gift-for-recipient" // GiftForRecipient; Secret is the code
	KindGiftForBuyer      Kind = "gift-for-buyer"     // GiftForBuyer; Secret is the code
	KindRenewalComing     Kind = "renewal-coming"     // RenewalComing: a subscription will be charged
	KindRenewalFailed     Kind = "renewal-failed"     // RenewalFailed: it could not be, and here is how to pay
	KindCardExpiring      Kind = "card-expiring"      // CardExpiring: the card of a subscription is gone or has expired
	KindSubscriptionEnded Kind = "subscription-ended" // SubscriptionEnded: nothing is charged any more
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{
		KindReceipt, KindGiftForRecipient, KindGiftForBuyer, KindRenewalComing,
		KindRenewalFailed, KindCardExpiring, KindSubscriptionEnded,
	}
}

// The types below are Mail.Data, kept as JSON until the mail is sent: members may
// be added, never renamed. Texts are plain, of any length, by anybody: templates
// escape them. Links are https or http addresses, or begin with / and are then
// below Config.PublicURL; empty ones are left out, as is every zero value that
// says so.

// Receipt is the data of KindReceipt.
type Receipt struct {
	Bill      pay.BillID
	Reference string // the merchant's own number, or ""
	Lines     []Line
	Total     pay.Money
	PaidAt    time.Time
}

// Line is one line of a receipt. Amount is for all of its Quantity.
type Line struct {
	Title    string
	Quantity int
	Amount   pay.Money
}

// GiftForRecipient is the data of KindGiftForRecipient.
type GiftForRecipient struct {
	Product   string     // the title of what is given
	From      string     // the buyer's name, or ""
	Message   string     // the buyer's words, or ""
	Occasion  string     // the buyer's word for it, or ""
	RedeemURL string     // the page that takes the code, or ""
	ExpiresAt *time.Time // when the code stops working; nil: never
}

// GiftForBuyer is the data of KindGiftForBuyer.
type GiftForBuyer struct {
	Product   string
	Recipient string     // whom it is mailed to
	DeliverAt *time.Time // when; nil: now
	RedeemURL string
	ExpiresAt *time.Time
}

// RenewalComing is the data of KindRenewalComing.
type RenewalComing struct {
	Product   string
	Amount    pay.Money
	At        time.Time // when it is charged
	Card      string    // as its owner sees it (411111******1111); "": the payer pays each bill
	IsTrial   bool      // a trial ends, and this is the first charge
	PayURL    string    // where the payer pays a bill without a card, or ""
	ManageURL string    // where the payer changes or cancels it, or ""
}

// RenewalFailed is the data of KindRenewalFailed.
type RenewalFailed struct {
	Product      string
	Amount       pay.Money
	Card         string     // "": there is none
	PayURL       string     // where the payer pays by hand; the mail is of little use without
	NeedsPayer   bool       // the bank wants the payer's confirmation: it is not tried again by itself
	NeedsNewCard bool       // this card is refused for good: it is not tried again
	NextTryAt    *time.Time // when it is tried again by itself; nil: not
	AccessUntil  *time.Time // when the subscription ends if nothing is paid; nil: not known
}

// CardExpiring is the data of KindCardExpiring.
type CardExpiring struct {
	Card      string
	Product   string     // of the subscription that it pays for, or ""
	Month     time.Month // its last; 0: not known
	Year      int
	IsGone    bool       // it was removed or has expired already
	RenewsAt  *time.Time // when the subscription is charged next; nil: not known
	UpdateURL string     // where the payer adds a card, or ""
}

// SubscriptionEnded is the data of KindSubscriptionEnded.
type SubscriptionEnded struct {
	Product     string
	EndedAt     time.Time
	IsUnpaid    bool       // it ended because a renewal was not paid, not because somebody asked for it
	AccessUntil *time.Time // what was paid for lasts until then; nil: it is over
	RenewURL    string     // where the payer subscribes again, or ""
}

// dataOf lists the type of each kind's data.
func dataOf() map[Kind]reflect.Type {
	return map[Kind]reflect.Type{
		KindReceipt:           reflect.TypeFor[Receipt](),
		KindGiftForRecipient:  reflect.TypeFor[GiftForRecipient](),
		KindGiftForBuyer:      reflect.TypeFor[GiftForBuyer](),
		KindRenewalComing:     reflect.TypeFor[RenewalComing](),
		KindRenewalFailed:     reflect.TypeFor[RenewalFailed](),
		KindCardExpiring:      reflect.TypeFor[CardExpiring](),
		KindSubscriptionEnded: reflect.TypeFor[SubscriptionEnded](),
	}
}

// encode returns the data of a mail as its row keeps it.
func encode(kind Kind, data any) (json.RawMessage, error) {
	want, known := dataOf()[kind]
	if !known {
		return nil, fmt.Errorf("mail of kind %q: there is no such kind", kind)
	}
	if got := reflect.TypeOf(data); got != want {
		return nil, fmt.Errorf("mail of kind %s: its data is %v and not %v", kind, got, want)
	}
	return json.Marshal(data)
}

// decode reads what encode wrote.
func decode(kind Kind, raw json.RawMessage) (any, error) {
	want, known := dataOf()[kind]
	if !known {
		return nil, fmt.Errorf("there is no kind %q", kind)
	}
	value := reflect.New(want)
	if err := json.Unmarshal(raw, value.Interface()); err != nil {
		return nil, fmt.Errorf("read the data of a mail of kind %s: %w", kind, err)
	}
	return value.Elem().Interface(), nil
}
