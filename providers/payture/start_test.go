package payture

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestClient_Start(t *testing.T) {
	t.Parallel()

	t.Run("GivesThePage", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "init-success.xml")))
		result, err := newClient(t, v.URL, false).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Result{
			Status:      providers.ActionRequired,
			ProviderRef: "3d0ac9a5-6a2e-4b36-9d0e-8a5f5b1c7e21",
			Redirect: &providers.Redirect{
				URL:     v.URL + "/apim/Pay?SessionId=3d0ac9a5-6a2e-4b36-9d0e-8a5f5b1c7e21",
				Method:  "GET",
				Expires: noon.Add(time.Hour),
			},
		}, result)
	})
	t.Run("AsksByPostWithTheSecretsInTheBody", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "init-success.xml")))
		_, err := newClient(t, v.URL+"/", false).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Len(t, v.Seen(), 1)
		got := v.Seen()[0]
		require.Equal(t, "POST", got.Method)
		require.Equal(t, "/apim/Init", got.Target)
		require.Equal(t, "application/x-www-form-urlencoded", got.Header.Get("Content-Type"))
		require.Equal(t, canaryKey, got.Form(t).Get("Key"))
		require.NotContains(t, got.Body, "PASSWORD", "Init takes none")
	})
	t.Run("LifeOfTheSessionIsTheVendors", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "init-session-life.xml")))
		result, err := newClient(t, v.URL, false).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, noon.Add(15*time.Minute), result.Redirect.Expires)
	})

	lives := []struct {
		name, life string
		want       time.Duration
	}{
		{"Missing", "", time.Hour},
		{"Zero", "0", time.Hour},
		{"Negative", "-5", time.Hour},
		{"Fraction", "1.5", time.Hour},
		{"Absurd", "99999999999", time.Hour},
		{"Words", "an hour", time.Hour},
		{"Day", "1440", 24 * time.Hour},
	}
	for _, tt := range lives {
		t.Run("LifeTime"+tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, lifeOf(reply{attributes: map[string]string{"sessionlifetime": tt.life}}))
		})
	}

	answers := []struct {
		name, body string
		kind       providers.Kind
		code       string
	}{
		{"NumberUsedBefore", golden(t, "init-duplicate.xml"), providers.Conflict, "DUPLICATE_ORDER_ID"},
		{"BeingProcessed", `<Init Success="False" ErrCode="DUPLICATE_PROCESSING_ORDER_ID"/>`, providers.Conflict, "DUPLICATE_PROCESSING_ORDER_ID"},
		{"KeyRefused", `<Init Success="False" ErrCode="ACCESS_DENIED"/>`, providers.Auth, "ACCESS_DENIED"},
		{"AddressNotAllowed", `<Init Success="False" ErrCode="API_NOT_ALLOWED"/>`, providers.Auth, "API_NOT_ALLOWED"},
		{"WrongParameters", `<Init Success="False" ErrCode="wrong_params"/>`, providers.Rejected, "WRONG_PARAMS"},
		{"InsideBroke", `<Init Success="False" ErrCode="INTERNAL_ERROR"/>`, providers.Unknown, "INTERNAL_ERROR"},
		{"NoneIsNoAnswer", `<Init Success="False" ErrCode="NONE"/>`, providers.Unknown, "NONE"},
		{"RefusedWithoutCode", `<Init Success="False"/>`, providers.Unknown, ""},
		{"RefusedWithSomethingElseThanACode", `<Init Success="False" ErrCode="Key=CANARY"/>`, providers.Unknown, ""},
		{"SuccessMissing", `<Init OrderId="` + order + `" Amount="12480" SessionId="3d0ac9a5"/>`, providers.Unknown, ""},
		{"SuccessIs3DS", `<Init Success="3DS" SessionId="3d0ac9a5"/>`, providers.Unknown, ""},
		{"OtherOrder", `<Init Success="True" OrderId="0198c0ffee0000000000000abd" Amount="12480" SessionId="3d0ac9a5"/>`, providers.Unknown, ""},
		{"OtherAmount", `<Init Success="True" OrderId="` + order + `" Amount="12481" SessionId="3d0ac9a5"/>`, providers.Unknown, ""},
		{"AmountInRoubles", `<Init Success="True" OrderId="` + order + `" Amount="124.80" SessionId="3d0ac9a5"/>`, providers.Unknown, ""},
		{"OtherTypeOfSession", `<Init Success="True" OrderId="` + order + `" SessionType="Block" SessionId="3d0ac9a5"/>`, providers.Unknown, ""},
		{"NoSession", `<Init Success="True" OrderId="` + order + `" Amount="12480"/>`, providers.Unknown, ""},
		{"SessionIsNoSession", `<Init Success="True" OrderId="` + order + `" Amount="12480" SessionId="../Pay?x"/>`, providers.Unknown, ""},
		{"RefusalOfAnotherOrder", `<Init Success="False" OrderId="x" ErrCode="FRAUD_ERROR"/>`, providers.Unknown, "FRAUD_ERROR"},
	}
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.body))
			result, err := newClient(t, v.URL, false).Start(t.Context(), startRequest())
			requireError(t, err, providers.OpStart, tt.kind, tt.code)
			require.Zero(t, result)
			require.Len(t, v.Seen(), 1, "an Init is never sent again")
		})
	}

	t.Run("RepeatedFactsMayBeMissing", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`<INIT sessionid="abc-1" extra="1" success="TRUE"><AddInfo Key="a" Value="b"/></INIT>`))
		result, err := newClient(t, v.URL, false).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, "abc-1", result.ProviderRef)
	})
	t.Run("RefusedPayerIsAResult", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`<Init Success="False" ErrCode="FRAUD_ERROR_IP"/>`))
		result, err := newClient(t, v.URL, false).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.True(t, result.SessionOver)
		require.Equal(t, "fraud", result.Decline.Code)
		require.Equal(t, "FRAUD_ERROR_IP", result.Decline.ProviderCode)
	})
	t.Run("UnheardOfCodeIsKept", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`<Init Success="False" ErrCode="MOON_PHASE"/>`))
		result, err := newClient(t, v.URL, false).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.Equal(t, "declined", result.Decline.Code)
		require.Equal(t, "MOON_PHASE", result.Decline.ProviderCode)
	})
}

func TestClient_StartRefusesBeforeItAsks(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		change func(*providers.StartRequest)
		kind   providers.Kind
	}{
		{"NoOrderNumber", func(r *providers.StartRequest) { r.OrderNumber = "" }, providers.Rejected},
		{"LongOrderNumber", func(r *providers.StartRequest) { r.OrderNumber += order }, providers.Rejected},
		{"OrderNumberWithSemicolon", func(r *providers.StartRequest) { r.OrderNumber = "a;Amount=1" }, providers.Rejected},
		{"Nothing", func(r *providers.StartRequest) { r.Amount.Amount = 0 }, providers.Rejected},
		{"Negative", func(r *providers.StartRequest) { r.Amount.Amount = -1 }, providers.Rejected},
		{"TooMuch", func(r *providers.StartRequest) { r.Amount.Amount = pay.MaxAmount + 1 }, providers.Rejected},
		{"OtherCurrency", func(r *providers.StartRequest) { r.Amount.Currency = pay.USD }, providers.Unsupported},
		{"ScriptAsReturnURL", func(r *providers.StartRequest) { r.ReturnURL = "javascript:alert(1)" }, providers.Rejected},
		{"RelativeReturnURL", func(r *providers.StartRequest) { r.ReturnURL = "/return" }, providers.Rejected},
		{"ReturnURLWithLineBreak", func(r *providers.StartRequest) { r.ReturnURL = "https://shop.example/\nx" }, providers.Rejected},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(golden(t, "init-success.xml")))
			r := startRequest()
			tt.change(&r)
			_, err := newClient(t, v.URL, false).Start(t.Context(), r)
			requireError(t, err, providers.OpStart, tt.kind, "")
			require.Empty(t, v.Seen())
		})
	}
}
