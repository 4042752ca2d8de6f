package template

import (
	"errors"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Vendor is the vendor as the program knows it: its line in cmd/paygraph/vendors.go.
func Vendor() providers.Vendor {
	return providers.Vendor{Name: Name, Read: read, Demo: demo}
}

func read(s providers.Settings) (providers.Opener, error) {
	c := Config{
		BaseURL:  s.URL("baseUrl", providers.Required),
		APIKey:   s.Secret("apiKey", providers.Required),
		HookKey:  s.Secret("hookKey", providers.Required),
		Currency: s.Currency("currency"),
		TestMode: s.TestMode(),
	}
	return opener(c), errors.Join(c.mistakes()...)
}

func opener(c Config) providers.Opener {
	return func(d providers.Deps) (providers.Provider, error) { return New(c, d) }
}

func demo(sandboxURL string) []providers.DemoAccount {
	c := Config{BaseURL: sandboxURL + "/template", APIKey: "sandbox-key", HookKey: "sandbox-hook-key", Currency: pay.EUR, TestMode: true}
	return []providers.DemoAccount{{Code: "template", Title: "Template", Open: opener(c), Notifies: "sandbox-shop"}}
}
