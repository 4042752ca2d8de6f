package payelata

import (
	"bytes"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestClient_Sync(t *testing.T) {
	t.Parallel()

	byID := providers.Ref{OrderNumber: order, ProviderRef: invoiceID}
	t.Run("ByIDWhenKnown", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(200, anInvoice(t, paid())))
		result, err := newClient(t, v.URL).Sync(t.Context(), byID)
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, []string{"GET " + onInvoice}, v.Targets())
	})
	t.Run("ByOurNumberAlone", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(200, aList(t, anInvoice(t, paid()), anInvoice(t, change{"reference_id": "another"}))))
		result, err := newClient(t, v.URL).Sync(t.Context(), providers.Ref{OrderNumber: order})
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, invoiceID, result.ProviderRef)
		require.Equal(t, []string{"GET " + onInvoices + "?filter%5Breference_id%5D=" + order}, v.Targets())
	})

	errors := []struct {
		name   string
		ref    providers.Ref
		status int
		body   string
		kind   providers.Kind
		code   string
	}{
		{"EmptyListIsNotFound", providers.Ref{OrderNumber: order}, 200, `{"data":[]}`, providers.NotFound, ""},
		{"UnfilteredListProvesNothing", providers.Ref{OrderNumber: order}, 200, aList(t, anInvoice(t, change{"reference_id": "another"})), providers.Malformed, ""},
		{"NumberInOtherCaseIsAnother", providers.Ref{OrderNumber: order}, 200, aList(t, anInvoice(t, change{"reference_id": "0198C0FFEE0000000000000ABC"})), providers.Malformed, ""},
		{"TwoOfOneNumber", providers.Ref{OrderNumber: order}, 200, aList(t, anInvoice(t), anInvoice(t)), providers.Malformed, ""},
		{"ListIsNone", providers.Ref{OrderNumber: order}, 200, `{"data":{}}`, providers.Malformed, ""},
		{"ListHasSomethingElse", providers.Ref{OrderNumber: order}, 200, `{"data":[{"type":"payout-invoices","id":"cpo_1"}]}`, providers.Malformed, ""},
		{"ListTellsAnError", providers.Ref{OrderNumber: order}, 200, `{"data":[],"errors":[{"code":"filter"}]}`, providers.Malformed, ""},
		{"UnknownID", byID, 404, `{"errors":[{"code":"not_found"}]}`, providers.NotFound, "not_found"},
		{"NotFoundByAServerBetween", byID, 404, `<html>nginx</html>`, providers.Malformed, ""},
		{"NotFoundWithoutAWord", byID, 404, ``, providers.Malformed, ""},
		{"WrongKey", byID, 401, `{"errors":[{"code":"unauthorized"}]}`, providers.Auth, "unauthorized"},
		{"WrongPlace", byID, 403, ``, providers.Auth, ""},
		{"OtherInvoice", providers.Ref{OrderNumber: order, ProviderRef: "cpi_other"}, 200, anInvoice(t), providers.Malformed, ""},
		{"OtherOrder", byID, 200, anInvoice(t, change{"reference_id": "another"}), providers.Malformed, ""},
		{"ErrorOnSuccess", byID, 200, `{"error":"canary","data":` + `{}}`, providers.Malformed, ""},
		{"NoOrderNumber", providers.Ref{}, 200, anInvoice(t), providers.Rejected, ""},
	}
	for _, tt := range errors {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.status, tt.body))
			result, err := newClient(t, v.URL).Sync(t.Context(), tt.ref)
			requireError(t, err, providers.OpSync, tt.kind, tt.code)
			require.Zero(t, result)
		})
	}
}

// sync asks a vendor that has one invoice.
func syncOne(t *testing.T, ofCustomer bool, changes ...change) (providers.Result, error) {
	t.Helper()
	v := vendortest.New(t, says(http.StatusOK, anInvoice(t, changes...)))
	return newClient(t, v.URL).Sync(t.Context(), providers.Ref{OrderNumber: order, ProviderRef: invoiceID, OfCustomer: ofCustomer})
}

func TestClient_SyncStates(t *testing.T) {
	t.Parallel()

	usd := func(minor int64) pay.Money { return pay.Of(minor, pay.USD) }
	type want struct {
		status      providers.Status
		captured    pay.Money
		refunding   bool
		sessionOver bool
	}
	tests := []struct {
		name   string
		change change
		want   want
	}{
		{"created", change{}, want{status: providers.ActionRequired}},
		{"process_pending", change{}, want{status: providers.ActionRequired}},
		{"processing", change{}, want{status: providers.Pending}},
		{"process_error", change{"resolution": "provider_error"}, want{status: providers.Pending}},
		{"verified", change{"processed_amount": 0}, want{status: providers.Pending}},
		{"verify_failed", change{"resolution": "card_verification_failed"}, want{status: providers.Declined, sessionOver: true}},
		{"processed", paid(), want{status: providers.Captured, captured: usd(10000)}},
		{"partially_processed", change{"processed_amount": 60}, want{status: providers.Captured, captured: usd(6000)}},
		{"process_failed", change{"resolution": "declined"}, want{status: providers.Declined, sessionOver: true}},
		{"expired", change{}, want{status: providers.Expired}},
		{"terminated", change{}, want{status: providers.Declined, sessionOver: true}},
		{"rejected", change{}, want{status: providers.Declined, sessionOver: true}},
		{"refunding", change{"processed_amount": 100}, want{status: providers.Captured, captured: usd(10000), refunding: true}},
		{"refund_pending", change{"processed_amount": 100, "refunded_amount": 30}, want{status: providers.Captured, captured: usd(7000), refunding: true}},
		{"refund_error", change{"processed_amount": 100}, want{status: providers.Captured, captured: usd(10000), refunding: true}},
		{"partially_refunded", change{"processed_amount": 100, "refunded_amount": "30.00"}, want{status: providers.Captured, captured: usd(7000)}},
		{"refunded", change{"processed_amount": 100, "refunded_amount": 100}, want{status: providers.Refunded, captured: usd(0)}},
		{"refunded", change{"processed_amount": 100}, want{status: providers.Refunded, captured: usd(0)}},
		{"refunded", change{"processed_amount": 100, "refunded_amount": 98}, want{status: providers.Captured, captured: usd(200)}},
		{"refund_failed", change{"processed_amount": 100}, want{status: providers.Captured, captured: usd(10000)}},
		{"charged_back", change{"processed_amount": 100, "charged_back_amount": 100}, want{status: providers.ChargedBack, captured: usd(0)}},
		{"charged_back", change{"processed_amount": 100}, want{status: providers.ChargedBack, captured: usd(0)}},
		{"partially_charged_back", change{"processed_amount": 100, "charged_back_amount": 40}, want{status: providers.ChargedBack, captured: usd(6000)}},
		{"partially_charged_back", change{"processed_amount": 100}, want{status: providers.ChargedBack}},
		{"processed", change{"processed_amount": 100, "charged_back_amount": 40, "refunded_amount": 10}, want{status: providers.ChargedBack, captured: usd(5000)}},
		{"processed", change{"processed_amount": 100, "refunded_amount": 100}, want{status: providers.Refunded, captured: usd(0)}},
		{"something_new", paid(), want{status: providers.Pending}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result, err := syncOne(t, false, tt.change, change{"status": tt.name})
			require.NoError(t, err)
			require.Equal(t, tt.want, want{result.Status, result.Captured, result.Refunding, result.SessionOver})
			require.Equal(t, tt.name, result.RawStatus)
			require.Equal(t, invoiceID, result.ProviderRef)
			require.Equal(t, result.Status == providers.Declined || tt.name == "process_error", result.Decline != nil)
			require.Equal(t, tt.name == "refund_failed", result.RefundFailed)
			require.True(t, *result.TestMode)
		})
	}
	require.GreaterOrEqual(t, len(tests), 20, "every status of the documents, and one of none")

	senseless := []struct {
		name   string
		change change
	}{
		{"AmountMissing", change{"processed_amount": nil}},
		{"AmountIsAWord", change{"processed_amount": "all"}},
		{"AmountOfPartsOfACent", change{"processed_amount": 99.999}},
		{"AmountIsNegative", change{"processed_amount": -1}},
		{"MoreReturnedThanTaken", change{"refunded_amount": 100.01}},
		{"RefundIsAWord", change{"refunded_amount": "x"}},
		{"PartlyRefundedAndNobodySaysHowMuch", change{"status": "partially_refunded"}},
		{"NoCurrency", change{"currency": nil}},
		{"CurrencyOfNobody", change{"currency": "usd"}},
	}
	for _, tt := range senseless {
		t.Run("Senseless/"+tt.name, func(t *testing.T) {
			t.Parallel()
			result, err := syncOne(t, false, paid(), tt.change)
			requireError(t, err, providers.OpSync, providers.Malformed, "")
			require.Zero(t, result)
		})
	}

	t.Run("FeeOnTopIsTold", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, false, paid(), change{"payment_amount": 102.5, "processed_amount": "102.50", "fee": 2.5})
		require.NoError(t, err)
		require.Equal(t, usd(10250), result.Captured)
		require.Equal(t, usd(250), result.Fee)
	})
	t.Run("FeeOfTheMerchantIsNone", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, false, paid(), change{"fee": 2.5, "deposit": 97.5})
		require.NoError(t, err)
		require.Equal(t, usd(10000), result.Captured)
		require.Zero(t, result.Fee)
	})
	t.Run("TimeOfThePayment", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, false, paid())
		require.NoError(t, err)
		require.Equal(t, time.Unix(1585175099, 0).UTC(), result.At)
	})
	t.Run("ChargeOfASavedCardWaitsForNobody", func(t *testing.T) {
		t.Parallel()
		for _, metadata := range []string{`[]`, `null`, `{"opened_for":"charge"}`} {
			result, err := syncOne(t, true, change{"metadata": raw(metadata)})
			require.NoError(t, err)
			require.Equal(t, providers.Pending, result.Status)
		}
		result, err := syncOne(t, true, change{"metadata": raw(`{"opened_for":"page"}`)})
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, result.Status, "a page that saves a card")
	})
	t.Run("LastRefusalOfALiveInvoice", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, false, change{"resolution": "insufficient_funds"})
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, result.Status)
		require.Equal(t, "insufficient_funds", result.Decline.Code)
		require.False(t, result.SessionOver)
	})
	t.Run("PayerWhoLeft", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, false, change{"status": "terminated"})
		require.NoError(t, err)
		require.Equal(t, "canceled_by_payer", result.Decline.Code)
		require.Equal(t, "terminated", result.Decline.ProviderCode)
	})
	t.Run("NewWordIsLoggedAndNoSecretIs", func(t *testing.T) {
		t.Parallel()
		for _, status := range []string{"moon_phase", canaryKey, cardToken} {
			v := vendortest.New(t, says(http.StatusOK, anInvoice(t, change{"status": status})))
			var log bytes.Buffer
			deps := testDeps()
			deps.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c, err := New(testConfig(v.URL), deps)
			require.NoError(t, err)
			result, err := c.Sync(t.Context(), providers.Ref{OrderNumber: order, ProviderRef: invoiceID})
			require.NoError(t, err)
			require.Equal(t, providers.Pending, result.Status)
			require.Contains(t, log.String(), order)
			requireNoSecret(t, log.String()+result.RawStatus)
		}
	})

	t.Run("CardAndToken", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, true, paid(), change{"payload": raw(golden(t, "payload.json"))})
		require.NoError(t, err)
		card := providers.Card{Brand: "mastercard", Mask: "512381xxxxxx0000"}
		require.Equal(t, &card, result.Card)
		require.Equal(t, &providers.SavedCard{Ref: cardToken, Card: card, Holder: "asd asdas", ExpMonth: 12, ExpYear: 2032, Active: true}, result.Saved)
	})
	t.Run("NoTokenNoSavedCard", func(t *testing.T) {
		t.Parallel()
		for _, payload := range []string{`null`, `[]`, `{}`, `{"token":null,"payment_card":[]}`, `{"token":"a b"}`} {
			result, err := syncOne(t, true, paid(), change{"payload": raw(payload)})
			require.NoError(t, err)
			require.Nil(t, result.Saved)
			require.Nil(t, result.Card)
		}
	})
}

func TestCard_Odd(t *testing.T) {
	t.Parallel()

	masks := map[string]paidCard{
		"512381xxxxxx0000":    {Mask: "5123811234560000"},
		"510000xxxxxx0000":    {First: "510000", Last: "0000"},
		"4111xxxxxxxx1111":    {Mask: "4111********1111"},
		"":                    {Mask: "canary"},
		"512381xxxxxxxxx0000": {Mask: "512381XXXXXXXXX0000"},
	}
	for want, card := range masks {
		require.Equal(t, want, maskOf(card))
	}
	brands := map[string]string{"VISA": "visa", "American Express": "amex", "Diners Club": "diners", "UNION-PAY": "unionpay", "123": "", "<script>": "script"}
	for told, want := range brands {
		require.Equal(t, want, brandOf(told))
	}
	for _, odd := range []paidCard{{ExpiryMonth: "13", ExpiryYear: "32"}, {ExpiryMonth: "12"}, {ExpiryMonth: "x", ExpiryYear: "32"}, {ExpiryMonth: "1", ExpiryYear: "1999"}} {
		month, year := expiryOf(odd)
		require.Zero(t, month+year)
	}
	month, year := expiryOf(paidCard{ExpiryMonth: "04", ExpiryYear: "2030"})
	require.Equal(t, []int{4, 2030}, []int{month, year})
	require.Empty(t, holderOf("5123817234060000"))
}
