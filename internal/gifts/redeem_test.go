package gifts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
)

func TestService_Redeem(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		g, code := b.give(t, b.pass(t))
		bob, carol := b.user(t, "bob"), b.user(t, "carol")
		typed := strings.ToLower(strings.ReplaceAll(code, "-", " "))

		first, err := b.Redeem(b.as(bob), "one", typed)
		require.NoError(t, err)
		require.Empty(t, first.Errors)
		require.Equal(t, g.ID, first.Gift)
		require.NotNil(t, first.Entitlement)
		require.Nil(t, first.Subscription)
		require.Nil(t, first.Wallet)
		require.False(t, first.Replayed)
		redeemed := b.gift(t, g.BillID)
		require.Equal(t, pay.GiftRedeemed, redeemed.Status)
		require.Equal(t, bob, *redeemed.RedeemedByID)
		require.True(t, storetest.Epoch().Equal(*redeemed.RedeemedAt))
		require.Equal(t, []string{"news 2026-03-02..2026-04-01"}, b.uses(t, bob))

		b.clock.Advance(time.Hour)
		replayed, err := b.Redeem(b.as(bob), "one", code)
		require.NoError(t, err)
		require.True(t, replayed.Replayed)
		replayed.Replayed = false
		require.Equal(t, first, replayed)

		require.Equal(t, first, b.redeem(t, bob, code), "another key gets the same answer, and is no replay")
		require.Equal(t, redeemed.String(), b.gift(t, g.BillID).String())
		require.Len(t, b.uses(t, bob), 1)

		refused := b.redeem(t, carol, code)
		requireRefused(t, refused, pay.CodeStateConflict, "gift.already_redeemed")
		require.Equal(t, []string{"code"}, refused.Errors[0].Path)
		require.Equal(t, pay.StateDetail{From: "REDEEMED", Allowed: []string{}}, refused.Errors[0].Detail)
		require.Empty(t, b.uses(t, carol))
	})
}

func TestService_RedeemRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		_, code := b.give(t, b.pass(t))
		bob := b.user(t, "bob")

		unknown := b.redeem(t, bob, pay.NewGiftCode().Reveal())
		requireRefused(t, unknown, pay.CodeNotFound, "gift.not_found")
		require.Equal(t, []string{"code"}, unknown.Errors[0].Path)
		requireRefused(t, b.redeem(t, bob, "no code"), pay.CodeNotFound, "gift.not_found")

		_, err := b.Redeem(b.as(bob), "one", code)
		require.NoError(t, err)
		_, other := b.give(t, b.pass(t))
		out, err := b.Redeem(b.as(bob), "one", other)
		require.NoError(t, err)
		requireRefused(t, out, pay.CodeIdempotencyMismatch, "idempotency_key.mismatch")
		out, err = b.Redeem(b.as(bob), "", other)
		require.NoError(t, err)
		requireRefused(t, out, pay.CodeInvalid, "idempotency_key.empty")

		for _, role := range []pay.Role{pay.RolePublic, pay.RoleGuest, pay.RoleServer, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin} {
			ctx := viewer.With(t.Context(), viewer.Viewer{Role: role, Merchant: b.merchant, Principal: string(role)})
			out, err := b.Redeem(ctx, "6f1f9a3e-1f0c-4a52-9d0e-000000000042", other)
			require.NoError(t, err)
			requireRefused(t, out, pay.CodeForbidden, "gift.forbidden")
		}
		stranger := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleUser, Merchant: pay.NewMerchantID(b.clock.Now()), User: bob, Principal: "bob"})
		out, err = b.Redeem(stranger, "one", other)
		require.NoError(t, err)
		requireRefused(t, out, pay.CodeNotFound, "gift.not_found")
		require.Empty(t, b.redeem(t, bob, other).Errors, "all of it left the gift as it was")
	})
}

// The time of a gift is added to a subscription that runs; who has none may use
// the same for as long.
func TestService_RedeemSubscription(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		product := b.monthly(t, "news", "archive")
		bob, carol := b.user(t, "bob"), b.user(t, "carol")
		subscription := b.subscribe(t, bob, product)

		g, code := b.give(t, product)
		out, err := b.Redeem(b.as(bob), "one", code)
		require.NoError(t, err)
		require.Empty(t, out.Errors)
		require.Equal(t, subscription, *out.Subscription)
		require.Nil(t, out.Entitlement)
		require.Equal(t, []string{"P1M"}, b.running.added)
		require.Equal(t, subscription, *b.gift(t, g.BillID).SubscriptionID)
		require.Empty(t, b.uses(t, bob), "the subscription grants it")
		replayed, err := b.Redeem(b.as(bob), "one", code)
		require.NoError(t, err)
		require.Equal(t, subscription, *replayed.Subscription)
		require.Len(t, b.running.added, 1)

		_, code = b.give(t, product)
		require.NotNil(t, b.redeem(t, carol, code).Entitlement)
		require.Equal(t, []string{"archive 2026-03-02..2026-04-02", "news 2026-03-02..2026-04-02"}, b.uses(t, carol))
	})
}

// What a user has is not replaced: the next begins where it ends, and what has run
// out does not count.
func TestService_RedeemStacks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		product := b.monthly(t, "news", "archive")
		bob := b.user(t, "bob")
		redeem := func(product pay.ProductID) {
			_, code := b.give(t, product)
			require.Empty(t, b.redeem(t, bob, code).Errors)
		}
		redeem(b.pass(t))
		redeem(product)
		redeem(product)
		require.Equal(t, []string{
			"archive 2026-03-02..2026-04-02", "archive 2026-04-02..2026-05-02",
			"news 2026-03-02..2026-04-01", "news 2026-04-01..2026-05-01", "news 2026-05-01..2026-06-01",
		}, b.uses(t, bob))

		b.clock.Advance(90 * 24 * time.Hour) // 31 May
		redeem(b.pass(t))
		require.Contains(t, b.uses(t, bob), "news 2026-06-01..2026-07-01", "one day was left")
		b.clock.Advance(365 * 24 * time.Hour)
		redeem(b.pass(t))
		require.Contains(t, b.uses(t, bob), "news 2027-05-31..2027-06-30", "nothing was left")

		redeem(b.product(t, pay.ProductDirect, resources("news")))
		require.Contains(t, b.uses(t, bob), "news 2027-05-31..for good", "for good begins now")
		redeem(b.pass(t))
		require.Contains(t, b.uses(t, bob), "news 2027-06-30..2027-07-30")
	})
}

func TestService_RedeemMoney(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		product := b.product(t, pay.ProductTopUp)
		b.price(t, product, pay.Of(10_00, pay.USD), nil)
		b.price(t, product, pay.Of(500_00, pay.RUB), nil)
		g, code := b.give(t, product)
		b.earns(t, g.BillID, pay.Of(990_00, pay.RUB))
		bob := b.user(t, "bob")

		first := b.redeem(t, bob, code)
		require.Empty(t, first.Errors)
		require.NotNil(t, first.Wallet)
		require.Equal(t, first, b.redeem(t, bob, code))

		ledger := wallets.New(b.store)
		list, err := ledger.WalletsOf(b.as(bob), bob)
		require.NoError(t, err)
		require.Len(t, list[bob], 1)
		require.Equal(t, *first.Wallet, list[bob][0].ID)
		require.Equal(t, pay.Of(990_00, pay.RUB), wallets.Balance(list[bob][0]), "what the buyer paid, once")
		rows, err := b.store.Query(t.Context(), `SELECT COUNT(*) FROM ledger_entries WHERE transfer = ? AND kind = 'GIFT'`, "gift/"+g.ID.String())
		require.NoError(t, err)
		defer rows.Close()
		require.True(t, rows.Next())
		var legs int
		require.NoError(t, rows.Scan(&legs))
		require.NoError(t, rows.Err())
		require.Equal(t, 2, legs)
		b.requireSound(t)
	})
}

// A gift is worth what it was when it was paid for.
func TestService_RedeemPriceOfThen(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	product := b.product(t, pay.ProductSubscription, resources("news"))
	b.price(t, product, pay.Of(100_00, pay.RUB), &pay.Period{Months: 1})
	b.clock.Advance(time.Minute)
	last := b.price(t, product, pay.Of(200_00, pay.RUB), &pay.Period{Months: 2})
	offSale := func(which ...func(*ent.PriceUpdate)) {
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			update := tx.Price.Update().Where(price.ProductID(product)).SetActive(false)
			for _, f := range which {
				f(update)
			}
			return update.Exec(ctx)
		})
	}
	offSale(func(u *ent.PriceUpdate) { u.Where(price.IDNEQ(last)) })
	b.clock.Advance(time.Minute)
	_, onSale := b.give(t, product)
	_, retired := b.give(t, product)
	b.clock.Advance(time.Minute)
	b.price(t, product, pay.Of(900_00, pay.RUB), &pay.Period{Months: 9})

	bob := b.user(t, "bob")
	require.Empty(t, b.redeem(t, bob, onSale).Errors)
	require.Equal(t, []string{"news 2026-03-02..2026-05-02"}, b.uses(t, bob))
	offSale()
	require.Empty(t, b.redeem(t, bob, retired).Errors)
	require.Equal(t, []string{"news 2026-03-02..2026-05-02", "news 2026-05-02..2026-07-02"}, b.uses(t, bob))
}

// A gift that costs as much as a year gives a year.
func TestService_RedeemPriceThatWasPaid(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		product := b.product(t, pay.ProductSubscription, resources("news"))
		b.price(t, product, pay.Of(99_00, pay.RUB), &pay.Period{Months: 1})
		b.price(t, product, pay.Of(990_00, pay.RUB), &pay.Period{Months: 12})
		_, code := b.give(t, product)
		bob := b.user(t, "bob")
		require.Empty(t, b.redeem(t, bob, code).Errors)
		require.Equal(t, []string{"news 2026-03-02..2027-03-02"}, b.uses(t, bob))
	})
}

// When what a gift is for cannot be given, it stays redeemable.
func TestService_RedeemUndone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		bob := b.user(t, "bob")
		bare := b.monthly(t)
		g, code := b.give(t, bare)
		requireRefused(t, b.redeem(t, bob, code), pay.CodeStateConflict, "gift.gives_nothing")
		require.Equal(t, pay.GiftIssued, b.gift(t, g.BillID).Status)

		busy := pay.Errorf(pay.CodeConflict, "subscription.charge_under_way", "A payment is under way.")
		b.running.err = busy
		requireRefused(t, b.redeem(t, bob, code), pay.CodeConflict, "subscription.charge_under_way")
		b.running.err = errors.New("the disk is full")
		out, err := b.Redeem(b.as(bob), "one", code)
		require.ErrorContains(t, err, "the disk is full")
		require.Nil(t, out)
		require.Equal(t, pay.GiftIssued, b.gift(t, g.BillID).Status)

		b.running.err = nil
		b.subscribe(t, bob, bare)
		out, err = b.Redeem(b.as(bob), "one", code)
		require.NoError(t, err)
		require.NotNil(t, out.Subscription, "the same key goes on")
	})
}
