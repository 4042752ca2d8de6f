package billing_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
)

// held makes a bill whose money is held by a two-stage account.
func held(t *testing.T, b *bundle) *ent.Bill {
	t.Helper()
	in := b.buyPage()
	in.PayWith = &billing.PayWith{Provider: new(twoStage)}
	bill := b.created(b.public(), in)
	require.Equal(t, "Authorized", b.paysOn(b.current(bill), "approve"))
	b.later(5 * time.Second)
	bill = b.bill(bill.ID)
	require.Equal(t, pay.BillAuthorized, bill.Status)
	require.Empty(t, b.booked(), "a hold moves no money")
	return bill
}

// Money that is held first and taken, or given back, by the merchant.
func TestService_Hold(t *testing.T) {
	t.Parallel()
	fact(t, "CapturePaysTheBill", func(t *testing.T, b *bundle) {
		bill := held(t, b)
		in := billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()}
		outcome, err := b.Capture(b.server(), in)
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)

		again, err := b.Capture(b.server(), in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
	fact(t, "LessMayBeCaptured", func(t *testing.T, b *bundle) {
		bill := held(t, b)
		outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String(), Amount: &pay.Money{Amount: 50000, Currency: pay.RUB}})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, pay.Of(50000, pay.RUB), bill.Paid())
		require.Empty(t, bill.Edges.Reviews)
	})
	fact(t, "MoreThanTheHoldIsRefusedBeforeAnyCall", func(t *testing.T, b *bundle) {
		bill := held(t, b)
		outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String(), Amount: &pay.Money{Amount: 99001, Currency: pay.RUB}})
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeInvalid}, codes(outcome))
		require.Equal(t, []string{"amount", "amount"}, outcome.Errors[0].Path)
	})
	fact(t, "LostAnswerToACaptureIsResolvedByAsking", func(t *testing.T, b *bundle) {
		bill := held(t, b)
		b.fault("charge", "drop_reply", 1)
		outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeProviderUnavailable}, codes(outcome))
		require.Equal(t, pay.AttemptUnknown, b.current(b.bill(bill.ID)).Status)

		blocked, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeConflict}, codes(blocked))
		b.later(2 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
	fact(t, "CaptureThatNeverArrivedMayBeTriedAgain", func(t *testing.T, b *bundle) {
		bill := held(t, b)
		b.fault("charge", "http_500", 1)
		_, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		b.later(2 * time.Second)
		require.Equal(t, pay.AttemptUnknown, b.current(b.bill(bill.ID)).Status, "the provider has had no time to know")
		b.later(10 * time.Minute)
		require.Equal(t, pay.AttemptAuthorized, b.current(b.bill(bill.ID)).Status)

		outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	t.Run("CaptureThatDiedIsFoundByAsking", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			dying := &crash{}
			b := setup(t, url, dying.wrap)
			bill := held(t, b)
			in := billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()}
			dying.die.Store(true)
			var died sync.WaitGroup
			died.Go(func() { _, _ = b.Capture(b.server(), in) })
			died.Wait()

			dying.die.Store(false)
			b.later(20 * time.Second)
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
			b.clock.Advance(31 * time.Second)
			again, err := b.Capture(b.server(), in)
			require.NoError(t, err)
			require.Empty(t, again.Errors)
			require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
		})
	})
	t.Run("KeyOfACaptureThatCameToNothingSaysSo", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			dying := &crash{}
			b := setup(t, url, dying.wrap)
			bill := held(t, b)
			in := billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()}
			b.fault("charge", "refuse_connect", 1)
			dying.die.Store(true)
			var died sync.WaitGroup
			died.Go(func() { _, _ = b.Capture(b.server(), in) })
			died.Wait()
			dying.die.Store(false)
			b.later(20 * time.Second)
			b.later(10 * time.Minute)
			canceled, err := b.Cancel(b.server(), uuid.NewString(), bill.ID.String())
			require.NoError(t, err)
			require.Empty(t, canceled.Errors)
			outcome, err := b.Capture(b.server(), in)
			require.NoError(t, err)
			require.Equal(t, []pay.Code{pay.CodeStateConflict}, codes(outcome))
		})
	})
	fact(t, "UnreachableProviderLeavesTheHold", func(t *testing.T, b *bundle) {
		bill := held(t, b)
		b.fault("charge", "refuse_connect", 1)
		in := billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()}
		_, err := b.Capture(b.server(), in)
		require.NoError(t, err)
		b.later(10 * time.Minute)
		again, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Empty(t, again.Errors)
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "CancelGivesTheHoldBack", func(t *testing.T, b *bundle) {
		bill := held(t, b)
		refused, err := b.Cancel(b.guest(bill.ID), uuid.NewString(), bill.ID.String())
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeForbidden}, codes(refused))

		outcome, err := b.Cancel(b.server(), uuid.NewString(), bill.ID.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillCanceled, bill.Status)
		require.Equal(t, pay.AttemptVoided, bill.Edges.Attempts[0].Status)
		require.Empty(t, b.booked())
	})
	fact(t, "HoldThatLapsesExpiresTheBill", func(t *testing.T, b *bundle) {
		bill := held(t, b)
		b.later(8 * 24 * time.Hour)
		require.Equal(t, pay.BillExpired, b.bill(bill.ID).Status)
	})
}

// Holds that come from where nobody looks any more.
func TestService_LateHold(t *testing.T) {
	t.Parallel()
	superseded := func(t *testing.T, b *bundle) (*ent.Bill, *ent.Attempt) {
		t.Helper()
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new(twoStage)}
		bill := b.created(b.public(), in)
		first := b.current(bill)
		outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{
			Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(oneStage)},
		})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		return bill, first
	}
	fact(t, "HoldOnAnOlderPageCanBeCaptured", func(t *testing.T, b *bundle) {
		bill, first := superseded(t, b)
		b.paysOn(first, "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillAuthorized, b.bill(bill.ID).Status)
		outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
	fact(t, "HoldOnAPaidBillIsGivenBack", func(t *testing.T, b *bundle) {
		bill, first := superseded(t, b)
		b.paysOn(b.current(b.bill(bill.ID)), "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		b.paysOn(first, "approve")
		b.later(time.Minute)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, pay.AttemptVoided, bill.Edges.Attempts[0].Status)
		require.Empty(t, bill.Edges.Reviews, "nothing was taken, so nobody need decide")
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
	fact(t, "HoldIsGivenBackWhenAnOlderPagePays", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		oldPage := b.current(bill)
		outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{
			Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(twoStage)},
		})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		b.paysOn(b.current(b.bill(bill.ID)), "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillAuthorized, b.bill(bill.ID).Status)
		b.paysOn(oldPage, "approve")
		b.later(time.Minute)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, pay.AttemptVoided, bill.Edges.Attempts[1].Status)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
	fact(t, "HoldThatComesAfterACancelIsGivenBack", func(t *testing.T, b *bundle) {
		bill, first := superseded(t, b)
		outcome, err := b.Cancel(b.server(), uuid.NewString(), bill.ID.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		b.fault("charge", "drop_reply", 1) // the release itself may be in doubt
		b.paysOn(first, "approve")
		b.later(time.Minute)
		b.later(time.Minute)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillCanceled, bill.Status)
		require.Equal(t, pay.AttemptVoided, bill.Edges.Attempts[0].Status)
		require.Empty(t, b.booked())
	})
	fact(t, "SecondHoldIsGivenBackAndOnlyTheFirstIsCaptured", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new(twoStage)}
		bill := b.created(b.public(), in)
		first := b.current(bill)
		_, err := b.Pay(b.guest(bill.ID), billing.NewPayment{
			Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(secondHeld)},
		})
		require.NoError(t, err)
		second := b.current(b.bill(bill.ID))
		b.paysOn(second, "approve")
		b.paysOn(first, "approve")
		b.later(time.Minute)
		capture := billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()}
		outcome, err := b.Capture(b.server(), capture)
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		again, err := b.Capture(b.server(), capture)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		b.later(time.Minute)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
	fact(t, "HoldReleasedElsewhereEndsTheAttempt", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new(twoStage)}
		bill := b.created(b.public(), in)
		a := b.current(bill)
		b.paysOn(a, "approve")
		voider, ok := b.adapter(true).(providers.Voider)
		require.True(t, ok)
		_, err := voider.Void(t.Context(), providers.Ref{OrderNumber: a.OrderNumber}, "console")
		require.NoError(t, err)
		b.later(5 * time.Second)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillPending, bill.Status)
		require.Equal(t, pay.AttemptVoided, bill.Edges.Attempts[0].Status)
	})
}
