package subscriptions_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Money for a period that a person was asked about, and said that nothing comes of it.
func TestService_Dismissed(t *testing.T) {
	t.Parallel()

	// wrongly has the bank take less than it was asked for.
	wrongly := func(bank *bank) {
		bank.says(providers.Result{Status: providers.Captured, Captured: pay.Of(98900, pay.RUB)}, nil)
	}
	// dismisses ends the one open case.
	dismisses := func(b *bundle) {
		b.t.Helper()
		open, err := b.store.Read().ReviewCase.Query().Where(reviewcase.ResolvedAtIsNil()).Only(viewer.AsProgram(b.t.Context()))
		require.NoError(b.t, err)
		finance := viewer.With(b.t.Context(), viewer.Viewer{Role: pay.RoleFinance, Merchant: b.merchant.ID, Principal: "operator/shop/olga"})
		resolved, err := b.Bills.(*billing.Service).Resolve(finance, billing.Resolution{ //nolint:errcheck,forcetypeassert // a test
			Key: uuid.NewString(), Case: open.ID.String(), Resolution: pay.ResolveDismiss, Note: "returned at the bank",
		})
		require.NoError(b.t, err)
		require.Empty(b.t, resolved.Errors)
	}
	fact(t, "WrongMoneyForARenewalEndsIt", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.subscribed(b.monthly)
		b.later(0)
		wrongly(bank)
		b.until(b.now(sub.ID).CurrentPeriodEnd.Add(2 * day))
		waiting := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionActive, waiting.Status, "a person is asked")
		require.Equal(t, pay.BillAmountMismatch, b.billsOf(sub.ID)[1].Status)
		dismisses(b)
		b.later(0)
		over := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionCanceled, over.Status)
		require.Nil(t, over.OpenBillID)
		require.False(t, b.access(sub.ID).After(b.clock.Now()))
		b.later(90 * day)
		require.Len(t, b.billsOf(sub.ID), 2)
	})
	fact(t, "WrongMoneyForTheFirstPeriodEndsItToo", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		wrongly(bank)
		sub := b.subscribed(b.monthly)
		b.later(2 * day)
		require.Equal(t, pay.SubscriptionIncomplete, b.now(sub.ID).Status)
		dismisses(b)
		b.later(0)
		require.Equal(t, pay.SubscriptionEnded, b.now(sub.ID).Status)
	})
	fact(t, "AFulfilmentThatFailedEndsIt", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.settles = false
		b.until(sub.CurrentPeriodEnd.Add(day))
		paid := b.billsOf(sub.ID)[1]
		require.Equal(t, pay.BillPaid, paid.Status)
		b.later(2 * day)
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status, "it may be given at any time")
		b.tx(func(ctx context.Context, tx *store.Tx) error {
			err := tx.ReviewCase.Create().SetID(pay.NewReviewCaseID(tx.Now)).SetMerchantID(b.merchant.ID).SetKey("case").
				SetReason(pay.ReviewFulfilmentFailed).SetBillID(paid.ID).SetAccount("fake").SetDetails("It could not be given.").
				SetResolution(pay.ResolveDismiss).SetResolvedAt(tx.Now).SetOpenedAt(tx.Now).Exec(ctx)
			if err != nil {
				return err
			}
			return b.bills.move(ctx, tx, paid, pay.BillPaid)
		})
		b.later(0)
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
	})
}
