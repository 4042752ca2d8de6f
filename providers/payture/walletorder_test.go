package payture

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// The two kinds of orders that the wallet has.
var (
	ofCharge = providers.Ref{OrderNumber: order, OfCustomer: true}
	ofPage   = providers.Ref{OrderNumber: order, ProviderRef: session, OfCustomer: true}
)

func syncWallet(t *testing.T, ref providers.Ref, bodies map[string]string) ([]vendortest.Asked, providers.Result, error) {
	t.Helper()
	v := vendortest.New(t, saysBy(bodies))
	result, err := newWalletClient(t, v.URL, true).Sync(t.Context(), ref)
	return v.Seen(), result, err
}

// walletState answers GetState, about our order.
func walletState(attributes string) map[string]string {
	return map[string]string{"/vwapi/GetState": `<GetState OrderId="` + order + `" ` + attributes + `/>`}
}

func TestClient_SyncOfTheWallet(t *testing.T) {
	t.Parallel()

	held, nothing, untold := pay.Of(12480, pay.RUB), pay.Of(0, pay.RUB), pay.Money{}
	states := []struct {
		state                string
		want                 providers.Status
		authorized, captured pay.Money
	}{
		{"New", providers.ActionRequired, untold, untold},
		{"PreAuthorized3DS", providers.ActionRequired, untold, untold},
		{"Obsolete", providers.ActionRequired, untold, untold},
		{"Pending", providers.Pending, untold, untold},
		{"Forwarded", providers.Pending, untold, untold},
		{"Error", providers.Pending, untold, untold},
		{"Authorized", providers.Authorized, held, nothing},
		{"AuthorizationClosed", providers.Expired, nothing, nothing},
		{"Voided", providers.Voided, nothing, nothing},
		{"Charged", providers.Captured, nothing, held},
		{"Refunded", providers.Refunded, nothing, nothing},
		{"Chargeback", providers.ChargedBack, nothing, nothing},
		{"Rejected", providers.Declined, untold, untold},
	}
	for _, tt := range states {
		for _, name := range []string{"State", "Status"} {
			t.Run(tt.state+" as "+name, func(t *testing.T) {
				t.Parallel()
				requests, result, err := syncWallet(t, ofPage, walletState(`Success="True" Amount="12480" `+name+`="`+tt.state+`"`))
				require.NoError(t, err)
				require.Equal(t, tt.want, result.Status)
				require.Equal(t, tt.state, result.RawStatus)
				require.Equal(t, tt.authorized, result.Authorized)
				require.Equal(t, tt.captured, result.Captured)
				require.False(t, result.SessionOver)
				require.Len(t, requests, 1)
				require.Equal(t, "Key="+canaryPay+"&OrderId="+order, requests[0].Body)
			})
		}
	}

	t.Run("StateAndStatusMustAgree", func(t *testing.T) {
		t.Parallel()
		_, _, err := syncWallet(t, ofPage, walletState(`Success="True" Amount="12480" State="Charged" Status="Rejected"`))
		requireError(t, err, providers.OpSync, providers.Malformed, "")
		_, result, err := syncWallet(t, ofPage, walletState(`Success="True" Amount="12480" State="Charged" Status="charged"`))
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
	})
	t.Run("StatusOfInPayIsNotRead", func(t *testing.T) {
		t.Parallel()
		_, _, err := syncOn(t, providers.Ref{OrderNumber: order}, getState(`Success="True" Amount="12480" Status="Charged"`))
		requireError(t, err, providers.OpSync, providers.Malformed, "")
	})
	t.Run("OrdersOfInPayAreAskedThere", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, saysBy(getState(`Success="True" Amount="12480" State="Charged"`)))
		_, err := newWalletClient(t, v.URL, true).Sync(t.Context(), providers.Ref{OrderNumber: order})
		require.NoError(t, err)
		require.Equal(t, "/apim/GetState", v.Seen()[0].Target)
	})
	t.Run("AboutAnotherOrder", func(t *testing.T) {
		t.Parallel()
		_, _, err := syncWallet(t, ofPage, map[string]string{"/vwapi/GetState": `<GetState Success="True" OrderId="x" Amount="12480" State="Charged"/>`})
		requireError(t, err, providers.OpSync, providers.Malformed, "")
	})

	barred := []struct{ name, answer string }{
		{"NotAllowed", `<GetState Success="False" ErrCode="API_NOT_ALLOWED"/>`},
		{"WrongParameters", `<GetState Success="False" ErrCode="WRONG_PARAMS"/>`},
		{"FormatError", `<GetState Success="False" ErrCode="FORMAT_ERROR"/>`},
	}
	for _, tt := range barred {
		t.Run("PayStatusWhen"+tt.name, func(t *testing.T) {
			t.Parallel()
			requests, result, err := syncWallet(t, ofPage, map[string]string{"/vwapi/GetState": tt.answer, "/vwapi/PayStatus": golden(t, "wallet-paystatus.xml")})
			require.NoError(t, err)
			require.Equal(t, providers.Result{Status: providers.Authorized, RawStatus: "Authorized", Authorized: held, Captured: nothing}, result)
			require.Len(t, requests, 2)
			require.Equal(t, "/vwapi/PayStatus", requests[1].Target)
			require.Equal(t, "DATA=OrderId%3D"+order+"&VWID="+canaryPay, requests[1].Body)
		})
	}
	t.Run("PayStatusWhenThereIsNoGetState", func(t *testing.T) {
		t.Parallel()
		requests, result, err := syncWallet(t, ofPage, map[string]string{"/vwapi/PayStatus": golden(t, "wallet-paystatus.xml")})
		require.NoError(t, err)
		require.Equal(t, providers.Authorized, result.Status)
		require.Len(t, requests, 2)
	})
	t.Run("AccessDeniedIsNotBarred", func(t *testing.T) {
		t.Parallel()
		requests, _, err := syncWallet(t, ofPage, walletState(`Success="False" ErrCode="ACCESS_DENIED"`))
		requireError(t, err, providers.OpSync, providers.Auth, "ACCESS_DENIED")
		require.Len(t, requests, 1)
	})
}

// A page of the wallet waits for its payer as one of InPay does; a charge has no
// payer to wait for.
func TestClient_SyncOfAChargeHasNoSession(t *testing.T) {
	t.Parallel()

	declined := func(code string) providers.Result {
		return providers.Result{Status: providers.Declined, SessionOver: true, Decline: &providers.Decline{Code: code}}
	}
	tests := []struct {
		name, attributes string
		page, charge     providers.Result // status, session and the decline's code
		kind             providers.Kind   // of the charge's error
	}{
		{"Rejected", `Success="True" State="Rejected" ErrCode="AMOUNT_EXCEED"`, open(declined("insufficient_funds")), declined("insufficient_funds"), ""},
		{"RejectedByProof", `Success="True" State="Rejected" ErrCode="THREE_DS_FAIL"`, open(declined("authentication_failed")), declined("authentication_required"), ""},
		{"RefusedByCode", `Success="False" ErrCode="ISSUER_BLOCKED_CARD"`, open(declined("card_blocked")), declined("card_blocked"), ""},
		{"AtTheBanksPage", `Success="True" State="PreAuthorized3DS"`, providers.Result{Status: providers.ActionRequired}, declined("authentication_required"), ""},
		{"New", `Success="True" State="New"`, providers.Result{Status: providers.ActionRequired}, providers.Result{Status: providers.ActionRequired}, ""},
		{"NothingYet", `Success="False" ErrCode="NONE"`, providers.Result{Status: providers.ActionRequired}, providers.Result{Status: providers.ActionRequired}, ""},
		{"TimeOut", `Success="False" ErrCode="ORDER_TIME_OUT"`, providers.Result{Status: providers.Expired}, providers.Result{}, providers.NotFound},
		{"NotFound", `Success="False" ErrCode="ORDER_NOT_FOUND"`, providers.Result{Status: providers.ActionRequired}, providers.Result{}, providers.NotFound},
		{"HoldLapsed", `Success="True" State="AuthorizationClosed"`, providers.Result{Status: providers.Expired}, providers.Result{Status: providers.Expired}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, result, err := syncWallet(t, ofPage, walletState(tt.attributes))
			require.NoError(t, err)
			require.Equal(t, tt.page, gist(result))
			_, result, err = syncWallet(t, ofCharge, walletState(tt.attributes))
			require.Equal(t, tt.kind, providers.KindOf(err))
			require.Equal(t, tt.charge, gist(result))
		})
	}
}

// open is the same refusal in a session that lives.
func open(r providers.Result) providers.Result {
	r.SessionOver = false
	return r
}

// gist leaves of a result what says how it goes on.
func gist(r providers.Result) providers.Result {
	short := providers.Result{Status: r.Status, SessionOver: r.SessionOver}
	if r.Decline != nil {
		short.Decline = &providers.Decline{Code: r.Decline.Code}
	}
	return short
}

func TestClient_OperationsOfTheWallet(t *testing.T) {
	t.Parallel()

	amount, nothing := pay.Of(12480, pay.RUB), pay.Of(0, pay.RUB)
	t.Run("Capture", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "charge-success.xml")))
		result, err := newWalletClient(t, v.URL, true).Capture(t.Context(), ofPage, "h", amount)
		require.NoError(t, err)
		require.Equal(t, providers.Result{Status: providers.Captured, Authorized: nothing, Captured: amount}, result)
		require.Equal(t, "/vwapi/Charge", v.Seen()[0].Target)
		require.Equal(t, "Amount=12480&OrderId="+order+"&Password="+canaryWallet+"&VWID="+canaryPay, v.Seen()[0].Body)
	})
	t.Run("Void", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "unblock-success.xml")))
		result, err := newWalletClient(t, v.URL, true).Void(t.Context(), ofCharge, "h")
		require.NoError(t, err)
		require.Equal(t, providers.Result{Status: providers.Voided, Authorized: nothing, Captured: nothing}, result)
		require.Equal(t, "/vwapi/Unblock", v.Seen()[0].Target)
		require.Equal(t, "OrderId="+order+"&Password="+canaryWallet+"&VWID="+canaryPay, v.Seen()[0].Body)
	})
	t.Run("NotHeld", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "charge-illegal-state.xml")))
		_, err := newWalletClient(t, v.URL, true).Capture(t.Context(), ofCharge, "h", amount)
		requireError(t, err, providers.OpCapture, providers.Conflict, "ILLEGAL_ORDER_STATE")
	})
	t.Run("RefusedByTheBankTheHoldStands", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`<Charge Success="False" OrderId="`+order+`" ErrCode="ISSUER_CARD_FAIL"/>`))
		result, err := newWalletClient(t, v.URL, true).Capture(t.Context(), ofCharge, "h", amount)
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.False(t, result.SessionOver)
	})
	t.Run("OrdersOfInPayStayThere", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "charge-success.xml")))
		config := testConfig(v.URL)
		config.TwoStage, config.Wallet = true, testWallet(true)
		c, err := New(config, testDeps())
		require.NoError(t, err)
		_, err = c.Capture(t.Context(), providers.Ref{OrderNumber: order}, "h", amount)
		require.NoError(t, err)
		require.Equal(t, "/apim/Charge", v.Seen()[0].Target)
		require.Contains(t, v.Seen()[0].Body, canaryKey)
		require.NotContains(t, v.Seen()[0].Body, canaryWallet)
	})
}
