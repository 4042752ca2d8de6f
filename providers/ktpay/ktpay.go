// Package ktpay takes card payments on the page of KTPay (KTWidget), in tenge, for
// goods (ecom) or for a contract at a service that KTPay pays on (service). It
// owns KTPay's wire format (a sealed box with JSON out, three shapes of JSON back),
// the meaning of KTPay's words, and nothing else: it knows no bill, keeps no state
// and never decides that a bill is paid.
//
// KTPay signs nothing and cannot be asked. Its notification is the only evidence,
// and what proves it is the address that it came to, which is made for each order:
// see Client.ParseWebhook. Facts of the vendor are cited as "KTWidget docs, section"
// (the README and the mobile API page of its public client, v1.2.1); where they
// are silent the comment says that the choice is ours.
//
// Start with New, then Client.Start and states.go, where words become statuses.
package ktpay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// Name is the code of this vendor.
const Name providers.Name = "ktpay"

// sessionLife is our choice: no document has an end of a transaction that waits
// for its card. Too short would call a payment expired that is on its way, and
// have it made twice; a day covers a slow payer, the minutes that a service may
// take, and the whole schedule of notifications.
const sessionLife = 24 * time.Hour

// settlingTime is when the last notification of an order has come, if any does:
// six repetitions in 6255 s after the first (KTWidget docs, notification), rounded up.
const settlingTime = 2 * time.Hour

// Client is one account. It is safe for concurrent use. It asks no clock: every time
// in its answers is KTPay's.
type Client struct {
	config Config
	key    [keySize]byte // of the box
	http   *http.Client
	log    *slog.Logger
}

var (
	_ providers.Provider      = (*Client)(nil)
	_ providers.WebhookParser = (*Client)(nil)
)

// New returns the account's client. It asks nobody. Its error names every mistake
// in config and deps at once, and neither the id nor the key of the account.
func New(config Config, deps providers.Deps) (*Client, error) {
	config, deps = config.withDefaults(), deps.WithDefaults()
	mistakes := append(config.mistakes(), deps.Mistakes()...)
	key, err := parseKey(config.AppKey)
	if err != nil {
		mistakes = append(mistakes, fmt.Errorf("app key: %w", err))
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("configure ktpay: %w", errors.Join(mistakes...))
	}
	return &Client{config: config, key: key, http: wire.Careful(deps.HTTP), log: deps.Logger}, nil
}

// Format writes what the account is for, and neither its id nor its key, for every
// verb.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "ktpay{%s, test %t}", c.config.Type, c.config.TestMode)
}

// Name returns "ktpay".
func (c *Client) Name() providers.Name { return Name }

// Capabilities returns what the account can do: open a page and be told the end.
// No limits of amounts are documented; the currency is tenge, which the wire never
// names.
func (c *Client) Capabilities() providers.Capabilities {
	return providers.Capabilities{
		Ops:             []providers.Op{providers.OpStart, providers.OpWebhook},
		Currencies:      []pay.Currency{pay.KZT},
		SecretNotifyURL: true,
		SessionLife:     sessionLife,
		SettlingTime:    c.config.Settling,
	}
}

// Sync answers Unsupported: KTPay documents no way to ask about a payment.
func (c *Client) Sync(_ context.Context, ref providers.Ref) (providers.Result, error) {
	return providers.Result{}, failure(providers.OpSync, providers.Unsupported, "", fmt.Errorf("order %s: KTPay cannot be asked about a payment", shownOrder(ref.OrderNumber)))
}

// failure makes the error of an operation. The cause must hold no secret.
func failure(op providers.Op, kind providers.Kind, code string, cause error) *providers.Error {
	return &providers.Error{Provider: Name, Op: op, Kind: kind, Code: code, Err: cause}
}

// ofOrder makes the error of Start about an order.
func ofOrder(orderNumber string, kind providers.Kind, code, why string) *providers.Error {
	return failure(providers.OpStart, kind, code, fmt.Errorf("order %s: %s", shownOrder(orderNumber), why))
}

// shownOrder is an order number as an error may tell it: one that we would not
// have made may be anything.
func shownOrder(orderNumber string) string {
	if !isOrderNumber(orderNumber) {
		return "(no number of ours)"
	}
	return orderNumber
}
