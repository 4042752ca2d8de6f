package billing_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// refundsOf are a bill's refunds, oldest first.
func (s *shop) refundsOf(bill *ent.Bill) []*ent.Refund {
	s.t.Helper()
	list, err := s.store.Read().Refund.Query().Where(refund.BillID(bill.ID)).Order(ent.Asc(refund.FieldID)).All(s.program())
	require.NoError(s.t, err)
	return list
}

// A review case whose resolution gives money back.
func TestService_ResolveByRefund(t *testing.T) {
	t.Parallel()
	late := func(t *testing.T, s *shop) *ent.Bill {
		t.Helper()
		bill := s.unpaid()
		_, err := s.Cancel(s.server(), uuid.NewString(), bill.ID.String())
		require.NoError(t, err)
		s.duplicate(bill)
		bill = s.bill(bill.ID)
		require.Equal(t, []pay.ReviewReason{pay.ReviewLatePayment}, openCases(bill))
		return bill
	}
	wrong := func(t *testing.T, s *shop, minor, fee int64) *ent.Bill {
		t.Helper()
		bill := s.unpaid()
		s.takesOn(s.page(bill), minor, fee)
		bill = s.bill(bill.ID)
		require.Equal(t, []pay.ReviewReason{pay.ReviewAmountMismatch}, openCases(bill))
		return bill
	}
	inShops(t, "LateMoneyGoesBack", func(t *testing.T, s *shop) {
		bill := late(t, s)
		c := bill.Edges.Reviews[0]
		require.Equal(t, []string{"STATE_CONFLICT refund.case_is_open bill"}, faults(s.asks(s.finance(), wants(bill))))
		require.Empty(t, s.ends(c, pay.ResolveRefundAll).Errors)
		require.Equal(t, pay.BillCanceled, s.bill(bill.ID).Status, "it is not back yet")
		s.later(0)
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillRefunded, bill.Status)
		require.Equal(t, []string{
			"CANCELED refund.requested", "CANCELED review.refund_all", "CANCELED refund.sent", "REFUNDED bill.refunded",
		}, history(bill)[len(history(bill))-4:])
		r := s.refundsOf(bill)[0]
		require.Equal(t, c.ID, *r.ReviewID)
		require.Equal(t, "Given back after a review of the payment.", r.Reason, "the note is not the payer's to read")
		require.Equal(t, pay.AccountSuspense, r.Source)
		require.Empty(t, bill.Edges.Entitlements)
		s.holds(book(0, 0, 0, 0))
	})
	inShops(t, "DuplicateGoesBackAndTheBillStaysDone", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.duplicate(bill)
		require.Empty(t, s.ends(s.bill(bill.ID).Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		s.later(0)
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, []int64{198000, 99000}, []int64{bill.PaidMinor, bill.RefundedMinor})
		require.Nil(t, bill.Edges.Entitlements[0].RevokedAt)
		s.holds(book(-99000, 99000, 0, 0))
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status)
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
		require.NotNil(t, s.bill(bill.ID).Edges.Entitlements[0].RevokedAt)
		s.holds(book(0, 99000, -99000, 0))
	})
	inShops(t, "WrongAmountGoesBack", func(t *testing.T, s *shop) {
		bill := wrong(t, s, 98900, 0)
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		require.Equal(t, pay.BillAmountMismatch, s.bill(bill.ID).Status)
		s.later(0)
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
		s.holds(book(0, 0, 0, 0))
	})
	inShops(t, "ExcessGoesBackAndTheRestPays", func(t *testing.T, s *shop) {
		bill := wrong(t, s, 100000, 0)
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveRefundExcess).Errors)
		s.later(0)
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, []int64{100000, 1000}, []int64{bill.PaidMinor, bill.RefundedMinor})
		require.Len(t, bill.Edges.Entitlements, 1)
		s.holds(book(-99000, 99000, 0, 0))
		require.Equal(t, pay.Of(99000, pay.RUB), s.gives(bill).Amount())
		require.NotNil(t, s.bill(bill.ID).Edges.Entitlements[0].RevokedAt)
		s.holds(book(0, 99000, -99000, 0))
	})
	inShops(t, "CommissionIsNoExcess", func(t *testing.T, s *shop) {
		bill := wrong(t, s, 101500, 500)
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveRefundExcess).Errors)
		s.later(0)
		require.Equal(t, int64(2000), s.bill(bill.ID).RefundedMinor)
		s.holds(book(-99500, 99500, 0, 0))
	})
	inShops(t, "TooLittleIsNoExcess", func(t *testing.T, s *shop) {
		bill := wrong(t, s, 98900, 0)
		require.Equal(t, []string{"STATE_CONFLICT review.no_excess resolution FULFIL,REFUND_ALL,DISMISS"}, refusals(s.ends(bill.Edges.Reviews[0], pay.ResolveRefundExcess)))
		require.Equal(t, []pay.ReviewReason{pay.ReviewAmountMismatch}, openCases(s.bill(bill.ID)))
	})
	inShops(t, "WhatCouldNotBeGivenGoesBack", func(t *testing.T, s *shop) {
		s.Fulfillers[pay.ProductDirect] = refusing{}
		bill := s.paid()
		for range 8 {
			s.later(15 * time.Minute)
		}
		c := s.bill(bill.ID).Edges.Reviews[0]
		require.Equal(t, pay.ReviewFulfilmentFailed, c.Reason)
		require.Empty(t, s.ends(c, pay.ResolveRefundAll).Errors)
		s.later(0)
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
		s.holds(book(0, 99000, -99000, 0))
	})
	inShops(t, "RefundThatFailsOpensTheCaseAgain", func(t *testing.T, s *shop) {
		bill := late(t, s)
		s.till.answer = s.till.refuses
		for n := 1; n <= 2; n++ {
			cases := s.bill(bill.ID).Edges.Reviews
			require.Len(t, cases, n)
			require.Empty(t, s.ends(cases[n-1], pay.ResolveRefundAll).Errors)
			s.later(0)
			bill = s.bill(bill.ID)
			require.Equal(t, pay.BillCanceled, bill.Status)
			require.Equal(t, []pay.ReviewReason{pay.ReviewLatePayment}, openCases(bill))
			require.Contains(t, bill.Edges.Reviews[n].Details, "was not: Too late.")
		}
		require.Empty(t, s.ends(bill.Edges.Reviews[2], pay.ResolveFulfil).Errors, "it is all there to be accepted")
		s.later(0)
		require.Equal(t, pay.BillDone, s.bill(bill.ID).Status)
		s.holds(book(-99000, 99000, 0, 0))
	})
	inShops(t, "ExcessThatWasNotGivenBackIsAskedAboutAgain", func(t *testing.T, s *shop) {
		bill := wrong(t, s, 100000, 0)
		s.till.answer = s.till.refuses
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveRefundExcess).Errors)
		s.later(0)
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		s.holds(book(-100000, 99000, 0, 1000))
		s.till.answer = nil
		require.Empty(t, s.ends(bill.Edges.Reviews[1], pay.ResolveRefundAll).Errors)
		s.later(0)
		require.Equal(t, int64(1000), s.bill(bill.ID).RefundedMinor, "the excess, and no more")
		require.Equal(t, pay.BillDone, s.bill(bill.ID).Status)
		s.holds(book(-99000, 99000, 0, 0))
	})
	inShops(t, "VendorWithoutRefundsLeavesTheCaseOpen", func(t *testing.T, s *shop) {
		bill := wrong(t, s, 100000, 0)
		s.till.can = func(c *providers.Capabilities) { c.Ops = c.Ops[:len(c.Ops)-1] }
		for _, how := range []pay.ReviewResolution{pay.ResolveRefundAll, pay.ResolveRefundExcess} {
			refused := s.ends(bill.Edges.Reviews[0], how)
			require.Equal(t, []string{"UNSUPPORTED review.refunds_unsupported resolution"}, refusals(refused))
			require.Equal(t, pay.DoNotRetry, refused.Errors[0].Retry)
		}
		require.Equal(t, bill.Version, s.bill(bill.ID).Version)
		require.Equal(t, []pay.ReviewReason{pay.ReviewAmountMismatch}, openCases(s.bill(bill.ID)))
	})
	inShops(t, "MoneyThatWasTakenBackAlreadyIsNotGivenAgain", func(t *testing.T, s *shop) {
		bill := late(t, s)
		a := bill.Edges.Attempts[0]
		require.NoError(t, s.SettleForTest(s.program(), a.ID, providers.Result{Status: providers.Refunded}))
		bill = s.bill(bill.ID)
		require.Equal(t, []pay.ReviewReason{pay.ReviewLatePayment, pay.ReviewProviderDisagrees}, openCases(bill))
		require.Equal(t, []string{"STATE_CONFLICT review.money_is_gone resolution DISMISS"}, refusals(s.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll)))
		require.Zero(t, s.till.sent())
	})
	inShops(t, "AboveTheSumASecondPersonApproves", func(t *testing.T, s *shop) {
		s.RefundRules = func(pay.MerchantID) billing.RefundRules {
			return billing.RefundRules{ApprovalAbove: map[pay.Currency]int64{pay.RUB: 50000}}
		}
		bill := late(t, s)
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		s.later(time.Hour)
		r := s.refundsOf(bill)[0]
		require.Equal(t, pay.RefundAwaitingApproval, r.Status)
		outcome, err := s.Approve(s.admin(), uuid.NewString(), r.ID.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
	})
	inShops(t, "DismissedMoneyMayGoBackLater", func(t *testing.T, s *shop) {
		bill := late(t, s)
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveDismiss).Errors)
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 9000).Status)
		s.holds(book(-90000, 0, 0, 90000))
		require.Equal(t, pay.BillCanceled, s.bill(bill.ID).Status)
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status)
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
		s.holds(book(0, 0, 0, 0))
	})
}
