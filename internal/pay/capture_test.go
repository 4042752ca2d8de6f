package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// Every status of a bill, with every kind of money that may be taken for it.
func TestJudgeCapture(t *testing.T) {
	t.Parallel()

	asked := pay.Of(12480, pay.RUB)
	takings := []struct {
		name     string
		captured pay.Money
		otherRun bool
		mismatch pay.ReviewReason // of a bill that waits for its money; "" where this is it
	}{
		{"Exact", asked, false, ""},
		{"Less", pay.Of(12479, pay.RUB), false, pay.ReviewAmountMismatch},
		{"More", pay.Of(12481, pay.RUB), false, pay.ReviewAmountMismatch},
		{"Nothing", pay.Of(0, pay.RUB), false, pay.ReviewAmountMismatch},
		{"Negative", pay.Of(-12480, pay.RUB), false, pay.ReviewAmountMismatch},
		{"OtherCurrency", pay.Of(12480, pay.KZT), false, pay.ReviewCurrencyMismatch},
		{"TestMoney", asked, true, pay.ReviewAmountMismatch},
		{"TestMoneyOfAnotherCurrency", pay.Of(12480, pay.KZT), true, pay.ReviewCurrencyMismatch},
	}
	statuses := []struct {
		bill   pay.BillStatus
		always pay.ReviewReason // whatever was taken; "" for a bill that waits for money
	}{
		{pay.BillPending, ""},
		{pay.BillAuthorized, ""},
		{pay.BillPaid, pay.ReviewDuplicatePayment},
		{pay.BillDone, pay.ReviewDuplicatePayment},
		{pay.BillAmountMismatch, pay.ReviewDuplicatePayment},
		{pay.BillRefunded, pay.ReviewDuplicatePayment},
		{pay.BillFailed, pay.ReviewLatePayment},
		{pay.BillExpired, pay.ReviewLatePayment},
		{pay.BillCanceled, pay.ReviewLatePayment},
		{"NO_STATUS", pay.ReviewProviderDisagrees},
	}
	require.Len(t, statuses, len(pay.BillStatuses())+1)

	wants := func(always, mismatch pay.ReviewReason) pay.Verdict {
		switch {
		case always != "":
			return pay.Verdict{Review: always, Account: pay.AccountSuspense}
		case mismatch != "":
			return pay.Verdict{Bill: pay.BillAmountMismatch, Review: mismatch, Account: pay.AccountSuspense}
		}
		return pay.Verdict{Bill: pay.BillPaid, Account: pay.AccountSales}
	}
	for _, status := range statuses {
		for _, taking := range takings {
			t.Run(string(status.bill)+"_"+taking.name, func(t *testing.T) {
				got := pay.JudgeCapture(pay.Capture{Bill: status.bill, Expected: asked, Captured: taking.captured, OtherRun: taking.otherRun})
				require.Equal(t, wants(status.always, taking.mismatch), got)
			})
		}
	}

	t.Run("AVerdictIsAMoveThatTheBillMayMake", func(t *testing.T) {
		t.Parallel()
		for _, bill := range pay.BillStatuses() {
			for _, taking := range takings {
				to := pay.JudgeCapture(pay.Capture{Bill: bill, Expected: asked, Captured: taking.captured}).Bill
				require.True(t, to == "" || bill.CanBecome(to), "%s to %s", bill, to)
			}
		}
	})
}

func TestCaptureTransfer(t *testing.T) {
	t.Parallel()

	attempt := pay.NewAttemptID(time.UnixMilli(1_770_000_000_000))
	transfer := pay.CaptureTransfer(attempt, "payture-main", pay.AccountSales, pay.Of(12480, pay.RUB))
	require.Equal(t, pay.Transfer{
		Key:   "capture/" + attempt.String(),
		Entry: pay.EntryPurchase,
		Legs: []pay.Leg{
			{Kind: pay.AccountClearing, Owner: "payture-main", Amount: pay.Of(-12480, pay.RUB)},
			{Kind: pay.AccountSales, Amount: pay.Of(12480, pay.RUB)},
		},
	}, transfer)
	require.NoError(t, transfer.Validate())
	require.Equal(t, transfer, pay.CaptureTransfer(attempt, "payture-main", pay.AccountSales, pay.Of(12480, pay.RUB)), "its key is the attempt's: it is booked once")
}
