package payture

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
	account := fmt.Sprintf(`{"accounts": [{"code": "a", "provider": "payture", "merchant": "shop", "title": "T", "testMode": %t,%s"settings": %s}]}`, test, "\n", settings)
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

	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		c, err := written(t, false, `{
			"baseUrl": "https://secure.payture.com/", "keyFile": "secret", "passwordEnv": "PASSWORD", "twoStage": true, "currency": "KZT", "template": "blue",
			"wallet": {
				"addTerminal": "MerchantAdd", "payTerminal": "MerchantPay", "password": "123", "twoStage": true,
				"customerSecretFile": "secret", "noCvvReversed": true, "template": "green"
			}
		}`)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "https://secure.payture.com", Key: secretCanary, Password: secretCanary, TwoStage: true, Currency: pay.KZT, Template: "blue",
			Settling: settlingTime,
			Wallet: &Wallet{
				AddTerminal: "MerchantAdd", PayTerminal: "MerchantPay", Password: "123", TwoStage: true,
				CustomerSecret: secretCanary, NoCVVReversed: true, Template: "green",
			},
		}, c)
	})
	t.Run("Smallest", func(t *testing.T) {
		t.Parallel()
		c, err := written(t, true, `{"baseUrl": "http://127.0.0.1:8090/payture", "key": "Merchant", "wallet": {"addTerminal": "A", "payTerminal": "P", "legacySalt": "s"}}`)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "http://127.0.0.1:8090/payture", Key: "Merchant", TestMode: true, Currency: pay.RUB, Settling: settlingTime,
			Wallet: &Wallet{AddTerminal: "A", PayTerminal: "P", LegacySalt: "s"},
		}, c)
	})

	const base = `{"baseUrl": "https://secure.payture.com", "key": "` + secretCanary + `"}`
	const wallet = `{"addTerminal": "` + secretCanary + `", "payTerminal": "` + secretCanary + `", "customerSecret": "` + secretCanary + `"}`
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
		{"KeyWithBlanks", strings.Replace(base, secretCanary, "a b", 1), ":2:13: settings of payture: key: it is empty or has blanks"},
		{"UnknownMember", with(`"Password": "x"`), `:2:55: "Password": there is no such member in this settings`},
		{"NoObject", with(`"wallet": "` + secretCanary + `"`), "wallet: want object, not text"},
		{"NoAddTerminal", in(`"addTerminal": "`+secretCanary+`", `, ""), "addTerminal: it is missing; addTerminalFile and addTerminalEnv will do, too"},
		{"NoPayTerminal", in(`"payTerminal": "`+secretCanary+`", `, ""), "payTerminal: it is missing"},
		{"NoCustomerSecret", in(`, "customerSecret": "`+secretCanary+`"`, ""), "customerSecret: a wallet needs a customerSecret or a legacySalt"},
		{"ShortCustomerSecret", in(`"customerSecret": "`+secretCanary+`"`, `"customerSecret": "fifteen letters"`), "customerSecret: want at least 16 characters"},
		{"SecretAndSalt", in(`"customerSecret"`, `"legacySalt": "`+secretCanary+`", "customerSecret"`), "legacySalt: a wallet has a customerSecret or a legacySalt, not both"},
		{"TwoStageWalletWithoutPassword", in(`"addTerminal"`, `"twoStage": true, "addTerminal"`), ":2:78: twoStage: a two-stage terminal needs its password"},
		{"FlagAsText", in(`"addTerminal"`, `"noCvvReversed": "`+secretCanary+`", "addTerminal"`), "noCvvReversed: want true or false, not text"},
		{"UnknownMemberOfTheWallet", in(`"addTerminal"`, `"vwid": "x", "addTerminal"`), `"vwid": there is no such member in this wallet`},
		{"SecretOfNoFile", in(`"customerSecret": "`+secretCanary+`"`, `"customerSecretFile": "nowhere"`), "nowhere: no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			_, err := written(t, false, tt.settings)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "accounts.json:2:")
			require.NotContains(t, err.Error(), secretCanary)
		})
	}
}
