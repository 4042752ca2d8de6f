package ktpay

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// maxNotification is how many bytes of a notification are read. The documented
// sample has 500.
const maxNotification = 64 << 10

// notification is what KTPay posts (KTWidget docs, notification of the merchant).
type notification struct {
	MerchantID json.RawMessage `json:"merchant_id"`
	OrderID    string          `json:"order_id"`
	Amount     json.RawMessage `json:"amount"`
	Hash       string          `json:"transaction_hash"`
	Status     status          `json:"status"`
}

type status struct {
	Status    string          `json:"status"`
	CreatedAt json.RawMessage `json:"created_at"`
	Error     json.RawMessage `json:"error"` // null, or an object with error and denied
}

// problem is the type and the text of a status's error, "" when there are none.
func (s status) problem() (kind, text string) {
	var told struct {
		Type json.RawMessage `json:"error_type"`
		Text json.RawMessage `json:"error_message"`
	}
	readObject(s.Error, &told)
	return word(stringOf(told.Type)), stringOf(told.Text)
}

// ParseWebhook reads one notification. KTPay sends them at the final states only,
// and again after 15 s, 60 s, 3, 10, 30 and 60 minutes unless it hears
// {"status":"ok"} (KTWidget docs, notification of the merchant).
//
// Nothing in it is signed. What proves it is that it came to the address of one
// order, which nobody else can know; one that came to the account's address is
// refused as forged, and so is one about another order, another transaction or
// another merchant than that address is for. The amount is told as it stands there:
// whether it is the right one is not for this package to say.
//
// The event's key is the transaction and the state, so that a repetition is the same
// event and a second final state another one.
func (c *Client) ParseWebhook(ctx context.Context, n providers.Notification) ([]providers.Event, providers.Reply, error) {
	if n.Order == nil {
		return nil, providers.Reply{}, forged("it did not come to an order's own address")
	}
	if len(n.Body) > maxNotification {
		return nil, providers.Reply{}, unreadable("the notification is over 64 KiB")
	}
	var told notification
	if !readObject(n.Body, &told) {
		return nil, providers.Reply{}, unreadable("the notification is not a JSON object of the documented kind")
	}
	known := stateOf(told.Status.Status)
	switch {
	case told.OrderID == "" || !isHash(told.Hash) || known == "":
		return nil, providers.Reply{}, unreadable("the notification lacks its order_id, transaction_hash or status")
	case told.OrderID != n.Order.OrderNumber:
		return nil, providers.Reply{}, forged("it is about another order than the address that it came to")
	case n.Order.ProviderRef != "" && told.Hash != n.Order.ProviderRef:
		return nil, providers.Reply{}, forged("it is about another transaction than the order's")
	case c.config.MerchantID != 0 && unquoted(told.MerchantID) != strconv.FormatInt(c.config.MerchantID, 10):
		return nil, providers.Reply{}, forged("it is another merchant's")
	}
	result, err := told.judge()
	if err != nil {
		return nil, providers.Reply{}, unreadable(err.Error())
	}
	if !known.isKnown() {
		c.log.WarnContext(ctx, "ktpay: a state that is not in the table", "order", n.Order.OrderNumber, "state", string(known))
	}
	event := providers.Event{
		Key:    told.Hash + "/" + string(known),
		Kind:   string(known),
		Ref:    providers.Ref{OrderNumber: told.OrderID, ProviderRef: told.Hash},
		Result: &result,
		At:     result.At,
	}
	return []providers.Event{event}, providers.Reply{Status: http.StatusOK, ContentType: "application/json", Body: []byte(`{"status":"ok"}`)}, nil
}

// timeOf reads a time with its offset; one that cannot be, or is of another age, is
// not told.
func timeOf(raw json.RawMessage) time.Time {
	at, err := time.Parse(time.RFC3339, stringOf(raw))
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		return time.Time{}
	}
	return pay.Instant(at)
}

// stringOf is a JSON string, "" for anything else.
func stringOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// words are what is kept of an error_type.
var words = regexp.MustCompile(`^[A-Z_]{1,40}$`)

// word is a word of KTPay's that may be kept, "" for anything else.
func word(s string) string {
	if !words.MatchString(s) {
		return ""
	}
	return s
}

func forged(why string) error {
	return failure(providers.OpWebhook, providers.Auth, "", errors.New(why))
}

func unreadable(why string) error {
	return failure(providers.OpWebhook, providers.Malformed, "", errors.New(why))
}
