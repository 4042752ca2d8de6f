package main

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture"
)

// The demo shop's provider accounts, at the sandbox's built-in accounts.
const (
	paytureAccount = "payture"
	paytureHeld    = "payture-two-stage"
)

// providerHTTP is the client that adapters share. They cap its answers, follow no
// redirects and set their own deadlines.
func providerHTTP() *http.Client {
	transport, _ := http.DefaultTransport.(*http.Transport)
	own := transport.Clone()
	own.Proxy = nil // a provider is reached directly, or not at all
	own.MaxIdleConnsPerHost = 32
	own.ResponseHeaderTimeout = 10 * time.Second
	return &http.Client{Transport: own}
}

// sandboxSettling is how long the sandbox may not know of a call: it does each
// before it answers.
const sandboxSettling = 5 * time.Second

// demoAccounts is the explicit list of the demo shop's accounts, all at the
// sandbox.
func demoAccounts(merchant pay.MerchantID, sandboxURL string, clock pay.Clock, logger *slog.Logger) (*providers.Accounts, error) {
	client := providerHTTP()
	oneStage, err := payture.New(
		payture.Config{BaseURL: sandboxURL + "/payture", Key: "Merchant", Password: "123", TestMode: true, Settling: sandboxSettling},
		payture.Deps{HTTP: client, Clock: clock, Logger: logger},
	)
	if err != nil {
		return nil, err
	}
	twoStage, err := payture.New(
		payture.Config{BaseURL: sandboxURL + "/payture", Key: "Merchant", Password: "123", TwoStage: true, TestMode: true, Settling: sandboxSettling},
		payture.Deps{HTTP: client, Clock: clock, Logger: logger},
	)
	if err != nil {
		return nil, err
	}
	return providers.NewAccounts(
		providers.Account{Code: paytureAccount, Title: "Payture", Merchant: merchant, TestMode: true, Provider: oneStage},
		providers.Account{Code: paytureHeld, Title: "Payture, two-stage", Merchant: merchant, TestMode: true, Provider: twoStage},
	)
}
