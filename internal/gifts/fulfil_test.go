package gifts_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/gifts"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestService_FulfilAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		given := b.monthly(t, "news")
		id := b.order(t, given, billing.GiftOrder{RecipientEmail: "bob@mail.example", Message: new("For you"), Occasion: new("birthday")},
			func(c *ent.BillCreate) { c.SetLocale("ru-RU") })
		require.NoError(t, b.fulfil(id))

		g := b.gift(t, id)
		require.Equal(t, pay.GiftIssued, g.Status)
		require.Equal(t, given, g.ProductID)
		require.Equal(t, b.merchant, g.MerchantID)
		require.Equal(t, b.buyer, *g.BuyerID)
		require.Equal(t, []string{"bob@mail.example", "For you", "birthday"}, []string{g.RecipientEmail, *g.Message, *g.Occasion})
		require.True(t, storetest.Epoch().AddDate(5, 0, 0).Equal(*g.ExpiresAt))
		code := b.code(t, g)
		require.Regexp(t, `^(\w{5}-){3}\w{5}$`, code)
		require.NotContains(t, string(g.CodeSealed), code[:5])
		ends := new(storetest.Epoch().AddDate(5, 0, 0))

		require.Equal(t, []notify.Mail{
			{
				Merchant: b.merchant, Kind: notify.KindGiftForBuyer, Key: "gift/" + g.ID.String() + "/buyer", To: "alice@shop.example", Locale: "ru", Secret: code,
				Data: notify.GiftForBuyer{Product: "The SUBSCRIPTION", Recipient: "bob@mail.example", RedeemURL: "/redeem", ExpiresAt: ends},
			},
			{
				Merchant: b.merchant, Kind: notify.KindGiftForRecipient, Key: "gift/" + g.ID.String() + "/recipient", To: "bob@mail.example", Locale: "ru", Secret: code,
				Data: notify.GiftForRecipient{Product: "The SUBSCRIPTION", From: "Alice", Message: "For you", Occasion: "birthday", RedeemURL: "/redeem", ExpiresAt: ends},
			},
		}, b.post.take())

		b.clock.Advance(time.Hour)
		require.NoError(t, b.fulfil(id))
		require.Equal(t, g.String(), b.gift(t, id).String(), "a second run changes nothing")
		require.Empty(t, b.post.take())
	})
}

// A process that dies before the commit has made no gift and mailed nothing; the
// next one makes it, with another code.
func TestService_FulfilUndone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.order(t, b.pass(t), billing.GiftOrder{RecipientEmail: "bob@mail.example"})
		err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			found, err := tx.Bill.Query().Where(bill.ID(id)).WithProduct().Only(ctx)
			require.NoError(t, err)
			require.NoError(t, b.Fulfil(ctx, tx, found, found.Edges.Product))
			require.NoError(t, b.Fulfil(ctx, tx, found, found.Edges.Product), "nor twice in one transaction")
			return context.Canceled
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, b.post.take())

		require.NoError(t, b.fulfil(id))
		b.gift(t, id)
		require.Len(t, b.post.take(), 2)
	})
}

func TestService_FulfilLater(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		at := storetest.Epoch().Add(48 * time.Hour)
		id := b.order(t, b.pass(t), billing.GiftOrder{RecipientEmail: "bob@mail.example", DeliverAt: &at})
		require.NoError(t, b.fulfil(id))

		g := b.gift(t, id)
		require.Equal(t, pay.GiftScheduled, g.Status)
		require.True(t, at.AddDate(5, 0, 0).Equal(*g.ExpiresAt), "a code lives from its delivery on")
		mails := b.post.take()
		require.Len(t, mails, 1, "the buyer reads the code now")
		require.Equal(t, notify.KindGiftForBuyer, mails[0].Kind)
		require.Equal(t, notify.GiftForBuyer{
			Product: "The DIRECT", Recipient: "bob@mail.example", DeliverAt: &at, RedeemURL: "/redeem", ExpiresAt: new(at.AddDate(5, 0, 0)),
		}, mails[0].Data)

		bob := b.user(t, "bob")
		code := b.code(t, g)
		refused := b.redeem(t, bob, code)
		requireRefused(t, refused, pay.CodeStateConflict, "gift.scheduled")
		require.Equal(t, []string{"code"}, refused.Errors[0].Path)

		b.clock.Advance(48*time.Hour - time.Second)
		b.runDue(t)
		require.Equal(t, pay.GiftScheduled, b.gift(t, id).Status)
		require.Empty(t, b.post.take())

		b.clock.Advance(time.Second)
		b.runDue(t)
		require.Equal(t, pay.GiftIssued, b.gift(t, id).Status)
		mails = b.post.take()
		require.Len(t, mails, 1)
		require.Equal(t, []string{"bob@mail.example", code, "kk"}, []string{mails[0].To, mails[0].Secret, mails[0].Locale})
		b.runDue(t)
		require.Empty(t, b.post.take())
		require.Empty(t, b.redeem(t, bob, code).Errors)
	})
}

// Whoever has the code at the delivery time need not wait for the job.
func TestService_RedeemBeforeTheJobDelivers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		at := storetest.Epoch().Add(time.Hour)
		id := b.order(t, b.pass(t), billing.GiftOrder{RecipientEmail: "bob@mail.example", DeliverAt: &at})
		require.NoError(t, b.fulfil(id))
		b.post.take()
		b.clock.Advance(time.Hour)
		require.Empty(t, b.redeem(t, b.user(t, "bob"), b.code(t, b.gift(t, id))).Errors)
		b.runDue(t)
		require.Equal(t, pay.GiftRedeemed, b.gift(t, id).Status)
		require.Empty(t, b.post.take(), "who has it need not be mailed it")
	})
}

func TestService_FulfilDelays(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), func(c *gifts.Config) { c.Validity = pay.Period{} })
	past := storetest.Epoch().Add(-time.Hour)
	id := b.order(t, b.pass(t), billing.GiftOrder{RecipientEmail: "bob@mail.example", DeliverAt: &past})
	require.NoError(t, b.fulfil(id))
	require.Equal(t, pay.GiftIssued, b.gift(t, id).Status, "a delivery time that has passed is now")
	require.Nil(t, b.gift(t, id).ExpiresAt, "without a validity it never expires")
	require.Len(t, b.post.take(), 2)
}

func TestService_FulfilBadAddress(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	b.post.refuse = true
	_, code := b.give(t, b.pass(t))
	require.NotEmpty(t, code, "what cannot be mailed is shown to the buyer")
	require.Empty(t, b.post.take())
}

// What nobody could redeem is not made: its bill goes to a person.
func TestService_FulfilRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	order := billing.GiftOrder{RecipientEmail: "bob@mail.example"}
	for name, product := range map[string]pay.ProductID{
		"PagesAlone":   b.product(t, pay.ProductDirect, func(p *ent.ProductCreate) { p.SetGrantPages("*") }),
		"GiftOfAGift":  b.product(t, pay.ProductGift),
		"OpensNothing": b.product(t, pay.ProductDirect),
	} {
		id := b.order(t, product, order)
		require.ErrorContains(t, b.fulfil(id), "is no gift", name)
	}
	bare := b.order(t, b.pass(t), order, func(c *ent.BillCreate) { c.Mutation().ResetGift() })
	require.ErrorContains(t, b.fulfil(bare), "read a bill's gift")
	pass := b.pass(t)
	direct := b.order(t, pass, order, func(c *ent.BillCreate) { c.SetProductID(pass) })
	require.ErrorContains(t, b.fulfil(direct), "it gives no other")
}

func TestService_BillMoved(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.order(t, b.pass(t), billing.GiftOrder{RecipientEmail: "bob@mail.example"}, nobodys, func(c *ent.BillCreate) { c.SetEmail("guest@mail.example") })
		require.NoError(t, b.fulfil(id))
		require.Nil(t, b.gift(t, id).BuyerID)
		require.Equal(t, "guest@mail.example", b.post.take()[0].To)

		claimed := func(user *pay.UserID) {
			b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
				found, err := tx.Bill.Get(ctx, id)
				require.NoError(t, err)
				found.UserID = user
				return b.BillMoved(ctx, tx, found, &found.Status)
			})
		}
		claimed(nil)
		require.Nil(t, b.gift(t, id).BuyerID)
		claimed(&b.buyer)
		require.Equal(t, b.buyer, *b.gift(t, id).BuyerID)
		other := b.user(t, "other")
		claimed(&other)
		require.Equal(t, b.buyer, *b.gift(t, id).BuyerID, "a gift has one buyer")
	})
}

func TestService_Void(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		void := func(id pay.BillID) error {
			return b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return b.Void(ctx, tx, id) })
		}
		bob := b.user(t, "bob")

		issued, code := b.give(t, b.pass(t))
		require.NoError(t, void(issued.BillID))
		require.NoError(t, void(issued.BillID), "it is void already")
		voided := b.gift(t, issued.BillID)
		require.Equal(t, pay.GiftVoided, voided.Status)
		require.NotNil(t, voided.VoidedAt)
		requireRefused(t, b.redeem(t, bob, code), pay.CodeStateConflict, "gift.voided")

		at := storetest.Epoch().Add(time.Hour)
		scheduled := b.order(t, b.pass(t), billing.GiftOrder{RecipientEmail: "bob@mail.example", DeliverAt: &at})
		require.NoError(t, b.fulfil(scheduled))
		require.NoError(t, void(scheduled))
		b.post.take()
		b.clock.Advance(time.Hour)
		b.runDue(t)
		require.Equal(t, pay.GiftVoided, b.gift(t, scheduled).Status)
		require.Empty(t, b.post.take(), "what was taken back is not mailed")

		redeemed, code := b.give(t, b.pass(t))
		require.Empty(t, b.redeem(t, bob, code).Errors)
		err := void(redeemed.BillID)
		require.Equal(t, pay.CodeConflict, pay.CodeOf(err))
		require.ErrorContains(t, err, "cannot be taken back")
		require.Equal(t, pay.GiftRedeemed, b.gift(t, redeemed.BillID).Status)

		require.NoError(t, void(pay.NewBillID(b.clock.Now())), "a bill that made no gift")
	})
}

func TestService_Expiry(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url, func(c *gifts.Config) { c.Validity = pay.Period{Days: 1} })
		require.NoError(t, b.Begin(t.Context()))
		b.runDue(t)
		g, code := b.give(t, b.pass(t))
		kept, keptCode := b.give(t, b.pass(t))
		bob := b.user(t, "bob")
		b.clock.Advance(24*time.Hour - time.Microsecond)
		require.Empty(t, b.redeem(t, bob, keptCode).Errors, "to its last instant a code works")

		b.clock.Advance(time.Microsecond)
		requireRefused(t, b.redeem(t, bob, code), pay.CodeStateConflict, "gift.expired")
		require.Equal(t, pay.GiftIssued, b.gift(t, g.BillID).Status, "before the sweep has come by")
		b.clock.Advance(time.Hour)
		b.runDue(t)
		require.Equal(t, pay.GiftExpired, b.gift(t, g.BillID).Status)
		require.Equal(t, pay.GiftRedeemed, b.gift(t, kept.BillID).Status)
		requireRefused(t, b.redeem(t, bob, code), pay.CodeStateConflict, "gift.expired")
	})
}
