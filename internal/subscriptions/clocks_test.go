package subscriptions_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/viewer"
)

// newClock makes a test clock at now, and a user with a card who lives by it.
func (b *bundle) newClock(name string, now time.Time) (pay.TestClockID, *ent.User) {
	b.t.Helper()
	o, err := b.CreateClock(b.server(), uuid.NewString(), name, &now)
	require.NoError(b.t, err)
	require.Empty(b.t, o.Errors)
	u := b.newUser(name)
	b.newCard(u)
	attached, err := b.AttachUser(b.server(), uuid.NewString(), o.Clock.String(), u.ID.String())
	require.NoError(b.t, err)
	require.Empty(b.t, attached.Errors)
	return o.Clock, u
}

func (b *bundle) advance(clock pay.TestClockID, to time.Time) {
	b.t.Helper()
	o, err := b.AdvanceClock(b.server(), uuid.NewString(), clock.String(), to)
	require.NoError(b.t, err)
	require.Empty(b.t, o.Errors)
}

func (b *bundle) subscribedBy(u *ent.User) pay.SubscriptionID {
	b.t.Helper()
	o, err := b.Create(b.as(u), subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String()})
	require.NoError(b.t, err)
	require.Empty(b.t, o.Errors)
	return o.Subscription
}

func TestService_AdvanceClock(t *testing.T) {
	t.Parallel()

	start := time.Date(2028, time.January, 31, 9, 0, 0, 0, time.UTC)
	fact(t, "AYearPassesWithoutRealTime", func(t *testing.T, b *bundle) {
		clock, u := b.newClock("leap", start)
		sub := b.subscribedBy(u)
		require.True(t, b.now(sub).CreatedAt.Equal(start))
		b.advance(clock, start.AddDate(0, 3, 0))
		require.Equal(t, []string{"paid to 2028-02-29", "paid to 2028-03-31", "paid to 2028-04-30", "paid to 2028-05-31"}, b.covered(sub))
		shows, err := b.Clock(b.server(), clock.String())
		require.NoError(t, err)
		require.True(t, shows.Now.Equal(start.AddDate(0, 3, 0)))
		require.Nil(t, shows.AdvancingTo)
		b.advance(clock, start.AddDate(1, 0, 0))
		require.Len(t, b.periods(sub), 13)
		b.later(400 * day)
		require.Len(t, b.periods(sub), 13, "real time moves nobody who lives by a clock")
	})
	fact(t, "RetriesFallOnTheClocksOwnDays", func(t *testing.T, b *bundle) {
		clock, u := b.newClock("poor", start)
		sub := b.subscribedBy(u)
		var mu sync.Mutex
		tries := map[int]time.Time{}
		b.bills.bank = func(_ *ent.Bill, try int) answer {
			shows, err := b.Clock(b.server(), clock.String())
			if err != nil {
				t.Errorf("read the clock: %v", err)
				return approved
			}
			mu.Lock()
			defer mu.Unlock()
			tries[try] = shows.Now.UTC()
			return declined("insufficient_funds")
		}
		end := b.now(sub).CurrentPeriodEnd.UTC()
		b.advance(clock, start.AddDate(0, 6, 0))
		require.Equal(t, map[int]time.Time{1: end, 2: end.Add(day), 3: end.Add(3 * day), 4: end.Add(7 * day)}, tries)
		over := b.now(sub)
		require.Equal(t, pay.SubscriptionCanceled, over.Status)
		require.True(t, over.EndedAt.Equal(end.Add(14*day)))
	})
	fact(t, "TwoClocksRunApart", func(t *testing.T, b *bundle) {
		first, ann := b.newClock("one", start)
		second, bob := b.newClock("two", start.AddDate(-3, 0, 0))
		one, two := b.subscribedBy(ann), b.subscribedBy(bob)
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := b.AdvanceClock(b.server(), "one", first.String(), start.AddDate(2, 0, 0)); err != nil {
				t.Errorf("advance: %v", err)
			}
		})
		both.Go(func() {
			if _, err := b.AdvanceClock(b.server(), "two", second.String(), start.AddDate(-2, 0, 0)); err != nil {
				t.Errorf("advance: %v", err)
			}
		})
		both.Wait()
		require.Len(t, b.periods(one), 25)
		require.Len(t, b.periods(two), 13)
	})
	fact(t, "AMoveThatDiedGoesOn", func(t *testing.T, b *bundle) {
		clock, u := b.newClock("dies", start)
		sub := b.subscribedBy(u)
		ctx, die := context.WithCancel(b.server())
		b.bills.bank = func(*ent.Bill, int) answer { die(); return approved }
		key := uuid.NewString()
		_, err := b.AdvanceClock(ctx, key, clock.String(), start.AddDate(1, 0, 0))
		require.Error(t, err)
		shows, err := b.Clock(b.server(), clock.String())
		require.NoError(t, err)
		require.NotNil(t, shows.AdvancingTo)

		o, err := b.AdvanceClock(b.server(), key, clock.String(), start.AddDate(1, 0, 0))
		require.NoError(t, err)
		require.Equal(t, pay.CodeIdempotencyInFlight, o.Errors[0].Code)
		b.clock.Advance(31 * time.Second)
		// The charge that the dead call left is found by whoever asks the bank.
		for _, bill := range b.billsOf(sub) {
			require.NoError(t, b.bills.record(t.Context(), bill.ID, 1, approved))
		}
		o, err = b.AdvanceClock(b.server(), key, clock.String(), start.AddDate(1, 0, 0))
		require.NoError(t, err)
		require.Empty(t, o.Errors)
		require.Len(t, b.periods(sub), 13)
		for _, bill := range b.billsOf(sub) {
			require.Equal(t, 1, b.bills.charges[bill.ID])
		}
		again, err := b.AdvanceClock(b.server(), key, clock.String(), start.AddDate(1, 0, 0))
		require.NoError(t, err)
		require.True(t, again.Replayed)
	})
	fact(t, "WhatCannotBeIsRefused", func(t *testing.T, b *bundle) {
		clock, u := b.newClock("strict", start)
		key := func(o *subscriptions.ClockOutcome, err error) string {
			t.Helper()
			require.NoError(t, err)
			require.Len(t, o.Errors, 1)
			return o.Errors[0].Key
		}
		require.Equal(t, "test_clock.backwards", key(b.AdvanceClock(b.server(), "a", clock.String(), start.Add(-time.Second))))
		require.Equal(t, "test_clock.backwards", key(b.AdvanceClock(b.server(), "b", clock.String(), start)))
		require.Equal(t, "test_clock.too_far", key(b.AdvanceClock(b.server(), "c", clock.String(), start.AddDate(5, 0, 1))))
		for _, year := range []int{2, 1969, 2201, 9999} {
			require.Equal(t, "test_clock.now", key(b.CreateClock(b.server(), "no such year", "ages", new(time.Date(year, time.June, 1, 0, 0, 0, 0, time.UTC)))))
		}
		last, _ := b.newClock("last", time.Date(2200, time.December, 31, 0, 0, 0, 0, time.UTC))
		require.Equal(t, "test_clock.too_far", key(b.AdvanceClock(b.server(), "over the end", last.String(), time.Date(2201, time.January, 1, 0, 0, 0, 0, time.UTC))))
		require.Equal(t, "test_clock.not_found", key(b.AdvanceClock(b.server(), "d", "clock_x", start.AddDate(1, 0, 0))))
		require.Equal(t, "test_clock.not_yours", key(b.AdvanceClock(b.as(u), "e", clock.String(), start.AddDate(1, 0, 0))))
		require.Equal(t, "test_clock.name", key(b.CreateClock(b.server(), "f", " ", nil)))
		require.Equal(t, "test_clock.not_found", key(b.AttachUser(b.server(), "g", "clock_x", u.ID.String())))
		require.Equal(t, "user.not_found", key(b.AttachUser(b.server(), "h", clock.String(), "user_x")))
		other, _ := b.newClock("other", start)
		require.Equal(t, "test_clock.user_has_one", key(b.AttachUser(b.server(), "i", other.String(), u.ID.String())))

		live, err := merchants.New(b.store).Create(viewer.AsProgram(t.Context()), merchants.NewMerchant{Code: "live", Name: "Live"})
		require.NoError(t, err)
		earnest := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleServer, Merchant: live.ID, Principal: "key/live"})
		o, err := b.CreateClock(earnest, "j", "never", nil)
		require.Equal(t, "test_clock.live_mode", key(o, err))
		require.Equal(t, pay.CodeForbidden, o.Errors[0].Code)
		found, err := b.Clocks(earnest)
		require.NoError(t, err)
		require.Empty(t, found)
	})
	fact(t, "ARepeatedCreationIsOneClock", func(t *testing.T, b *bundle) {
		first, err := b.CreateClock(b.server(), "same", "c", nil)
		require.NoError(t, err)
		again, err := b.CreateClock(b.server(), "same", "c", nil)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, first.Clock, again.Clock)
	})
	fact(t, "AnotherCallTakesAHalfDoneMoveFurther", func(t *testing.T, b *bundle) {
		clock, u := b.newClock("half", start)
		sub := b.subscribedBy(u)
		died := errors.New("the process died")
		b.bills.dies = died
		_, err := b.AdvanceClock(b.server(), "x", clock.String(), start.AddDate(0, 2, 0))
		require.ErrorIs(t, err, died)
		o, err := b.AdvanceClock(b.server(), "y", clock.String(), start.AddDate(0, 1, 0))
		require.NoError(t, err)
		require.Equal(t, "test_clock.advancing", o.Errors[0].Key)
		b.advance(clock, start.AddDate(0, 3, 0))
		require.Len(t, b.periods(sub), 4)
	})
}
