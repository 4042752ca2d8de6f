package payelata

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// The cases of the vendor's specification that concern the adapter, by number.
// Those of the sandbox alone (1 to 3, 6, 15, 27) are its own tests.

func usd(minor int64) pay.Money { return pay.Of(minor, pay.USD) }

func TestConformance_Paying(t *testing.T) {
	t.Parallel()
	ours := providers.Ref{OrderNumber: order, ProviderRef: invoiceID}

	t.Run("Case04_TokenizingAlwaysNamesTheCustomer", func(t *testing.T) {
		t.Parallel()
		b := &book{}
		v := b.serve(t)
		r := startRequest()
		r.SaveFor = &providers.Customer{ID: customerID}
		_, err := newClient(t, v.URL).Start(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, 1, b.count())
	})
	t.Run("Case05_PaidOnThePageWithATokenInThePayload", func(t *testing.T) {
		t.Parallel()
		b := &book{}
		c := newClient(t, b.serve(t).URL)
		r := startRequest()
		r.SaveFor = &providers.Customer{ID: customerID}
		opened, err := c.Start(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, opened.Status)
		ofCustomer := providers.Ref{OrderNumber: order, ProviderRef: opened.ProviderRef, OfCustomer: true}
		waits, err := c.Sync(t.Context(), ofCustomer)
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, waits.Status)
		b.change(paid())
		b.change(change{"payload": raw(golden(t, "payload.json"))})
		result, err := c.Sync(t.Context(), ofCustomer)
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, usd(10000), result.Captured)
		require.Equal(t, cardToken, result.Saved.Ref)
	})
	t.Run("Case07_NoAnswerOfTheBankStaysOpenThenExpires", func(t *testing.T) {
		t.Parallel()
		b := &book{}
		c := newClient(t, b.serve(t).URL)
		_, err := c.Start(t.Context(), startRequest())
		require.NoError(t, err)
		b.change(change{"resolution": "auth_3ds_required"})
		result, err := c.Sync(t.Context(), ours)
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, result.Status)
		b.change(change{"status": "expired"})
		result, err = c.Sync(t.Context(), ours)
		require.NoError(t, err)
		require.Equal(t, providers.Expired, result.Status)
	})
	t.Run("Case08_EveryResolutionIsADeclineWithItsReason", func(t *testing.T) {
		t.Parallel()
		for _, resolution := range documentedResolutions(t) {
			result, err := syncOne(t, false, change{"status": "process_failed", "resolution": resolution})
			require.NoError(t, err)
			require.Equal(t, providers.Declined, result.Status)
			require.True(t, result.SessionOver)
			require.Equal(t, resolution, result.Decline.ProviderCode)
			want, known := resolutionOf(resolution)
			require.True(t, known)
			require.Equal(t, want.code, result.Decline.Code)
			require.Equal(t, want.retry, result.Decline.Retry)
		}
	})
	t.Run("Case10_TokenOfAnotherCustomerOrUnknownIsADecline", func(t *testing.T) {
		t.Parallel()
		for _, r := range []func(*providers.ChargeRequest){
			func(r *providers.ChargeRequest) { r.CardRef = "anotherTokenThatNobodyHas" },
			func(r *providers.ChargeRequest) { r.Customer.ID = "another" },
		} {
			b := &book{}
			request := chargeRequest()
			r(&request)
			result, err := newClient(t, b.serve(t).URL).Charge(t.Context(), request)
			require.NoError(t, err)
			require.Equal(t, "invalid_card", codeOf(result))
			require.Zero(t, b.count())
		}
	})
	t.Run("Case11_InstantInvoiceAndItsSaleTakeTheMoneyWithoutAPage", func(t *testing.T) {
		t.Parallel()
		b := &book{}
		v := b.serve(t)
		result, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, usd(10000), result.Captured)
		require.Nil(t, result.Redirect)
		require.Len(t, v.Seen(), 3)
	})
	t.Run("Case11_SaleThatWasNeverSentStaysPendingThenExpires", func(t *testing.T) {
		t.Parallel()
		for status, want := range map[string]providers.Status{"process_pending": providers.Pending, "expired": providers.Expired} {
			result, err := syncOne(t, true, change{"status": status, "metadata": raw(`{"opened_for":"charge"}`)})
			require.NoError(t, err)
			require.Equal(t, want, result.Status)
		}
	})
	t.Run("Case12_SaleHasTheBearerOfItsInvoiceAndIsSentOnce", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, charging(t, says(422, `{"errors":[{"code":"already_sold"}]}`), paid()))
		_, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
		requireError(t, err, providers.OpChargeSaved, providers.Unknown, "already_sold")
		require.Contains(t, v.Seen()[1].Header.Get("Authorization"), "Bearer ")
		require.Contains(t, v.Seen()[1].Header.Get("Authorization"), canaryBearer)
		require.Len(t, v.Seen(), 2)
	})
	t.Run("Case12_RefusedBearerIsAuthAndIsNotSentAgain", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, charging(t, says(401, `{"errors":[{"code":"unauthorized"}]}`), paid()))
		_, err := newClient(t, v.URL).Charge(t.Context(), chargeRequest())
		requireError(t, err, providers.OpChargeSaved, providers.Auth, "unauthorized")
		require.Len(t, v.Seen(), 2)
	})
	t.Run("Case17_LessMoneyOrAnotherCurrencyIsToldAsItIs", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, false, change{"status": "partially_processed", "processed_amount": 60})
		require.NoError(t, err)
		require.Equal(t, usd(6000), result.Captured)
		require.Zero(t, result.Fee, "nothing that would explain it")
		result, err = syncOne(t, false, paid(), change{"currency": "EUR"})
		require.NoError(t, err)
		require.Equal(t, pay.Of(10000, pay.EUR), result.Captured)
		result, err = syncOne(t, false, paid(), change{"test_mode": false})
		require.NoError(t, err)
		require.False(t, *result.TestMode)
	})
	t.Run("Case18_ModeratedIsPendingWhateverItsStatus", func(t *testing.T) {
		t.Parallel()
		for _, status := range []string{"processed", "process_pending", "process_failed", "expired", "refunded", "charged_back"} {
			result, err := syncOne(t, false, paid(), change{"status": status, "moderation_required": true})
			require.NoError(t, err)
			require.Equal(t, providers.Pending, result.Status)
			require.True(t, result.Moderated)
			require.Equal(t, status, result.RawStatus)
			require.Zero(t, result.Captured)
		}
	})
	t.Run("Case20_ChargebackIsToldWithWhatIsLeft", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, false, paid(), change{"status": "charged_back", "charged_back_amount": 100})
		require.NoError(t, err)
		require.Equal(t, providers.ChargedBack, result.Status)
		require.Equal(t, usd(0), result.Captured)
		require.EqualValues(t, 1585175100, result.At.Unix(), "another update is another finding")
	})
	t.Run("Case21_LostCreateIsUnknownAndFoundByOurNumber", func(t *testing.T) {
		t.Parallel()
		b := &book{loses: true}
		c := newClient(t, b.serve(t).URL)
		_, err := c.Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
		found, err := c.Sync(t.Context(), providers.Ref{OrderNumber: order})
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, found.Status)
		require.Equal(t, invoiceID, found.ProviderRef)
		require.Equal(t, 1, b.count())
	})
	t.Run("Case21_LostCreateOfAChargeSellsNothing", func(t *testing.T) {
		t.Parallel()
		b := &book{loses: true}
		v := b.serve(t)
		c := newClient(t, v.URL)
		_, err := c.Charge(t.Context(), chargeRequest())
		requireError(t, err, providers.OpChargeSaved, providers.Unknown, "")
		found, err := c.Sync(t.Context(), providers.Ref{OrderNumber: order, OfCustomer: true})
		require.NoError(t, err)
		require.Equal(t, providers.Pending, found.Status)
		require.NotContains(t, v.Targets(), "POST "+onSale)
	})
	t.Run("Case21_4xxIsSurelyNotMade", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{400, 401, 403, 404, 422} {
			v := vendortest.New(t, says(status, `{"errors":[{"code":"invalid"}]}`))
			_, err := newClient(t, v.URL).Start(t.Context(), startRequest())
			require.Contains(t, []providers.Kind{providers.Rejected, providers.Auth}, providers.KindOf(err))
		}
	})
	t.Run("Case22_NumberIsUsedOnce", func(t *testing.T) {
		t.Parallel()
		b := &book{}
		c := newClient(t, b.serve(t).URL)
		_, err := c.Start(t.Context(), startRequest())
		require.NoError(t, err)
		_, err = c.Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Conflict, "duplicate")
		_, err = c.Charge(t.Context(), chargeRequest())
		requireError(t, err, providers.OpChargeSaved, providers.Conflict, "duplicate")
		require.Equal(t, 1, b.count())
	})
	t.Run("Case23_AmountsAreExactBothWays", func(t *testing.T) {
		t.Parallel()
		for text, minor := range map[string]int64{`1`: 100, `0.1`: 10, `100.55`: 10055, `1e2`: 10000, `"100"`: 10000, `10.0999999999999996`: 1010, `10.1`: 1010} {
			v := vendortest.New(t, says(201, anInvoice(t, change{"amount": raw(text)})))
			c := newClient(t, v.URL)
			r := startRequest()
			r.Amount.Amount = minor
			_, err := c.Start(t.Context(), r)
			require.NoError(t, err, text)
			require.Contains(t, v.Seen()[0].Body, `"amount":`+amountText(r.Amount)+`,`)
			result, err := syncOne(t, false, paid(), change{"processed_amount": raw(text)})
			require.NoError(t, err)
			require.Equal(t, usd(minor), result.Captured)
		}
	})
	t.Run("Case24_EmptyListsAndNewMembersAreRead", func(t *testing.T) {
		t.Parallel()
		for _, empty := range []string{`[]`, `null`, `{}`, `""`, `7`, `[{"a":1}]`} {
			result, err := syncOne(t, false, paid(), change{
				"metadata": raw(empty), "flow_data": raw(empty), "payload": raw(empty), "original_data": raw(empty),
				"a_new_member": raw(`{"x":[1,{"y":null}]}`), "callback_logs": raw(`[{"status":500}]`), "reserved_amount": raw(empty),
			})
			require.NoError(t, err)
			require.Equal(t, providers.Captured, result.Status)
			require.Nil(t, result.Card)
		}
	})
	t.Run("Case25_CallbackURLStandsInsideTheAttributesOrNowhere", func(t *testing.T) {
		t.Parallel()
		for _, address := range []string{"https://pay.example/hook", ""} {
			v := vendortest.New(t, says(201, golden(t, "invoice.json")))
			r := startRequest()
			r.NotifyURL = address
			_, err := newClient(t, v.URL).Start(t.Context(), r)
			require.NoError(t, err)
			var sent struct{ Data map[string]any }
			require.NoError(t, json.Unmarshal([]byte(v.Seen()[0].Body), &sent))
			require.NotContains(t, sent.Data, "callback_url")
			attributes, _ := sent.Data["attributes"].(map[string]any)
			told, _ := attributes["callback_url"].(string)
			require.Equal(t, address, told)
		}
	})
	t.Run("Case26_WrongKeyAndAnothersInvoice", func(t *testing.T) {
		t.Parallel()
		b := &book{}
		v := b.serve(t)
		c := newClient(t, v.URL)
		_, err := c.Sync(t.Context(), providers.Ref{OrderNumber: order, ProviderRef: "cpi_ofAnotherMerchant"})
		requireError(t, err, providers.OpSync, providers.NotFound, "not_found")
		config := testConfig(v.URL)
		config.APIKey = "sk_test_canary-wrong"
		wrong, err := New(config, testDeps())
		require.NoError(t, err)
		for _, each := range calls() {
			_, err := each.run(t.Context(), wrong)
			requireError(t, err, each.op, providers.Auth, "unauthorized")
		}
		require.Zero(t, b.count())
	})
}

func TestConformance_Refunding(t *testing.T) {
	t.Parallel()

	t.Run("Case19_PartThenTheRestThenNoMore", func(t *testing.T) {
		t.Parallel()
		b := &book{}
		c := newClient(t, b.serve(t).URL)
		_, err := c.Charge(t.Context(), chargeRequest())
		require.NoError(t, err)
		r := refundRequest()
		result, err := c.Refund(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, usd(7000), result.Captured)

		again, err := c.Refund(t.Context(), r) // a resend, whose first answer was lost
		require.NoError(t, err)
		require.Equal(t, usd(7000), again.Captured)

		r.Handle, r.Amount, r.Taken = "second", usd(7000), usd(7000)
		result, err = c.Refund(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, providers.Refunded, result.Status)
		require.Equal(t, usd(0), result.Captured)

		r.Handle, r.Amount, r.Taken = "third", usd(100), usd(0)
		result, err = c.Refund(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.Equal(t, "refund_refused", codeOf(result))
	})
	t.Run("Case19_RefundAlwaysHasItsNumber", func(t *testing.T) {
		t.Parallel()
		r := refundRequest()
		r.Handle = ""
		_, err := newClient(t, "https://payelata.example").Refund(t.Context(), r)
		requireError(t, err, providers.OpRefund, providers.Rejected, "")
	})
	t.Run("Case19_OldModelsAnswerIsReadToo", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, refunding(t, says(200, anInvoice(t, partly())), partly()))
		result, err := newClient(t, v.URL).Refund(t.Context(), refundRequest())
		require.NoError(t, err)
		require.Equal(t, usd(7000), result.Captured)
	})
}

func TestConformance_Callbacks(t *testing.T) {
	t.Parallel()

	t.Run("Case13_PrintedSignaturesPassAndNoOthers", func(t *testing.T) {
		t.Parallel()
		var vectors []struct {
			Secret, Body string
			Signature    string `json:"x_signature"`
		}
		require.NoError(t, json.Unmarshal([]byte(golden(t, "signatures.json")), &vectors))
		require.Len(t, vectors, 3)
		for _, each := range vectors {
			config := testConfig("https://payelata.example")
			config.APIKey, config.CallbackKey = Secret(each.Secret), ""
			c, err := New(config, testDeps())
			require.NoError(t, err)
			require.True(t, c.isSigned(notification(each.Body, each.Signature)))
			require.False(t, c.isSigned(notification(each.Body+" ", each.Signature)))
			require.False(t, c.isSigned(notification(each.Body, strings.ToLower(each.Signature))))
			require.False(t, c.isSigned(notification(each.Body, strings.TrimRight(each.Signature, "="))))
		}
	})
	t.Run("Case13_PrintedCallbackIsAnEvent", func(t *testing.T) {
		t.Parallel()
		var vectors []struct{ Secret, Body string }
		require.NoError(t, json.Unmarshal([]byte(golden(t, "signatures.json")), &vectors))
		events, _, err := newClient(t, "https://payelata.example").ParseWebhook(t.Context(), signed(vectors[0].Body))
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, providers.Ref{OrderNumber: "ORDER1233", ProviderRef: invoiceID}, events[0].Ref)
		require.Equal(t, "processed", events[0].Kind)
	})
	t.Run("Case14_LiveOrderSignedWithTheTestKeyIsRefused", func(t *testing.T) {
		t.Parallel()
		config := testConfig("https://payelata.example")
		config.TestMode, config.APIKey, config.CallbackKey = false, "sk_live_canary", ""
		live, err := New(config, testDeps())
		require.NoError(t, err)
		ofLive, ofTest := anInvoice(t, paid(), change{"test_mode": false}), anInvoice(t, paid())
		for _, n := range []providers.Notification{
			notification(ofLive, sign(canaryKey, ofLive)), notification(ofTest, sign(canaryKey, ofTest)), notification(ofTest, sign("sk_live_canary", ofTest)),
		} {
			_, _, err := live.ParseWebhook(t.Context(), n)
			requireError(t, err, providers.OpWebhook, providers.Auth, "")
		}
		events, _, err := live.ParseWebhook(t.Context(), notification(ofLive, sign("sk_live_canary", ofLive)))
		require.NoError(t, err)
		require.Len(t, events, 1)
	})
	t.Run("Case16_RepeatedHasOneKeyAndAnOldStateSettlesNothing", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, "https://payelata.example")
		keys := map[string]int{}
		for _, body := range []string{anInvoice(t, paid()), anInvoice(t, paid()), anInvoice(t)} {
			events, _, err := c.ParseWebhook(t.Context(), signed(body))
			require.NoError(t, err)
			require.Nil(t, events[0].Result, "the invoice is asked for, and it is the newest")
			keys[events[0].Key]++
		}
		require.Equal(t, map[string]int{invoiceID + "/processed/1585175100": 2, invoiceID + "/process_pending/1585175056": 1}, keys)
	})
}
