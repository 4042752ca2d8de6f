package payture

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Secret is a string that no verb, log or encoder shows.
type Secret = providers.Secret

var _ fmt.Formatter = Config{}

// Config is one account: an InPay terminal and, if the contract has one, a
// wallet.
type Config struct {
	BaseURL  string       // up to "/apim", e.g. https://sandbox3.payture.com; plain http in test mode only
	Key      Secret       // the terminal's name at Payture
	Password Secret       // for Charge and Unblock, which two-stage terminals need, and for refunds
	TwoStage bool         // sessions hold money (Block), which is charged or released later
	Currency pay.Currency // "" means RUB; one whose minor unit is a hundredth
	Template string       // TemplateTag of the payment page; "" means the terminal's default
	TestMode bool         // the terminals move no real money
	Wallet   *Wallet      // nil: no saved cards

	// Settling is how long after a call an answer may still not know of it. 0 is
	// two minutes; only a sandbox that is known to need less may say less.
	Settling time.Duration
}

// String writes the config without its secrets.
func (c Config) String() string {
	return fmt.Sprintf("payture{base %s, key %s, password %s, two-stage %t, currency %s, template %q, test %t, %s}",
		providers.ShownURL(c.BaseURL), providers.Hidden, providers.Hidden, c.TwoStage, c.Currency, c.Template, c.TestMode, c.shownWallet())
}

// Format writes the same for every verb: %#v would show the fields.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns the config without its secrets.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("base", providers.ShownURL(c.BaseURL)),
		slog.Bool("two_stage", c.TwoStage),
		slog.String("currency", string(c.Currency)),
		slog.String("template", c.Template),
		slog.Bool("test", c.TestMode),
		slog.String("wallet", c.shownWallet()),
	)
}

func (c Config) shownWallet() string {
	if c.Wallet == nil {
		return "no wallet"
	}
	return c.Wallet.String()
}

func (c Config) withDefaults() Config {
	if c.Currency == "" {
		c.Currency = pay.RUB
	}
	if c.Settling == 0 {
		c.Settling = settlingTime
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Wallet != nil {
		own := *c.Wallet
		c.Wallet = &own
	}
	return c
}

// mistakes lists everything that is wrong, without showing a secret.
func (c Config) mistakes() []error {
	found := baseMistakes(c.BaseURL, c.TestMode)
	if c.Key == "" || providers.HasOddRunes(string(c.Key)) {
		found = append(found, errors.New("key: it is empty or has blanks or control characters"))
	}
	if c.TwoStage && c.Password == "" {
		found = append(found, errors.New("password: a two-stage terminal needs it to charge and release"))
	}
	if providers.HasOddRunes(string(c.Password)) {
		found = append(found, errors.New("password: it has blanks or control characters"))
	}
	if _, err := pay.ParseCurrency(string(c.Currency)); err != nil {
		found = append(found, fmt.Errorf("currency: %w", err))
	} else if c.Currency.Exponent() != 2 {
		// Payture docs, inpay/charge: amounts are kopecks, hundredths of the unit.
		found = append(found, fmt.Errorf("currency: amounts in %s are not hundredths", c.Currency))
	}
	if c.Settling < 0 || c.Settling < settlingTime && !c.TestMode {
		found = append(found, fmt.Errorf("settling: a live account needs at least %s", settlingTime))
	}
	if !isTemplate(c.Template) {
		found = append(found, errors.New("template: it is not a plain name of up to 50 characters"))
	}
	if c.Wallet != nil {
		found = append(found, c.Wallet.mistakes()...)
	}
	return found
}

func isTemplate(name string) bool {
	return !providers.HasOddRunes(name) && !strings.ContainsAny(name, ";=") && len(name) <= 50
}

// baseMistakes refuses addresses that would send the secrets in the clear, or
// real payments to a test host and the reverse. Payture's test hosts are named
// sandbox and sandbox3, production is secure (Payture docs, test-cards).
func baseMistakes(base string, test bool) []error {
	host, found := providers.AddressMistakes("base URL", base, "https://sandbox3.payture.com", test)
	environment, ours := strings.CutSuffix(host, ".payture.com")
	if ours && strings.HasPrefix(environment, "sandbox") && !test {
		found = append(found, errors.New("base URL: it is a test host, and the account is live"))
	}
	if ours && environment == "secure" && test {
		found = append(found, errors.New("base URL: it is the live host, and the account is for tests"))
	}
	return found
}
