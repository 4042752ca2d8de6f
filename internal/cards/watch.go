package cards

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// The jobs of cards. The first is keyed by the registration, the second by the
// card, the third by account and user; the last is the installation's.
const (
	jobWatch  jobs.Kind = "card_registration.watch"
	jobForget jobs.Kind = "card.forget"
	jobLater  jobs.Kind = "card.save_later"
	jobExpire jobs.Kind = "card.expire"
)

// Lower runs first; asking about money goes before all of these.
const (
	priorityWatch  = 35
	priorityLater  = 36
	priorityForget = 45
	priorityExpire = 50
)

func (s *Service) registerJobs() {
	always := jobs.Policy{Delays: jobs.Patient().Delays, Last: -1, Jitter: 10}
	s.Runner.Handle(jobWatch, always, s.watchJob)
	s.Runner.Handle(jobForget, always, s.forgetJob)
	s.Runner.Handle(jobLater, always, s.laterJob)
	s.Runner.Handle(jobExpire, always, s.expireJob)
}

// Begin sets the daily work going. Call it at each start, before the jobs run; it
// is safe to repeat.
func (s *Service) Begin(ctx context.Context) error {
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		return jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobExpire, Key: "all", RunAt: tx.Now, Priority: priorityExpire})
	})
}

// lookAt has the provider's list read for a registration at a time.
func (s *Service) lookAt(ctx context.Context, tx *store.Tx, id pay.CardRegistrationID, at time.Time) error {
	err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobWatch, Key: id.String(), RunAt: at, Priority: priorityWatch})
	if err != nil {
		return fmt.Errorf("schedule a look for card registration %s: %w", id, err)
	}
	return nil
}

// firstLook is when a registration's list is first polled.
const firstLook = 5 * time.Second

// watchJob polls one registration until it has its card or its watch is over. It
// is what completes it when nobody comes back and no notification does.
func (s *Service) watchJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseCardRegistrationID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	ctx = viewer.AsProgram(ctx)
	r, err := s.Store.Read().CardRegistration.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("read card registration %s: %w", id, err)
	}
	if isWatched(r, s.now()) && r.Status != pay.RegistrationPending {
		leave, ok := s.lanes.enter(r.Account)
		if !ok {
			return jobs.Snooze(s.now().Add(laneFull))
		}
		defer leave()
		if _, err := s.look(ctx, id, false); err != nil {
			if _, ofProvider := errors.AsType[*providers.Error](err); !ofProvider && !errors.Is(err, errNoAccount) {
				return err
			}
			s.Logger.WarnContext(ctx, "a provider's cards could not be read", "registration", id, "account", r.Account, "error", err)
		}
	}
	if r, err = s.endOverdue(ctx, id); err != nil {
		return err
	}
	next := nextLook(r, s.now())
	if next.IsZero() {
		return nil
	}
	return jobs.Snooze(next)
}

// endOverdue ends a registration whose time is over, though its provider did not
// answer: an opening that a crash left behind fails, a page expires. A card that is
// found later still completes it.
func (s *Service) endOverdue(ctx context.Context, id pay.CardRegistrationID) (r *ent.CardRegistration, err error) {
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		if r, err = tx.CardRegistration.Get(ctx, id); err != nil {
			return fmt.Errorf("read card registration %s: %w", id, err)
		}
		switch {
		case r.Status == pay.RegistrationPending && !tx.Now.Before(r.CreatedAt.Add(pendingLife)):
			r.WatchUntil = tx.Now
			return s.fail(ctx, tx, r, failure{Code: failedAbandoned, Message: "The provider's page could not be opened. Start again.", Retry: pay.RetryNewKey})
		case r.Status == pay.RegistrationActionRequired && !tx.Now.Before(r.ExpiresAt):
			return s.expire(ctx, tx, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.Unwrap(), nil
}

// nextLook is when the job looks again; the zero time is never. An open page:
// after a third of its age, at least 5 s and at most 5 min, and when its time is
// over. One that is expired or superseded: after half its age, at least 15 s and at
// most 10 min, until the watch ends.
func nextLook(r *ent.CardRegistration, now time.Time) time.Time {
	if r.Status == pay.RegistrationPending {
		return r.CreatedAt.Add(pendingLife)
	}
	if !isWatched(r, now) {
		return time.Time{}
	}
	age := now.Sub(r.CreatedAt)
	if r.Status != pay.RegistrationActionRequired {
		return now.Add(min(max(age/2, 15*time.Second), 10*time.Minute))
	}
	next := now.Add(min(max(age/3, 5*time.Second), 5*time.Minute))
	if next.After(r.ExpiresAt) {
		return r.ExpiresAt
	}
	return next
}
