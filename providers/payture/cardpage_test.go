package payture

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

const session = "3d0ac9a5-6a2e-4b36-9d0e-8a5f5b1c7e21"

func TestClient_StartCard(t *testing.T) {
	t.Parallel()

	t.Run("GivesThePage", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, registered(says(golden(t, "wallet-init-add.xml"))))
		got, err := newWalletClient(t, v.URL, false).StartCard(t.Context(), cardRequest())
		require.NoError(t, err)
		require.Equal(t, providers.CardSession{
			Redirect:     providers.Redirect{URL: v.URL + "/vwapi/Add?SessionId=" + session, Method: "GET", Expires: noon.Add(45 * time.Minute)},
			AttemptsLeft: new(5),
		}, got)
	})
	t.Run("RegistersAndAsksOnTheTerminalOfCards", func(t *testing.T) {
		t.Parallel()
		r := cardRequest()
		r.ReturnURL = "https://shop.example/return/tok?a=1;b={orderid}"
		r.Payer = providers.Payer{Email: "canary@mail.example", Phone: "+79001234567", Locale: "ru", IP: "192.0.2.7", Note: "x"}
		v := vendortest.New(t, registered(says(golden(t, "wallet-init-add.xml"))))
		_, err := newWalletClient(t, v.URL, true).StartCard(t.Context(), r)
		require.NoError(t, err)
		require.Len(t, v.Seen(), 2)
		require.Equal(t, "/vwapi/Register", v.Seen()[0].Target)
		got := v.Seen()[1]
		require.Equal(t, "/vwapi/Init", got.Target)
		require.Equal(t, canaryAdd, got.Form(t).Get("VWID"))
		require.Equal(t, known(map[string]string{
			"SessionType": "Add", "Amount": "100", "Url": "https://shop.example/return/tok?a=1%3Bb={orderid}",
			"PhoneNumber": "79001234567", "IP": "192.0.2.7", "Language": "RU",
		}), walletData(t, got))
	})
	t.Run("ACustomerWhoIsKnownIsFine", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, saysBy(map[string]string{
			"/vwapi/Register": `<Register Success="False" VWUserLgn="` + login + `" ErrCode="DUPLICATE_USER" />`, "/vwapi/Init": golden(t, "wallet-init-add.xml"),
		}))
		_, err := newWalletClient(t, v.URL, false).StartCard(t.Context(), cardRequest())
		require.NoError(t, err)
	})

	amounts := []struct{ name, attribute string }{
		{"Missing", ""}, {"Zero", `Amount="0"`}, {"Repeated", `Amount="100"`}, {"InRoubles", `Amount="1.00"`},
	}
	for _, tt := range amounts {
		t.Run("Amount"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, registered(says(`<Init Success="True" SessionType="Add" SessionId="`+session+`" `+tt.attribute+`/>`)))
			got, err := newWalletClient(t, v.URL, false).StartCard(t.Context(), cardRequest())
			require.NoError(t, err)
			require.Equal(t, noon.Add(time.Hour), got.Redirect.Expires, "the documented life")
			require.Nil(t, got.AttemptsLeft)
		})
	}

	answers := []struct {
		name, body string
		kind       providers.Kind
		code       string
	}{
		{"NoSession", `<Init Success="True" SessionType="Add"/>`, providers.Unknown, ""},
		{"SessionIsNoSession", `<Init Success="True" SessionId="../Add?x"/>`, providers.Unknown, ""},
		{"OtherType", `<Init Success="True" SessionType="Pay" SessionId="` + session + `"/>`, providers.Unknown, ""},
		{"OtherCustomer", `<Init Success="True" VWUserLgn="customer-x" SessionId="` + session + `"/>`, providers.Unknown, ""},
		{"SuccessMissing", `<Init SessionId="` + session + `"/>`, providers.Unknown, ""},
		{"TerminalRefused", `<Init Success="False" ErrCode="ACCESS_DENIED"/>`, providers.Auth, "ACCESS_DENIED"},
		{"PasswordIsNotTheRegisteredOne", `<Init Success="False" ErrCode="WRONG_USER_PARAMS"/>`, providers.Auth, "WRONG_USER_PARAMS"},
		{"PayerRefused", `<Init Success="False" ErrCode="FRAUD_ERROR_IP"/>`, providers.Rejected, "FRAUD_ERROR_IP"},
		{"InsideBroke", `<Init Success="False" ErrCode="INTERNAL_ERROR"/>`, providers.Unknown, "INTERNAL_ERROR"},
		{"UnheardOfCode", `<Init Success="False" ErrCode="MOON_PHASE"/>`, providers.Unknown, "MOON_PHASE"},
	}
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, registered(says(tt.body)))
			got, err := newWalletClient(t, v.URL, false).StartCard(t.Context(), cardRequest())
			requireWalletError(t, err, providers.OpSaveCard, tt.kind, tt.code)
			require.Zero(t, got)
		})
	}

	senseless := []struct {
		name   string
		change func(*providers.CardRequest)
		kind   providers.Kind
	}{
		{"NoCustomer", func(r *providers.CardRequest) { r.Customer = providers.Customer{} }, providers.Rejected},
		{"Nothing", func(r *providers.CardRequest) { r.Amount.Amount = 0 }, providers.Rejected},
		{"OtherCurrency", func(r *providers.CardRequest) { r.Amount.Currency = pay.USD }, providers.Unsupported},
		{"ScriptAsReturnURL", func(r *providers.CardRequest) { r.ReturnURL = "javascript:alert(1)" }, providers.Rejected},
	}
	for _, tt := range senseless {
		t.Run("NothingIsAskedOf"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(""))
			r := cardRequest()
			tt.change(&r)
			_, err := newWalletClient(t, v.URL, false).StartCard(t.Context(), r)
			requireWalletError(t, err, providers.OpSaveCard, tt.kind, "")
			require.Empty(t, v.Seen())
		})
	}
}

func TestClient_StartThatSaves(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name     string
		twoStage bool
		want     string
	}{{"OneStage", false, "Pay"}, {"TwoStage", true, "Block"}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, registered(says(`<Init Success="True" OrderId="`+order+`" Amount="12480" SessionId="`+session+`" SessionType="`+tt.want+`" />`)))
			r := savingRequest()
			r.Payer.Phone = "+79001234567"
			result, err := newWalletClient(t, v.URL, tt.twoStage).Start(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, providers.Result{
				Status:      providers.ActionRequired,
				ProviderRef: session,
				Redirect:    &providers.Redirect{URL: v.URL + "/vwapi/Pay?SessionId=" + session, Method: "GET", Expires: noon.Add(time.Hour)},
			}, result)
			require.Equal(t, "/vwapi/Register", v.Seen()[0].Target)
			got := v.Seen()[1]
			require.Equal(t, "/vwapi/Init", got.Target)
			require.Equal(t, canaryPay, got.Form(t).Get("VWID"))
			require.Equal(t, known(map[string]string{
				"SessionType": tt.want, "OrderId": order, "Amount": "12480", "Product": "A page", "Description": "A page", "Total": "124.80",
				"Url": "https://shop.example/return/tok", "PhoneNumber": "79001234567",
			}), walletData(t, got))
		})
	}

	answers := []struct {
		name, body string
		kind       providers.Kind
		code       string
	}{
		{"NumberUsedBefore", golden(t, "init-duplicate.xml"), providers.Conflict, "DUPLICATE_ORDER_ID"},
		{"OtherOrder", `<Init Success="True" OrderId="x" SessionId="` + session + `"/>`, providers.Unknown, ""},
		{"OtherCustomer", `<Init Success="True" VWUserLgn="customer-x" OrderId="` + order + `" SessionId="` + session + `"/>`, providers.Unknown, ""},
		{"OtherType", `<Init Success="True" SessionType="Block" SessionId="` + session + `"/>`, providers.Unknown, ""},
		{"PasswordIsNotTheRegisteredOne", `<Init Success="False" ErrCode="WRONG_USER_PARAMS"/>`, providers.Auth, "WRONG_USER_PARAMS"},
	}
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, registered(says(tt.body)))
			result, err := newWalletClient(t, v.URL, false).Start(t.Context(), savingRequest())
			requireWalletError(t, err, providers.OpStart, tt.kind, tt.code)
			require.Zero(t, result)
			require.Len(t, v.Seen(), 2, "an Init is never sent again")
		})
	}

	t.Run("RefusedPayerIsAResult", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, registered(says(`<Init Success="False" ErrCode="FRAUD_ERROR_IP"/>`)))
		result, err := newWalletClient(t, v.URL, false).Start(t.Context(), savingRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.True(t, result.SessionOver)
	})
	t.Run("SenselessOrdersRegisterNobody", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(""))
		c := newWalletClient(t, v.URL, false)
		r := savingRequest()
		r.Amount.Amount = 0
		_, err := c.Start(t.Context(), r)
		requireWalletError(t, err, providers.OpStart, providers.Rejected, "")
		r = savingRequest()
		r.SaveFor = &providers.Customer{}
		_, err = c.Start(t.Context(), r)
		requireWalletError(t, err, providers.OpStart, providers.Rejected, "")
		require.Empty(t, v.Seen())
	})
	t.Run("WithoutSaveForItIsInPay", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "init-success.xml")))
		_, err := newWalletClient(t, v.URL, true).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, "/apim/Init", v.Seen()[0].Target)
	})
}
