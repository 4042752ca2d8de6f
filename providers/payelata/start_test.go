package payelata

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestClient_Start(t *testing.T) {
	t.Parallel()

	t.Run("SamplesInvoiceSendsThePayerToItsPage", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(201, golden(t, "invoice.json")))
		result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		require.NoError(t, err)
		test := true
		require.Equal(t, providers.Result{
			Status: providers.ActionRequired, ProviderRef: invoiceID, RawStatus: "process_pending", TestMode: &test, At: time.Unix(1585175056, 0).UTC(),
			Redirect: &providers.Redirect{URL: hostedPage, Method: "GET", Expires: noon.Add(24 * time.Hour)},
		}, result)
		require.Equal(t, []string{"POST " + onInvoices}, v.Targets())
		sent := v.Seen()[0]
		require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("shop-account:"+canaryKey)), sent.Header.Get("Authorization"))
		require.JSONEq(t, `{"data":{"type":"payment-invoices","attributes":{
			"reference_id":"`+order+`","currency":"USD","amount":100,"service":"payment_card_usd_hpp","flow":"charge","test_mode":true,
			"description":"A page","callback_url":"https://pay.example/webhooks/payelata/main","return_url":"https://shop.example/return/tok",
			"metadata":{"opened_for":"page"}}}}`, sent.Body)
	})
	t.Run("CardIsSavedForItsCustomer", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(201, golden(t, "invoice.json")))
		r := startRequest()
		r.SaveFor = &providers.Customer{ID: customerID, Email: "a@example.com", Phone: "+380501234567"}
		r.Description, r.ReturnURL, r.NotifyURL = "", "", ""
		_, err := newClient(t, v.URL).Start(t.Context(), r)
		require.NoError(t, err)
		require.JSONEq(t, `{"data":{"type":"payment-invoices","attributes":{
			"reference_id":"`+order+`","currency":"USD","amount":100,"service":"payment_card_usd_hpp","flow":"charge","test_mode":true,
			"customer":{"reference_id":"`+customerID+`","email":"a@example.com","phone":"+380501234567"},
			"gateway_options":{"cardgate":{"tokenize":true}},"metadata":{"opened_for":"page"}}}}`, v.Seen()[0].Body)
	})

	pages := []struct {
		name string
		flow string
		want providers.Redirect
	}{
		{"Get", `{"action":"https://g.example/hpp/cgi_1","method":"get","params":[]}`, providers.Redirect{URL: "https://g.example/hpp/cgi_1", Method: "GET"}},
		{"WithoutMethod", `{"action":"https://g.example/hpp/cgi_1"}`, providers.Redirect{URL: "https://g.example/hpp/cgi_1", Method: "GET"}},
		{"GetWithParams", `{"action":"https://g.example/hpp?a=1","method":"GET","params":{"b":"x y","c":2}}`, providers.Redirect{URL: "https://g.example/hpp?a=1&b=x+y&c=2", Method: "GET"}},
		{"Post", `{"action":"https://g.example/hpp","method":"POST","params":{"PaReq":"eJx=","MD":7,"n":null}}`, providers.Redirect{URL: "https://g.example/hpp", Method: "POST", Fields: map[string]string{"PaReq": "eJx=", "MD": "7", "n": ""}}},
		{"PostWithoutParams", `{"action":"https://g.example/hpp","method":"POST","params":[]}`, providers.Redirect{URL: "https://g.example/hpp", Method: "POST", Fields: map[string]string{}}},
	}
	for _, tt := range pages {
		t.Run("Page/"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(201, anInvoice(t, change{"flow_data": raw(tt.flow)})))
			result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
			require.NoError(t, err)
			tt.want.Expires = noon.Add(24 * time.Hour)
			require.Equal(t, &tt.want, result.Redirect)
		})
	}

	doubtful := []struct {
		name   string
		change change
	}{
		{"OtherOrder", change{"reference_id": "another"}},
		{"NoOrder", change{"reference_id": nil}},
		{"OtherAmount", change{"amount": 100.01}},
		{"OddAmount", change{"amount": "a hundred"}},
		{"OtherCurrency", change{"currency": "EUR"}},
		{"OtherMode", change{"test_mode": false}},
		{"NoPage", change{"flow_data": raw(`[]`)}},
		{"PageIsNoAddress", change{"flow_data": raw(`{"action":"javascript:alert(1)"}`)}},
		{"PageHasAUser", change{"flow_data": raw(`{"action":"https://a:b@g.example/"}`)}},
		{"PageWantsAnOddMethod", change{"flow_data": raw(`{"action":"https://g.example/","method":"PUT"}`)}},
		{"PaidAlready", paid()},
		{"ExpiredAlready", change{"status": "expired"}},
		{"NoStatus", change{"status": nil}},
	}
	for _, tt := range doubtful {
		t.Run("Doubtful/"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(201, anInvoice(t, tt.change)))
			result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
			requireError(t, err, providers.OpStart, providers.Unknown, "")
			require.Zero(t, result)
			require.Len(t, v.Seen(), 1)
		})
	}
	t.Run("LivePayersAreSentToEncryptedPagesOnly", func(t *testing.T) {
		t.Parallel()
		config := testConfig("https://payelata.example")
		config.TestMode, config.APIKey, config.CallbackKey = false, "sk_live_x", ""
		c, err := New(config, testDeps())
		require.NoError(t, err)
		_, ok := c.redirect("http://g.example/hpp", "GET", nil, noon)
		require.False(t, ok)
		_, ok = c.redirect("https://g.example/hpp", "GET", nil, noon)
		require.True(t, ok)
	})

	refused := []struct {
		name   string
		status int
		body   string
		kind   providers.Kind
		code   string
	}{
		{"JSONAPI", 422, `{"errors":[{"status":"422","code":"invalid","title":"x","source":{"pointer":"/data/attributes/amount"}}]}`, providers.Rejected, "invalid"},
		{"ErrorCodes", 422, `{"request_id":"r","error_type":"validation","error_codes":["required"]}`, providers.Rejected, "required"},
		{"ErrorText", 422, `{"error":"Something of canary went wrong"}`, providers.Rejected, ""},
		{"HTML", 422, `<html>canary</html>`, providers.Rejected, ""},
		{"BadRequest", 400, `{"errors":[{"code":"bad_request"}]}`, providers.Rejected, "bad_request"},
		{"NotFound", 404, ``, providers.Rejected, ""},
		{"Unauthorized", 401, `{"errors":[{"code":"unauthorized"}]}`, providers.Auth, "unauthorized"},
		{"Forbidden", 403, ``, providers.Auth, ""},
		{"ConflictStatus", 409, ``, providers.Conflict, ""},
		{"Duplicate", 422, `{"errors":[{"code":"duplicate","source":{"pointer":"/data/attributes/reference_id"}}]}`, providers.Conflict, "duplicate"},
		{"DuplicateInWords", 422, `{"errors":[{"title":"reference_id has already been taken"}]}`, providers.Conflict, ""},
		{"DuplicateWith429", 429, `{"errors":[{"code":"duplicate_request"}]}`, providers.Conflict, "duplicate_request"},
		{"TooMany", 429, `{"errors":[{"code":"too_many_requests"}]}`, providers.RateLimited, "too_many_requests"},
		{"TooManyWithoutWords", 429, ``, providers.RateLimited, ""},
		{"MerchantsFault", 422, `{"errors":[{"code":"access_denied"}]}`, providers.Rejected, "access_denied"},
		{"Moved", 302, ``, providers.Unknown, ""},
		{"TimeOut", 408, ``, providers.Unknown, ""},
		{"OursIsBroken", 500, `{"errors":[{"code":"duplicate"}]}`, providers.Unknown, ""},
		{"BadGateway", 502, golden(t, "invoice.json"), providers.Unknown, ""},
		{"ErrorOnSuccess", 200, `{"errors":[{"code":"invalid"}]}`, providers.Unknown, ""},
		{"SecretInTheCode", 422, `{"errors":[{"code":"` + canaryKey + `"}]}`, providers.Rejected, ""},
	}
	for _, tt := range refused {
		t.Run("Refused/"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.status, tt.body))
			result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
			requireError(t, err, providers.OpStart, tt.kind, tt.code)
			require.ErrorContains(t, err, order)
			require.Zero(t, result)
		})
	}
	t.Run("RefusalNamesTheAttribute", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(422, `{"errors":[{"code":"invalid","source":{"pointer":"/data/attributes/amount"}}]}`))
		_, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		require.ErrorContains(t, err, "refused for its amount")
	})
	t.Run("RateLimitSaysWhen", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		_, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		var e *providers.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, 7*time.Second, e.RetryAfter)
	})
	t.Run("RefusalOfThePayerIsADecline", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(422, `{"errors":[{"code":"limit_violation"}]}`))
		result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.True(t, result.SessionOver)
		require.Equal(t, "card_limit_exceeded", result.Decline.Code)
		require.Equal(t, "limit_violation", result.Decline.ProviderCode)
	})
	t.Run("InvoiceThatWillBeModeratedIsPaidFirst", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(201, anInvoice(t, change{"moderation_required": true})))
		result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, result.Status)
		require.False(t, result.Moderated)
	})
	t.Run("InvoiceThatFailedAtOnceIsADecline", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(201, anInvoice(t, change{"status": "rejected", "resolution": "antifraud_error"})))
		result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.Equal(t, "fraud", result.Decline.Code)
	})

	senseless := []struct {
		name   string
		change func(*providers.StartRequest)
		kind   providers.Kind
	}{
		{"NoOrderNumber", func(r *providers.StartRequest) { r.OrderNumber = "" }, providers.Rejected},
		{"OrderNumberWithSlash", func(r *providers.StartRequest) { r.OrderNumber = "a/b" }, providers.Rejected},
		{"Nothing", func(r *providers.StartRequest) { r.Amount.Amount = 0 }, providers.Rejected},
		{"LessThanNothing", func(r *providers.StartRequest) { r.Amount.Amount = -1 }, providers.Rejected},
		{"OtherCurrency", func(r *providers.StartRequest) { r.Amount = pay.Of(1, pay.RUB) }, providers.Unsupported},
		{"ReturnURL", func(r *providers.StartRequest) { r.ReturnURL = "javascript:alert(1)" }, providers.Rejected},
		{"NotifyURL", func(r *providers.StartRequest) { r.NotifyURL = "/here" }, providers.Rejected},
		{"CustomerWithoutID", func(r *providers.StartRequest) { r.SaveFor = new(providers.Customer) }, providers.Rejected},
	}
	for _, tt := range senseless {
		t.Run("NothingIsAskedWith"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(201, golden(t, "invoice.json")))
			r := startRequest()
			tt.change(&r)
			_, err := newClient(t, v.URL).Start(t.Context(), r)
			requireError(t, err, providers.OpStart, tt.kind, "")
			require.Empty(t, v.Seen())
		})
	}
}
