package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// askInterval is the least time between two questions about one attempt:
// whoever floods us with hints does not flood the provider through us.
const askInterval = 2 * time.Second

// ask asks the provider what became of an attempt and settles the answer. It
// does nothing when the attempt was asked about within askInterval. It waits on
// the provider and must not be called inside a transaction; it is safe to repeat.
func (s *Service) ask(ctx context.Context, id pay.AttemptID) error {
	ctx = viewer.AsProgram(ctx)
	a, err := s.mayAsk(ctx, id)
	if a == nil || err != nil {
		return err
	}
	account, known := s.Accounts.ByCode(a.Account)
	if !known || !account.Provider.Capabilities().Can(providers.OpSync) {
		return nil
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	result, err := account.Provider.Sync(call, providers.Ref{OrderNumber: a.OrderNumber, ProviderRef: deref(a.ProviderRef)})
	switch kind := providers.KindOf(err); {
	case err == nil:
	case kind == providers.NotFound:
		return s.neverHeardOf(ctx, a)
	default:
		return fmt.Errorf("ask about attempt %s: %w", id, err)
	}
	return s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error { return s.settle(ctx, tx, id, result) })
}

// mayAsk takes the right to ask now, by one guarded UPDATE, so that webhook,
// poll, return page and refresh together ask once. It returns nil when somebody
// else has it.
func (s *Service) mayAsk(ctx context.Context, id pay.AttemptID) (a *ent.Attempt, err error) {
	known, err := s.Store.Read().Attempt.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read attempt %s: %w", id, err)
	}
	if known.AskedAt != nil && known.AskedAt.After(s.now().Add(-askInterval)) {
		return nil, nil //nolint:nilnil // not allowed is an answer here; a flood of questions writes nothing
	}
	err = s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		a = nil
		n, err := tx.Attempt.Update().
			Where(attempt.ID(id), attempt.Or(attempt.AskedAtIsNil(), attempt.AskedAtLTE(tx.Now.Add(-askInterval)))).
			SetAskedAt(tx.Now).Save(ctx)
		if err != nil || n == 0 {
			return err
		}
		a, err = tx.Attempt.Get(ctx, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take the right to ask about attempt %s: %w", id, err)
	}
	if a == nil {
		return nil, nil //nolint:nilnil // not allowed is an answer here
	}
	return a.Unwrap(), nil
}

// neverHeardOf settles that the provider does not know the order. It is believed
// only after the provider's settling time; then what we sent never arrived.
func (s *Service) neverHeardOf(ctx context.Context, a *ent.Attempt) error {
	return s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, err := tx.Attempt.Query().Where(attempt.ID(a.ID)).WithBill().Only(ctx)
		if err != nil {
			return fmt.Errorf("read attempt %s: %w", a.ID, err)
		}
		if a.Status == pay.AttemptActionRequired && !tx.Now.Before(a.WatchUntil) {
			return s.settleClosed(ctx, tx, a.Edges.Bill, a, providers.Result{}, pay.AttemptExpired)
		}
		if !s.hasSettled(a, tx.Now) || a.Status != pay.AttemptUnknown && a.Status != pay.AttemptSent {
			return nil
		}
		if err := s.moveAttempt(ctx, tx, a, pay.AttemptFailed, providers.Result{}, nil); err != nil {
			return err
		}
		if err := resolveOperations(ctx, tx, a.ID, pay.OperationFailed, string(providers.NotFound)); err != nil {
			return err
		}
		b := a.Edges.Bill
		return s.advance(ctx, tx, b, afterAttempt(b, a, pay.AttemptFailed))
	})
}

// hasSettled reports whether the provider has had time to know of everything
// that we sent it about the attempt.
func (s *Service) hasSettled(a *ent.Attempt, now time.Time) bool {
	since := a.CreatedAt
	if a.DoubtSince != nil {
		since = *a.DoubtSince
	}
	var settling time.Duration
	if account, known := s.Accounts.ByCode(a.Account); known {
		settling = account.Provider.Capabilities().SettlingTime
	}
	return !now.Before(since.Add(settling))
}

// Refresh asks the provider now about a bill's attempts that may still take
// money, and returns the bill. An attempt that was asked about within two
// seconds is not asked about again, so it may be repeated at will.
//
// Outcome.Errors: CodeNotFound, or CodeProviderUnavailable with the bill.
func (s *Service) Refresh(ctx context.Context, rawID string) (*Outcome, error) {
	b, refused, err := s.visible(ctx, rawID, "bill")
	if refused != nil || err != nil {
		return refused, err
	}
	attempts, err := s.Store.Read().Attempt.Query().
		Where(
			attempt.BillID(b.ID), attempt.StatusNEQ(pay.AttemptCaptured),
			attempt.Or(attempt.WatchUntilGT(s.now()), attempt.StatusIn(pay.AttemptAuthorized, pay.AttemptUnknown)),
		).
		All(viewer.AsProgram(ctx))
	if err != nil {
		return nil, fmt.Errorf("read the attempts of bill %s: %w", b.ID, err)
	}
	outcome := &Outcome{Bill: b.ID}
	for _, a := range attempts {
		if err := s.ask(ctx, a.ID); err != nil {
			if _, ok := errors.AsType[*providers.Error](err); !ok {
				return nil, err
			}
			s.Logger.WarnContext(ctx, "a provider could not be asked", "attempt", a.ID, "account", a.Account, "error", err)
			outcome.Errors = asList(pay.Errorf(pay.CodeProviderUnavailable, "provider.unavailable", "The provider cannot be asked right now. What is shown is what was known before."))
		}
	}
	return outcome, nil
}

// nextAsk is when the job asks about an attempt again; the zero time is never.
// In doubt: 2, 5, 15, 60 s after the doubt began, then every 10 min for a day.
// Open: a quarter of its age, at least 3 s and at most 2 min, until the watch
// ends.
func nextAsk(a *ent.Attempt, now time.Time) time.Time {
	switch {
	case a.Status == pay.AttemptCaptured:
		return time.Time{}
	case a.DoubtSince != nil:
		return nextInDoubt(*a.DoubtSince, now)
	case a.Status == pay.AttemptAuthorized:
		return now.Add(authorizedPoll)
	case now.After(a.WatchUntil) && !a.Status.IsOpen():
		return time.Time{}
	}
	wait := min(max(now.Sub(a.CreatedAt)/4, 3*time.Second), 2*time.Minute)
	return now.Add(wait)
}

// The poll of a hold that waits for its merchant, and the questions in doubt.
const (
	authorizedPoll = 10 * time.Minute
	doubtPoll      = 10 * time.Minute
	doubtEnds      = 24 * time.Hour
)

func nextInDoubt(since, now time.Time) time.Time {
	for _, after := range []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 60 * time.Second} {
		if at := since.Add(after); at.After(now) {
			return at
		}
	}
	return now.Add(doubtPoll)
}
