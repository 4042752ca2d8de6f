package payelata

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/configtest"
	"github.com/paygraph/paygraph/internal/pay"
)

func TestVendor_Settings(t *testing.T) {
	t.Parallel()

	const least = `{"baseUrl": "https://host.example/api", "account": "com-1", "apiKey": "` + configtest.Canary + `", "services": {"USD": "payment_card_usd_hpp"}}`
	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		c, err := configtest.Open[*Client](t, Vendor(), true, `{
			"baseUrl": "http://127.0.0.1:8090/payelata/api/", "cardGateUrl": "http://127.0.0.1:8090/payelata/cardgate", "account": "com-1",
			"apiKeyFile": "secret", "callbackKeyEnv": "CALLBACKS", "services": {"USD": "payment_card_usd_hpp", "UAH": "payment_card_uah_hpp"},
			"tokenize": true, "refundModel": "old", "sessionLife": "48h"
		}`)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "http://127.0.0.1:8090/payelata/api", CardGateURL: "http://127.0.0.1:8090/payelata/cardgate", Account: "com-1",
			APIKey: configtest.Canary, CallbackKey: configtest.Canary, TestMode: true, Tokenize: true, RefundModel: RefundOld,
			Services: map[pay.Currency]string{pay.USD: "payment_card_usd_hpp", "UAH": "payment_card_uah_hpp"},
			Settling: settlingTime, SessionLife: 48 * time.Hour,
		}, c.config)
	})
	t.Run("Smallest", func(t *testing.T) {
		t.Parallel()
		c, err := configtest.Open[*Client](t, Vendor(), false, least)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "https://host.example/api", Account: "com-1", APIKey: configtest.Canary, CallbackKey: configtest.Canary, RefundModel: RefundNew,
			Services: map[pay.Currency]string{pay.USD: "payment_card_usd_hpp"}, Settling: settlingTime, SessionLife: sessionLife,
		}, c.config)
	})

	with := func(member string) string { return strings.Replace(least, `"baseUrl"`, member+`, "baseUrl"`, 1) }
	tests := []struct{ fact, settings, want string }{
		{"NoKey", strings.Replace(least, `"apiKey": "`+configtest.Canary+`", `, "", 1), ":2:13: apiKey: it is missing; apiKeyFile and apiKeyEnv will do, too"},
		{"TestKeyInALiveAccount", strings.Replace(least, configtest.Canary, "sk_test_1", 1), ":2:13: settings of payelata: API key: it is a test key"},
		{"NoServices", strings.Replace(least, `{"USD": "payment_card_usd_hpp"}`, `{}`, 1), ":2:13: settings of payelata: services: there is none"},
		{"ServicesAsList", strings.Replace(least, `{"USD": "payment_card_usd_hpp"}`, `["payment_card_usd_hpp"]`, 1), "services: want object, not list"},
		{"ServiceOfNoCurrency", strings.Replace(least, `"USD"`, `"usd"`, 1), `services: "usd" is not an ISO 4217 currency code`},
		{"OddService", strings.Replace(least, "payment_card_usd_hpp", "a/b", 1), ":2:13: settings of payelata: services: that of USD is not a name"},
		{"TokenizeWithoutGate", with(`"tokenize": true`), ":2:13: settings of payelata: card gate URL: saved cards are charged there"},
		{"PlainHTTPInALiveAccount", with(`"cardGateUrl": "http://127.0.0.1"`), ":2:29: cardGateUrl: it must be https"},
		{"OddRefunds", with(`"refundModel": "` + configtest.Canary + `"`), ":2:13: settings of payelata: refund model: it is neither new nor old"},
		{"LongSession", with(`"sessionLife": "1000h"`), ":2:13: settings of payelata: session life"},
		{"UnknownMember", with(`"publicKey": "` + configtest.Canary + `"`), `:2:14: "publicKey": there is no such member in this settings`},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			_, err := configtest.Open[*Client](t, Vendor(), false, tt.settings)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), configtest.Canary)
		})
	}
}
