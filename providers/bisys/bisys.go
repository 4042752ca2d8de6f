// Package bisys takes card payments through the Shop API of Bisys, Kazakhstan:
// payments on its hosted form, users and their saved cards, charges of those
// without their owner, and refunds. It owns the wire format (JSON over HTTP Basic
// authentication), the commission that the vendor adds on top, the meaning of the
// vendor's words, and nothing else: it knows no bill, keeps no state and never
// decides that a bill is paid.
//
// The vendor has no place for our order number and no idempotency. A payment is
// known by its regPayNum alone, which the reply to its creation tells; when that
// reply is lost nobody can ask, and a notification that names an unknown number is
// the only trace. Notifications are unsigned: they are hints. Facts of the vendor
// are cited as "Shop API, section"; where its text is silent, which it often is,
// the comment says that the choice is ours or a sibling's (CKassa, bisys.ru).
//
// Start with New, then Client.Start and states.go, where words become statuses.
package bisys

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// Name is the code of this vendor.
const Name providers.Name = "bisys"

// What an account has that its configuration does not say otherwise. No document
// has either; both are our choice.
const (
	sessionLife  = time.Hour       // clients of the sibling API ask for an hour at most
	settlingTime = 2 * time.Minute // twice the 30 to 60 s that the sibling plans for a payment
)

// Client is one account. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
	clock  pay.Clock
	log    *slog.Logger
}

var (
	_ providers.Provider      = (*Client)(nil)
	_ providers.WebhookParser = (*Client)(nil)
	_ providers.Refunder      = (*Client)(nil)
	_ providers.CardSaver     = (*Client)(nil)
	_ providers.SavedCharger  = (*Client)(nil)
)

// New returns the account's client. It asks nobody. Its error names every mistake
// in config and deps at once, and none of the secrets.
func New(config Config, deps providers.Deps) (*Client, error) {
	config, deps = config.withDefaults(), deps.WithDefaults()
	mistakes := append(config.mistakes(), deps.Mistakes()...)
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("configure bisys: %w", errors.Join(mistakes...))
	}
	client, err := withCertificate(deps.HTTP, config)
	if err != nil {
		return nil, fmt.Errorf("configure bisys: %w", err)
	}
	return &Client{config: config, http: wire.Careful(client), clock: deps.Clock, log: deps.Logger}, nil
}

// Format writes the account's settings without its secrets, for every verb: fmt
// would not ask the fields of the client to hide theirs.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.config.String()) }

// Name returns "bisys".
func (c *Client) Name() providers.Name { return Name }

// Capabilities returns what the account can do. A payment is asked about by the
// vendor's number only. Its state does not tell that part of the money was given
// back, so TellsRefunds is false. With PerOrderCallback each order has an address
// of its own for notifications: it does not prove them to us, who ask anyway, but
// tells which order a number belongs to whose reply was lost.
func (c *Client) Capabilities() providers.Capabilities {
	return providers.Capabilities{
		Ops: []providers.Op{
			providers.OpStart, providers.OpSync, providers.OpWebhook, providers.OpRefund, providers.OpSaveCard, providers.OpChargeSaved,
		},
		Currencies:      []pay.Currency{c.config.Currency},
		PartialRefund:   true,
		WantsItems:      true,
		SecretNotifyURL: c.config.PerOrderCallback,
		SessionLife:     c.config.SessionLife,
		SettlingTime:    c.config.Settling,
	}
}

// failure makes the error of an operation. The cause must hold no secret.
func failure(op providers.Op, kind providers.Kind, code string, cause error) *providers.Error {
	return &providers.Error{Provider: Name, Op: op, Kind: kind, Code: code, Err: cause}
}

// rejected is the error of a request that we do not send, because it is wrong.
func rejected(op providers.Op, about string, cause error) error {
	return failure(op, providers.Rejected, "", fmt.Errorf("%s: %w", about, cause))
}

// checkAmount refuses, before anything is sent, money that the account cannot
// take or give back.
func (c *Client) checkAmount(op providers.Op, about string, amount pay.Money) error {
	if amount.Currency != c.config.Currency {
		return failure(op, providers.Unsupported, "", fmt.Errorf("%s: the account takes %s only", about, c.config.Currency))
	}
	if amount.Amount <= 0 || amount.Amount > pay.MaxAmount {
		return rejected(op, about, fmt.Errorf("%d minor units cannot be paid", amount.Amount))
	}
	return nil
}
