package entitlements_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestDirect_Give(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		month := &pay.Period{Months: 1}
		give := func(bill pay.BillID, user pay.UserID, lasts *pay.Period, resources ...string) (first *pay.EntitlementID) {
			b.inTx(t, func(ctx context.Context, tx *store.Tx) (err error) {
				first, err = entitlements.New().Give(ctx, tx, entitlements.Given{Merchant: b.merchant, Bill: bill, User: user, Resources: resources, For: lasts})
				return err
			})
			return first
		}
		bill := func() pay.BillID {
			return b.bill(t, b.product(t, pay.NewBillID(b.clock.Now()).String(), resources()), func(*ent.BillCreate) {})
		}
		ends := func(id pay.BillID) (all []string) {
			for _, e := range b.granted(t, id) {
				all = append(all, e.Resource+" "+e.GrantedAt.UTC().Format(time.DateOnly)+" "+e.ExpiresAt.UTC().Format(time.DateOnly))
			}
			return all
		}

		one := bill()
		first := give(one, b.alice, month, "news", "archive", "news")
		require.Equal(t, []string{"archive 2026-03-02 2026-04-02", "news 2026-03-02 2026-04-02"}, ends(one))
		before := rows(b.granted(t, one))
		b.clock.Advance(time.Hour)
		require.Equal(t, first, give(one, b.alice, month, "news", "archive", "news"))
		require.Equal(t, before, rows(b.granted(t, one)), "a second run changes nothing")

		two := bill()
		give(two, b.alice, month, "news", "films")
		require.Equal(t, []string{"films 2026-03-02 2026-04-02", "news 2026-04-02 2026-05-02"}, ends(two), "each resource after what is left of it")

		others := bill()
		give(others, b.bob, month, "news")
		require.Equal(t, []string{"news 2026-03-02 2026-04-02"}, ends(others), "what somebody else has does not count")

		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Entitlement.Update().Where(entitlement.BillID(two)).SetRevokedAt(tx.Now).Exec(ctx)
		})
		three := bill()
		give(three, b.alice, month, "news")
		require.Equal(t, []string{"news 2026-04-02 2026-05-02"}, ends(three), "nor what was taken back")

		require.Nil(t, give(bill(), b.alice, month))
	})
}

func TestDirect_GiveNobody(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := entitlements.New().Give(ctx, tx, entitlements.Given{
			Merchant: b.merchant, Bill: pay.NewBillID(tx.Now), User: pay.NewUserID(tx.Now), Resources: []string{"news"},
		})
		return err
	})
	require.ErrorContains(t, err, "there is none")
}
