package payture

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/paygraph/paygraph/providers"
)

// maxNotification is how many bytes of a notification are read. The documented
// sample has 250.
const maxNotification = 64 << 10

// ParseWebhook reads one notification: a plain form, sent once unless Payture's
// support set a retry schedule, and sent again only when the answer is not 200
// (Payture docs, notifications).
//
// Nothing in it is signed, so anybody can send one. All that is taken from it
// is the kind and the order number, or the customer's login, as a hint to ask;
// its Success and Amount are never read. A notification about the adding of a
// card, or one with no order, is about the customer whom it names; one that
// names none of ours gives no event and is acknowledged. The encrypted variant
// that Payture may offer is not documented, and is Malformed like everything
// else that names nothing.
func (c *Client) ParseWebhook(_ context.Context, n providers.Notification) ([]providers.Event, providers.Reply, error) {
	if len(n.Body) > maxNotification {
		return nil, providers.Reply{}, unreadable("the notification is over 64 KiB")
	}
	// A field that cannot be decoded costs that field only: the rest is a hint
	// at worst.
	fields, _ := url.ParseQuery(string(n.Body))
	orderNumber, kind, logins := "", "", []string(nil)
	for name, values := range fields {
		switch strings.ToLower(name) {
		case "orderid":
			if len(values) != 1 || orderNumber != "" {
				return nil, providers.Reply{}, unreadable("the notification names several orders")
			}
			orderNumber = strings.TrimSpace(values[0])
		case "vwuserlgn":
			logins = append(logins, values...)
		case "notification":
			kind = word(values[0])
		}
	}
	acknowledged := providers.Reply{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte("OK")}
	ofCard := strings.HasPrefix(strings.ToLower(kind), "customeradd")
	switch {
	case kind != "" && (orderNumber == "" || ofCard):
		if c.config.Wallet == nil || len(logins) != 1 || !isLogin(logins[0]) {
			return nil, acknowledged, nil
		}
		return []providers.Event{{Kind: kind, Hint: true, Customer: logins[0]}}, acknowledged, nil
	case !isOrderNumber(orderNumber):
		return nil, providers.Reply{}, unreadable("the notification names no order")
	}
	return []providers.Event{{Kind: kind, Hint: true, Ref: providers.Ref{OrderNumber: orderNumber}}}, acknowledged, nil
}

func unreadable(why string) error {
	return failure(providers.OpWebhook, providers.Malformed, "", errors.New(why))
}
