package payelata

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// aSale is the card gate's answer to an accepted sale.
const aSale = `{"data":{"type":"sale-operation","id":"cgo_1","attributes":{"status":"processed","resolution":"ok"}}}`

// charging is a vendor that makes the invoice, sells it, and then has it as after.
func charging(t *testing.T, sale http.HandlerFunc, after ...change) http.HandlerFunc {
	t.Helper()
	return saysBy(map[string]http.HandlerFunc{
		"POST " + onInvoices: says(201, anInvoice(t)), "POST " + onSale: sale, "GET " + onInvoice: says(200, anInvoice(t, after...)),
	})
}

func TestClient_Charge(t *testing.T) {
	t.Parallel()

	steps := []string{"POST " + onInvoices, "POST " + onSale, "GET " + onInvoice}
	t.Run("InvoiceIsMadeSoldAndRead", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, charging(t, says(201, aSale), paid()))
		result, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, pay.Of(10000, pay.USD), result.Captured)
		require.Equal(t, invoiceID, result.ProviderRef)
		require.Equal(t, steps, v.Targets())
		seen := v.Seen()
		require.JSONEq(t, `{"data":{"type":"payment-invoices","attributes":{
			"reference_id":"`+order+`","currency":"USD","amount":100,"service":"payment_card_usd_hpp","flow":"charge","test_mode":true,
			"description":"A renewal","callback_url":"https://pay.example/webhooks/payelata/main","token":"`+cardToken+`",
			"customer":{"reference_id":"`+customerID+`","email":"canary@example.com"},
			"gateway_options":{"cardgate":{"instant":true}},"metadata":{"opened_for":"charge"}}}}`, seen[0].Body)
		require.JSONEq(t, `{"data":{"type":"sale-operation","attributes":{}}}`, seen[1].Body)
		require.Equal(t, "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzUxMiJ9."+canaryBearer+".sig", seen[1].Header.Get("Authorization"))
		require.True(t, strings.HasPrefix(seen[2].Header.Get("Authorization"), "Basic "))
	})

	after := []struct {
		name   string
		sale   string
		change change
		code   string // of a decline; "" means that it is in doubt
	}{
		{"Declined", aSale, change{"status": "process_failed", "resolution": "insufficient_funds"}, "insufficient_funds"},
		{"WrongCVVMeansAnotherCard", aSale, change{"status": "process_failed", "resolution": "invalid_cvv"}, "invalid_cvv"},
		{"WrongCodeMeansTheOwner", aSale, change{"status": "process_failed", "resolution": "invalid_3ds_code"}, authenticationRequired},
		{"ProofWantedWithoutAPage", aSale, change{"resolution": "auth_3ds_required"}, authenticationRequired},
		{"ProofWantedBySale", `{"data":{"attributes":{"resolution":"auth_3ds_required"}}}`, change{}, authenticationRequired},
		{"ProofOnAnOddPage", `{"data":{"attributes":{"resolution":"auth_3ds_required","auth_payload":{"action":"javascript:x"}}}}`, change{}, authenticationRequired},
		{"UnderWay", aSale, change{}, ""},
		{"Processing", aSale, change{"status": "processing"}, ""},
		{"ProcessingWithAProofWanted", aSale, change{"status": "processing", "resolution": "auth_3ds_required"}, ""},
		{"Moderated", aSale, change{"status": "processed", "processed_amount": 100, "moderation_required": true}, ""},
		{"ModeratedWithAProofWanted", aSale, change{"resolution": "auth_3ds_required", "moderation_required": true}, ""},
		{"Expired", aSale, change{"status": "expired"}, ""},
		{"Refunded", aSale, change{"status": "refunded", "processed_amount": 100}, ""},
		{"NewWord", aSale, change{"status": "moon_phase"}, ""},
		{"OddAmount", aSale, change{"status": "processed"}, ""},
		{"InvoiceOfAnother", aSale, change{"reference_id": "another"}, ""},
	}
	for _, tt := range after {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, charging(t, says(201, tt.sale), tt.change))
			result, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
			require.Equal(t, steps, v.Targets(), "each step once")
			require.Nil(t, result.Redirect)
			require.Equal(t, tt.code == "", err != nil, "%v", err)
			require.Equal(t, tt.code == "", providers.KindOf(err) == providers.Unknown)
			require.Equal(t, tt.code, codeOf(result))
			require.Equal(t, tt.code != "", result.SessionOver)
			require.True(t, tt.code == "" || result.Decline.Retry == pay.RetryOtherMethod)
		})
	}

	t.Run("OwnerIsSentToTheBanksPage", func(t *testing.T) {
		t.Parallel()
		for _, sale := range []string{
			`{"data":{"attributes":{"auth_payload":{"action":"https://acs.example/3ds","method":"POST","params":{"creq":"abc"}}}}}`,
			`{"data":{"attributes":[]},"auth_payload":{"action":"https://acs.example/3ds","method":"POST","params":{"creq":"abc"}}}`,
		} {
			v := vendortest.New(t, charging(t, says(201, sale), change{"resolution": "auth_3ds_required"}))
			result, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
			require.NoError(t, err)
			require.Equal(t, providers.ActionRequired, result.Status)
			require.Equal(t, &providers.Redirect{URL: "https://acs.example/3ds", Method: "POST", Fields: map[string]string{"creq": "abc"}, Expires: noon.Add(24 * time.Hour)}, result.Redirect)
		}
	})

	create := []struct {
		name   string
		status int
		body   string
		kind   providers.Kind
		code   string
	}{
		{"502", 502, ``, providers.Unknown, ""},
		{"Garbage", 201, `garbage`, providers.Unknown, ""},
		{"WithoutBearer", 201, anInvoice(t, change{"flow_data": raw(`{"action":"https://g.example/","metadata":[]}`)}), providers.Unknown, ""},
		{"BearerWouldBreakTheHeader", 201, anInvoice(t, change{"flow_data": raw(`{"metadata":{"token":"a\r\nX: y"}}`)}), providers.Unknown, ""},
		{"OtherAmount", 201, anInvoice(t, change{"amount": 1000}), providers.Unknown, ""},
		{"OtherMode", 201, anInvoice(t, change{"test_mode": false}), providers.Unknown, ""},
		{"Duplicate", 422, `{"errors":[{"code":"duplicate"}]}`, providers.Conflict, "duplicate"},
		{"TooMany", 429, `{"errors":[{"code":"too_many_requests"}]}`, providers.RateLimited, "too_many_requests"},
		{"WrongKey", 401, ``, providers.Auth, ""},
		{"Invalid", 422, `{"errors":[{"code":"invalid","source":{"pointer":"/data/attributes/service"}}]}`, providers.Rejected, "invalid"},
		{"TokenInTheCode", 422, `{"errors":[{"code":"` + cardToken + `"}]}`, providers.Rejected, ""},
	}
	for _, tt := range create {
		t.Run("NothingIsSoldAfterCreate/"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, saysBy(map[string]http.HandlerFunc{"POST " + onInvoices: says(tt.status, tt.body), "POST " + onSale: says(201, aSale)}))
			result, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
			requireError(t, err, providers.OpChargeSaved, tt.kind, tt.code)
			require.Zero(t, result)
			require.Equal(t, steps[:1], v.Targets())
		})
	}
	t.Run("TokenThatIsRefusedIsADecline", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			`{"errors":[{"code":"not_found","title":"The token does not exist","source":{"pointer":"/data/attributes/token"}}]}`,
			`{"errors":[{"code":"invalid_token"}]}`,
		} {
			v := vendortest.New(t, says(422, body))
			result, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
			require.NoError(t, err)
			require.Equal(t, "invalid_card", codeOf(result))
			require.Equal(t, pay.RetryOtherMethod, result.Decline.Retry)
		}
	})
	t.Run("InvoiceThatIsPaidAtOnceIsNotSold", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(201, anInvoice(t, paid())))
		result, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, steps[:1], v.Targets())
	})

	sales := []struct {
		name string
		sale http.HandlerFunc
		kind providers.Kind
		code string
	}{
		{"BearerRefused", says(401, `{"errors":[{"code":"unauthorized"}]}`), providers.Auth, "unauthorized"},
		{"NotUnderstood", says(400, `{"errors":[{"code":"malformed"}]}`), providers.Rejected, "malformed"},
		{"SoldBefore", says(409, `{"errors":[{"code":"already_sold"}]}`), providers.Unknown, "already_sold"},
		{"SoldBeforeToo", says(422, `{"errors":[{"code":"duplicate"}]}`), providers.Unknown, "duplicate"},
		{"SoldBeforeSays400", says(400, `{"errors":[{"code":"duplicate"}]}`), providers.Unknown, "duplicate"},
		{"PageNotFound", says(404, `<html>nginx</html>`), providers.Unknown, ""},
		{"TooMany", says(429, ``), providers.Unknown, ""},
		{"502", says(502, ``), providers.Unknown, ""},
		{"Garbage", says(201, `garbage`), providers.Unknown, ""},
		{"ErrorOnSuccess", says(200, `{"errors":["canary"]}`), providers.Unknown, ""},
		{"Redirect", says(302, ``), providers.Unknown, ""},
		{"Closed", vendortest.HangUp(""), providers.Unknown, ""},
		{"TokenInTheCode", says(401, `{"errors":[{"code":"x-`+strings.ToLower(cardToken)+`"}]}`), providers.Auth, ""},
	}
	for _, tt := range sales {
		t.Run("Sale/"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, charging(t, tt.sale, paid()))
			result, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
			requireError(t, err, providers.OpChargeSaved, tt.kind, tt.code)
			require.Zero(t, result)
			require.Equal(t, steps[:2], v.Targets(), "a sale is never sent again")
		})
	}
	t.Run("SaleThatNeverLeftIsSurelyNotDone", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, charging(t, says(201, aSale), paid()))
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, closed.Close())
		config := testConfig(v.URL)
		config.CardGateURL = "http://" + closed.Addr().String()
		c, err := New(config, testDeps())
		require.NoError(t, err)
		_, err = c.Charge(t.Context(), chargeRequest())
		requireError(t, err, providers.OpChargeSaved, providers.Unavailable, "")
		require.Equal(t, steps[:1], v.Targets())
	})
	t.Run("SaleThatHangsIsInDoubt", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		v := vendortest.New(t, charging(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }, paid()))
		_, err := newClient(t, v.URL).Charge(ctx, chargeRequest())
		requireError(t, err, providers.OpChargeSaved, providers.Unknown, "")
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("InvoiceThatCannotBeReadAfterwardsIsInDoubt", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, saysBy(map[string]http.HandlerFunc{"POST " + onInvoices: says(201, anInvoice(t)), "POST " + onSale: says(201, aSale)}))
		_, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
		requireError(t, err, providers.OpChargeSaved, providers.Unknown, "")
	})

	senseless := []struct {
		name   string
		change func(*providers.ChargeRequest)
		kind   providers.Kind
	}{
		{"NoOrderNumber", func(r *providers.ChargeRequest) { r.OrderNumber = "" }, providers.Rejected},
		{"NoCustomer", func(r *providers.ChargeRequest) { r.Customer.ID = "" }, providers.Rejected},
		{"NoCard", func(r *providers.ChargeRequest) { r.CardRef = "" }, providers.Rejected},
		{"CardIsNoToken", func(r *providers.ChargeRequest) { r.CardRef = "canary canary" }, providers.Rejected},
		{"Nothing", func(r *providers.ChargeRequest) { r.Amount.Amount = 0 }, providers.Rejected},
		{"OtherCurrency", func(r *providers.ChargeRequest) { r.Amount.Currency = pay.RUB }, providers.Unsupported},
	}
	for _, tt := range senseless {
		t.Run("NothingIsAskedWith"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, charging(t, says(201, aSale), paid()))
			r := chargeRequest()
			tt.change(&r)
			_, err := newClient(t, v.URL).Charge(t.Context(), r)
			requireError(t, err, providers.OpChargeSaved, tt.kind, "")
			require.Empty(t, v.Seen())
		})
	}
}

// codeOf is our code of a decline, "" without one.
func codeOf(r providers.Result) string {
	if r.Decline == nil {
		return ""
	}
	return r.Decline.Code
}

// requireSilent walks an error's causes and finds no secret.
func requireSilent(t *testing.T, err error) {
	t.Helper()
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		requireNoSecret(t, cause.Error())
	}
}
