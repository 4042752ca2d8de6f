package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/operation"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
)

// held is a bill whose money is held on the two-stage account.
func (b *bundle) held() *ent.Bill {
	b.t.Helper()
	in := b.buyPage()
	in.PayWith = &billing.PayWith{Provider: new(twoStage)}
	bill := b.created(b.public(), in)
	b.paysOn(b.current(bill), "approve")
	b.later(5 * time.Second)
	bill = b.bill(bill.ID)
	require.Equal(b.t, pay.BillAuthorized, bill.Status)
	return bill
}

// inDoubt is a held bill whose capture was done and its answer lost.
func (b *bundle) inDoubt() *ent.Bill {
	b.t.Helper()
	bill := b.held()
	b.fault("charge", "drop_reply", 1)
	outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
	require.NoError(b.t, err)
	require.Equal(b.t, []pay.Code{pay.CodeProviderUnavailable}, codes(outcome))
	return b.bill(bill.ID)
}

func TestService_Doubt(t *testing.T) {
	t.Parallel()

	fact(t, "WhatNeverArrivedIsNotDoneOnceTheProviderWouldKnow", func(t *testing.T, b *bundle) {
		bill := b.held()
		b.fault("charge", "refuse_connect", 1)
		_, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Equal(t, pay.AttemptUnknown, b.bill(bill.ID).Edges.Attempts[0].Status)
		b.later(2 * time.Minute)
		require.Equal(t, pay.AttemptUnknown, b.bill(bill.ID).Edges.Attempts[0].Status)
		b.later(11 * time.Second) // the call's own time, and the vendor's two minutes
		after := b.bill(bill.ID).Edges.Attempts[0]
		require.Equal(t, pay.AttemptAuthorized, after.Status)
		require.Nil(t, after.DoubtSince)
		require.Equal(t, pay.OperationFailed, b.operationsOf(after)[1].Status)
	})
	fact(t, "ADayOfSilenceAsksAPersonAndTellsTheReaders", func(t *testing.T, b *bundle) {
		bill := b.inDoubt()
		b.fault("sync", "http_500", 0)
		for range 25 {
			b.later(time.Hour)
		}
		after := b.bill(bill.ID)
		require.Len(t, b.cases(pay.ReviewInDoubt), 1)
		require.Contains(t, history(after), "AUTHORIZED payment.in_doubt")
		b.healthy()
		b.later(time.Hour) // it is still asked about, every hour
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "AClockThatIsSetBackKeepsNobodyFromAsking", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.later(5 * time.Second) // asked about
		b.paysOn(b.current(bill), "approve")
		b.clock.Advance(-time.Hour)
		_, err := b.Refresh(b.server(), bill.ID.String())
		require.NoError(t, err)
		require.Equal(t, pay.BillPaid, b.bill(bill.ID).Status)
	})
	fact(t, "AClockThatIsSetBackDelaysNoQuestionAboutIt", func(t *testing.T, b *bundle) {
		bill := b.inDoubt()
		b.clock.Advance(-time.Hour)
		for range 6 {
			b.later(10 * time.Second)
		}
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	scriptedFact(t, "AClockThatIsSetBackDelaysNoLaterQuestionEither", func(t *testing.T, b *bundle, s *script) {
		bill := b.created(b.public(), b.buyPage())
		inDoubt(b, bill.ID)
		b.later(0) // the process has seen the time
		b.clock.Advance(-time.Hour)
		s.sync = says(providers.Result{Status: providers.Pending}, nil)
		b.later(firstAsk)
		require.Equal(t, 1, s.asked)
		s.sync = nil
		b.paysOn(b.current(bill), "approve")
		for range 6 {
			b.later(10 * time.Second)
		}
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "ANewProcessAsksAtOnce", func(t *testing.T, b *bundle) {
		bill := b.inDoubt()
		b.fault("sync", "http_500", 0)
		for range 30 {
			b.later(10 * time.Second)
		}
		b.healthy()
		b.clock.Advance(time.Second)
		require.NoError(t, b.Begin(b.program()))
		b.later(time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
}

func (b *bundle) operationsOf(a *ent.Attempt) []*ent.Operation {
	b.t.Helper()
	list, err := b.store.Read().Operation.Query().Where(operation.AttemptID(a.ID)).Order(ent.Asc(operation.FieldID)).All(b.program())
	require.NoError(b.t, err)
	return list
}

func TestService_OldNews(t *testing.T) {
	t.Parallel()
	// The question goes out, the money is captured and recorded by another way,
	// and only then the old answer comes.
	run := func(t *testing.T, answer func() (providers.Result, error)) {
		t.Helper()
		storetest.Each(t, func(t *testing.T, url string) {
			s := &script{}
			b := setupScripted(t, url, s)
			bill := b.created(b.public(), b.buyPage())
			b.paysOn(b.current(bill), "approve")
			s.sync = func(context.Context, func() (providers.Result, error)) (providers.Result, error) {
				s.sync = nil
				b.later(5 * time.Second) // another poll is faster
				require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
				return answer()
			}
			b.clock.Advance(time.Second)
			_, err := b.Refresh(b.server(), bill.ID.String())
			require.NoError(t, err)
			require.Empty(t, b.cases(pay.ReviewProviderDisagrees))
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		})
	}
	t.Run("ExpiredIsNotHeldAgainstALaterCapture", func(t *testing.T) {
		t.Parallel()
		run(t, func() (providers.Result, error) { return providers.Result{Status: providers.Expired}, nil })
	})
	t.Run("NeverHeardOfIsNotEither", func(t *testing.T) {
		t.Parallel()
		run(t, func() (providers.Result, error) {
			return providers.Result{}, &providers.Error{Kind: providers.NotFound, Op: providers.OpSync}
		})
	})
}
