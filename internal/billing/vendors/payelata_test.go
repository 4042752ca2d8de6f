package vendors_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
)

// PayElata's test cards: no 3-D Secure, 3-D Secure, and one that fails.
const (
	goodElata     = "5519283812030000"
	provesElata   = "5123817234060000"
	poorElata     = "4302912837020000"
	hookElata     = "/webhooks/payelata/payelata"
	invoicesElata = "/api/payment-invoices"
)

// dollars is 100.00 of them.
func dollars() pay.Money { return pay.Of(10_000, pay.USD) }

// paidElata is a bill that was paid and fulfilled.
func (b *bundle) paidElata(price pay.Money) *ent.Bill {
	b.t.Helper()
	bill := b.bills(book(payelataAccount, price))
	require.Equal(b.t, "processed", b.visits(bill, goodElata, "approve"))
	b.told()
	require.Equal(b.t, pay.BillDone, b.bill(bill.ID).Status)
	return bill
}

// decides has a person at PayElata, or the payer's bank, act on an invoice.
func (b *bundle) decides(what string, body map[string]any) {
	b.t.Helper()
	b.post("/payelata/_test/"+what, body)
}

func TestPayElata_Page(t *testing.T) {
	t.Parallel()

	fact(t, "Case05_PaidAndToldByASignedCallback", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, dollars()))
		require.Equal(t, "processed", b.visits(bill, goodElata, "approve"))
		d := b.delivered()
		require.Equal(t, hookElata, d.path)
		require.Equal(t, http.StatusOK, d.status)
		require.Empty(t, b.wire.with(*b.current(bill).ProviderRef), "it is stored, and asked about after that")
		b.later(0)
		require.Len(t, b.wire.with(*b.current(bill).ProviderRef), 1)
		paid := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Equal(t, "551928xxxxxx0000", *paid.Edges.Attempts[0].CardMask)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -10_000, pay.AccountSales: 10_000}, b.booked())
	})
	fact(t, "Case06_ThePollSettlesWithoutAnyCallback", func(t *testing.T, b *bundle) {
		b.control("faults", map[string]any{"provider": "payelata", "op": "webhook", "fault": "lose"})
		bill := b.bills(book(payelataAccount, dollars()))
		require.Equal(t, "processed", b.visits(bill, provesElata, "approve"))
		b.later(5 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "Case15_A500OfOursMakesPayElataSendAgain", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, dollars()))
		b.edge.failsOnce()
		b.visits(bill, goodElata, "approve")
		require.Equal(t, http.StatusInternalServerError, b.delivered().status)
		require.Equal(t, http.StatusOK, b.delivered().status)
		b.later(2 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, 1, b.rows().events)
	})
	fact(t, "Case08_ADeclinedPayerStartsAnew", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, dollars()))
		require.Equal(t, "process_failed", b.visits(bill, poorElata, "approve"))
		b.told()
		refused := b.bill(bill.ID)
		require.Equal(t, pay.AttemptDeclined, refused.Edges.Attempts[0].Status)
		require.Equal(t, "insufficient_funds", *refused.Edges.Attempts[0].DeclineCode)
		b.opensAgain(bill, payelataAccount)
		b.visits(bill, goodElata, "approve")
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "AnInvoiceThatNobodyPaysExpires", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, dollars()))
		b.passes(2*time.Hour, time.Minute)
		require.Equal(t, pay.BillExpired, b.bill(bill.ID).Status)
		require.Equal(t, pay.AttemptExpired, b.bill(bill.ID).Edges.Attempts[0].Status)
	})
	fact(t, "Case17_PartOfTheMoneyIsAMismatch", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, pay.Of(99_002, pay.USD)))
		require.Equal(t, "partially_processed", b.visits(bill, goodElata, "approve"))
		b.told()
		require.Equal(t, pay.BillAmountMismatch, b.bill(bill.ID).Status)
		require.Equal(t, []pay.ReviewReason{pay.ReviewAmountMismatch}, reasons(b.bill(bill.ID)))
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -59_401, pay.AccountSuspense: 59_401}, b.booked())
	})
	fact(t, "Case17_AnotherCurrencyIsAMismatch", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, pay.Of(99_003, pay.USD)))
		require.Equal(t, "processed", b.visits(bill, goodElata, "approve"))
		b.told()
		require.Equal(t, pay.BillAmountMismatch, b.bill(bill.ID).Status)
		require.Equal(t, []pay.ReviewReason{pay.ReviewCurrencyMismatch}, reasons(b.bill(bill.ID)))
	})
	fact(t, "Case18_ModerationIsACaseAndFulfilsNothing", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, pay.Of(99_001, pay.USD)))
		b.visits(bill, goodElata, "approve")
		b.told()
		b.passes(10*time.Minute, time.Minute)
		held := b.bill(bill.ID)
		require.Equal(t, pay.BillPending, held.Status)
		require.Equal(t, []pay.ReviewReason{pay.ReviewModeration}, reasons(held))
		require.Zero(t, b.booked()[pay.AccountClearing])

		b.decides("moderation", map[string]any{"invoice": *b.current(bill).ProviderRef, "decision": "approve"})
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, int64(-99_001), b.booked()[pay.AccountClearing])
	})
	fact(t, "Case18_ModerationThatRejectsEndsTheAttempt", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, pay.Of(99_001, pay.USD)))
		b.visits(bill, goodElata, "approve")
		b.told()
		b.decides("moderation", map[string]any{"invoice": *b.current(bill).ProviderRef, "decision": "reject"})
		b.told()
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		require.Equal(t, pay.AttemptDeclined, b.bill(bill.ID).Edges.Attempts[0].Status)
	})
}

// signed is X-Signature of a callback.
func signed(key, body string) http.Header {
	sum := sha1.Sum([]byte(key + body + key))
	return http.Header{"Content-Type": {"application/json"}, "X-Signature": {base64.StdEncoding.EncodeToString(sum[:])}}
}

func TestPayElata_ForgedCallbacks(t *testing.T) {
	t.Parallel()

	fact(t, "Case13_Case14_AreRefusedAndChangeNothing", func(t *testing.T, b *bundle) {
		const key = "sk_test_sandbox"
		bill := b.bills(book(payelataAccount, dollars()))
		b.control("faults", map[string]any{"provider": "payelata", "op": "webhook", "fault": "duplicate", "count": 1})
		b.visits(bill, poorElata, "approve")
		genuine := b.delivered()
		b.delivered()
		b.later(2 * time.Second)
		require.Equal(t, signed(key, genuine.body)["X-Signature"], genuine.header["X-Signature"])
		before, calls := b.rows(), b.wire.count()

		paid := strings.Replace(genuine.body, `"status":"process_failed"`, `"status":"processed"`, 1)
		live := strings.Replace(paid, `"test_mode":true`, `"test_mode":false`, 1)
		hexed := signed(key, paid)
		raw, err := base64.StdEncoding.DecodeString(hexed.Get("X-Signature"))
		require.NoError(t, err)
		hexed.Set("X-Signature", hex.EncodeToString(raw))
		twice := signed("sk_live_sandbox", paid)
		twice.Add("X-Signature", signed(key, paid).Get("X-Signature"))
		tests := []struct {
			fact, body string
			header     http.Header
		}{
			{"Unsigned", paid, nil},
			{"WithTheSignatureOfAnother", paid, genuine.header},
			{"SignedWithAnotherKey", paid, signed("sk_live_sandbox", paid)},
			{"SignedWithNoKey", paid, signed("", paid)},
			{"OfALiveOrderSignedWithTheTestKey", live, signed(key, live)},
			{"InHex", paid, hexed},
			{"SignedTwice", paid, twice},
			{"WrittenAnew", strings.Replace(genuine.body, `":`, `": `, 1), genuine.header},
		}
		for _, tt := range tests {
			require.Equal(t, http.StatusUnauthorized, b.sends(hookElata, tt.body, tt.header).status, tt.fact)
		}
		b.later(2 * time.Second)
		require.Equal(t, before, b.rows())
		require.Equal(t, calls, b.wire.count(), "and nobody is asked")
	})
	fact(t, "EvenAStolenKeyProvesNoMoney", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, dollars()))
		b.visits(bill, poorElata, "approve")
		genuine := b.told()
		paid := strings.Replace(genuine.body, `"status":"process_failed"`, `"status":"processed"`, 1)
		require.Equal(t, http.StatusOK, b.sends(hookElata, paid, signed("sk_test_sandbox", paid)).status)
		b.later(2 * time.Second)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status, "the invoice is read, and it says what it says")
		require.Zero(t, b.rows().entries)
	})
	fact(t, "Case16_OlderAndRepeatedOnesChangeNothing", func(t *testing.T, b *bundle) {
		bill := b.bills(book(payelataAccount, dollars()))
		b.visits(bill, goodElata, "approve")
		genuine := b.told()
		older := strings.Replace(genuine.body, `"status":"processed"`, `"status":"process_pending"`, 1)
		for range 3 {
			require.Equal(t, http.StatusOK, b.sends(hookElata, genuine.body, genuine.header).status)
			require.Equal(t, http.StatusOK, b.sends(hookElata, older, signed("sk_test_sandbox", older)).status)
			b.later(2 * time.Second)
		}
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
		require.Equal(t, 2, b.rows().events)
	})
}

func TestPayElata_MoneyBack(t *testing.T) {
	t.Parallel()

	fact(t, "Case19_InPartsUntilNothingIsLeft", func(t *testing.T, b *bundle) {
		bill := b.paidElata(dollars())
		require.Equal(t, pay.RefundSucceeded, b.refund(bill, new(pay.Of(3_000, pay.USD))).Status)
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, pay.RefundSucceeded, b.refund(bill, nil).Status)
		b.told()
		require.Equal(t, pay.BillRefunded, b.bill(bill.ID).Status)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
		_, _, refunded := b.taken(b.bill(bill.ID).Edges.Attempts[0].OrderNumber)
		require.Equal(t, int64(10_000), refunded)
		require.Equal(t, "refund.nothing_left", b.refunds(bill, nil).Errors[0].Key)
	})
	fact(t, "APartWhoseReplyWasLostIsFoundByAsking", func(t *testing.T, b *bundle) {
		bill := b.paidElata(dollars())
		b.wire.loses("/refund")
		r := b.refund(bill, new(pay.Of(3_000, pay.USD)))
		require.Equal(t, pay.RefundUnknown, r.Status)
		b.told()
		b.passes(10*time.Second, time.Second)
		require.Equal(t, pay.RefundSucceeded, b.refundOf(r.ID).Status)
		require.Len(t, b.wire.with("/refund"), 1)
		require.Equal(t, int64(3_000), b.bill(bill.ID).RefundedMinor)
	})
	fact(t, "OneThatNeverArrivedFailsAfterTheSettlingTime", func(t *testing.T, b *bundle) {
		bill := b.paidElata(dollars())
		b.control("faults", map[string]any{"provider": "payelata", "op": "refund", "fault": "refuse_connect", "count": 1})
		r := b.refund(bill, new(pay.Of(3_000, pay.USD)))
		require.Equal(t, pay.RefundUnknown, r.Status)
		b.passes(settled, 10*time.Second)
		require.Equal(t, pay.RefundFailed, b.refundOf(r.ID).Status)
		require.Equal(t, pay.RefundSucceeded, b.refund(bill, nil).Status)
	})
	slow := with{SlowRefunds: true}
	slow.fact(t, "ASlowOneIsDoneWhenPayElataSaysSo", func(t *testing.T, b *bundle) {
		bill := b.paidElata(dollars())
		r := b.refund(bill, new(pay.Of(3_000, pay.USD)))
		require.Equal(t, pay.RefundSent, r.Status)
		b.told()
		b.passes(3*time.Hour, 5*time.Minute)
		require.Equal(t, pay.RefundSent, b.refundOf(r.ID).Status, "it is pending, however long")
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
		b.decides("refund", map[string]any{"refund": b.handleOf(r), "decision": "approve"})
		b.told()
		require.Equal(t, pay.RefundSucceeded, b.refundOf(r.ID).Status)
		require.Equal(t, int64(3_000), b.bill(bill.ID).RefundedMinor)
	})
	slow.fact(t, "ASlowOneThatFailsGivesNothingBack", func(t *testing.T, b *bundle) {
		bill := b.paidElata(dollars())
		r := b.refund(bill, nil)
		b.told()
		b.later(5 * time.Minute)
		b.decides("refund", map[string]any{"refund": b.handleOf(r), "decision": "fail"})
		b.told()
		b.passes(5*time.Minute, 10*time.Second)
		require.Equal(t, pay.RefundFailed, b.refundOf(r.ID).Status)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "Case20_AChargeBackIsACase", func(t *testing.T, b *bundle) {
		for _, amount := range []int64{0, 4_000} {
			bill := b.paidElata(dollars())
			b.later(time.Minute)
			b.decides("chargeback", map[string]any{"invoice": *b.bill(bill.ID).Edges.Attempts[0].ProviderRef, "amountMinor": amount})
			b.told()
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
			require.Equal(t, []pay.ReviewReason{pay.ReviewChargeback}, reasons(b.bill(bill.ID)))
			require.Equal(t, "refund.case_is_open", b.refunds(bill, nil).Errors[0].Key)
		}
	})
	fact(t, "WhatSomebodyGaveBackThereIsACase", func(t *testing.T, b *bundle) {
		bill := b.paidElata(dollars())
		b.later(time.Minute)
		b.asElata("/"+*b.bill(bill.ID).Edges.Attempts[0].ProviderRef+"/refund", `{"data":{"type":"refund","attributes":{"amount":10,"reference_id":"by-hand"}}}`)
		b.told()
		require.Equal(t, []pay.ReviewReason{pay.ReviewProviderDisagrees}, reasons(b.bill(bill.ID)))
	})
}

// handleOf is a refund's own number at the vendor.
func (b *bundle) handleOf(r *ent.Refund) string {
	b.t.Helper()
	require.NotNil(b.t, r.OperationID)
	return r.OperationID.Suffix()
}

// asElata calls PayElata as another program of the shop.
func (b *bundle) asElata(path, body string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.vendors+"/payelata"+invoicesElata+path, strings.NewReader(body))
	require.NoError(b.t, err)
	request.SetBasicAuth("sandbox-account", "sk_test_sandbox")
	request.Header.Set("Content-Type", "application/json")
	response, err := outside().Do(request)
	require.NoError(b.t, err)
	_ = response.Body.Close()
	require.Less(b.t, response.StatusCode, 300)
}
