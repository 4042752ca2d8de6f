package config_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/pay"
)

// canary is planted in every secret and must come out of no mistake.
const canary = "Canary4276838748917319"

// randomKey is 32 bytes that look made by chance, different for each seed.
func randomKey(seed byte) []byte {
	key := make([]byte, 32)
	for at := range key {
		seed = seed*167 + 59
		key[at] = seed ^ byte(at*31)
	}
	return key
}

func key64(seed byte) string { return base64.StdEncoding.EncodeToString(randomKey(seed)) }

const goodAccounts = `{
  "accounts": [
    {"code": "acme-main", "provider": "acme", "merchant": "shop", "title": "Cards", "testMode": false,
     "settings": {"baseUrl": "https://acme.example", "key": "Merchant1", "password": "` + canary + `", "twoStage": true, "currency": "RUB"}},
    {"code": "acme-test", "provider": "acme", "merchant": "demo", "title": "Cards, test", "testMode": true, "minAmount": {"RUB": 100}, "maxAmount": {"RUB": 600000},
     "settings": {"baseUrl": "http://test.acme.example", "keyFile": "terminal", "passwordEnv": "TEST_PASSWORD"}}
  ],
  "issuers": [
    {"name": "https://id.example.com", "audience": "paygraph", "merchant": "shop", "roles": ["USER", "SUPPORT"], "jwksUrl": "https://id.example.com/jwks.json"},
    {"name": "console", "audience": "paygraph", "merchant": "demo", "publicKeyFile": "console.pem"}
  ]
}`

// installation is a folder with files, and the variables of a good live serve.
type installation struct {
	dir string
	env map[string]string
}

func setup(t *testing.T) *installation {
	t.Helper()
	in := &installation{dir: t.TempDir()}
	in.write(t, "terminal", "Merchant2\n")
	in.write(t, "console.pem", "-----BEGIN PUBLIC KEY-----\n")
	in.env = map[string]string{
		"PAYGRAPH_DATABASE_URL":  "postgres://paygraph:" + canary + "@db.internal/paygraph",
		"PAYGRAPH_PUBLIC_URL":    "https://pay.example.com/",
		"PAYGRAPH_ACCOUNTS_FILE": in.write(t, "accounts.json", goodAccounts),
		"PAYGRAPH_GUEST_KEYS":    key64(1) + "," + key64(2),
		"PAYGRAPH_RETURN_KEY":    key64(3) + " " + key64(9),
		"PAYGRAPH_SEALING_KEYS":  key64(6) + "," + key64(7),
		"PAYGRAPH_LOOKUP_KEY":    key64(8),
		"TEST_PASSWORD":          canary,
	}
	return in
}

func (in *installation) write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(in.dir, name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func (in *installation) getenv(name string) string { return in.env[name] }

func (in *installation) serve(args ...string) (*config.Serve, error) {
	return config.ParseServe(args, vendors(), in.getenv)
}

// closed are the accounts without what opens them, which cannot be compared.
func closed(accounts []config.Account) []config.Account {
	list := slices.Clone(accounts)
	for at := range list {
		list[at].Open = nil
	}
	return list
}

func TestParseServe(t *testing.T) {
	t.Parallel()

	t.Run("VariablesAreEnough", func(t *testing.T) {
		t.Parallel()
		c, err := setup(t).serve()
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1:8080", c.Addr)
		require.Equal(t, "https://pay.example.com", c.PublicURL)
		require.Equal(t, "postgres://paygraph:"+canary+"@db.internal/paygraph", string(c.DatabaseURL))
		require.Equal(t, config.Live, c.Mode)
		require.Equal(t, [][]byte{randomKey(1), randomKey(2)}, config.KeyBytes(c.GuestKeys))
		require.Equal(t, [][]byte{randomKey(3), randomKey(9)}, config.KeyBytes(c.ReturnKeys))
		require.Equal(t, slog.LevelInfo, c.LogLevel)
		require.Equal(t, "json", c.LogFormat)
		require.Equal(t, 20*time.Second, c.Drain)
		require.Empty(t, c.TrustedProxies)
		require.Equal(t, []config.Account{
			{Code: "acme-main", Provider: "acme", Merchant: "shop", Title: "Cards"},
			{Code: "acme-test", Provider: "acme", Merchant: "demo", Title: "Cards, test", TestMode: true, Min: map[pay.Currency]int64{pay.RUB: 100}, Max: map[pay.Currency]int64{pay.RUB: 600000}},
		}, closed(c.Accounts))
		require.Equal(t, acme{
			BaseURL: "https://acme.example", Key: "Merchant1", Password: canary, TwoStage: true, Currency: pay.RUB,
		}, opened(t, c.Accounts[0]))
		require.Equal(t, acme{Test: true, BaseURL: "http://test.acme.example", Key: "Merchant2", Password: canary}, opened(t, c.Accounts[1]))
		require.Equal(t, []config.Issuer{
			{Name: "https://id.example.com", Audience: "paygraph", Merchant: "shop", Roles: []pay.Role{pay.RoleUser, pay.RoleSupport}, JWKSURL: "https://id.example.com/jwks.json"},
			{Name: "console", Audience: "paygraph", Merchant: "demo", PublicKeyPEM: []byte("-----BEGIN PUBLIC KEY-----\n")},
		}, c.Issuers)
		require.NoError(t, c.CheckMerchants(map[string]bool{"shop": false, "demo": true}))
	})

	t.Run("FlagsBeatVariables", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		in.env["PAYGRAPH_ADDR"] = "127.0.0.1:1"
		in.env["PAYGRAPH_LOG_LEVEL"] = "error"
		c, err := in.serve("--addr", ":9090", "-log-level=debug", "--drain", "1m", "--drain-delay=5s",
			"--trusted-proxies", "10.0.0.0/8, 192.0.2.7,2001:db8::/32", "--allowed-origins", "https://Shop.Example:443,http://localhost:3000/")
		require.NoError(t, err)
		require.Equal(t, ":9090", c.Addr)
		require.Equal(t, slog.LevelDebug, c.LogLevel)
		require.Equal(t, time.Minute, c.Drain)
		require.Equal(t, 5*time.Second, c.DrainDelay)
		require.Equal(t, []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/32"),
		}, c.TrustedProxies)
		require.Equal(t, []string{"https://shop.example", "http://localhost:3000"}, c.AllowedOrigins)
	})

	t.Run("KeysMayStandInFiles", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		delete(in.env, "PAYGRAPH_GUEST_KEYS")
		url64 := base64.RawURLEncoding.EncodeToString(randomKey(5))
		path := in.write(t, "guest-keys", key64(4)+"\n"+url64+"\n")
		c, err := in.serve("--guest-keys-file", path)
		require.NoError(t, err)
		require.Equal(t, [][]byte{randomKey(4), randomKey(5)}, config.KeyBytes(c.GuestKeys))
	})

	t.Run("TestModeNeedsNoKeys", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		in.env["PAYGRAPH_ACCOUNTS_FILE"] = in.write(t, "none.json", `{"accounts": []}`)
		in.env["PAYGRAPH_PUBLIC_URL"] = "http://127.0.0.1:8080"
		delete(in.env, "PAYGRAPH_GUEST_KEYS")
		delete(in.env, "PAYGRAPH_RETURN_KEY")
		c, err := in.serve("--mode", "test", "--database", "sqlite:///tmp/x.db?synchronous=off")
		require.NoError(t, err)
		require.Nil(t, c.GuestKeys)
		require.Nil(t, config.KeyBytes(c.GuestKeys))
		require.Nil(t, c.ReturnKeys)
	})

	t.Run("EveryMistakeIsReportedAtOnce", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		in.env = map[string]string{
			"PAYGRAPH_ADDR":            "8080",
			"PAYGRAPH_DATABASE_URL":    "mysql://root:" + canary + "@db/x",
			"PAYGRAPH_MODE":            "production",
			"PAYGRAPH_TRUSTED_PROXIES": "0.0.0.0/0",
			"PAYGRAPH_LOG_LEVEL":       "loud",
			"PAYGRAPH_DRAIN":           "20",
			"PAYGRAPH_GUEST_KEYS":      canary,
			"PAYGRAPH_RETURN_KEY":      key64(1) + " " + key64(1),
			"PAYGRAPH_LOOKUP_KEY":      key64(1) + " " + key64(2),
			"PAYGRAPH_ACCOUNTS_FILE":   in.write(t, "bad.json", `{"accounts": [{"code": "A"}]}`),
		}
		_, err := in.serve("--drain-delay", "1h", "--allowed-origins", "shop.example")
		require.Error(t, err)
		text := err.Error()
		for _, want := range []string{
			"--addr (PAYGRAPH_ADDR): ", "--database (PAYGRAPH_DATABASE_URL): want postgres://", "--public-url (PAYGRAPH_PUBLIC_URL): it must be set",
			"--mode (PAYGRAPH_MODE): ", "--trusted-proxies (PAYGRAPH_TRUSTED_PROXIES): 0.0.0.0/0 is everybody", "--log-level (PAYGRAPH_LOG_LEVEL): ",
			"--drain (PAYGRAPH_DRAIN): ", "--drain-delay (PAYGRAPH_DRAIN_DELAY): 1h0m0s is not within 0s and 5m0s",
			"--allowed-origins (PAYGRAPH_ALLOWED_ORIGINS): ", "PAYGRAPH_GUEST_KEYS or --guest-keys-file", "PAYGRAPH_RETURN_KEY or --return-key-file (PAYGRAPH_RETURN_KEY_FILE): key 2 is there twice",
			"PAYGRAPH_LOOKUP_KEY or --lookup-key-file (PAYGRAPH_LOOKUP_KEY_FILE): one key is wanted, not 2",
			"bad.json:1:15: merchant: it is missing in this account", "bad.json:1:24: code: want 1 to 63",
		} {
			require.Contains(t, text, want)
		}
		require.NotContains(t, text, canary)
	})

	t.Run("NoMistakeQuotesASecret", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		_, err := in.serve("--databse", "postgres://u:"+canary+"@h/n", "---x="+canary, canary, "-="+canary, "--addr")
		require.EqualError(t, err, strings.Join([]string{
			"--databse: there is no such flag; --help lists them",
			"---x: there is no such flag; --help lists them",
			"an argument stands where a flag should; values with blanks need quotes",
			"-: there is no such flag; --help lists them",
			"--addr: it needs a value",
		}, "\n"))
		_, err = in.serve("--database", "postgres://u:"+canary+"%zz@h/n")
		require.Error(t, err)
		require.NotContains(t, err.Error(), canary)
	})

	t.Run("HelpNamesEverySetting", func(t *testing.T) {
		t.Parallel()
		_, err := setup(t).serve("--addr", "nonsense", "--help")
		help := new(config.HelpError)
		require.ErrorAs(t, err, &help)
		for _, want := range []string{
			"usage: paygraph serve [flags]", "--database URL  $PAYGRAPH_DATABASE_URL", "(required)", "(default 127.0.0.1:8080)",
			"$PAYGRAPH_GUEST_KEYS", "openssl rand -base64 32", "--mode live|test",
		} {
			require.Contains(t, help.Text, want)
		}
	})
}

func TestServe_LiveModeRefuses(t *testing.T) {
	t.Parallel()

	accountsWith := func(old, replacement string) func(*testing.T, *installation) {
		return func(t *testing.T, in *installation) {
			t.Helper()
			in.write(t, "accounts.json", strings.ReplaceAll(goodAccounts, old, replacement))
		}
	}
	variable := func(name, value string) func(*testing.T, *installation) {
		return func(_ *testing.T, in *installation) { in.env[name] = value }
	}
	typed := base64.StdEncoding.EncodeToString([]byte("paygraph-development-key-do-not-use"))
	tests := []struct {
		fact   string
		change func(*testing.T, *installation)
		want   string
	}{
		{"PublicURLWithoutTLS", variable("PAYGRAPH_PUBLIC_URL", "http://pay.example.com"), "--public-url (PAYGRAPH_PUBLIC_URL): it must be https"},
		{"SQLiteThatForgets", variable("PAYGRAPH_DATABASE_URL", "sqlite:///x.db?synchronous=OFF"), "synchronous other than FULL"},
		{"SQLiteThatNearlyForgets", variable("PAYGRAPH_DATABASE_URL", "sqlite:///x.db?Synchronous=normal"), "synchronous other than FULL"},
		{"PostgresThatForgets", variable("PAYGRAPH_DATABASE_URL", "postgres://h/n?synchronous_commit=off"), "synchronous_commit=off"},
		{"PostgresThatForgetsByOptions", variable("PAYGRAPH_DATABASE_URL", "postgres://h/n?options=-c%20synchronous_commit%3Doff"), "in options"},
		{"NoGuestKeys", variable("PAYGRAPH_GUEST_KEYS", ""), "PAYGRAPH_GUEST_KEYS or --guest-keys-file (PAYGRAPH_GUEST_KEYS_FILE): it must be set in live mode"},
		{"NoReturnKey", variable("PAYGRAPH_RETURN_KEY", ""), "it must be set in live mode"},
		{"AKeySomebodyTyped", variable("PAYGRAPH_GUEST_KEYS", typed), "key 1 is not random"},
		{"AKeyOfZeros", variable("PAYGRAPH_RETURN_KEY", base64.StdEncoding.EncodeToString(make([]byte, 32))), "PAYGRAPH_RETURN_KEY: key 1 is not random"},
		{"OneKeyForTwoThings", variable("PAYGRAPH_RETURN_KEY", key64(2)), "PAYGRAPH_RETURN_KEY: key 1 is also in PAYGRAPH_GUEST_KEYS"},
		{"NoSealingKeys", variable("PAYGRAPH_SEALING_KEYS", ""), "PAYGRAPH_SEALING_KEYS or --sealing-keys-file (PAYGRAPH_SEALING_KEYS_FILE): it must be set in live mode"},
		{"NoLookupKey", variable("PAYGRAPH_LOOKUP_KEY", ""), "PAYGRAPH_LOOKUP_KEY or --lookup-key-file (PAYGRAPH_LOOKUP_KEY_FILE): it must be set in live mode"},
		{"SealingKeyThatAlsoFinds", variable("PAYGRAPH_LOOKUP_KEY", key64(7)), "PAYGRAPH_LOOKUP_KEY: it is also in PAYGRAPH_SEALING_KEYS"},
		{"AKeyThatIsShort", variable("PAYGRAPH_GUEST_KEYS", "c2hvcnQ="), "key 1 has 5 bytes; want 32 or more"},
		{"AKeyTwice", variable("PAYGRAPH_GUEST_KEYS", key64(1)+" "+key64(1)), "key 2 is there twice"},
		{"IssuerKeysWithoutTLS", accountsWith("https://id.example.com/jwks.json", "http://localhost/jwks.json"), "issuer https://id.example.com: its jwksUrl must be https"},
		{"ProviderWithoutTLS", accountsWith("https://acme.example", "HTTP://acme.example"), "accounts.json:4:30: baseUrl: it must be https in an account that moves real money"},
		{"AnAccountsFileThatIsNotThere", variable("PAYGRAPH_ACCOUNTS_FILE", "no-such-file.json"), "no-such-file.json"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			in := setup(t)
			tt.change(t, in)
			_, err := in.serve()
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), canary)
		})
	}

	t.Run("TestModeRefusesLiveAccounts", func(t *testing.T) {
		t.Parallel()
		_, err := setup(t).serve("--mode", "test")
		require.EqualError(t, err, "account acme-main: it moves real money (test mode); say testMode true, or start with --mode live")
	})
	t.Run("TestAccountsOfLiveMerchants", func(t *testing.T) {
		t.Parallel()
		c, err := setup(t).serve()
		require.NoError(t, err)
		require.EqualError(t, c.CheckMerchants(map[string]bool{"shop": true}), strings.Join([]string{
			"account acme-main: it moves real money, and merchant shop is for tests",
			"account acme-test: there is no merchant demo",
			"issuer console: there is no merchant demo",
		}, "\n"))
		require.ErrorContains(t, c.CheckMerchants(map[string]bool{"shop": false, "demo": false}), "account acme-test: it is for tests, and merchant demo is live")
	})
}

func TestSecret_IsNeverShown(t *testing.T) {
	t.Parallel()

	c, err := setup(t).serve()
	require.NoError(t, err)
	var logged strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		log := slog.New(handler)
		log.Info("started", "url", c.DatabaseURL, "key", c.ReturnKeys, "config", *c, "accounts", c.Accounts)
	}
	encoded, err := json.Marshal([]any{c.DatabaseURL, c.GuestKeys, c.ReturnKeys, opened(t, c.Accounts[0]), *c})
	require.NoError(t, err)
	shown := logged.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		shown += fmt.Sprintf(verb, *c) + fmt.Sprintf(verb, c.DatabaseURL) + fmt.Sprintf(verb, c.ReturnKeys) + fmt.Sprintf(verb, c.Accounts) + fmt.Sprintf(verb, opened(t, c.Accounts[0]))
	}
	shown += c.DatabaseURL.String() + c.ReturnKeys[0].String() + fmt.Errorf("open %s with %v", c.DatabaseURL, c.ReturnKeys).Error()
	require.Contains(t, shown, "***")
	key := randomKey(3)
	for _, secret := range []string{
		canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), base64.StdEncoding.EncodeToString([]byte(canary)),
		string(key), fmt.Sprintf("%x", key), fmt.Sprintf("%v", key), fmt.Sprintf("%d, %d, ", key[0], key[1]), key64(3),
	} {
		require.NotContains(t, shown, secret)
	}
}
