package billing_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Money that went back outside of us, and cases about the same payment.
func TestService_ResolveReturned(t *testing.T) {
	t.Parallel()
	fact(t, "WhatWasGivenBackIsNotAccepted", func(t *testing.T, b *bundle) {
		bill := late(b)
		b.clock.Advance(time.Hour)
		require.NoError(t, b.SettleForTest(b.program(), bill.Edges.Attempts[0].ID, providers.Result{Status: providers.Refunded}))
		require.Len(t, b.cases(pay.ReviewProviderDisagrees), 1)
		refused := b.ends(b.cases(pay.ReviewLatePayment)[0], pay.ResolveFulfil)
		require.Equal(t, []string{"STATE_CONFLICT review.money_is_gone resolution DISMISS"}, refusals(refused))
		b.later(time.Second)
		require.Equal(t, pay.BillExpired, b.bill(bill.ID).Status)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSuspense: 99000}, b.booked())
	})
	for _, tt := range []struct {
		status providers.Status
		reason pay.ReviewReason
	}{
		{status: providers.ChargedBack, reason: pay.ReviewChargeback},
		{status: providers.Refunded, reason: pay.ReviewProviderDisagrees},
	} {
		fact(t, "AnotherTimeIsAnotherFinding/"+string(tt.status), func(t *testing.T, b *bundle) {
			a := b.paid().Edges.Attempts[0]
			said := providers.Result{Status: tt.status, At: b.clock.Now()}
			require.NoError(t, b.SettleForTest(b.program(), a.ID, said))
			require.Empty(t, b.ends(b.cases(tt.reason)[0], pay.ResolveDismiss).Errors)
			b.clock.Advance(time.Hour)
			require.NoError(t, b.SettleForTest(b.program(), a.ID, said)) // again
			require.Len(t, b.cases(tt.reason), 1)
			said.At = b.clock.Now()
			require.NoError(t, b.SettleForTest(b.program(), a.ID, said))
			require.Len(t, b.cases(tt.reason), 2)
		})
	}
}

// Money of two pages, of which the second brings what was asked for.
func TestService_ResolveDuplicate(t *testing.T) {
	t.Parallel()
	fact(t, "RightMoneyBehindAWrongHoldPaysTheBill", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new(twoStage)}
		bill := b.created(b.public(), in)
		first := b.current(bill)
		outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(oneStage)}})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		second := b.current(b.bill(bill.ID))
		require.NoError(t, b.SettleForTest(b.program(), first.ID, providers.Result{Status: providers.Authorized, Authorized: pay.Of(98000, pay.RUB)}))
		require.Equal(t, pay.BillAmountMismatch, b.bill(bill.ID).Status)
		b.takes(second)

		cases := b.cases(pay.ReviewDuplicatePayment)
		require.Len(t, cases, 1)
		require.Empty(t, b.ends(cases[0], pay.ResolveFulfil).Errors)
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, bill.Total(), bill.Paid())
		require.Len(t, bill.Edges.Entitlements, 1)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSuspense: 0, pay.AccountSales: 99000}, b.booked())
	})
}
