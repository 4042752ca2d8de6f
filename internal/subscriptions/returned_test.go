package subscriptions_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// A subscription whose money goes back.
func TestService_Returned(t *testing.T) {
	t.Parallel()
	back := func(b *bundle, bill *ent.Bill, all bool, policy pay.RefundPolicy) {
		b.t.Helper()
		b.tx(func(ctx context.Context, tx *store.Tx) error {
			return b.Returned(ctx, tx, bill, &ent.Product{RefundPolicy: policy}, &ent.Refund{ReturnsAll: all})
		})
	}
	fact(t, "TheNewestPeriodsMoneyEndsItAndItsAccess", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.until(sub.CurrentPeriodEnd.Add(2 * day))
		bills := b.billsOf(sub.ID)
		require.Len(t, bills, 2)
		for range 2 {
			back(b, bills[1], true, pay.RefundRevoke)
			sub = b.now(sub.ID)
			require.Equal(t, pay.SubscriptionCanceled, sub.Status)
			require.WithinDuration(t, b.clock.Now(), *sub.EndedAt, 0)
			require.WithinDuration(t, b.clock.Now(), b.access(sub.ID), 0)
			revoked := b.revoked(sub.ID)
			require.NotNil(t, revoked)
			require.WithinDuration(t, b.clock.Now(), *revoked, 0)
		}
		reasons := b.history(sub.ID)
		require.Equal(t, "subscription.refunded", reasons[len(reasons)-1])
		b.later(90 * day)
		require.Len(t, b.billsOf(sub.ID), 2, "nothing is charged any more")
	})
	fact(t, "AnOlderPeriodsMoneyIsHistory", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.until(sub.CurrentPeriodEnd.Add(2 * day))
		before, until := b.now(sub.ID), b.access(sub.ID)
		back(b, b.billsOf(sub.ID)[0], true, pay.RefundRevoke)
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		require.Equal(t, before.Version, b.now(sub.ID).Version)
		require.Equal(t, until, b.access(sub.ID))
		require.Nil(t, b.revoked(sub.ID))
	})
	fact(t, "APartAndWhoKeepsItChangeNothing", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		back(b, b.billsOf(sub.ID)[0], false, pay.RefundRevoke)
		back(b, b.billsOf(sub.ID)[0], true, pay.RefundKeep)
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		require.True(t, b.access(sub.ID).After(b.clock.Now()))
		require.Nil(t, b.revoked(sub.ID))
	})
	fact(t, "WhatRanOutBeforeIsNotRevoked", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), true))
		b.until(sub.CurrentPeriodEnd.Add(day))
		until := b.access(sub.ID)
		back(b, b.billsOf(sub.ID)[0], true, pay.RefundRevoke)
		require.Equal(t, until, b.access(sub.ID))
		require.Nil(t, b.revoked(sub.ID))
	})
	fact(t, "OneThatRunsOutLosesTheRestOfItsTime", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), true))
		b.later(day)
		back(b, b.billsOf(sub.ID)[0], true, pay.RefundRevoke)
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
		require.WithinDuration(t, b.clock.Now(), b.access(sub.ID), 0)
		require.NotNil(t, b.revoked(sub.ID))
	})
	fact(t, "OneWhoseNextBillIsOpenLeavesNoneBehind", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		b.until(sub.CurrentPeriodEnd.Add(day))
		require.Equal(t, pay.SubscriptionPastDue, b.now(sub.ID).Status)
		back(b, b.billsOf(sub.ID)[0], true, pay.RefundRevoke)
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
		require.Nil(t, b.now(sub.ID).OpenBillID)
		require.Equal(t, pay.BillCanceled, b.billsOf(sub.ID)[1].Status)
		require.False(t, b.access(sub.ID).After(b.clock.Now()))
	})
	fact(t, "MoneyOfAPeriodThatWasNotGivenChangesNothing", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		b.until(sub.CurrentPeriodEnd.Add(day))
		back(b, b.billsOf(sub.ID)[1], true, pay.RefundRevoke)
		require.Equal(t, pay.SubscriptionPastDue, b.now(sub.ID).Status)
	})
}

// revoked reads when what a subscription opens was taken back, nil when it was not.
func (b *bundle) revoked(id pay.SubscriptionID) *time.Time {
	b.t.Helper()
	row, err := b.store.Read().Entitlement.Query().Where(entitlement.SubscriptionID(id)).Only(viewer.AsProgram(b.t.Context()))
	require.NoError(b.t, err)
	return row.RevokedAt
}
