package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// An answer that is recorded long after it was given: its process stood still, or the
// clock was moved. What happened meanwhile is not held against it.
func TestService_LateAnswers(t *testing.T) {
	t.Parallel()
	inShops(t, "FailNoRefundThatWasDoneSince", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.later(time.Minute)
		s.till.answer = s.till.doesAndIsLost
		var r pay.RefundID
		s.till.meanwhile = func() { r = s.gives(bill, 33000).ID; s.clock.Advance(settledAt) }
		_, err := s.AskForTest(s.program(), s.current(bill).ID)
		require.NoError(t, err)
		require.NotEqual(t, pay.RefundFailed, s.refund(r).Status, "the vendor has done it: 66000 is left there")
	})
	inShops(t, "FailNoChargeThatWasDoneSince", func(t *testing.T, s *shop) {
		bill := s.unpaid()
		s.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			s.till.meanwhile = func() { s.bank.take(r); s.clock.Advance(settledAt) }
			_, err := s.AskForTest(s.program(), s.current(s.bill(bill.ID)).ID)
			require.NoError(t, err)
			return lost()
		}
		s.pays(uuid.NewString(), bill, s.byCard())
		s.bank.answer = nil
		s.pays(uuid.NewString(), bill, s.byCard())
		require.Equal(t, 1, s.bank.taken(), "the card was charged twice")
	})
	inShops(t, "OfAChargeAfterARefundAreNoDisagreement", func(t *testing.T, s *shop) {
		bill := s.unpaid()
		s.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			said := s.bank.take(r)
			s.clock.Advance(3 * time.Second)
			a := s.current(s.bill(bill.ID))
			_, err := s.AskForTest(s.program(), a.ID)
			require.NoError(t, err)
			s.gives(bill, 33000)
			return said, nil
		}
		require.Empty(t, s.pays(uuid.NewString(), bill, s.byCard()).Errors)
		require.Empty(t, openCases(s.bill(bill.ID)))
	})
	inShops(t, "ThatRefuseACaptureLeaveTheRefundAlone", func(t *testing.T, s *shop) {
		v := &lateCapture{cashier: s.till}
		s.bank.twoStage = true
		s.Service, s.runner = s.process(providers.Account{Code: "bank", Merchant: s.merchant.ID, TestMode: true, Provider: v})
		s.Cards = s.drawer
		bill := s.unpaid()
		s.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			return s.bank.note(r.OrderNumber, providers.Result{Status: providers.Authorized, Authorized: r.Amount}), nil
		}
		require.Empty(t, s.pays(uuid.NewString(), bill, s.byCard()).Errors)
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillAuthorized, bill.Status)
		var r pay.RefundID
		v.before = func(ref providers.Ref, amount pay.Money) error {
			s.bank.note(ref.OrderNumber, providers.Result{Status: providers.Captured, Captured: amount}) // by hand, in the vendor's cabinet
			s.clock.Advance(3 * time.Second)
			_, err := s.AskForTest(s.program(), s.current(s.bill(bill.ID)).ID)
			require.NoError(t, err)
			s.till.answer = s.till.accepts
			r = s.gives(bill, 33000).ID
			return &providers.Error{Provider: "bank", Op: providers.OpCapture, Kind: providers.Rejected}
		}
		_, err := s.Capture(s.finance(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Equal(t, pay.RefundSent, s.refund(r).Status)
		s.later(settledAt)
		require.Equal(t, pay.RefundSent, s.refund(r).Status, "the vendor has promised to do it")
	})
	for _, late := range []string{"Done", "Sent"} {
		inShops(t, "OfACaptureLeaveARefundAloneThatIs"+late, func(t *testing.T, s *shop) {
			v := &lateCapture{cashier: s.till}
			s.bank.twoStage = true
			s.Service, s.runner = s.process(providers.Account{Code: "bank", Merchant: s.merchant.ID, TestMode: true, Provider: v})
			s.Cards = s.drawer
			bill := s.unpaid()
			s.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
				return s.bank.note(r.OrderNumber, providers.Result{Status: providers.Authorized, Authorized: r.Amount}), nil
			}
			require.Empty(t, s.pays(uuid.NewString(), bill, s.byCard()).Errors)
			var r pay.RefundID
			v.before = func(ref providers.Ref, amount pay.Money) error {
				s.bank.note(ref.OrderNumber, providers.Result{Status: providers.Captured, Captured: amount})
				s.clock.Advance(3 * time.Second)
				_, err := s.AskForTest(s.program(), s.current(s.bill(bill.ID)).ID)
				require.NoError(t, err)
				if late == "Sent" {
					s.till.answer = s.till.doesAndIsLost
				}
				r = s.gives(bill, 33000).ID
				if late == "Sent" {
					s.clock.Advance(settledAt)
				}
				return nil // and "captured" is the answer
			}
			_, err := s.Capture(s.finance(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
			require.NoError(t, err)
			require.NotEqual(t, pay.RefundFailed, s.refund(r).Status)
			require.Empty(t, openCases(s.bill(bill.ID)))
		})
	}
}

// lateCapture is a cashier whose answer to a capture comes after something else.
type lateCapture struct {
	*cashier

	before func(providers.Ref, pay.Money) error
}

func (v *lateCapture) Capture(_ context.Context, ref providers.Ref, _ string, amount pay.Money) (providers.Result, error) {
	if err := v.before(ref, amount); err != nil {
		return providers.Result{}, err
	}
	return providers.Result{Status: providers.Captured, Captured: amount}, nil
}
