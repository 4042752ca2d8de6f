package ktpay

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
	"github.com/paygraph/paygraph/providers/providertest"
)

func TestConformanceSuite(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Target{
		Vendor: "ktpay",
		Open:   openWorld,
		Cards: providertest.Cards{
			Good: providertest.Card{Number: "4111111111111111"}, Proves: providertest.Card{Number: "4000002500003155"},
			ProofFails: providertest.Card{Number: "4000008400001629"}, Poor: providertest.Card{Number: "4000000000009995"},
		},
		Write: writtenAmount,
		Read:  func(text string, _ pay.Currency) (pay.Money, error) { return readAmount(json.RawMessage(text)) },
	})
}

// writtenAmount is the amount of the order that is sealed.
func writtenAmount(amount pay.Money) (string, error) {
	c := Client{config: Config{TestMode: true}}
	text, err := c.write(providers.StartRequest{OrderNumber: "o1", Amount: amount, NotifyURL: "http://127.0.0.1/notify"})
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(text), `"amount":`)
	written, _, _ := strings.Cut(rest, ",")
	return written, nil
}

// openWorld has two merchants at one sandbox, each with an application and a key of
// its own.
func openWorld(t *testing.T, o providertest.Options) providertest.World {
	t.Helper()
	var merchants []ktpaysandbox.Account
	var keys []string
	for id := range int64(2) {
		key, err := ecdh.X25519().GenerateKey(rand.Reader)
		require.NoError(t, err)
		appID := make([]byte, 16)
		_, err = rand.Read(appID)
		require.NoError(t, err)
		merchants = append(merchants, ktpaysandbox.Account{
			AppID: hex.EncodeToString(appID), MerchantID: id + 1, Shop: "Shop", Keys: []ktpaysandbox.Key{{Secret: [32]byte(key.Bytes())}},
		})
		keys = append(keys, base64.StdEncoding.EncodeToString(key.PublicKey().Bytes()))
	}
	origin := o.Serve(t, ktpaysandbox.New(ktpaysandbox.Options{Accounts: merchants}))
	accounts := make([]providertest.Account, 0, len(merchants))
	for at, m := range merchants {
		client, err := New(Config{
			FintechURL: o.Through + "/ktpay", WidgetURL: o.Through + "/ktpay", AppID: m.AppID, AppKey: keys[at], MerchantID: m.MerchantID, TestMode: !o.Live,
		}, providers.Deps{HTTP: o.HTTP, Clock: o.Clock, Logger: o.Logger})
		require.NoError(t, err)
		accounts = append(accounts, providertest.Account{Provider: client, Name: m.AppID, Secrets: []string{m.AppID, keys[at]}})
	}
	return providertest.World{Sandbox: origin, Account: accounts[0], Another: accounts[1:]}
}
