package billing

import (
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// ReturnTokenForTest is the token in the return URL of an attempt.
func (s *Service) ReturnTokenForTest(id pay.AttemptID) string { return s.returnToken(id) }

// NotifyTokenForTest is the token in the address of an attempt's own notifications.
func (s *Service) NotifyTokenForTest(id pay.AttemptID) string { return s.notifyToken(id) }

// TurnstileForTest is the pass of a new turnstile.
func TurnstileForTest() func(name string, now time.Time, every time.Duration) bool {
	return new(turnstile).pass
}
