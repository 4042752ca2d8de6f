// Package payelata takes card payments through PayElata, a white label of the
// Corefy platform: payment invoices over JSON:API with Basic authentication, paid
// on the card gate's page; cards that a payment has saved, charged with a token;
// refunds; and signed callbacks. It owns PayElata's wire format and the meaning of
// its words, and nothing else: it knows no bill, keeps no state and never decides
// that a bill is paid.
//
// An invoice takes no money until its payer pays it or its sale is sent. Its
// reference_id is our order number, by which it is found again when the answer to
// its creation is lost. A callback is proven by X-Signature, and still only says
// when to ask: what counts is the invoice as it is read.
//
// Facts of the vendor are cited as "PayElata docs, page" where its own pages state
// them, and as "Corefy docs, page" where only the platform's do; where both are
// silent the comment says that the choice is ours.
//
// Start with New, then Client.Start and states.go, where words become statuses.
package payelata

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// Name is the code of this vendor.
const Name providers.Name = "payelata"

// Client is one account in one mode. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
	clock  pay.Clock
	log    *slog.Logger
}

var (
	_ providers.Provider      = (*Client)(nil)
	_ providers.Refunder      = (*Client)(nil)
	_ providers.SavedCharger  = (*Client)(nil)
	_ providers.WebhookParser = (*Client)(nil)
)

// New returns the account's client. It asks nobody. Its error names every
// mistake in config and deps at once, and none of the secrets.
func New(config Config, deps providers.Deps) (*Client, error) {
	config, deps = config.withDefaults(), deps.WithDefaults()
	mistakes := append(config.mistakes(), deps.Mistakes()...)
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("configure payelata: %w", errors.Join(mistakes...))
	}
	return &Client{config: config, http: wire.Careful(deps.HTTP), clock: deps.Clock, log: deps.Logger}, nil
}

// Format writes the account's settings without its secrets, for every verb: fmt
// would not ask the fields of the client to hide theirs.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.config.String()) }

// Name returns "payelata".
func (c *Client) Name() providers.Name { return Name }

// Capabilities returns what the account can do. Saved cards exist when it may
// tokenize. No document has limits of amounts, or an end to an invoice by our
// order, so nothing can be expired.
//
// A refund's reference_id is said to be unique. What a resend comes to is not
// stated, so no idempotency is promised.
func (c *Client) Capabilities() providers.Capabilities {
	ops := []providers.Op{providers.OpStart, providers.OpSync, providers.OpWebhook, providers.OpRefund}
	if c.config.Tokenize {
		ops = append(ops, providers.OpSavePaid, providers.OpChargeSaved)
	}
	currencies := make([]pay.Currency, 0, len(c.config.Services))
	for currency := range c.config.Services {
		currencies = append(currencies, currency)
	}
	slices.Sort(currencies)
	return providers.Capabilities{
		Ops:             ops,
		Currencies:      currencies,
		PartialRefund:   true, // Corefy docs, guides/payments/refunds: several, until nothing is left
		SyncByOurNumber: true,
		TellsRefunds:    true,
		SessionLife:     c.config.SessionLife,
		SettlingTime:    c.config.Settling,
	}
}

// failure makes the error of an operation. The cause must hold no secret.
func failure(op providers.Op, kind providers.Kind, code string, cause error) *providers.Error {
	return &providers.Error{Provider: Name, Op: op, Kind: kind, Code: code, Err: cause}
}

// about is the cause of a failure that concerns an order.
func about(orderNumber, why string) error {
	return fmt.Errorf("order %s: %w", orderNumber, errors.New(why))
}

// unclear is the error of a write whose answer proves nothing.
func unclear(op providers.Op, orderNumber, why string) error {
	return failure(op, providers.Unknown, "", about(orderNumber, why))
}

// checkOrder refuses, before anything is sent, an order number that does not read
// the same in an address. No document limits reference_id: the length is ours.
func checkOrder(op providers.Op, orderNumber string) error {
	if !isName(orderNumber) {
		return failure(op, providers.Rejected, "", errors.New("the order number is not 1 to 64 letters, digits, hyphens or underscores"))
	}
	return nil
}

// checkAmount refuses, before anything is sent, money that the account cannot take.
func (c *Client) checkAmount(op providers.Op, amount pay.Money) error {
	if c.config.Services[amount.Currency] == "" {
		return failure(op, providers.Unsupported, "", errors.New("the account has no service in this currency"))
	}
	if amount.Amount <= 0 || amount.Amount > pay.MaxAmount {
		return failure(op, providers.Rejected, "", fmt.Errorf("%d minor units cannot be paid", amount.Amount))
	}
	return nil
}

// isName reports whether s is 1 to 64 letters, digits, hyphens or underscores.
func isName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && !wire.IsAlphanumeric(r)
	})
}
