package subscriptions_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/subscriptions"
)

func TestService_List(t *testing.T) {
	t.Parallel()

	fact(t, "PagesFiltersAndShowsEachTheirOwn", func(t *testing.T, b *bundle) {
		first := b.subscribed(b.monthly)
		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), first.ID.String(), false))
		b.later(day)
		second := b.subscribed(b.monthly)
		bob := b.newUser("bob")
		b.newCard(bob)
		b.later(day)
		third := b.subscribedBy(bob)

		ids := func(p subscriptions.Page) []pay.SubscriptionID {
			list := []pay.SubscriptionID{}
			for _, row := range p.Rows {
				list = append(list, row.ID)
			}
			return list
		}
		one, err := b.List(b.server(), nil, page.Request{First: new(2)})
		require.NoError(t, err)
		require.Equal(t, []pay.SubscriptionID{third, second.ID}, ids(one))
		require.True(t, one.Info.HasNext)
		two, err := b.List(b.server(), nil, page.Request{First: new(2), After: one.Info.End})
		require.NoError(t, err)
		require.Equal(t, []pay.SubscriptionID{first.ID}, ids(two))
		require.False(t, two.Info.HasNext)

		filters := []struct {
			filter subscriptions.Filter
			want   []pay.SubscriptionID
		}{
			{subscriptions.Filter{Status: []pay.SubscriptionStatus{pay.SubscriptionCanceled}}, []pay.SubscriptionID{first.ID}},
			{subscriptions.Filter{Status: []pay.SubscriptionStatus{}}, []pay.SubscriptionID{}},
			{subscriptions.Filter{User: new(bob.ID.String())}, []pay.SubscriptionID{third}},
			{subscriptions.Filter{Card: new(b.card.ID.String())}, []pay.SubscriptionID{second.ID, first.ID}},
			{subscriptions.Filter{Product: new(b.product.ID.String()), Price: new(b.trial.ID.String())}, []pay.SubscriptionID{}},
			{subscriptions.Filter{TestClock: new("clock_x")}, []pay.SubscriptionID{}},
		}
		for _, tt := range filters {
			found, err := b.List(b.server(), &tt.filter, page.Request{})
			require.NoError(t, err)
			require.Equal(t, tt.want, ids(found))
			n, err := b.Count(b.server(), &tt.filter)
			require.NoError(t, err)
			require.Len(t, tt.want, n)
		}
		own, err := b.List(b.as(bob), nil, page.Request{})
		require.NoError(t, err)
		require.Equal(t, []pay.SubscriptionID{third}, ids(own))
		_, err = b.List(b.server(), nil, page.Request{First: new(0)})
		require.Equal(t, pay.CodeInvalid, pay.CodeOf(err))

		of, err := b.OfCards(b.as(b.user), b.card.ID)
		require.NoError(t, err)
		require.Len(t, of[b.card.ID], 2)
		byID, err := b.SubscriptionsByID(b.as(b.user), []pay.SubscriptionID{first.ID, third})
		require.NoError(t, err)
		require.Len(t, byID, 1)
	})
}

func TestNextChargeAt(t *testing.T) {
	t.Parallel()

	fact(t, "FollowsTheSubscription", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		end := *sub.CurrentPeriodEnd
		require.True(t, end.Equal(*subscriptions.NextChargeAt(sub)))
		require.Equal(t, []string{"cancel", "pause", "change_card"}, subscriptions.AllowedActions(sub))
		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), true))
		require.Nil(t, subscriptions.NextChargeAt(b.now(sub.ID)))
		b.ok(b.Resume(b.as(b.user), uuid.NewString(), sub.ID.String()))
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		b.until(end)
		require.True(t, end.Add(day).Equal(*subscriptions.NextChargeAt(b.now(sub.ID))))
		b.until(end.Add(14 * day))
		require.Nil(t, subscriptions.NextChargeAt(b.now(sub.ID)))
		require.Empty(t, subscriptions.AllowedActions(b.now(sub.ID)))
	})
}
