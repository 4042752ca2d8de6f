package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
)

// claimKey looks up what key did before. A finished call gives its outcome, to
// be returned as it is; otherwise the claim is the caller's to begin.
func (s *Service) claimKey(ctx context.Context, mutation, key string, input any) (*idempotency.Claim, *Outcome, error) {
	c, answer, err := s.keys.Open(ctx, mutation, key, input)
	if err != nil {
		outcome, err := outcomeOf(pay.BillID{}, err)
		return nil, outcome, err
	}
	if c != nil {
		return c, nil, nil
	}
	outcome, err := replay(answer)
	return nil, outcome, err
}

// replay is the outcome of a call that was finished before.
func replay(answer *idempotency.Answer) (*Outcome, error) {
	outcome := &Outcome{Replayed: true, Errors: answer.Errors}
	if answer.ObjectID != "" {
		id, err := pay.ParseBillID(answer.ObjectID)
		if err != nil {
			return nil, fmt.Errorf("read what an idempotency key made: %w", err)
		}
		outcome.Bill = id
	}
	return outcome, nil
}

// afterRace answers a call that lost its key to another.
func (s *Service) afterRace(ctx context.Context, c *idempotency.Claim) (*Outcome, error) {
	answer, err := s.keys.AfterRace(ctx, c)
	if err != nil {
		return outcomeOf(pay.BillID{}, err)
	}
	return replay(answer)
}
