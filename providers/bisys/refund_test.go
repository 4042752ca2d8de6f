package bisys

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestClient_Refund(t *testing.T) {
	t.Parallel()

	t.Run("RequestIsAsTheSample", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(goodAnswers()[defaultRefundPath]))
		result, err := newClient(t, v.URL).Refund(t.Context(), refundOf(2400, 2625))
		require.NoError(t, err)
		require.Equal(t, providers.Result{Status: providers.Captured, ProviderRef: payment, RawStatus: "success", Authorized: tenge(0), Captured: tenge(225)}, result)
		require.Equal(t, defaultRefundPath, v.Seen()[0].Path)
		require.JSONEq(t, `{"regPayNum":"1310958041","note":"test","refundAmount":"2400","remainingAmount":"225"}`, v.Seen()[0].Body)
	})
	t.Run("AllOfItIsRefunded", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`{"resultState":"SUCCESS"}`))
		r := refundOf(2625, 2625)
		r.Reason = " \n"
		result, err := newClient(t, v.URL, func(c *Config) { c.RefundPath = "/elsewhere" }).Refund(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, providers.Refunded, result.Status)
		require.Equal(t, tenge(0), result.Captured)
		require.Equal(t, "/elsewhere", v.Seen()[0].Path)
		require.Equal(t, `"0"`, v.Seen()[0].Member(t, "remainingAmount"))
		require.Equal(t, `"refund"`, v.Seen()[0].Member(t, "note"), "a note is demanded")
	})

	refusals := []struct {
		name   string
		status int
		answer string
		code   string
	}{
		{"ByException", 400, `{"code":9007,"message":"RefundNotAllowed"}`, "9007"},
		{"ByName", 500, `{"code":3,"message":"x.RefundNotAllowedException"}`, "3"},
		{"ByWord", 200, `{"resultState":"fail","desc":"x"}`, "fail"},
	}
	for _, tt := range refusals {
		t.Run("Refused"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, saysStatus(tt.status, tt.answer))
			result, err := newClient(t, v.URL).Refund(t.Context(), refundOf(2400, 2625))
			require.NoError(t, err)
			require.Equal(t, providers.Declined, result.Status)
			require.Equal(t, tt.code, result.Decline.ProviderCode)
			require.Zero(t, result.Captured, "nothing is told of the money")
		})
	}

	unclear := []struct {
		name   string
		status int
		answer string
		kind   providers.Kind
		code   string
	}{
		{"OtherWord", 200, `{"resultState":"accepted"}`, providers.Unknown, ""},
		{"OtherPayment", 200, `{"resultState":"success","regPayNum":"2"}`, providers.Unknown, ""},
		{"RefusalOfAnotherPayment", 200, `{"resultState":"fail","regPayNum":"2"}`, providers.Unknown, ""},
		{"OtherAmount", 200, `{"resultState":"success","refundAmount":"2401"}`, providers.Unknown, ""},
		{"OtherRest", 200, `{"resultState":"success","remainingAmount":224}`, providers.Unknown, ""},
		{"RestIsNoAmount", 200, `{"resultState":"success","remainingAmount":"x"}`, providers.Unknown, ""},
		{"ExceptionNobodyKnows", 400, `{"code":1234,"message":"X"}`, providers.Unknown, "1234"},
		{"ProofIsNoAnswer", 400, `{"code":2365,"message":"NeedPass3dsException"}`, providers.Unknown, "2365"},
		{"NoPayment", 400, `{"code":9004,"message":"PaymentNotFound"}`, providers.NotFound, "9004"},
		{"WrongField", 400, `{"code":9005,"message":"ValidationException: note"}`, providers.Rejected, "9005"},
		{"Credentials", 401, ``, providers.Auth, "401"},
	}
	for _, tt := range unclear {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, saysStatus(tt.status, tt.answer))
			_, err := newClient(t, v.URL).Refund(t.Context(), refundOf(2400, 2625))
			requireError(t, err, providers.OpRefund, tt.kind, tt.code)
			require.Len(t, v.Seen(), 1)
		})
	}

	unsendable := []struct {
		name   string
		change func(*providers.RefundRequest)
		kind   providers.Kind
	}{
		{"Nothing", func(r *providers.RefundRequest) { r.Amount.Amount = 0 }, providers.Rejected},
		{"MoreThanTaken", func(r *providers.RefundRequest) { r.Amount.Amount = 2626 }, providers.Rejected},
		{"OtherCurrency", func(r *providers.RefundRequest) { r.Amount.Currency = pay.RUB }, providers.Unsupported},
		{"TakenInOtherCurrency", func(r *providers.RefundRequest) { r.Taken.Currency = pay.RUB }, providers.Rejected},
		{"NoNumber", func(r *providers.RefundRequest) { r.Ref.ProviderRef = "" }, providers.Rejected},
	}
	for _, tt := range unsendable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(""))
			r := refundOf(2400, 2625)
			tt.change(&r)
			_, err := newClient(t, v.URL).Refund(t.Context(), r)
			requireError(t, err, providers.OpRefund, tt.kind, "")
			require.Empty(t, v.Seen())
		})
	}
}
