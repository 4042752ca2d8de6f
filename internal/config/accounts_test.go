package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/config"
)

func TestAccountsFile_MistakesHaveAPlace(t *testing.T) {
	t.Parallel()

	const account = `{"code": "a", "provider": "payture", "merchant": "m", "title": "T",` + "\n" +
		`"settings": {"baseUrl": "https://secure.payture.com", "key": "` + canary + `"}}`
	tests := []struct {
		fact, content string
		want          string // after the file's name
	}{
		{"NoJSON", "{\n  \"accounts\": [,]\n}", ":2:16: it is not JSON here"},
		{"CutShort", `{"accounts": [`, ":1:14: it is not JSON here"},
		{"Empty", ``, ":1:1: it is not JSON here"},
		{"TwoDocuments", `{"accounts": []} {}`, ":1:18: it is not JSON here"},
		{"NoObject", `[]`, ":1:1: file: want an object, not list"},
		{"NoAccounts", `{"issuers": []}`, ":1:1: accounts: it is missing in this file"},
		{"UnknownMember", strings.Replace(account, `"title"`, "\n\"titel\"", 1), ":2:1: \"titel\": there is no such member in this account"},
		{"UnknownSetting", strings.Replace(account, `"key"`, `"Key"`, 1), `"Key": there is no such member in this settings`},
		{"MemberTwice", strings.Replace(account, `"title"`, `"code": "b", "title"`, 1), "code: it is there twice"},
		{"WrongKind", strings.Replace(account, `"T"`, `7`, 1), "title: want text, not number"},
		{"NullIsNoText", strings.Replace(account, `"T"`, `null`, 1), "title: want text, not null"},
		{"TestModeAsText", strings.Replace(account, `"title"`, `"testMode": "`+canary+`", "title"`, 1), "testMode: want true or false, not text"},
		{"EmptyTitle", strings.Replace(account, `"T"`, `""`, 1), "title: it is empty"},
		{"CodeThatIsNoSlug", strings.Replace(account, `"a"`, `"a/../b"`, 1), "code: want 1 to 63 lower-case letters"},
		{"UnknownProvider", strings.Replace(account, `"payture",`, `"paypal",`, 1), "provider: there is no such provider; want payture"},
		{"NoSettings", `{"code": "a", "provider": "payture", "merchant": "m", "title": "T"}`, "settings: it is missing in this account"},
		{"NoKey", strings.Replace(account, `"key": "`+canary+`"`, `"currency": "RUB"`, 1), "key: it is missing; keyFile and keyEnv will do, too"},
		{"KeyInTwoWays", strings.Replace(account, `"key"`, `"keyEnv": "X", "key"`, 1), "key: it is given in more than one way"},
		{"KeyOfNoVariable", strings.Replace(account, `"key": "`+canary+`"`, `"keyEnv": "NOBODY_SET_THIS"`, 1), "keyEnv: the variable is not set"},
		{"KeyOfNoFile", strings.Replace(account, `"key": "`+canary+`"`, `"keyFile": "nowhere"`, 1), "nowhere: no such file"},
		{"TwoStageWithoutPassword", strings.Replace(account, `"key"`, `"twoStage": true, "key"`, 1), "twoStage: a two-stage terminal needs its password"},
		{"OddCurrency", strings.Replace(account, `"key"`, `"currency": "RUR", "key"`, 1), `currency: "RUR" is not an ISO 4217 currency code`},
		{"AddressWithAPassword", strings.Replace(account, "https://secure", "https://u:"+canary+"@secure", 1), "baseUrl: it is not an http or https address"},
		{"AccountTwice", account + "," + account, "accounts: another one has the same name"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			in := setup(t)
			content := tt.content
			if strings.HasPrefix(content, `{"code"`) {
				content = `{"accounts": [` + content + `]}`
			}
			path := in.write(t, "accounts.json", content)
			_, err := in.serve()
			require.ErrorContains(t, err, path+":")
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), canary)
		})
	}
}

const walletAccounts = `{"accounts": [{"code": "a", "provider": "payture", "merchant": "shop", "title": "T", "testMode": true,
"settings": {"baseUrl": "https://sandbox3.payture.com", "key": "Merchant", "wallet": %s}}]}`

func TestAccountsFile_PaytureWallet(t *testing.T) {
	t.Parallel()

	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		in.env["WALLET_PASSWORD"] = canary
		in.write(t, "customers", canary+"\n")
		in.write(t, "accounts.json", fmt.Sprintf(walletAccounts, `{
			"addTerminal": "MerchantAdd", "payTerminal": "MerchantPay", "passwordEnv": "WALLET_PASSWORD", "twoStage": true,
			"customerSecretFile": "customers", "noCvvReversed": true, "template": "blue"
		}`))
		c, err := in.serve("--mode", "test")
		require.NoError(t, err)
		require.Equal(t, &config.PaytureWallet{
			AddTerminal: "MerchantAdd", PayTerminal: "MerchantPay", Password: canary, TwoStage: true,
			CustomerSecret: canary, NoCVVReversed: true, Template: "blue",
		}, c.Accounts[0].Payture.Wallet)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", c.Accounts[0].Payture.Wallet, *c.Accounts[0].Payture.Wallet, *c.Accounts[0].Payture.Wallet), canary)
	})
	t.Run("Smallest", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		in.write(t, "accounts.json", fmt.Sprintf(walletAccounts, `{"addTerminal": "A", "payTerminal": "P", "legacySalt": "s"}`))
		c, err := in.serve("--mode", "test")
		require.NoError(t, err)
		require.Equal(t, &config.PaytureWallet{AddTerminal: "A", PayTerminal: "P", LegacySalt: "s"}, c.Accounts[0].Payture.Wallet)
	})

	const wallet = `{"addTerminal": "` + canary + `", "payTerminal": "` + canary + `", "customerSecret": "` + canary + `"}`
	tests := []struct{ fact, content, want string }{
		{"NoObject", `"` + canary + `"`, "wallet: want object, not text"},
		{"NoAddTerminal", strings.Replace(wallet, `"addTerminal": "`+canary+`", `, "", 1), "addTerminal: it is missing; addTerminalFile and addTerminalEnv will do, too"},
		{"NoPayTerminal", strings.Replace(wallet, `"payTerminal": "`+canary+`", `, "", 1), "payTerminal: it is missing"},
		{"NoCustomerSecret", strings.Replace(wallet, `, "customerSecret": "`+canary+`"`, "", 1), "customerSecret: a wallet needs a customerSecret or a legacySalt"},
		{"ShortCustomerSecret", strings.Replace(wallet, `"customerSecret": "`+canary+`"`, `"customerSecret": "fifteen letters"`, 1), "customerSecret: want at least 16 characters"},
		{"SecretAndSalt", strings.Replace(wallet, `"customerSecret"`, `"legacySalt": "`+canary+`", "customerSecret"`, 1), "legacySalt: a wallet has a customerSecret or a legacySalt, not both"},
		{"TwoStageWithoutPassword", strings.Replace(wallet, `"addTerminal"`, `"twoStage": true, "addTerminal"`, 1), "twoStage: a two-stage terminal needs its password"},
		{"FlagAsText", strings.Replace(wallet, `"addTerminal"`, `"noCvvReversed": "`+canary+`", "addTerminal"`, 1), "noCvvReversed: want true or false, not text"},
		{"UnknownMember", strings.Replace(wallet, `"addTerminal"`, `"vwid": "x", "addTerminal"`, 1), `"vwid": there is no such member in this wallet`},
		{"SecretOfNoFile", strings.Replace(wallet, `"customerSecret": "`+canary+`"`, `"customerSecretFile": "nowhere"`, 1), "nowhere: no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			in := setup(t)
			path := in.write(t, "accounts.json", fmt.Sprintf(walletAccounts, tt.content))
			_, err := in.serve("--mode", "test")
			require.ErrorContains(t, err, path+":2:")
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), canary)
		})
	}
}

func TestAccountsFile_Issuers(t *testing.T) {
	t.Parallel()

	const issuer = `{"name": "i", "audience": "a", "merchant": "m", "jwksUrl": "https://id.example.com/jwks"}`
	tests := []struct{ fact, content, want string }{
		{"NoKeys", `{"name": "i", "audience": "a", "merchant": "m"}`, "an issuer needs a jwksUrl or a publicKeyFile, and not both"},
		{"BothKeys", strings.Replace(issuer, `"jwksUrl"`, `"publicKeyFile": "console.pem", "jwksUrl"`, 1), "and not both"},
		{"NoSuchKeyFile", strings.Replace(issuer, `"jwksUrl": "https://id.example.com/jwks"`, `"publicKeyFile": "nowhere"`, 1), "nowhere: no such file"},
		{"RoleOfAKey", strings.Replace(issuer, `"jwksUrl"`, `"roles": ["SERVER"], "jwksUrl"`, 1), "roles: an issuer may grant USER, SUPPORT, FINANCE and ADMIN"},
		{"RoleTwice", strings.Replace(issuer, `"jwksUrl"`, `"roles": ["USER", "USER"], "jwksUrl"`, 1), "roles: a role is there twice"},
		{"RoleOfNoText", strings.Replace(issuer, `"jwksUrl"`, `"roles": [1], "jwksUrl"`, 1), "roles: want text, not number"},
		{"OddAddress", strings.Replace(issuer, "https://", "ftp://", 1), "jwksUrl: it is not an http or https address"},
		{"IssuerTwice", issuer + "," + issuer, "issuers: another one has the same name"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			in := setup(t)
			in.write(t, "accounts.json", `{"accounts": [], "issuers": [`+tt.content+`]}`)
			_, err := in.serve()
			require.ErrorContains(t, err, tt.want)
		})
	}
}
