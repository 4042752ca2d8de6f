package payelata

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/cookiejar"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestNew(t *testing.T) {
	t.Parallel()

	t.Run("NamesEveryMistakeAtOnce", func(t *testing.T) {
		t.Parallel()
		_, err := New(Config{
			BaseURL: "http://x", CardGateURL: "ftp://x", Account: "a:b", APIKey: "CANARY KEY", CallbackKey: "CANARY\x00", RefundModel: "newest",
			Services: map[pay.Currency]string{"usd": "x", pay.EUR: "a b"}, Settling: -1, SessionLife: time.Second,
		}, providers.Deps{})
		require.Error(t, err)
		for _, want := range []string{
			"base URL", "card gate URL", "account", "API key", "callback key", "refund model", "usd", "EUR", "settling", "session life", "HTTP client", "clock",
		} {
			require.ErrorContains(t, err, want)
		}
		requireNoSecret(t, err.Error())
	})
	t.Run("LeavesTheCallersThingsAlone", func(t *testing.T) {
		t.Parallel()
		config, deps := testConfig("https://payelata.example"), testDeps()
		deps.HTTP.Jar, _ = cookiejar.New(nil)
		c, err := New(config, deps)
		require.NoError(t, err)
		require.Nil(t, deps.HTTP.CheckRedirect)
		require.NotNil(t, deps.HTTP.Jar)
		config.Services[pay.RUB] = "another"
		require.False(t, c.Capabilities().Takes(pay.RUB))
	})

	live := func(c *Config) { c.TestMode, c.APIKey, c.CallbackKey = false, "sk_live_canary", "" }
	tests := []struct {
		name   string
		change func(*Config)
		want   string // "" means that it is fine
	}{
		{"Test", func(*Config) {}, ""},
		{"Live", live, ""},
		{"SandboxOverPlainHTTP", func(c *Config) { c.BaseURL = "http://127.0.0.1:8090/payelata/api" }, ""},
		{"SlashAtTheEnd", func(c *Config) { c.BaseURL += "/" }, ""},
		{"NoCardGateWithoutCards", func(c *Config) { c.CardGateURL, c.Tokenize = "", false }, ""},
		{"OldRefunds", func(c *Config) { c.RefundModel = RefundOld }, ""},
		{"CallbackKeyIsTheAPIKey", func(c *Config) { c.CallbackKey = "" }, ""},
		{"ShortSettlingInTests", func(c *Config) { c.Settling = time.Second }, ""},
		{"ShortSettlingLive", func(c *Config) { live(c); c.Settling = time.Second }, "settling"},
		{"LivePlainHTTP", func(c *Config) { live(c); c.BaseURL = "http://127.0.0.1/api" }, "https"},
		{"LivePlainCardGate", func(c *Config) { live(c); c.CardGateURL = "http://127.0.0.1/gate" }, "https"},
		{"TestKeyInLiveMode", func(c *Config) { c.TestMode = false }, "test key"},
		{"TestCallbackKeyInLiveMode", func(c *Config) { live(c); c.CallbackKey = canarySigner }, "callback key: it is a test key"},
		{"LiveKeyInTestMode", func(c *Config) { c.APIKey = "sk_live_canary" }, "live key"},
		{"LiveCallbackKeyInTestMode", func(c *Config) { c.CallbackKey = "sk_live_canary" }, "callback key: it is a live key"},
		{"CardsWithoutCardGate", func(c *Config) { c.CardGateURL = "" }, "card gate"},
		{"NoKey", func(c *Config) { c.APIKey = "" }, "API key"},
		{"NoAccount", func(c *Config) { c.Account = "" }, "account"},
		{"NoServices", func(c *Config) { c.Services = nil }, "services"},
		{"NoBase", func(c *Config) { c.BaseURL = "" }, "base URL"},
		{"BaseWithUser", func(c *Config) { c.BaseURL = "https://canary@payelata.example/api" }, "base URL"},
		{"BaseWithQuery", func(c *Config) { c.BaseURL = "https://payelata.example/api?key=canary" }, "base URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := testConfig("https://payelata.example")
			tt.change(&config)
			_, err := New(config, testDeps())
			require.Equal(t, tt.want != "", err != nil, "%v", err)
			require.Contains(t, fmt.Sprint(err), tt.want)
			requireNoSecret(t, fmt.Sprint(err))
		})
	}
}

func TestConfig_HidesItsSecrets(t *testing.T) {
	t.Parallel()

	config := testConfig("https://canary:canary@payelata.example")
	config.BaseURL += "?key=canary"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		requireNoSecret(t, fmt.Sprintf(verb, config))
		requireNoSecret(t, fmt.Sprintf(verb, &config))
		requireNoSecret(t, fmt.Sprintf(verb, []Secret{config.APIKey}))
	}
	require.Contains(t, config.String(), "payelata.example")

	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("x", "config", config, "key", config.APIKey, "any", []any{config.CallbackKey})
	}
	requireNoSecret(t, log.String())
	encoded, err := json.Marshal(map[string]any{"key": config.APIKey})
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"***"}`, string(encoded))
}

func TestClient_Capabilities(t *testing.T) {
	t.Parallel()

	t.Run("FlagsAndMethodsAgree", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, "https://payelata.example")
		can := c.Capabilities()
		require.Equal(t, providers.Name("payelata"), c.Name())
		require.Equal(t, []providers.Op{
			providers.OpStart, providers.OpSync, providers.OpWebhook, providers.OpRefund, providers.OpSavePaid, providers.OpChargeSaved,
		}, can.Ops)
		require.Equal(t, []pay.Currency{pay.EUR, "JPY", "KWD", pay.USD}, can.Currencies)
		require.True(t, can.PartialRefund && can.SyncByOurNumber && can.TellsRefunds)
		require.False(t, can.TwoStage || can.NativeIdempotency)
		require.Equal(t, 24*time.Hour, can.SessionLife)
		require.Equal(t, 2*time.Minute, can.SettlingTime)
		_, err := providers.As[providers.Refunder](c, providers.OpRefund)
		require.NoError(t, err)
		_, err = providers.As[providers.SavedCharger](c, providers.OpChargeSaved)
		require.NoError(t, err)
		_, err = providers.As[providers.WebhookParser](c, providers.OpWebhook)
		require.NoError(t, err)
	})
	t.Run("WithoutTokenizingNoCardIsSavedOrCharged", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(201, anInvoice(t)))
		config := testConfig(v.URL)
		config.Tokenize = false
		c, err := New(config, testDeps())
		require.NoError(t, err)
		require.False(t, c.Capabilities().Can(providers.OpSavePaid) || c.Capabilities().Can(providers.OpChargeSaved))
		_, err = c.Charge(t.Context(), chargeRequest())
		requireError(t, err, providers.OpChargeSaved, providers.Unsupported, "")
		r := startRequest()
		r.SaveFor = &providers.Customer{ID: customerID}
		_, err = c.Start(t.Context(), r)
		requireError(t, err, providers.OpStart, providers.Unsupported, "")
		require.Empty(t, v.Seen())
	})
}
