package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestRefundStatus_CanBecome(t *testing.T) {
	t.Parallel()

	tests := []struct {
		from pay.RefundStatus
		want []pay.RefundStatus
		open bool
	}{
		{pay.RefundAwaitingApproval, []pay.RefundStatus{pay.RefundRequested, pay.RefundFailed}, true},
		{pay.RefundRequested, []pay.RefundStatus{pay.RefundSent, pay.RefundSucceeded, pay.RefundFailed}, true},
		{pay.RefundSent, []pay.RefundStatus{pay.RefundRequested, pay.RefundSucceeded, pay.RefundFailed, pay.RefundUnknown}, true},
		{pay.RefundSucceeded, nil, false},
		{pay.RefundFailed, nil, false},
		{pay.RefundUnknown, []pay.RefundStatus{pay.RefundSucceeded, pay.RefundFailed}, true},
	}
	var all []pay.RefundStatus
	for _, tt := range tests {
		t.Run(string(tt.from), func(t *testing.T) {
			t.Parallel()
			var got []pay.RefundStatus
			for _, next := range pay.RefundStatuses() {
				if tt.from.CanBecome(next) {
					got = append(got, next)
				}
			}
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.open, tt.from.IsOpen())
		})
		all = append(all, tt.from)
	}
	require.Equal(t, pay.RefundStatuses(), all)
}

func TestJudgeRefund(t *testing.T) {
	t.Parallel()

	rub := func(minor int64) pay.Money { return pay.Of(minor, pay.RUB) }
	// A part of 300 of 1000, at a provider that tells what is left and has had its time.
	part := func(left int64, change ...func(*pay.RefundEvidence)) pay.RefundEvidence {
		e := pay.RefundEvidence{Taken: rub(1000), Amount: rub(300), Left: rub(left), Settled: true, Tells: true}
		for _, f := range change {
			f(&e)
		}
		return e
	}
	early := func(e *pay.RefundEvidence) { e.Settled = false }
	busy := func(e *pay.RefundEvidence) { e.Refunding = true }
	silent := func(e *pay.RefundEvidence) { e.Tells = false }
	whole := func(e *pay.RefundEvidence) { e.Amount = e.Taken }
	dollars := func(e *pay.RefundEvidence) { e.Left.Currency = pay.USD }
	tests := []struct {
		name string
		in   pay.RefundEvidence
		want pay.RefundVerdict
	}{
		{"LessIsLeft", part(700), pay.RefundIsDone},
		{"LessIsLeftAtOnce", part(700, early), pay.RefundIsDone},
		{"LessIsLeftThoughItIsAtIt", part(700, busy), pay.RefundIsDone},
		{"AllIsThere", part(1000), pay.RefundIsNotDone},
		{"AllIsThereYet", part(1000, early), pay.RefundIsOut},
		{"AllIsThereAndItIsAtIt", part(1000, busy), pay.RefundIsOut},
		{"AllIsThereSaysWhoTellsNothing", part(1000, silent), pay.RefundIsOut},
		{"NothingIsLeftOfTheWhole", part(0, whole), pay.RefundIsDone},
		{"TheWholeIsThere", part(1000, whole), pay.RefundIsNotDone},
		{"TheWholeIsThereSaysWhoTellsNoParts", part(1000, whole, silent), pay.RefundIsNotDone},
		{"AnotherAmountIsLeft", part(699), pay.RefundIsDisputed},
		{"MoreThanEverIsThere", part(1001), pay.RefundIsDisputed},
		{"AnotherAmountIsLeftAtOnce", part(0, early), pay.RefundIsDisputed},
		{"AnotherCurrencyIsLeft", part(700, dollars), pay.RefundIsDisputed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, pay.JudgeRefund(tt.in))
		})
	}
}

// Only one amount is a refund that was done, and only its absence one that was not.
func TestJudgeRefund_BelievesNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		taken := rapid.Int64Range(1, 1_000_000).Draw(t, "taken")
		amount := rapid.Int64Range(1, taken).Draw(t, "amount")
		left := rapid.Int64Range(0, 2*taken).Draw(t, "left")
		verdict := pay.JudgeRefund(pay.RefundEvidence{
			Taken: pay.Of(taken, pay.RUB), Amount: pay.Of(amount, pay.RUB), Left: pay.Of(left, pay.RUB),
			Refunding: rapid.Bool().Draw(t, "refunding"), Settled: rapid.Bool().Draw(t, "settled"), Tells: rapid.Bool().Draw(t, "tells"),
		})
		require.Equal(t, left == taken-amount, verdict == pay.RefundIsDone)
		require.Equal(t, left != taken-amount && left != taken, verdict == pay.RefundIsDisputed)
	})
}

// Each step of a refund is booked once, under the refund's own key.
func TestTransfers_OfRefunds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	refund, wallet, money := pay.NewRefundID(now), pay.NewWalletID(now), pay.Of(5000, pay.RUB)
	type sums = map[pay.AccountKind]int64
	tests := []struct {
		name     string
		transfer pay.Transfer
		key      string
		entry    pay.EntryKind
		want     sums
		refunds  bool // it gave a bill's money back
		revokes  bool // it moved a top-up's
	}{
		{"ToAProvider", pay.RefundTransfer(refund, "payture", pay.AccountRefunds, money), "refund/", pay.EntryRefund, sums{pay.AccountRefunds: -5000, pay.AccountClearing: 5000}, true, false},
		{"OfMoneyThatWaited", pay.RefundTransfer(refund, "payture", pay.AccountSuspense, money), "refund/", pay.EntryRefund, sums{pay.AccountSuspense: -5000, pay.AccountClearing: 5000}, true, false},
		{"ToAWallet", pay.WalletRefundTransfer(refund, wallet, pay.AccountRefunds, money), "refund/", pay.EntryRefund, sums{pay.AccountRefunds: -5000, pay.AccountWalletAvailable: 5000}, true, false},
		{"ATopUpIsSetAside", pay.RevokeHoldTransfer(refund, wallet, money), "refund_hold/", pay.EntryHold, sums{pay.AccountWalletAvailable: -5000, pay.AccountWalletHeld: 5000}, false, true},
		{"ATopUpIsTakenOut", pay.RevokeTransfer(refund, wallet, money), "refund_revoke/", pay.EntryRefund, sums{pay.AccountWalletHeld: -5000, pay.AccountRefunds: 5000}, false, true},
		{"ATopUpIsLetGo", pay.RevokeReleaseTransfer(refund, wallet, money), "refund_release/", pay.EntryRelease, sums{pay.AccountWalletHeld: -5000, pay.AccountWalletAvailable: 5000}, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, tt.transfer.Validate())
			require.Equal(t, tt.key+refund.String(), tt.transfer.Key)
			require.Equal(t, tt.entry, tt.transfer.Entry)
			got := sums{}
			for _, leg := range tt.transfer.Legs {
				got[leg.Kind] += leg.Amount.Amount
			}
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.refunds, pay.IsRefundKey(tt.transfer.Key))
			require.Equal(t, tt.revokes, pay.IsRevokeKey(tt.transfer.Key))
			require.False(t, pay.IsEarningKey(tt.transfer.Key))
		})
	}
	attempt := pay.NewAttemptID(now)
	require.True(t, pay.IsEarningKey(pay.CaptureTransfer(attempt, "payture", pay.AccountSales, money).Key))
	require.True(t, pay.IsEarningKey(pay.AcceptTransfer(attempt, money).Key))
	require.False(t, pay.IsEarningKey(pay.TopUpTransfer(pay.NewBillID(now), wallet, money).Key))
}
