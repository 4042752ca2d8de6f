package gifts_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/wallets"
)

// A gift of money is worth what its bill earned: its merchant may have captured a
// part of what was held, or taken another amount than the bill's as it was.
func TestService_RedeemMoneyThatWasTaken(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.order(t, b.product(t, pay.ProductTopUp), billing.GiftOrder{RecipientEmail: "bob@mail.example"})
		ledger := wallets.New(b.store)
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			took := pay.NewAttemptID(tx.Now)
			err := tx.Attempt.Create().SetID(took).SetMerchantID(b.merchant).SetBillID(id).SetProvider("payture").SetAccount("payture").
				SetOrderNumber(took.Suffix()).SetStatus(pay.AttemptCaptured).SetTestMode(true).SetCurrency(pay.RUB).SetAmountMinor(990_00).
				SetCurrent(true).SetCapturedMinor(1_00).SetWatchUntil(tx.Now).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
			if err != nil {
				return err
			}
			_, err = ledger.Post(ctx, tx, b.merchant, &id, pay.CaptureTransfer(took, "payture", pay.AccountSales, pay.Of(1_00, pay.RUB)))
			return err
		})
		require.NoError(t, b.fulfil(id))
		bob := b.user(t, "bob")
		require.Empty(t, b.redeem(t, bob, b.code(t, b.gift(t, id))).Errors)
		list, err := ledger.WalletsOf(b.as(bob), bob)
		require.NoError(t, err)
		require.Equal(t, pay.Of(1_00, pay.RUB), wallets.Balance(list[bob][0]))
	})
}
