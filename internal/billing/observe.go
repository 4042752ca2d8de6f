package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Observer hears of every version of every bill, inside the transaction that
// makes it: what it does there is done exactly when the bill has moved. It must
// not call a provider, and what takes longer is a job that it schedules.
type Observer interface {
	// BillMoved tells that b has a new version. From is nil for a new bill, and
	// equal to its status when something else about it changed.
	BillMoved(ctx context.Context, tx *store.Tx, b *ent.Bill, from *pay.BillStatus) error
}

// tell tells the observers of the version that b has now.
func (s *Service) tell(ctx context.Context, tx *store.Tx, b *ent.Bill, from *pay.BillStatus) error {
	for _, observer := range s.Observers {
		if err := observer.BillMoved(ctx, tx, b, from); err != nil {
			return fmt.Errorf("tell of version %d of bill %s: %w", b.Version, b.ID, err)
		}
	}
	return nil
}
