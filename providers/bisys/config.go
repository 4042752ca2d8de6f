package bisys

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// Secret is a string that no verb, log or encoder shows.
type Secret = providers.Secret

var _ fmt.Formatter = Config{}

// Config is one account: a shop at Bisys, and the service that its payments are
// for.
type Config struct {
	BaseURL     string       // up to "/api-shop"; plain http in test mode only
	ShopToken   Secret       // the login of HTTP Basic authentication
	SecKey      Secret       // its password
	ServiceCode string       // of the payee, e.g. 109-5804-1
	Currency    pay.Currency // "" means KZT; one of the twelve that the Shop API names
	Commission  Fee          // what the payer pays on top of each amount
	ClientType  string       // web, mobile or iframe; "" means web
	TestMode    bool         // the account moves no real money

	// A client certificate and its key in PEM, for an account that must show one.
	// Both or neither.
	ClientCert []byte
	ClientKey  Secret

	// EnableSMSConfirm asks for 3-D Secure in payments of registered users.
	EnableSMSConfirm bool

	// PerOrderCallback sends each order its own address for notifications, as
	// cbUrl. The sibling API has it, the Kazakh text does not say: ask the vendor.
	PerOrderCallback bool

	// PerOrderReturn sends the address that the payer's browser goes to afterwards,
	// as successUrl and failUrl: of the sibling API, like cbUrl.
	PerOrderReturn bool

	// RefundPath is where refunds are asked for, below BaseURL. The Shop API names
	// the request and not its path. "" means /rs/shop/payment/refund, a guess of
	// ours.
	RefundPath string

	// SessionLife is how long a payment that was opened can be paid, unless the
	// order ends sooner. The vendor is told. 0 is an hour.
	SessionLife time.Duration

	// Settling is how long after a call an answer may still not know of it. 0 is
	// two minutes; only a sandbox that is known to need less may say less.
	Settling time.Duration
}

const (
	defaultRefundPath = "/rs/shop/payment/refund"
	defaultClientType = "web"
)

// currencies are those of the Shop API, orderNote; all have hundredths. It writes
// the pound as GPB.
func currencies() []pay.Currency {
	return []pay.Currency{pay.RUB, pay.KZT, pay.USD, pay.EUR, "GBP", "KGS", "UZS", "AZN", "GEL", "TRY", "CNY", "AMD"}
}

// String writes the config without its secrets.
func (c Config) String() string {
	return fmt.Sprintf(
		"bisys{base %s, shop token %s, sec key %s, service %q, currency %s, commission %s, client type %q, test %t, certificate %t, SMS confirm %t, order callback %t, order return %t, refund path %q}",
		providers.ShownURL(c.BaseURL), providers.Hidden, providers.Hidden, c.ServiceCode, c.Currency, c.Commission, c.ClientType, c.TestMode,
		len(c.ClientCert) > 0, c.EnableSMSConfirm, c.PerOrderCallback, c.PerOrderReturn, c.RefundPath,
	)
}

// Format writes the same for every verb: %#v would show the fields.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns the config without its secrets.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("base", providers.ShownURL(c.BaseURL)),
		slog.String("service", c.ServiceCode),
		slog.String("currency", string(c.Currency)),
		slog.String("commission", c.Commission.String()),
		slog.Bool("test", c.TestMode),
		slog.Bool("certificate", len(c.ClientCert) > 0),
	)
}

func (c Config) withDefaults() Config {
	if c.Currency == "" {
		c.Currency = pay.KZT
	}
	if c.ClientType == "" {
		c.ClientType = defaultClientType
	}
	if c.RefundPath == "" {
		c.RefundPath = defaultRefundPath
	}
	if c.SessionLife == 0 {
		c.SessionLife = sessionLife
	}
	if c.Settling == 0 {
		c.Settling = settlingTime
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	c.ClientCert = slices.Clone(c.ClientCert)
	return c
}

// mistakes lists everything that is wrong, without showing a secret.
func (c Config) mistakes() []error {
	found := baseMistakes(c.BaseURL, c.TestMode)
	if c.ShopToken == "" || providers.HasOddRunes(string(c.ShopToken)) || strings.Contains(string(c.ShopToken), ":") {
		found = append(found, errors.New("shop token: it is empty or has blanks, control characters or a colon"))
	}
	if c.SecKey == "" || providers.HasOddRunes(string(c.SecKey)) {
		found = append(found, errors.New("sec key: it is empty or has blanks or control characters"))
	}
	if !isServiceCode(c.ServiceCode) {
		found = append(found, errors.New("service code: it is not three numbers such as 109-5804-1"))
	}
	if !slices.Contains(currencies(), c.Currency) {
		found = append(found, fmt.Errorf("currency: it is none of %v", currencies()))
	}
	if !slices.Contains([]string{"web", "mobile", "iframe"}, c.ClientType) {
		found = append(found, errors.New("client type: it is none of web, mobile and iframe"))
	}
	if !isPath(c.RefundPath) {
		found = append(found, errors.New("refund path: it is not a path such as "+defaultRefundPath))
	}
	if c.SessionLife < time.Minute && !c.TestMode || c.SessionLife < time.Second {
		found = append(found, errors.New("session life: nobody can pay in less than a minute"))
	}
	if c.Settling < 0 || c.Settling < settlingTime && !c.TestMode {
		found = append(found, fmt.Errorf("settling: a live account needs at least %s", settlingTime))
	}
	if _, err := certificateOf(c); err != nil {
		found = append(found, err)
	}
	return append(found, c.Commission.mistakes()...)
}

// baseMistakes refuses addresses that would send the secrets in the clear, or real
// payments to a demo zone. The live addresses of Kazakhstan are not public; the
// siblings' demo hosts are named demo-api2 and the like.
func baseMistakes(base string, test bool) []error {
	host, found := providers.AddressMistakes("base URL", base, "https://shop.example/api-shop", test)
	if strings.HasPrefix(host, "demo") && !test {
		found = append(found, errors.New("base URL: it is a demo host, and the account is live"))
	}
	return found
}

// isServiceCode reports whether s is written like 109-5804-1 (Shop API, samples).
func isServiceCode(s string) bool {
	parts := strings.Split(s, "-")
	return len(parts) == 3 && len(s) <= 40 && !slices.ContainsFunc(parts, func(part string) bool { return !wire.IsDigits(part) })
}

func isPath(s string) bool {
	u, err := url.Parse(s)
	return err == nil && strings.HasPrefix(s, "/") && u.Host == "" && u.RawQuery == "" && u.Fragment == "" && !providers.HasOddRunes(s)
}
