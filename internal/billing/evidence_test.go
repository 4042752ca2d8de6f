package billing //nolint:testpackage // what is stored is nobody else's to see

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestEvidence(t *testing.T) {
	t.Parallel()
	full := providers.Result{
		Status: providers.Declined, ProviderRef: "p1", RawStatus: "Rejected",
		Authorized: pay.Of(3, pay.RUB), Captured: pay.Of(9007199254740993, pay.USD), Fee: pay.Of(1, pay.RUB),
		Decline:     &providers.Decline{Code: "fraud", ProviderCode: "7", Message: "No.", Retry: pay.DoNotRetry},
		SessionOver: true, Moderated: true, Refunding: true, RefundFailed: true, TestMode: new(true), Card: &providers.Card{Brand: "visa", Mask: "411111xxxxxx1112"},
		At: time.Date(2026, time.March, 2, 9, 0, 0, 123000, time.UTC),
	}
	for _, want := range []providers.Result{full, {Status: providers.Captured}} {
		raw, err := encodeEvidence(want)
		require.NoError(t, err)
		got, err := decodeEvidence(raw)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	raw, err := encodeEvidence(providers.Result{Status: providers.Captured, Captured: pay.Of(5, pay.RUB)})
	require.NoError(t, err)
	require.JSONEq(t, `{"status":"CAPTURED","captured":{"minor":5,"currency":"RUB"}}`, string(raw)) // rows have it so
}
