package events_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestFeed_After(t *testing.T) {
	t.Parallel()

	t.Run("PagesInOrder", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			p := newProcess(t, url)
			c := p.newBill(t)
			for n := range 5 {
				p.commit(t, version(c, n+1))
			}
			all, end := p.after(t, events.AllScope(), events.Position{}, 5)
			require.Equal(t, []int{1, 2, 3, 4, 5}, versions(all))
			require.Equal(t, c.Bill, all[0].Bill)
			require.Equal(t, c.Merchant, all[0].Merchant)
			require.Equal(t, c.User, all[0].User)

			var got []events.Change
			at := events.Position{}
			for range 3 {
				list, next, err := p.feed.After(t.Context(), events.AllScope(), at, 2)
				require.NoError(t, err)
				got, at = append(got, list...), next
			}
			require.Equal(t, all, got)
			require.GreaterOrEqual(t, at.Tx, end.Tx)

			for n, change := range all { // any change is a place to go on from
				list, _, err := p.feed.After(t.Context(), events.AllScope(), change.Position(), 100)
				require.NoError(t, err)
				require.Equal(t, versions(all[n+1:]), versions(list))
			}
		})
	})

	t.Run("ScopeIsKept", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			p := newProcess(t, url)
			mine, other := p.newBill(t), p.newBill(t)
			for n := range 3 {
				p.commit(t, version(mine, n+1))
				p.commit(t, version(other, n+11))
			}
			for _, scope := range []events.Scope{events.MerchantScope(mine.Merchant), events.UserScope(mine.User)} {
				list, _ := p.after(t, scope, events.Position{}, 3)
				require.Equal(t, []int{1, 2, 3}, versions(list))
			}
			all, _ := p.after(t, events.AllScope(), events.Position{}, 6)
			require.Equal(t, []int{1, 11, 2, 12, 3, 13}, versions(all))
		})
	})

	t.Run("WhatCommitsAfterHeadIsAfterIt", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			p := newProcess(t, url)
			c := p.newBill(t)
			p.commit(t, c)
			p.after(t, events.AllScope(), events.Position{}, 1) // nothing older runs now

			commit := p.open(t, version(c, 2))
			head, err := p.feed.Head(t.Context())
			require.NoError(t, err)
			commit()
			p.commit(t, version(c, 3))

			list, _ := p.after(t, events.AllScope(), head, 2)
			require.Equal(t, []int{2, 3}, versions(list))
		})
	})

	t.Run("PositionOfAnotherDatabaseBeginsAtTheEnd", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, storetest.MigratedPostgres(t))
		c := p.newBill(t)
		_, next, err := p.feed.After(t.Context(), events.AllScope(), events.Position{Tx: 1 << 60, Seq: 1}, 10)
		require.NoError(t, err)
		p.commit(t, c)
		list, _ := p.after(t, events.AllScope(), next, 1)
		require.Equal(t, []int{1}, versions(list))
	})

	t.Run("AnotherShopsReaderMovesOn", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, storetest.MigratedPostgres(t))
		mine, other := p.newBill(t), p.newBill(t)
		p.commit(t, other)
		all, _ := p.after(t, events.AllScope(), events.Position{}, 1)

		list, next, err := p.feed.After(t.Context(), events.MerchantScope(mine.Merchant), events.Position{}, 10)
		require.NoError(t, err)
		require.Empty(t, list)
		require.Greater(t, next.Tx, all[0].Tx, "what was not for it need not be passed again")
	})
}

// On Postgres a row's number says nothing of when it is committed. A reader
// must not pass over the row of a slow transaction.
func TestFeed_SlowTransaction(t *testing.T) {
	t.Parallel()

	p := newProcess(t, storetest.MigratedPostgres(t))
	a := p.newBill(t)
	b := p.newBill(t)
	start, err := p.feed.Head(t.Context())
	require.NoError(t, err)

	commitA := p.open(t, version(a, 1))
	commitB := p.open(t, version(b, 2))
	commitB()
	list, between, err := p.feed.After(t.Context(), events.AllScope(), start, 10)
	require.NoError(t, err)
	require.Empty(t, list, "B is committed, but A's place is before it")

	commitA()
	list, end := p.after(t, events.AllScope(), between, 2)
	require.Equal(t, []int{1, 2}, versions(list))
	require.Less(t, list[0].Tx, list[1].Tx)

	list, _, err = p.feed.After(t.Context(), events.AllScope(), end, 10)
	require.NoError(t, err)
	require.Empty(t, list, "each is seen once")
}

// Readers that follow while many write see each change once, in one order, the
// same for all.
func TestFeed_ManyWriters(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		const writers, each = 8, 25
		p := newProcess(t, url)
		bills := make([]events.Change, writers)
		for at := range bills {
			bills[at] = p.newBill(t)
		}
		start, err := p.feed.Head(t.Context())
		require.NoError(t, err)

		var wg sync.WaitGroup
		errs := make(chan error, writers*each)
		for _, bill := range bills {
			wg.Go(func() {
				for n := range each {
					errs <- p.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
						_, err := insert(ctx, tx, version(bill, n+1))
						return err
					})
				}
			})
		}
		read := func(limit int) (all []events.Change) {
			for at := start; len(all) < writers*each && t.Context().Err() == nil; {
				list, next, err := p.feed.After(t.Context(), events.AllScope(), at, limit)
				require.NoError(t, err)
				all, at = append(all, list...), next
			}
			return all
		}
		var one, many []events.Change
		wg.Go(func() { one = read(1) })
		wg.Go(func() { many = read(100) })
		wg.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}

		require.Equal(t, many, one)
		seen := map[events.Position]bool{}
		for _, c := range many {
			seen[c.Position()] = true
		}
		require.Len(t, seen, writers*each)
		require.IsNonDecreasing(t, transactions(many))
	})
}

func transactions(list []events.Change) []int64 {
	var found []int64
	for _, c := range list {
		found = append(found, c.Tx)
	}
	return found
}
