package payture

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestClient_Charge(t *testing.T) {
	t.Parallel()

	amount, nothing := pay.Of(12480, pay.RUB), pay.Of(0, pay.RUB)
	accepted := `<Pay VWUserLgn="" OrderId="` + order + `" Success="True" Amount="12480" />`
	t.Run("Takes", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(accepted))
		result, err := newWalletClient(t, v.URL, false).Charge(t.Context(), chargeRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Result{Status: providers.Captured, Authorized: nothing, Captured: amount}, result)
		require.Len(t, v.Seen(), 1, "its customer is registered already")
		got := v.Seen()[0]
		require.Equal(t, "/vwapi/Pay", got.Target)
		require.Equal(t, canaryPay, got.Form(t).Get("VWID"))
		require.Equal(t, known(map[string]string{"CardId": card, "OrderId": order, "Amount": "12480"}), walletData(t, got), "and no SecureCode")
	})
	t.Run("HoldsOnATwoStageTerminal", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(accepted))
		result, err := newWalletClient(t, v.URL, true).Charge(t.Context(), chargeRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Result{Status: providers.Authorized, Authorized: amount, Captured: nothing}, result)
	})

	declines := []struct {
		code, want string
		retry      pay.Retry
	}{
		{"AMOUNT_EXCEED", "insufficient_funds", pay.RetryOtherMethod},
		{"ISSUER_BLOCKED_CARD", "card_blocked", pay.RetryOtherMethod},
		{"ISSUER_CARD_FAIL", "issuer_declined", pay.RetryOtherMethod},
		{"CARD_EXPIRED", "card_expired", pay.RetryOtherMethod},
		{"WRONG_CARD", "invalid_card", pay.RetryOtherMethod},
		{"CARD_NOT_FOUND", "invalid_card", pay.RetryOtherMethod},
		{"WRONG_CVV", "invalid_cvv", pay.RetryOtherMethod},
		{"FRAUD_ERROR", "fraud", pay.RetryOtherMethod},
		{"AUTHENTICATION_ERROR", "authentication_required", pay.RetryOtherMethod},
		{"THREE_DS_FAIL", "authentication_required", pay.RetryOtherMethod},
		{"THREE_DS_TIME_OUT", "authentication_required", pay.RetryOtherMethod},
		{"THREE_DS_NOTENROLLED", "authentication_required", pay.RetryOtherMethod},
		{"LIMIT_EXCHAUST", "attempts_exhausted", pay.RetryNewKey},
	}
	for _, tt := range declines {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(`<Pay VWUserLgn="`+login+`" OrderId="`+order+`" Success="False" ErrCode="`+tt.code+`" />`))
			result, err := newWalletClient(t, v.URL, false).Charge(t.Context(), chargeRequest())
			require.NoError(t, err)
			require.Equal(t, providers.Declined, result.Status)
			require.True(t, result.SessionOver, "there is no page to try again on")
			require.Equal(t, tt.want, result.Decline.Code)
			require.Equal(t, tt.code, result.Decline.ProviderCode)
			require.Equal(t, tt.retry, result.Decline.Retry)
			require.NotContains(t, result.Decline.Message, "check", "nobody typed anything")
			require.True(t, result.Captured.IsZero())
		})
	}

	proofs := []struct{ name, body string }{
		{"AsDocumented", `<Pay VWUserLgn="` + login + `" OrderId="` + order + `" Success="3DS" ACSUrl="https://acs.example/" PaReq="eJx" ThreeDSKey="` + session + `" Amount="12480" />`},
		{"Bare", `<Pay Success="3ds" />`},
	}
	for _, tt := range proofs {
		t.Run("OwnerIsWanted"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.body))
			result, err := newWalletClient(t, v.URL, false).Charge(t.Context(), chargeRequest())
			require.NoError(t, err)
			require.Equal(t, providers.Declined, result.Status)
			require.True(t, result.SessionOver)
			require.Equal(t, "authentication_required", result.Decline.Code)
			require.Equal(t, "3DS", result.Decline.ProviderCode)
			require.Equal(t, pay.RetryOtherMethod, result.Decline.Retry)
			require.Nil(t, result.Redirect)
			require.True(t, result.Captured.IsZero())
		})
	}

	answers := []struct {
		name, body string
		kind       providers.Kind
		code       string
	}{
		{"NumberUsedBefore", `<Pay Success="False" ErrCode="DUPLICATE_ORDER_ID"/>`, providers.Conflict, "DUPLICATE_ORDER_ID"},
		{"BeingProcessed", `<Pay Success="False" ErrCode="DUPLICATE_PROCESSING_ORDER_ID"/>`, providers.Conflict, "DUPLICATE_PROCESSING_ORDER_ID"},
		{"OrderTimedOut", `<Pay Success="False" ErrCode="ORDER_TIME_OUT"/>`, providers.Conflict, "ORDER_TIME_OUT"},
		{"ProcessingTimedOut", `<Pay Success="False" OrderId="` + order + `" ErrCode="PROCESSING_TIME_OUT"/>`, providers.Unknown, "PROCESSING_TIME_OUT"},
		{"ProcessingBroke", `<Pay Success="False" ErrCode="PROCESSING_ERROR"/>`, providers.Unknown, "PROCESSING_ERROR"},
		{"IssuerTimedOut", `<Pay Success="False" ErrCode="ISSUER_TIMEOUT"/>`, providers.Unknown, "ISSUER_TIMEOUT"},
		{"UnheardOfCode", `<Pay Success="False" ErrCode="MOON_PHASE"/>`, providers.Unknown, "MOON_PHASE"},
		{"NoneIsNoAnswer", `<Pay Success="False" ErrCode="NONE"/>`, providers.Unknown, "NONE"},
		{"OrderIsNotFound", `<Pay Success="False" ErrCode="ORDER_NOT_FOUND"/>`, providers.Unknown, "ORDER_NOT_FOUND"},
		{"RefusedWithoutCode", `<Pay Success="False"/>`, providers.Unknown, ""},
		{"TerminalRefused", `<Pay Success="False" ErrCode="ACCESS_DENIED"/>`, providers.Auth, "ACCESS_DENIED"},
		{"NoSuchCustomer", `<Pay Success="False" ErrCode="USER_NOT_FOUND"/>`, providers.Rejected, "USER_NOT_FOUND"},
		{"WrongParameters", `<Pay Success="False" ErrCode="WRONG_PARAMS"/>`, providers.Rejected, "WRONG_PARAMS"},
		{"OtherOrder", `<Pay OrderId="x" Success="True" Amount="12480"/>`, providers.Unknown, ""},
		{"OrderMissing", `<Pay Success="True" Amount="12480"/>`, providers.Unknown, ""},
		{"OtherAmount", `<Pay OrderId="` + order + `" Success="True" Amount="12481"/>`, providers.Unknown, ""},
		{"AmountMissing", `<Pay OrderId="` + order + `" Success="True"/>`, providers.Unknown, ""},
		{"AmountInRoubles", `<Pay OrderId="` + order + `" Success="True" Amount="124.80"/>`, providers.Unknown, ""},
		{"OtherCustomer", `<Pay VWUserLgn="customer-x" OrderId="` + order + `" Success="True" Amount="12480"/>`, providers.Unknown, ""},
		{"RefusalOfAnotherCustomer", `<Pay VWUserLgn="customer-x" Success="False" ErrCode="WRONG_CARD"/>`, providers.Unknown, "WRONG_CARD"},
		{"RefusalOfAnotherOrder", `<Pay OrderId="x" Success="False" ErrCode="WRONG_CARD"/>`, providers.Unknown, "WRONG_CARD"},
		{"ProofOfAnotherOrder", `<Pay OrderId="x" Success="3DS"/>`, providers.Unknown, ""},
		{"SuccessMissing", `<Pay OrderId="` + order + `" Amount="12480"/>`, providers.Unknown, ""},
		{"SuccessIsAWord", `<Pay OrderId="` + order + `" Success="Yes" Amount="12480"/>`, providers.Unknown, ""},
	}
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.body))
			result, err := newWalletClient(t, v.URL, false).Charge(t.Context(), chargeRequest())
			requireWalletError(t, err, providers.OpChargeSaved, tt.kind, tt.code)
			require.Zero(t, result)
			require.Len(t, v.Seen(), 1, "a charge is never sent again")
		})
	}

	senseless := []struct {
		name   string
		change func(*providers.ChargeRequest)
		kind   providers.Kind
	}{
		{"NoOrderNumber", func(r *providers.ChargeRequest) { r.OrderNumber = "" }, providers.Rejected},
		{"OrderNumberWithSemicolon", func(r *providers.ChargeRequest) { r.OrderNumber = "a;Amount=1" }, providers.Rejected},
		{"NoCustomer", func(r *providers.ChargeRequest) { r.Customer.ID = "" }, providers.Rejected},
		{"Nothing", func(r *providers.ChargeRequest) { r.Amount.Amount = 0 }, providers.Rejected},
		{"OtherCurrency", func(r *providers.ChargeRequest) { r.Amount.Currency = pay.USD }, providers.Unsupported},
	}
	for _, tt := range senseless {
		t.Run("NothingIsAskedOf"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(accepted))
			r := chargeRequest()
			tt.change(&r)
			_, err := newWalletClient(t, v.URL, false).Charge(t.Context(), r)
			requireWalletError(t, err, providers.OpChargeSaved, tt.kind, "")
			require.Empty(t, v.Seen())
		})
	}
}

// Whatever code refuses a charge, nothing is paid, and what is not a plain no
// says what its meaning allows.
func TestClient_EveryDocumentedCodeOfACharge(t *testing.T) {
	t.Parallel()

	type outcome struct {
		status providers.Status
		kind   providers.Kind
	}
	wants := map[meaning]outcome{
		meansNothingYet: {kind: providers.Unknown}, meansTimeOut: {kind: providers.Conflict}, meansNoOrder: {kind: providers.Unknown},
		meansConflict: {kind: providers.Conflict}, meansAccess: {kind: providers.Auth}, meansNotAllowed: {kind: providers.Auth},
		meansWrongRequest: {kind: providers.Rejected}, meansRefusal: {status: providers.Declined}, meansExhausted: {status: providers.Declined},
		meansDoubt: {kind: providers.Unknown},
	}
	for _, code := range documentedCodes(t) {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(`<Pay Success="False" OrderId="`+order+`" ErrCode="`+code+`" />`))
			result, err := newWalletClient(t, v.URL, true).Charge(t.Context(), chargeRequest())
			want := wants[codeOf(code).means]
			require.Equal(t, want, outcome{status: result.Status, kind: providers.KindOf(err)})
			require.True(t, result.Captured.IsZero())
			require.Equal(t, result.Status == providers.Declined, result.SessionOver)
			require.NotContains(t, textOf(err), card)
		})
	}
}
