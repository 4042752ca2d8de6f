package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
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
		_, r := capturedLate(t, s, func(bill *ent.Bill) (pay.RefundID, error) {
			s.till.answer = s.till.accepts
			return s.gives(bill, 33000).ID, &providers.Error{Provider: "bank", Op: providers.OpCapture, Kind: providers.Rejected}
		})
		require.Equal(t, pay.RefundSent, s.refund(r).Status)
		s.later(settledAt)
		require.Equal(t, pay.RefundSent, s.refund(r).Status, "the vendor has promised to do it")
	})
	inShops(t, "OfACaptureLeaveARefundAloneThatIsDone", func(t *testing.T, s *shop) {
		bill, r := capturedLate(t, s, func(bill *ent.Bill) (pay.RefundID, error) { return s.gives(bill, 33000).ID, nil })
		require.Equal(t, pay.RefundSucceeded, s.refund(r).Status)
		require.Empty(t, openCases(s.bill(bill.ID)))
	})
	inShops(t, "OfACaptureLeaveARefundAloneThatIsInDoubt", func(t *testing.T, s *shop) {
		bill, r := capturedLate(t, s, func(bill *ent.Bill) (pay.RefundID, error) {
			s.till.answer = s.till.doesAndIsLost
			r := s.gives(bill, 33000).ID
			s.clock.Advance(settledAt)
			return r, nil
		})
		require.Equal(t, pay.RefundUnknown, s.refund(r).Status, "the vendor has done it")
		require.Empty(t, openCases(s.bill(bill.ID)))
	})
}

// capturedLate captures a held bill. Before the answer to that comes, the money is
// captured by hand in the vendor's cabinet, our question finds it, and meanwhile makes a
// refund; it says whether the answer is an error.
func capturedLate(t *testing.T, s *shop, meanwhile func(bill *ent.Bill) (pay.RefundID, error)) (bill *ent.Bill, r pay.RefundID) {
	t.Helper()
	v := &lateCapture{cashier: s.till}
	s.bank.twoStage = true
	s.Service, s.runner = s.process(providers.Account{Code: "bank", Merchant: s.merchant.ID, TestMode: true, Provider: v})
	s.Cards = s.drawer
	bill = s.unpaid()
	s.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
		return s.bank.note(r.OrderNumber, providers.Result{Status: providers.Authorized, Authorized: r.Amount}), nil
	}
	require.Empty(t, s.pays(uuid.NewString(), bill, s.byCard()).Errors)
	bill = s.bill(bill.ID)
	require.Equal(t, pay.BillAuthorized, bill.Status)
	v.before = func(ref providers.Ref, amount pay.Money) (err error) {
		s.bank.note(ref.OrderNumber, providers.Result{Status: providers.Captured, Captured: amount})
		s.clock.Advance(3 * time.Second)
		_, err = s.AskForTest(s.program(), s.current(s.bill(bill.ID)).ID)
		require.NoError(t, err)
		r, err = meanwhile(s.bill(bill.ID))
		return err
	}
	_, err := s.Capture(s.finance(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
	require.NoError(t, err)
	return bill, r
}

// lateCapture is a cashier whose answer to a capture comes after something else: an
// error, or that the amount is captured.
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
