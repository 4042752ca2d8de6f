package ktpay

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/configtest"
)

func TestVendor_Settings(t *testing.T) {
	t.Parallel()

	const id, key = "e2d3d70d53c67bcd377266f74e98587c", "SjgH0GTQdxgcwHCYnnaJHSDcpVWVSNwsd8GlAnOIKzg="
	const least = `{"appId": "` + id + `", "appKey": "` + key + `", "merchantId": 1}`
	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		c, err := configtest.Open[*Client](t, Vendor(), true, `{
			"appId": "`+id+`", "appKey": "`+key+`", "type": "service", "serviceId": 7, "merchantId": 9007199254740993, "forceUrls": true,
			"fintechUrl": "http://127.0.0.1:8090/ktpay/", "widgetUrl": "http://127.0.0.1:8090/widget"
		}`)
		require.NoError(t, err)
		require.Equal(t, Config{
			FintechURL: "http://127.0.0.1:8090/ktpay", WidgetURL: "http://127.0.0.1:8090/widget", AppID: id, AppKey: key,
			Type: TypeService, ServiceID: 7, MerchantID: 9007199254740993, ForceURLs: true, TestMode: true, Settling: settlingTime,
		}, c.config)
	})
	t.Run("Smallest", func(t *testing.T) {
		t.Parallel()
		c, err := configtest.Open[*Client](t, Vendor(), false, least)
		require.NoError(t, err)
		require.Equal(t, Config{FintechURL: liveFintech, WidgetURL: liveWidget, AppID: id, AppKey: key, Type: TypeEcom, MerchantID: 1, Settling: settlingTime}, c.config)
	})

	with := func(member string) string { return strings.Replace(least, `"appId"`, member+`, "appId"`, 1) }
	tests := []struct{ fact, settings, want string }{
		{"NoID", `{"appKey": "` + key + `", "merchantId": 1}`, ":2:13: appId: it is missing in this settings"},
		{"OddID", `{"appId": "` + configtest.Canary + `", "appKey": "` + key + `", "merchantId": 1}`, ":2:13: settings of ktpay: app id: it is not 32 hexadecimal digits"},
		{"OddKey", `{"appId": "` + id + `", "appKey": "` + configtest.Canary + `", "merchantId": 1}`, ":2:69: appKey: it is not 32 bytes in padded standard base64"},
		{"OddType", with(`"type": "` + configtest.Canary + `"`), ":2:13: settings of ktpay: type: it is neither ecom nor service"},
		{"NoService", with(`"serviceId": 0`), ":2:27: serviceId: want a whole number from 1"},
		{"NoMerchantInALiveAccount", `{"appId": "` + id + `", "appKey": "` + key + `"}`, ":2:13: settings of ktpay: merchant id: a live account needs"},
		{"NumberAsText", `{"merchantId": "1", "appId": "` + id + `", "appKey": "` + key + `"}`, ":2:28: merchantId: want number, not text"},
		{"TestHostInALiveAccount", with(`"fintechUrl": "` + testFintech + `"`), ":2:13: settings of ktpay: fintech URL: it is a test host"},
		{"PlainHTTPInALiveAccount", with(`"widgetUrl": "http://127.0.0.1"`), ":2:27: widgetUrl: it must be https"},
		{"UnknownMember", with(`"appSecret": "` + configtest.Canary + `"`), `:2:14: "appSecret": there is no such member in this settings`},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			_, err := configtest.Open[*Client](t, Vendor(), false, tt.settings)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), configtest.Canary)
		})
	}
}
