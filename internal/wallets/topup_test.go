package wallets_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/wallets"
)

// topUpBill makes a paid bill of alice's over 1,000.00 RUB, without money.
func (b *bundle) topUpBill(t *testing.T, set func(*ent.BillCreate)) pay.BillID {
	t.Helper()
	var id pay.BillID
	require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewBillID(tx.Now)
		create := tx.Bill.Create().SetID(id).SetMerchantID(b.merchant).SetUserID(b.user).SetStatus(pay.BillPaid).
			SetCurrency(pay.RUB).SetTotalMinor(1000_00).SetPaidMinor(1000_00).SetVersion(1).
			SetExpiresAt(tx.Now.Add(time.Hour)).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		set(create)
		return create.Exec(ctx)
	}))
	return id
}

// capture books what an attempt on the bill took, the vendor's fee in it.
func (b *bundle) capture(t *testing.T, id pay.BillID, to pay.AccountKind, took, fee int64) pay.AttemptID {
	t.Helper()
	var made pay.AttemptID
	require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		made = pay.NewAttemptID(tx.Now)
		err := tx.Attempt.Create().SetID(made).SetMerchantID(b.merchant).SetBillID(id).SetProvider("payture").SetAccount("payture").
			SetOrderNumber(made.String()).SetStatus(pay.AttemptCaptured).SetCurrent(false).SetTestMode(true).SetCurrency(pay.RUB).
			SetAmountMinor(1000_00).SetFeeMinor(fee).SetCapturedMinor(took).SetWatchUntil(tx.Now).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = b.service.Post(ctx, tx, b.merchant, &id, pay.CaptureTransfer(made, "payture", to, pay.Of(took, pay.RUB)))
		return err
	}))
	return made
}

func (b *bundle) fulfil(t *testing.T, id pay.BillID) error {
	t.Helper()
	return b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.Bill.Query().Where(bill.ID(id)).Only(ctx)
		if err != nil {
			return err
		}
		return wallets.NewTopUp(b.service).Fulfil(ctx, tx, found, nil)
	})
}

func (b *bundle) requireAvailable(t *testing.T, want int64) {
	t.Helper()
	w, err := b.service.Wallet(t.Context(), b.mustWallet(t, pay.RUB))
	require.Error(t, err, "nobody asks")
	require.Nil(t, w)
	require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		w, err := b.service.WalletOf(ctx, tx, b.merchant, b.user, pay.RUB)
		if err == nil {
			require.Equal(t, want, w.AvailableMinor)
			require.Zero(t, w.HeldMinor)
		}
		return err
	}))
}

func TestTopUp_RepeatedCreditsOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.topUpBill(t, func(*ent.BillCreate) {})
		b.capture(t, id, pay.AccountSales, 1000_00, 0)
		require.NoError(t, b.fulfil(t, id))
		require.NoError(t, b.fulfil(t, id))
		b.requireAvailable(t, 1000_00)

		entries := b.entries(t, b.mustWallet(t, pay.RUB))
		require.Len(t, entries, 1)
		require.Equal(t, "top_up/"+id.String(), entries[0].Transfer)
		require.Equal(t, pay.EntryTopUp, entries[0].Kind)
		require.Equal(t, id, *entries[0].BillID)
		require.Equal(t, int64(1000_00), *entries[0].BalanceAfterMinor)

		next := b.topUpBill(t, func(*ent.BillCreate) {})
		b.capture(t, next, pay.AccountSales, 1000_00, 0)
		require.NoError(t, b.fulfil(t, next))
		b.requireAvailable(t, 2000_00)
	})
}

// The payer may spend what the merchant earned: no vendor's commission, nothing
// that waits for a person, and what a person accepted.
func TestTopUp_CreditsWhatWasEarned(t *testing.T) {
	t.Parallel()
	type took struct {
		to          pay.AccountKind
		amount, fee int64
	}
	tests := []struct {
		name  string
		takes []took
		want  int64
	}{
		{name: "CommissionStaysOut", takes: []took{{pay.AccountSales, 1024_80, 24_80}}, want: 1000_00},
		{name: "SecondPaymentWaits", takes: []took{{pay.AccountSales, 1000_00, 0}, {pay.AccountSuspense, 1000_00, 0}}, want: 1000_00},
		{name: "OtherAmount", takes: []took{{pay.AccountSales, 400_00, 0}}, want: 400_00},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, storetest.SQLite(t))
			id := b.topUpBill(t, func(c *ent.BillCreate) { c.SetPaidMinor(2000_00) })
			for _, one := range tt.takes {
				b.capture(t, id, one.to, one.amount, one.fee)
			}
			require.NoError(t, b.fulfil(t, id))
			require.NoError(t, b.fulfil(t, id))
			b.requireAvailable(t, tt.want)
		})
	}
}

// What a person accepted is earned by what the accepting moved.
func TestTopUp_CreditsWhatWasAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	id := b.topUpBill(t, func(*ent.BillCreate) {})
	attempt := b.capture(t, id, pay.AccountSuspense, 400_00, 0)
	require.Error(t, b.fulfil(t, id))
	b.mustPostFor(t, id, pay.AcceptTransfer(attempt, pay.Of(400_00, pay.RUB)))
	require.NoError(t, b.fulfil(t, id))
	b.requireAvailable(t, 400_00)
}

func (b *bundle) mustPostFor(t *testing.T, id pay.BillID, transfer pay.Transfer) {
	t.Helper()
	require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := b.service.Post(ctx, tx, b.merchant, &id, transfer)
		return err
	}))
}

func TestTopUp_Refused(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	nobodys := b.topUpBill(t, func(c *ent.BillCreate) { c.Mutation().ResetUser() })
	require.ErrorContains(t, b.fulfil(t, nobodys), "no payer")
	unpaid := b.topUpBill(t, func(*ent.BillCreate) {})
	require.ErrorContains(t, b.fulfil(t, unpaid), "it earned 0.00 RUB")
	b.requireAvailable(t, 0)
}
