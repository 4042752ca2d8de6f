package gifts_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/wallets"
)

// earns books that a provider took an amount for a bill.
func (b *bundle) earns(t testing.TB, id pay.BillID, took pay.Money) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		by := pay.NewAttemptID(tx.Now)
		err := tx.Attempt.Create().SetID(by).SetMerchantID(b.merchant).SetBillID(id).SetProvider("payture").SetAccount("payture").
			SetOrderNumber(by.Suffix()).SetStatus(pay.AttemptCaptured).SetCurrent(true).SetTestMode(true).
			SetCurrency(took.Currency).SetAmountMinor(990_00).SetCapturedMinor(took.Amount).
			SetWatchUntil(tx.Now).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = wallets.New(b.store).Post(ctx, tx, b.merchant, &id, pay.CaptureTransfer(by, "payture", pay.AccountSales, took))
		return err
	})
}

// A gift of money is worth what its bill earned: its merchant may have captured a
// part of what was held, or accepted another amount than the bill's.
func TestService_RedeemMoneyThatWasTaken(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		g, code := b.give(t, b.product(t, pay.ProductTopUp))
		b.earns(t, g.BillID, pay.Of(1_00, pay.RUB))
		bob := b.user(t, "bob")
		require.Empty(t, b.redeem(t, bob, code).Errors)
		list, err := wallets.New(b.store).WalletsOf(b.as(bob), bob)
		require.NoError(t, err)
		require.Equal(t, pay.Of(1_00, pay.RUB), wallets.Balance(list[bob][0]))
	})
}
