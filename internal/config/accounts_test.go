package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestAccountsFile_MistakesHaveAPlace(t *testing.T) {
	t.Parallel()

	const account = `{"code": "a", "provider": "acme", "merchant": "m", "title": "T",` + "\n" +
		`"settings": {"baseUrl": "https://acme.example", "key": "` + canary + `"}}`
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
		{"LeastAboveMost", strings.Replace(account, `"title"`, `"minAmount": {"RUB": 2}, "maxAmount": {"RUB": 1}, "title"`, 1), "maxAmount: in RUB it is less than minAmount"},
		{"CodeThatIsNoSlug", strings.Replace(account, `"a"`, `"a/../b"`, 1), "code: want 1 to 63 lower-case letters"},
		{"UnknownProvider", strings.Replace(account, `"acme",`, `"paypal",`, 1), "provider: there is no such provider; want acme, other"},
		{"NoSettings", `{"code": "a", "provider": "acme", "merchant": "m", "title": "T"}`, "settings: it is missing in this account"},
		{"NoKey", strings.Replace(account, `"key": "`+canary+`"`, `"currency": "RUB"`, 1), "key: it is missing; keyFile and keyEnv will do, too"},
		{"KeyInTwoWays", strings.Replace(account, `"key"`, `"keyEnv": "X", "key"`, 1), "key: it is given in more than one way"},
		{"KeyOfNoVariable", strings.Replace(account, `"key": "`+canary+`"`, `"keyEnv": "NOBODY_SET_THIS"`, 1), "keyEnv: the variable is not set"},
		{"KeyOfNoFile", strings.Replace(account, `"key": "`+canary+`"`, `"keyFile": "nowhere"`, 1), "nowhere: no such file"},
		{"TwoStageWithoutPassword", strings.Replace(account, `"key"`, `"twoStage": true, "key"`, 1), "twoStage: a two-stage terminal needs its password"},
		{"OddCurrency", strings.Replace(account, `"key"`, `"currency": "RUR", "key"`, 1), `currency: "RUR" is not an ISO 4217 currency code`},
		{"AddressWithAPassword", strings.Replace(account, "https://acme", "https://u:"+canary+"@acme", 1), "baseUrl: it is not an http or https address"},
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

// Every reader that a vendor has, and what each says of what is wrong.
func TestAccountsFile_Settings(t *testing.T) {
	t.Parallel()

	const accounts = `{"accounts": [{"code": "a", "provider": "acme", "merchant": "shop", "title": "T", "testMode": %t,
"settings": %s}]}`
	const least = `{"baseUrl": "https://acme.example", "key": "` + canary + `"}`

	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		in.env["SALT"] = canary
		in.write(t, "cert.pem", "-----BEGIN CERTIFICATE-----\n")
		in.write(t, "accounts.json", fmt.Sprintf(accounts, true, `{
			"baseUrl": "http://acme.example/api", "keyFile": "terminal", "password": "`+canary+`", "twoStage": true, "currency": "KZT",
			"fee": 100, "life": "1h30m", "certificateFile": "cert.pem", "names": ["a", "b"], "services": {"USD": "cards", "EUR": "wires"},
			"wallet": {"saltEnv": "SALT", "template": "blue", "fees": {"fixed": 9}}
		}`))
		c, err := in.serve("--mode", "test")
		require.NoError(t, err)
		require.Equal(t, acme{
			Test: true, BaseURL: "http://acme.example/api", Key: "Merchant2", Password: canary, TwoStage: true, Currency: pay.KZT,
			Fee: 100, Life: 90 * time.Minute, Certificate: []byte("-----BEGIN CERTIFICATE-----\n"), Names: []string{"a", "b"},
			Services: map[string]string{"USD": "cards", "EUR": "wires"},
			Wallet:   &acmeWallet{Salt: canary, Template: "blue", Fees: &acmeFees{Fixed: 9}},
		}, opened(t, c.Accounts[0]))
	})
	t.Run("Smallest", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		in.write(t, "accounts.json", fmt.Sprintf(accounts, false, least))
		c, err := in.serve()
		require.NoError(t, err)
		require.Equal(t, acme{BaseURL: "https://acme.example", Key: canary}, opened(t, c.Accounts[0]))
	})

	with := func(member string) string { return strings.Replace(least, `"key"`, member+`, "key"`, 1) }
	tests := []struct{ fact, content, want string }{
		{"NoObject", `[]`, ":2:13: settings: want object, not list"},
		{"UnknownMember", with(`"Key": 1`), `:2:49: "Key": there is no such member in this settings`},
		{"NumberThatIsText", with(`"fee": "` + canary + `"`), ":2:56: fee: want number, not text"},
		{"NumberThatIsSmall", with(`"fee": 0`), ":2:56: fee: want a whole number from 1 to 100"},
		{"NumberThatIsLarge", with(`"fee": 101`), ":2:56: fee: want a whole number from 1 to 100"},
		{"NumberThatIsBroken", with(`"fee": 1.5`), ":2:56: fee: want a whole number from 1 to 100"},
		{"NumberThatFitsNowhere", with(`"fee": 1e30`), ":2:56: fee: want a whole number from 1 to 100"},
		{"TimeWithoutUnit", with(`"life": "90"`), ":2:57: life: it is not a time such as 90s, 30m or 24h"},
		{"TimeThatIsPast", with(`"life": "-1h"`), ":2:57: life: it is not a time such as 90s, 30m or 24h"},
		{"OddCurrency", with(`"currency": "RUR"`), `:2:61: currency: "RUR" is not an ISO 4217 currency code`},
		{"ContentOfNoFile", with(`"certificateFile": "nowhere"`), "nowhere: no such file"},
		{"ContentOfAnEmptyFile", with(`"certificateFile": "empty"`), ":2:68: certificateFile: the file is empty"},
		{"ListOfNoText", with(`"names": ["a", 1]`), ":2:64: names: want text, not number"},
		{"MapOfNoText", with(`"services": {"USD": {"x": "` + canary + `"}}`), ":2:69: USD: want text, not object"},
		{"MapOfTwins", with(`"services": {"USD": "a", "USD": "b"}`), ":2:74: USD: it is there twice"},
		{"MapOfNothing", with(`"services": {"USD": ""}`), ":2:69: USD: it is empty"},
		{"UnknownMemberOfAGroup", with(`"wallet": {"salt": "s", "fees": {}, "vwid": 1}`), `:2:85: "vwid": there is no such member in this wallet`},
		{"UnknownMemberOfAGroupOfAGroup", with(`"wallet": {"salt": "s", "fees": {"x": 1}}`), `:2:82: "x": there is no such member in this fees`},
		{"NoGroup", with(`"wallet": {"salt": "s"}`), ":2:59: fees: it is missing in this wallet"},
		{"SecretOfAGroup", with(`"wallet": {"fees": {}}`), ":2:59: salt: it is missing; saltFile and saltEnv will do, too"},
		{"BlamedByTheVendor", with(`"twoStage": true`), ":2:61: twoStage: a two-stage terminal needs its password"},
		{"BlamedAsAWhole", with(`"password": "` + canary + `"`), ":2:13: settings of acme: its key and its password are alike"},
		{"BlamedAsAWholeTwice", with(`"password": "` + canary + `"`), ":2:13: settings of acme: and that is not all"},
		{"PlainHTTPInALiveAccount", strings.Replace(least, "https:", "http:", 1), ":2:25: baseUrl: it must be https in an account that moves real money"},
		{"AddressOfNothing", strings.Replace(least, "https://acme.example", "acme.example", 1), ":2:25: baseUrl: it is not an http or https address"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			in := setup(t)
			in.write(t, "empty", "")
			in.write(t, "accounts.json", fmt.Sprintf(accounts, false, tt.content))
			_, err := in.serve()
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), canary)
		})
	}

	t.Run("TheWholeIsBlamedOnlyWhenNoMemberIs", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		path := in.write(t, "accounts.json", fmt.Sprintf(accounts, false, `{"baseUrl": "https://acme.example"}`))
		_, err := in.serve()
		require.EqualError(t, err, path+":2:13: key: it is missing; keyFile and keyEnv will do, too")
	})
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
