package payture

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// refundRequest asks for 104.80 of 124.80 back, which leaves 20.00.
func refundRequest() providers.RefundRequest {
	return providers.RefundRequest{
		Ref: providers.Ref{OrderNumber: order}, Handle: "0198c0ffee0000000000000ref",
		Amount: pay.Of(10480, pay.RUB), Taken: pay.Of(12480, pay.RUB), Reason: "not wanted",
	}
}

func TestClient_Refund(t *testing.T) {
	t.Parallel()

	whole := refundRequest()
	whole.Amount = whole.Taken
	t.Run("PartIsGivenBack", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "refund-success.xml")))
		result, err := newClient(t, v.URL, false).Refund(t.Context(), refundRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Result{Status: providers.Captured, Authorized: pay.Of(0, pay.RUB), Captured: pay.Of(2000, pay.RUB)}, result)
		require.Equal(t, "/apim/Refund", v.Seen()[0].Target)
		require.Equal(t, "Amount=10480&Key="+canaryKey+"&OrderId="+order+"&Password="+canaryPassword, v.Seen()[0].Body)
	})
	t.Run("AllIsGivenBackAndNamed", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`<Refund Success="True" OrderId="`+order+`" NewAmount="0" />`))
		result, err := newClient(t, v.URL, false).Refund(t.Context(), whole)
		require.NoError(t, err)
		require.Equal(t, providers.Result{Status: providers.Refunded, Authorized: pay.Of(0, pay.RUB), Captured: pay.Of(0, pay.RUB)}, result)
		require.Equal(t, "12480", v.Seen()[0].Form(t).Get("Amount"))
	})
	t.Run("OfTheWalletInDATA", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "wallet-refund.xml")))
		r := refundRequest()
		r.Ref.OfCustomer = true
		result, err := newWalletClient(t, v.URL, false).Refund(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, pay.Of(2000, pay.RUB), result.Captured)
		require.Equal(t, "/vwapi/Refund", v.Seen()[0].Target)
		require.Equal(t, canaryPay, v.Seen()[0].Form(t).Get("VWID"))
		require.Equal(t, map[string]string{"OrderId": order, "Password": canaryWallet, "Amount": "10480"}, walletData(t, v.Seen()[0]))
	})
	t.Run("NothingIsAskedOfSenselessAmounts", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "refund-success.xml")))
		c := newClient(t, v.URL, false)
		ask := func(change func(*providers.RefundRequest)) error {
			r := refundRequest()
			change(&r)
			_, err := c.Refund(t.Context(), r)
			return err
		}
		requireError(t, ask(func(r *providers.RefundRequest) { r.Amount = pay.Of(0, pay.RUB) }), providers.OpRefund, providers.Rejected, "")
		requireError(t, ask(func(r *providers.RefundRequest) { r.Amount = pay.Of(-1, pay.RUB) }), providers.OpRefund, providers.Rejected, "")
		requireError(t, ask(func(r *providers.RefundRequest) { r.Amount = pay.Of(12481, pay.RUB) }), providers.OpRefund, providers.Rejected, "")
		requireError(t, ask(func(r *providers.RefundRequest) { r.Amount = pay.Of(1, pay.USD) }), providers.OpRefund, providers.Unsupported, "")
		requireError(t, ask(func(r *providers.RefundRequest) { r.Taken = pay.Of(12480, pay.USD) }), providers.OpRefund, providers.Rejected, "")
		requireError(t, ask(func(r *providers.RefundRequest) { r.Ref.OrderNumber = "" }), providers.OpRefund, providers.Rejected, "")
		requireError(t, ask(func(r *providers.RefundRequest) { r.Ref.OfCustomer = true }), providers.OpRefund, providers.Unsupported, "")
		require.Empty(t, v.Seen())
	})

	answers := []struct {
		name, body string
		kind       providers.Kind
		code       string
	}{
		{"NotCharged", golden(t, "refund-illegal-state.xml"), providers.Conflict, "ILLEGAL_ORDER_STATE"},
		{"NotAllowed", `<Refund Success="False" ErrCode="REFUND_NOT_ALOWED"/>`, providers.Conflict, "REFUND_NOT_ALOWED"},
		{"MoreThanIsLeft", `<Refund Success="False" OrderId="` + order + `" ErrCode="AMOUNT_ERROR"/>`, providers.Rejected, "AMOUNT_ERROR"},
		{"WrongPassword", `<Refund Success="False" ErrCode="ACCESS_DENIED"/>`, providers.Auth, "ACCESS_DENIED"},
		{"NeverHeardOf", `<Refund Success="False" ErrCode="ORDER_NOT_FOUND"/>`, providers.NotFound, "ORDER_NOT_FOUND"},
		{"ProcessingBroke", `<Refund Success="False" ErrCode="PROCESSING_ERROR"/>`, providers.Unknown, "PROCESSING_ERROR"},
		{"UnheardOfCode", `<Refund Success="False" ErrCode="MOON_PHASE"/>`, providers.Unknown, "MOON_PHASE"},
		{"NoReason", `<Refund Success="False"/>`, providers.Unknown, ""},
		{"OtherOrder", `<Refund Success="True" OrderId="x" NewAmount="2000"/>`, providers.Unknown, ""},
		{"OrderMissing", `<Refund Success="True" NewAmount="2000"/>`, providers.Unknown, ""},
		{"LeavesMore", `<Refund Success="True" OrderId="` + order + `" NewAmount="2001"/>`, providers.Unknown, ""},
		{"LeavesLess", `<Refund Success="True" OrderId="` + order + `" NewAmount="0"/>`, providers.Unknown, ""},
		{"LeavesUntold", `<Refund Success="True" OrderId="` + order + `"/>`, providers.Unknown, ""},
		{"LeavesInRoubles", `<Refund Success="True" OrderId="` + order + `" NewAmount="20.00"/>`, providers.Unknown, ""},
		{"SuccessMissing", `<Refund OrderId="` + order + `" NewAmount="2000"/>`, providers.Unknown, ""},
		{"AnswerToAnotherCommand", `<Unblock Success="True" OrderId="` + order + `" NewAmount="2000"/>`, providers.Unknown, ""},
	}
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.body))
			result, err := newClient(t, v.URL, false).Refund(t.Context(), refundRequest())
			requireError(t, err, providers.OpRefund, tt.kind, tt.code)
			require.Zero(t, result)
			require.Len(t, v.Seen(), 1, "a Refund is never sent again")
		})
	}

	t.Run("RefusedByTheBankIsAResultAndNothingMoves", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`<Refund Success="False" OrderId="`+order+`" ErrCode="ISSUER_CARD_FAIL"/>`))
		result, err := newClient(t, v.URL, false).Refund(t.Context(), refundRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.Equal(t, "issuer_declined", result.Decline.Code)
		require.False(t, result.SessionOver)
		require.Zero(t, result.Captured)
	})
}

// A charge of a saved card is given back in two parts, and the reply to the second
// is lost: what is left tells that it was done.
func TestWalletAtTheSandbox_Refund(t *testing.T) {
	t.Parallel()

	s := simulate(t, payturesandbox.Options{}, "")
	c := s.client("MerchantPay")
	_, err := s.charge(c, order, s.saved(c, plainCard).Ref)
	require.NoError(t, err)
	r := refundRequest()
	r.Ref.OfCustomer = true
	result, err := c.Refund(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, pay.Of(2000, pay.RUB), result.Captured)
	found := s.synced(c)
	require.Equal(t, providers.Captured, found.Status)
	require.Equal(t, pay.Of(2000, pay.RUB), found.Captured, "what stays taken")

	_, err = c.Refund(t.Context(), r)
	requireWalletError(t, err, providers.OpRefund, providers.Rejected, "AMOUNT_ERROR")
	s.fails(sandbox.OpRefund, sandbox.DropReply)
	r.Amount, r.Taken = pay.Of(2000, pay.RUB), pay.Of(2000, pay.RUB)
	_, err = c.Refund(t.Context(), r)
	requireWalletError(t, err, providers.OpRefund, providers.Unknown, "")
	found = s.synced(c)
	require.Equal(t, providers.Refunded, found.Status)
	require.Equal(t, pay.Of(0, pay.RUB), found.Captured)
	_, err = c.Refund(t.Context(), r)
	requireWalletError(t, err, providers.OpRefund, providers.Conflict, "ILLEGAL_ORDER_STATE")
}
