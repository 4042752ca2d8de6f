package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// A vendor that says of a payment that it took nothing and could not end it (bisys:
// error) does not say where the payer's money is.
func TestService_CaptureOfNothing(t *testing.T) {
	t.Parallel()
	inShops(t, "IsNotGivenBack", func(t *testing.T, s *shop) {
		bill := s.unpaid()
		s.takesOn(s.page(bill), 0, 0) // bisys "error": the money left the payer, and nobody has it
		bill = s.bill(bill.ID)
		s.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll)
		s.later(time.Minute)
		require.NotEqual(t, pay.BillRefunded, s.bill(bill.ID).Status, "nothing was given back")
	})
	inShops(t, "IsFollowedByTheMoney", func(t *testing.T, s *shop) {
		bill := s.unpaid()
		a := s.page(bill)
		s.takesOn(a, 0, 0)
		require.Equal(t, pay.BillAmountMismatch, s.bill(bill.ID).Status)
		s.takesOn(a, 99000, 0)
		bill = s.bill(bill.ID)
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		s.later(time.Minute)
		bill = s.bill(bill.ID)
		if bill.Status == pay.BillRefunded {
			require.Equal(t, 1, s.till.sent(), "REFUNDED, and the vendor heard of no refund of the 99000 that it has")
		}
	})
	inShops(t, "IsFollowedByTheMoneyOnce", func(t *testing.T, s *shop) {
		if !s.store.IsPostgres() {
			return // SQLite has one writer: the second waits before it reads
		}
		bill := s.unpaid()
		a := s.page(bill)
		s.takesOn(a, 0, 0)
		said := s.bank.note(a.OrderNumber, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, a.Currency)})
		second := make(chan error, 1)
		require.NoError(t, s.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Raw(ctx, "LOCK TABLE bills IN ACCESS EXCLUSIVE MODE")
			require.NoError(t, err)
			go func() { second <- s.SettleForTest(s.program(), a.ID, said) }()
			for waiting := 0; waiting == 0; { // until it has read the attempt, and wants the bill
				rows, err := tx.RawQuery(ctx, "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'bills'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
				require.NoError(t, err)
				require.True(t, rows.Next())
				require.NoError(t, rows.Scan(&waiting))
				require.NoError(t, rows.Close())
			}
			return s.SettleInForTest(ctx, tx, a.ID, said)
		}))
		require.NoError(t, <-second)
		require.Equal(t, int64(99000), s.bill(bill.ID).PaidMinor)
	})
}

// Of a bill that was paid twice each case is about its own money.
func TestService_PaidTwice(t *testing.T) {
	t.Parallel()
	inShops(t, "AndNotFulfilledAllGoesBack", func(t *testing.T, s *shop) {
		s.Fulfillers[pay.ProductDirect] = refusing{}
		bill := s.unpaid()
		old := s.page(bill) // superseded, open in some tab
		require.Empty(t, s.pays(uuid.NewString(), bill, s.byCard()).Errors)
		s.takesOn(old, bill.TotalMinor, 0) // and paid there, too
		for range 8 {
			s.later(15 * time.Minute)
		}
		bill = s.bill(bill.ID)
		require.Equal(t, []pay.ReviewReason{pay.ReviewDuplicatePayment, pay.ReviewFulfilmentFailed}, openCases(bill))
		for _, c := range bill.Edges.Reviews { // give everything back: nothing could be given
			if c.Reason == pay.ReviewFulfilmentFailed {
				require.Empty(t, s.ends(c, pay.ResolveRefundAll).Errors)
				s.later(time.Minute)
			}
		}
		for _, c := range bill.Edges.Reviews {
			if c.Reason == pay.ReviewDuplicatePayment {
				require.Empty(t, s.ends(c, pay.ResolveRefundAll).Errors)
				s.later(time.Minute)
			}
		}
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillRefunded, bill.Status, "paid %d, given back %d, open cases %v", bill.PaidMinor, bill.RefundedMinor, openCases(bill))
	})
	inShops(t, "AndNotFulfilledAfterTheSecondWentBackTheFirstDoesToo", func(t *testing.T, s *shop) {
		s.Fulfillers[pay.ProductDirect] = refusing{}
		bill := s.unpaid()
		require.Empty(t, s.pays(uuid.NewString(), bill, s.byCard()).Errors)
		s.clock.Advance(time.Second)
		s.duplicate(bill)
		bill = s.bill(bill.ID)
		for _, c := range bill.Edges.Reviews {
			if c.Reason == pay.ReviewDuplicatePayment {
				require.Empty(t, s.ends(c, pay.ResolveRefundAll).Errors) // at once
			}
		}
		for range 8 {
			s.later(15 * time.Minute)
		}
		bill = s.bill(bill.ID)
		for _, c := range bill.Edges.Reviews {
			if c.Reason == pay.ReviewFulfilmentFailed {
				require.Empty(t, s.ends(c, pay.ResolveRefundAll).Errors)
			}
		}
		s.later(time.Minute)
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillRefunded, bill.Status, "paid %d, given back %d, open cases %v", bill.PaidMinor, bill.RefundedMinor, openCases(bill))
	})
	inShops(t, "AfterItWasRefundedTheSecondGoesBackToo", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.gives(bill)
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
		s.duplicate(bill)
		bill = s.bill(bill.ID)
		require.Len(t, openCases(bill), 1)
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		s.later(time.Minute)
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillRefunded, bill.Status)
		require.Equal(t, bill.PaidMinor, bill.RefundedMinor)
		s.holds(book(0, 99000, -99000, 0))
	})
}
