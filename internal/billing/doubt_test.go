package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture"
)

// firstAsk is when a new attempt is asked about.
const firstAsk = 5 * time.Second

// counting stands before an adapter and counts the captures that are sent.
type counting struct {
	*payture.Client

	sent *int
}

func (c counting) Capture(ctx context.Context, ref providers.Ref, handle string, amount pay.Money) (providers.Result, error) {
	*c.sent++
	return c.Client.Capture(ctx, ref, handle, amount)
}

// What cannot be known is asked, and never done again to see.
func TestService_DoubtSendsOnce(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"drop_reply", "http_500", "garbage"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				sent := 0
				b := setup(t, url, func(p providers.Provider) providers.Provider {
					adapter, _ := p.(*payture.Client)
					return counting{Client: adapter, sent: &sent}
				})
				bill := b.held()
				b.fault("charge", fault, 1)
				in := billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()}
				_, err := b.Capture(b.server(), in)
				require.NoError(t, err)
				_, err = b.Capture(b.server(), in) // by the same key
				require.NoError(t, err)
				in.Key = uuid.NewString() // and by another
				_, err = b.Capture(b.server(), in)
				require.NoError(t, err)
				for range 10 {
					b.later(time.Minute)
				}
				require.Equal(t, 1, sent)
			})
		})
	}
}

// inDoubt leaves the attempt of a pending bill in doubt, as a charge of a saved
// card would whose answer was lost.
func inDoubt(b *bundle, id pay.BillID) {
	b.t.Helper()
	err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Attempt.Update().Where(attempt.BillID(id)).SetStatus(pay.AttemptUnknown).SetDoubtSince(tx.Now).Exec(ctx)
	})
	require.NoError(b.t, err)
}

func TestService_DoubtBlocks(t *testing.T) {
	t.Parallel()
	fact(t, "NobodyIsSentToPayAgain", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		inDoubt(b, bill.ID)
		for _, account := range []string{oneStage, secondOne} {
			outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{
				Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(account)},
			})
			require.NoError(t, err)
			require.Equal(t, []pay.Code{pay.CodeConflict}, codes(outcome))
		}
		require.Len(t, b.bill(bill.ID).Edges.Attempts, 1)
	})
	fact(t, "TheBillDoesNotRunOut", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		inDoubt(b, bill.ID)
		b.fault("sync", "http_500", 0)
		b.clock.Advance(bill.ExpiresAt.Sub(b.clock.Now()))
		b.later(time.Minute)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
	})
}

// runs has a bill's job run now.
func (b *bundle) runs(kind jobs.Kind, id pay.BillID) {
	b.t.Helper()
	err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return jobs.Schedule(ctx, tx, jobs.Spec{Kind: kind, Key: id.String(), RunAt: tx.Now})
	})
	require.NoError(b.t, err)
	b.later(time.Second)
}

// Jobs that run when they should not: before their time, as after a clock was set
// back, or again, as after a lease that was lost.
func TestService_JobsOutOfTurn(t *testing.T) {
	t.Parallel()
	fact(t, "DoneBillIsNotFulfilledAgain", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		b.later(firstAsk)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		b.runs("bill.fulfil", bill.ID)
		require.Equal(t, bill.Version, b.bill(bill.ID).Version)
	})
	fact(t, "UnpaidBillIsNotFulfilled", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.runs("bill.fulfil", bill.ID)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		require.Empty(t, b.bill(bill.ID).Edges.Entitlements)
	})
	fact(t, "NoBillRunsOutBeforeItsTime", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.runs("bill.expire", bill.ID)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		b.later(bill.ExpiresAt.Sub(b.clock.Now()))
		require.Equal(t, pay.BillExpired, b.bill(bill.ID).Status)
	})
}
