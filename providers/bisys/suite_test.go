package bisys

import (
	"fmt"
	"testing"
	"time"

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
		Cards: providertest.Cards{
			Good: providertest.Card{Number: "4000000000000002"}, Proves: providertest.Card{Number: "4111111111111111"},
			ProofFails:  providertest.Card{Number: "4111111111111111", Expiry: "1224", Secret: "87654321"},
			SavedProves: providertest.Card{Number: "5479270000000000"}, RefusalCode: "51",
		},
		NotPlayed: map[string]string{
			"payment/poor-card":    "the vendor's documents have no test card without money: a wrong CVC is their only refusal",
			"payment/charged-back": "the vendor's documents have no state of a payment that was charged back",
			"refund/refused":       "the vendor's documents have no card that is refused a refund",
		},
		Write: writtenAmount, Currencies: currencies(),
		Read: func(text string, currency pay.Currency) (pay.Money, error) {
			minor, ok := parseDigits(text)
			if !ok {
				return pay.Money{}, fmt.Errorf("%q is no amount", text)
			}
			return pay.Of(minor, currency), nil
		},
	})
}

// writtenAmount is the amount of the request for a payment, in an account of the
// currency.
func writtenAmount(amount pay.Money) (string, error) {
	c := Client{config: Config{Currency: amount.Currency}.withDefaults(), clock: pay.ClockFunc(func() time.Time { return time.Unix(1_800_000_000, 0) })}
	request, err := c.request(order{op: providers.OpStart, number: "o1", amount: amount})
	return request.Amount, err
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
