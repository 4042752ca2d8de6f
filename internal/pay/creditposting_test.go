package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// What fills a wallet is not sold yet; what is spent from it is.
func TestCreditTransfers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	bill, gift, wallet := pay.NewBillID(now), pay.NewGiftID(now), pay.NewWalletID(now)
	amount := pay.Of(5000, pay.RUB)

	topUp := pay.TopUpTransfer(bill, wallet, amount)
	require.NoError(t, topUp.Validate())
	require.Equal(t, "top_up/"+bill.String(), topUp.Key)
	require.Equal(t, pay.EntryTopUp, topUp.Entry)

	given := pay.GiftTransfer(gift, wallet, amount)
	require.NoError(t, given.Validate())
	require.Equal(t, "gift/"+gift.String(), given.Key)
	require.Equal(t, pay.EntryGift, given.Entry)
	require.Equal(t, topUp.Legs, given.Legs)

	attempt := pay.NewAttemptID(now)
	sums := map[pay.AccountKind]int64{}
	book := func(transfers ...pay.Transfer) {
		for _, transfer := range transfers {
			for _, leg := range transfer.Legs {
				sums[leg.Kind] += leg.Amount.Amount
			}
		}
	}
	book(pay.CaptureTransfer(attempt, "payture", pay.AccountSales, amount), topUp)
	require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -5000, pay.AccountSales: 0, pay.AccountWalletAvailable: 5000}, sums)

	book(pay.WalletHoldTransfer(attempt, wallet, amount), pay.WalletCaptureTransfer(attempt, wallet, pay.AccountSales, amount))
	require.Equal(t, map[pay.AccountKind]int64{
		pay.AccountClearing: -5000, pay.AccountSales: 5000, pay.AccountWalletAvailable: 0, pay.AccountWalletHeld: 0,
	}, sums)
}
