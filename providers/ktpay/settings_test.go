package ktpay

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
	account := fmt.Sprintf(`{"accounts": [{"code": "a", "provider": "ktpay", "merchant": "shop", "title": "T", "testMode": %t,%s"settings": %s}]}`, test, "\n", settings)
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

	const id, key = "e2d3d70d53c67bcd377266f74e98587c", "SjgH0GTQdxgcwHCYnnaJHSDcpVWVSNwsd8GlAnOIKzg="
	const least = `{"appId": "` + id + `", "appKey": "` + key + `", "merchantId": 1}`
	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		c, err := written(t, true, `{
			"appId": "`+id+`", "appKey": "`+key+`", "type": "service", "serviceId": 7, "merchantId": 9007199254740993, "forceUrls": true,
			"fintechUrl": "http://127.0.0.1:8090/ktpay/", "widgetUrl": "http://127.0.0.1:8090/widget"
		}`)
		require.NoError(t, err)
		require.Equal(t, Config{
			FintechURL: "http://127.0.0.1:8090/ktpay", WidgetURL: "http://127.0.0.1:8090/widget", AppID: id, AppKey: key,
			Type: TypeService, ServiceID: 7, MerchantID: 9007199254740993, ForceURLs: true, TestMode: true, Settling: settlingTime,
		}, c)
	})
	t.Run("Smallest", func(t *testing.T) {
		t.Parallel()
		c, err := written(t, false, least)
		require.NoError(t, err)
		require.Equal(t, Config{FintechURL: liveFintech, WidgetURL: liveWidget, AppID: id, AppKey: key, Type: TypeEcom, MerchantID: 1, Settling: settlingTime}, c)
	})

	with := func(member string) string { return strings.Replace(least, `"appId"`, member+`, "appId"`, 1) }
	tests := []struct{ fact, settings, want string }{
		{"NoID", `{"appKey": "` + key + `", "merchantId": 1}`, ":2:13: appId: it is missing in this settings"},
		{"OddID", `{"appId": "` + secretCanary + `", "appKey": "` + key + `", "merchantId": 1}`, ":2:13: settings of ktpay: app id: it is not 32 hexadecimal digits"},
		{"OddKey", `{"appId": "` + id + `", "appKey": "` + secretCanary + `", "merchantId": 1}`, ":2:69: appKey: it is not 32 bytes in padded standard base64"},
		{"OddType", with(`"type": "` + secretCanary + `"`), ":2:13: settings of ktpay: type: it is neither ecom nor service"},
		{"NoService", with(`"serviceId": 0`), ":2:27: serviceId: want a whole number from 1"},
		{"NoMerchantInALiveAccount", `{"appId": "` + id + `", "appKey": "` + key + `"}`, ":2:13: settings of ktpay: merchant id: a live account needs"},
		{"NumberAsText", `{"merchantId": "1", "appId": "` + id + `", "appKey": "` + key + `"}`, ":2:28: merchantId: want number, not text"},
		{"TestHostInALiveAccount", with(`"fintechUrl": "` + testFintech + `"`), ":2:13: settings of ktpay: fintech URL: it is a test host"},
		{"PlainHTTPInALiveAccount", with(`"widgetUrl": "http://127.0.0.1"`), ":2:27: widgetUrl: it must be https"},
		{"UnknownMember", with(`"appSecret": "` + secretCanary + `"`), `:2:14: "appSecret": there is no such member in this settings`},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			_, err := written(t, false, tt.settings)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), secretCanary)
		})
	}
}
