package bisys

import (
	"errors"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Vendor is Bisys as the program knows it.
func Vendor() providers.Vendor {
	return providers.Vendor{Name: Name, Read: read, Demo: demo}
}

// read reads the settings of one account.
func read(s providers.Settings) (providers.Opener, error) {
	c := Config{
		BaseURL:          s.URL("baseUrl", providers.Required),
		ShopToken:        s.Secret("shopToken", providers.Required),
		SecKey:           s.Secret("secKey", providers.Required),
		ServiceCode:      s.Text("serviceCode", providers.Required),
		Currency:         s.Currency("currency"),
		ClientType:       s.Text("clientType", providers.Optional),
		TestMode:         s.TestMode(),
		ClientCert:       s.File("clientCertFile", providers.Optional),
		ClientKey:        s.Secret("clientKey", providers.Optional),
		EnableSMSConfirm: s.Flag("enableSmsConfirm"),
		PerOrderCallback: s.Flag("perOrderCallback"),
		PerOrderReturn:   s.Flag("perOrderReturn"),
		RefundPath:       s.Text("refundPath", providers.Optional),
		SessionLife:      s.Duration("sessionLife"),
	}
	if commission, found := s.Group("commission", providers.Optional); found {
		c.Commission = Fee{
			FixedMinor:      commission.Number("fixedMinor", 0, pay.MaxAmount),
			RateBasisPoints: commission.Number("rateBasisPoints", 0, wholeBasisPoints),
		}
	}
	if (c.ClientCert == nil) != (c.ClientKey == "") {
		s.Wrong("clientCertFile", "a certificate needs its clientKey, and a key its clientCertFile")
	}
	return opener(c), errors.Join(c.withDefaults().mistakes()...)
}

func opener(c Config) providers.Opener {
	return func(d providers.Deps) (providers.Provider, error) { return New(c, d) }
}

// demoSettling is how long the sandbox may not know of a call: it does each before
// it answers.
const demoSettling = 5 * time.Second

// demo is the sandbox's own shop.
func demo(sandboxURL string) []providers.DemoAccount {
	shop := Config{
		BaseURL: sandboxURL + "/bisys/api-shop", ShopToken: "sandbox-shop", SecKey: "sandbox-key", ServiceCode: "109-5804-1",
		TestMode: true, PerOrderReturn: true, Settling: demoSettling,
	}
	return []providers.DemoAccount{{Code: "bisys", Title: "bisys", Open: opener(shop), Notifies: "sandbox-shop"}}
}
