package gifts_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/gifts"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// users makes many users in one transaction.
func (b *bundle) users(t testing.TB, name string, n int) []pay.UserID {
	t.Helper()
	ids := make([]pay.UserID, n)
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		rows := make([]*ent.UserCreate, n)
		for at := range rows {
			ids[at] = pay.NewUserID(tx.Now)
			rows[at] = tx.User.Create().SetID(ids[at]).SetMerchantID(b.merchant).SetExternalID(name + " " + strconv.Itoa(at)).
				SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		}
		for chunk := range slices.Chunk(rows, 1000) { // databases bound the parameters of a statement
			if err := tx.User.CreateBulk(chunk...).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return ids
}

// codes buys n gifts of a product.
func (b *bundle) codes(t testing.TB, product pay.ProductID, n int) []string {
	t.Helper()
	list := make([]string, n)
	for at := range list {
		_, list[at] = b.give(t, product)
	}
	return list
}

// requireSound has the gifts checked by code that shares nothing with Redeem. What
// it says of bills is left out: these tests make them without a history.
func (b *bundle) requireSound(t *testing.T) {
	t.Helper()
	report, err := check.Run(t.Context(), check.Options{Store: b.store})
	require.NoError(t, err)
	for _, breach := range report.Breaches {
		require.NotContains(t, []string{"gifts.codes", "gifts.effect", "postings.balanced", "wallets.balance"}, breach.Invariant, breach.Detail)
	}
}

// A thousand racers on a hundred codes, ten on each: a hundred win, one for each
// code, and what they won is theirs alone.
func TestService_RedeemRace(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		const codes, racers = 100, 1000
		b := setup(t, url)
		list, users := b.codes(t, b.pass(t), codes), b.users(t, "racer", racers)
		outs, errs := make([]*gifts.Outcome, racers), make([]error, racers)
		var group sync.WaitGroup
		for at := range racers {
			group.Go(func() { outs[at], errs[at] = b.Redeem(b.as(users[at]), "race", list[at%codes]) })
		}
		group.Wait()

		winners := map[pay.GiftID]int{}
		for at, out := range outs {
			require.NoError(t, errs[at])
			if len(out.Errors) == 0 {
				winners[out.Gift]++
				continue
			}
			requireRefused(t, out, pay.CodeStateConflict, "gift.already_redeemed")
		}
		require.Len(t, winners, codes)
		for _, n := range winners {
			require.Equal(t, 1, n)
		}
		given, err := b.store.Read().Entitlement.Query().Where(entitlement.UserIDIn(users...)).Count(viewer.AsProgram(t.Context()))
		require.NoError(t, err)
		require.Equal(t, codes, given)
		b.requireSound(t)
	})
}

// One user redeems all at once: no day is lost.
func TestService_RedeemRaceStacks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		const codes = 8
		b := setup(t, url)
		list, bob := b.codes(t, b.pass(t), codes), b.user(t, "bob")
		outs, errs := make([]*gifts.Outcome, codes), make([]error, codes)
		var group sync.WaitGroup
		for at := range codes {
			group.Go(func() { outs[at], errs[at] = b.Redeem(b.as(bob), "key "+strconv.Itoa(at), list[at]) })
		}
		group.Wait()
		for at := range codes {
			require.NoError(t, errs[at])
			require.Empty(t, outs[at].Errors)
		}
		var want []string
		for at := range codes {
			begins := storetest.Epoch().AddDate(0, 0, 30*at)
			want = append(want, "news "+begins.Format("2006-01-02")+".."+begins.AddDate(0, 0, 30).Format("2006-01-02"))
		}
		require.Equal(t, want, b.uses(t, bob))
	})
}

// A refund that voids and a recipient who redeems: one of the two has it.
func TestService_VoidRace(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		product := b.pass(t)
		for round := range 20 {
			g, code := b.give(t, product)
			bob := b.user(t, "bob "+strconv.Itoa(round))
			var out *gifts.Outcome
			var redeemErr, voidErr error
			var group sync.WaitGroup
			group.Go(func() { out, redeemErr = b.Redeem(b.as(bob), "race", code) })
			group.Go(func() {
				voidErr = b.store.InTx(context.Background(), func(ctx context.Context, tx *store.Tx) error { return b.Void(ctx, tx, g.BillID) })
			})
			group.Wait()
			require.NoError(t, redeemErr)
			if len(out.Errors) == 0 {
				require.Equal(t, pay.CodeConflict, pay.CodeOf(voidErr))
				require.Equal(t, pay.GiftRedeemed, b.gift(t, g.BillID).Status)
				require.Len(t, b.uses(t, bob), 1)
				continue
			}
			require.NoError(t, voidErr)
			requireRefused(t, out, pay.CodeStateConflict, "gift.voided")
			require.Equal(t, pay.GiftVoided, b.gift(t, g.BillID).Status)
			require.Empty(t, b.uses(t, bob))
		}
	})
}
