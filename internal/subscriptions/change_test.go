package subscriptions_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

func TestService_Cancel(t *testing.T) {
	t.Parallel()

	fact(t, "NowKeepsWhatIsPaid", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		key := uuid.NewString()
		over := b.ok(b.Cancel(b.as(b.user), key, sub.ID.String(), false))
		require.Equal(t, pay.SubscriptionCanceled, over.Status)
		require.NotNil(t, over.EndedAt)
		require.True(t, sub.CurrentPeriodEnd.Equal(b.access(sub.ID)))
		again, err := b.Cancel(b.as(b.user), key, sub.ID.String(), false)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		o, err := b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), false)
		require.Equal(t, "subscription.action_not_allowed", b.refused(o, err))
		require.Equal(t, pay.StateDetail{From: "CANCELED", Allowed: []string{}}, o.Errors[0].Detail)
		b.until(sub.CurrentPeriodEnd.Add(40 * day))
		require.Len(t, b.billsOf(sub.ID), 1)
	})
	fact(t, "AtPeriodEndCanBeTakenBackUntilThen", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		ending := b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), true))
		require.True(t, ending.CancelAtPeriodEnd)
		require.True(t, ending.CancelAt.Equal(*sub.CurrentPeriodEnd))
		require.Equal(t, pay.SubscriptionActive, ending.Status)
		require.Equal(t, "subscription.action_not_allowed", b.refused(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), nil)))
		going := b.ok(b.Resume(b.as(b.user), uuid.NewString(), sub.ID.String()))
		require.False(t, going.CancelAtPeriodEnd)
		require.Nil(t, going.CancelAt)
		b.until(sub.CurrentPeriodEnd.Add(day))
		require.Len(t, b.periods(sub.ID), 2)

		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), true))
		b.until(b.now(sub.ID).CurrentPeriodEnd.Add(day))
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
		require.Len(t, b.billsOf(sub.ID), 2)
		require.Equal(t, "subscription.action_not_allowed", b.refused(b.Resume(b.as(b.user), uuid.NewString(), sub.ID.String())))
	})
	fact(t, "PastDueEndsNowAndItsBillToo", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		b.until(sub.CurrentPeriodEnd.Add(day))
		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), true))
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
		require.Equal(t, pay.BillCanceled, b.billsOf(sub.ID)[1].Status)
		require.False(t, b.access(sub.ID).After(b.clock.Now()), "the grace ends with it")
	})
	fact(t, "WhatIsPaidAfterTheEndIsGiven", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return answer{status: pay.AttemptUnknown} }
		b.until(*sub.CurrentPeriodEnd)
		over := b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), false))
		require.Equal(t, pay.SubscriptionCanceled, over.Status)
		require.NotNil(t, over.OpenBillID, "money for it is in doubt")
		b.later(3 * time.Hour)
		require.NoError(t, b.bills.record(t.Context(), *over.OpenBillID, 1, approved))
		late := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionCanceled, late.Status)
		require.Nil(t, late.OpenBillID)
		require.Equal(t, []string{"paid to 2026-04-02", "paid to 2026-05-02"}, b.covered(sub.ID))
		require.True(t, late.CurrentPeriodEnd.Equal(b.access(sub.ID)))
		b.later(90 * day)
		require.Len(t, b.billsOf(sub.ID), 2, "and nothing is renewed")
	})
	fact(t, "WhatTurnsOutUnpaidAfterTheEndIsDropped", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return answer{status: pay.AttemptUnknown} }
		b.until(*sub.CurrentPeriodEnd)
		over := b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), false))
		require.NoError(t, b.bills.record(t.Context(), *over.OpenBillID, 1, declined("insufficient_funds")))
		b.later(0)
		require.Nil(t, b.now(sub.ID).OpenBillID)
		require.Equal(t, pay.BillCanceled, b.billsOf(sub.ID)[1].Status)
	})
	fact(t, "ABillThatTheMerchantCanceledEndsIt", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		b.until(*sub.CurrentPeriodEnd)
		b.tx(func(ctx context.Context, tx *store.Tx) error {
			_, err := b.bills.CancelPeriodBill(ctx, tx, *b.now(sub.ID).OpenBillID)
			return err
		})
		b.later(0)
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
	})
}

func TestService_Pause(t *testing.T) {
	t.Parallel()

	fact(t, "ThatEndsInThePaidTimeChangesNothing", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.ok(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), nil))
		b.later(day)
		b.ok(b.Resume(b.as(b.user), uuid.NewString(), sub.ID.String()))
		b.until(sub.CurrentPeriodEnd.Add(day))
		require.Equal(t, []string{"paid to 2026-04-02", "paid to 2026-05-02"}, b.covered(sub.ID))
	})
	fact(t, "ThatOutlivesItIsNotCharged", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.later(10 * day)
		paused := b.ok(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), nil))
		require.Equal(t, pay.SubscriptionPaused, paused.Status)
		b.until(sub.CurrentPeriodEnd.Add(70 * day)) // 11 June
		require.Len(t, b.billsOf(sub.ID), 1)
		require.True(t, b.access(sub.ID).Equal(*sub.CurrentPeriodEnd))
		b.ok(b.Resume(b.as(b.user), uuid.NewString(), sub.ID.String()))
		b.until(b.clock.Now().Add(31 * day))
		require.Equal(t, []string{"paid to 2026-04-02", "pause to 2026-06-11", "paid to 2026-07-11", "paid to 2026-08-11"}, b.covered(sub.ID))
	})
	fact(t, "EndsByItselfAlsoAfterADowntime", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		until := time.Date(2026, time.May, 20, 9, 0, 0, 0, time.UTC)
		b.ok(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), &until))
		b.later(85 * day) // 26 May
		require.Equal(t, []string{"paid to 2026-04-02", "pause to 2026-05-20", "paid to 2026-06-20"}, b.covered(sub.ID))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
	})
	fact(t, "ThatWouldEndInThePastIsRefused", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		past := b.clock.Now()
		require.Equal(t, "subscription.pause_end", b.refused(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), &past)))
	})
	fact(t, "OfATrialGoesOnWithTheTrial", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.trial)
		b.ok(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), nil))
		b.later(2 * day)
		require.Equal(t, pay.SubscriptionTrialing, b.ok(b.Resume(b.as(b.user), uuid.NewString(), sub.ID.String())).Status)
		b.ok(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), nil))
		b.later(8 * day)
		require.Empty(t, b.billsOf(sub.ID))
		b.ok(b.Resume(b.as(b.user), uuid.NewString(), sub.ID.String()))
		b.later(0)
		require.Equal(t, []string{"trial to 2026-03-09", "pause to 2026-03-12", "paid to 2026-04-12"}, b.covered(sub.ID))
	})
	fact(t, "OfWhatIsPastDueIsRefused", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		b.until(*sub.CurrentPeriodEnd)
		require.Equal(t, "subscription.action_not_allowed", b.refused(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), nil)))
	})
	fact(t, "WhileAChargeIsUnderWayIsRefused", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return answer{status: pay.AttemptUnknown} }
		b.until(*sub.CurrentPeriodEnd)
		require.Equal(t, "subscription.charge_under_way", b.refused(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), nil)))
	})
	fact(t, "AtTheVeryEndOfAPeriodAndBackIsBilled", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return answer{status: pay.AttemptFailed} }
		b.until(*sub.CurrentPeriodEnd) // billed, and the provider is away
		b.ok(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), nil))
		b.bills.bank = func(*ent.Bill, int) answer { return approved }
		b.ok(b.Resume(b.as(b.user), uuid.NewString(), sub.ID.String()))
		b.later(time.Second)
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		require.Equal(t, []string{"paid to 2026-04-02", "pause to 2026-04-02", "paid to 2026-05-02"}, b.covered(sub.ID))
	})
}

func TestService_AddTime(t *testing.T) {
	t.Parallel()

	give := func(b *bundle, p pay.Period) (row *ent.BillingSubscription, err error) {
		err = b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
			row, err = b.AddTime(ctx, tx, b.user.ID, b.product.ID, p, pay.NewBillID(tx.Now))
			return err
		})
		return row, err
	}
	fact(t, "StacksOnWhatIsLeft", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		for range 2 {
			row, err := give(b, pay.Period{Months: 1})
			require.NoError(t, err)
			require.Equal(t, sub.ID, row.ID)
		}
		require.Equal(t, []string{"paid to 2026-04-02", "gift to 2026-05-02", "gift to 2026-06-02"}, b.covered(sub.ID))
		require.True(t, b.now(sub.ID).CurrentPeriodEnd.Equal(b.access(sub.ID)))
		b.until(time.Date(2026, time.June, 3, 0, 0, 0, 0, time.UTC))
		require.Equal(t, "paid to 2026-07-02", b.covered(sub.ID)[3])
		require.Len(t, b.billsOf(sub.ID), 2)
	})
	fact(t, "KeepsTheDayOfTheAnchor", func(t *testing.T, b *bundle) {
		b.later(29 * day)
		sub := b.subscribed(b.monthly) // 31 March
		_, err := give(b, pay.Period{Months: 1})
		require.NoError(t, err)
		b.until(time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC))
		require.Equal(t, []string{"paid to 2026-04-30", "gift to 2026-05-31", "paid to 2026-06-30"}, b.covered(sub.ID))
	})
	fact(t, "ProlongsATrial", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.trial)
		_, err := give(b, pay.Period{Days: 10})
		require.NoError(t, err)
		b.until(time.Date(2026, time.March, 20, 0, 0, 0, 0, time.UTC))
		require.Equal(t, []string{"trial to 2026-03-09", "gift to 2026-03-19", "paid to 2026-04-19"}, b.covered(sub.ID))
	})
	fact(t, "PaysWhatIsPastDue", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		b.until(sub.CurrentPeriodEnd.Add(2 * day))
		_, err := give(b, pay.Period{Months: 1})
		require.NoError(t, err)
		row := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionActive, row.Status)
		require.Nil(t, row.OpenBillID)
		require.Equal(t, pay.BillCanceled, b.billsOf(sub.ID)[1].Status)
		require.Equal(t, []string{"paid to 2026-04-02", "gift to 2026-05-02"}, b.covered(sub.ID))
	})
	fact(t, "BeginsInAPauseWhenItIsGiven", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.ok(b.Pause(b.as(b.user), uuid.NewString(), sub.ID.String(), nil))
		b.until(time.Date(2026, time.May, 10, 9, 0, 0, 0, time.UTC))
		_, err := give(b, pay.Period{Months: 1})
		require.NoError(t, err)
		require.Equal(t, pay.SubscriptionPaused, b.now(sub.ID).Status)
		require.Equal(t, []string{"paid to 2026-04-02", "pause to 2026-05-10", "gift to 2026-06-10"}, b.covered(sub.ID))
		b.until(time.Date(2026, time.July, 1, 9, 0, 0, 0, time.UTC))
		require.Len(t, b.billsOf(sub.ID), 1)
		b.ok(b.Resume(b.as(b.user), uuid.NewString(), sub.ID.String()))
		b.later(0)
		require.Equal(t, []string{"pause to 2026-07-01", "paid to 2026-08-01"}, b.covered(sub.ID)[3:])
	})
	fact(t, "WaitsForAChargeUnderWay", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return answer{status: pay.AttemptUnknown} }
		b.until(*sub.CurrentPeriodEnd)
		_, err := give(b, pay.Period{Months: 1})
		require.Equal(t, pay.CodeConflict, pay.CodeOf(err))
		require.Len(t, b.periods(sub.ID), 1, "nothing was given")
	})
	fact(t, "IsNothingWithoutASubscription", func(t *testing.T, b *bundle) {
		row, err := give(b, pay.Period{Months: 1})
		require.NoError(t, err)
		require.Nil(t, row)
	})
	fact(t, "MoneyForAPlaceThatAGiftTookGivesAsMuchTime", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		b.until(sub.CurrentPeriodEnd.Add(2 * day))
		_, err := give(b, pay.Period{Months: 1})
		require.NoError(t, err)
		dropped := b.billsOf(sub.ID)[1].ID
		require.NoError(t, b.bills.record(t.Context(), dropped, 1, approved)) // a person accepts money that came late
		require.NoError(t, b.bills.FulfilNow(t.Context(), dropped), "and giving it twice gives once")
		require.Equal(t, []string{"paid to 2026-04-02", "gift to 2026-05-02", "paid to 2026-06-02"}, b.covered(sub.ID))
	})
}
