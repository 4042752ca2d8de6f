package billing

import (
	"context"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// ReturnTokenForTest is the token in the return URL of an attempt.
func (s *Service) ReturnTokenForTest(id pay.AttemptID) string { return s.returnToken(id) }

// NotifyTokenForTest is the token in the address of an attempt's own notifications.
func (s *Service) NotifyTokenForTest(id pay.AttemptID) string { return s.notifyToken(id) }

// SettleInForTest settles what a provider says within tx.
func (s *Service) SettleInForTest(ctx context.Context, tx *store.Tx, id pay.AttemptID, said providers.Result) error {
	return s.settle(ctx, tx, id, said)
}

// TurnstileForTest is the pass of a new turnstile.
func TurnstileForTest() func(name string, now time.Time, every time.Duration) bool {
	return new(turnstile).pass
}
