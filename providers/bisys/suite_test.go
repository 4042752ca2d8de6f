package bisys

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/bisys/bisyssandbox"
	"github.com/paygraph/paygraph/providers/providertest"
)

func TestConformanceSuite(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Target{
		Vendor: "bisys",
		Open:   openWorld,
		Cards:  providertest.Cards{Good: "4000000000000002", Proves: "4111111111111111", SavedProves: "5479270000000000", RefusalCode: "51"},
		Write:  func(amount pay.Money) (string, error) { return strconv.FormatInt(amount.Amount, 10), nil },
		Read: func(text string, currency pay.Currency) (pay.Money, error) {
			minor, ok := parseDigits(text)
			if !ok {
				return pay.Money{}, fmt.Errorf("%q is no amount", text)
			}
			return pay.Of(minor, currency), nil
		},
	})
}

// openWorld has two shops at one sandbox. The payer pays one percent on top.
func openWorld(t *testing.T, o providertest.Options) providertest.World {
	t.Helper()
	const service = "109-5804-1"
	services := []bisyssandbox.Service{{Code: service, Name: "Shop"}}
	shops := []bisyssandbox.Account{
		{ShopToken: "token-of-the-first-5be1", SecKey: "key-of-the-first-91bd", Services: services, NotifyFailures: true},
		{ShopToken: "token-of-the-other-c07d", SecKey: "key-of-the-other-77e0", Services: services, NotifyFailures: true},
	}
	origin := o.Serve(t, bisyssandbox.New(bisyssandbox.Options{Accounts: shops}))
	accounts := make([]providertest.Account, 0, len(shops))
	for _, s := range shops {
		client, err := New(Config{
			BaseURL: o.Through + "/bisys/api-shop", ShopToken: Secret(s.ShopToken), SecKey: Secret(s.SecKey), ServiceCode: service,
			Commission: Fee{RateBasisPoints: 100}, TestMode: !o.Live,
		}, providers.Deps{HTTP: o.HTTP, Clock: o.Clock, Logger: o.Logger})
		require.NoError(t, err)
		accounts = append(accounts, providertest.Account{Provider: client, Name: s.ShopToken, Secrets: []string{s.ShopToken, s.SecKey}})
	}
	return providertest.World{Sandbox: origin, Account: accounts[0], Another: accounts[1:]}
}
