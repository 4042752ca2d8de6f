package billing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// mayDo is what a role is told that it may do with a bill, as it is now.
func (b *bundle) mayDo(bill *ent.Bill, role pay.Role) []pay.BillAction {
	b.t.Helper()
	now := b.bill(bill.ID)
	return b.AllowedActions(now, now.Edges.Attempts, now.Edges.Reviews, role)
}

// mayEnd is how a person is told that a bill's newest case may be ended, as it is now.
func (b *bundle) mayEnd(bill *ent.Bill) []pay.ReviewResolution {
	b.t.Helper()
	now := b.bill(bill.ID)
	c := now.Edges.Reviews[len(now.Edges.Reviews)-1]
	for _, a := range now.Edges.Attempts {
		if a.ID == *c.AttemptID {
			return b.AllowedResolutions(c, now, a, now.Edges.Reviews)
		}
	}
	require.Fail(b.t, "the case has no attempt")
	return nil
}

// withoutRefunds has the vendor give nothing back.
func withoutRefunds(c *providers.Capabilities) { c.Ops = c.Ops[:len(c.Ops)-1] }

// A refund is offered where the call would be admitted, and where it would be refused
// it is not.
func TestService_AllowedRefund(t *testing.T) {
	t.Parallel()
	can, cannot := []pay.BillAction{pay.ActionRefresh, pay.ActionRefund}, []pay.BillAction{pay.ActionRefresh}
	giver := func(s *shop, role pay.Role) viewer.Viewer {
		return viewer.Viewer{Role: role, Merchant: s.merchant.ID, Principal: "caller"}
	}
	// refused checks that nothing is offered, and that the call says why.
	refused := func(t *testing.T, s *shop, bill *ent.Bill, role pay.Role, why string) {
		t.Helper()
		require.NotContains(t, s.mayDo(bill, role), pay.ActionRefund)
		require.Equal(t, []string{why}, faults(s.asks(s.as(giver(s, role)), wants(bill, 1))))
	}
	inShops(t, "ToTheMerchantsSideOfAPaidBill", func(t *testing.T, s *shop) {
		bill := s.bought()
		for _, role := range []pay.Role{pay.RoleServer, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin} {
			require.Equal(t, can, s.mayDo(bill, role), role)
		}
		for _, role := range []pay.Role{pay.RoleGuest, pay.RoleUser} {
			refused(t, s, bill, role, "FORBIDDEN refund.not_yours")
		}
	})
	inShops(t, "NotByAVendorThatGivesNothingBack", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.can = withoutRefunds
		refused(t, s, bill, pay.RoleFinance, "UNSUPPORTED refund.unsupported bill")
		require.Equal(t, pay.DoNotRetry, s.asks(s.finance(), wants(bill)).Errors[0].Retry)
	})
	inShops(t, "NotByAnAccountThatIsGone", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.Service, s.runner = s.process(providers.Account{Code: "other", Merchant: s.merchant.ID, TestMode: true, Provider: s.till})
		refused(t, s, bill, pay.RoleFinance, "UNSUPPORTED refund.account_missing bill")
	})
	inShops(t, "NotWhenNothingIsLeft", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.gives(bill)
		refused(t, s, bill, pay.RoleFinance, "STATE_CONFLICT refund.nothing_left bill")
	})
	inShops(t, "NotBeforeMoneyCame", func(t *testing.T, s *shop) {
		refused(t, s, s.unpaid(), pay.RoleFinance, "STATE_CONFLICT refund.nothing_taken bill")
	})
	inShops(t, "NotWhileACaseDecides", func(t *testing.T, s *shop) {
		bill := s.bought()
		require.NoError(t, s.SettleForTest(s.program(), s.current(bill).ID, providers.Result{Status: providers.ChargedBack}))
		refused(t, s, bill, pay.RoleFinance, "STATE_CONFLICT refund.case_is_open bill")
		require.Empty(t, s.ends(s.bill(bill.ID).Edges.Reviews[0], pay.ResolveDismiss).Errors)
		require.Equal(t, can, s.mayDo(bill, pay.RoleFinance))
	})
	inShops(t, "NotToSupportWhoseLimitIsUsedUp", func(t *testing.T, s *shop) {
		bill := s.bought()
		require.Empty(t, s.asks(s.support(), wants(bill, 20000)).Errors)
		refused(t, s, bill, pay.RoleSupport, "LIMIT_EXCEEDED refund.above_your_limit amount")
		require.Equal(t, can, s.mayDo(bill, pay.RoleFinance))
	})
	inShops(t, "NotToSupportWhenOnlyAllCanGoBack", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.can = func(c *providers.Capabilities) { c.PartialRefund = false }
		refused(t, s, bill, pay.RoleSupport, "LIMIT_EXCEEDED refund.above_your_limit amount")
		require.Equal(t, can, s.mayDo(bill, pay.RoleFinance))
	})
	inShops(t, "OfLateMoneyWhoseCaseWasDismissed", func(t *testing.T, s *shop) {
		bill := s.unpaid()
		_, err := s.Cancel(s.server(), uuid.NewString(), bill.ID.String())
		require.NoError(t, err)
		s.duplicate(bill)
		require.Equal(t, cannot, s.mayDo(bill, pay.RoleFinance))
		require.Empty(t, s.ends(s.bill(bill.ID).Edges.Reviews[0], pay.ResolveDismiss).Errors)
		require.Equal(t, can, s.mayDo(bill, pay.RoleFinance))
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status)
	})
	inShops(t, "NotOfMoneyOfAnotherCurrency", func(t *testing.T, s *shop) {
		bill := s.unpaid()
		s.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			return s.bank.note(r.OrderNumber, providers.Result{Status: providers.Captured, Captured: pay.Of(r.Amount.Amount, pay.USD)}), nil
		}
		s.pays(uuid.NewString(), bill, s.byCard())
		require.Equal(t, []pay.ReviewResolution{pay.ResolveDismiss}, s.mayEnd(bill))
		require.Empty(t, s.ends(s.bill(bill.ID).Edges.Reviews[0], pay.ResolveDismiss).Errors)
		refused(t, s, bill, pay.RoleFinance, "UNSUPPORTED refund.other_currency bill")
	})
	inShops(t, "RefusalsSayWhatTheBillIsAndWhatIsAllowed", func(t *testing.T, s *shop) {
		bill := s.bought()
		require.NoError(t, s.SettleForTest(s.program(), s.current(bill).ID, providers.Result{Status: providers.ChargedBack}))
		detail := func(bill *ent.Bill) any { return s.asks(s.finance(), wants(bill)).Errors[0].Detail }
		require.Equal(t, pay.StateDetail{From: "DONE", Allowed: []string{"refresh"}}, detail(bill))
		require.Equal(t, pay.StateDetail{From: "PENDING", Allowed: []string{"refresh", "cancel"}}, detail(s.unpaid()))
		empty := s.bought()
		s.gives(empty)
		require.Equal(t, pay.StateDetail{From: "REFUNDED", Allowed: []string{}}, detail(empty))
	})
}

// How a case may be ended is told by the rule that ends it.
func TestService_AllowedResolutions(t *testing.T) {
	t.Parallel()
	const (
		fulfil, excess, all  = pay.ResolveFulfil, pay.ResolveRefundExcess, pay.ResolveRefundAll
		again, dismiss       = pay.ResolveRetryFulfilment, pay.ResolveDismiss
		total, more, tooLess = 99000, 100000, 98900
	)
	type list = []pay.ReviewResolution
	// is checks what is offered against what is refused, how ever one tries.
	is := func(t *testing.T, s *shop, bill *ent.Bill, want list) {
		t.Helper()
		require.Equal(t, want, s.mayEnd(bill))
		cases := s.bill(bill.ID).Edges.Reviews
		for _, how := range pay.ReviewResolutions() {
			if !slices.Contains(want, how) {
				require.NotEmpty(t, s.ends(cases[len(cases)-1], how).Errors, how)
			}
		}
		require.Equal(t, want, s.mayEnd(bill), "what was refused changed nothing")
		require.Empty(t, s.ends(cases[len(cases)-1], want[0]).Errors)
		require.Equal(t, list{}, s.mayEnd(bill), "it is over")
	}
	came := func(s *shop, minor int64) *ent.Bill {
		bill := s.unpaid()
		s.takesOn(s.page(bill), minor, 0)
		return bill
	}
	inShops(t, "TooMuchMayBeParted", func(t *testing.T, s *shop) { is(t, s, came(s, more), list{fulfil, excess, all, dismiss}) })
	inShops(t, "TooLittleHasNoExcess", func(t *testing.T, s *shop) { is(t, s, came(s, tooLess), list{fulfil, all, dismiss}) })
	inShops(t, "NothingGoesBackByAVendorThatCannot", func(t *testing.T, s *shop) {
		bill := came(s, more)
		s.till.can = withoutRefunds
		is(t, s, bill, list{fulfil, dismiss})
	})
	inShops(t, "NoExcessByAVendorThatGivesBackAllOrNothing", func(t *testing.T, s *shop) {
		bill := came(s, more)
		s.till.can = func(c *providers.Capabilities) { c.PartialRefund = false }
		is(t, s, bill, list{fulfil, all, dismiss})
	})
	inShops(t, "NothingGoesBackThroughAnAccountThatIsGone", func(t *testing.T, s *shop) {
		bill := came(s, more)
		s.Service, s.runner = s.process(providers.Account{Code: "other", Merchant: s.merchant.ID, TestMode: true, Provider: s.till})
		is(t, s, bill, list{fulfil, dismiss})
	})
	inShops(t, "DuplicateOfAPaidBillIsNotAccepted", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.duplicate(bill)
		is(t, s, bill, list{all, dismiss})
	})
	inShops(t, "MoneyThatIsGoneIsDismissed", func(t *testing.T, s *shop) {
		bill := came(s, more)
		require.NoError(t, s.SettleForTest(s.program(), s.bill(bill.ID).Edges.Attempts[0].ID, providers.Result{Status: providers.ChargedBack}))
		now := s.bill(bill.ID)
		require.Equal(t, list{dismiss}, s.AllowedResolutions(now.Edges.Reviews[0], now, now.Edges.Attempts[0], now.Edges.Reviews))
		is(t, s, bill, list{dismiss})
	})
	inShops(t, "WhatWasGivenMeanwhileIsNotTriedAgain", func(t *testing.T, s *shop) {
		s.Fulfillers[pay.ProductDirect] = refusing{}
		bill := s.paid()
		for range 8 {
			s.later(15 * time.Minute)
		}
		require.Equal(t, list{again, all, dismiss}, s.mayEnd(bill))
		require.Equal(t, int64(total), s.bill(bill.ID).PaidMinor)
		s.gives(bill)
		is(t, s, bill, list{all, dismiss})
	})
	inShops(t, "CaseWithoutABillIsDismissed", func(t *testing.T, s *shop) {
		require.Equal(t, list{dismiss}, s.AllowedResolutions(&ent.ReviewCase{Reason: pay.ReviewUnmatchedPayment}, nil, nil, nil))
	})
}
