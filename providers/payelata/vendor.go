package payelata

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Vendor is PayElata as the program knows it.
func Vendor() providers.Vendor {
	return providers.Vendor{Name: Name, Read: read, Demo: demo}
}

// read reads the settings of one account in one mode.
func read(s providers.Settings) (providers.Opener, error) {
	c := Config{
		BaseURL:     s.URL("baseUrl", providers.Required),
		CardGateURL: s.URL("cardGateUrl", providers.Optional),
		Account:     s.Text("account", providers.Required),
		APIKey:      s.Secret("apiKey", providers.Required),
		CallbackKey: s.Secret("callbackKey", providers.Optional),
		TestMode:    s.TestMode(),
		Tokenize:    s.Flag("tokenize"),
		RefundModel: RefundModel(s.Text("refundModel", providers.Optional)),
		SessionLife: s.Duration("sessionLife"),
		Services:    make(map[pay.Currency]string),
	}
	services := s.Map("services", providers.Required)
	for _, code := range slices.Sorted(maps.Keys(services)) {
		currency, err := pay.ParseCurrency(code)
		if err != nil {
			s.Wrong("services", err.Error())
			continue
		}
		c.Services[currency] = services[code]
	}
	return opener(c), errors.Join(c.withDefaults().mistakes()...)
}

func opener(c Config) providers.Opener {
	return func(d providers.Deps) (providers.Provider, error) { return New(c, d) }
}

// demoSettling is how long the sandbox may not know of a call: it does each before
// it answers.
const demoSettling = 5 * time.Second

// demo is the sandbox's own commerce account, with its three services. Its invoices
// live an hour.
func demo(sandboxURL string) []providers.DemoAccount {
	account := Config{
		BaseURL: sandboxURL + "/payelata/api", CardGateURL: sandboxURL + "/payelata/cardgate",
		Account: "sandbox-account", APIKey: "sk_test_sandbox", TestMode: true, Tokenize: true, Settling: demoSettling, SessionLife: time.Hour,
		Services: map[pay.Currency]string{pay.USD: "payment_card_usd_hpp", pay.EUR: "payment_card_eur_hpp", "UAH": "payment_card_uah_hpp"},
	}
	return []providers.DemoAccount{{Code: "payelata", Title: "PayElata", Open: opener(account), Notifies: "sandbox-account"}}
}
