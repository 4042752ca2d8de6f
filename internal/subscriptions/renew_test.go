package subscriptions_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/subscriptions"
)

// fact runs a test on a bundle of its own, on either database.
func fact(t *testing.T, name string, f func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) { f(t, setup(t, url)) })
	})
}

func TestService_Renew(t *testing.T) {
	t.Parallel()

	fact(t, "FirstPeriodIsChargedAtOnce", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		require.Equal(t, pay.SubscriptionActive, sub.Status)
		require.Equal(t, []string{"paid to 2026-04-02"}, b.covered(sub.ID))
		require.True(t, sub.CurrentPeriodEnd.Equal(b.access(sub.ID)))
		require.Nil(t, sub.OpenBillID)
		require.Equal(t, []string{"subscription.created", "subscription.renewed"}, b.history(sub.ID))
	})
	fact(t, "EachPeriodIsBilledOnceFromTheAnchor", func(t *testing.T, b *bundle) {
		b.later(29 * day) // 31 March
		sub := b.subscribed(b.monthly)
		b.until(time.Date(2027, time.May, 2, 9, 0, 0, 0, time.UTC))
		require.Equal(t, []string{
			"paid to 2026-04-30", "paid to 2026-05-31", "paid to 2026-06-30", "paid to 2026-07-31", "paid to 2026-08-31", "paid to 2026-09-30",
			"paid to 2026-10-31", "paid to 2026-11-30", "paid to 2026-12-31", "paid to 2027-01-31", "paid to 2027-02-28", "paid to 2027-03-31",
			"paid to 2027-04-30", "paid to 2027-05-31",
		}, b.covered(sub.ID))
		require.Len(t, b.billsOf(sub.ID), 14)
		for _, bill := range b.billsOf(sub.ID) {
			require.Equal(t, pay.BillDone, bill.Status)
			require.Equal(t, 1, b.bills.charges[bill.ID])
		}
	})
	fact(t, "DowntimeIsCaughtUpPeriodByPeriod", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.later(200 * day)
		require.Equal(t, []string{
			"paid to 2026-04-02", "paid to 2026-05-02", "paid to 2026-06-02", "paid to 2026-07-02",
			"paid to 2026-08-02", "paid to 2026-09-02", "paid to 2026-10-02",
		}, b.covered(sub.ID))
		require.Len(t, b.billsOf(sub.ID), 7)
	})
	fact(t, "ANewPriceLeavesTheOldSubscriberOnTheirs", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.offers("club", catalogue.NewPrice{Amount: pay.Of(149000, pay.RUB), Interval: months(1)})
		b.until(*sub.CurrentPeriodEnd)
		bills := b.billsOf(sub.ID)
		require.Len(t, bills, 2)
		require.Equal(t, pay.Of(99000, pay.RUB), bills[1].Total())
	})
	fact(t, "AYearIsAnnouncedThreeDaysBefore", func(t *testing.T, b *bundle) {
		yearly := b.offers("year", catalogue.NewPrice{Amount: pay.Of(900000, pay.RUB), Interval: months(12)}).Edges.Prices[0]
		sub := b.subscribed(yearly)
		b.until(sub.CurrentPeriodEnd.Add(-4 * day))
		require.Empty(t, b.mails.kinds())
		b.until(sub.CurrentPeriodEnd.Add(-2 * day))
		require.Equal(t, []notify.Kind{notify.KindRenewalComing}, b.mails.kinds())
		require.Equal(t, "411111******1111", b.mails.sent[0].Data.(notify.RenewalComing).Card) //nolint:errcheck,forcetypeassert // a test
		b.until(sub.CurrentPeriodEnd.Add(day))
		require.Len(t, b.billsOf(sub.ID), 2)
	})
	fact(t, "TwoProcessesChargeOnce", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		other, _ := b.process()
		b.clock.Advance(sub.CurrentPeriodEnd.Sub(b.clock.Now()))
		var racers sync.WaitGroup
		for n := range 8 {
			engine := []*subscriptions.Service{b.Service, other}[n%2]
			racers.Go(func() {
				if err := engine.Step(t.Context(), sub.ID); err != nil {
					t.Errorf("step: %v", err)
				}
			})
		}
		racers.Wait()
		b.later(0)
		bills := b.billsOf(sub.ID)
		require.Len(t, bills, 2)
		require.Equal(t, 1, b.bills.charges[bills[1].ID])
		require.Len(t, b.periods(sub.ID), 2)
	})
	fact(t, "AChargeWhoseProcessDiedIsNotMadeAgain", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.taken = context.Canceled // the bank has taken the money, and nobody wrote it down
		b.until(*sub.CurrentPeriodEnd)
		b.later(2 * day)
		bills := b.billsOf(sub.ID)
		require.Len(t, bills, 2)
		require.Equal(t, 1, b.bills.charges[bills[1].ID])
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status, "nobody is past due whose money is in doubt")
		require.True(t, b.access(sub.ID).After(b.clock.Now()))

		require.NoError(t, b.bills.record(t.Context(), bills[1].ID, 1, approved))
		require.Len(t, b.periods(sub.ID), 2)
		require.Equal(t, 1, b.bills.charges[bills[1].ID])
	})
	fact(t, "APageThatIsBeingPaidIsWaitedFor", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.busy = true
		b.until(sub.CurrentPeriodEnd.Add(time.Hour))
		require.NoError(t, b.Step(t.Context(), sub.ID))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		b.bills.busy = false
		b.later(time.Hour)
		require.Len(t, b.periods(sub.ID), 2)
	})
	fact(t, "OneBillGivesOnePeriodHoweverOften", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		before := b.now(sub.ID)
		paid := b.billsOf(sub.ID)[0]
		b.tx(func(ctx context.Context, tx *store.Tx) error { return b.Fulfil(ctx, tx, paid, b.product) })
		require.Len(t, b.periods(sub.ID), 1)
		require.Equal(t, before.Version, b.now(sub.ID).Version)
	})
	fact(t, "AnOutageIsTriedAgainAndPutsNobodyPastDue", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(_ *ent.Bill, try int) answer {
			if try < 4 {
				return answer{status: pay.AttemptFailed}
			}
			return approved
		}
		b.until(sub.CurrentPeriodEnd.Add(day))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		require.Len(t, b.periods(sub.ID), 2)
		require.NotContains(t, b.history(sub.ID), "subscription.declined")
		require.Empty(t, b.mails.kinds())
	})
}

func TestService_Trial(t *testing.T) {
	t.Parallel()

	fact(t, "IsFreeAndThenCharged", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.trial)
		require.Equal(t, pay.SubscriptionTrialing, sub.Status)
		require.Empty(t, b.billsOf(sub.ID))
		require.True(t, sub.TrialEnd.Equal(b.access(sub.ID)))
		b.until(sub.TrialEnd.Add(-day))
		require.Equal(t, []notify.Kind{notify.KindRenewalComing}, b.mails.kinds())
		b.until(sub.TrialEnd.Add(day))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		require.Equal(t, []string{"trial to 2026-03-09", "paid to 2026-04-09"}, b.covered(sub.ID))
	})
	fact(t, "WithoutACardEndsByItself", func(t *testing.T, b *bundle) {
		b.user = b.newUser("bob")
		sub := b.subscribed(b.trial)
		require.Nil(t, sub.CardID)
		b.until(sub.TrialEnd.Add(day))
		require.Equal(t, pay.SubscriptionEnded, b.now(sub.ID).Status)
		require.Empty(t, b.billsOf(sub.ID))
		require.Equal(t, []notify.Kind{notify.KindRenewalComing, notify.KindSubscriptionEnded}, b.mails.kinds())
		require.False(t, b.access(sub.ID).After(b.clock.Now()))
	})
	fact(t, "WhoseDefaultCardCannotPayItBeginsWithoutOneAndTellsItsPayer", func(t *testing.T, b *bundle) {
		far := b.offers("far", catalogue.NewPrice{Amount: pay.Of(100000, pay.KZT), Interval: months(1), Trial: &pay.Period{Days: 7}})
		sub := b.subscribed(far.Edges.Prices[0])
		require.Equal(t, pay.SubscriptionTrialing, sub.Status)
		require.Nil(t, sub.CardID)
		b.until(sub.TrialEnd.Add(-4 * day))
		require.Empty(t, b.mails.kinds())
		b.until(sub.TrialEnd.Add(-2 * day))
		require.Equal(t, []notify.Kind{notify.KindRenewalComing}, b.mails.kinds())
		mail := b.mails.sent[0].Data.(notify.RenewalComing) //nolint:errcheck,forcetypeassert // a test
		require.True(t, mail.IsTrial)
		require.Empty(t, mail.Card)
	})
	fact(t, "IsGivenOnce", func(t *testing.T, b *bundle) {
		first := b.subscribed(b.trial)
		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), first.ID.String(), false))
		again := b.subscribed(b.trial)
		require.Equal(t, pay.SubscriptionActive, again.Status, "the second one is paid for")
		require.Nil(t, again.TrialEnd)
	})
}

func TestService_Dunning(t *testing.T) {
	t.Parallel()

	// refuses has the bank refuse renewals, but not first charges, until a number.
	refuses := func(b *bundle, first pay.BillID, until int, code string) {
		b.bills.bank = func(bill *ent.Bill, try int) answer {
			if bill.ID == first || try >= until {
				return approved
			}
			return declined(code)
		}
	}
	fact(t, "RetriesByTheScheduleThenCancels", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		end := sub.CurrentPeriodEnd.UTC()
		refuses(b, b.billsOf(sub.ID)[0].ID, 99, "insufficient_funds")
		tries := map[int]int{}
		for n := range 15 {
			b.until(end.Add(time.Duration(n) * day))
			tries[n] = b.now(sub.ID).DunningTry
		}
		require.Equal(t, map[int]int{0: 1, 1: 2, 2: 2, 3: 3, 4: 3, 5: 3, 6: 3, 7: 4, 8: 4, 9: 4, 10: 4, 11: 4, 12: 4, 13: 4, 14: 4}, tries)
		over := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionCanceled, over.Status)
		require.Equal(t, pay.BillCanceled, b.billsOf(sub.ID)[1].Status)
		require.True(t, b.access(sub.ID).Equal(end.Add(14*day)), "the grace keeps access until %s", b.access(sub.ID))
		require.Equal(t, []notify.Kind{
			notify.KindRenewalFailed, notify.KindRenewalFailed, notify.KindRenewalFailed, notify.KindRenewalFailed, notify.KindSubscriptionEnded,
		}, b.mails.kinds())
	})
	fact(t, "APaidRetryGoesOnFromTheAnchor", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		refuses(b, b.billsOf(sub.ID)[0].ID, 3, "insufficient_funds")
		b.until(sub.CurrentPeriodEnd.Add(2 * day))
		due := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionPastDue, due.Status)
		require.Equal(t, &subscriptions.Dunning{Attempt: 2, MaxAttempts: 4, NextRetryAt: due.DunningNextAt, Declined: true}, b.DunningOf(due))
		require.True(t, b.access(sub.ID).After(b.clock.Now()))
		b.until(sub.CurrentPeriodEnd.Add(4 * day))
		paid := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionActive, paid.Status)
		require.Zero(t, paid.DunningTry)
		require.Nil(t, paid.DeclineCode)
		require.Nil(t, b.DunningOf(paid))
		require.Equal(t, []string{"paid to 2026-04-02", "paid to 2026-05-02"}, b.covered(sub.ID))
		require.True(t, paid.CurrentPeriodEnd.Equal(b.access(sub.ID)))
	})
	fact(t, "AHardRefusalAsksForANewCard", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		refuses(b, b.billsOf(sub.ID)[0].ID, 2, "stolen_card")
		b.until(sub.CurrentPeriodEnd.Add(9 * day))
		due := b.now(sub.ID)
		require.Equal(t, 1, due.DunningTry)
		require.Nil(t, due.DunningNextAt)
		require.True(t, b.mails.sent[0].Data.(notify.RenewalFailed).NeedsNewCard) //nolint:errcheck,forcetypeassert // a test

		other := b.newCard(b.user)
		b.ok(b.ChangeCard(b.as(b.user), uuid.NewString(), sub.ID.String(), other.ID.String(), true))
		b.later(0)
		paid := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionActive, paid.Status)
		require.Equal(t, other.ID, *paid.CardID)
		require.Equal(t, 2, b.bills.charges[b.billsOf(sub.ID)[1].ID])
	})
	// changesCard has the card changed while a renewal's charge of the old one is out,
	// which is then refused for good.
	changesCard := func(b *bundle, retryNow bool) (sub *ent.BillingSubscription, other *ent.Card) {
		sub = b.subscribed(b.monthly)
		b.bills.bank = func(_ *ent.Bill, try int) answer {
			if try == 1 {
				return answer{status: pay.AttemptUnknown}
			}
			return approved
		}
		b.until(*sub.CurrentPeriodEnd)
		other = b.newCard(b.user)
		b.ok(b.ChangeCard(b.as(b.user), uuid.NewString(), sub.ID.String(), other.ID.String(), retryNow))
		require.NoError(b.t, b.bills.record(b.t.Context(), b.billsOf(sub.ID)[1].ID, 1, declined("stolen_card")))
		b.later(0)
		return sub, other
	}
	fact(t, "ANewCardIsChargedAtOnceWhenTheOldOnesChargeIsRefused", func(t *testing.T, b *bundle) {
		sub, other := changesCard(b, true)
		paid := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionActive, paid.Status)
		require.Equal(t, other.ID, *paid.CardID)
		require.Len(t, b.periods(sub.ID), 2)
		require.Equal(t, 2, b.bills.charges[b.billsOf(sub.ID)[1].ID])
	})
	fact(t, "OrADayLaterWhenNobodyAskedForThat", func(t *testing.T, b *bundle) {
		sub, _ := changesCard(b, false)
		due := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionPastDue, due.Status)
		require.True(t, due.DunningNextAt.Equal(b.clock.Now().Add(day)))
		mail := b.mails.sent[0].Data.(notify.RenewalFailed) //nolint:errcheck,forcetypeassert // a test
		require.False(t, mail.NeedsNewCard, "there is one already")
		require.Empty(t, mail.Card, "it was not refused")
		b.later(day)
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
	})
	fact(t, "AProofOnAPageSendsALink", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		first := b.billsOf(sub.ID)[0].ID
		b.bills.bank = func(bill *ent.Bill, _ int) answer {
			if bill.ID == first {
				return approved
			}
			return answer{status: pay.AttemptActionRequired}
		}
		b.until(sub.CurrentPeriodEnd.Add(2 * day))
		due := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionPastDue, due.Status)
		require.Nil(t, due.DunningNextAt)
		mail := b.mails.sent[0].Data.(notify.RenewalFailed) //nolint:errcheck,forcetypeassert // a test
		require.True(t, mail.NeedsPayer)
		require.Equal(t, "/pay/"+due.OpenBillID.String(), mail.PayURL)

		require.NoError(t, b.bills.record(t.Context(), *due.OpenBillID, 1, approved))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
	})
	fact(t, "ARemovedCardIsRefusedWithoutAskingAnybody", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.removeCard(b.card)
		require.Equal(t, []notify.Kind{notify.KindCardExpiring}, b.mails.kinds())
		require.Equal(t, b.card.ID, *b.now(sub.ID).CardID, "it stays named")
		b.until(*sub.CurrentPeriodEnd)
		due := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionPastDue, due.Status)
		require.Equal(t, pay.DeclineCardRemoved, *due.DeclineCode)
		require.Nil(t, due.DunningNextAt)
		require.Zero(t, b.bills.charges[*due.OpenBillID])
	})
	fact(t, "MoneyInDoubtOutlivesTheGrace", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		first := b.billsOf(sub.ID)[0].ID
		b.bills.bank = func(bill *ent.Bill, try int) answer {
			switch {
			case bill.ID == first:
				return approved
			case try == 1:
				return declined("insufficient_funds")
			}
			return answer{status: pay.AttemptUnknown}
		}
		b.until(sub.CurrentPeriodEnd.Add(20 * day))
		due := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionPastDue, due.Status)
		require.NoError(t, b.bills.record(t.Context(), *due.OpenBillID, 2, declined("insufficient_funds")))
		b.later(0)
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
	})
	fact(t, "APageInDoubtOutlivesTheGraceToo", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		refuses(b, b.billsOf(sub.ID)[0].ID, 99, "stolen_card")
		b.until(*sub.CurrentPeriodEnd)
		open := *b.now(sub.ID).OpenBillID
		b.tx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Attempt.Create().SetID(pay.NewAttemptID(tx.Now)).SetMerchantID(b.merchant.ID).SetBillID(open).
				SetProvider("fake").SetAccount("fake").SetOrderNumber("page").SetChargeTry(9).
				SetStatus(pay.AttemptUnknown).SetCurrent(true).SetTestMode(true).SetCurrency(pay.RUB).SetAmountMinor(99000).
				SetWatchUntil(tx.Now).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
		})
		b.until(sub.CurrentPeriodEnd.Add(16 * day))
		require.Equal(t, pay.SubscriptionPastDue, b.now(sub.ID).Status)
		require.NoError(t, b.bills.record(t.Context(), open, 9, approved))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
	})
	fact(t, "WithoutACardThePayerPaysEachBill", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		b.tx(func(ctx context.Context, tx *store.Tx) error {
			return tx.BillingSubscription.UpdateOneID(sub.ID).ClearCardID().Exec(ctx)
		})
		b.later(0)
		b.until(sub.CurrentPeriodEnd.Add(-day))
		open := b.now(sub.ID)
		require.NotNil(t, open.OpenBillID)
		require.Equal(t, pay.SubscriptionActive, open.Status)
		require.Equal(t, []notify.Kind{notify.KindRenewalComing}, b.mails.kinds())
		b.until(sub.CurrentPeriodEnd.Add(day))
		require.Equal(t, pay.SubscriptionPastDue, b.now(sub.ID).Status)
		require.Equal(t, []notify.Kind{notify.KindRenewalComing, notify.KindRenewalFailed}, b.mails.kinds())
		b.until(sub.CurrentPeriodEnd.Add(15 * day))
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
	})
}
