package ktpay

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/paygraph/paygraph/providers"
)

// Type is what an account's payments are for (KTWidget docs, modes).
type Type string

// The types.
const (
	TypeEcom    Type = "ecom"    // the merchant's own goods
	TypeService Type = "service" // a contract at a service that KTPay pays on
)

// KTPay's hosts (KTWidget client, getUrl).
const (
	liveFintech = "https://fintech.nplus.tech"
	liveWidget  = "https://widget.nplus.tech"
	testFintech = "https://fintech.test.nplus.tech"
	testWidget  = "https://widget.test.nplus.tech"
)

// Config is one account: an application of a merchant's at KTPay. It has no secret:
// the id and the key are meant for web pages. They are kept out of errors all the
// same.
type Config struct {
	FintechURL string // where transactions are created, up to "/api"; "" means KTPay's own for the mode
	WidgetURL  string // where the payer's page is, up to "/payment-card"; "" means KTPay's own for the mode

	AppID  string // 32 hexadecimal digits in lower case
	AppKey string // a public X25519 key in padded standard base64

	Type Type // "" means TypeEcom, and then a ServiceOrder is refused

	// ServiceID is the one service that a TypeService account pays: a ServiceOrder that
	// names another is refused. 0: the one that each ServiceOrder names.
	ServiceID int

	// MerchantID is the number that KTPay gave the merchant, which a notification has
	// to name then. A live account needs it; 0, with TestMode: any.
	MerchantID int64

	ForceURLs bool // the payer comes back at once, without KTPay's page with the receipt
	TestMode  bool // the account moves no real money

	// Settling is after how long no notification can come any more. 0 is two hours;
	// only a sandbox that is known to need less may say less.
	Settling time.Duration
}

func (c Config) withDefaults() Config {
	fintech, widget := liveFintech, liveWidget
	if c.TestMode {
		fintech, widget = testFintech, testWidget
	}
	if c.FintechURL == "" {
		c.FintechURL = fintech
	}
	if c.WidgetURL == "" {
		c.WidgetURL = widget
	}
	c.FintechURL = strings.TrimRight(c.FintechURL, "/")
	c.WidgetURL = strings.TrimRight(c.WidgetURL, "/")
	if c.Type == "" {
		c.Type = TypeEcom
	}
	if c.Settling == 0 {
		c.Settling = settlingTime
	}
	return c
}

// mistakes lists everything that is wrong but the key, which New reads.
func (c Config) mistakes() []error {
	found := hostMistakes("fintech URL", c.FintechURL, c.TestMode)
	found = append(found, hostMistakes("widget URL", c.WidgetURL, c.TestMode)...)
	if !isHex(c.AppID, 32) {
		found = append(found, errors.New("app id: it is not 32 hexadecimal digits in lower case"))
	}
	if c.Type != TypeEcom && c.Type != TypeService {
		found = append(found, errors.New("type: it is neither ecom nor service"))
	}
	if c.ServiceID < 0 {
		found = append(found, errors.New("service id: it is negative"))
	}
	if c.MerchantID < 0 {
		found = append(found, errors.New("merchant id: it is negative"))
	}
	if c.MerchantID == 0 && !c.TestMode {
		found = append(found, errors.New("merchant id: a live account needs the number that KTPay gave the merchant"))
	}
	if c.Settling < 0 || c.Settling < settlingTime && !c.TestMode {
		found = append(found, fmt.Errorf("settling: a live account needs at least %s", settlingTime))
	}
	return found
}

// hostMistakes refuses addresses that would send payers in the clear, or real
// payments to a test host and the reverse. KTPay's test hosts are those under
// test.nplus.tech.
func hostMistakes(setting, base string, test bool) []error {
	host, found := providers.AddressMistakes(setting, base, testFintech, test)
	isTest := strings.HasSuffix(host, ".test.nplus.tech")
	isLive := !isTest && strings.HasSuffix(host, ".nplus.tech") || host == "ktpay.kz" || strings.HasSuffix(host, ".ktpay.kz")
	if isTest && !test {
		found = append(found, fmt.Errorf("%s: it is a test host, and the account is live", setting))
	}
	if isLive && test {
		found = append(found, fmt.Errorf("%s: it is a live host, and the account is for tests", setting))
	}
	return found
}

// isHex reports whether s is so many hexadecimal digits in lower case.
func isHex(s string, digits int) bool {
	return len(s) == digits && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f')
	})
}
