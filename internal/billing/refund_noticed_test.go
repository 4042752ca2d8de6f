package billing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// A vendor that is slower than its settling time, or a clock that jumps, has a refund
// judged not done that is done after all: that is noticed.
func TestService_RefundDoneAfterItFailed(t *testing.T) {
	t.Parallel()
	inShops(t, "BySlownessOpensACase", func(t *testing.T, s *shop) {
		bill := s.bought()
		require.NoError(t, s.Begin(s.program())) // with reconciliation
		for range 100 {
			s.later(time.Hour)
		}
		s.till.answer = s.till.isLost
		r := s.gives(bill, 33000)
		s.later(settledAt)
		require.Equal(t, pay.RefundFailed, s.refund(r.ID).Status)
		s.later(time.Minute)
		s.till.giveBack(s.till.refunds[0]) // it was slower than its settling time
		for range 200 {
			s.later(time.Hour)
		}
		require.NotEmpty(t, openCases(s.bill(bill.ID)), "the vendor gave 33000 back, our books say nothing was")
	})
	inShops(t, "ByAClockThatJumpsOpensACase", func(t *testing.T, s *shop) {
		bill := s.bought()
		require.NoError(t, s.Begin(s.program())) // with reconciliation
		for range 100 {
			s.later(time.Hour)
		}
		s.till.answer = func(r providers.RefundRequest) (providers.Result, error) {
			s.later(time.Hour) // the clock is set right; the jobs of another process run
			s.till.giveBack(r)
			return s.till.isLost(r)
		}
		r := s.gives(bill, 33000)
		for range 200 {
			s.later(time.Hour)
		}
		r = s.refund(r.ID)
		require.True(t, r.Status == pay.RefundSucceeded || len(openCases(s.bill(bill.ID))) > 0, "%s, and nobody is told", r.Status)
	})
	inShops(t, "ByAnAnswerFromBeforeItIsNotEvenFailed", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.later(time.Hour * 100) // reconciled long ago
		s.later(time.Hour)
		s.till.answer = s.till.doesAndIsLost
		var r pay.RefundID
		s.till.meanwhile = func() { r = s.gives(bill, 33000).ID; s.clock.Advance(settledAt) }
		_, err := s.AskForTest(s.program(), s.current(bill).ID)
		require.NoError(t, err)
		for range 100 {
			s.later(time.Hour)
		}
		if s.refund(r).Status != pay.RefundSucceeded {
			require.NotEmpty(t, openCases(s.bill(bill.ID)), "we think 99000 is taken, the vendor has 66000")
		}
	})
}

// The failure of one refund is not that of the next, which the vendor has promised.
func TestService_RefundPromisedAfterOneFailed(t *testing.T) {
	t.Parallel()
	inShops(t, "AnOldWordOfFailureIsNotAboutIt", func(t *testing.T, s *shop) {
		bill := s.bought()
		order := s.current(bill).OrderNumber
		s.till.answer = s.till.refuses
		s.gives(bill, 33000)
		s.bank.note(order, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB), RefundFailed: true, At: s.clock.Now()})
		s.later(time.Hour)
		s.till.answer = func(providers.RefundRequest) (providers.Result, error) { // as payelata's Refund does: pending, with the invoice's own words
			return providers.Result{Status: providers.Pending, Refunding: true, RefundFailed: true, Captured: pay.Of(99000, pay.RUB)}, nil
		}
		r := s.gives(bill, 33000) // promised, and queued there: the invoice's status is of the first one
		s.later(settledAt)
		require.Equal(t, pay.RefundSent, s.refund(r.ID).Status, "promised: the vendor's word is older than the refund")
	})
}

// A refund that waits for a second person ends in a week, also when its job was lost.
func TestService_RefundThatNobodyApprovesIsSwept(t *testing.T) {
	t.Parallel()
	inShops(t, "WithoutItsJob", func(t *testing.T, s *shop) {
		s.RefundRules = func(pay.MerchantID) billing.RefundRules {
			return billing.RefundRules{ApprovalAbove: map[pay.Currency]int64{pay.RUB: 50000}}
		}
		require.NoError(t, s.Begin(s.program()))
		bill := s.bought()
		id, err := s.RequestRefundForTest(s.finance(), wants(bill))
		require.NoError(t, err)
		require.Equal(t, pay.RefundAwaitingApproval, s.refund(id).Status)
		s.forgets("refund.send", id.String())
		for range 8 * 24 {
			s.later(time.Hour)
		}
		require.Equal(t, pay.RefundFailed, s.refund(id).Status)
		require.Zero(t, s.bill(bill.ID).RefundingMinor)
	})
}

// Money that a bank or the provider is known to have taken back is not simply given back.
func TestService_RefundOfWhatWasContested(t *testing.T) {
	t.Parallel()
	inShops(t, "AChargebackThatAPersonTookNoteOf", func(t *testing.T, s *shop) {
		bill := s.bought()
		a := s.current(bill)
		require.NoError(t, s.SettleForTest(s.program(), a.ID, providers.Result{Status: providers.ChargedBack}))
		bill = s.bill(bill.ID)
		require.Equal(t, []pay.ReviewReason{pay.ReviewChargeback}, openCases(bill))
		require.NotEmpty(t, s.asks(s.finance(), wants(bill)).Errors)
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveDismiss).Errors) // the only way it can end
		require.Equal(t, "refund.was_contested", s.asks(s.support(), wants(bill, 10000)).Errors[0].Key)
		waiting := s.asks(s.finance(), wants(bill, 10000))
		require.Equal(t, pay.RefundAwaitingApproval, s.refund(waiting.Refund).Status)
		require.Zero(t, s.till.sent(), "the bank took it back already")
	})
	inShops(t, "ADisagreementThatAPersonTookNoteOf", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.isLost
		s.gives(bill, 33000)
		s.later(settledAt)
		s.till.giveBack(s.till.refunds[0])
		s.clock.Advance(3 * time.Second)
		_, err := s.AskForTest(s.program(), s.current(bill).ID)
		require.NoError(t, err)
		bill = s.bill(bill.ID)
		require.Equal(t, []pay.ReviewReason{pay.ReviewProviderDisagrees}, openCases(bill))
		require.Empty(t, s.ends(bill.Edges.Reviews[0], pay.ResolveDismiss).Errors)
		s.till.answer = nil
		outcome := s.asks(s.finance(), wants(bill)) // "all that is left"
		require.Equal(t, pay.RefundAwaitingApproval, s.refund(outcome.Refund).Status, "33000 went back already, and a person knows")
	})
	inShops(t, "ByACaseToo", func(t *testing.T, s *shop) {
		s.Fulfillers[pay.ProductDirect] = refusing{}
		bill := s.paid()
		a := s.current(bill)
		require.NoError(t, s.SettleForTest(s.program(), a.ID, providers.Result{Status: providers.ChargedBack}))
		for range 8 {
			s.later(15 * time.Minute)
		}
		bill = s.bill(bill.ID)
		for _, c := range bill.Edges.Reviews {
			if c.Reason == pay.ReviewChargeback {
				require.Empty(t, s.ends(c, pay.ResolveDismiss).Errors)
			}
		}
		for _, c := range bill.Edges.Reviews {
			if c.Reason == pay.ReviewFulfilmentFailed {
				require.Empty(t, s.ends(c, pay.ResolveRefundAll).Errors)
			}
		}
		s.later(time.Minute)
		require.Zero(t, s.till.sent(), "sent by one person: %s", s.refundsOf(bill)[0].Status)
	})
}
