package payelata

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Secret is a string that no verb, log or encoder shows.
type Secret = providers.Secret

// RefundModel is which of the two published forms of a refund the account has.
type RefundModel string

// The models. Answers of either are read whatever is configured.
const (
	RefundNew RefundModel = "new" // Corefy docs, guides/payments/refunds
	RefundOld RefundModel = "old" // the form of older installations: the invoice's id is in the body, too
)

// Our choices where no document has a figure.
const (
	sessionLife  = 24 * time.Hour  // an invoice's life is a setting of the account (Corefy docs, payment-invoice)
	settlingTime = 2 * time.Minute // three times the longest time-out of theirs, 20 s for a connection (Corefy docs, callbacks)
)

var _ fmt.Formatter = Config{}

// Config is one account in one mode: live and test payments of the same account
// are two of these, with their own keys.
type Config struct {
	BaseURL     string // of the private API, up to and with "/api"; plain http in test mode only
	CardGateURL string // of the card gate, up to "/payment/sale"; needed to charge saved cards
	Account     string // the commerce account's id: the login
	APIKey      Secret // this mode's private key: the password
	CallbackKey Secret // signs callbacks; "" means APIKey
	TestMode    bool   // invoices are made with test_mode and move no real money

	Services map[pay.Currency]string // the service that takes each currency, e.g. USD: payment_card_usd_hpp
	Tokenize bool                    // cards may be saved by paying and charged later

	RefundModel RefundModel // "" means RefundNew

	// Settling is how long after a call an answer may still not know of it. 0 is
	// two minutes; only a sandbox that is known to need less may say less.
	Settling time.Duration
	// SessionLife is how long an invoice can be paid, as the account is set up at
	// PayElata. 0 is 24 hours; too long is safer than too short.
	SessionLife time.Duration
}

// String writes the config without its secrets.
func (c Config) String() string {
	return fmt.Sprintf("payelata{base %s, card gate %s, account %s, test %t, services %v, tokenize %t, refunds %s}",
		providers.ShownURL(c.BaseURL), providers.ShownURL(c.CardGateURL), c.Account, c.TestMode, c.Services, c.Tokenize, c.RefundModel)
}

// Format writes the same for every verb: %#v would show the fields.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns the config without its secrets.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("base", providers.ShownURL(c.BaseURL)),
		slog.String("card_gate", providers.ShownURL(c.CardGateURL)),
		slog.String("account", c.Account),
		slog.Bool("test", c.TestMode),
		slog.Any("services", c.Services),
		slog.Bool("tokenize", c.Tokenize),
		slog.String("refunds", string(c.RefundModel)),
	)
}

func (c Config) withDefaults() Config {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	c.CardGateURL = strings.TrimRight(c.CardGateURL, "/")
	c.Services = maps.Clone(c.Services)
	if c.CallbackKey == "" {
		c.CallbackKey = c.APIKey
	}
	if c.RefundModel == "" {
		c.RefundModel = RefundNew
	}
	if c.Settling == 0 {
		c.Settling = settlingTime
	}
	if c.SessionLife == 0 {
		c.SessionLife = sessionLife
	}
	return c
}

// mistakes lists everything that is wrong, without showing a secret.
func (c Config) mistakes() []error {
	found := urlMistakes("base URL", c.BaseURL, c.TestMode)
	switch {
	case c.CardGateURL != "":
		found = append(found, urlMistakes("card gate URL", c.CardGateURL, c.TestMode)...)
	case c.Tokenize:
		found = append(found, errors.New("card gate URL: saved cards are charged there, and it is empty"))
	}
	if c.Account == "" || providers.HasOddRunes(c.Account) || strings.Contains(c.Account, ":") {
		found = append(found, errors.New("account: it is empty or has blanks, colons or control characters"))
	}
	found = append(found, c.keyMistakes("API key", c.APIKey)...)
	found = append(found, c.keyMistakes("callback key", c.CallbackKey)...)
	found = append(found, c.serviceMistakes()...)
	if c.RefundModel != RefundNew && c.RefundModel != RefundOld {
		found = append(found, errors.New("refund model: it is neither new nor old"))
	}
	if c.Settling < 0 || c.Settling < settlingTime && !c.TestMode {
		found = append(found, fmt.Errorf("settling: a live account needs at least %s", settlingTime))
	}
	if c.SessionLife < time.Minute || c.SessionLife > 31*24*time.Hour {
		found = append(found, errors.New("session life: it is not between a minute and 31 days"))
	}
	return found
}

// keyMistakes refuses a key of the other mode: they begin with sk_live and
// sk_test (Corefy docs, play-with-api).
func (c Config) keyMistakes(name string, key Secret) []error {
	var found []error
	if key == "" || providers.HasOddRunes(string(key)) {
		found = append(found, fmt.Errorf("%s: it is empty or has blanks or control characters", name))
	}
	if strings.HasPrefix(string(key), "sk_test") && !c.TestMode {
		found = append(found, fmt.Errorf("%s: it is a test key, and the account is live", name))
	}
	if strings.HasPrefix(string(key), "sk_live") && c.TestMode {
		found = append(found, fmt.Errorf("%s: it is a live key, and the account is for tests", name))
	}
	return found
}

func (c Config) serviceMistakes() []error {
	if len(c.Services) == 0 {
		return []error{errors.New("services: there is none, so no currency can be taken")}
	}
	var found []error
	for _, currency := range slices.Sorted(maps.Keys(c.Services)) {
		if _, err := pay.ParseCurrency(string(currency)); err != nil {
			found = append(found, fmt.Errorf("services: %w", err))
		}
		if !isName(c.Services[currency]) {
			found = append(found, fmt.Errorf("services: that of %s is not a name such as payment_card_usd_hpp", currency))
		}
	}
	return found
}

// urlMistakes refuses addresses that would send the secrets in the clear.
// PayElata's hosts are told by its managers, so no host is known to be wrong.
func urlMistakes(name, raw string, test bool) []error {
	_, found := providers.AddressMistakes(name, raw, "https://host.example/api", test)
	return found
}
