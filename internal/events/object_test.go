package events_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestHub_Objects(t *testing.T) {
	t.Parallel()

	h, c := events.NewHub(), newChange(1)
	bill := c.Bill
	payer := c
	payer.Bill = pay.BillID{}
	subscribed, registered := ofSubscription(payer), ofRegistration(payer)
	own := h.Subscribe(events.SubscriptionTopic(subscribed.Subscription))
	all := h.Subscribe(events.UserSubscriptionsTopic(c.User))
	registration := h.Subscribe(events.RegistrationTopic(registered.Registration))
	bills := []*events.Subscription{
		h.Subscribe(events.BillTopic(bill)), h.Subscribe(events.MerchantTopic(c.Merchant)), h.Subscribe(events.UserTopic(c.User)),
	}

	h.Publish(subscribed)
	woken(t, own)
	woken(t, all)
	asleep(t, registration)

	h.Publish(registered, version(registered, 7))
	woken(t, registration)
	require.Equal(t, 7, registration.Latest())
	asleep(t, own)
	asleep(t, all)

	h.Publish(subscribed)
	asleep(t, own) // it has heard of the version
	woken(t, all)
	require.Zero(t, all.Latest())
	for _, s := range bills {
		asleep(t, s)
	}
}

func TestObjectFeed_After(t *testing.T) {
	t.Parallel()

	t.Run("BothKindsInOneOrder", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			p := newProcess(t, url)
			mine, other := p.newPayer(t), p.newPayer(t)
			subscribed, registered, theirs := ofSubscription(mine), ofRegistration(mine), ofSubscription(other)
			for n := range 2 {
				p.commit(t, version(subscribed, n+1))
				p.commit(t, version(registered, n+11))
				p.commit(t, version(theirs, n+21))
			}
			all, _ := after(t, p.objects, events.AllScope(), events.Position{}, 6)
			require.Equal(t, []int{1, 11, 21, 2, 12, 22}, versions(all))
			require.Equal(t, subscribed.Subscription, all[0].Subscription)
			require.True(t, all[0].Registration.IsZero())
			require.True(t, all[0].Bill.IsZero())
			require.Equal(t, registered.Registration, all[1].Registration)
			require.True(t, all[1].Subscription.IsZero())
			require.Equal(t, mine.User, all[1].User)
			require.Equal(t, mine.Merchant, all[1].Merchant)

			own, _ := after(t, p.objects, events.UserScope(mine.User), events.Position{}, 4)
			require.Equal(t, []int{1, 11, 2, 12}, versions(own))
			subscriptions, _ := after(t, p.objects, events.SubscriptionScope(mine.User), events.Position{}, 2)
			require.Equal(t, []int{1, 2}, versions(subscriptions))
			rest, _ := after(t, p.objects, events.SubscriptionScope(mine.User), subscriptions[0].Position(), 1)
			require.Equal(t, []int{2}, versions(rest))
			after(t, p.feed, events.AllScope(), events.Position{}, 0)
		})
	})

	t.Run("WhatCommitsAfterHeadIsAfterIt", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			p := newProcess(t, url)
			c := ofSubscription(p.newPayer(t))
			p.commit(t, c)
			after(t, p.objects, events.AllScope(), events.Position{}, 1)

			commit := p.open(t, version(c, 2))
			head, err := p.objects.Head(t.Context())
			require.NoError(t, err)
			commit()
			p.commit(t, version(c, 3))

			list, _ := after(t, p.objects, events.AllScope(), head, 2)
			require.Equal(t, []int{2, 3}, versions(list))
		})
	})

	t.Run("SlowTransactionIsNotPassedOver", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, storetest.MigratedPostgres(t))
		payer := p.newPayer(t)
		slow, quick := ofSubscription(payer), ofRegistration(payer)
		start, err := p.objects.Head(t.Context())
		require.NoError(t, err)

		commitSlow := p.open(t, slow)
		p.open(t, version(quick, 2))()
		list, between, err := p.objects.After(t.Context(), events.AllScope(), start, 10)
		require.NoError(t, err)
		require.Empty(t, list)

		commitSlow()
		list, _ = after(t, p.objects, events.AllScope(), between, 2)
		require.Equal(t, []int{1, 2}, versions(list))
	})
}

func TestObjectFeed_Follow(t *testing.T) {
	t.Parallel()

	t.Run("OtherProcessesCommitWakes", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			one, other := newProcess(t, url), newProcess(t, url)
			payer := one.newPayer(t)
			subscribed, registered := ofSubscription(payer), ofRegistration(payer)
			follow(t, other.feed, 10*time.Millisecond)
			follow(t, other.objects, 10*time.Millisecond)
			own := other.hub.Subscribe(events.SubscriptionTopic(subscribed.Subscription))
			all := other.hub.Subscribe(events.UserSubscriptionsTopic(payer.User))
			registration := other.hub.Subscribe(events.RegistrationTopic(registered.Registration))

			one.commit(t, subscribed)
			woken(t, own)
			woken(t, all)
			one.commit(t, registered)
			woken(t, registration)
		})
	})

	t.Run("AnnouncementsAreOfTheirOwnStream", func(t *testing.T) {
		t.Parallel()
		url := storetest.MigratedPostgres(t)
		one, other := newProcess(t, url), newProcess(t, url)
		bill := one.newBill(t)
		subscribed := ofSubscription(one.newPayer(t))
		s, b := other.hub.Subscribe(events.SubscriptionTopic(subscribed.Subscription)), other.hub.Subscribe(events.BillTopic(bill.Bill))
		for _, p := range []*process{one, other} {
			follow(t, p.feed, time.Hour)
			follow(t, p.objects, time.Hour)
		}
		one.listening(t, 4)
		for n := range 3 {
			one.commit(t, version(subscribed, n+1))
			woken(t, s)
			require.Equal(t, n+1, s.Latest())
			one.commit(t, version(bill, n+1))
			woken(t, b)
			require.Equal(t, n+1, b.Latest())
		}
	})
}
