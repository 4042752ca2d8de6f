// Package template is the smallest whole adapter: a made-up vendor with a hosted
// page, a JSON API, signed notifications and refunds. Copy the folder, rename it,
// and replace what is the vendor's; docs/writing-a-provider.md says in which order.
//
// A real package says here what it owns (the wire format, the meaning of the
// vendor's words) and how facts of the vendor are cited, e.g. "Template docs, page".
//
// Start with New, then Client.Start and states.go, where words become statuses.
package template

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// Name is the code of this vendor.
const Name providers.Name = "template"

// What the vendor's documents say of time; where they are silent, say so here.
const (
	sessionLife  = time.Hour       // Template docs, payments
	settlingTime = 2 * time.Minute // our choice: the longest delay that was seen, and more
)

// Config is one account.
type Config struct {
	BaseURL  string           // plain http in test mode only
	APIKey   providers.Secret // sent with each call
	HookKey  providers.Secret // signs notifications
	Currency pay.Currency
	TestMode bool // the account moves no real money
}

// String writes the config without its secrets.
func (c Config) String() string {
	return fmt.Sprintf("template{base %s, currency %s, test %t}", providers.ShownURL(c.BaseURL), c.Currency, c.TestMode)
}

// Format writes the same for every verb: %#v would show the fields.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// mistakes lists everything that is wrong, without showing a secret.
func (c Config) mistakes() []error {
	_, found := providers.AddressMistakes("base URL", c.BaseURL, "https://api.example/v1", c.TestMode)
	if c.APIKey == "" {
		found = append(found, errors.New("API key: it is empty"))
	}
	if c.HookKey == "" {
		found = append(found, errors.New("hook key: it is empty"))
	}
	if _, err := pay.ParseCurrency(string(c.Currency)); err != nil {
		found = append(found, fmt.Errorf("currency: %w", err))
	}
	return found
}

// Client is one account. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
	log    *slog.Logger
}

// What the adapter can do, checked by the compiler.
var (
	_ providers.Provider      = (*Client)(nil)
	_ providers.Refunder      = (*Client)(nil)
	_ providers.WebhookParser = (*Client)(nil)
	_ fmt.Formatter           = (*Client)(nil)
)

// New returns the account's client. It asks nobody. Its error names every mistake
// at once, and none of the secrets.
func New(config Config, deps providers.Deps) (*Client, error) {
	config.BaseURL = strings.TrimRight(config.BaseURL, "/")
	deps = deps.WithDefaults()
	mistakes := append(config.mistakes(), deps.Mistakes()...)
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("configure template: %w", errors.Join(mistakes...))
	}
	return &Client{config: config, http: wire.Careful(deps.HTTP), log: deps.Logger}, nil
}

// Format writes the account's settings without its secrets, for every verb.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.config.String()) }

// Name returns "template".
func (c *Client) Name() providers.Name { return Name }

// Capabilities returns what the account can do: an operation here and a method of
// its optional interface go together.
func (c *Client) Capabilities() providers.Capabilities {
	return providers.Capabilities{
		Ops:               []providers.Op{providers.OpStart, providers.OpSync, providers.OpWebhook, providers.OpRefund},
		Currencies:        []pay.Currency{c.config.Currency},
		PartialRefund:     true,
		NativeIdempotency: true, // Template docs, refunds: a refund's number is done once
		SyncByOurNumber:   true,
		TellsRefunds:      true,
		SessionLife:       sessionLife,
		SettlingTime:      settlingTime,
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

// checkOrder refuses, before anything is sent, an order number that does not read
// the same in an address.
func checkOrder(op providers.Op, orderNumber string) error {
	if orderNumber == "" || len(orderNumber) > 50 || strings.ContainsFunc(orderNumber, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && r != '-'
	}) {
		return failure(op, providers.Rejected, "", errors.New("the order number is not 1 to 50 lower-case letters, digits or hyphens"))
	}
	return nil
}

// checkAmount refuses, before anything is sent, money that the account cannot take.
func (c *Client) checkAmount(op providers.Op, amount pay.Money) error {
	if amount.Currency != c.config.Currency {
		return failure(op, providers.Unsupported, "", fmt.Errorf("the account takes %s only", c.config.Currency))
	}
	if amount.Amount <= 0 || amount.Amount > pay.MaxAmount {
		return failure(op, providers.Rejected, "", fmt.Errorf("%d minor units cannot be paid", amount.Amount))
	}
	return nil
}
