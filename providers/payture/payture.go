// Package payture takes card payments on Payture's hosted page, the InPay
// interface, /apim, and keeps and charges cards in Payture's wallet, the eWallet
// interface, /vwapi. It owns their wire format (forms out, one XML element with
// attributes back), the meaning of Payture's words, and nothing else: it knows
// no bill, keeps no state and never decides that a bill is paid.
//
// Neither interface has signatures or idempotency. The order number is the handle:
// a second Init with it is refused, GetState tells what became of it, and
// everything else that reaches us, notifications and returning browsers, is a
// hint. Facts of the vendor are cited as "Payture docs, page"; where the
// documents are silent the comment says that the choice is ours.
//
// Start with New, then Client.Start and states.go, where words become statuses;
// for saved cards with wallet.go.
package payture

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
const Name providers.Name = "payture"

// sessionLife is how long a session can be paid unless its Init says otherwise
// (Payture docs, inpay/pay: 60 minutes by default).
const sessionLife = 60 * time.Minute

// settlingTime is our choice, no document has one: the longest documented delay
// of the test cards is 40 s, and three of those have passed after it.
const settlingTime = 2 * time.Minute

// Client is one account. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
	clock  pay.Clock
	log    *slog.Logger

	courtesy time.Duration // courtesyTime, but for tests
}

var (
	_ providers.Provider      = (*Client)(nil)
	_ providers.Capturer      = (*Client)(nil)
	_ providers.Voider        = (*Client)(nil)
	_ providers.Refunder      = (*Client)(nil)
	_ providers.WebhookParser = (*Client)(nil)
	_ providers.CardSaver     = (*Client)(nil)
	_ providers.CardActivator = (*Client)(nil)
	_ providers.SavedCharger  = (*Client)(nil)
	_ fmt.Formatter           = (*Client)(nil)
)

// New returns the account's client. It asks nobody. Its error names every
// mistake in config and deps at once, and none of the secrets.
func New(config Config, deps providers.Deps) (*Client, error) {
	config, deps = config.withDefaults(), deps.WithDefaults()
	mistakes := append(config.mistakes(), deps.Mistakes()...)
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("configure payture: %w", errors.Join(mistakes...))
	}
	return &Client{config: config, http: wire.Careful(deps.HTTP), clock: deps.Clock, log: deps.Logger, courtesy: courtesyTime}, nil
}

// Format writes the account's settings without its secrets, for every verb: fmt
// would not ask the fields of the client to hide theirs.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.config.String()) }

// Name returns "payture".
func (c *Client) Name() providers.Name { return Name }

// Capabilities returns what the account can do. Capture and Void exist when one
// of its terminals is two-stage, Refund when one has its password, saved cards when
// it has a wallet. There are no limits of amounts in the documents.
func (c *Client) Capabilities() providers.Capabilities {
	wallet := c.config.Wallet
	twoStage := c.config.TwoStage || wallet != nil && wallet.TwoStage
	ops := []providers.Op{providers.OpStart, providers.OpSync, providers.OpWebhook}
	if twoStage {
		ops = append(ops, providers.OpCapture, providers.OpVoid)
	}
	refunds := c.config.Password != "" || wallet != nil && wallet.Password != ""
	if refunds {
		ops = append(ops, providers.OpRefund)
	}
	if wallet != nil {
		ops = append(ops, providers.OpSaveCard, providers.OpChargeSaved)
	}
	return providers.Capabilities{
		Ops:             ops,
		Currencies:      []pay.Currency{c.config.Currency},
		TwoStage:        twoStage,
		PartialCapture:  twoStage, // Payture docs, inpay/charge: Amount may be lower than the hold
		PartialRefund:   refunds,  // Payture docs, payture-api/refund: any part, any number of times
		TellsRefunds:    true,     // Payture docs, transaction-statuses: a Charged order's Amount is what is left
		SyncByOurNumber: true,
		SessionLife:     sessionLife,
		SettlingTime:    c.config.Settling,
	}
}

// failure makes the error of an operation. The cause must hold no secret.
func failure(op providers.Op, kind providers.Kind, code string, cause error) *providers.Error {
	return &providers.Error{Provider: Name, Op: op, Kind: kind, Code: code, Err: cause}
}

// checkOrder refuses, before anything is sent, an order number that Payture
// would not take (Payture docs, inpay/init: 1 to 50 characters, GUID or
// alphanumeric advised).
func checkOrder(op providers.Op, orderNumber string) error {
	if !isOrderNumber(orderNumber) {
		return failure(op, providers.Rejected, "", errors.New("the order number is not 1 to 50 letters, digits or hyphens"))
	}
	return nil
}

// checkAmount refuses, before anything is sent, money that the terminal cannot
// take.
func (c *Client) checkAmount(op providers.Op, amount pay.Money) error {
	if amount.Currency != c.config.Currency {
		return failure(op, providers.Unsupported, "", fmt.Errorf("the terminal takes %s only", c.config.Currency))
	}
	if amount.Amount <= 0 || amount.Amount > pay.MaxAmount {
		return failure(op, providers.Rejected, "", fmt.Errorf("%d minor units cannot be paid", amount.Amount))
	}
	return nil
}

// checkTwoStage refuses what only a two-stage terminal can do.
func (c *Client) checkTwoStage(op providers.Op, ref providers.Ref) error {
	twoStage := c.config.TwoStage
	if ref.OfCustomer {
		wallet, err := c.needWallet(op)
		if err != nil {
			return err
		}
		twoStage = wallet.TwoStage
	}
	if !twoStage {
		return failure(op, providers.Unsupported, "", errors.New("the terminal is one-stage"))
	}
	return nil
}
