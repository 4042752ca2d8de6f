package graph

import (
	"context"
	"maps"
	"slices"

	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Providers are the accounts that a payer can choose among.
func (r query) Providers(ctx context.Context, amount *pay.Money, capability *string) ([]*model.Provider, error) {
	accounts, err := r.Billing.Providers(ctx, amount, capability)
	if err != nil {
		return nil, err
	}
	shown := make([]*model.Provider, len(accounts))
	for at, account := range accounts {
		shown[at] = shownProvider(account)
	}
	return shown, nil
}

func shownProvider(a providers.Account) *model.Provider {
	can := a.Capabilities()
	return &model.Provider{Code: a.Code, Name: a.Title, Sandbox: a.TestMode, Currencies: can.Currencies, Capabilities: can.Words(), Limits: shownLimits(can)}
}

// shownLimits are an account's limits of one payment, by currency in alphabetical
// order.
func shownLimits(can providers.Capabilities) []*model.ProviderLimit {
	limited := make(map[pay.Currency]*model.ProviderLimit)
	of := func(c pay.Currency) *model.ProviderLimit {
		if limited[c] == nil {
			limited[c] = &model.ProviderLimit{}
		}
		return limited[c]
	}
	for currency, least := range can.Min {
		of(currency).Min = new(pay.Of(least, currency))
	}
	for currency, most := range can.Max {
		of(currency).Max = new(pay.Of(most, currency))
	}
	shown := []*model.ProviderLimit{}
	for _, currency := range slices.Sorted(maps.Keys(limited)) {
		shown = append(shown, limited[currency])
	}
	return shown
}

// provider is the account with the code; of one that is no longer configured
// what is still known of it.
func (r *Resolver) provider(code string, sandbox bool) *model.Provider {
	if account, ok := r.Billing.Account(code); ok {
		return shownProvider(account)
	}
	return &model.Provider{Code: code, Name: code, Sandbox: sandbox, Capabilities: []string{}, Limits: []*model.ProviderLimit{}}
}
