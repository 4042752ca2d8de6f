package billing_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Who may give back how much alone.
func TestService_RefundLimits(t *testing.T) {
	t.Parallel()
	inShops(t, "SupportsLimitCountsAllThatGoesBackOfABill", func(t *testing.T, s *shop) {
		bill := s.bought()
		require.Empty(t, s.asks(s.support(), wants(bill, 15000)).Errors)
		refused := s.asks(s.support(), wants(bill, 5001))
		require.Equal(t, []string{"LIMIT_EXCEEDED refund.above_your_limit amount"}, faults(refused))
		detail, _ := refused.Errors[0].Detail.(pay.LimitDetail)
		require.Equal(t, pay.Of(20000, pay.RUB), *detail.Limit)
		require.Equal(t, pay.Of(5000, pay.RUB), *detail.Available)
		require.Empty(t, s.asks(s.support(), wants(bill, 5000)).Errors)
		require.Equal(t, []string{"LIMIT_EXCEEDED refund.above_your_limit amount"}, faults(s.asks(s.support(), wants(bill, 1))))
		require.Empty(t, s.asks(s.server(), wants(bill, 1)).Errors)
		require.Equal(t, []string{"LIMIT_EXCEEDED refund.above_your_limit amount"}, faults(s.asks(s.support(), wants(s.bought()))), "all of another one")
	})
	inShops(t, "WithoutALimitSupportGivesNothing", func(t *testing.T, s *shop) {
		s.RefundRules = nil
		bill := s.bought()
		require.Equal(t, []string{"LIMIT_EXCEEDED refund.above_your_limit amount"}, faults(s.asks(s.support(), wants(bill, 1))))
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status, "and nobody need approve")
	})
}

// approves is a second person's word.
func (s *shop) approves(v viewer.Viewer, id pay.RefundID) *billing.RefundOutcome {
	s.t.Helper()
	outcome, err := s.Approve(s.as(v), uuid.NewString(), id.String())
	require.NoError(s.t, err)
	return outcome
}

func TestService_RefundApproval(t *testing.T) {
	t.Parallel()
	olga := viewer.Viewer{Role: pay.RoleFinance, Principal: "operator/shop/olga"}
	anna := viewer.Viewer{Role: pay.RoleAdmin, Principal: "operator/shop/anna"}
	// waiting makes a refund of everything that waits for a second person.
	waiting := func(t *testing.T, s *shop) (*ent.Bill, *ent.Refund) {
		t.Helper()
		s.RefundRules = func(pay.MerchantID) billing.RefundRules {
			return billing.RefundRules{ApprovalAbove: map[pay.Currency]int64{pay.RUB: 50000}}
		}
		bill := s.bought()
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 50000).Status, "up to the sum nobody is asked")
		outcome := s.asks(s.finance(), wants(bill))
		require.Empty(t, outcome.Errors)
		r := s.refund(outcome.Refund)
		require.Equal(t, pay.RefundAwaitingApproval, r.Status)
		require.Equal(t, 1, s.till.sent())
		require.Equal(t, int64(49000), s.bill(bill.ID).RefundingMinor)
		return s.bill(bill.ID), r
	}
	inShops(t, "SecondPersonSendsIt", func(t *testing.T, s *shop) {
		bill, r := waiting(t, s)
		key := uuid.NewString()
		outcome, err := s.Approve(s.admin(), key, r.ID.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.Equal(t, []any{r.ID, bill.ID, false}, []any{outcome.Refund, outcome.Bill, outcome.Replayed})
		again, err := s.Approve(s.admin(), key, r.ID.String())
		require.NoError(t, err)
		require.True(t, again.Replayed)
		r = s.refund(r.ID)
		require.Equal(t, pay.RefundSucceeded, r.Status)
		require.Equal(t, "ADMIN operator/shop/anna", *r.ApprovedBy)
		require.Equal(t, 2, s.till.sent())
		bill = s.bill(bill.ID)
		require.Equal(t, []string{
			"DONE refund.awaits_approval", "DONE refund.approved", "DONE refund.sent", "REFUNDED bill.refunded",
		}, history(bill)[len(history(bill))-4:])
		require.Equal(t, []string{"STATE_CONFLICT refund.waits_for_nobody refund"}, faults(s.approves(anna, r.ID)))
	})
	inShops(t, "NobodyApprovesTheirOwn", func(t *testing.T, s *shop) {
		_, r := waiting(t, s)
		require.Equal(t, []string{"FORBIDDEN refund.own_request refund"}, faults(s.approves(olga, r.ID)))
		promoted := olga
		promoted.Role = pay.RoleAdmin
		require.Equal(t, []string{"FORBIDDEN refund.own_request refund"}, faults(s.approves(promoted, r.ID)))
		require.Equal(t, pay.RefundAwaitingApproval, s.refund(r.ID).Status)
	})
	inShops(t, "OthersDoNotApprove", func(t *testing.T, s *shop) {
		_, r := waiting(t, s)
		for _, role := range []pay.Role{pay.RoleSupport, pay.RoleServer, pay.RoleUser, pay.RolePublic, pay.RoleGuest} {
			require.Equal(t, []string{"FORBIDDEN refund.not_yours_to_approve"}, faults(s.approves(viewer.Viewer{Role: role, Principal: "x"}, r.ID)), role)
		}
		stranger := anna
		stranger.Merchant = s.other.ID
		require.Equal(t, []string{"NOT_FOUND refund.not_found refund"}, faults(s.approves(stranger, r.ID)))
		nothing, err := s.Approve(s.admin(), uuid.NewString(), "ref_none")
		require.NoError(t, err)
		require.Equal(t, []string{"NOT_FOUND refund.not_found refund"}, faults(nothing))
		empty, err := s.Approve(s.admin(), "", r.ID.String())
		require.NoError(t, err)
		require.Equal(t, []string{"INVALID idempotency_key.empty idempotencyKey"}, faults(empty))
	})
	inShops(t, "NobodyInAWeekIsFailed", func(t *testing.T, s *shop) {
		bill, r := waiting(t, s)
		s.later(7*24*time.Hour - time.Minute)
		require.Equal(t, pay.RefundAwaitingApproval, s.refund(r.ID).Status)
		s.later(time.Minute)
		r = s.refund(r.ID)
		require.Equal(t, pay.RefundFailed, r.Status)
		require.Equal(t, "not_approved", *r.DeclineCode)
		require.Zero(t, s.bill(bill.ID).RefundingMinor)
		require.Equal(t, []string{"STATE_CONFLICT refund.waits_for_nobody refund"}, faults(s.approves(anna, r.ID)))
	})
	inShops(t, "ProviderThatIsAwayAfterDaysOfWaitingIsTriedForADay", func(t *testing.T, s *shop) {
		_, r := waiting(t, s)
		s.later(3 * 24 * time.Hour)
		s.till.answer = s.till.fails(providers.Unavailable)
		require.Equal(t, []string{"PROVIDER_UNAVAILABLE refund.waits"}, faults(s.approves(anna, r.ID)))
		s.till.answer = nil
		s.later(time.Hour)
		require.Equal(t, pay.RefundSucceeded, s.refund(r.ID).Status)
	})
	inShops(t, "MoneyThatTheBankTookBackMeanwhileIsNotGivenTwice", func(t *testing.T, s *shop) {
		bill, r := waiting(t, s)
		require.NoError(t, s.SettleForTest(s.program(), s.current(bill).ID, providers.Result{Status: providers.ChargedBack}))
		require.Equal(t, []pay.ReviewReason{pay.ReviewChargeback}, openCases(s.bill(bill.ID)))
		require.Equal(t, []string{"STATE_CONFLICT refund.case_is_open refund"}, faults(s.approves(anna, r.ID)))
		require.Equal(t, 1, s.till.sent())
	})
	inShops(t, "RefundThatWaitsForItsProviderIsNotSentAfterAChargeback", func(t *testing.T, s *shop) {
		bill := s.bought()
		id, err := s.RequestRefundForTest(s.finance(), wants(bill))
		require.NoError(t, err)
		require.NoError(t, s.SettleForTest(s.program(), s.current(bill).ID, providers.Result{Status: providers.ChargedBack}))
		s.later(time.Minute)
		r := s.refund(id)
		require.Equal(t, pay.RefundFailed, r.Status)
		require.Equal(t, "contested", *r.DeclineCode)
		require.Zero(t, s.till.sent())
		require.Zero(t, s.bill(bill.ID).RefundingMinor)
	})
}

// What was bought, when its money goes back.
func TestService_RefundTakesBack(t *testing.T) {
	t.Parallel()
	revoked := func(s *shop, bill *ent.Bill) bool {
		return s.bill(bill.ID).Edges.Entitlements[0].RevokedAt != nil
	}
	inShops(t, "GrantsEndWithAFullRefund", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.gives(bill, 98999)
		require.False(t, revoked(s, bill))
		s.gives(bill)
		require.True(t, revoked(s, bill))
	})
	inShops(t, "GrantsStayWhenTheProductSaysKeep", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.keeps(s.bundle.page)
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status)
		require.False(t, revoked(s, bill))
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
	})
	inShops(t, "LastPartTakesBackOnlyWhenTheFirstIsBackToo", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.RefundRules = func(pay.MerchantID) billing.RefundRules {
			return billing.RefundRules{ApprovalAbove: map[pay.Currency]int64{pay.RUB: 0}}
		}
		first, last := s.gives(bill, 30000), s.gives(bill)
		require.True(t, last.ReturnsAll)
		require.Empty(t, s.approves(viewer.Viewer{Role: pay.RoleAdmin, Principal: "operator/shop/anna"}, last.ID).Errors)
		require.False(t, revoked(s, bill), "300 are still the shop's")
		s.later(8 * 24 * time.Hour)
		require.Equal(t, pay.RefundFailed, s.refund(first.ID).Status)
		require.False(t, revoked(s, bill))
		require.Equal(t, pay.BillDone, s.bill(bill.ID).Status)
	})
	inShops(t, "PaidBillIsNotFulfilledWhileItsMoneyIsOnItsWay", func(t *testing.T, s *shop) {
		bill := s.paid()
		s.till.answer = s.till.isLost
		r := s.gives(bill)
		require.Equal(t, pay.RefundUnknown, r.Status)
		require.NoError(t, s.FulfilNow(s.program(), bill.ID))
		s.later(20 * time.Second)
		require.Equal(t, pay.BillPaid, s.bill(bill.ID).Status)
		require.Empty(t, s.bill(bill.ID).Edges.Entitlements)
		s.later(settledAt)
		require.Equal(t, pay.RefundFailed, s.refund(r.ID).Status)
		s.later(0)
		require.Equal(t, pay.BillDone, s.bill(bill.ID).Status, "it is given at once now")
		require.Len(t, s.bill(bill.ID).Edges.Entitlements, 1)
	})
	inShops(t, "PaidBillWhoseMoneyIsBackIsNotFulfilled", func(t *testing.T, s *shop) {
		bill := s.paid()
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status)
		s.later(time.Hour)
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
		require.Empty(t, s.bill(bill.ID).Edges.Entitlements)
	})
	inShops(t, "PaidBillWithAPartBackIsFulfilled", func(t *testing.T, s *shop) {
		bill := s.paid()
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 100).Status)
		s.later(0)
		require.Equal(t, pay.BillDone, s.bill(bill.ID).Status)
	})
	inShops(t, "WalletHasItsMoneyBackAtOnce", func(t *testing.T, s *shop) {
		w := s.filled(s.user.ID, pay.Of(100000, pay.RUB))
		bill := s.unpaid()
		require.Empty(t, s.pays(uuid.NewString(), bill, byWallet(w)).Errors)
		s.later(0)
		part := s.gives(bill, 9000)
		require.Equal(t, pay.RefundSucceeded, part.Status)
		require.Nil(t, part.OperationID)
		require.Equal(t, []int64{10000, 0}, []int64{s.wallet(w.ID).AvailableMinor, s.wallet(w.ID).HeldMinor})
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status)
		require.Equal(t, int64(100000), s.wallet(w.ID).AvailableMinor)
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
		require.Zero(t, s.till.sent())
		s.holds(map[pay.AccountKind]int64{
			pay.AccountSuspense: -100000, pay.AccountWalletAvailable: 100000, pay.AccountSales: 99000, pay.AccountRefunds: -99000,
		})
	})
}
