package payture

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/providertest"
)

func TestConformanceSuite(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Target{
		Vendor: "payture",
		Open:   openWorld,
		Cards: providertest.Cards{
			Good: providertest.Card{Number: plainCard}, Proves: providertest.Card{Number: proofCard},
			ProofFails: providertest.Card{Number: "4111111111111114"}, Poor: providertest.Card{Number: "3300000000000001"},
			SavedPoor: providertest.Card{Number: "4111111111100080"}, SavedProves: providertest.Card{Number: shyCard},
			Irrevocable: providertest.Card{Number: "4111111111102029"},
		},
		ChargeBack: func(t *testing.T, origin string, ref providers.Ref) {
			t.Helper()
			body := strings.NewReader(`{"order":"` + ref.OrderNumber + `"}`)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, origin+"/payture/_test/chargeback", body)
			require.NoError(t, err)
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			require.Equal(t, http.StatusNoContent, response.StatusCode)
		},
		Currencies: []pay.Currency{pay.RUB, pay.KZT, pay.USD, pay.EUR, "UAH"}, // of hundredths
		Write: func(amount pay.Money) (string, error) {
			c := Client{config: Config{Currency: amount.Currency}}
			pairs, err := c.initPairs(providers.StartRequest{OrderNumber: order, Amount: amount}, page{})
			for _, p := range pairs {
				if p.key == "Amount" {
					return p.value, err
				}
			}
			return "", err
		},
		Read: func(text string, currency pay.Currency) (pay.Money, error) {
			amount, ok := reply{attributes: map[string]string{"amount": text}}.amount("Amount", currency)
			if !ok {
				return pay.Money{}, fmt.Errorf("%q is no amount", text)
			}
			return amount, nil
		},
	})
}

// openWorld has two merchants at one sandbox. Each has InPay's terminal and the
// wallet's two; the names of the terminals are part of what proves who calls, so
// they are secrets here.
func openWorld(t *testing.T, o providertest.Options) providertest.World {
	t.Helper()
	var terminals []payturesandbox.Account
	merchants := []string{"Conform-5be1", "Other-c07d"}
	for _, m := range merchants {
		terminals = append(
			terminals,
			payturesandbox.Account{Key: m, Password: "word-" + m, Merchant: m},
			payturesandbox.Account{Key: m + "-add", Password: "word-" + m, Merchant: m, Wallet: true, AddOnly: true, NotifyAs: m},
			payturesandbox.Account{Key: m + "-pay", Password: "word-" + m, Merchant: m, Wallet: true, TwoStage: o.TwoStage, NotifyAs: m},
		)
	}
	origin := o.Serve(t, payturesandbox.New(payturesandbox.Options{Accounts: terminals}))
	accounts := make([]providertest.Account, 0, len(merchants))
	for _, m := range merchants {
		secret := "customers-of-" + m
		client, err := New(Config{
			BaseURL: o.Through + "/payture", Key: Secret(m), Password: Secret("word-" + m), TwoStage: o.TwoStage, TestMode: !o.Live,
			Wallet: &Wallet{
				AddTerminal: Secret(m + "-add"), PayTerminal: Secret(m + "-pay"), Password: Secret("word-" + m), TwoStage: o.TwoStage, CustomerSecret: Secret(secret),
			},
		}, providers.Deps{HTTP: o.HTTP, Clock: o.Clock, Logger: o.Logger})
		require.NoError(t, err)
		accounts = append(accounts, providertest.Account{Provider: client, Name: m, Secrets: []string{m, "word-" + m, secret}})
	}
	return providertest.World{Sandbox: origin, Account: accounts[0], Another: accounts[1:]}
}
