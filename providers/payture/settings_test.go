package payture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/configtest"
	"github.com/paygraph/paygraph/internal/pay"
)

func TestVendor_Settings(t *testing.T) {
	t.Parallel()

	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		c, err := configtest.Open[*Client](t, Vendor(), false, `{
			"baseUrl": "https://secure.payture.com/", "keyFile": "secret", "passwordEnv": "PASSWORD", "twoStage": true, "currency": "KZT", "template": "blue",
			"wallet": {
				"addTerminal": "MerchantAdd", "payTerminal": "MerchantPay", "password": "123", "twoStage": true,
				"customerSecretFile": "secret", "noCvvReversed": true, "template": "green"
			}
		}`)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "https://secure.payture.com", Key: configtest.Canary, Password: configtest.Canary, TwoStage: true, Currency: pay.KZT, Template: "blue",
			Settling: settlingTime,
			Wallet: &Wallet{
				AddTerminal: "MerchantAdd", PayTerminal: "MerchantPay", Password: "123", TwoStage: true,
				CustomerSecret: configtest.Canary, NoCVVReversed: true, Template: "green",
			},
		}, c.config)
	})
	t.Run("Smallest", func(t *testing.T) {
		t.Parallel()
		c, err := configtest.Open[*Client](t, Vendor(), true, `{"baseUrl": "http://127.0.0.1:8090/payture", "key": "Merchant", "wallet": {"addTerminal": "A", "payTerminal": "P", "legacySalt": "s"}}`)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "http://127.0.0.1:8090/payture", Key: "Merchant", TestMode: true, Currency: pay.RUB, Settling: settlingTime,
			Wallet: &Wallet{AddTerminal: "A", PayTerminal: "P", LegacySalt: "s"},
		}, c.config)
	})

	const base = `{"baseUrl": "https://secure.payture.com", "key": "` + configtest.Canary + `"}`
	const wallet = `{"addTerminal": "` + configtest.Canary + `", "payTerminal": "` + configtest.Canary + `", "customerSecret": "` + configtest.Canary + `"}`
	with := func(member string) string { return strings.Replace(base, `"key"`, member+`, "key"`, 1) }
	in := func(old, replacement string) string {
		return with(`"wallet": ` + strings.Replace(wallet, old, replacement, 1))
	}
	tests := []struct{ fact, settings, want string }{
		{"NoKey", `{"baseUrl": "https://secure.payture.com"}`, ":2:13: key: it is missing; keyFile and keyEnv will do, too"},
		{"TwoStageWithoutPassword", with(`"twoStage": true`), ":2:67: twoStage: a two-stage terminal needs its password"},
		{"OddCurrency", with(`"currency": "RUR"`), `:2:67: currency: "RUR" is not an ISO 4217 currency code`},
		{"CurrencyWithoutHundredths", with(`"currency": "JPY"`), ":2:13: settings of payture: currency: amounts in JPY are not hundredths"},
		{"TestHostInALiveAccount", `{"baseUrl": "https://sandbox3.payture.com", "key": "k"}`, ":2:13: settings of payture: base URL: it is a test host, and the account is live"},
		{"KeyWithBlanks", strings.Replace(base, configtest.Canary, "a b", 1), ":2:13: settings of payture: key: it is empty or has blanks"},
		{"UnknownMember", with(`"Password": "x"`), `:2:55: "Password": there is no such member in this settings`},
		{"NoObject", with(`"wallet": "` + configtest.Canary + `"`), "wallet: want object, not text"},
		{"NoAddTerminal", in(`"addTerminal": "`+configtest.Canary+`", `, ""), "addTerminal: it is missing; addTerminalFile and addTerminalEnv will do, too"},
		{"NoPayTerminal", in(`"payTerminal": "`+configtest.Canary+`", `, ""), "payTerminal: it is missing"},
		{"NoCustomerSecret", in(`, "customerSecret": "`+configtest.Canary+`"`, ""), "customerSecret: a wallet needs a customerSecret or a legacySalt"},
		{"ShortCustomerSecret", in(`"customerSecret": "`+configtest.Canary+`"`, `"customerSecret": "fifteen letters"`), "customerSecret: want at least 16 characters"},
		{"SecretAndSalt", in(`"customerSecret"`, `"legacySalt": "`+configtest.Canary+`", "customerSecret"`), "legacySalt: a wallet has a customerSecret or a legacySalt, not both"},
		{"TwoStageWalletWithoutPassword", in(`"addTerminal"`, `"twoStage": true, "addTerminal"`), ":2:78: twoStage: a two-stage terminal needs its password"},
		{"FlagAsText", in(`"addTerminal"`, `"noCvvReversed": "`+configtest.Canary+`", "addTerminal"`), "noCvvReversed: want true or false, not text"},
		{"UnknownMemberOfTheWallet", in(`"addTerminal"`, `"vwid": "x", "addTerminal"`), `"vwid": there is no such member in this wallet`},
		{"SecretOfNoFile", in(`"customerSecret": "`+configtest.Canary+`"`, `"customerSecretFile": "nowhere"`), "nowhere: no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			_, err := configtest.Open[*Client](t, Vendor(), false, tt.settings)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "accounts.json:2:")
			require.NotContains(t, err.Error(), configtest.Canary)
		})
	}
}
