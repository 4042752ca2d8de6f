package billing

import (
	"context"
	"errors"

	"github.com/paygraph/paygraph/internal/breaker"
	"github.com/paygraph/paygraph/providers"
)

// guarded makes a call that opens a payment's page or moves its money, unless the
// account does not answer such calls just now: then it is refused at once as surely
// not done. What only asks is never refused, see ask. What package cards sends, to
// add, activate or remove a saved card, has no breaker.
func (s *Service) guarded(ctx context.Context, account providers.Account, op providers.Op, call func() (providers.Result, error)) (providers.Result, error) {
	ended, ok := s.breakers.Allow(account.Code + "/" + string(op))
	if !ok {
		return providers.Result{}, &providers.Error{
			Provider: account.Provider.Name(), Op: op, Kind: providers.Unavailable, Err: errCircuitOpen,
		}
	}
	outcome := breaker.Unknown // of a call that never returns
	defer func() { ended(outcome) }()
	result, err := call()
	outcome = judgeCall(ctx, err)
	return result, err
}

// errCircuitOpen is the cause of a refusal by a breaker.
var errCircuitOpen = errors.New("its last calls failed, so it is left alone for a few seconds")

// judgeCall says what a call's end tells of the provider's health. A refusal of
// any kind is an answer.
func judgeCall(ctx context.Context, err error) breaker.Outcome {
	switch providers.KindOf(err) {
	case providers.Unavailable, providers.Unknown, providers.Malformed:
		if errors.Is(ctx.Err(), context.Canceled) {
			return breaker.Unknown
		}
		return breaker.Failed
	case "", providers.Rejected, providers.Auth, providers.NotFound, providers.Conflict, providers.RateLimited, providers.Unsupported:
	}
	return breaker.Answered
}

func (s *Service) logBreaker(name string, open bool) {
	if open {
		s.Logger.Warn("a provider's calls fail, they are refused for a while", "calls", name)
		return
	}
	s.Logger.Info("a provider's calls go through again", "calls", name)
}
