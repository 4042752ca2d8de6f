package entitlements_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// What a bill granted ends when all its money is back, unless its product says keep.
func TestDirect_Returned(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		all    bool
		policy pay.RefundPolicy
		ends   bool
	}{
		{"AllIsBack", true, pay.RefundRevoke, true},
		{"APartIsBack", false, pay.RefundRevoke, false},
		{"TheBuyerKeepsIt", true, pay.RefundKeep, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				b := setup(t, url)
				product := b.product(t, "news", func(p *ent.ProductCreate) { p.SetGrantResources([]string{"news", "sport"}) })
				id := b.bill(t, product, func(c *ent.BillCreate) { c.SetUserID(b.alice) })
				other := b.bill(t, product, func(c *ent.BillCreate) { c.SetUserID(b.bob) })
				b.fulfil(t, id)
				b.fulfil(t, other)
				for range 2 {
					b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
						return entitlements.New().Returned(ctx, tx, &ent.Bill{ID: id}, &ent.Product{RefundPolicy: tt.policy}, &ent.Refund{ReturnsAll: tt.all})
					})
				}
				require.Len(t, b.granted(t, id), 2)
				for _, e := range b.granted(t, id) {
					require.Equal(t, tt.ends, e.RevokedAt != nil)
				}
				for _, e := range b.granted(t, other) {
					require.Nil(t, e.RevokedAt)
				}
			})
		})
	}
}
