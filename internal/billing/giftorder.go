package billing

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paygraph/paygraph/internal/pay"
)

// GiftOrder is who is given a GIFT product, as its buyer wrote it and as the
// bill keeps it. The names are of the database: a row may be older than the
// program.
type GiftOrder struct {
	RecipientEmail string     `json:"recipientEmail"`
	Message        *string    `json:"message,omitempty"`
	Occasion       *string    `json:"occasion,omitempty"`
	DeliverAt      *time.Time `json:"deliverAt,omitempty"`
}

// What a gift may be accompanied by.
const (
	maxGiftMessage  = 1000
	maxGiftOccasion = 100
	maxGiftDelay    = 366 * 24 * time.Hour
)

// ReadGiftOrder reads what a GIFT product's bill keeps.
func ReadGiftOrder(raw json.RawMessage) (GiftOrder, error) {
	var order GiftOrder
	if err := json.Unmarshal(raw, &order); err != nil {
		return GiftOrder{}, fmt.Errorf("read a bill's gift: %w", err)
	}
	return order, nil
}

// order judges what the buyer of a gift wrote and makes it ready for its bill.
func (in *NewGift) order(now time.Time) (json.RawMessage, error) {
	if in == nil {
		return nil, pay.Invalid("bill.gift_missing", "Say who is given the gift.", "gift")
	}
	address, err := mail.ParseAddress(in.RecipientEmail)
	if err != nil || address.Address != in.RecipientEmail || len(in.RecipientEmail) > maxEmail {
		return nil, pay.Invalid("email.malformed", "This is not an e-mail address.", "gift", "recipientEmail")
	}
	if err := checkMessage(in.Message); err != nil {
		return nil, err
	}
	if err := checkText("gift.occasion", in.Occasion, maxGiftOccasion); err != nil {
		return nil, err
	}
	order := GiftOrder{RecipientEmail: in.RecipientEmail, Message: in.Message, Occasion: in.Occasion}
	if in.DeliverAt != nil {
		at := pay.Instant(*in.DeliverAt)
		if at.Before(now) || at.After(now.Add(maxGiftDelay)) {
			return nil, pay.Invalid("gift.deliver_at_range", "A gift is delivered from now on, and within a year.", "gift", "deliverAt")
		}
		order.DeliverAt = &at
	}
	raw, err := json.Marshal(order)
	if err != nil {
		return nil, fmt.Errorf("write a bill's gift: %w", err)
	}
	return raw, nil
}

// checkMessage judges the buyer's words to the recipient, which may have several
// lines.
func checkMessage(text *string) error {
	if text == nil {
		return nil
	}
	if utf8.RuneCountInString(*text) > maxGiftMessage {
		return pay.Invalid("text.too_long", fmt.Sprintf("At most %d characters.", maxGiftMessage), "gift", "message")
	}
	lines := strings.NewReplacer("\r\n", " ", "\n", " ").Replace(*text)
	return checkText("gift.message", &lines, maxGiftMessage)
}
