package billing_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/operation"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// silent has the sandbox answer no question any more.
func (b *bundle) silent() { b.fault("sync", "http_500", 1_000_000) }

// aDayOfDoubt lets a day pass in which nobody can say what became of the bill's
// payment, and returns the case that opens.
func aDayOfDoubt(b *bundle, id pay.BillID) *ent.ReviewCase {
	b.t.Helper()
	b.later(24 * time.Hour)
	b.later(time.Hour)
	cases := b.bill(id).Edges.Reviews
	require.NotEmpty(b.t, cases)
	newest := cases[len(cases)-1]
	require.Equal(b.t, pay.ReviewInDoubt, newest.Reason)
	require.Nil(b.t, newest.ResolvedAt)
	return newest
}

// lostCapture makes a bill whose capture of half the money got no answer: it was
// done, or it never arrived.
func lostCapture(b *bundle, fault string) (*ent.Bill, *ent.ReviewCase) {
	b.t.Helper()
	bill := held(b.t, b)
	b.silent()
	b.fault("charge", fault, 1)
	outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String(), Amount: &pay.Money{Amount: 50000, Currency: pay.RUB}})
	require.NoError(b.t, err)
	require.Equal(b.t, []pay.Code{pay.CodeProviderUnavailable}, codes(outcome))
	require.Equal(b.t, pay.AttemptUnknown, b.current(b.bill(bill.ID)).Status)
	return bill, aDayOfDoubt(b, bill.ID)
}

// lostCharge makes a bill whose attempt is in doubt and never held money, as a
// charge of a saved card would leave it.
func lostCharge(b *bundle) (*ent.Bill, *ent.ReviewCase) {
	b.t.Helper()
	in := b.buyPage()
	in.ExpiresIn = &pay.Period{Days: 30}
	bill := b.created(b.public(), in)
	b.silent()
	err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Attempt.Update().Where(attempt.BillID(bill.ID)).SetStatus(pay.AttemptUnknown).SetDoubtSince(tx.Now).Exec(ctx)
	})
	require.NoError(b.t, err)
	return bill, aDayOfDoubt(b, bill.ID)
}

// writes lists the bill's operations that are not openings, as "KIND STATUS".
func (b *bundle) writes(id pay.BillID) []string {
	b.t.Helper()
	found, err := b.store.Read().Operation.Query().
		Where(operation.HasAttemptWith(attempt.BillID(id)), operation.KindNEQ(pay.OperationStart)).
		Order(ent.Asc(operation.FieldID)).All(b.program())
	require.NoError(b.t, err)
	list := make([]string, len(found))
	for at, o := range found {
		list[at] = string(o.Kind) + " " + string(o.Status)
	}
	return list
}

// Doubt that a day of asking did not end, and what a person knows.
func TestService_ResolveDoubt(t *testing.T) {
	t.Parallel()
	fact(t, "MoneyThatWasSeenPaysTheBill", func(t *testing.T, b *bundle) {
		bill, c := lostCapture(b, "drop_reply")
		require.Empty(t, b.ends(c, pay.ResolveFulfil).Errors)
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, pay.Of(50000, pay.RUB), bill.Paid(), "what the capture was to take")
		require.Equal(t, []string{"CAPTURE SUCCEEDED"}, b.writes(bill.ID))
		require.Equal(t, []string{"PAID payment.captured", "PAID review.fulfil", "DONE bill.fulfilled"}, history(bill)[len(history(bill))-3:])
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -50000, pay.AccountSales: 50000}, b.booked())

		b.healthy()
		outcome, err := b.Refresh(b.server(), bill.ID.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.Len(t, b.bill(bill.ID).Edges.Reviews, 1, "the provider says the same")
	})
	fact(t, "CaptureThatWasNotDoneMayBeTriedAgain", func(t *testing.T, b *bundle) {
		bill, c := lostCapture(b, "http_500")
		require.Empty(t, b.ends(c, pay.ResolveDismiss).Errors)
		a := b.current(b.bill(bill.ID))
		require.Equal(t, pay.AttemptAuthorized, a.Status)
		require.Nil(t, a.DoubtSince)
		require.Equal(t, pay.BillAuthorized, b.bill(bill.ID).Status)

		b.healthy()
		outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, []string{"CAPTURE FAILED", "CAPTURE SUCCEEDED"}, b.writes(bill.ID))
	})
	fact(t, "ChargeThatWasNotDoneLeavesTheBillPayable", func(t *testing.T, b *bundle) {
		bill, c := lostCharge(b)
		require.Empty(t, b.ends(c, pay.ResolveDismiss).Errors)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillPending, bill.Status)
		require.Equal(t, pay.AttemptFailed, bill.Edges.Attempts[0].Status)

		b.healthy()
		outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(secondOne)}})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		b.paysOn(b.current(b.bill(bill.ID)), "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "LateEvidenceStillCounts", func(t *testing.T, b *bundle) {
		bill, c := lostCharge(b)
		require.Empty(t, b.ends(c, pay.ResolveDismiss).Errors)
		b.takes(bill.Edges.Attempts[0])
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "MoneyOfAChargeThatWasSeenPaysTheBill", func(t *testing.T, b *bundle) {
		bill, c := lostCharge(b)
		require.Empty(t, b.ends(c, pay.ResolveFulfil).Errors)
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, bill.Total(), bill.Paid())
	})
	fact(t, "ReleaseThatDidNotHappenHasFailed", func(t *testing.T, b *bundle) {
		bill := held(t, b)
		b.silent()
		b.fault("charge", "drop_reply", 1)
		_, err := b.Cancel(b.server(), uuid.NewString(), bill.ID.String())
		require.NoError(t, err)
		require.Equal(t, pay.AttemptUnknown, b.current(b.bill(bill.ID)).Status)
		c := aDayOfDoubt(b, bill.ID)
		require.Empty(t, b.ends(c, pay.ResolveFulfil).Errors)
		require.Equal(t, []string{"VOID FAILED"}, b.writes(bill.ID))
		require.Equal(t, pay.BillPaid, b.bill(bill.ID).Status)
	})
	fact(t, "ProviderThatSpokeMeanwhileIsBelieved", func(t *testing.T, b *bundle) {
		bill, c := lostCapture(b, "drop_reply")
		b.healthy()
		b.later(time.Hour)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, []string{"STATE_CONFLICT review.doubt_is_over resolution DISMISS"}, refusals(b.ends(c, pay.ResolveFulfil)))
		require.Empty(t, b.ends(c, pay.ResolveDismiss).Errors)
		require.Equal(t, pay.AttemptCaptured, b.bill(bill.ID).Edges.Attempts[0].Status)
	})
	fact(t, "OldCaseDoesNotEndNewDoubt", func(t *testing.T, b *bundle) {
		bill, old := lostCapture(b, "http_500")
		b.healthy()
		b.later(time.Hour)
		require.Equal(t, pay.AttemptAuthorized, b.current(b.bill(bill.ID)).Status, "the provider says that it is held")
		b.silent()
		b.fault("charge", "http_500", 1)
		_, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Empty(t, b.ends(old, pay.ResolveDismiss).Errors)
		require.Equal(t, pay.AttemptUnknown, b.current(b.bill(bill.ID)).Status, "this doubt is a minute old")

		renewed := aDayOfDoubt(b, bill.ID)
		require.Equal(t, old.Key+"/2", renewed.Key)
	})
	t.Run("HoldWhoseCaptureDiedMayBeCapturedAgain", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			dying := &crash{}
			b := setup(t, url, dying.wrap)
			bill := held(t, b)
			b.silent()
			b.fault("charge", "refuse_connect", 1)
			dying.die.Store(true)
			var died sync.WaitGroup
			died.Go(func() {
				_, _ = b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
			})
			died.Wait()
			dying.die.Store(false)
			a := b.current(b.bill(bill.ID))
			require.Equal(t, pay.AttemptAuthorized, a.Status)
			require.NotNil(t, a.DoubtSince)

			require.Empty(t, b.ends(aDayOfDoubt(b, bill.ID), pay.ResolveDismiss).Errors)
			a = b.current(b.bill(bill.ID))
			require.Equal(t, pay.AttemptAuthorized, a.Status)
			require.Nil(t, a.DoubtSince)
			require.Equal(t, []string{"CAPTURE FAILED"}, b.writes(bill.ID))
			b.healthy()
			outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
			require.NoError(t, err)
			require.Empty(t, outcome.Errors)
		})
	})
	fact(t, "PersonAndProviderAtOnceSettleOnce", func(t *testing.T, b *bundle) {
		bill, c := lostCharge(b)
		var both sync.WaitGroup
		both.Go(func() { require.Empty(t, b.ends(c, pay.ResolveDismiss).Errors) })
		both.Go(func() { b.takes(bill.Edges.Attempts[0]) })
		both.Wait()
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, pay.AttemptCaptured, bill.Edges.Attempts[0].Status)
		require.Len(t, bill.Edges.Entitlements, 1)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
}

// What a person says ends a block, and the provider is asked all the same: it may
// know better by then.
func TestService_DismissedDoubtIsAskedAbout(t *testing.T) {
	t.Parallel()
	fact(t, "MoneyThatWasTakenIsFoundAtOnce", func(t *testing.T, b *bundle) {
		bill, c := lostCapture(b, "drop_reply")
		b.healthy()
		require.Empty(t, b.ends(c, pay.ResolveDismiss).Errors)
		require.Equal(t, pay.BillAuthorized, b.bill(bill.ID).Status)
		b.later(2 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
}
