package billing

import (
	"context"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// SettleForTest settles what a provider says of an attempt, as a poll would.
func (s *Service) SettleForTest(ctx context.Context, id pay.AttemptID, r providers.Result) error {
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error { return s.settle(ctx, tx, id, r) })
}
