package billing_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
)

// asksAbove makes a refund of all of a bill that waits for a second person.
func (s *shop) asksAbove(bill *ent.Bill) *ent.Refund {
	s.t.Helper()
	s.RefundRules = func(pay.MerchantID) billing.RefundRules {
		return billing.RefundRules{ApprovalAbove: map[pay.Currency]int64{pay.RUB: 40000}}
	}
	outcome := s.asks(s.finance(), wants(bill))
	require.Empty(s.t, outcome.Errors)
	r := s.refund(outcome.Refund)
	require.Equal(s.t, pay.RefundAwaitingApproval, r.Status)
	return r
}

// rejects turns a refund down, as the context says.
func (s *shop) rejects(ctx context.Context, id pay.RefundID) *billing.RefundOutcome {
	s.t.Helper()
	outcome, err := s.Reject(ctx, uuid.NewString(), id.String(), "The page was there.")
	require.NoError(s.t, err)
	return outcome
}

// A person's no to a refund that waits for one.
func TestService_RefundReject(t *testing.T) {
	t.Parallel()
	inShops(t, "EndsItAndSetsItsAmountFree", func(t *testing.T, s *shop) {
		bill := s.bought()
		r := s.asksAbove(bill)
		key := uuid.NewString()
		outcome, err := s.Reject(s.admin(), key, r.ID.String(), "The page was there.")
		require.NoError(t, err)
		require.Equal(t, &billing.RefundOutcome{Refund: r.ID, Bill: bill.ID, Errors: outcome.Errors}, outcome)
		require.Empty(t, outcome.Errors)
		r = s.refund(r.ID)
		require.Equal(t, []any{pay.RefundFailed, "rejected"}, []any{r.Status, *r.DeclineCode})
		require.Nil(t, r.ApprovedBy)
		require.NotNil(t, r.ResolvedAt)
		now := s.bill(bill.ID)
		require.Zero(t, now.RefundingMinor)
		require.Zero(t, s.current(now).RefundingMinor)
		last := now.Edges.Events[len(now.Edges.Events)-1]
		require.Equal(t, []any{"refund.rejected", "The page was there.", pay.RoleAdmin}, []any{last.Reason, *last.Note, *last.Actor})

		again, err := s.Reject(s.admin(), key, r.ID.String(), "The page was there.")
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Empty(t, again.Errors)
		other, err := s.Reject(s.admin(), key, r.ID.String(), "Another reason.")
		require.NoError(t, err)
		require.Equal(t, []string{"IDEMPOTENCY_MISMATCH idempotency_key.mismatch idempotencyKey"}, faults(other))
		require.Equal(t, now.Version, s.bill(bill.ID).Version)

		require.Equal(t, []string{"STATE_CONFLICT refund.waits_for_nobody refund"}, faults(s.rejects(s.admin(), r.ID)))
		s.later(8 * 24 * time.Hour)
		require.Zero(t, s.till.sent())
		require.Equal(t, now.Version, s.bill(bill.ID).Version, "its job finds nothing to do")
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 1).Status, "it may be tried again")
	})
	inShops(t, "WhoAskedForItWithdrawsIt", func(t *testing.T, s *shop) {
		r := s.asksAbove(s.bought())
		require.Empty(t, s.rejects(s.finance(), r.ID).Errors)
		require.Equal(t, "withdrawn", *s.refund(r.ID).DeclineCode)
	})
	inShops(t, "ItsKeyAtRefundCreateSaysWhy", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.RefundRules = func(pay.MerchantID) billing.RefundRules {
			return billing.RefundRules{ApprovalAbove: map[pay.Currency]int64{pay.RUB: 0}}
		}
		in := wants(bill)
		made := s.asks(s.finance(), in)
		require.Empty(t, s.rejects(s.admin(), made.Refund).Errors)
		require.Equal(t, []string{"DECLINED decline.rejected"}, faults(s.asks(s.finance(), in)))
	})
	inShops(t, "OthersMayNot", func(t *testing.T, s *shop) {
		r := s.asksAbove(s.bought())
		for _, role := range []pay.Role{pay.RoleSupport, pay.RoleServer, pay.RoleUser, pay.RolePublic, pay.RoleGuest} {
			require.Equal(t, []string{"FORBIDDEN refund.not_yours_to_approve"}, faults(s.rejects(s.as(viewer.Viewer{Role: role, Principal: "x"}), r.ID)), role)
		}
		stranger := s.as(viewer.Viewer{Role: pay.RoleAdmin, Merchant: s.other.ID, Principal: "operator/other/otto"})
		require.Equal(t, []string{"NOT_FOUND refund.not_found refund"}, faults(s.rejects(stranger, r.ID)))
		for reason, want := range map[string]string{
			"":                            "INVALID refund.reason_missing reason",
			"paid by 4111 1111 1111 1111": "INVALID text.card_number reason",
		} {
			refused, err := s.Reject(s.admin(), uuid.NewString(), r.ID.String(), reason)
			require.NoError(t, err)
			require.Equal(t, []string{want}, faults(refused))
		}
		empty, err := s.Reject(s.admin(), "", r.ID.String(), "no")
		require.NoError(t, err)
		require.Equal(t, []string{"INVALID idempotency_key.empty idempotencyKey"}, faults(empty))
		require.Equal(t, pay.RefundAwaitingApproval, s.refund(r.ID).Status)
	})
	inShops(t, "WithheldTopUpIsThereAgain", func(t *testing.T, s *shop) {
		bill, w := s.filledByTopUp()
		r := s.asksAbove(bill)
		require.Equal(t, []int64{0, 50000}, []int64{s.wallet(w.ID).AvailableMinor, s.wallet(w.ID).HeldMinor})
		require.Empty(t, s.rejects(s.admin(), r.ID).Errors)
		require.Equal(t, []int64{50000, 0}, []int64{s.wallet(w.ID).AvailableMinor, s.wallet(w.ID).HeldMinor})
	})
	inShops(t, "PaidBillIsFulfilledAfterIt", func(t *testing.T, s *shop) {
		bill := s.paid()
		r := s.asksAbove(bill)
		s.later(time.Minute)
		require.Equal(t, pay.BillPaid, s.bill(bill.ID).Status)
		require.Empty(t, s.rejects(s.admin(), r.ID).Errors)
		s.later(0)
		require.Equal(t, pay.BillDone, s.bill(bill.ID).Status)
	})
	inShops(t, "CaseThatAskedForItOpensAgain", func(t *testing.T, s *shop) {
		bill := s.unpaid()
		_, err := s.Cancel(s.server(), uuid.NewString(), bill.ID.String())
		require.NoError(t, err)
		s.duplicate(bill)
		s.RefundRules = func(pay.MerchantID) billing.RefundRules {
			return billing.RefundRules{ApprovalAbove: map[pay.Currency]int64{pay.RUB: 0}}
		}
		require.Empty(t, s.ends(s.bill(bill.ID).Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		require.Empty(t, s.rejects(s.admin(), s.refundsOf(bill)[0].ID).Errors)
		require.Equal(t, []pay.ReviewReason{pay.ReviewLatePayment}, openCases(s.bill(bill.ID)))
	})
	inShops(t, "OfAnApprovalAndARejectionOneWins", func(t *testing.T, s *shop) {
		for range 4 {
			bill := s.bought()
			r := s.asksAbove(bill)
			var both sync.WaitGroup
			var approved, rejected *billing.RefundOutcome
			both.Go(func() {
				approved = s.approves(viewer.Viewer{Role: pay.RoleAdmin, Principal: "operator/shop/anna"}, r.ID)
			})
			both.Go(func() { rejected = s.rejects(s.finance(), r.ID) })
			both.Wait()
			require.ElementsMatch(t, []int{0, 1}, []int{len(approved.Errors), len(rejected.Errors)})
			lost := append(faults(approved), faults(rejected)...)
			require.Equal(t, []string{"STATE_CONFLICT refund.waits_for_nobody refund"}, lost)
			want := map[bool]pay.RefundStatus{true: pay.RefundSucceeded, false: pay.RefundFailed}[len(approved.Errors) == 0]
			require.Equal(t, want, s.refund(r.ID).Status)
			require.Zero(t, s.bill(bill.ID).RefundingMinor)
		}
	})
}

// filledByTopUp is a bill whose 500.00 are in the payer's wallet.
func (s *shop) filledByTopUp() (*ent.Bill, *ent.Wallet) {
	s.t.Helper()
	topUp := wallets.NewTopUp(wallets.New(s.store))
	s.Fulfillers[pay.ProductTopUp], s.Returners[pay.ProductTopUp] = topUp, topUp
	product := s.product(topUpOf500())
	bill := s.created(s.ctx, billing.NewBill{Key: uuid.NewString(), Product: new(product.ID.String())})
	require.Empty(s.t, s.pays(uuid.NewString(), bill, s.byCard()).Errors)
	s.later(0)
	w := s.filled(s.user.ID, pay.Of(0, pay.RUB))
	require.Equal(s.t, int64(50000), s.wallet(w.ID).AvailableMinor)
	return s.bill(bill.ID), w
}
