package entitlements

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/pay"
)

// ByID returns those of the entitlements that the viewer in ctx may see, in no
// order.
func (r *Reader) ByID(ctx context.Context, ids []pay.EntitlementID) ([]*ent.Entitlement, error) {
	found, err := r.store.Read().Entitlement.Query().Where(entitlement.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d entitlements: %w", len(ids), err)
	}
	return found, nil
}
