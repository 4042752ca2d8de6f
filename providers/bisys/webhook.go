package bisys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// maxNotification is how many bytes of a notification are read. The samples have
// less than 200.
const maxNotification = 64 << 10

// ParseWebhook reads one notification. Nothing in it is signed (Shop API,
// notification of a payment), so all that is taken from it is a payment's number, as
// a hint to ask; its state and amounts are never read. The vendor repeats it until it
// hears 200.
//
// The number may be of a payment whose creation we never got an answer to: the event
// names it by ProviderRef, and by our order number too when the notification came to
// an order's own address.
//
// A notification of a card that was registered is acknowledged and gives no event: it
// names the user by a token, and no Event can say whose that is. The list of cards
// shows the card.
//
// Where the request came from is not judged here: the vendor's networks are for
// whoever listens.
func (c *Client) ParseWebhook(_ context.Context, n providers.Notification) ([]providers.Event, providers.Reply, error) {
	if len(n.Body) > maxNotification {
		return nil, providers.Reply{}, unreadable("the notification is over 64 KiB")
	}
	said, err := readObject(n.Body)
	if err != nil {
		return nil, providers.Reply{}, unreadable("the notification is not one JSON object")
	}
	acknowledged := providers.Reply{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte("OK")}
	number := said.text("regPayNum")
	switch {
	case number == "" && (said.text("cardToken") != "" || said.text("userToken") != ""):
		return nil, acknowledged, nil
	case !isID(number):
		return nil, providers.Reply{}, unreadable("the notification names no payment")
	}
	ref := providers.Ref{ProviderRef: number}
	if n.Order != nil && (n.Order.ProviderRef == "" || n.Order.ProviderRef == number) {
		ref.OrderNumber, ref.OfCustomer = n.Order.OrderNumber, n.Order.OfCustomer
	}
	return []providers.Event{{Kind: word(said.text("state")), Ref: ref, Hint: true, Body: withoutSecrets(n.Body)}}, acknowledged, nil
}

// withoutSecrets returns a notification with the value of each token, signature and
// card number cut out, wherever it stands; nil when it has none.
func withoutSecrets(body []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var all any
	if decoder.Decode(&all) != nil {
		return []byte("{}")
	}
	if !cutSecrets(all) {
		return nil
	}
	cut, err := json.Marshal(all)
	if err != nil {
		return []byte("{}")
	}
	return cut
}

// cutSecrets empties them in place and reports whether there were any.
func cutSecrets(value any) bool {
	found := false
	switch value := value.(type) {
	case map[string]any:
		for name, each := range value {
			if isSecretMember(name) || isCardNumber(each) {
				value[name], found = "", true
				continue
			}
			found = cutSecrets(each) || found
		}
	case []any:
		for at, each := range value {
			if isCardNumber(each) {
				value[at], found = "", true
				continue
			}
			found = cutSecrets(each) || found
		}
	}
	return found
}

func isSecretMember(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "token") || name == "sign"
}

func isCardNumber(value any) bool {
	switch value := value.(type) {
	case string:
		return pay.HoldsCardNumber(value)
	case json.Number:
		return pay.HoldsCardNumber(value.String())
	}
	return false
}

func unreadable(why string) error {
	return failure(providers.OpWebhook, providers.Malformed, "", errors.New(why))
}
