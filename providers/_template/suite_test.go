package template

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/providertest"
	"github.com/paygraph/paygraph/providers/template/templatesandbox"
)

func TestConformanceSuite(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Target{
		Vendor: "template",
		Open:   openWorld,
		Cards:  providertest.Cards{Poor: providertest.Card{Number: "4000000000009995"}},
		NotPlayed: map[string]string{ // what the vendor's documents lack
			"payment/charged-back": "the vendor's documents know no charge-back",
			"secure/proven":        noProof, "secure/failed": noProof, "secure/left": noProof, "secure/left-and-back": noProof,
			"refund/refused": "the vendor's documents have no card that cannot be refunded",
		},
		Forge: forge,
		Mode: func(answer []byte) []byte {
			return []byte(strings.NewReplacer(`"test":true`, `"test":false`, `"test":false`, `"test":true`).Replace(string(answer)))
		},
		Write: func(amount pay.Money) (string, error) { return writeAmount(amount), nil },
		Read:  readAmount,
	})
}

const noProof = "the vendor's documents have no card for 3-D Secure"

// openWorld has two shops at one sandbox.
func openWorld(t *testing.T, o providertest.Options) providertest.World {
	t.Helper()
	shops := []templatesandbox.Account{
		{Name: "first-shop", APIKey: "api-key-of-the-first", HookKey: "hook-key-of-the-first", Currency: "EUR", Test: !o.Live},
		{Name: "other-shop", APIKey: "api-key-of-the-other", HookKey: "hook-key-of-the-other", Currency: "EUR", Test: !o.Live},
	}
	origin := o.Serve(t, templatesandbox.New(templatesandbox.Options{Accounts: shops}))
	accounts := make([]providertest.Account, 0, len(shops))
	for _, s := range shops {
		client, err := New(
			Config{BaseURL: o.Through + "/template", APIKey: providers.Secret(s.APIKey), HookKey: providers.Secret(s.HookKey), Currency: pay.EUR, TestMode: !o.Live},
			providers.Deps{HTTP: o.HTTP, Clock: o.Clock, Logger: o.Logger},
		)
		require.NoError(t, err)
		accounts = append(accounts, providertest.Account{Provider: client, Name: s.Name, Secrets: []string{s.APIKey, s.HookKey}})
	}
	return providertest.World{Sandbox: origin, Account: accounts[0], Another: accounts[1:]}
}

// forge is what somebody can make who knows the form of a notification and not the
// key.
func forge(genuine providers.Notification) []providertest.Forgery {
	signed := func(key string) providers.Notification {
		n := genuine
		code := hmac.New(sha256.New, []byte(key))
		code.Write(n.Body)
		n.Header = genuine.Header.Clone()
		n.Header.Set("X-Signature", hex.EncodeToString(code.Sum(nil)))
		return n
	}
	unsigned := genuine
	unsigned.Header = genuine.Header.Clone()
	unsigned.Header.Del("X-Signature")
	return []providertest.Forgery{
		{Name: "WithoutSignature", Notification: unsigned},
		{Name: "WithoutKey", Notification: signed("")},
		{Name: "WithTheOtherShopsKey", Notification: signed("hook-key-of-the-other")},
	}
}
