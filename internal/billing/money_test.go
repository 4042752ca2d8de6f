package billing_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
)

// What may happen to money that is not as asked for, or comes when nobody waits.
func TestService_WrongMoney(t *testing.T) {
	t.Parallel()
	fact(t, "OtherAmountGoesToAPerson", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.fault("charge", "wrong_amount", 1)
		b.paysOn(b.current(bill), "approve")
		b.later(5 * time.Second)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillAmountMismatch, bill.Status)
		require.Empty(t, bill.Edges.Entitlements)
		require.Equal(t, pay.ReviewAmountMismatch, bill.Edges.Reviews[0].Reason)
		require.Equal(t, int64(98900), bill.PaidMinor)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -98900, pay.AccountSuspense: 98900}, b.booked())
	})
	fact(t, "LateMoneyGoesToAPerson", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.ExpiresIn = &pay.Period{Clock: 10 * time.Minute}
		bill := b.created(b.public(), in)
		a := b.current(bill)
		b.later(11 * time.Minute)
		require.Equal(t, pay.BillExpired, b.bill(bill.ID).Status)

		b.paysOn(a, "approve") // the tab was still open
		b.later(6 * time.Minute)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillExpired, bill.Status)
		require.Equal(t, pay.AttemptCaptured, bill.Edges.Attempts[0].Status)
		require.Equal(t, pay.ReviewLatePayment, bill.Edges.Reviews[0].Reason)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSuspense: 99000}, b.booked())
	})
	fact(t, "SecondPaymentOfABillGoesToAPerson", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		first := b.current(bill)
		outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{
			Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(secondOne)},
		})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		second := b.current(b.bill(bill.ID))
		require.NotEqual(t, first.ID, second.ID)
		require.NotEqual(t, first.OrderNumber, second.OrderNumber)

		b.paysOn(second, "approve")
		b.paysOn(first, "approve")
		b.later(time.Minute)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Len(t, bill.Edges.Reviews, 1)
		require.Equal(t, pay.ReviewDuplicatePayment, bill.Edges.Reviews[0].Reason)
		require.Len(t, bill.Edges.Entitlements, 1)
		require.Equal(t, map[pay.AccountKind]int64{
			pay.AccountClearing: -198000, pay.AccountSales: 99000, pay.AccountSuspense: 99000,
		}, b.booked())
	})
	fact(t, "CanceledBillIsOverAndItsPageIsWatched", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		a := b.current(bill)
		key := uuid.NewString()
		outcome, err := b.Cancel(b.guest(bill.ID), key, bill.ID.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.Equal(t, pay.BillCanceled, b.bill(bill.ID).Status)
		replayed, err := b.Cancel(b.guest(bill.ID), key, bill.ID.String())
		require.NoError(t, err)
		require.True(t, replayed.Replayed)

		b.paysOn(a, "approve")
		b.later(time.Minute)
		require.Equal(t, pay.ReviewLatePayment, b.bill(bill.ID).Edges.Reviews[0].Reason)
	})
	fact(t, "PaidBillCannotBeCanceled", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		outcome, err := b.Cancel(b.guest(bill.ID), uuid.NewString(), bill.ID.String())
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeStateConflict}, codes(outcome))
		require.NotEqual(t, pay.BillCanceled, b.bill(bill.ID).Status)
	})
	fact(t, "WatchEndsWithTheSession", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.ExpiresIn = &pay.Period{Days: 1}
		bill := b.created(b.public(), in)
		b.later(2 * time.Hour)
		b.later(2 * time.Hour)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillPending, bill.Status)
		require.Equal(t, pay.AttemptExpired, bill.Edges.Attempts[0].Status)
		n, err := b.store.Read().Job.Query().Count(b.program())
		require.NoError(t, err)
		require.Equal(t, 1, n, "only the bill's own end is still scheduled")
	})
}
