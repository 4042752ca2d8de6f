package bisys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

const liveBase = "https://shop.bisys.example/api-shop"

func TestNew(t *testing.T) {
	t.Parallel()

	t.Run("NamesEveryMistakeAtOnce", func(t *testing.T) {
		t.Parallel()
		_, err := New(Config{
			BaseURL: "http://x", ShopToken: "CANARY:TOKEN", SecKey: "CANARY KEY", ServiceCode: "109", Currency: "JPY", ClientType: "tv",
			ClientKey: "CANARY", RefundPath: "refund", SessionLife: -1, Settling: -1, Commission: Fee{FixedMinor: -1},
		}, providers.Deps{})
		require.Error(t, err)
		for _, want := range []string{
			"base URL", "shop token", "sec key", "service code", "currency", "client type", "client certificate", "refund path",
			"session life", "settling", "commission", "HTTP client", "clock",
		} {
			require.ErrorContains(t, err, want)
		}
		requireNoSecret(t, err.Error())
	})
	t.Run("LeavesTheCallersClientAlone", func(t *testing.T) {
		t.Parallel()
		deps := testDeps()
		deps.HTTP.Jar, _ = cookiejar.New(nil)
		_, err := New(testConfig(liveBase), deps)
		require.NoError(t, err)
		require.Nil(t, deps.HTTP.CheckRedirect)
		require.NotNil(t, deps.HTTP.Jar)
	})

	tests := []struct {
		name   string
		change func(*Config)
		want   string // "" means that it is fine
	}{
		{"Live", func(c *Config) { c.TestMode = false }, ""},
		{"SlashAtTheEnd", func(c *Config) { c.BaseURL += "/" }, ""},
		{"Sandbox", func(c *Config) { c.BaseURL = "http://127.0.0.1:8090/bisys" }, ""},
		{"DemoHost", func(c *Config) { c.BaseURL = "https://demo-api2.bisys.ru/api-shop" }, ""},
		{"QuickSandbox", func(c *Config) { c.Settling, c.SessionLife = time.Second, 3*time.Second }, ""},
		{"LivePlainHTTP", func(c *Config) { c.BaseURL, c.TestMode = "http://127.0.0.1/api-shop", false }, "https"},
		{"LiveOnDemoHost", func(c *Config) { c.BaseURL, c.TestMode = "https://demo-api2.bisys.ru/api-shop", false }, "demo host"},
		{"LiveSettlesTooSoon", func(c *Config) { c.Settling, c.TestMode = time.Second, false }, "settling"},
		{"NoBase", func(c *Config) { c.BaseURL = "" }, "base URL"},
		{"BaseWithUser", func(c *Config) { c.BaseURL = "https://canary@shop.example" }, "base URL"},
		{"BaseWithQuery", func(c *Config) { c.BaseURL += "?key=canary" }, "base URL"},
		{"NoToken", func(c *Config) { c.ShopToken = "" }, "shop token"},
		{"NoKey", func(c *Config) { c.SecKey = "" }, "sec key"},
		{"NoService", func(c *Config) { c.ServiceCode = "" }, "service code"},
		{"ServiceOfLetters", func(c *Config) { c.ServiceCode = "109-5804-a" }, "service code"},
		{"PoundAsTheVendorWritesIt", func(c *Config) { c.Currency = "GPB" }, "currency"},
		{"CertificateWithoutKey", func(c *Config) { c.ClientCert = []byte("CANARY") }, "client certificate"},
		{"RateOverAHundredPercent", func(c *Config) { c.Commission.RateBasisPoints = 10_001 }, "commission"},
		{"RefundPathWithQuery", func(c *Config) { c.RefundPath = "/refund?x=1" }, "refund path"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := testConfig(liveBase)
			tt.change(&config)
			_, err := New(config, testDeps())
			require.Equal(t, tt.want != "", err != nil, "%v", err)
			require.Contains(t, fmt.Sprint(err), tt.want)
			requireNoSecret(t, fmt.Sprint(err))
		})
	}
	for _, currency := range []pay.Currency{"RUB", "KZT", "USD", "EUR", "GBP", "KGS", "UZS", "AZN", "GEL", "TRY", "CNY", "AMD"} {
		t.Run(string(currency), func(t *testing.T) {
			t.Parallel()
			config := testConfig(liveBase)
			config.Currency = currency
			c, err := New(config, testDeps())
			require.NoError(t, err)
			require.Equal(t, 2, currency.Exponent(), "the vendor counts hundredths")
			require.True(t, c.Capabilities().Allows(pay.Of(1, currency)))
		})
	}
}

func TestConfig_HidesItsSecrets(t *testing.T) {
	t.Parallel()

	config := testConfig("https://canary:canary@shop.example?key=canary")
	config.ClientCert, config.ClientKey = []byte("CANARY"), "CANARY"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		requireNoSecret(t, fmt.Sprintf(verb, config))
		requireNoSecret(t, fmt.Sprintf(verb, &config))
		requireNoSecret(t, fmt.Sprintf(verb, config.SecKey))
	}
	require.Contains(t, config.String(), "shop.example")
	require.Contains(t, config.String(), "109-5804-1")

	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("x", "config", config, "key", config.ClientKey, "any", []any{config.ShopToken})
	}
	requireNoSecret(t, log.String())
	encoded, err := json.Marshal(config)
	require.NoError(t, err)
	require.NotContains(t, string(encoded), canarySecKey)
}

func TestClient_Capabilities(t *testing.T) {
	t.Parallel()

	t.Run("FlagsAndMethodsAgree", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, liveBase)
		capable := c.Capabilities()
		_, captures := any(c).(providers.Capturer)
		_, voids := any(c).(providers.Voider)
		_, expires := any(c).(providers.Expirer)
		require.Equal(t, []bool{false, false, false}, []bool{captures, voids, expires})
		require.ElementsMatch(t, []providers.Op{
			providers.OpStart, providers.OpSync, providers.OpWebhook, providers.OpRefund, providers.OpSaveCard, providers.OpChargeSaved,
		}, capable.Ops)
		require.Equal(t, providers.Name("bisys"), c.Name())
		require.False(t, capable.SyncByOurNumber)
		require.False(t, capable.TellsRefunds)
		require.False(t, capable.TwoStage)
		require.False(t, capable.SecretNotifyURL)
		require.True(t, capable.PartialRefund)
		require.Equal(t, time.Hour, capable.SessionLife)
		require.Equal(t, 2*time.Minute, capable.SettlingTime)
	})
	t.Run("KZTUnlessConfigured", func(t *testing.T) {
		t.Parallel()
		capable := newClient(t, liveBase).Capabilities()
		require.True(t, capable.Allows(tenge(1)))
		require.False(t, capable.Allows(pay.Of(1, pay.RUB)))
	})
	t.Run("OrdersOwnAddressWithCallbacksPerOrder", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, liveBase, func(c *Config) { c.PerOrderCallback = true })
		require.True(t, c.Capabilities().SecretNotifyURL)
	})
}

func TestClient_Authorization(t *testing.T) {
	t.Parallel()

	for _, call := range calls() {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, func(w http.ResponseWriter, r *http.Request) { says(success(r))(w, r) })
			_, err := call.run(t.Context(), newClient(t, v.URL))
			require.NoError(t, err)
			require.Len(t, v.SeenAt(call.path), 1)
			for _, request := range v.Seen() {
				require.Equal(t, http.MethodPost, request.Method)
				require.Equal(t, basicCanary, request.Header.Get("Authorization"))
				require.Equal(t, "application/json; charset=utf-8", request.Header.Get("Content-Type"))
				require.NotContains(t, request.Body, canaryToken, "credentials are in the header only")
				require.NotContains(t, request.Body, canarySecKey)
			}
		})
	}
	t.Run("VectorOfThePublishedHeader", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(goodAnswers()[statePath]))
		c := newClient(t, v.URL, func(c *Config) { c.ShopToken, c.SecKey = "sandbox-shop-token", "sandbox-sec-key" })
		_, err := c.Sync(t.Context(), syncRef())
		require.NoError(t, err)
		require.Equal(t, "Basic c2FuZGJveC1zaG9wLXRva2VuOnNhbmRib3gtc2VjLWtleQ==", v.Seen()[0].Header.Get("Authorization"))
	})
}
