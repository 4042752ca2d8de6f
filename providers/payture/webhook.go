package payture

import (
	"bytes"
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
// else that names nothing. A CardId is not read, and not to be stored: that is
// what a charge needs of a saved card.
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
		return []providers.Event{{Kind: kind, Hint: true, Customer: logins[0], Body: withoutCardID(n.Body)}}, acknowledged, nil
	case !isOrderNumber(orderNumber):
		return nil, providers.Reply{}, unreadable("the notification names no order")
	}
	ref := providers.Ref{OrderNumber: orderNumber}
	return []providers.Event{{Kind: kind, Hint: true, Ref: ref, Body: withoutCardID(n.Body)}}, acknowledged, nil
}

// withoutCardID returns a form with the value of each CardId cut out, the rest as
// it came; nil when it names none.
func withoutCardID(form []byte) []byte {
	fields := bytes.Split(form, []byte("&"))
	found := false
	for at, field := range fields {
		raw, _, hasValue := bytes.Cut(field, []byte("="))
		name, err := url.QueryUnescape(string(raw))
		if err != nil || !hasValue || !strings.EqualFold(strings.TrimSpace(name), "cardid") {
			continue
		}
		found = true
		fields[at] = field[:len(raw)+len("=")]
	}
	if !found {
		return nil
	}
	return bytes.Join(fields, []byte("&"))
}

func unreadable(why string) error {
	return failure(providers.OpWebhook, providers.Malformed, "", errors.New(why))
}
