package main

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/paygraph/paygraph/internal/config"
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
	adapter := func(twoStage bool, payTerminal payture.Secret) (*payture.Client, error) {
		return payture.New(payture.Config{
			BaseURL: sandboxURL + "/payture", Key: "Merchant", Password: "123", TwoStage: twoStage, TestMode: true, Settling: sandboxSettling,
			Wallet: &payture.Wallet{
				AddTerminal: "MerchantAdd", PayTerminal: payTerminal, Password: "123", TwoStage: twoStage, CustomerSecret: demoCustomers,
			},
		}, payture.Deps{HTTP: client, Clock: clock, Logger: logger})
	}
	oneStage, err := adapter(false, "MerchantPay")
	if err != nil {
		return nil, err
	}
	twoStage, err := adapter(true, "MerchantBlock")
	if err != nil {
		return nil, err
	}
	return providers.NewAccounts(
		providers.Account{Code: paytureAccount, Title: "Payture", Merchant: merchant, TestMode: true, Provider: oneStage},
		providers.Account{Code: paytureHeld, Title: "Payture, two-stage", Merchant: merchant, TestMode: true, Provider: twoStage},
	)
}

// demoCustomers is the secret of the demo shop's customers at the sandbox, which
// keeps nothing of worth.
const demoCustomers = "the customers of the demo shop"

// paytureWallet is the configured wallet of an account at Payture, if it has one.
func paytureWallet(w *config.PaytureWallet) *payture.Wallet {
	if w == nil {
		return nil
	}
	return &payture.Wallet{
		AddTerminal: payture.Secret(w.AddTerminal), PayTerminal: payture.Secret(w.PayTerminal), Password: payture.Secret(w.Password),
		TwoStage: w.TwoStage, CustomerSecret: payture.Secret(w.CustomerSecret), LegacySalt: payture.Secret(w.LegacySalt),
		NoCVVReversed: w.NoCVVReversed, Template: w.Template,
	}
}
