package subscriptions_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/subscriptions"
)

// Money that a person accepts for a subscription that is over.
func TestService_PaidLate(t *testing.T) {
	t.Parallel()

	weekly := func(b *bundle) *ent.BillingSubscription {
		return b.subscribed(b.offers("weekly", catalogue.NewPrice{Amount: pay.Of(99000, pay.RUB), Interval: &pay.Period{Days: 7}}).Edges.Prices[0])
	}
	refuse := func(b *bundle) {
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
	}
	// given wants the last period to begin now, and to be usable.
	given := func(b *bundle, sub *ent.BillingSubscription, end time.Time) {
		b.t.Helper()
		late := b.now(sub.ID)
		periods := b.periods(sub.ID)
		last := periods[len(periods)-1]
		require.True(b.t, last.StartsAt.Equal(b.clock.Now()), "it begins %s", last.StartsAt)
		require.True(b.t, last.EndsAt.Equal(end), "it ends %s", last.EndsAt)
		require.True(b.t, late.CurrentPeriodEnd.Equal(end))
		require.True(b.t, b.access(sub.ID).Equal(end))
		require.False(b.t, late.Status.IsLive())
		b.later(90 * day)
		require.Len(b.t, b.periods(sub.ID), len(periods), "and nothing is renewed")
	}
	fact(t, "AWeekThatIsOverBeginsNow", func(t *testing.T, b *bundle) {
		sub := weekly(b)
		refuse(b)
		b.until(sub.CurrentPeriodEnd.Add(15 * day))
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
		require.NoError(t, b.bills.record(t.Context(), b.billsOf(sub.ID)[1].ID, 1, approved))
		require.Equal(t, []string{"paid to 2026-03-09", "pause to 2026-03-24", "paid to 2026-03-31"}, b.covered(sub.ID))
		given(b, sub, b.clock.Now().Add(7*24*time.Hour-time.Hour)) // the clocks change on 29 March
	})
	fact(t, "AWeekWhosePlaceWasTakenBeginsNow", func(t *testing.T, b *bundle) {
		sub := weekly(b)
		refuse(b)
		b.until(sub.CurrentPeriodEnd.Add(2 * day))
		dropped := *b.now(sub.ID).OpenBillID
		b.tx(func(ctx context.Context, tx *store.Tx) error {
			_, err := b.AddTime(ctx, tx, b.user.ID, sub.ProductID, pay.Period{Days: 7}, pay.NewBillID(tx.Now))
			return err
		})
		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), false))
		b.until(time.Date(2026, time.April, 20, 9, 0, 0, 0, time.UTC))
		require.NoError(t, b.bills.record(t.Context(), dropped, 1, approved))
		require.Equal(t, []string{"paid to 2026-03-09", "gift to 2026-03-16", "pause to 2026-04-20", "paid to 2026-04-27"}, b.covered(sub.ID))
		given(b, sub, b.clock.Now().Add(7*day))
	})
	fact(t, "AFirstMonthThatIsOverBeginsNow", func(t *testing.T, b *bundle) {
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		o, err := b.Create(b.as(b.user), subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String()})
		require.NoError(t, err)
		sub := b.now(o.Subscription)
		b.until(time.Date(2026, time.April, 20, 9, 0, 0, 0, time.UTC))
		require.Equal(t, pay.SubscriptionEnded, b.now(sub.ID).Status)
		require.NoError(t, b.bills.record(t.Context(), b.billsOf(sub.ID)[0].ID, 1, approved))
		require.Equal(t, []string{"paid to 2026-05-20"}, b.covered(sub.ID))
		given(b, sub, time.Date(2026, time.May, 20, 9, 0, 0, 0, time.UTC))
	})
	fact(t, "AMonthThatStillRunsKeepsItsPlace", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		refuse(b)
		b.until(sub.CurrentPeriodEnd.Add(20 * day))
		require.NoError(t, b.bills.record(t.Context(), b.billsOf(sub.ID)[1].ID, 1, approved))
		require.Equal(t, []string{"paid to 2026-04-02", "paid to 2026-05-02"}, b.covered(sub.ID))
	})
}
