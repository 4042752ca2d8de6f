package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
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

// configuredAccounts is the accounts file's list, each with its adapter.
func configuredAccounts(c *config.Serve, shops map[string]*ent.Merchant, clock pay.Clock, logger *slog.Logger) (*providers.Accounts, error) {
	deps := providers.Deps{HTTP: providerHTTP(), Clock: clock, Logger: logger}
	list := make([]providers.Account, 0, len(c.Accounts))
	for _, account := range c.Accounts {
		adapter, err := account.Open(deps)
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", account.Code, err)
		}
		list = append(list, providers.Account{
			Code: account.Code, Title: account.Title, Merchant: shops[account.Merchant].ID, TestMode: account.TestMode, Provider: adapter,
			Min: account.Min, Max: account.Max,
		})
	}
	return providers.NewAccounts(list...)
}

// rules are what the operator decided for each merchant.
type rules struct {
	routes  map[pay.MerchantID][]providers.Route
	refunds map[pay.MerchantID]billing.RefundRules
}

// routesOf returns a merchant's rules for choosing an account.
func (r rules) routesOf(merchant pay.MerchantID) []providers.Route { return r.routes[merchant] }

// refundRulesOf returns a merchant's limits of refunds.
func (r rules) refundRulesOf(merchant pay.MerchantID) billing.RefundRules { return r.refunds[merchant] }

// configuredRules are those of the accounts file.
func configuredRules(c *config.Serve, shops map[string]*ent.Merchant) rules {
	r := rules{routes: make(map[pay.MerchantID][]providers.Route), refunds: make(map[pay.MerchantID]billing.RefundRules)}
	for _, m := range c.Merchants {
		id := shops[m.Code].ID
		r.routes[id] = m.Routes
		r.refunds[id] = billing.RefundRules{SupportLimit: m.Refunds.SupportLimit, ApprovalAbove: m.Refunds.ApprovalAbove}
	}
	return r
}

// demoAccounts is every vendor's list of accounts for a demo shop, all at the
// sandbox. Their codes say whose they are.
func demoAccounts(merchant pay.MerchantID, sandboxURL string, clock pay.Clock, logger *slog.Logger) (*providers.Accounts, error) {
	deps := providers.Deps{HTTP: providerHTTP(), Clock: clock, Logger: logger}
	var list []providers.Account
	for _, vendor := range adapters() {
		for _, account := range vendor.Demo(sandboxURL) {
			adapter, err := account.Open(deps)
			if err != nil {
				return nil, fmt.Errorf("demo account %s: %w", account.Code, err)
			}
			list = append(list, providers.Account{
				Code: account.Code, Title: account.Title, Merchant: merchant, TestMode: true, Provider: adapter,
			})
		}
	}
	return providers.NewAccounts(list...)
}

// demoRules let the demo shop's SUPPORT give back what most things there cost, and
// ask for a second person above ten times of that.
func demoRules(merchant pay.MerchantID) rules {
	return rules{refunds: map[pay.MerchantID]billing.RefundRules{merchant: {
		SupportLimit:  map[pay.Currency]int64{pay.RUB: 500_000, pay.KZT: 2_500_000, pay.USD: 5_000, pay.EUR: 5_000, "UAH": 200_000},
		ApprovalAbove: map[pay.Currency]int64{pay.RUB: 5_000_000, pay.KZT: 25_000_000, pay.USD: 50_000, pay.EUR: 50_000, "UAH": 2_000_000},
	}}}
}
