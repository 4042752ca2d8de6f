package billing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/operation"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// askJob polls one attempt until its money is taken or its watch is over. It is
// what settles a bill when no notification ever comes.
func (s *Service) askJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseAttemptID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	ctx = viewer.AsProgram(ctx)
	a, err := s.Store.Read().Attempt.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("read attempt %s: %w", id, err)
	}
	leave, ok := s.lanes.enter(a.Account)
	if !ok {
		return jobs.Snooze(s.now().Add(laneFull))
	}
	defer leave()
	asked, unanswered := s.ask(ctx, id)
	if unanswered != nil {
		if _, ofProvider := errors.AsType[*providers.Error](unanswered); !ofProvider {
			return unanswered
		}
		s.Logger.WarnContext(ctx, "a provider could not be asked", "attempt", id, "account", a.Account, "error", unanswered)
		if err := s.probeLater(ctx, a, unanswered); err != nil {
			return err
		}
	}
	if a, err = s.Store.Read().Attempt.Get(ctx, id); err != nil {
		return fmt.Errorf("read attempt %s again: %w", id, err)
	}
	if err := s.endWatch(ctx, a); err != nil {
		return err
	}
	next := s.nextAsk(a, s.now())
	if next.IsZero() {
		return nil
	}
	// Somebody else has asked just now, perhaps before what we are waiting for was done.
	if at := soonest(a, s.now()); !asked && a.DoubtSince != nil && at.After(s.now()) {
		next = earlier(next, at)
	}
	return jobs.Snooze(next)
}

// endWatch ends what waiting alone cannot: an opening that a crash left behind, a
// page whose provider cannot be asked, and doubt that a day of asking did not
// resolve.
func (s *Service) endWatch(ctx context.Context, a *ent.Attempt) error {
	account, known := s.Accounts.ByCode(a.Account)
	unanswerable := a.Status == pay.AttemptActionRequired && a.WatchUntil.Before(s.now()) &&
		(!known || !canAsk(account, a))
	abandoned := a.Status == pay.AttemptCreated && !s.now().Before(a.CreatedAt.Add(openingLease))
	inDoubt := a.DoubtSince != nil && !s.now().Before(a.DoubtSince.Add(doubtEnds))
	if !abandoned && !inDoubt && !unanswerable {
		return nil
	}
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, err := tx.Attempt.Query().Where(attempt.ID(a.ID)).WithBill().Only(ctx)
		if err != nil {
			return fmt.Errorf("read attempt: %w", err)
		}
		b := a.Edges.Bill
		switch {
		case unanswerable && a.Status == pay.AttemptActionRequired:
			return s.settleClosed(ctx, tx, b, a, providers.Result{}, pay.AttemptExpired)
		case abandoned && a.Status == pay.AttemptCreated && a.Current:
			if err := s.supersede(ctx, tx, a); err != nil {
				return err
			}
			return s.advance(ctx, tx, b, move{To: b.Status, Reason: "attempt.failed"})
		case inDoubt && a.DoubtSince != nil:
			return s.reportDoubt(ctx, tx, b, a)
		}
		return nil
	})
}

// reportDoubt asks a person about money that a day of asking did not find, and says
// what to look for and where.
func (s *Service) reportDoubt(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt) error {
	what, amount := "payment", a.Amount()
	lost, err := tx.Operation.Query().Where(operation.AttemptID(a.ID), operation.ResolvedAtIsNil()).Only(ctx)
	switch {
	case ent.IsNotFound(err):
	case err != nil:
		return fmt.Errorf("read the operation in doubt of attempt %s: %w", a.ID, err)
	default:
		amount = lost.Amount()
		switch lost.Kind {
		case pay.OperationCapture:
			what = "capture"
		case pay.OperationVoid:
			what = "release"
		case pay.OperationRefund:
			what = "refund"
		case pay.OperationStart, pay.OperationCharge:
		}
	}
	details := fmt.Sprintf("The %s of %s was sent for order %s, and for a day the provider has not said whether it was done. Look for that order there.", what, amount, a.OrderNumber)
	return s.report(ctx, tx, pay.ReviewInDoubt, b, a, &amount, details)
}

// probeEvery is how often a provider that does not answer is tried while money is
// in doubt there.
const probeEvery = 5 * time.Second

// probeLater has the account tried soon when money is in doubt there: the first
// answer after an outage re-asks about all of it, long before each attempt's own
// turn.
func (s *Service) probeLater(ctx context.Context, a *ent.Attempt, unanswered error) error {
	if a.DoubtSince == nil || !isOutage(unanswered) {
		return nil
	}
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobProbe, Key: a.Account, RunAt: tx.Now.Add(probeEvery), Priority: priorityProbe})
		if err != nil {
			return fmt.Errorf("schedule a probe of account %s: %w", a.Account, err)
		}
		return nil
	})
}

// probeJob asks about one attempt in doubt. When the provider answers, all the
// others of the account are asked about at once.
func (s *Service) probeJob(ctx context.Context, job jobs.Job) error {
	ctx = viewer.AsProgram(ctx)
	now := s.now()
	inDoubt := s.Store.Read().Attempt.Query().
		Where(attempt.Account(job.Key), attempt.DoubtSinceGT(now.Add(-doubtEnds)))
	candidate, err := inDoubt.Clone().
		Where(attempt.Or(attempt.AskedAtIsNil(), attempt.AskedAtLTE(now.Add(-askInterval)))).
		Order(ent.Asc(attempt.FieldAskedAt, attempt.FieldID)).First(ctx)
	switch {
	case ent.IsNotFound(err):
		n, err := inDoubt.Count(ctx)
		if err != nil {
			return fmt.Errorf("count what is in doubt at account %s: %w", job.Key, err)
		}
		if n == 0 {
			return nil
		}
		return jobs.Snooze(now.Add(askInterval)) // all were asked about just now
	case err != nil:
		return fmt.Errorf("find what is in doubt at account %s: %w", job.Key, err)
	}
	asked, err := s.ask(ctx, candidate.ID)
	if _, ofProvider := errors.AsType[*providers.Error](err); err != nil && !ofProvider {
		return err
	}
	if err != nil || !asked {
		return jobs.Snooze(s.now().Add(probeEvery))
	}
	if !s.reasked.pass(job.Key, now, reaskEvery) {
		return nil
	}
	return s.askAllInDoubt(ctx, job.Key)
}

// isOutage reports whether an error says that the provider is not there, and not
// that it cannot answer about this one order.
func isOutage(err error) bool {
	switch providers.KindOf(err) {
	case providers.Unavailable, providers.Unknown, providers.RateLimited:
		return true
	case "", providers.Rejected, providers.Auth, providers.NotFound, providers.Conflict, providers.Unsupported, providers.Malformed:
	}
	return false
}

// reaskEvery is the least time between two rounds of questions about all that is
// in doubt at an account: one order that it never answers about must not set the
// others off again and again.
const reaskEvery = 20 * time.Second

// turnstile lets one through for each name and while. Names may be strangers': it
// remembers so many, and lets no more of them through meanwhile.
type turnstile struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// turnstileNames is how many names a turnstile remembers.
const turnstileNames = 1000

// pass reports whether the name may go through now: none did in the time of every. Who
// went through at a time that is yet to come did so by a clock that was set back.
func (t *turnstile) pass(name string, now time.Time, every time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, known := t.last[name]; known && now.Sub(last).Abs() < every {
		return false
	}
	if len(t.last) >= turnstileNames {
		maps.DeleteFunc(t.last, func(_ string, last time.Time) bool { return now.Sub(last).Abs() >= every })
	}
	if len(t.last) >= turnstileNames {
		return false
	}
	if t.last == nil {
		t.last = map[string]time.Time{}
	}
	t.last[name] = now
	return true
}

// askBatch is how many questions one transaction schedules: others write too.
const askBatch = 100

// askAllInDoubt has the account asked about everything that is in doubt there.
func (s *Service) askAllInDoubt(ctx context.Context, account string) error {
	list, err := s.Store.Read().Attempt.Query().
		Where(attempt.Account(account), attempt.DoubtSinceNotNil()).Order(ent.Asc(attempt.FieldID)).All(viewer.AsProgram(ctx))
	if err != nil {
		return fmt.Errorf("read what is in doubt at account %s: %w", account, err)
	}
	for batch := range slices.Chunk(list, askBatch) {
		err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
			for _, a := range batch {
				if err := s.askInDoubt(ctx, tx, a.ID, soonest(a, tx.Now)); err != nil {
					return err
				}
			}
			tx.AfterCommit(s.Runner.Wake)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
