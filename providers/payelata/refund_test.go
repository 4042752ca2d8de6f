package payelata

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// aRefund is the newer model's answer (Corefy docs, guides/payments/refunds).
func aRefund(status string) string {
	return `{"data":{"type":"refunds","id":"ref_1","attributes":{"reference_id":"` + handle + `","original_id":"` + invoiceID +
		`","description":"Returned","status":"` + status + `","amount":30,"fee":0,"currency":"USD","created":1585175055}}}`
}

// partly is an invoice of 100 of which 30 were given back.
func partly() change {
	return change{"status": "partially_refunded", "processed_amount": 100, "refunded_amount": 30}
}

func refunding(t *testing.T, answer http.HandlerFunc, after ...change) http.HandlerFunc {
	t.Helper()
	return saysBy(map[string]http.HandlerFunc{"POST " + onRefund: answer, "GET " + onInvoice: says(200, anInvoice(t, after...))})
}

func TestClient_Refund(t *testing.T) {
	t.Parallel()

	usd := func(minor int64) pay.Money { return pay.Of(minor, pay.USD) }
	steps := []string{"POST " + onRefund, "GET " + onInvoice}
	t.Run("NewModelIsSentOurNumberAndReadAgain", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, refunding(t, says(201, aRefund("processed")), partly()))
		result, err := newClient(t, v.URL).Refund(t.Context(), refundRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, usd(7000), result.Captured)
		require.Equal(t, steps, v.Targets())
		require.JSONEq(t, `{"data":{"type":"refund","attributes":{"amount":30,"reference_id":"`+handle+`","description":"Returned"}}}`, v.Seen()[0].Body)
	})
	t.Run("OldModelNamesTheInvoice", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, refunding(t, says(200, anInvoice(t, partly())), partly()))
		config := testConfig(v.URL)
		config.RefundModel = RefundOld
		c, err := New(config, testDeps())
		require.NoError(t, err)
		result, err := c.Refund(t.Context(), refundRequest())
		require.NoError(t, err)
		require.Equal(t, usd(7000), result.Captured)
		require.JSONEq(t, `{"data":{"type":"refund","id":"`+invoiceID+`","attributes":{"amount":30,"reference_id":"`+handle+`","description":"Returned"}}}`, v.Seen()[0].Body)
	})
	t.Run("EitherAnswerIsReadWhateverIsConfigured", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, refunding(t, says(200, anInvoice(t, partly())), partly()))
		result, err := newClient(t, v.URL).Refund(t.Context(), refundRequest())
		require.NoError(t, err)
		require.Equal(t, usd(7000), result.Captured)
	})
	t.Run("InvoiceIsFoundByOurNumber", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, saysBy(map[string]http.HandlerFunc{
			"GET " + onInvoices: says(200, aList(t, anInvoice(t, paid()))), "POST " + onRefund: says(201, aRefund("created")), "GET " + onInvoice: says(200, anInvoice(t, partly())),
		}))
		r := refundRequest()
		r.Ref.ProviderRef = ""
		result, err := newClient(t, v.URL).Refund(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, usd(7000), result.Captured)
		require.Len(t, v.Seen(), 3)
	})

	type want struct {
		status    providers.Status
		captured  pay.Money
		refunding bool
	}
	done := []struct {
		name   string
		answer string
		after  change
		want   want
	}{
		{"Whole", aRefund("processed"), change{"status": "refunded", "processed_amount": 100, "refunded_amount": 100}, want{providers.Refunded, usd(0), false}},
		{"OnItsWay", aRefund("created"), change{"status": "refunding", "processed_amount": 100}, want{providers.Pending, usd(10000), true}},
		{"TriedAgainByItself", aRefund("created"), change{"status": "refund_error", "processed_amount": 100}, want{providers.Pending, usd(10000), true}},
		{"NotSeenYet", aRefund("created"), paid(), want{providers.Pending, usd(10000), true}},
		{"Moderated", aRefund("created"), change{"status": "processed", "processed_amount": 100, "moderation_required": true}, want{providers.Pending, pay.Money{}, true}},
		{"FailedAtOnce", aRefund("rejected"), paid(), want{providers.Declined, usd(10000), false}},
		{"InvoiceThatTellsOfAnEarlierFailure", aRefund("created"), change{"status": "refund_failed", "processed_amount": 100}, want{providers.Pending, usd(10000), true}},
		{"MoreThanAskedIsTold", aRefund("processed"), change{"status": "partially_refunded", "processed_amount": 100, "refunded_amount": 40}, want{providers.Captured, usd(6000), false}},
	}
	for _, tt := range done {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, refunding(t, says(201, tt.answer), tt.after))
			result, err := newClient(t, v.URL).Refund(t.Context(), refundRequest())
			require.NoError(t, err)
			require.Equal(t, tt.want, want{result.Status, result.Captured, result.Refunding})
			require.Equal(t, tt.want.status == providers.Declined, result.Decline != nil)
			require.Equal(t, steps, v.Targets())
		})
	}

	refused := []struct {
		name   string
		body   string
		code   string
		theirs string
	}{
		{"OverTheRest", `{"errors":[{"code":"invalid_amount","source":{"pointer":"/data/attributes/amount"}}]}`, "refund_refused", "invalid_amount"},
		{"WrongState", `{"errors":[{"code":"invalid_status"}]}`, "refund_refused", "invalid_status"},
		{"Balance", `{"errors":[{"code":"insufficient_balance"}]}`, "refund_balance_insufficient", "insufficient_balance"},
		{"NumberMissing", `{"error_codes":["required"]}`, "refund_refused", "required"},
	}
	for _, tt := range refused {
		t.Run("Refused/"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, refunding(t, says(422, tt.body), paid()))
			result, err := newClient(t, v.URL).Refund(t.Context(), refundRequest())
			require.NoError(t, err)
			require.Equal(t, providers.Declined, result.Status)
			require.Equal(t, tt.code, codeOf(result))
			require.Equal(t, tt.theirs, result.Decline.ProviderCode)
			require.Equal(t, steps[:1], v.Targets())
		})
	}

	duplicate := says(422, `{"errors":[{"code":"duplicate","source":{"pointer":"/data/attributes/reference_id"}}]}`)
	t.Run("DuplicateThatIsDoneIsDone", func(t *testing.T) {
		t.Parallel()
		for _, answer := range []http.HandlerFunc{duplicate, says(429, `{"errors":[{"code":"duplicate_request"}]}`), says(409, `{"errors":[{"code":"conflict"}]}`)} {
			v := vendortest.New(t, refunding(t, answer, partly()))
			result, err := newClient(t, v.URL).Refund(t.Context(), refundRequest())
			require.NoError(t, err)
			require.Equal(t, usd(7000), result.Captured)
			require.Equal(t, steps, v.Targets())
		}
	})

	errors := []struct {
		name   string
		answer http.HandlerFunc
		after  change
		kind   providers.Kind
		code   string
	}{
		{"DuplicateThatNothingShows", duplicate, paid(), providers.Unknown, ""},
		{"DuplicateThatWasRefused", duplicate, change{"status": "refund_failed", "processed_amount": 100}, providers.Unknown, ""},
		{"WrongKey", says(401, ``), paid(), providers.Auth, ""},
		{"NoSuchInvoice", says(404, `{"errors":[{"code":"not_found"}]}`), paid(), providers.NotFound, "not_found"},
		{"NotFoundByAServerBetween", says(404, `<html/>`), paid(), providers.Unknown, ""},
		{"RefusedByAServerBetween", says(422, `<html/>`), paid(), providers.Unknown, ""},
		{"NotUnderstood", says(400, `{"errors":[{"code":"malformed"}]}`), paid(), providers.Rejected, "malformed"},
		{"TooMany", says(429, `{"errors":[{"code":"too_many_requests"}]}`), paid(), providers.RateLimited, "too_many_requests"},
		{"429OfSomebody", says(429, ``), paid(), providers.Unknown, ""},
		{"429WithoutAReason", says(429, `{"errors":[{"code":"x"}]}`), paid(), providers.Unknown, ""},
		{"500SaysDuplicate", says(500, `{"errors":[{"code":"duplicate"}]}`), partly(), providers.Unknown, ""},
		{"502", says(502, ``), partly(), providers.Unknown, ""},
		{"Closed", vendortest.HangUp(""), partly(), providers.Unknown, ""},
		{"Garbage", says(200, `garbage`), partly(), providers.Unknown, ""},
		{"ErrorOnSuccess", says(200, `{"error":"canary"}`), partly(), providers.Unknown, ""},
		{"SomethingElse", says(200, `{"data":{"type":"customers","id":"cus_1"}}`), partly(), providers.Unknown, ""},
		{"OfAnotherInvoice", says(200, `{"data":{"type":"refunds","attributes":{"original_id":"cpi_other"}}}`), partly(), providers.Unknown, ""},
		{"OfAnotherInvoiceOld", says(200, `{"data":{"type":"payment-invoices","id":"cpi_other"}}`), partly(), providers.Unknown, ""},
		{"OfAnotherNumber", says(200, `{"data":{"type":"refunds","attributes":{"reference_id":"another"}}}`), partly(), providers.Unknown, ""},
		{"OfAnotherAmount", says(200, `{"data":{"type":"refunds","attributes":{"amount":31}}}`), partly(), providers.Unknown, ""},
		{"InAnotherCurrency", says(200, `{"data":{"type":"refunds","attributes":{"currency":"EUR"}}}`), partly(), providers.Unknown, ""},
		{"InvoiceOfAnotherAfterwards", says(201, aRefund("created")), change{"reference_id": "another"}, providers.Unknown, ""},
		{"SenselessAfterwards", says(201, aRefund("created")), change{"status": "processed"}, providers.Unknown, ""},
		{"ChargedBackAfterwards", says(201, aRefund("created")), change{"status": "charged_back", "processed_amount": 100}, providers.Unknown, ""},
		{"NeverPaid", says(201, aRefund("created")), change{"status": "expired"}, providers.Unknown, ""},
	}
	for _, tt := range errors {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, refunding(t, tt.answer, tt.after))
			result, err := newClient(t, v.URL).Refund(t.Context(), refundRequest())
			requireError(t, err, providers.OpRefund, tt.kind, tt.code)
			require.Zero(t, result)
			require.Equal(t, "POST "+onRefund, v.Targets()[0])
			require.LessOrEqual(t, len(v.Seen()), 2, "a refund is never sent again")
		})
	}
	t.Run("InvoiceThatCannotBeReadAfterwardsIsInDoubt", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, saysBy(map[string]http.HandlerFunc{"POST " + onRefund: says(201, aRefund("processed"))}))
		_, err := newClient(t, v.URL).Refund(t.Context(), refundRequest())
		requireError(t, err, providers.OpRefund, providers.Unknown, "")
	})
	t.Run("RateLimitSaysWhen", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			says(429, `{"errors":[{"title":"Too many requests"}]}`)(w, r)
		})
		_, err := newClient(t, v.URL).Refund(t.Context(), refundRequest())
		var e *providers.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, 7*time.Second, e.RetryAfter)
	})

	unfound := []struct {
		name   string
		status int
		body   string
		kind   providers.Kind
	}{
		{"NoneOfOurNumber", 200, `{"data":[]}`, providers.NotFound},
		{"ListIsBroken", 502, ``, providers.Unavailable},
		{"ListIsGarbage", 200, `x`, providers.Unavailable},
		{"TooMany", 429, ``, providers.RateLimited},
		{"WrongKey", 401, ``, providers.Auth},
	}
	for _, tt := range unfound {
		t.Run("NothingIsSentAfter"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.status, tt.body))
			r := refundRequest()
			r.Ref.ProviderRef = ""
			_, err := newClient(t, v.URL).Refund(t.Context(), r)
			requireError(t, err, providers.OpRefund, tt.kind, "")
			require.Len(t, v.Seen(), 1)
		})
	}

	senseless := []struct {
		name   string
		change func(*providers.RefundRequest)
	}{
		{"NoOrder", func(r *providers.RefundRequest) { r.Ref.OrderNumber = "" }},
		{"NoNumberOfItsOwn", func(r *providers.RefundRequest) { r.Handle = "" }},
		{"Nothing", func(r *providers.RefundRequest) { r.Amount.Amount = 0 }},
		{"LessThanNothing", func(r *providers.RefundRequest) { r.Amount.Amount = -1 }},
		{"OtherCurrency", func(r *providers.RefundRequest) { r.Amount.Currency = pay.EUR }},
	}
	for _, tt := range senseless {
		t.Run("NothingIsAskedWith"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, refunding(t, says(201, aRefund("created")), partly()))
			r := refundRequest()
			tt.change(&r)
			_, err := newClient(t, v.URL).Refund(t.Context(), r)
			requireError(t, err, providers.OpRefund, providers.Rejected, "")
			require.Empty(t, v.Seen())
		})
	}
}
