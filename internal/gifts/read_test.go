package gifts_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/gifts"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// A code is its buyer's and its holder's, and nobody else's: not the merchant's.
func TestService_CodeFor(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	id := b.order(t, b.pass(t), billing.GiftOrder{RecipientEmail: "bob@mail.example"}, nobodys)
	require.NoError(t, b.fulfil(id))
	sees := func(v viewer.Viewer) bool {
		v.Merchant = b.merchant
		code, err := b.CodeFor(viewer.With(t.Context(), v), b.gift(t, id))
		require.NoError(t, err)
		return code != nil
	}
	bob := b.user(t, "bob")
	guest := viewer.Viewer{Role: pay.RoleGuest, Bill: id}
	user := func(id pay.UserID) viewer.Viewer { return viewer.Viewer{Role: pay.RoleUser, User: id} }
	require.True(t, sees(guest))
	require.False(t, sees(user(b.buyer)), "a guest's bill is not theirs yet")
	require.False(t, sees(user(bob)))

	code, err := b.CodeFor(viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleGuest, Merchant: b.merchant, Bill: id}), b.gift(t, id))
	require.NoError(t, err)
	require.Empty(t, b.redeem(t, bob, *code).Errors)
	require.True(t, sees(user(bob)), "who redeemed it holds it")

	require.False(t, sees(viewer.Viewer{Role: pay.RoleGuest, Bill: pay.NewBillID(b.clock.Now())}), "another bill's guest")
	require.False(t, sees(viewer.Viewer{Role: pay.RoleGuest}), "a card registration's guest")
	require.False(t, sees(viewer.Viewer{Role: pay.RolePublic}))
	require.False(t, sees(viewer.Viewer{Role: pay.RoleUser}), "nobody is no buyer")
	for _, role := range []pay.Role{pay.RoleServer, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin} {
		require.False(t, sees(viewer.Viewer{Role: role}), role)
	}
	other, err := b.CodeFor(viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleUser, User: bob}), b.gift(t, id))
	require.NoError(t, err)
	require.Nil(t, other, "of another merchant")
}

func TestService_ByCode(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		g, code := b.give(t, b.pass(t))
		public := viewer.With(t.Context(), viewer.Viewer{Role: pay.RolePublic, Merchant: b.merchant, Principal: "key_1"})
		found := func(ctx context.Context, code string) *ent.Gift {
			found, err := b.ByCode(ctx, code)
			require.NoError(t, err)
			return found
		}
		require.Equal(t, g.ID, found(public, code).ID)
		require.Nil(t, found(public, pay.NewGiftCode().Reveal()))
		require.Nil(t, found(public, "no code"))
		require.Nil(t, found(viewer.With(t.Context(), viewer.Viewer{Role: pay.RolePublic, Merchant: pay.NewMerchantID(b.clock.Now())}), code), "another merchant's")
	})
}

// Wrong codes are counted by caller, whichever way they are tried; good ones cost
// nothing.
func TestService_TooManyTries(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), func(c *gifts.Config) { c.TriesAMinute = 3 })
	_, code := b.give(t, b.pass(t))
	bob := b.user(t, "bob")
	b.address = "2001:db8:1:2::3"
	for range 20 {
		found, err := b.ByCode(b.as(bob), code)
		require.NoError(t, err)
		require.NotNil(t, found)
	}
	for range 2 {
		requireRefused(t, b.redeem(t, bob, pay.NewGiftCode().Reveal()), pay.CodeNotFound, "gift.not_found")
	}
	_, err := b.ByCode(b.as(bob), "no code")
	require.NoError(t, err)

	refused := b.redeem(t, bob, code)
	requireRefused(t, refused, pay.CodeLimitExceeded, "gift.too_many_tries")
	require.Equal(t, pay.LimitDetail{RetryAfter: 20 * time.Second}, refused.Errors[0].Detail)
	require.Equal(t, pay.RetrySameKey, refused.Errors[0].Retry)
	_, err = b.ByCode(b.as(bob), code)
	require.Equal(t, pay.CodeLimitExceeded, pay.CodeOf(err))
	b.address = "2001:db8:1:2::4"
	requireRefused(t, b.redeem(t, bob, code), pay.CodeLimitExceeded, "gift.too_many_tries")

	requireRefused(t, b.redeem(t, b.user(t, "carol"), "no code"), pay.CodeNotFound, "gift.not_found")
	b.address = "2001:db8:1:3::3"
	requireRefused(t, b.redeem(t, bob, "no code"), pay.CodeNotFound, "gift.not_found")
	b.address = "2001:db8:1:2::3"
	b.clock.Advance(20 * time.Second)
	require.Empty(t, b.redeem(t, bob, code).Errors)
}

func TestService_Lists(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		first, code := b.give(t, b.pass(t))
		b.clock.Advance(time.Minute)
		second, _ := b.give(t, b.pass(t))
		bob := b.user(t, "bob")
		require.Empty(t, b.redeem(t, bob, code).Errors)
		ids := func(list []*ent.Gift) []pay.GiftID {
			var all []pay.GiftID
			for _, g := range list {
				all = append(all, g.ID)
			}
			return all
		}

		bought, err := b.BoughtBy(b.as(b.buyer), b.buyer, bob)
		require.NoError(t, err)
		require.Len(t, bought, 1)
		require.Equal(t, []pay.GiftID{second.ID, first.ID}, ids(bought[b.buyer]), "newest first")
		received, err := b.ReceivedBy(b.as(bob), bob)
		require.NoError(t, err)
		require.Equal(t, []pay.GiftID{first.ID}, ids(received[bob]))
		bought, err = b.BoughtBy(b.as(bob), b.buyer)
		require.NoError(t, err)
		require.Equal(t, []pay.GiftID{first.ID}, ids(bought[b.buyer]), "what others bought is theirs, but for what one holds")

		ofBills, err := b.OfBills(b.as(b.buyer), first.BillID, second.BillID, pay.NewBillID(b.clock.Now()))
		require.NoError(t, err)
		require.Len(t, ofBills, 2)
		require.Equal(t, second.ID, ofBills[second.BillID].ID)
		byID, err := b.GiftsByID(b.as(bob), []pay.GiftID{first.ID, second.ID})
		require.NoError(t, err)
		require.Equal(t, []pay.GiftID{first.ID}, ids(byID))
	})
}
