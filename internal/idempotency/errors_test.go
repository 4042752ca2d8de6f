package idempotency_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestEncodeErrors(t *testing.T) {
	t.Parallel()

	limit := pay.Of(pay.MaxAmount, pay.RUB)
	available := pay.Of(0, pay.RUB)
	plain := pay.Invalid("amount.zero", "The amount is zero.", "lines", "0", "unit")
	tests := []struct {
		name   string
		detail pay.Detail
	}{
		{name: "Plain"},
		{name: "State", detail: pay.StateDetail{From: "PAID", Allowed: []string{"refund"}}},
		{name: "StateWithoutActions", detail: pay.StateDetail{From: "REFUNDED", Allowed: []string{}}},
		{name: "Idempotency", detail: pay.IdempotencyDetail{OriginalID: "bill_x"}},
		{name: "Decline", detail: pay.DeclineDetail{DeclineCode: "expired_card", ProviderCode: "54", Attempt: pay.NewAttemptID(storetest.Epoch())}},
		{name: "DeclineWithoutAttempt", detail: pay.DeclineDetail{DeclineCode: "declined"}},
		{name: "Limit", detail: pay.LimitDetail{RetryAfter: 1500 * time.Millisecond, Limit: &limit, Available: &available}},
		{name: "LimitOfCalls", detail: pay.LimitDetail{RetryAfter: time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := *plain
			want.Detail = tt.detail
			got, err := idempotency.DecodeErrors(idempotency.EncodeErrors([]*pay.Error{&want}))
			require.NoError(t, err)
			require.Equal(t, []*pay.Error{&want}, got)
		})
	}
}

func TestEncodeErrors_Causes(t *testing.T) {
	t.Parallel()

	secret := pay.Errorf(pay.CodeDeclined, "declined", "Declined.").Because(errors.New("password=hunter2"))
	require.NotContains(t, string(idempotency.EncodeErrors([]*pay.Error{secret})), "hunter2")
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()

	require.Nil(t, idempotency.EncodeErrors(nil))
	none, err := idempotency.DecodeErrors(nil)
	require.NoError(t, err)
	require.Empty(t, none)

	_, err = idempotency.DecodeErrors(json.RawMessage(`{`))
	require.Error(t, err)
}
