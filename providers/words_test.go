package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

func TestCapabilities_Words(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		can  providers.Capabilities
		want []string
	}{
		{"Nothing", providers.Capabilities{}, []string{}},
		{"PartsNeedTheirWhole", providers.Capabilities{PartialCapture: true, PartialRefund: true}, []string{}},
		{
			"Everything",
			providers.Capabilities{
				Ops: []providers.Op{
					providers.OpStart, providers.OpSync, providers.OpCapture, providers.OpVoid,
					providers.OpRefund, providers.OpExpire, providers.OpWebhook, providers.OpSaveCard, providers.OpChargeSaved,
				},
				TwoStage: true, PartialCapture: true, PartialRefund: true,
			},
			[]string{
				"start", "sync", "webhooks", "two_stage", "capture", "partial_capture", "void", "refund", "partial_refund", "expire",
				"save_card", "charge_saved",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.can.Words())
		})
	}
}
