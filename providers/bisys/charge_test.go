package bisys

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestClient_Charge(t *testing.T) {
	t.Parallel()

	charge := func(t *testing.T, handlers map[string]http.HandlerFunc) (providers.Result, error) {
		t.Helper()
		if handlers[recurrentPath] == nil {
			handlers[recurrentPath] = says(goodAnswers()[recurrentPath])
		}
		v := vendortest.New(t, byPath(handlers))
		result, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
		require.Len(t, v.SeenAt(recurrentPath), 1, "it is sent once")
		return result, err
	}

	t.Run("RequestNamesUserAndCard", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, func(w http.ResponseWriter, r *http.Request) { says(success(r))(w, r) })
		r := chargeRequest()
		full := fullRequest()
		r.Items, r.Payer, r.Description, r.Expires = full.Items, full.Payer, "Renewal", noon.Add(time.Minute)
		r.Payer.Browser, r.Payer.IP = browser(), "203.0.113.7"
		result, err := newClient(t, v.URL, func(c *Config) { c.EnableSMSConfirm = true }).Charge(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, providers.Result{
			Status: providers.Captured, ProviderRef: payment, RawStatus: "payed", Authorized: tenge(0), Captured: tenge(13750), Fee: tenge(13300),
		}, result)
		paths := []string{}
		for _, each := range v.Seen() {
			paths = append(paths, each.Path)
		}
		require.Equal(t, []string{registrationPath, recurrentPath, statePath}, paths)
		sent := v.Seen()[1]
		for name, want := range map[string]string{
			"userToken": `"` + userToken + `"`, "cardToken": `"` + cardToken + `"`, "amount": `"450"`, "comission": `"13300"`,
			"payType": `"card"`, "enableSMSConfirm": `"true"`, "orderNote": "", "needRegCard": "", "orderBestBefore": "1795262460",
			"orderItems": `[{"num":1,"name":"name1","quantity":2,"price":100,"tax":"vat0"},{"num":2,"name":"name2","quantity":5,"price":50,"tax":"vat110"}]`,
		} {
			require.Equal(t, want, sent.Member(t, name), name)
		}
		requireAuInfo(t, sent)
	})

	states := []struct {
		name, state string
		want        providers.Status
	}{
		{"Payed", `{"state":"payed","totalAmount":13750}`, providers.Captured},
		{"Processed", `{"state":"processed","totalAmount":13750}`, providers.Captured},
		{"Held", `{"state":"holded","totalAmount":13750}`, providers.Authorized},
		{"Rejected", `{"state":"rejected","errorCode":"51"}`, providers.Declined},
		{"TimeWasOver", `{"state":"rejected","error":"OrderExpired"}`, providers.Declined},
		{"Created", `{"state":"created","totalAmount":13750}`, providers.Pending},
		{"UnknownWord", `{"state":"in_orbit"}`, providers.Pending},
		{"Senseless", `{"state":"payed"}`, providers.Pending},
		{"HTML", `<html></html>`, providers.Pending},
		{"PostingErrorFitsNoAmount", `{"state":"error","totalAmount":13750}`, providers.Captured},
	}
	for _, tt := range states {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result, err := charge(t, map[string]http.HandlerFunc{statePath: says(tt.state)})
			require.NoError(t, err)
			require.Equal(t, tt.want, result.Status)
			require.Equal(t, payment, result.ProviderRef, "it is what Sync needs")
			require.Equal(t, tenge(13300), result.Fee)
			require.Equal(t, tt.want == providers.Declined, result.SessionOver)
		})
	}
	t.Run("StateThatCannotBeAskedIsPending", func(t *testing.T) {
		t.Parallel()
		for _, handle := range []http.HandlerFunc{status(502), vendortest.HangUp(""), saysStatus(400, `{"code":9004,"message":"PaymentNotFound"}`), saysStatus(401, "")} {
			result, err := charge(t, map[string]http.HandlerFunc{statePath: handle})
			require.NoError(t, err)
			require.Equal(t, providers.Result{Status: providers.Pending, ProviderRef: payment, Fee: tenge(13300)}, result)
		}
	})
	t.Run("ProofOfAnotherPaymentIsPending", func(t *testing.T) {
		t.Parallel()
		result, err := charge(t, map[string]http.HandlerFunc{statePath: saysStatus(400, `{"code":2365,"regPayNum":"2","securePageURL":"https://acs.example/"}`)})
		require.NoError(t, err)
		require.Equal(t, providers.Pending, result.Status)
	})

	refusals := []struct {
		name   string
		status int
		answer string
		code   string
	}{
		{"NoCard", 400, `{"code":9002,"message":"CardNotFound"}`, "invalid_card"},
		{"TooLate", 400, `{"code":9006,"message":"OrderExpired"}`, "session_expired"},
		{"ExceptionNobodyKnows", 400, `{"code":1234,"message":"LimitException"}`, "declined"},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result, err := charge(t, map[string]http.HandlerFunc{recurrentPath: saysStatus(tt.status, tt.answer)})
			require.NoError(t, err)
			require.Equal(t, providers.Declined, result.Status)
			require.Equal(t, tt.code, result.Decline.Code)
			require.True(t, result.SessionOver)
		})
	}
	t.Run("ExceptionNobodyKnowsThatNamesAPaymentIsAskedAbout", func(t *testing.T) {
		t.Parallel()
		result, err := charge(t, map[string]http.HandlerFunc{
			recurrentPath: saysStatus(400, `{"code":1234,"message":"PostingException","regPayNum":"77"}`), statePath: says(`{"state":"payed","totalAmount":"13750"}`),
		})
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, "77", result.ProviderRef)
	})

	errorsOfCreation := []struct {
		name   string
		answer string
		kind   providers.Kind
		code   string
	}{
		{"NoUser", `{"code":9001,"message":"UserNotRegisteredForShop"}`, providers.Rejected, "9001"},
		{"NoService", `{"code":9003,"message":"ServiceNotFound"}`, providers.Rejected, "9003"},
		{"WrongField", `{"code":9005,"message":"ValidationException: amount"}`, providers.Rejected, "9005"},
		{"ProofWithoutPage", `{"code":2365,"message":"NeedPass3dsException"}`, providers.Unknown, "2365"},
		{"NoAnswerToACreation", `{"code":9004,"message":"PaymentNotFound"}`, providers.Unknown, "9004"},
		{"NorThis", `{"code":9007,"message":"RefundNotAllowed"}`, providers.Unknown, "9007"},
	}
	for _, tt := range errorsOfCreation {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := charge(t, map[string]http.HandlerFunc{recurrentPath: saysStatus(400, tt.answer)})
			requireError(t, err, providers.OpChargeSaved, tt.kind, tt.code)
		})
	}

	t.Run("AnswerWithoutNumberIsUnknown", func(t *testing.T) {
		t.Parallel()
		for _, answer := range []string{`{"payUrl":"https://x/"}`, `{"regPayNum":"1","userToken":"other"}`} {
			_, err := charge(t, map[string]http.HandlerFunc{recurrentPath: says(answer)})
			requireError(t, err, providers.OpChargeSaved, providers.Unknown, "")
		}
	})
	t.Run("NothingIsSentWithoutPhoneCardOrMoney", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(""))
		c := newClient(t, v.URL)
		r := chargeRequest()
		r.Customer.Phone = ""
		_, err := c.Charge(t.Context(), r)
		requireError(t, err, providers.OpChargeSaved, providers.Rejected, "")
		require.ErrorContains(t, err, "phone")
		r = chargeRequest()
		r.CardRef = "a card"
		_, err = c.Charge(t.Context(), r)
		requireError(t, err, providers.OpChargeSaved, providers.Rejected, "")
		r = chargeRequest()
		r.Amount = pay.Of(450, pay.USD)
		_, err = c.Charge(t.Context(), r)
		requireError(t, err, providers.OpChargeSaved, providers.Unsupported, "")
		require.Empty(t, v.Seen())
	})
}

func TestDeclineOf(t *testing.T) {
	t.Parallel()

	known := map[string]string{
		"01": "issuer_declined", "02": "issuer_declined", "05": "issuer_declined", "04": "card_blocked", "07": "card_blocked", "41": "card_blocked", "43": "card_blocked",
		"12": "not_permitted", "13": "not_permitted", "30": "not_permitted", "58": "not_permitted", "36": "not_permitted", "57": "not_permitted", "62": "not_permitted",
		"14": "invalid_card_number", "15": "invalid_card_number", "33": "card_expired", "54": "card_expired", "34": "fraud", "59": "fraud", "63": "fraud",
		"51": "insufficient_funds", "61": "card_limit_exceeded", "65": "card_limit_exceeded", "82": "invalid_cvv", "N7": "invalid_cvv",
		"68": "issuer_unavailable", "91": "issuer_unavailable", "92": "issuer_unavailable", "96": "issuer_unavailable", "": "declined", "1001": "declined",
	}
	for bank, want := range known {
		t.Run("RC"+bank, func(t *testing.T) {
			t.Parallel()
			told := declineOf(bank)
			require.Equal(t, want, told.Code)
			require.NotEmpty(t, told.Message)
			require.NotEmpty(t, told.Retry)
		})
	}
}
