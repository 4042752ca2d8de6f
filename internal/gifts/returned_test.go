package gifts_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
)

// withholds begins a refund of a gift's bill, as billing does, and returns it.
func (b *bundle) withholds(id pay.BillID, all bool, policy pay.RefundPolicy) (r *ent.Refund, err error) {
	err = b.store.InTx(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		r = &ent.Refund{ID: pay.NewRefundID(tx.Now), CreatedAt: tx.Now, ReturnsAll: all}
		return b.Withhold(ctx, tx, &ent.Bill{ID: id}, &ent.Product{RefundPolicy: policy}, r)
	})
	return r, err
}

func (b *bundle) restores(t *testing.T, id pay.BillID, r *ent.Refund) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		return b.Restore(ctx, tx, &ent.Bill{ID: id}, &ent.Product{RefundPolicy: pay.RefundRevoke}, r)
	})
}

// A gift whose money goes back.
func TestService_Returned(t *testing.T) {
	t.Parallel()
	fact := func(name string, f func(t *testing.T, b *bundle)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) { f(t, setup(t, url)) })
		})
	}
	fact("IsVoidedBeforeItsMoneyGoesAndGoodAgainWhenItStays", func(t *testing.T, b *bundle) {
		g, code := b.give(t, b.pass(t))
		r, err := b.withholds(g.BillID, true, pay.RefundRevoke)
		require.NoError(t, err)
		require.Equal(t, pay.GiftVoided, b.gift(t, g.BillID).Status)
		bob := b.user(t, "bob")
		require.NotEmpty(t, b.redeem(t, bob, code).Errors)
		b.clock.Advance(time.Hour)
		for range 2 {
			b.restores(t, g.BillID, r)
			require.Equal(t, pay.GiftIssued, b.gift(t, g.BillID).Status)
			require.Nil(t, b.gift(t, g.BillID).VoidedAt)
		}
		require.Empty(t, b.redeem(t, bob, code).Errors)
	})
	fact("StaysWhenAPartGoesBackOrItsProductSaysKeep", func(t *testing.T, b *bundle) {
		g, _ := b.give(t, b.pass(t))
		_, err := b.withholds(g.BillID, false, pay.RefundRevoke)
		require.NoError(t, err)
		_, err = b.withholds(g.BillID, true, pay.RefundKeep)
		require.NoError(t, err)
		require.Equal(t, pay.GiftIssued, b.gift(t, g.BillID).Status)
	})
	fact("RedeemedIsNotTakenBack", func(t *testing.T, b *bundle) {
		g, code := b.give(t, b.pass(t))
		require.Empty(t, b.redeem(t, b.user(t, "bob"), code).Errors)
		_, err := b.withholds(g.BillID, true, pay.RefundRevoke)
		require.Equal(t, pay.CodeConflict, pay.CodeOf(err))
		require.Equal(t, pay.GiftRedeemed, b.gift(t, g.BillID).Status)
	})
	fact("OfMoneyIsNotRedeemedWhileAPartIsOnItsWayBack", func(t *testing.T, b *bundle) {
		g, code := b.give(t, b.product(t, pay.ProductTopUp))
		b.earns(t, g.BillID, pay.Of(990_00, pay.RUB))
		r, err := b.withholds(g.BillID, false, pay.RefundRevoke)
		require.NoError(t, err)
		paid := b.store.Read().Attempt.Query().Where(attempt.BillID(g.BillID)).OnlyX(viewer.AsProgram(t.Context()))
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Refund.Create().SetID(r.ID).SetMerchantID(b.merchant).SetBillID(g.BillID).SetAttemptID(paid.ID).SetStatus(pay.RefundSent).
				SetCurrency(pay.RUB).SetAmountMinor(900_00).SetSource(pay.AccountRefunds).SetReturnsAll(false).SetReason("sorry").SetRequestedBy("ADMIN olga").
				SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
		})
		bob := b.user(t, "bob")
		requireRefused(t, b.redeem(t, bob, code), pay.CodeConflict, "gift.refund_under_way")
		require.Equal(t, pay.GiftIssued, b.gift(t, g.BillID).Status)

		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Refund.Update().Where(refund.ID(r.ID)).SetStatus(pay.RefundSucceeded).SetResolvedAt(tx.Now).Exec(ctx); err != nil {
				return err
			}
			_, err := wallets.New(b.store).Post(ctx, tx, b.merchant, &g.BillID, pay.RefundTransfer(r.ID, "payture", pay.AccountRefunds, pay.Of(900_00, pay.RUB)))
			return err
		})
		require.Empty(t, b.redeem(t, bob, code).Errors)
		list, err := wallets.New(b.store).WalletsOf(b.as(bob), bob)
		require.NoError(t, err)
		require.Equal(t, pay.Of(90_00, pay.RUB), wallets.Balance(list[bob][0]), "what stays")
	})
	fact("OfMoneyThatSomebodyHasGivesNoPartBack", func(t *testing.T, b *bundle) {
		g, code := b.give(t, b.product(t, pay.ProductTopUp))
		b.earns(t, g.BillID, pay.Of(990_00, pay.RUB))
		require.Empty(t, b.redeem(t, b.user(t, "bob"), code).Errors)
		_, err := b.withholds(g.BillID, false, pay.RefundRevoke)
		require.Equal(t, pay.CodeConflict, pay.CodeOf(err))
	})
	fact("OfAnEarlierPartIsRestoredToo", func(t *testing.T, b *bundle) {
		g, code := b.give(t, b.pass(t))
		b.earns(t, g.BillID, pay.Of(990_00, pay.RUB))
		paid := b.store.Read().Attempt.Query().Where(attempt.BillID(g.BillID)).OnlyX(viewer.AsProgram(t.Context()))
		row := func(minor int64, all bool, status pay.RefundStatus) (r *ent.Refund) {
			b.inTx(t, func(ctx context.Context, tx *store.Tx) (err error) {
				create := tx.Refund.Create().SetID(pay.NewRefundID(tx.Now)).SetMerchantID(b.merchant).SetBillID(g.BillID).SetAttemptID(paid.ID).SetStatus(status).
					SetCurrency(pay.RUB).SetAmountMinor(minor).SetSource(pay.AccountRefunds).SetReturnsAll(all).SetReason("sorry").SetRequestedBy("ADMIN olga").
					SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
				if !status.IsOpen() {
					create.SetResolvedAt(tx.Now)
				}
				if r, err = create.Save(ctx); err != nil {
					return err
				}
				return b.Withhold(ctx, tx, &ent.Bill{ID: g.BillID}, &ent.Product{RefundPolicy: pay.RefundRevoke}, r)
			})
			return r
		}
		first := row(600_00, false, pay.RefundAwaitingApproval)
		require.Equal(t, pay.GiftIssued, b.gift(t, g.BillID).Status)
		b.clock.Advance(time.Second)
		row(390_00, true, pay.RefundSucceeded)
		require.Equal(t, pay.GiftVoided, b.gift(t, g.BillID).Status)
		b.clock.Advance(7 * 24 * time.Hour)
		b.restores(t, g.BillID, first)
		require.Equal(t, pay.GiftIssued, b.gift(t, g.BillID).Status)
		require.Empty(t, b.redeem(t, b.user(t, "bob"), code).Errors)
	})
	scheduled := func(t *testing.T, b *bundle) (pay.BillID, time.Time) {
		t.Helper()
		at := pay.Instant(b.clock.Now().Add(48 * time.Hour))
		id := b.order(t, b.pass(t), billing.GiftOrder{RecipientEmail: "bob@mail.example", DeliverAt: &at})
		require.NoError(t, b.fulfil(id))
		b.post.take()
		return id, at
	}
	kinds := func(b *bundle) (list []notify.Kind) {
		for _, m := range b.post.take() {
			list = append(list, m.Kind)
		}
		return list
	}
	fact("ScheduledWaitsForItsTimeAgain", func(t *testing.T, b *bundle) {
		id, at := scheduled(t, b)
		r, err := b.withholds(id, true, pay.RefundRevoke)
		require.NoError(t, err)
		b.restores(t, id, r)
		require.Equal(t, pay.GiftScheduled, b.gift(t, id).Status)
		b.clock.Advance(at.Sub(b.clock.Now()))
		b.runDue(t)
		require.Equal(t, pay.GiftIssued, b.gift(t, id).Status)
		require.Equal(t, []notify.Kind{notify.KindGiftForRecipient}, kinds(b))
	})
	fact("ScheduledWhoseTimeCameMeanwhileIsDeliveredAtOnce", func(t *testing.T, b *bundle) {
		id, _ := scheduled(t, b)
		r, err := b.withholds(id, true, pay.RefundRevoke)
		require.NoError(t, err)
		b.clock.Advance(72 * time.Hour)
		b.runDue(t)
		require.Equal(t, pay.GiftVoided, b.gift(t, id).Status)
		require.Empty(t, kinds(b))
		b.restores(t, id, r)
		b.runDue(t)
		require.Equal(t, pay.GiftIssued, b.gift(t, id).Status)
		require.Equal(t, []notify.Kind{notify.KindGiftForRecipient}, kinds(b))
	})
}
