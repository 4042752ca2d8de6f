package billing_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// settledAt is when the bank has had time to know of all that was sent.
const settledAt = 71 * time.Second

// openCases lists the reasons of a bill's open cases.
func openCases(bill *ent.Bill) []pay.ReviewReason {
	list := []pay.ReviewReason{}
	for _, c := range bill.Edges.Reviews {
		if c.ResolvedAt == nil {
			list = append(list, c.Reason)
		}
	}
	return list
}

// What a vendor may answer to a refund, and what follows.
func TestService_RefundAnswers(t *testing.T) {
	t.Parallel()
	inShops(t, "AcceptedIsDoneWhenTheVendorSaysSo", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.accepts
		outcome := s.asks(s.finance(), wants(bill, 33000))
		require.Empty(t, outcome.Errors)
		require.Equal(t, pay.RefundSent, s.refund(outcome.Refund).Status)
		order := s.current(bill).OrderNumber
		s.bank.note(order, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB), Refunding: true})
		s.later(settledAt)
		s.later(10 * time.Minute)
		require.Equal(t, pay.RefundSent, s.refund(outcome.Refund).Status, "it is still at it")
		require.Empty(t, openCases(s.bill(bill.ID)))
		s.till.giveBack(s.till.refunds[0])
		s.later(10 * time.Minute)
		require.Equal(t, pay.RefundSucceeded, s.refund(outcome.Refund).Status)
		require.Equal(t, 1, s.till.sent())
		s.holds(book(-66000, 99000, -33000, 0))
	})
	inShops(t, "PromisedIsNotFailedBecauseItTakesLong", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.accepts
		r := s.gives(bill, 33000)
		s.later(settledAt)
		s.later(time.Hour)
		require.Equal(t, pay.RefundSent, s.refund(r.ID).Status, "all is there yet, and it has promised")
		s.till.giveBack(s.till.refunds[0])
		s.later(10 * time.Minute)
		require.Equal(t, pay.RefundSucceeded, s.refund(r.ID).Status)
	})
	inShops(t, "PromisedThatTheVendorCallsFailedIsFailedOnceItMustBeThisOne", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.accepts
		r := s.gives(bill, 33000)
		s.bank.note(s.current(bill).OrderNumber, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB), RefundFailed: true})
		s.later(time.Minute)
		require.Equal(t, pay.RefundSent, s.refund(r.ID).Status, "it may be about an earlier one")
		s.later(settledAt)
		require.Equal(t, pay.RefundFailed, s.refund(r.ID).Status)
		s.holds(book(-99000, 99000, 0, 0))
	})
	inShops(t, "RefusedIsFailedAndMayBeTriedAgain", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.refuses
		outcome := s.asks(s.finance(), wants(bill))
		require.Equal(t, []string{"DECLINED decline.refund_refused"}, faults(outcome))
		r := s.refund(outcome.Refund)
		require.Equal(t, pay.RefundFailed, r.Status)
		require.Equal(t, []string{"refund_refused", "77", "Too late."}, []string{*r.DeclineCode, *r.DeclineProviderCode, *r.DeclineMessage})
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Zero(t, bill.RefundingMinor)
		require.Equal(t, []string{"CHARGE SUCCEEDED", "REFUND DECLINED"}, s.writes(bill.ID))
		require.Nil(t, s.current(bill).DoubtSince)
		require.Nil(t, bill.Edges.Entitlements[0].RevokedAt)
		s.holds(book(-99000, 99000, 0, 0))
		s.till.answer = nil
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status)
	})
	inShops(t, "LostAndDoneIsFoundByWhatIsLeft", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.doesAndIsLost
		outcome := s.asks(s.finance(), wants(bill, 33000))
		require.Equal(t, []string{"PROVIDER_UNAVAILABLE refund.in_doubt"}, faults(outcome))
		require.Equal(t, pay.RefundUnknown, s.refund(outcome.Refund).Status)
		require.Equal(t, []string{"CONFLICT refund.in_doubt"}, faults(s.asks(s.finance(), wants(bill, 1))))
		require.Equal(t, []pay.BillAction{pay.ActionRefresh}, s.mayDo(bill, pay.RoleFinance))
		s.later(3 * time.Second)
		require.Equal(t, pay.RefundSucceeded, s.refund(outcome.Refund).Status)
		require.Equal(t, 1, s.till.sent())
		s.holds(book(-66000, 99000, -33000, 0))
	})
	inShops(t, "RefreshAsksAboutIt", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.doesAndIsLost
		r := s.gives(bill)
		require.Equal(t, pay.RefundUnknown, r.Status)
		outcome, err := s.Refresh(s.finance(), bill.ID.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.Equal(t, pay.RefundSucceeded, s.refund(r.ID).Status)
	})
	inShops(t, "LostAndNotDoneIsFailedAfterTheSettlingTimeOnly", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.isLost
		r := s.gives(bill, 33000)
		s.later(60 * time.Second)
		require.Equal(t, pay.RefundUnknown, s.refund(r.ID).Status)
		s.later(settledAt - 60*time.Second)
		r = s.refund(r.ID)
		require.Equal(t, pay.RefundFailed, r.Status)
		require.Equal(t, "not_done", *r.DeclineCode)
		require.Equal(t, []string{"CHARGE SUCCEEDED", "REFUND FAILED"}, s.writes(bill.ID))
		bill = s.bill(bill.ID)
		require.Zero(t, bill.RefundingMinor)
		require.Nil(t, s.current(bill).DoubtSince)
		require.Equal(t, 1, s.till.sent())
		require.Empty(t, openCases(bill))
	})
	inShops(t, "TruthThatComesLateIsAPersonsToJudge", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.isLost
		r := s.gives(bill, 33000)
		s.later(settledAt)
		require.Equal(t, pay.RefundFailed, s.refund(r.ID).Status)
		s.till.giveBack(s.till.refunds[0])
		require.NoError(t, s.SettleForTest(s.program(), s.current(bill).ID, providers.Result{Status: providers.Captured, Captured: pay.Of(66000, pay.RUB)}))
		require.Equal(t, []pay.ReviewReason{pay.ReviewProviderDisagrees}, openCases(s.bill(bill.ID)))
		require.Equal(t, []string{"STATE_CONFLICT refund.case_is_open bill"}, faults(s.asks(s.finance(), wants(bill))))
	})
	inShops(t, "AmountThatNoRefundExplainsIsAPersonsToJudge", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.isLost
		r := s.gives(bill, 33000)
		s.bank.note(s.current(bill).OrderNumber, providers.Result{Status: providers.Captured, Captured: pay.Of(50000, pay.RUB)})
		s.later(3 * time.Second)
		require.Equal(t, pay.RefundUnknown, s.refund(r.ID).Status)
		require.Equal(t, []pay.ReviewReason{pay.ReviewProviderDisagrees}, openCases(s.bill(bill.ID)))
	})
	inShops(t, "UnreachableIsSentAgainByItsJobAndOnce", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.fails(providers.Unavailable)
		outcome := s.asks(s.finance(), wants(bill))
		require.Equal(t, []string{"PROVIDER_UNAVAILABLE refund.waits"}, faults(outcome))
		require.Equal(t, pay.DoNotRetry, outcome.Errors[0].Retry)
		r := s.refund(outcome.Refund)
		require.Equal(t, pay.RefundRequested, r.Status)
		require.Equal(t, int64(99000), s.bill(bill.ID).RefundingMinor)
		require.Nil(t, s.current(s.bill(bill.ID)).DoubtSince)
		after := s.bill(bill.ID)
		require.Equal(t, []string{"DONE refund.requested", "DONE refund.sent", "DONE refund.not_sent"}, history(after)[len(history(after))-3:])
		require.Equal(t, bill.Version+3, after.Version)
		require.True(t, s.asks(s.finance(), billing.NewRefund{Key: uuid.NewString(), Bill: bill.ID.String(), Reason: "again"}).Refund.IsZero(), "all is spoken for")
		for range 3 {
			s.later(5 * time.Minute)
		}
		before := s.till.sent()
		require.Greater(t, before, 1)
		s.till.answer = nil
		s.later(time.Hour)
		s.later(time.Hour)
		r = s.refund(r.ID)
		require.Equal(t, pay.RefundSucceeded, r.Status)
		require.Equal(t, before+1, s.till.sent())
		handles := map[string]bool{}
		for _, sent := range s.till.refunds {
			handles[sent.Handle] = true
		}
		require.Len(t, handles, before+1, "each try has an operation of its own")
		s.holds(book(0, 99000, -99000, 0))
	})
	inShops(t, "UnreachableForADayIsFailed", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.fails(providers.RateLimited)
		r := s.gives(bill)
		for range 22 {
			s.later(time.Hour)
		}
		require.Equal(t, pay.RefundRequested, s.refund(r.ID).Status)
		for range 9 {
			s.later(time.Hour)
		}
		r = s.refund(r.ID)
		require.Equal(t, pay.RefundFailed, r.Status)
		require.Equal(t, pay.DeclineProviderUnavailable, *r.DeclineCode)
		require.Equal(t, pay.BillDone, s.bill(bill.ID).Status)
		require.Zero(t, s.bill(bill.ID).RefundingMinor)
	})
	inShops(t, "RefusedAsARequestIsFailedAtOnce", func(t *testing.T, s *shop) {
		for _, kind := range []providers.Kind{providers.Rejected, providers.Auth, providers.NotFound, providers.Unsupported} {
			s.till.answer = s.till.fails(kind)
			outcome := s.asks(s.finance(), wants(s.bought()))
			require.Equal(t, []string{"DECLINED decline.refund_refused"}, faults(outcome), kind)
			require.Equal(t, "E1", *s.refund(outcome.Refund).DeclineProviderCode)
		}
	})
	inShops(t, "AnythingUnclearIsInDoubt", func(t *testing.T, s *shop) {
		for _, kind := range []providers.Kind{providers.Unknown, providers.Conflict, providers.Malformed} {
			s.till.answer = s.till.fails(kind)
			require.Equal(t, pay.RefundUnknown, s.gives(s.bought()).Status, kind)
		}
	})
}

// Doubt that nobody ends.
func TestService_RefundInDoubt(t *testing.T) {
	t.Parallel()
	never := func(t *testing.T, s *shop) (*ent.Bill, *ent.Refund, *ent.ReviewCase) {
		t.Helper()
		bill := s.bought()
		s.till.answer = s.till.isLost
		r := s.gives(bill, 33000)
		s.bank.away = true
		c := aDayOfDoubt(s.bundle, bill.ID)
		require.Contains(t, c.Details, "The refund of 330.00 RUB was sent for order "+s.current(bill).OrderNumber)
		require.Equal(t, pay.Of(33000, pay.RUB), pay.Of(*c.AmountMinor, *c.Currency))
		require.Equal(t, []string{"CONFLICT refund.in_doubt"}, faults(s.asks(s.finance(), wants(bill, 1))))
		return bill, r, c
	}
	inShops(t, "PersonWhoSawItGoBackEndsIt", func(t *testing.T, s *shop) {
		bill, r, c := never(t, s)
		require.Empty(t, s.ends(c, pay.ResolveFulfil).Errors)
		require.Equal(t, pay.RefundSucceeded, s.refund(r.ID).Status)
		bill = s.bill(bill.ID)
		require.Equal(t, int64(33000), bill.RefundedMinor)
		require.Equal(t, []string{"DONE refund.succeeded", "DONE review.fulfil"}, history(bill)[len(history(bill))-2:])
		s.holds(book(-66000, 99000, -33000, 0))
		s.till.answer, s.bank.away = nil, false
		s.till.giveBack(s.till.refunds[0])
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 1).Status)
	})
	inShops(t, "PersonWhoFoundNothingEndsIt", func(t *testing.T, s *shop) {
		bill, r, c := never(t, s)
		require.Empty(t, s.ends(c, pay.ResolveDismiss).Errors)
		r = s.refund(r.ID)
		require.Equal(t, pay.RefundFailed, r.Status)
		require.Equal(t, "dismissed", *r.DeclineCode)
		require.Zero(t, s.bill(bill.ID).RefundingMinor)
		s.till.answer, s.bank.away = nil, false
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 33000).Status)
	})
	inShops(t, "WhatAPersonSaidIsHeldAgainstTheVendorOnceMore", func(t *testing.T, s *shop) {
		bill, _, c := never(t, s)
		s.bank.away = false
		s.till.giveBack(s.till.refunds[0])
		require.Empty(t, s.ends(c, pay.ResolveDismiss).Errors)
		s.later(time.Minute)
		require.Equal(t, []pay.ReviewReason{pay.ReviewProviderDisagrees}, openCases(s.bill(bill.ID)))
	})
	inShops(t, "VendorThatSpokeMeanwhileIsBelieved", func(t *testing.T, s *shop) {
		bill, r, c := never(t, s)
		s.bank.away = false
		s.till.giveBack(s.till.refunds[0])
		s.later(time.Hour)
		require.Equal(t, pay.RefundSucceeded, s.refund(r.ID).Status)
		require.Equal(t, []string{"STATE_CONFLICT review.doubt_is_over resolution DISMISS"}, refusals(s.ends(c, pay.ResolveFulfil)))
		require.Empty(t, s.ends(c, pay.ResolveDismiss).Errors)
		require.Equal(t, int64(33000), s.bill(bill.ID).RefundedMinor)
	})
	inShops(t, "OldCaseDoesNotEndANewRefundsDoubt", func(t *testing.T, s *shop) {
		bill, _, c := never(t, s)
		s.bank.away = false
		s.later(time.Hour)
		first := s.bill(bill.ID)
		require.Zero(t, first.RefundingMinor, "it was not done")
		id, err := s.RequestRefundForTest(s.finance(), wants(bill, 100))
		require.Error(t, err, "the case is open: %s", id)
		require.Empty(t, s.ends(c, pay.ResolveDismiss).Errors)
		r := s.gives(bill, 100)
		require.Equal(t, pay.RefundUnknown, r.Status)
	})
}

// A vendor that never tells how much it gave back.
func TestService_RefundOfASilentVendor(t *testing.T) {
	t.Parallel()
	silent := func(s *shop) { s.till.can = func(c *providers.Capabilities) { c.TellsRefunds = false } }
	inShops(t, "ItsOwnAnswerIsBelieved", func(t *testing.T, s *shop) {
		silent(s)
		s.till.answer = func(r providers.RefundRequest) (providers.Result, error) {
			return providers.Result{Status: providers.Captured, Captured: pay.Of(r.Taken.Amount-r.Amount.Amount, pay.RUB)}, nil
		}
		bill := s.bought()
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 33000).Status)
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 33000).Status)
		s.later(24 * time.Hour)
		require.NoError(t, s.SettleForTest(s.program(), s.current(bill).ID, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB)}))
		require.Empty(t, openCases(s.bill(bill.ID)), "it says what it took, as ever")
	})
	inShops(t, "LostPartIsInDoubtUntilAPersonLooks", func(t *testing.T, s *shop) {
		silent(s)
		bill := s.bought()
		s.till.answer = s.till.isLost
		r := s.gives(bill, 33000)
		s.later(settledAt)
		s.later(time.Hour)
		require.Equal(t, pay.RefundUnknown, s.refund(r.ID).Status)
		require.Equal(t, pay.ReviewInDoubt, aDayOfDoubt(s.bundle, bill.ID).Reason)
	})
	inShops(t, "LostWholeIsKnownByItsEnd", func(t *testing.T, s *shop) {
		silent(s)
		bill := s.bought()
		s.till.answer = s.till.doesAndIsLost
		r := s.gives(bill)
		s.later(3 * time.Second)
		require.Equal(t, pay.RefundSucceeded, s.refund(r.ID).Status)
	})
	inShops(t, "LostWholeThatIsNotDoneIsFailed", func(t *testing.T, s *shop) {
		silent(s)
		bill := s.bought()
		s.till.answer = s.till.isLost
		r := s.gives(bill)
		s.later(settledAt)
		require.Equal(t, pay.RefundFailed, s.refund(r.ID).Status)
	})
}

// What was true when it was said, and is not any more.
func TestService_RefundAndOldNews(t *testing.T) {
	t.Parallel()
	inShops(t, "AnswerFromBeforeARefundRaisesNoAlarm", func(t *testing.T, s *shop) {
		bill := s.bought()
		a := s.current(bill)
		s.later(time.Minute)
		s.till.meanwhile = func() { s.gives(bill, 33000) }
		asked, err := s.AskForTest(s.program(), a.ID)
		require.NoError(t, err)
		require.False(t, asked, "it counts for nothing")
		require.Empty(t, openCases(s.bill(bill.ID)))
		s.later(time.Minute)
		require.Empty(t, openCases(s.bill(bill.ID)))
		require.Equal(t, int64(33000), s.bill(bill.ID).RefundedMinor)
	})
	inShops(t, "AnswerFromBeforeARefundDoesNotFailIt", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.later(time.Minute)
		s.till.answer = s.till.accepts
		s.till.meanwhile = func() { s.gives(bill, 33000) }
		_, err := s.AskForTest(s.program(), s.current(bill).ID)
		require.NoError(t, err)
		require.Equal(t, int64(33000), s.bill(bill.ID).RefundingMinor)
		require.Empty(t, openCases(s.bill(bill.ID)))
	})
	inShops(t, "NoHoldIsMadeOfCapturedMoney", func(t *testing.T, s *shop) {
		bill := s.unpaid()
		a := s.page(bill)
		s.takesOn(a, 99000, 0)
		s.till.answer = s.till.isLost
		s.gives(bill, 33000)
		s.clock.Advance(settledAt)
		require.NoError(t, s.SettleForTest(s.program(), a.ID, providers.Result{Status: providers.Authorized, Authorized: a.Amount()}))
		require.Equal(t, pay.AttemptCaptured, s.bill(bill.ID).Edges.Attempts[0].Status)
		require.Equal(t, int64(33000), s.bill(bill.ID).RefundingMinor)
	})
}

// The death of the process between each two steps.
func TestService_RefundCrashes(t *testing.T) {
	t.Parallel()
	inShops(t, "CommittedAndNotSentIsSentByItsJob", func(t *testing.T, s *shop) {
		bill := s.bought()
		id, err := s.RequestRefundForTest(s.finance(), wants(bill, 33000))
		require.NoError(t, err)
		s.later(10 * time.Second)
		require.Zero(t, s.till.sent(), "its caller may be about to")
		s.later(5 * time.Second)
		require.Equal(t, pay.RefundSucceeded, s.refund(id).Status)
		s.later(time.Hour)
		require.Equal(t, 1, s.till.sent())
	})
	// dies has the process end in the vendor's call.
	dies := func(s *shop, bill *ent.Bill, does bool) {
		s.till.answer = func(r providers.RefundRequest) (providers.Result, error) {
			if does {
				s.till.giveBack(r)
			}
			runtime.Goexit()
			return providers.Result{}, nil
		}
		var died sync.WaitGroup
		died.Go(func() { _, _ = s.Refund(s.finance(), wants(bill, 33000)) })
		died.Wait()
		s.till.answer = nil
		s.Service, s.runner = s.another()
		require.NoError(s.t, s.Begin(s.program()))
	}
	inShops(t, "SentAndDoneIsFound", func(t *testing.T, s *shop) {
		bill := s.bought()
		dies(s, bill, true)
		s.later(0)
		bill = s.bill(bill.ID)
		require.Equal(t, int64(33000), bill.RefundedMinor)
		s.later(time.Hour)
		require.Equal(t, 1, s.till.sent())
		s.holds(book(-66000, 99000, -33000, 0))
	})
	inShops(t, "SentAndNotDoneIsFailedAndNeverSentAgain", func(t *testing.T, s *shop) {
		bill := s.bought()
		dies(s, bill, false)
		s.later(0)
		require.Equal(t, int64(33000), s.bill(bill.ID).RefundingMinor)
		for range 4 {
			s.later(30 * time.Second)
		}
		require.Zero(t, s.bill(bill.ID).RefundingMinor)
		require.Equal(t, 1, s.till.sent())
		s.later(24 * time.Hour)
		require.Equal(t, 1, s.till.sent())
	})
	inShops(t, "JobThatRunsBesideItsCallerSendsOnce", func(t *testing.T, s *shop) {
		bill := s.bought()
		id, err := s.RequestRefundForTest(s.finance(), wants(bill, 33000))
		require.NoError(t, err)
		var many sync.WaitGroup
		for range 6 {
			many.Go(func() { _ = s.SendRefundForTest(s.program(), id) })
		}
		many.Wait()
		require.Equal(t, 1, s.till.sent())
		require.Equal(t, int64(33000), s.bill(bill.ID).RefundedMinor)
	})
	inShops(t, "RefundWhoseJobIsLostIsFoundByTheSweep", func(t *testing.T, s *shop) {
		require.NoError(t, s.Begin(s.program()))
		bill := s.bought()
		id, err := s.RequestRefundForTest(s.finance(), wants(bill, 33000))
		require.NoError(t, err)
		s.forgets("refund.send", id.String())
		for range 10 {
			s.later(10 * time.Minute)
		}
		require.Equal(t, pay.RefundSucceeded, s.refund(id).Status)
	})
}
