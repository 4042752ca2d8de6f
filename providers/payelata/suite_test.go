package payelata

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
	"github.com/paygraph/paygraph/providers/providertest"
)

func TestConformanceSuite(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Target{
		Vendor: "payelata",
		Open:   openWorld,
		Cards: providertest.Cards{
			Good: providertest.Card{Number: "5519283812030000"}, Proves: providertest.Card{Number: "5123817234060000"},
			ProofFails:  providertest.Card{Number: "4412397212080000", Expiry: "0731"}, // invalid_3ds_code
			Poor:        providertest.Card{Number: "4302912837020000", Expiry: "0529"},
			RefusalCode: "insufficient_funds", ProofCode: "auth_3ds_required",
		},
		Forge: forge,
		ChargeBack: func(t *testing.T, origin string, ref providers.Ref) {
			t.Helper()
			control(t, origin, "chargeback", map[string]string{"invoice": ref.OrderNumber})
		},
		Decide: func(t *testing.T, origin, handle string, done bool) {
			t.Helper()
			control(t, origin, "refund", map[string]string{"refund": handle, "decision": map[bool]string{true: "approve", false: "fail"}[done]})
		},
		Mode: func(answer []byte) []byte {
			return []byte(strings.NewReplacer(`"test_mode":true`, `"test_mode":false`, `"test_mode":false`, `"test_mode":true`).Replace(string(answer)))
		},
		Write: writtenAmount, Currencies: []pay.Currency{pay.USD, pay.EUR, "UAH", "JPY", "KWD"},
		Read: func(text string, currency pay.Currency) (pay.Money, error) {
			amount, ok := parseAmount(text, currency)
			if !ok {
				return pay.Money{}, fmt.Errorf("%q is no amount", text)
			}
			return amount, nil
		},
	})
}

// writtenAmount is the amount of the request for an invoice.
func writtenAmount(amount pay.Money) (string, error) {
	c := Client{config: Config{Services: map[pay.Currency]string{amount.Currency: "payment_card"}}}
	request, err := c.document(wanted{op: providers.OpStart, orderNumber: "o1", amount: amount})
	written, _ := request.Data.Attributes.(newInvoice)
	return written.Amount.String(), err
}

// openWorld has two commerce accounts at one sandbox. One refused card ends an
// invoice.
func openWorld(t *testing.T, o providertest.Options) providertest.World {
	t.Helper()
	commerce := []payelatasandbox.Account{
		{ID: "first-account", Name: "Shop", TestKey: "sk_test_of_the_first_5be1", LiveKey: "sk_live_of_the_first_91bd"},
		{ID: "other-account", Name: "Shop", TestKey: "sk_test_of_the_other_c07d", LiveKey: "sk_live_of_the_other_77e0"},
	}
	origin := o.Serve(t, payelatasandbox.New(payelatasandbox.Options{Accounts: commerce, SlowRefunds: o.SlowRefunds}))
	accounts := make([]providertest.Account, 0, len(commerce))
	for _, a := range commerce {
		key := map[bool]string{true: a.LiveKey, false: a.TestKey}[o.Live]
		client, err := New(Config{
			BaseURL: o.Through + "/payelata/api", CardGateURL: o.Through + "/payelata/cardgate", Account: a.ID, APIKey: Secret(key), TestMode: !o.Live,
			Services: map[pay.Currency]string{pay.USD: "payment_card_usd_hpp", pay.EUR: "payment_card_eur_hpp", "UAH": "payment_card_uah_hpp"}, Tokenize: true,
		}, providers.Deps{HTTP: o.HTTP, Clock: o.Clock, Logger: o.Logger})
		require.NoError(t, err)
		accounts = append(accounts, providertest.Account{Provider: client, Name: a.ID, Secrets: []string{a.TestKey, a.LiveKey}})
	}
	return providertest.World{Sandbox: origin, Account: accounts[0], Another: accounts[1:]}
}

// control does at the sandbox what the vendor or a bank does.
func control(t *testing.T, origin, what string, body map[string]string) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, origin+"/payelata/_test/"+what, bytes.NewReader(text))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Less(t, response.StatusCode, http.StatusMultipleChoices)
}

// forge is what somebody can make who knows the form of a callback and not the key.
func forge(genuine providers.Notification) []providertest.Forgery {
	signed := func(key string, body []byte) providers.Notification {
		sum := sha1.Sum([]byte(key + string(body) + key))
		n := genuine
		n.Body, n.Header = body, genuine.Header.Clone()
		n.Header.Set("X-Signature", base64.StdEncoding.EncodeToString(sum[:]))
		return n
	}
	unsigned, twice := genuine, genuine
	unsigned.Header, twice.Header = genuine.Header.Clone(), genuine.Header.Clone()
	unsigned.Header.Del("X-Signature")
	twice.Header.Add("X-Signature", "AAAA")
	live := bytes.ReplaceAll(genuine.Body, []byte(`"test_mode":true`), []byte(`"test_mode":false`))
	return []providertest.Forgery{
		{Name: "WithoutSignature", Notification: unsigned},
		{Name: "WithTwo", Notification: twice},
		{Name: "WithoutKey", Notification: signed("", genuine.Body)},
		{Name: "WithTheOtherAccountsKey", Notification: signed("sk_test_of_the_other_c07d", genuine.Body)},
		{Name: "WithTheLiveKey", Notification: signed("sk_live_of_the_first_91bd", genuine.Body)},
		{Name: "OfTheOtherMode", Notification: signed("sk_test_of_the_first_5be1", live)},
	}
}
