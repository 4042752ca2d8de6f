package wallets_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/wallets"
)

// refundOf is a refund of the bundle's currency.
func (b *bundle) refundOf(minor int64) *ent.Refund {
	return &ent.Refund{ID: pay.NewRefundID(b.clock.Now()), AmountMinor: minor, Currency: pay.RUB}
}

type step func(billing.Returner, context.Context, *store.Tx, *ent.Bill, *ent.Product, *ent.Refund) error

// returns takes one step of a refund of a top-up.
func (b *bundle) returns(t *testing.T, take step, id pay.BillID, policy pay.RefundPolicy, r *ent.Refund) error {
	t.Helper()
	return b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.Bill.Get(ctx, id)
		if err != nil {
			return err
		}
		return take(wallets.NewTopUp(b.service), ctx, tx, found, &ent.Product{RefundPolicy: policy}, r)
	})
}

func (b *bundle) requireWallet(t *testing.T, available, held int64) {
	t.Helper()
	require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		w, err := b.service.WalletOf(ctx, tx, b.merchant, b.user, pay.RUB)
		if err == nil {
			require.Equal(t, []int64{available, held}, []int64{w.AvailableMinor, w.HeldMinor})
		}
		return err
	}))
}

// A top-up whose money goes back.
func TestTopUp_Returned(t *testing.T) {
	t.Parallel()
	fact := func(name string, f func(t *testing.T, b *bundle, id pay.BillID)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				b := setup(t, url)
				id := b.topUpBill(t, func(*ent.BillCreate) {})
				b.capture(t, id, pay.AccountSales, 1000_00, 0)
				require.NoError(t, b.fulfil(t, id))
				f(t, b, id)
			})
		})
	}
	withhold, restore, returned := step(billing.Returner.Withhold), step(billing.Returner.Restore), step(billing.Returner.Returned)
	fact("IsSetAsideAndTakenOutOnce", func(t *testing.T, b *bundle, id pay.BillID) {
		r := b.refundOf(300_00)
		for range 2 {
			require.NoError(t, b.returns(t, withhold, id, pay.RefundRevoke, r))
			b.requireWallet(t, 700_00, 300_00)
		}
		for range 2 {
			require.NoError(t, b.returns(t, returned, id, pay.RefundRevoke, r))
			b.requireWallet(t, 700_00, 0)
		}
		rest := b.refundOf(700_00)
		require.NoError(t, b.returns(t, withhold, id, pay.RefundRevoke, rest))
		require.NoError(t, b.returns(t, returned, id, pay.RefundRevoke, rest))
		b.requireWallet(t, 0, 0)
	})
	fact("IsThereAgainWhenTheRefundFails", func(t *testing.T, b *bundle, id pay.BillID) {
		r := b.refundOf(1000_00)
		require.NoError(t, b.returns(t, withhold, id, pay.RefundRevoke, r))
		b.requireWallet(t, 0, 1000_00)
		for range 2 {
			require.NoError(t, b.returns(t, restore, id, pay.RefundRevoke, r))
			b.requireWallet(t, 1000_00, 0)
		}
		again := b.refundOf(1000_00)
		require.NoError(t, b.returns(t, withhold, id, pay.RefundRevoke, again))
		b.requireWallet(t, 0, 1000_00)
	})
	fact("WhatWasSpentIsNotThereToBeGivenBack", func(t *testing.T, b *bundle, id pay.BillID) {
		spent := pay.Transfer{Key: "spent", Entry: pay.EntryPurchase, Legs: []pay.Leg{
			{Kind: pay.AccountWalletAvailable, Owner: b.mustWallet(t, pay.RUB).UUID(), Amount: pay.Of(-400_00, pay.RUB)},
			{Kind: pay.AccountSales, Amount: pay.Of(400_00, pay.RUB)},
		}}
		b.mustPost(t, spent)
		require.Equal(t, pay.CodeInsufficientFunds, pay.CodeOf(b.returns(t, withhold, id, pay.RefundRevoke, b.refundOf(1000_00))))
		b.requireWallet(t, 600_00, 0)
		require.NoError(t, b.returns(t, withhold, id, pay.RefundRevoke, b.refundOf(600_00)))
		b.requireWallet(t, 0, 600_00)
	})
	fact("WhoeverKeepsItKeepsIt", func(t *testing.T, b *bundle, id pay.BillID) {
		r := b.refundOf(1000_00)
		require.NoError(t, b.returns(t, withhold, id, pay.RefundKeep, r))
		require.NoError(t, b.returns(t, returned, id, pay.RefundKeep, r))
		b.requireWallet(t, 1000_00, 0)
	})
	t.Run("NothingIsTakenThatIsNotThereYet", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			id := b.topUpBill(t, func(*ent.BillCreate) {})
			attempt := b.capture(t, id, pay.AccountSales, 1000_00, 0)
			r := b.refundOf(300_00)
			require.NoError(t, b.returns(t, withhold, id, pay.RefundRevoke, r))
			b.mustPostFor(t, id, pay.RefundTransfer(r.ID, "payture", pay.AccountRefunds, r.Amount()))
			require.NoError(t, b.returns(t, returned, id, pay.RefundRevoke, r))
			b.requireWallet(t, 0, 0)
			require.NoError(t, b.fulfil(t, id))
			b.requireWallet(t, 700_00, 0)
			require.False(t, attempt.IsZero())
		})
	})
	t.Run("CommissionThatWasNeverInTheWalletIsNotTakenFromIt", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url)
			b.gift(t, 50_00)
			id := b.topUpBill(t, func(c *ent.BillCreate) { c.SetPaidMinor(1024_80) })
			b.capture(t, id, pay.AccountSales, 1024_80, 24_80)
			require.NoError(t, b.fulfil(t, id))
			b.requireWallet(t, 1050_00, 0)
			part, rest := b.refundOf(24_80), b.refundOf(1000_00)
			require.NoError(t, b.returns(t, withhold, id, pay.RefundRevoke, part))
			require.NoError(t, b.returns(t, withhold, id, pay.RefundRevoke, rest))
			b.requireWallet(t, 50_00, 1000_00)
			require.NoError(t, b.returns(t, returned, id, pay.RefundRevoke, part))
			require.NoError(t, b.returns(t, returned, id, pay.RefundRevoke, rest))
			b.requireWallet(t, 50_00, 0)
		})
	})
}

// gift puts money into the user's wallet that no bill paid.
func (b *bundle) gift(t *testing.T, minor int64) {
	t.Helper()
	b.mustPost(t, pay.Transfer{Key: "gift", Entry: pay.EntryGift, Legs: []pay.Leg{
		{Kind: pay.AccountSales, Amount: pay.Of(-minor, pay.RUB)},
		{Kind: pay.AccountWalletAvailable, Owner: b.mustWallet(t, pay.RUB).UUID(), Amount: pay.Of(minor, pay.RUB)},
	}})
}

// What a bill earned is less what went back of it.
func TestEarned_LessWhatWentBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.topUpBill(t, func(*ent.BillCreate) {})
		b.capture(t, id, pay.AccountSales, 1000_00, 0)
		earned := func() (sum pay.Money, err error) {
			err = b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				found, err := tx.Bill.Get(ctx, id)
				if err == nil {
					sum, err = b.service.Earned(ctx, tx, found)
				}
				return err
			})
			return sum, err
		}
		b.mustPostFor(t, id, pay.RefundTransfer(pay.NewRefundID(b.clock.Now()), "payture", pay.AccountRefunds, pay.Of(300_00, pay.RUB)))
		sum, err := earned()
		require.NoError(t, err)
		require.Equal(t, pay.Of(700_00, pay.RUB), sum)
		b.mustPostFor(t, id, pay.RefundTransfer(pay.NewRefundID(b.clock.Now()), "payture", pay.AccountRefunds, pay.Of(700_00, pay.RUB)))
		_, err = earned()
		require.Error(t, err)
	})
}
