package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// Money that waits for a person comes to suspense once and leaves it once.
func TestTransfers_OfSuspense(t *testing.T) {
	t.Parallel()

	money := pay.Of(99000, pay.RUB)
	attempt := pay.NewAttemptID(time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC))
	tests := []struct {
		name     string
		transfer pay.Transfer
		key      string
		want     map[pay.AccountKind]int64
	}{
		{
			name: "Accept", transfer: pay.AcceptTransfer(attempt, money),
			key: "accept/" + attempt.String(), want: map[pay.AccountKind]int64{pay.AccountSuspense: -99000, pay.AccountSales: 99000},
		},
		{
			name: "Unmatched", transfer: pay.UnmatchedTransfer("payture", "7", money),
			key: "unmatched/payture/7", want: map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSuspense: 99000},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, tt.transfer.Validate())
			require.Equal(t, tt.key, tt.transfer.Key)
			got := map[pay.AccountKind]int64{}
			for _, leg := range tt.transfer.Legs {
				got[leg.Kind] += leg.Amount.Amount
			}
			require.Equal(t, tt.want, got)
		})
	}
}
