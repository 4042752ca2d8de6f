package payture

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestClient_Capture(t *testing.T) {
	t.Parallel()

	amount := pay.Of(12480, pay.RUB)
	t.Run("TakesTheHold", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "charge-success.xml")))
		result, err := newClient(t, v.URL, true).Capture(t.Context(), providers.Ref{OrderNumber: order}, "handle", amount)
		require.NoError(t, err)
		require.Equal(t, providers.Result{Status: providers.Captured, Authorized: pay.Of(0, pay.RUB), Captured: amount}, result)
		require.Equal(t, "/apim/Charge", v.Seen()[0].Target)
		require.Equal(t, "Amount=12480&Key="+canaryKey+"&OrderId="+order+"&Password="+canaryPassword, v.Seen()[0].Body)
	})
	t.Run("NothingIsAskedOfSenselessAmounts", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "charge-success.xml")))
		c := newClient(t, v.URL, true)
		ref := providers.Ref{OrderNumber: order}
		_, err := c.Capture(t.Context(), ref, "h", pay.Of(0, pay.RUB))
		requireError(t, err, providers.OpCapture, providers.Rejected, "")
		_, err = c.Capture(t.Context(), ref, "h", pay.Of(-1, pay.RUB))
		requireError(t, err, providers.OpCapture, providers.Rejected, "")
		_, err = c.Capture(t.Context(), ref, "h", pay.Of(1, pay.USD))
		requireError(t, err, providers.OpCapture, providers.Unsupported, "")
		_, err = c.Capture(t.Context(), providers.Ref{}, "h", amount)
		requireError(t, err, providers.OpCapture, providers.Rejected, "")
		require.Empty(t, v.Seen())
	})

	answers := []struct {
		name, body string
		kind       providers.Kind
		code       string
	}{
		{"NotHeld", golden(t, "charge-illegal-state.xml"), providers.Conflict, "ILLEGAL_ORDER_STATE"},
		{"MoreThanTheHold", golden(t, "charge-amount-error.xml"), providers.Rejected, "AMOUNT_ERROR"},
		{"WrongPassword", `<Charge Success="False" ErrCode="ACCESS_DENIED"/>`, providers.Auth, "ACCESS_DENIED"},
		{"NeverHeardOf", `<Charge Success="False" ErrCode="ORDER_NOT_FOUND"/>`, providers.NotFound, "ORDER_NOT_FOUND"},
		{"ProcessingBroke", `<Charge Success="False" ErrCode="PROCESSING_ERROR"/>`, providers.Unknown, "PROCESSING_ERROR"},
		{"UnheardOfCode", `<Charge Success="False" ErrCode="MOON_PHASE"/>`, providers.Unknown, "MOON_PHASE"},
		{"OtherOrder", `<Charge Success="True" OrderId="x" Amount="12480"/>`, providers.Unknown, ""},
		{"OrderMissing", `<Charge Success="True" Amount="12480"/>`, providers.Unknown, ""},
		{"OtherAmount", `<Charge Success="True" OrderId="` + order + `" Amount="12481"/>`, providers.Unknown, ""},
		{"AmountMissing", `<Charge Success="True" OrderId="` + order + `"/>`, providers.Unknown, ""},
		{"AmountInRoubles", `<Charge Success="True" OrderId="` + order + `" Amount="124.80"/>`, providers.Unknown, ""},
		{"SuccessMissing", `<Charge OrderId="` + order + `" Amount="12480"/>`, providers.Unknown, ""},
		{"AnswerToAnotherCommand", `<Unblock Success="True" OrderId="` + order + `" Amount="12480"/>`, providers.Unknown, ""},
	}
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.body))
			result, err := newClient(t, v.URL, true).Capture(t.Context(), providers.Ref{OrderNumber: order}, "h", amount)
			requireError(t, err, providers.OpCapture, tt.kind, tt.code)
			require.Zero(t, result)
			require.Len(t, v.Seen(), 1, "a Charge is never sent again")
		})
	}

	t.Run("RefusedByTheBankIsAResultAndTheHoldStands", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`<Charge Success="False" OrderId="`+order+`" ErrCode="ISSUER_CARD_FAIL"/>`))
		result, err := newClient(t, v.URL, true).Capture(t.Context(), providers.Ref{OrderNumber: order}, "h", amount)
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.Equal(t, "issuer_declined", result.Decline.Code)
		require.False(t, result.SessionOver)
	})
}

func TestClient_Void(t *testing.T) {
	t.Parallel()

	t.Run("ReleasesTheHold", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "unblock-success.xml")))
		result, err := newClient(t, v.URL, true).Void(t.Context(), providers.Ref{OrderNumber: order}, "handle")
		require.NoError(t, err)
		require.Equal(t, providers.Result{Status: providers.Voided, Authorized: pay.Of(0, pay.RUB), Captured: pay.Of(0, pay.RUB)}, result)
		require.Equal(t, "/apim/Unblock", v.Seen()[0].Target)
		require.Equal(t, "Key="+canaryKey+"&OrderId="+order+"&Password="+canaryPassword, v.Seen()[0].Body)
	})

	answers := []struct {
		name, body string
		kind       providers.Kind
		code       string
	}{
		{"NotHeld", golden(t, "unblock-illegal-state.xml"), providers.Conflict, "ILLEGAL_ORDER_STATE"},
		{"AmountError", `<Unblock Success="False" ErrCode="AMOUNT_ERROR"/>`, providers.Rejected, "AMOUNT_ERROR"},
		{"InsideBroke", `<Unblock Success="False" ErrCode="PROCESSING_ERROR"/>`, providers.Unknown, "PROCESSING_ERROR"},
		{"OtherOrder", `<Unblock Success="True" OrderId="x" NewAmount="0"/>`, providers.Unknown, ""},
		{"AHoldIsLeft", `<Unblock Success="True" OrderId="` + order + `" NewAmount="1"/>`, providers.Unknown, ""},
		{"NewAmountMissing", `<Unblock Success="True" OrderId="` + order + `"/>`, providers.Unknown, ""},
		{"SuccessMissing", `<Unblock OrderId="` + order + `" NewAmount="0"/>`, providers.Unknown, ""},
	}
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.body))
			result, err := newClient(t, v.URL, true).Void(t.Context(), providers.Ref{OrderNumber: order}, "h")
			requireError(t, err, providers.OpVoid, tt.kind, tt.code)
			require.Zero(t, result)
			require.Len(t, v.Seen(), 1, "an Unblock is never sent again")
		})
	}
}

// calls is every operation that asks the vendor.
func calls() map[providers.Op]func(context.Context, *Client) (providers.Result, error) {
	ref := providers.Ref{OrderNumber: order}
	return map[providers.Op]func(context.Context, *Client) (providers.Result, error){
		providers.OpStart: func(ctx context.Context, c *Client) (providers.Result, error) { return c.Start(ctx, startRequest()) },
		providers.OpSync:  func(ctx context.Context, c *Client) (providers.Result, error) { return c.Sync(ctx, ref) },
		providers.OpCapture: func(ctx context.Context, c *Client) (providers.Result, error) {
			return c.Capture(ctx, ref, "h", pay.Of(12480, pay.RUB))
		},
		providers.OpVoid:   func(ctx context.Context, c *Client) (providers.Result, error) { return c.Void(ctx, ref, "h") },
		providers.OpRefund: func(ctx context.Context, c *Client) (providers.Result, error) { return c.Refund(ctx, refundRequest()) },
	}
}
