package billing

import "github.com/paygraph/paygraph/internal/pay"

// ReturnTokenForTest is the token in the return URL of an attempt.
func (s *Service) ReturnTokenForTest(id pay.AttemptID) string { return s.returnToken(id) }
