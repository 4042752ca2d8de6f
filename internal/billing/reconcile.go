package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Reconciliation asks the provider, where it can be asked, about what is over for
// us: each capture once about an hour after it, and whatever ended, captured or
// not, once a day or two after, and as long after each refund. What we missed is
// settled as ever; what differs from what we recorded becomes a review case.
const (
	reconcileEvery     = time.Hour
	reconcileLateEvery = 24 * time.Hour
	reconcileBatch     = 200
	reconcileReach     = 72 * time.Hour // how far back a run looks: an outage of two days leaves no gap
	reconcileOutage    = 10 * time.Minute
	reconcilePatience  = 3 // questions in a row without an answer are an outage
)

func (s *Service) reconcileJob(ctx context.Context, job jobs.Job) error {
	now := s.now()
	return s.reconcile(ctx, job.Key, reconcileEvery, func(ctx context.Context) ([]*ent.Attempt, error) {
		return s.resolvedAt(ctx, job.Key,
			attempt.StatusEQ(pay.AttemptCaptured),
			attempt.ResolvedAtLTE(now.Add(-reconcileEvery)), attempt.ResolvedAtGT(now.Add(-reconcileReach)),
			attempt.Or(attempt.AskedAtIsNil(), func(s *entsql.Selector) {
				s.Where(entsql.ColumnsLTE(s.C(attempt.FieldAskedAt), s.C(attempt.FieldResolvedAt)))
			}),
		)
	})
}

func (s *Service) reconcileLateJob(ctx context.Context, job jobs.Job) error {
	now := s.now()
	until, from := now.Add(-reconcileLateEvery), now.Add(-reconcileReach)
	// Two hours more than a day: the question of the run before is younger.
	unasked := attempt.Or(attempt.AskedAtIsNil(), attempt.AskedAtLT(until.Add(-2*reconcileEvery)))
	return s.reconcile(ctx, job.Key, reconcileLateEvery, func(ctx context.Context) ([]*ent.Attempt, error) {
		batch, err := s.resolvedAt(ctx, job.Key, attempt.ResolvedAtLTE(until), attempt.ResolvedAtGT(from), unasked)
		if err != nil || len(batch) == reconcileBatch {
			return batch, err
		}
		refunded, err := s.refundedAt(ctx, job.Key, unasked, refund.UpdatedAtLTE(until), refund.UpdatedAtGT(from))
		return append(batch, refunded...)[:min(len(batch)+len(refunded), reconcileBatch)], err
	})
}

// resolvedAt returns a batch of the account's attempts that are over, the earliest
// first.
func (s *Service) resolvedAt(ctx context.Context, code string, which ...predicate.Attempt) ([]*ent.Attempt, error) {
	batch, err := s.Store.Read().Attempt.Query().Where(append(which, attempt.Account(code))...).
		Order(ent.Asc(attempt.FieldResolvedAt, attempt.FieldID)).Limit(reconcileBatch).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find what is to be reconciled with account %s: %w", code, err)
	}
	return batch, nil
}

// refundedAt returns a batch of such of the account's attempts that had money given
// back, or not, at such a time. It begins at the refunds, which are few beside attempts.
func (s *Service) refundedAt(ctx context.Context, code string, such predicate.Attempt, at ...predicate.Refund) ([]*ent.Attempt, error) {
	refunds, err := s.Store.Read().Refund.Query().
		Where(refund.StatusIn(pay.RefundSucceeded, pay.RefundFailed), refund.HasAttemptWith(attempt.Account(code), such)).Where(at...).
		WithAttempt().Order(ent.Asc(refund.FieldUpdatedAt, refund.FieldID)).Limit(reconcileBatch).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find which refunds are to be reconciled with account %s: %w", code, err)
	}
	var batch []*ent.Attempt
	for _, r := range refunds {
		if !slices.ContainsFunc(batch, func(a *ent.Attempt) bool { return a.ID == r.AttemptID }) {
			batch = append(batch, r.Edges.Attempt)
		}
	}
	return batch, nil
}

// reconcile asks about a batch of attempts, one at a time, and snoozes until the
// next.
func (s *Service) reconcile(ctx context.Context, code string, every time.Duration, due func(context.Context) ([]*ent.Attempt, error)) error {
	account, known := s.Accounts.ByCode(code)
	if !known || !account.Provider.Capabilities().Can(providers.OpSync) {
		return nil // an account that is gone, or one whose notifications are all there is
	}
	ctx = viewer.AsProgram(ctx)
	batch, err := due(ctx)
	if err != nil {
		return err
	}
	if len(batch) == 0 {
		return jobs.Snooze(s.now().Add(every))
	}
	leave, ok := s.lanes.enter(code)
	if !ok {
		return jobs.Snooze(s.now().Add(reconcileOutage))
	}
	defer leave()
	var unanswered []*ent.Attempt // in a row
	for _, a := range batch {
		_, err := s.ask(ctx, a.ID)
		_, ofProvider := errors.AsType[*providers.Error](err)
		switch {
		case err == nil:
			unanswered = nil
			continue
		case !ofProvider:
			return err
		}
		s.Logger.WarnContext(ctx, "a provider could not be asked for reconciliation", "account", code, "attempt", a.ID, "error", err)
		if !isOutage(err) {
			continue // about this one order: the others are asked about all the same
		}
		if unanswered = append(unanswered, a); len(unanswered) < reconcilePatience {
			continue
		}
		// The first of them keeps its question: should it be the order and not
		// an outage, the next run begins behind it.
		for _, a := range unanswered[1:] {
			if err := s.unask(ctx, a); err != nil {
				return err
			}
		}
		return jobs.Snooze(s.now().Add(reconcileOutage))
	}
	for _, a := range unanswered {
		if err := s.unask(ctx, a); err != nil {
			return err
		}
	}
	if len(unanswered) > 0 {
		return jobs.Snooze(s.now().Add(reconcileOutage))
	}
	if len(batch) == reconcileBatch {
		return jobs.Snooze(s.now().Add(askInterval))
	}
	return jobs.Snooze(s.now().Add(every))
}

// unask takes back that an attempt was asked about, for there was no answer: the
// next run asks again.
func (s *Service) unask(ctx context.Context, before *ent.Attempt) error {
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		update := tx.Attempt.Update().Where(attempt.ID(before.ID))
		if before.AskedAt == nil {
			update.ClearAskedAt()
		} else {
			update.SetAskedAt(*before.AskedAt)
		}
		if err := update.Exec(ctx); err != nil {
			return fmt.Errorf("take back the question about attempt %s: %w", before.ID, err)
		}
		return nil
	})
}
