package ktpay

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestNew(t *testing.T) {
	t.Parallel()

	t.Run("NamesEveryMistakeAtOnce", func(t *testing.T) {
		t.Parallel()
		_, err := New(Config{
			FintechURL: "http://canary@x", WidgetURL: "ftp://x", AppID: "CANARY", AppKey: "CANARY", Type: "canary",
			ServiceID: -1, MerchantID: -1, Settling: -time.Second,
		}, providers.Deps{})
		require.Error(t, err)
		for _, want := range []string{"fintech URL", "widget URL", "app id", "app key", "type", "service id", "merchant id", "settling", "HTTP client", "clock"} {
			require.ErrorContains(t, err, want)
		}
		requireNoSecret(t, err.Error())
	})
	t.Run("LeavesTheCallersClientAlone", func(t *testing.T) {
		t.Parallel()
		deps := testDeps()
		deps.HTTP.Jar, _ = cookiejar.New(nil)
		_, err := New(testConfig(t, "http://127.0.0.1"), deps)
		require.NoError(t, err)
		require.Nil(t, deps.HTTP.CheckRedirect)
		require.NotNil(t, deps.HTTP.Jar)
	})
	for test, hosts := range map[bool][2]string{true: {testFintech, testWidget}, false: {liveFintech, liveWidget}} {
		t.Run(fmt.Sprintf("HostsFollowTheMode %t", test), func(t *testing.T) {
			t.Parallel()
			c, err := New(Config{AppID: testAppID, AppKey: readSamples(t).Public, MerchantID: 1, TestMode: test}, testDeps())
			require.NoError(t, err)
			require.Equal(t, hosts[0], c.config.FintechURL)
			require.Equal(t, hosts[1], c.config.WidgetURL)
			require.Equal(t, TypeEcom, c.config.Type)
		})
	}

	live := func(c *Config) { c.TestMode, c.FintechURL, c.WidgetURL, c.MerchantID = false, "", "", 1 }
	tests := []struct {
		name   string
		change func(*Config)
		want   string // "" means that it is fine
	}{
		{"Sandbox", func(c *Config) {
			c.FintechURL, c.WidgetURL = "http://127.0.0.1:8090/ktpay", "http://127.0.0.1:8090/ktpay/"
		}, ""},
		{"Live", live, ""},
		{"LiveWithoutTheMerchantsNumber", func(c *Config) { live(c); c.MerchantID = 0 }, "merchant id: a live account needs"},
		{"LivePHPHost", func(c *Config) { live(c); c.FintechURL = "https://ktpay.kz" }, ""},
		{"Service", func(c *Config) { c.Type, c.ServiceID = TypeService, 1 }, ""},
		{"ServiceWithoutADefault", func(c *Config) { c.Type = TypeService }, ""},
		{"ShortSettlingOfASandbox", func(c *Config) { c.Settling = time.Second }, ""},
		{"ShortSettlingOfALiveAccount", func(c *Config) { live(c); c.Settling = time.Minute }, "settling"},
		{"LiveOnTheTestFintech", func(c *Config) { live(c); c.FintechURL = testFintech }, "fintech URL: it is a test host"},
		{"LiveOnTheTestWidget", func(c *Config) { live(c); c.WidgetURL = "HTTPS://Widget.Test.NPlus.Tech" }, "widget URL: it is a test host"},
		{"LiveOnAnotherTestHost", func(c *Config) { live(c); c.WidgetURL = "https://CARD.test.nplus.tech" }, "widget URL: it is a test host"},
		{"TestsOnTheLiveFintech", func(c *Config) { c.FintechURL = liveFintech }, "fintech URL: it is a live host"},
		{"TestsOnTheLiveWidget", func(c *Config) { c.WidgetURL = "https://ktpay.kz" }, "widget URL: it is a live host"},
		{"LivePlainHTTP", func(c *Config) { live(c); c.FintechURL = "http://127.0.0.1" }, "fintech URL: it is not https"},
		{"LivePlainHTTPOfThePage", func(c *Config) { live(c); c.WidgetURL = "http://127.0.0.1" }, "widget URL: it is not https"},
		{"RelativeHost", func(c *Config) { c.FintechURL = "/ktpay" }, "fintech URL"},
		{"HostWithAUser", func(c *Config) { c.FintechURL = "https://canary@x" }, "fintech URL"},
		{"HostWithAQuery", func(c *Config) { c.WidgetURL = "https://x?canary" }, "widget URL"},
		{"NoAppID", func(c *Config) { c.AppID = "" }, "app id"},
		{"AppIDInCapitals", func(c *Config) { c.AppID = strings.ToUpper(testAppID) }, "app id"},
		{"NoAppKey", func(c *Config) { c.AppKey = "" }, "app key"},
		{"ShortAppKey", func(c *Config) { c.AppKey = "AAAA" }, "app key"},
		{"AppKeyWithoutPadding", func(c *Config) { c.AppKey = strings.TrimRight(c.AppKey, "=") }, "app key"},
		{"AppKeyInTheOtherBase64", func(c *Config) { c.AppKey = strings.Repeat("-_", 21) + "A=" }, "app key"},
		{"AppKeyOfZeros", func(c *Config) { c.AppKey = strings.Repeat("A", 43) + "=" }, "zeros"},
		{"OtherType", func(c *Config) { c.Type = "Ecom" }, "type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := testConfig(t, "http://127.0.0.1:8090")
			tt.change(&config)
			_, err := New(config, testDeps())
			require.Equal(t, tt.want != "", err != nil, "%v", err)
			require.Contains(t, fmt.Sprint(err), tt.want)
			requireNoSecret(t, fmt.Sprint(err))
		})
	}
}

func TestClient_Capabilities(t *testing.T) {
	t.Parallel()

	c := newClient(t, "http://127.0.0.1", func(c *Config) { c.Settling = time.Second })

	t.Run("FlagsAndMethodsAgree", func(t *testing.T) {
		t.Parallel()
		_, captures := any(c).(providers.Capturer)
		_, voids := any(c).(providers.Voider)
		_, refunds := any(c).(providers.Refunder)
		_, expires := any(c).(providers.Expirer)
		_, saves := any(c).(providers.CardSaver)
		_, charges := any(c).(providers.SavedCharger)
		_, parses := any(c).(providers.WebhookParser)
		require.Equal(t, []bool{false, false, false, false, false, false, true}, []bool{captures, voids, refunds, expires, saves, charges, parses})
		require.Equal(t, providers.Capabilities{
			Ops: []providers.Op{providers.OpStart, providers.OpWebhook}, Currencies: []pay.Currency{pay.KZT},
			SecretNotifyURL: true, SessionLife: 24 * time.Hour, SettlingTime: time.Second,
		}, c.Capabilities())
		require.Equal(t, providers.Name("ktpay"), c.Name())
	})
	t.Run("CannotBeAsked", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		result, err := newClient(t, v.URL).Sync(t.Context(), providers.Ref{OrderNumber: orderNumber, ProviderRef: sampleHash})
		requireError(t, err, providers.OpSync, providers.Unsupported, "")
		require.ErrorContains(t, err, orderNumber)
		require.Zero(t, result)
		require.Empty(t, v.Seen())
	})
}

// A word that no table has is told to the log, and nothing else of the message.
func TestClient_Logs(t *testing.T) {
	t.Parallel()

	logging := func(t *testing.T, base string) (*Client, *bytes.Buffer) {
		t.Helper()
		var log bytes.Buffer
		deps := testDeps()
		deps.Logger = slog.New(slog.NewTextHandler(&log, nil))
		t.Cleanup(deps.HTTP.CloseIdleConnections)
		c, err := New(testConfig(t, base), deps)
		require.NoError(t, err)
		return c, &log
	}
	t.Run("UnknownState", func(t *testing.T) {
		t.Parallel()
		c, log := logging(t, "http://127.0.0.1")
		parse(t, c, came(notice("1000", ended("completed"))))
		require.Empty(t, log.String())
		parse(t, c, came(notice("1000", failed("frozen", "ERROR_SYSTEM", "CANARY"))))
		require.Contains(t, log.String(), "state=frozen")
		require.Contains(t, log.String(), "order="+orderNumber)
		requireNoSecret(t, log.String())
	})
	t.Run("UnknownCode", func(t *testing.T) {
		t.Parallel()
		c, log := logging(t, newVendor(t, says(422, refusing(4220999, "error"))).URL)
		_, err := c.Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Rejected, "4220999")
		require.Contains(t, log.String(), "code=4220999")
		requireNoSecret(t, log.String())
	})
	t.Run("KnownCodeIsNoNews", func(t *testing.T) {
		t.Parallel()
		c, log := logging(t, newVendor(t, says(500, refusing(5000001, "error"))).URL)
		_, err := c.Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "5000001")
		require.Empty(t, log.String())
	})
}
