package payelata

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// secretCanary is what every secret of an accounts file is here. It comes out of no mistake.
const secretCanary = "CANARY-OF-THE-SETTINGS"

// written reads the settings as an accounts file has them, in its second line, and
// returns the account's config.
func written(t *testing.T, test bool, settings string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "accounts.json")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "secret"), []byte(secretCanary+"\n"), 0o600))
	account := fmt.Sprintf(`{"accounts": [{"code": "a", "provider": "payelata", "merchant": "shop", "title": "T", "testMode": %t,%s"settings": %s}]}`, test, "\n", settings)
	require.NoError(t, os.WriteFile(path, []byte(account), 0o600))
	read, err := config.ReadAccounts(path, []providers.Vendor{Vendor()}, func(string) string { return secretCanary })
	if err != nil {
		return Config{}, err
	}
	p, err := read.Accounts[0].Open(providers.Deps{HTTP: &http.Client{}, Clock: pay.ClockFunc(time.Now), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	client, isOurs := p.(*Client)
	require.True(t, isOurs)
	return client.config, nil
}

func TestVendor_Settings(t *testing.T) {
	t.Parallel()

	const least = `{"baseUrl": "https://host.example/api", "account": "com-1", "apiKey": "` + secretCanary + `", "services": {"USD": "payment_card_usd_hpp"}}`
	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		c, err := written(t, true, `{
			"baseUrl": "http://127.0.0.1:8090/payelata/api/", "cardGateUrl": "http://127.0.0.1:8090/payelata/cardgate", "account": "com-1",
			"apiKeyFile": "secret", "callbackKeyEnv": "CALLBACKS", "services": {"USD": "payment_card_usd_hpp", "UAH": "payment_card_uah_hpp"},
			"tokenize": true, "refundModel": "old", "sessionLife": "48h"
		}`)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "http://127.0.0.1:8090/payelata/api", CardGateURL: "http://127.0.0.1:8090/payelata/cardgate", Account: "com-1",
			APIKey: secretCanary, CallbackKey: secretCanary, TestMode: true, Tokenize: true, RefundModel: RefundOld,
			Services: map[pay.Currency]string{pay.USD: "payment_card_usd_hpp", "UAH": "payment_card_uah_hpp"},
			Settling: settlingTime, SessionLife: 48 * time.Hour,
		}, c)
	})
	t.Run("Smallest", func(t *testing.T) {
		t.Parallel()
		c, err := written(t, false, least)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "https://host.example/api", Account: "com-1", APIKey: secretCanary, CallbackKey: secretCanary, RefundModel: RefundNew,
			Services: map[pay.Currency]string{pay.USD: "payment_card_usd_hpp"}, Settling: settlingTime, SessionLife: sessionLife,
		}, c)
	})

	with := func(member string) string { return strings.Replace(least, `"baseUrl"`, member+`, "baseUrl"`, 1) }
	tests := []struct{ fact, settings, want string }{
		{"NoKey", strings.Replace(least, `"apiKey": "`+secretCanary+`", `, "", 1), ":2:13: apiKey: it is missing; apiKeyFile and apiKeyEnv will do, too"},
		{"TestKeyInALiveAccount", strings.Replace(least, secretCanary, "sk_test_1", 1), ":2:13: settings of payelata: API key: it is a test key"},
		{"NoServices", strings.Replace(least, `{"USD": "payment_card_usd_hpp"}`, `{}`, 1), ":2:13: settings of payelata: services: there is none"},
		{"ServicesAsList", strings.Replace(least, `{"USD": "payment_card_usd_hpp"}`, `["payment_card_usd_hpp"]`, 1), "services: want object, not list"},
		{"ServiceOfNoCurrency", strings.Replace(least, `"USD"`, `"usd"`, 1), `services: "usd" is not an ISO 4217 currency code`},
		{"OddService", strings.Replace(least, "payment_card_usd_hpp", "a/b", 1), ":2:13: settings of payelata: services: that of USD is not a name"},
		{"TokenizeWithoutGate", with(`"tokenize": true`), ":2:13: settings of payelata: card gate URL: saved cards are charged there"},
		{"PlainHTTPInALiveAccount", with(`"cardGateUrl": "http://127.0.0.1"`), ":2:29: cardGateUrl: it must be https"},
		{"OddRefunds", with(`"refundModel": "` + secretCanary + `"`), ":2:13: settings of payelata: refund model: it is neither new nor old"},
		{"LongSession", with(`"sessionLife": "1000h"`), ":2:13: settings of payelata: session life"},
		{"UnknownMember", with(`"publicKey": "` + secretCanary + `"`), `:2:14: "publicKey": there is no such member in this settings`},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			_, err := written(t, false, tt.settings)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), secretCanary)
		})
	}
}
