package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

const day = 24 * time.Hour

// What comes next, by days since a subscription's period ended.
func TestRenewal_Decide(t *testing.T) {
	t.Parallel()

	end := time.Date(2027, time.March, 31, 9, 0, 0, 0, time.UTC)
	on := func(days float64) time.Time { return end.Add(time.Duration(days * float64(day))) }
	begun := pay.Renewal{
		Status: pay.SubscriptionActive, CreatedAt: on(-60), PeriodStart: on(-31), PeriodEnd: end, HasCard: true,
	}
	with := func(change func(r *pay.Renewal)) pay.Renewal {
		r := begun
		change(&r)
		return r
	}
	billed := func(change func(r *pay.Renewal)) pay.Renewal {
		return with(func(r *pay.Renewal) { r.Bill, r.BillStart = pay.BillPending, end; change(r) })
	}
	tests := []struct {
		name string
		r    pay.Renewal
		now  time.Time
		want pay.RenewalStep
		at   time.Time
	}{
		{"PaidRestsUntilItsEnd", begun, on(-10), pay.RenewalRest, end},
		{"AtItsEndItIsBilled", begun, end, pay.RenewalBill, time.Time{}},
		{"LongAfterItsEndItIsBilled", begun, on(400), pay.RenewalBill, time.Time{}},
		{"AYearIsAnnounced", with(func(r *pay.Renewal) { r.PeriodStart = on(-365) }), on(-2), pay.RenewalNotify, end},
		{"AYearRestsUntilItIsAnnounced", with(func(r *pay.Renewal) { r.PeriodStart = on(-365) }), on(-9), pay.RenewalRest, on(-3)},
		{"WithoutACardItIsBilledAhead", with(func(r *pay.Renewal) { r.HasCard = false }), on(-3), pay.RenewalBill, time.Time{}},
		{"AWeekIsBilledLessAhead", with(func(r *pay.Renewal) { r.HasCard = false; r.PeriodStart = on(-2) }), on(-2), pay.RenewalRest, on(-1)},
		{"APlannedEndIsKept", with(func(r *pay.Renewal) { r.CancelAtPeriodEnd = true }), on(1), pay.RenewalCancel, time.Time{}},
		{"APlannedEndIsWaitedFor", with(func(r *pay.Renewal) { r.CancelAtPeriodEnd = true }), on(-1), pay.RenewalRest, end},

		{"ATrialIsAnnounced", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionTrialing; r.PeriodStart = on(-7) }), on(-3), pay.RenewalNotify, end},
		{"AShortTrialIsNot", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionTrialing; r.PeriodStart = on(-2) }), on(-1), pay.RenewalRest, end},
		{"ATrialIsBilledAtItsEnd", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionTrialing }), end, pay.RenewalBill, time.Time{}},
		{"ATrialWithoutACardLapses", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionTrialing; r.HasCard = false }), end, pay.RenewalLapse, time.Time{}},
		{"ATrialWithoutACardIsAnnouncedAndNotBilledAhead", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionTrialing; r.HasCard = false }), on(-1), pay.RenewalNotify, end},
		{"ATrialWithoutACardRestsUntilItIsAnnounced", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionTrialing; r.HasCard = false }), on(-9), pay.RenewalRest, on(-3)},
		{"AShortTrialWithoutACardIsNot", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionTrialing; r.HasCard = false; r.PeriodStart = on(-2) }), on(-1), pay.RenewalRest, end},

		{"ABillIsCharged", billed(func(*pay.Renewal) {}), end, pay.RenewalBegin, time.Time{}},
		{"ABillAheadIsChargedAtItsTime", billed(func(*pay.Renewal) {}), on(-1), pay.RenewalRest, end},
		{"AChargeThatWasBegunIsMade", billed(func(r *pay.Renewal) { r.Tries = 1 }), end, pay.RenewalCharge, time.Time{}},
		{"AChargeInDoubtIsWaitedFor", billed(func(r *pay.Renewal) { r.Tries = 1; r.Charge = pay.AttemptUnknown }), end, pay.RenewalRest, end.Add(time.Hour)},
		{"ARefusalIsJudged", billed(func(r *pay.Renewal) { r.Tries = 1; r.Charge = pay.AttemptDeclined }), end, pay.RenewalJudge, time.Time{}},
		{"AProofOnAPageIsJudged", billed(func(r *pay.Renewal) { r.Tries = 1; r.Charge = pay.AttemptActionRequired }), end, pay.RenewalJudge, time.Time{}},
		{
			"ARetryIsWaitedFor",
			billed(func(r *pay.Renewal) {
				r.Status, r.Tries, r.Charge, r.Decline, r.NextTry, r.PastDueSince = pay.SubscriptionPastDue, 1, pay.AttemptDeclined, "declined", on(1), end
			}),
			on(0.5), pay.RenewalRest, on(1),
		},
		{
			"ARetryIsBegun",
			billed(func(r *pay.Renewal) {
				r.Status, r.Tries, r.Charge, r.Decline, r.NextTry, r.PastDueSince = pay.SubscriptionPastDue, 1, pay.AttemptDeclined, "declined", on(1), end
			}),
			on(1), pay.RenewalBegin,
			time.Time{},
		},
		{
			"WithoutARetryTheGraceIsWaitedFor",
			billed(func(r *pay.Renewal) {
				r.Status, r.Tries, r.Charge, r.Decline, r.PastDueSince = pay.SubscriptionPastDue, 1, pay.AttemptDeclined, "stolen_card", end
			}),
			on(9), pay.RenewalRest, on(14),
		},
		{
			"AfterTheGraceItEnds",
			billed(func(r *pay.Renewal) {
				r.Status, r.Tries, r.Charge, r.Decline, r.NextTry, r.PastDueSince = pay.SubscriptionPastDue, 1, pay.AttemptDeclined, "declined", on(1), end
			}),
			on(14), pay.RenewalRefuse,
			time.Time{},
		},
		{
			"AChargeThatADowntimeKeptIsNotMadeAfterTheGrace",
			billed(func(r *pay.Renewal) {
				r.Status, r.Tries, r.PastDueSince = pay.SubscriptionPastDue, 4, end
			}),
			on(15), pay.RenewalRefuse,
			time.Time{},
		},
		{
			"MoneyInDoubtOutlivesTheGrace",
			billed(func(r *pay.Renewal) {
				r.Status, r.Tries, r.Charge, r.PastDueSince, r.CancelAtPeriodEnd = pay.SubscriptionPastDue, 2, pay.AttemptUnknown, end, true
			}),
			on(20), pay.RenewalRest, on(20).Add(time.Hour),
		},
		{"WithoutACardThePayerIsAsked", billed(func(r *pay.Renewal) { r.HasCard = false }), end, pay.RenewalAsk, time.Time{}},
		{
			"ThePayerWhoWasAskedHasTheGrace",
			billed(func(r *pay.Renewal) {
				r.HasCard, r.Status, r.Decline, r.PastDueSince = false, pay.SubscriptionPastDue, pay.DeclineUnpaid, end
			}),
			on(1), pay.RenewalRest, on(14),
		},
		{"ABillThatSomebodyEndedEndsIt", with(func(r *pay.Renewal) { r.Bill = pay.BillCanceled }), end, pay.RenewalRefuse, time.Time{}},
		{"WrongMoneyIsLeftToAPerson", with(func(r *pay.Renewal) { r.Bill = pay.BillAmountMismatch }), on(20), pay.RenewalRest, on(20).Add(time.Hour)},
		{"WhoDismissesItEndsIt", with(func(r *pay.Renewal) { r.Bill, r.Dismissed = pay.BillAmountMismatch, true }), on(20), pay.RenewalRefuse, time.Time{}},
		{"WhoDismissesTheFirstBillsEndsItToo", pay.Renewal{Status: pay.SubscriptionIncomplete, CreatedAt: end, Bill: pay.BillPaid, Dismissed: true}, end, pay.RenewalLapse, time.Time{}},
		{"ABillThatIsPaidIsLeftAlone", with(func(r *pay.Renewal) { r.Bill = pay.BillPaid; r.CancelAtPeriodEnd = true }), on(20), pay.RenewalRest, on(20).Add(time.Hour)},

		{"AFirstBillMayBePaidForADay", pay.Renewal{Status: pay.SubscriptionIncomplete, CreatedAt: end, Bill: pay.BillPending}, on(0.5), pay.RenewalRest, on(1)},
		{"ThenItLapses", pay.Renewal{Status: pay.SubscriptionIncomplete, CreatedAt: end, Bill: pay.BillPending}, on(1), pay.RenewalLapse, time.Time{}},
		{"AFirstBillThatExpiredLapses", pay.Renewal{Status: pay.SubscriptionIncomplete, CreatedAt: end, Bill: pay.BillExpired}, on(0.5), pay.RenewalLapse, time.Time{}},
		{"TheFirstChargeIsItsCallers", pay.Renewal{Status: pay.SubscriptionIncomplete, CreatedAt: end, Bill: pay.BillPending, Tries: 1, HasCard: true}, end, pay.RenewalRest, end.Add(time.Minute)},
		{"UnlessTheyDied", pay.Renewal{Status: pay.SubscriptionIncomplete, CreatedAt: end, Bill: pay.BillPending, Tries: 1, HasCard: true}, end.Add(time.Minute), pay.RenewalCharge, time.Time{}},
		{"AFirstChargeInDoubtIsWaitedFor", pay.Renewal{Status: pay.SubscriptionIncomplete, CreatedAt: end, Bill: pay.BillPending, Tries: 1, Charge: pay.AttemptUnknown}, on(3), pay.RenewalRest, on(3).Add(time.Hour)},

		{"APauseWithoutAnEndRests", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionPaused }), on(400), pay.RenewalRest, time.Time{}},
		{"APauseEnds", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionPaused; r.PausedUntil = on(30) }), on(31), pay.RenewalResume, on(30)},
		{"APlannedEndEndsAPause", with(func(r *pay.Renewal) { r.Status = pay.SubscriptionPaused; r.CancelAtPeriodEnd = true }), on(1), pay.RenewalCancel, time.Time{}},

		{"WhatIsOverRests", pay.Renewal{Status: pay.SubscriptionCanceled, PeriodEnd: end}, on(9), pay.RenewalRest, time.Time{}},
		{"WhatItLeftOpenIsDropped", pay.Renewal{Status: pay.SubscriptionCanceled, Bill: pay.BillPending}, end, pay.RenewalDrop, end.Add(time.Hour)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			step, at := tt.r.Decide(tt.now, pay.DefaultRenewals())
			require.Equal(t, tt.want, step)
			require.Equal(t, tt.at, at)
		})
	}
}

// Whatever stands in a row, there is one answer, and a rest ends later than now:
// nothing turns in circles.
func TestRenewal_DecideIsTotal(t *testing.T) {
	t.Parallel()

	now := time.Date(2027, time.March, 31, 9, 0, 0, 0, time.UTC)
	bills := append([]pay.BillStatus{""}, pay.BillStatuses()...)
	charges := append([]pay.AttemptStatus{""}, pay.AttemptStatuses()...)
	rapid.Check(t, func(t *rapid.T) {
		when := func(name string) time.Time {
			days := rapid.IntRange(-40, 40).Draw(t, name)
			if days == -40 {
				return time.Time{}
			}
			return now.Add(time.Duration(days) * day)
		}
		r := pay.Renewal{
			Status: rapid.SampledFrom(pay.SubscriptionStatuses()).Draw(t, "status"), CreatedAt: when("created"),
			PeriodStart: when("start"), PeriodEnd: when("end"), PausedUntil: when("paused"), PastDueSince: when("past due"),
			CancelAtPeriodEnd: rapid.Bool().Draw(t, "cancel"), HasCard: rapid.Bool().Draw(t, "card"),
			Bill: rapid.SampledFrom(bills).Draw(t, "bill"), BillStart: when("bill start"), Dismissed: rapid.Bool().Draw(t, "dismissed"), Tries: rapid.IntRange(0, 5).Draw(t, "tries"),
			Charge: rapid.SampledFrom(charges).Draw(t, "charge"), NextTry: when("next"), Decline: rapid.SampledFrom([]string{"", "declined"}).Draw(t, "decline"),
		}
		step, at := r.Decide(now, pay.DefaultRenewals())
		if step == pay.RenewalRest && !at.IsZero() {
			require.True(t, at.After(now), "rests until %s", at)
		}
		if r.Bill == pay.BillPending && (r.Charge == pay.AttemptUnknown || r.Charge == pay.AttemptCreated) && r.Status != pay.SubscriptionPaused {
			require.Equal(t, pay.RenewalRest, step, "nothing moves while money is in doubt")
		}
	})
}
