package payelata

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

type movable struct{ at time.Time }

func (m *movable) Now() time.Time { return m.at }

// With PayElata's default of five tries at an invoice a refused charge of a saved card is
// told as refused once nothing has happened for the settling time, and not only when the
// invoice ends.
func TestClient_SyncRefusedChargeWithTriesLeft(t *testing.T) {
	t.Parallel()
	for _, resolution := range []string{"insufficient_funds", "client_auth_failed"} {
		t.Run(resolution, func(t *testing.T) {
			t.Parallel()
			clock := &movable{at: noon}
			asked := anInvoice(t, change{"status": "process_pending", "resolution": resolution, "updated": noon.Unix(), "metadata": map[string]string{"opened_for": "charge"}})
			v := vendortest.New(t, says(200, asked))
			c := newClient(t, v.URL)
			c.clock = clock
			ref := providers.Ref{OrderNumber: order, ProviderRef: invoiceID, OfCustomer: true}
			early, err := c.Sync(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, providers.Pending, early.Status)
			clock.at = noon.Add(settlingTime)
			late, err := c.Sync(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, providers.Declined, late.Status, resolution)
			require.True(t, late.SessionOver)
			page, err := c.Sync(t.Context(), providers.Ref{OrderNumber: order, ProviderRef: invoiceID})
			require.NoError(t, err)
			require.Equal(t, providers.ActionRequired, page.Status, "a page takes further tries")
		})
	}
}
