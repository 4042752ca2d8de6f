package pay_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestAttemptStatus_CanBecome(t *testing.T) {
	t.Parallel()

	lateMoney := []pay.AttemptStatus{pay.AttemptAuthorized, pay.AttemptCaptured} // of a session that outlived our record
	tests := []struct {
		from pay.AttemptStatus
		want []pay.AttemptStatus
	}{
		{pay.AttemptCreated, []pay.AttemptStatus{
			pay.AttemptSent, pay.AttemptActionRequired, pay.AttemptAuthorized, pay.AttemptCaptured, pay.AttemptDeclined, pay.AttemptFailed, pay.AttemptExpired,
		}},
		{pay.AttemptSent, []pay.AttemptStatus{
			pay.AttemptActionRequired, pay.AttemptAuthorized, pay.AttemptCaptured, pay.AttemptDeclined,
			pay.AttemptFailed, pay.AttemptVoided, pay.AttemptExpired, pay.AttemptUnknown,
		}},
		{pay.AttemptActionRequired, []pay.AttemptStatus{
			pay.AttemptAuthorized, pay.AttemptCaptured, pay.AttemptDeclined, pay.AttemptFailed, pay.AttemptVoided, pay.AttemptExpired, pay.AttemptUnknown,
		}},
		{pay.AttemptAuthorized, []pay.AttemptStatus{pay.AttemptCaptured, pay.AttemptVoided, pay.AttemptExpired, pay.AttemptUnknown}},
		{pay.AttemptCaptured, nil},
		{pay.AttemptDeclined, lateMoney},
		{pay.AttemptFailed, lateMoney},
		{pay.AttemptVoided, []pay.AttemptStatus{pay.AttemptCaptured}},
		{pay.AttemptExpired, lateMoney},
		{pay.AttemptUnknown, []pay.AttemptStatus{
			pay.AttemptActionRequired, pay.AttemptAuthorized, pay.AttemptCaptured, pay.AttemptDeclined,
			pay.AttemptFailed, pay.AttemptVoided, pay.AttemptExpired,
		}},
	}
	require.Len(t, tests, len(pay.AttemptStatuses()))
	for _, tt := range tests {
		t.Run(string(tt.from), func(t *testing.T) {
			require.Equal(t, tt.want, reachable(pay.AttemptStatuses(), tt.from, pay.AttemptStatus.CanBecome))
			require.Equal(t, tt.from != pay.AttemptCaptured, tt.from.CanBecome(pay.AttemptCaptured), "captured money is seen wherever it comes from, once")
		})
	}
}

func TestAttemptStatus_IsOpen(t *testing.T) {
	t.Parallel()

	open := slices.DeleteFunc(pay.AttemptStatuses(), func(s pay.AttemptStatus) bool { return !s.IsOpen() })
	require.Equal(t, []pay.AttemptStatus{
		pay.AttemptCreated, pay.AttemptSent, pay.AttemptActionRequired, pay.AttemptAuthorized, pay.AttemptUnknown,
	}, open)
	require.False(t, pay.AttemptStatus("NO_STATUS").IsOpen())
}

func TestOperationKind_MovesMoney(t *testing.T) {
	t.Parallel()

	require.False(t, pay.OperationStart.MovesMoney(), "a session that nobody saw takes nothing")
	for _, kind := range []pay.OperationKind{pay.OperationCharge, pay.OperationCapture, pay.OperationVoid, pay.OperationRefund} {
		require.True(t, kind.MovesMoney(), kind)
	}
}
