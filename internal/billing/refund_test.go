package billing_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

func TestService_Refund(t *testing.T) {
	t.Parallel()
	inShops(t, "AllGoesBackAndTheBillIsRefunded", func(t *testing.T, s *shop) {
		bill := s.bought()
		outcome := s.asks(s.finance(), wants(bill))
		require.Empty(t, outcome.Errors)
		require.Equal(t, bill.ID, outcome.Bill)
		r := s.refund(outcome.Refund)
		require.Equal(t, pay.RefundSucceeded, r.Status)
		require.Equal(t, pay.Of(99000, pay.RUB), r.Amount())
		require.Equal(t, "FINANCE operator/shop/olga", r.RequestedBy)
		require.NotNil(t, r.ResolvedAt)

		require.Len(t, s.till.refunds, 1)
		sent := s.till.refunds[0]
		require.Equal(t, s.current(bill).OrderNumber, sent.Ref.OrderNumber)
		require.Equal(t, r.OperationID.Suffix(), sent.Handle)
		require.Equal(t, pay.Of(99000, pay.RUB), sent.Taken)
		require.Equal(t, "The page was empty.", sent.Reason)

		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillRefunded, bill.Status)
		require.Equal(t, []int64{99000, 99000, 0}, []int64{bill.PaidMinor, bill.RefundedMinor, bill.RefundingMinor})
		require.Equal(t, []string{"DONE refund.requested", "DONE refund.sent", "REFUNDED bill.refunded"}, history(bill)[len(history(bill))-3:])
		a := s.current(bill)
		require.Nil(t, a.DoubtSince)
		require.Equal(t, []int64{99000, 0}, []int64{a.RefundedMinor, a.RefundingMinor})
		require.Equal(t, []string{"CHARGE SUCCEEDED", "REFUND SUCCEEDED"}, s.writes(bill.ID))
		s.holds(book(0, 99000, -99000, 0))
	})
	inShops(t, "PartsGoBackUntilNothingIsLeft", func(t *testing.T, s *shop) {
		bill := s.bought()
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 33000).Status)
		s.holds(book(-66000, 99000, -33000, 0))
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 33000).Status)
		require.Equal(t, pay.BillDone, s.bill(bill.ID).Status)
		require.Equal(t, []string{"INVALID refund.amount_range amount.amount"}, faults(s.asks(s.finance(), wants(bill, 33001))))
		last := s.gives(bill)
		require.Equal(t, pay.Of(33000, pay.RUB), last.Amount(), "all that is left")
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
		require.Equal(t, []string{"STATE_CONFLICT refund.nothing_left bill"}, faults(s.asks(s.finance(), wants(bill))))
		require.Equal(t, []string{"STATE_CONFLICT refund.nothing_left bill"}, faults(s.asks(s.finance(), wants(bill, 1))))
		require.Len(t, s.till.refunds, 3)
		require.Equal(t, []int64{99000, 66000, 33000}, []int64{s.till.refunds[0].Taken.Amount, s.till.refunds[1].Taken.Amount, s.till.refunds[2].Taken.Amount})
		s.holds(book(0, 99000, -99000, 0))
	})
	inShops(t, "RepeatedKeyRefundsOnce", func(t *testing.T, s *shop) {
		bill := s.bought()
		in := wants(bill, 100)
		first := s.asks(s.finance(), in)
		second := s.asks(s.finance(), in)
		require.False(t, first.Replayed)
		require.True(t, second.Replayed)
		require.Equal(t, first.Refund, second.Refund)
		require.Equal(t, 1, s.till.sent())
		in.Reason = "another"
		require.Equal(t, []string{"IDEMPOTENCY_MISMATCH idempotency_key.mismatch idempotencyKey"}, faults(s.asks(s.finance(), in)))
		require.Equal(t, int64(100), s.bill(bill.ID).RefundedMinor)
	})
	inShops(t, "RepeatedKeyShowsTheRefundAsItIsNow", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.doesAndIsLost
		in := wants(bill)
		require.Equal(t, []string{"PROVIDER_UNAVAILABLE refund.in_doubt"}, faults(s.asks(s.finance(), in)))
		s.later(3 * time.Second)
		again := s.asks(s.finance(), in)
		require.True(t, again.Replayed)
		require.Empty(t, again.Errors)
		require.Equal(t, pay.RefundSucceeded, s.refund(again.Refund).Status)
	})
}

// What is refused before anybody hears of it.
func TestService_RefundInput(t *testing.T) {
	t.Parallel()
	inShops(t, "WrongInputIsRefused", func(t *testing.T, s *shop) {
		bill := s.bought()
		with := func(change func(*billing.NewRefund)) billing.NewRefund {
			in := wants(bill)
			change(&in)
			return in
		}
		foreign := s.bought()
		tests := []struct {
			name string
			in   billing.NewRefund
			want string
		}{
			{"NoKey", with(func(in *billing.NewRefund) { in.Key = "" }), "INVALID idempotency_key.empty idempotencyKey"},
			{"NoReason", with(func(in *billing.NewRefund) { in.Reason = " \n" }), "INVALID refund.reason_missing reason"},
			{"LongReason", with(func(in *billing.NewRefund) { in.Reason = strings.Repeat("a", 2001) }), "INVALID text.too_long reason"},
			{"CardNumber", with(func(in *billing.NewRefund) { in.Reason = "paid by 4111 1111 1111 1111" }), "INVALID text.card_number reason"},
			{"NoBill", with(func(in *billing.NewRefund) { in.Bill = pay.NewBillID(s.clock.Now()).String() }), "NOT_FOUND bill.not_found bill"},
			{"NoBillId", with(func(in *billing.NewRefund) { in.Bill = "what" }), "NOT_FOUND bill.not_found bill"},
			{"OthersAttempt", with(func(in *billing.NewRefund) { in.Attempt = new(s.current(foreign).ID.String()) }), "NOT_FOUND attempt.not_found attempt"},
			{"AboveWhatIsLeft", with(func(in *billing.NewRefund) { in.Amount = new(pay.Of(99001, pay.RUB)) }), "INVALID refund.amount_range amount.amount"},
			{"Nothing", with(func(in *billing.NewRefund) { in.Amount = new(pay.Of(0, pay.RUB)) }), "INVALID refund.amount_range amount.amount"},
			{"LessThanNothing", with(func(in *billing.NewRefund) { in.Amount = new(pay.Of(-5, pay.RUB)) }), "INVALID refund.amount_range amount.amount"},
			{"OtherCurrency", with(func(in *billing.NewRefund) { in.Amount = new(pay.Of(5, pay.USD)) }), "INVALID refund.currency_differs amount.currency"},
			{"UnpaidBill", wants(s.unpaid()), "STATE_CONFLICT refund.nothing_taken bill"},
		}
		for _, tt := range tests {
			require.Equal(t, []string{tt.want}, faults(s.asks(s.finance(), tt.in)), tt.name)
		}
		require.Zero(t, s.till.sent())
		require.Zero(t, s.bill(bill.ID).RefundingMinor)
	})
	inShops(t, "OnlyTheMerchantsOwnSideRefunds", func(t *testing.T, s *shop) {
		bill := s.bought()
		_, bob := s.bundle.user("bob")
		require.Equal(t, []string{"FORBIDDEN refund.not_yours"}, faults(s.asks(s.ctx, wants(bill))))
		require.Equal(t, []string{"FORBIDDEN refund.not_yours"}, faults(s.asks(s.guest(bill.ID), wants(bill))))
		require.Equal(t, []string{"FORBIDDEN refund.not_yours"}, faults(s.asks(s.public(), wants(bill))))
		require.Equal(t, []string{"FORBIDDEN refund.not_yours"}, faults(s.asks(s.as(viewer.Viewer{Role: pay.RoleUser, User: bob.ID, Principal: "user/bob"}), wants(bill))))
		stranger := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleAdmin, Merchant: s.other.ID, Principal: "operator/other/otto"})
		require.Equal(t, []string{"NOT_FOUND bill.not_found bill"}, faults(s.asks(stranger, wants(bill))))
		require.Empty(t, s.asks(s.server(), wants(bill, 1)).Errors)
		require.Empty(t, s.asks(s.admin(), wants(bill, 1)).Errors)
	})
	inShops(t, "AttemptIsNamedWhenTwoTookMoney", func(t *testing.T, s *shop) {
		bill := s.bought()
		second := s.duplicate(bill)
		require.Empty(t, s.ends(s.bill(bill.ID).Edges.Reviews[0], pay.ResolveDismiss).Errors)
		require.Equal(t, []string{"INVALID refund.attempt_missing attempt"}, faults(s.asks(s.finance(), wants(bill))))
		in := wants(bill)
		in.Attempt = new(second.ID.String())
		r := s.refund(s.asks(s.finance(), in).Refund)
		require.Equal(t, second.ID, r.AttemptID)
		require.Equal(t, pay.AccountSuspense, r.Source)
		s.holds(book(-99000, 99000, 0, 0))
		require.Equal(t, s.current(bill).ID, s.gives(bill).AttemptID, "only one has money now")
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
	})
	inShops(t, "MoneyOfAnotherCurrencyIsNotGuessedAt", func(t *testing.T, s *shop) {
		bill := s.unpaid()
		s.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			return s.bank.note(r.OrderNumber, providers.Result{Status: providers.Captured, Captured: pay.Of(r.Amount.Amount, pay.USD)}), nil
		}
		s.pays(uuid.NewString(), bill, s.byCard())
		c := s.bill(bill.ID).Edges.Reviews[0]
		require.Equal(t, pay.ReviewCurrencyMismatch, c.Reason)
		require.Equal(t, []string{"UNSUPPORTED review.refunds_unsupported resolution"}, refusals(s.ends(c, pay.ResolveRefundAll)))
		require.Empty(t, s.ends(c, pay.ResolveDismiss).Errors)
		require.Equal(t, []string{"UNSUPPORTED refund.other_currency bill"}, faults(s.asks(s.finance(), wants(bill))))
		require.Zero(t, s.till.sent())
	})
}

// A vendor that cannot do what is asked is not asked.
func TestService_RefundUnsupported(t *testing.T) {
	t.Parallel()
	inShops(t, "VendorWithoutRefunds", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.can = func(c *providers.Capabilities) { c.Ops = c.Ops[:len(c.Ops)-1] }
		require.Equal(t, []string{"UNSUPPORTED refund.unsupported bill"}, faults(s.asks(s.finance(), wants(bill))))
		require.Zero(t, s.till.sent())
		require.Equal(t, bill.Version, s.bill(bill.ID).Version)
	})
	inShops(t, "VendorWithoutParts", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.can = func(c *providers.Capabilities) { c.PartialRefund = false }
		require.Equal(t, []string{"UNSUPPORTED refund.partial_unsupported amount"}, faults(s.asks(s.finance(), wants(bill, 98999))))
		require.Zero(t, s.till.sent())
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status)
	})
	inShops(t, "AccountThatIsGone", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.Service, s.runner = s.process(providers.Account{Code: "other", Merchant: s.merchant.ID, TestMode: true, Provider: s.till})
		require.Equal(t, []string{"UNSUPPORTED refund.account_missing bill"}, faults(s.asks(s.finance(), wants(bill))))
	})
}

// Many at once.
func TestService_RefundRaces(t *testing.T) {
	t.Parallel()
	inShops(t, "NeverMoreThanWasTaken", func(t *testing.T, s *shop) {
		bill := s.bought()
		var calls sync.WaitGroup
		var mu sync.Mutex
		made := map[pay.RefundID]bool{}
		for range 32 {
			calls.Go(func() {
				outcome, err := s.Refund(s.finance(), wants(bill, 33000))
				require.NoError(t, err)
				mu.Lock()
				defer mu.Unlock()
				if !outcome.Refund.IsZero() {
					made[outcome.Refund] = true
				}
			})
		}
		calls.Wait()
		require.Len(t, made, 3)
		for range 5 {
			s.later(time.Minute)
		}
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillRefunded, bill.Status)
		require.Equal(t, int64(99000), bill.RefundedMinor)
		require.Equal(t, 3, s.till.sent())
		s.holds(book(0, 99000, -99000, 0))
	})
	inShops(t, "OneKeyManyTimesAtOnceRefundsOnce", func(t *testing.T, s *shop) {
		bill := s.bought()
		in := wants(bill) // everything: to any other key nothing is left
		outcomes, errs := make([]*billing.RefundOutcome, 12), make([]error, 12)
		var calls sync.WaitGroup
		for at := range outcomes {
			calls.Go(func() { outcomes[at], errs[at] = s.Refund(s.finance(), in) })
		}
		calls.Wait()
		require.NoError(t, errors.Join(errs...))
		for _, outcome := range outcomes {
			require.Empty(t, outcome.Errors, "each is told of the one refund")
			require.Equal(t, outcomes[0].Refund, outcome.Refund)
		}
		s.later(time.Minute)
		require.Equal(t, 1, s.till.sent())
		require.Equal(t, bill.TotalMinor, s.bill(bill.ID).RefundedMinor)
	})
	inShops(t, "OneRefundAtATimeIsOut", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.accepts
		first := s.gives(bill, 33000)
		require.Equal(t, pay.RefundSent, first.Status)
		var log bytes.Buffer
		s.Logger = slog.New(slog.NewTextHandler(&log, nil))
		in := wants(bill, 33000)
		second := s.asks(s.finance(), in)
		require.Empty(t, second.Errors, "to wait one's turn is no outage")
		require.Equal(t, pay.RefundRequested, s.refund(second.Refund).Status)
		require.Empty(t, s.asks(s.finance(), in).Errors, "nor by its key")
		require.Contains(t, log.String(), `level=INFO msg="a refund waits its turn"`)
		require.NotContains(t, log.String(), "level=WARN")
		require.Equal(t, 1, s.till.sent())
		s.till.giveBack(s.till.refunds[0])
		s.till.answer = nil
		s.later(15 * time.Second)
		s.later(15 * time.Second)
		s.later(15 * time.Second)
		require.Equal(t, pay.RefundSucceeded, s.refund(first.ID).Status)
		require.Equal(t, pay.RefundSucceeded, s.refund(second.Refund).Status)
		require.Equal(t, 2, s.till.sent())
		s.holds(book(-33000, 99000, -66000, 0))
	})
	inShops(t, "WaitsLongerTheLongerTheOtherIsOut", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.accepts
		first := s.gives(bill, 33000)
		second := s.asks(s.finance(), wants(bill, 33000)).Refund
		s.bank.note(s.current(bill).OrderNumber, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB), Refunding: true})
		for range 60 {
			s.later(time.Minute)
		}
		require.Equal(t, pay.RefundRequested, s.refund(second).Status)
		s.till.giveBack(s.till.refunds[0])
		s.till.answer = nil
		for range 3 {
			s.later(10 * time.Minute)
		}
		require.Equal(t, pay.RefundSucceeded, s.refund(first.ID).Status)
		require.Equal(t, pay.RefundSucceeded, s.refund(second).Status)
		require.Equal(t, 2, s.till.sent())
	})
	inShops(t, "FulfilmentAndFullRefundDoNotBothHappenToOneBill", func(t *testing.T, s *shop) {
		bill := s.paid()
		var both sync.WaitGroup
		both.Go(func() { require.NoError(t, s.FulfilNow(s.program(), bill.ID)) })
		both.Go(func() { s.asks(s.finance(), wants(bill)) })
		both.Wait()
		s.later(time.Minute)
		bill = s.bill(bill.ID)
		require.Equal(t, pay.BillRefunded, bill.Status)
		for _, e := range bill.Edges.Entitlements {
			require.NotNil(t, e.RevokedAt)
		}
	})
	inShops(t, "CancelAndPaymentAreRefusedMeanwhile", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.isLost
		s.gives(bill)
		canceled, err := s.Cancel(s.server(), uuid.NewString(), bill.ID.String())
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeStateConflict}, codes(canceled))
		require.Equal(t, []pay.Code{pay.CodeStateConflict}, codes(s.pays(uuid.NewString(), bill, s.byCard())))
		require.Len(t, s.bank.calls, 1)
	})
}
