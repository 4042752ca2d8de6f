package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/pay"
)

// AttemptsByID returns those of the attempts that the viewer may see, with their
// bills, in no order.
func (s *Service) AttemptsByID(ctx context.Context, ids []pay.AttemptID) ([]*ent.Attempt, error) {
	found, err := s.Store.Read().Attempt.Query().Where(attempt.IDIn(ids...)).WithBill().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d attempts: %w", len(ids), err)
	}
	return found, nil
}

// ReviewsByID returns those of the review cases that the viewer may see, with
// their bills and attempts, in no order.
func (s *Service) ReviewsByID(ctx context.Context, ids []pay.ReviewCaseID) ([]*ent.ReviewCase, error) {
	found, err := s.Store.Read().ReviewCase.Query().Where(reviewcase.IDIn(ids...)).WithBill().WithAttempt().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d review cases: %w", len(ids), err)
	}
	return found, nil
}
