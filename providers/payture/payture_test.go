package payture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/cookiejar"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestNew(t *testing.T) {
	t.Parallel()

	t.Run("NamesEveryMistakeAtOnce", func(t *testing.T) {
		t.Parallel()
		_, err := New(Config{BaseURL: "http://x", Key: "CANARY KEY", Password: "CANARY\x00", TwoStage: true, Currency: "JPY", Template: "a;b"}, providers.Deps{})
		require.Error(t, err)
		for _, want := range []string{"base URL", "key", "password", "currency", "template", "HTTP client", "clock"} {
			require.ErrorContains(t, err, want)
		}
		requireNoSecret(t, err.Error())
	})
	t.Run("LeavesTheCallersClientAlone", func(t *testing.T) {
		t.Parallel()
		deps := testDeps()
		deps.HTTP.Jar, _ = cookiejar.New(nil)
		_, err := New(testConfig("https://sandbox3.payture.com"), deps)
		require.NoError(t, err)
		require.Nil(t, deps.HTTP.CheckRedirect)
		require.NotNil(t, deps.HTTP.Jar)
	})

	tests := []struct {
		name   string
		change func(*Config)
		want   string // "" means that it is fine
	}{
		{"TestHost", func(*Config) {}, ""},
		{"LiveHost", func(c *Config) { c.BaseURL, c.TestMode = "https://secure.payture.com", false }, ""},
		{"SlashAtTheEnd", func(c *Config) { c.BaseURL += "/" }, ""},
		{"SandboxWithPath", func(c *Config) { c.BaseURL = "http://127.0.0.1:8090/payture" }, ""},
		{"OneStageWithoutPassword", func(c *Config) { c.Password = "" }, ""},
		{"OtherCurrencyOfHundredths", func(c *Config) { c.Currency = pay.KZT }, ""},
		{"TwoStageWithoutPassword", func(c *Config) { c.Password, c.TwoStage = "", true }, "password"},
		{"NoKey", func(c *Config) { c.Key = "" }, "key"},
		{"NoBase", func(c *Config) { c.BaseURL = "" }, "base URL"},
		{"RelativeBase", func(c *Config) { c.BaseURL = "/apim" }, "base URL"},
		{"BaseWithUser", func(c *Config) { c.BaseURL = "https://canary@sandbox3.payture.com" }, "base URL"},
		{"BaseWithQuery", func(c *Config) { c.BaseURL += "?Key=canary" }, "base URL"},
		{"OtherScheme", func(c *Config) { c.BaseURL = "ftp://sandbox3.payture.com" }, "https"},
		{"LivePlainHTTP", func(c *Config) { c.BaseURL, c.TestMode = "http://127.0.0.1", false }, "https"},
		{"LiveOnTestHost", func(c *Config) { c.TestMode = false }, "test host"},
		{"TestOnLiveHost", func(c *Config) { c.BaseURL = "https://secure.payture.com" }, "live host"},
		{"NoCurrency", func(c *Config) { c.Currency = "rub" }, "currency"},
		{"WholeUnits", func(c *Config) { c.Currency = pay.XTR }, "hundredths"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := testConfig("https://sandbox3.payture.com")
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

	config := testConfig("https://canary:canary@sandbox3.payture.com?Key=canary")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		requireNoSecret(t, fmt.Sprintf(verb, config))
		requireNoSecret(t, fmt.Sprintf(verb, &config))
		requireNoSecret(t, fmt.Sprintf(verb, config.Key))
		requireNoSecret(t, fmt.Sprintf(verb, []Secret{config.Password}))
	}
	require.Contains(t, config.String(), "sandbox3.payture.com")

	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("x", "config", config, "key", config.Key, "any", []any{config.Password})
	}
	requireNoSecret(t, log.String())
	encoded, err := json.Marshal(struct {
		Key Secret `json:"key"`
	}{config.Key})
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"***"}`, string(encoded))
}

func TestClient_Capabilities(t *testing.T) {
	t.Parallel()

	t.Run("FlagsAndMethodsAgree", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, "https://sandbox3.payture.com", true)
		_, captures := any(c).(providers.Capturer)
		_, voids := any(c).(providers.Voider)
		_, expires := any(c).(providers.Expirer)
		_, parses := any(c).(providers.WebhookParser)
		_, refunds := any(c).(providers.Refunder)
		can := c.Capabilities().Can
		require.Equal(t, map[providers.Op]bool{
			providers.OpStart: true, providers.OpSync: true, providers.OpCapture: captures, providers.OpVoid: voids,
			providers.OpExpire: expires, providers.OpWebhook: parses, providers.OpRefund: refunds,
		}, map[providers.Op]bool{
			providers.OpStart: can(providers.OpStart), providers.OpSync: can(providers.OpSync), providers.OpCapture: can(providers.OpCapture), providers.OpVoid: can(providers.OpVoid),
			providers.OpExpire: can(providers.OpExpire), providers.OpWebhook: can(providers.OpWebhook), providers.OpRefund: can(providers.OpRefund),
		})
		_, err := providers.As[providers.Capturer](c, providers.OpCapture)
		require.NoError(t, err)
	})
	t.Run("OneStageNeitherCapturesNorVoids", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`<Charge Success="True"/>`))
		c := newClient(t, v.URL, false)
		_, err := providers.As[providers.Capturer](c, providers.OpCapture)
		requireError(t, err, providers.OpCapture, providers.Unsupported, "")
		_, err = c.Capture(t.Context(), providers.Ref{OrderNumber: order}, "h", pay.Of(1, pay.RUB))
		requireError(t, err, providers.OpCapture, providers.Unsupported, "")
		_, err = c.Void(t.Context(), providers.Ref{OrderNumber: order}, "h")
		requireError(t, err, providers.OpVoid, providers.Unsupported, "")
		require.Empty(t, v.Seen())
		require.False(t, c.Capabilities().TwoStage)
		require.False(t, c.Capabilities().PartialCapture)
	})
	t.Run("RefundsNeedAPassword", func(t *testing.T) {
		t.Parallel()
		config := testConfig("https://sandbox3.payture.com")
		config.Password, config.Wallet = "", testWallet(false)
		config.Wallet.Password = ""
		c, err := New(config, testDeps())
		require.NoError(t, err)
		require.False(t, c.Capabilities().Can(providers.OpRefund))
		require.False(t, c.Capabilities().PartialRefund)
		for _, ofCustomer := range []bool{false, true} {
			r := refundRequest()
			r.Ref.OfCustomer = ofCustomer
			_, err = c.Refund(t.Context(), r)
			requireError(t, err, providers.OpRefund, providers.Unsupported, "")
		}
		config.Wallet.Password = canaryWallet
		c, err = New(config, testDeps())
		require.NoError(t, err)
		require.True(t, c.Capabilities().Can(providers.OpRefund))
		require.True(t, c.Capabilities().PartialRefund)
	})
	t.Run("TheConfiguredCurrencyOnly", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, "https://sandbox3.payture.com", false)
		require.Equal(t, providers.Name("payture"), c.Name())
		require.True(t, c.Capabilities().Allows(pay.Of(1, pay.RUB)))
		require.False(t, c.Capabilities().Allows(pay.Of(1, pay.KZT)))
	})
}
