package vendors_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Bisys' test cards: 3-D Secure on the form; none at all; and two whose banks ask for
// it when the saved card is charged, at once and when the state is asked for.
const (
	goodBisys     = "4111111111111111"
	plainBisys    = "4000000000000002"
	provesAtOnce  = "5479270000000000"
	provesLater   = "2201382000000062"
	hookBisys     = "/webhooks/bisys/bisys"
	aliceBisys    = "+77010000001"
	bobBisys      = "+77010000002"
	paymentBisys  = "/do/payment"
	stateBisys    = "/check/payment/state"
	refundBisys   = "/payment/refund"
	settled       = 3 * time.Minute // after it a lost answer cannot come any more
	anonymousPath = "/do/payment/anonymous"
)

// told waits for a notification, and has what follows from it done.
func (b *bundle) told() delivery {
	b.t.Helper()
	d := b.delivered()
	require.Equal(b.t, http.StatusOK, d.status, "%s", d.answer)
	b.later(2 * time.Second)
	return d
}

func TestBisys_Page(t *testing.T) {
	t.Parallel()

	fact(t, "Case07_PaidWithTheCommissionOnTop", func(t *testing.T, b *bundle) {
		bill := b.bills(book(bisysFee, tenge()))
		require.Contains(t, b.page(*b.current(bill).RedirectURL), "1\u00a0015,00")
		require.Equal(t, "payed", b.visits(bill, goodBisys, "approve"))
		d := b.told()
		require.JSONEq(t, `{"regPayNum":"`+*b.current(bill).ProviderRef+`","amount":"100000","comission":"1500","state":"payed"}`, d.body)

		paid := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Empty(t, paid.Edges.Reviews)
		require.Equal(t, int64(101_500), paid.Edges.Attempts[0].CapturedMinor)
		require.Equal(t, int64(1_500), paid.Edges.Attempts[0].FeeMinor)
		require.Equal(t, int64(-101_500), b.booked()[pay.AccountClearing])
	})
	fact(t, "Case22_OneTengeLessIsAMismatch", func(t *testing.T, b *bundle) {
		for _, account := range []string{bisysAccount, bisysFee} {
			b.control("faults", map[string]any{"provider": "bisys", "op": "charge", "fault": "wrong_amount", "count": 1})
			bill := b.bills(book(account, tenge()))
			b.visits(bill, goodBisys, "approve")
			b.told()
			require.Equal(t, pay.BillAmountMismatch, b.bill(bill.ID).Status, account)
			require.Equal(t, []pay.ReviewReason{pay.ReviewAmountMismatch}, reasons(b.bill(bill.ID)), account)
		}
	})
	fact(t, "ThePollSettlesWithoutAnyNotification", func(t *testing.T, b *bundle) {
		b.bisysNotifies("")
		bill := b.bills(book(bisysAccount, tenge()))
		b.visits(bill, goodBisys, "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "Case08_DeclinedPayerStartsAnew", func(t *testing.T, b *bundle) {
		bill := b.bills(book(bisysAccount, tenge()))
		require.Equal(t, "rejected", b.visits(bill, goodBisys, "decline"))
		b.later(5 * time.Second)
		require.Equal(t, pay.AttemptDeclined, b.bill(bill.ID).Edges.Attempts[0].Status)
		b.opensAgain(bill, bisysAccount)
		b.visits(bill, plainBisys, "approve")
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "Case06_APageThatNobodyPaysExpires", func(t *testing.T, b *bundle) {
		bill := b.bills(book(bisysAccount, tenge()))
		page := *b.current(bill).RedirectURL
		b.passes(2*time.Hour, time.Minute)
		require.Equal(t, pay.BillExpired, b.bill(bill.ID).Status)
		require.Contains(t, []pay.AttemptStatus{pay.AttemptExpired, pay.AttemptDeclined}, b.bill(bill.ID).Edges.Attempts[0].Status)
		require.Equal(t, "rejected", b.visitsPage(page, goodBisys, "approve"))
	})
	fact(t, "Case24_RequisitesItemsAndNoteReachTheForm", func(t *testing.T, b *bundle) {
		in := book(bisysAccount, pay.Of(35_000, pay.KZT))
		in.Lines = []billing.NewLine{
			{Title: "A book", Quantity: 3, Unit: pay.Of(10_000, pay.KZT), Tax: new("vat110")},
			{Title: "Its cover", Quantity: 1, Unit: pay.Of(5_000, pay.KZT)},
		}
		in.Payer.Requisites = []providers.Requisite{{Name: "ACCOUNT", Value: "0012"}, {Name: "MONTH", Value: "03"}}
		in.Payer.Note = new("For _KZT_")
		in.Email = new("alice@shop.example")
		in.Payer.Phone = new(aliceBisys)
		bill := b.bills(in)

		sent := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(b.wire.with(anonymousPath)[0].sent), &sent))
		require.Equal(t, []any{
			map[string]any{"name": "ACCOUNT", "value": "0012"}, map[string]any{"name": "MONTH", "value": "03"},
		}, sent["properties"])
		require.Equal(t, []any{
			map[string]any{"num": 1.0, "name": "A book", "quantity": 3.0, "price": 10_000.0, "tax": "vat110"},
			map[string]any{"num": 2.0, "name": "Its cover", "quantity": 1.0, "price": 5_000.0},
		}, sent["orderItems"])
		require.Equal(t, "77010000001", sent["userPhone"])
		require.Equal(t, "alice@shop.example", sent["userEmail"])
		form := b.page(*b.current(bill).RedirectURL)
		for _, shown := range []string{"0012", "MONTH", "A book", "Its cover", "For ₸"} {
			require.Contains(t, form, shown)
		}
	})
	fact(t, "Case23_AnOpeningWhoseReplyWasLostIsSuperseded", func(t *testing.T, b *bundle) {
		b.wire.loses(anonymousPath)
		bill := b.bills(book(bisysAccount, tenge()))
		require.Len(t, bill.Edges.Attempts, 2)
		require.Equal(t, pay.AttemptFailed, bill.Edges.Attempts[0].Status)
		b.visits(bill, goodBisys, "approve")
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		b.passes(3*time.Hour, 10*time.Minute)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
	})
}

func TestBisys_Notifications(t *testing.T) {
	t.Parallel()

	fact(t, "Case11_AForgedOneOfAnUnpaidBillChangesNothing", func(t *testing.T, b *bundle) {
		bill := b.bills(book(bisysAccount, tenge()))
		before := b.rows()
		d := b.sends(hookBisys, `{"regPayNum":"`+*b.current(bill).ProviderRef+`","amount":"100000","comission":"0","state":"payed"}`, nil)
		require.Equal(t, http.StatusOK, d.status)
		b.later(2 * time.Second)
		require.Len(t, b.wire.with(stateBisys), 1, "Bisys was asked")
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		after := b.rows()
		require.Equal(t, before.events+1, after.events)
		after.events = before.events
		require.Equal(t, before, after)

		b.visits(bill, goodBisys, "approve")
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status, "and the true one is not swallowed by it")
	})
	fact(t, "Case10_RepeatedOnesPayOnce", func(t *testing.T, b *bundle) {
		bill := b.bills(book(bisysAccount, tenge()))
		b.edge.failsOnce()
		b.visits(bill, goodBisys, "approve")
		require.Equal(t, http.StatusInternalServerError, b.delivered().status)
		again := b.told()
		for range 3 {
			require.Equal(t, http.StatusOK, b.sends(hookBisys, again.body, again.header).status)
			b.later(2 * time.Second)
		}
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
		require.Equal(t, int64(-100_000), b.booked()[pay.AccountClearing])
		require.Equal(t, 1, b.captures())
	})
	fact(t, "Case12_OneOfAnUnknownNumberIsParkedAndGivenUp", func(t *testing.T, b *bundle) {
		require.Equal(t, http.StatusOK, b.sends(hookBisys, `{"regPayNum":"13693892457","amount":"450","comission":"0","state":"payed"}`, nil).status)
		b.later(2 * time.Second)
		require.Len(t, b.wire.with(stateBisys), 1)
		parked := b.events()
		require.Len(t, parked, 1)
		require.Nil(t, parked[0].ProcessedAt)
		b.passes(settled, 10*time.Second)
		require.Equal(t, "not_ours", *b.events()[0].Outcome)
		require.Zero(t, b.rows().cases)
	})
	fact(t, "MoneyOfNobodysPaymentOpensACase", func(t *testing.T, b *bundle) {
		// Another program at the same shop has its payment paid.
		b.bisysNotifies("")
		foreign := b.bills(book(bisysAccount, tenge()))
		b.visits(foreign, goodBisys, "approve")
		number := *b.current(foreign).ProviderRef
		b.renames(b.current(foreign), "12345678901")
		b.sends(hookBisys, `{"regPayNum":"`+number+`","state":"payed"}`, nil)
		b.later(2 * time.Second)
		require.Len(t, b.reviews(pay.ReviewUnmatchedPayment), 1)
	})
	fact(t, "MoneyOfAnotherMerchantAtTheSameShopIsNobodysCase", func(t *testing.T, b *bundle) {
		theirs := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleServer, Merchant: b.other.ID, Principal: "key/other"})
		in := book(bisysOther, tenge())
		in.ReturnURL = nil
		outcome, err := b.Create(theirs, in)
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		bill := b.bill(outcome.Bill)
		b.visits(bill, goodBisys, "approve")
		b.told()
		b.passes(30*time.Second, 5*time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status, "by the poll: the shop's notifications come to the first merchant")
		require.Empty(t, b.reviews(pay.ReviewUnmatchedPayment))
		require.Equal(t, "unmatched", *b.events()[0].Outcome)
	})
	fact(t, "Case14_OneOfACardIsAcknowledgedAndStoresNothing", func(t *testing.T, b *bundle) {
		before := b.rows()
		body := `{"userToken":"u-1","cardToken":"c-1","cardMask":"411111******1111","cardType":"visa"}`
		require.Equal(t, http.StatusOK, b.sends(hookBisys, body, nil).status)
		require.Equal(t, before, b.rows())
	})
}

func TestBisys_Refunds(t *testing.T) {
	t.Parallel()
	paid := func(b *bundle, account string) *ent.Bill {
		b.t.Helper()
		bill := b.bills(book(account, tenge()))
		b.visits(bill, goodBisys, "approve")
		b.told()
		require.Equal(b.t, pay.BillDone, b.bill(bill.ID).Status)
		return bill
	}
	given := func(b *bundle, bill *ent.Bill) int64 {
		_, _, refunded := b.taken(*b.bill(bill.ID).Edges.Attempts[0].ProviderRef)
		return refunded
	}

	fact(t, "AllOfItWithTheCommission", func(t *testing.T, b *bundle) {
		bill := paid(b, bisysFee)
		r := b.refund(bill, nil)
		require.Equal(t, pay.RefundSucceeded, r.Status)
		require.Equal(t, pay.BillRefunded, b.bill(bill.ID).Status)
		require.Equal(t, int64(101_500), given(b, bill))
		b.later(time.Minute)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
	})
	fact(t, "Case19_InPartsUntilNothingIsLeft", func(t *testing.T, b *bundle) {
		bill := paid(b, bisysAccount)
		for _, part := range []int64{24_00, 75_600, 20_000} {
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
			require.Equal(t, pay.RefundSucceeded, b.refund(bill, new(pay.Of(part, pay.KZT))).Status)
			_, err := b.Refresh(b.server(), bill.ID.String())
			require.NoError(t, err)
		}
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status, "2000.00 of the 100000 are left")
		require.Equal(t, pay.RefundSucceeded, b.refund(bill, nil).Status)
		require.Equal(t, pay.BillRefunded, b.bill(bill.ID).Status)
		require.Equal(t, int64(100_000), given(b, bill))
		require.Len(t, b.wire.with(refundBisys), 4)
		b.sends(hookBisys, `{"regPayNum":"`+*b.bill(bill.ID).Edges.Attempts[0].ProviderRef+`","state":"refunded"}`, nil)
		b.later(time.Minute)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews, "that it is refunded is no news")
	})
	fact(t, "APartWhoseReplyWasLostIsForAPersonAfterADay", func(t *testing.T, b *bundle) {
		bill := paid(b, bisysAccount)
		b.wire.loses(refundBisys)
		r := b.refund(bill, new(pay.Of(40_000, pay.KZT)))
		require.Equal(t, pay.RefundUnknown, r.Status)
		again := b.refunds(bill, new(pay.Of(10_000, pay.KZT)))
		require.Equal(t, "refund.in_doubt", again.Errors[0].Key)
		b.passes(23*time.Hour, 30*time.Minute)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
		b.passes(2*time.Hour, 10*time.Minute)
		require.Equal(t, []pay.ReviewReason{pay.ReviewInDoubt}, reasons(b.bill(bill.ID)))
		require.Equal(t, pay.RefundUnknown, b.refundOf(r.ID).Status)
		require.Len(t, b.wire.with(refundBisys), 1, "and it was never sent again")
	})
	fact(t, "AllWhoseReplyWasLostIsFoundByAsking", func(t *testing.T, b *bundle) {
		bill := paid(b, bisysAccount)
		b.wire.loses(refundBisys)
		r := b.refund(bill, nil)
		require.Equal(t, pay.RefundUnknown, r.Status)
		b.passes(10*time.Second, time.Second)
		require.Equal(t, pay.RefundSucceeded, b.refundOf(r.ID).Status)
		require.Equal(t, pay.BillRefunded, b.bill(bill.ID).Status)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
		require.Equal(t, int64(100_000), given(b, bill))
	})
	fact(t, "AllThatNeverArrivedIsFoundByAskingToo", func(t *testing.T, b *bundle) {
		bill := paid(b, bisysAccount)
		b.control("faults", map[string]any{"provider": "bisys", "op": "refund", "fault": "refuse_connect", "count": 1})
		r := b.refund(bill, nil)
		require.Equal(t, pay.RefundUnknown, r.Status)
		b.passes(settled, 5*time.Second)
		require.Equal(t, pay.RefundFailed, b.refundOf(r.ID).Status)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Zero(t, given(b, bill))
		require.Equal(t, pay.RefundSucceeded, b.refund(bill, nil).Status)
	})
	fact(t, "Case20_OneThatBisysRefusesFails", func(t *testing.T, b *bundle) {
		bill := paid(b, bisysAccount)
		// Somebody gives a part back in the cabinet: what is to remain does not fit any more.
		number := *b.bill(bill.ID).Edges.Attempts[0].ProviderRef
		b.asShop("/rs/shop/payment/refund", `{"regPayNum":"`+number+`","note":"cabinet","refundAmount":"100","remainingAmount":"99900"}`)
		r := b.refund(bill, new(pay.Of(40_000, pay.KZT)))
		require.Equal(t, pay.RefundFailed, r.Status)
		require.Equal(t, "refund_not_allowed", *r.DeclineCode)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
}

// asShop calls Bisys as another program of the shop.
func (b *bundle) asShop(path, body string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.vendors+"/bisys/api-shop"+path, strings.NewReader(body))
	require.NoError(b.t, err)
	request.SetBasicAuth("sandbox-shop", "sandbox-key")
	request.Header.Set("Content-Type", "application/json")
	response, err := outside().Do(request)
	require.NoError(b.t, err)
	_ = response.Body.Close()
	require.Equal(b.t, http.StatusOK, response.StatusCode)
}

// renames makes a payment of ours another program's: its number is not ours any more.
func (b *bundle) renames(a *ent.Attempt, number string) {
	b.t.Helper()
	require.NoError(b.t, b.store.InTx(b.program(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Attempt.UpdateOneID(a.ID).SetProviderRef(number).Exec(ctx)
	}))
}
