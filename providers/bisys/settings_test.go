package bisys

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/configtest"
	"github.com/paygraph/paygraph/internal/pay"
)

func TestVendor_Settings(t *testing.T) {
	t.Parallel()

	const least = `{"baseUrl": "https://shop.example/api-shop", "shopToken": "` + configtest.Canary + `", "secKey": "` + configtest.Canary + `", "serviceCode": "109-5804-1"}`
	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		c, err := configtest.Open[*Client](t, Vendor(), true, `{
			"baseUrl": "http://127.0.0.1:8090/bisys/", "shopTokenFile": "secret", "secKeyEnv": "SEC_KEY", "serviceCode": "1-2-3", "currency": "USD",
			"commission": {"fixedMinor": 100, "rateBasisPoints": 150}, "clientType": "mobile", "enableSmsConfirm": true,
			"perOrderCallback": true, "perOrderReturn": true, "refundPath": "/rs/refund", "sessionLife": "30m"
		}`)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "http://127.0.0.1:8090/bisys", ShopToken: configtest.Canary, SecKey: configtest.Canary, ServiceCode: "1-2-3", Currency: pay.USD,
			Commission: Fee{FixedMinor: 100, RateBasisPoints: 150}, ClientType: "mobile", TestMode: true, EnableSMSConfirm: true,
			PerOrderCallback: true, PerOrderReturn: true, RefundPath: "/rs/refund", SessionLife: 30 * time.Minute, Settling: settlingTime,
		}, c.config)
	})
	t.Run("Smallest", func(t *testing.T) {
		t.Parallel()
		c, err := configtest.Open[*Client](t, Vendor(), false, least)
		require.NoError(t, err)
		require.Equal(t, Config{
			BaseURL: "https://shop.example/api-shop", ShopToken: configtest.Canary, SecKey: configtest.Canary, ServiceCode: "109-5804-1", Currency: pay.KZT,
			ClientType: defaultClientType, RefundPath: defaultRefundPath, SessionLife: sessionLife, Settling: settlingTime,
		}, c.config)
	})

	with := func(member string) string { return strings.Replace(least, `"baseUrl"`, member+`, "baseUrl"`, 1) }
	tests := []struct{ fact, settings, want string }{
		{"NoSecKey", strings.Replace(least, `"secKey": "`+configtest.Canary+`", `, "", 1), ":2:13: secKey: it is missing; secKeyFile and secKeyEnv will do, too"},
		{"OddServiceCode", strings.Replace(least, "109-5804-1", configtest.Canary, 1), ":2:13: settings of bisys: service code: it is not three numbers"},
		{"CurrencyOfAnother", with(`"currency": "JPY"`), ":2:13: settings of bisys: currency: it is none of"},
		{"CommissionAsText", with(`"commission": {"rateBasisPoints": "1.5%"}`), ":2:48: rateBasisPoints: want number, not text"},
		{"CommissionOfEverything", with(`"commission": {"rateBasisPoints": 10001}`), ":2:48: rateBasisPoints: want a whole number from 0 to 10000"},
		{"CommissionBelowNothing", with(`"commission": {"fixedMinor": -1}`), ":2:43: fixedMinor: want a whole number from 0"},
		{"UnknownCommission", with(`"commission": {"percent": 1}`), `:2:29: "percent": there is no such member in this commission`},
		{"CertificateWithoutKey", with(`"clientCertFile": "secret"`), ":2:32: clientCertFile: a certificate needs its clientKey"},
		{"KeyWithoutCertificate", with(`"clientKey": "` + configtest.Canary + `"`), ":2:13: clientCertFile: a certificate needs its clientKey"},
		{"NoCertificate", with(`"clientCertFile": "secret", "clientKeyFile": "secret"`), ":2:13: settings of bisys: client certificate"},
		{"DemoHostInALiveAccount", strings.Replace(least, "//shop", "//demo-api2", 1), ":2:13: settings of bisys: base URL: it is a demo host"},
		{"ShortSession", with(`"sessionLife": "10s"`), ":2:13: settings of bisys: session life"},
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
