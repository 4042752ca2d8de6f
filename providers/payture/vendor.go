package payture

import (
	"errors"
	"time"

	"github.com/paygraph/paygraph/providers"
)

// Vendor is Payture as the program knows it.
func Vendor() providers.Vendor {
	return providers.Vendor{Name: Name, Read: read, Demo: demo}
}

// read reads the settings of one account: those of its terminal and, when there
// is one, of its wallet.
func read(s providers.Settings) (providers.Opener, error) {
	c := Config{
		BaseURL:  s.URL("baseUrl", providers.Required),
		Key:      s.Secret("key", providers.Required),
		Password: s.Secret("password", providers.Optional),
		TwoStage: s.Flag("twoStage"),
		Currency: s.Currency("currency"),
		Template: s.Text("template", providers.Optional),
		TestMode: s.TestMode(),
	}
	if c.TwoStage && c.Password == "" {
		s.Wrong("twoStage", "a two-stage terminal needs its password")
	}
	if wallet, found := s.Group("wallet", providers.Optional); found {
		c.Wallet = readWallet(wallet)
	}
	return opener(c), errors.Join(c.withDefaults().mistakes()...)
}

func readWallet(s providers.Settings) *Wallet {
	w := &Wallet{
		AddTerminal:    s.Secret("addTerminal", providers.Required),
		PayTerminal:    s.Secret("payTerminal", providers.Required),
		Password:       s.Secret("password", providers.Optional),
		TwoStage:       s.Flag("twoStage"),
		CustomerSecret: s.Secret("customerSecret", providers.Optional),
		LegacySalt:     s.Secret("legacySalt", providers.Optional),
		NoCVVReversed:  s.Flag("noCvvReversed"),
		Template:       s.Text("template", providers.Optional),
	}
	if w.TwoStage && w.Password == "" {
		s.Wrong("twoStage", "a two-stage terminal needs its password")
	}
	switch {
	case w.CustomerSecret == "" && w.LegacySalt == "":
		s.Wrong("customerSecret", "a wallet needs a customerSecret or a legacySalt")
	case w.CustomerSecret != "" && w.LegacySalt != "":
		s.Wrong("legacySalt", "a wallet has a customerSecret or a legacySalt, not both")
	case w.LegacySalt == "" && len(w.CustomerSecret) < minCustomerSecret:
		s.Wrong("customerSecret", "want at least 16 characters; make one with: openssl rand -base64 32")
	}
	return w
}

func opener(c Config) providers.Opener {
	return func(d providers.Deps) (providers.Provider, error) { return New(c, d) }
}

// demoSettling is how long the sandbox may not know of a call: it does each before
// it answers.
const demoSettling = 5 * time.Second

// demo is one account of each kind, at the sandbox's own terminals. A terminal has
// one address for notifications, so both share that of the first.
func demo(sandboxURL string) []providers.DemoAccount {
	at := func(twoStage bool, payTerminal Secret) providers.Opener {
		return opener(Config{
			BaseURL: sandboxURL + "/payture", Key: "Merchant", Password: "123", TwoStage: twoStage, TestMode: true, Settling: demoSettling,
			Wallet: &Wallet{
				AddTerminal: "MerchantAdd", PayTerminal: payTerminal, Password: "123", TwoStage: twoStage,
				CustomerSecret: "the customers of the demo shop",
			},
		})
	}
	return []providers.DemoAccount{
		{Code: "payture", Title: "Payture", Open: at(false, "MerchantPay"), Notifies: "Merchant"},
		{Code: "payture-two-stage", Title: "Payture, two-stage", Open: at(true, "MerchantBlock")},
	}
}
