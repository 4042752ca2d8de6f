package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/ent/providerevent"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Begin takes up what an earlier process left: all that is in doubt is asked about
// at once, and the sweeps are set going. Call it at each start, before the jobs
// run; it may be repeated, and several processes may.
func (s *Service) Begin(ctx context.Context) error {
	for _, account := range s.Accounts.All() {
		if err := s.askAllInDoubt(ctx, account.Code); err != nil {
			return err
		}
	}
	return s.Store.InTxAgain(viewer.AsProgram(ctx), func(ctx context.Context, tx *store.Tx) error {
		for _, account := range s.Accounts.All() {
			// The times are spread by nothing but the accounts' own load: each
			// asks one question at a time.
			if err := scheduleEvery(ctx, tx, jobReconcile, account.Code, tx.Now.Add(reconcileEvery), priorityReconcile); err != nil {
				return err
			}
			if err := scheduleEvery(ctx, tx, jobReconcileLate, account.Code, tx.Now.Add(reconcileEvery), priorityReconcile); err != nil {
				return err
			}
		}
		return scheduleEvery(ctx, tx, jobSweep, "all", tx.Now, prioritySweep)
	})
}

func scheduleEvery(ctx context.Context, tx *store.Tx, kind jobs.Kind, key string, at time.Time, priority int) error {
	if err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: kind, Key: key, RunAt: at, Priority: priority}); err != nil {
		return fmt.Errorf("schedule %s %s: %w", kind, key, err)
	}
	return nil
}

// The sweep's own times.
const (
	sweepEvery = 5 * time.Minute
	sweepLimit = 500                 // attempts of one sweep; the next one goes on
	noNews     = 15 * time.Minute    // longer than any open attempt waits for its next question
	hintsKept  = 30 * 24 * time.Hour // a hint proves nothing, and is of no use to anybody later
)

// sweepJob looks for what nobody asks about any more, and takes it up. Every
// attempt has a job of its own that asks, and every refund one that sends it; this is for the day when a row was lost
// by somebody's hand. It also forgets hints that are long past.
func (s *Service) sweepJob(ctx context.Context, _ jobs.Job) error {
	ctx = viewer.AsProgram(ctx)
	now := s.now()
	forgotten, err := s.Store.Read().Attempt.Query().
		Where(
			attempt.Or(
				attempt.And(attempt.StatusIn(pay.AttemptCreated, pay.AttemptSent, pay.AttemptActionRequired), unheardSince(now.Add(-noNews))),
				attempt.And(attempt.StatusEQ(pay.AttemptAuthorized), unheardSince(now.Add(-2*noNews))),
				attempt.And(attempt.DoubtSinceNotNil(), unheardSince(now.Add(-noNews-lostPoll))),
			),
		).
		Order(ent.Asc(attempt.FieldID)).Limit(sweepLimit).All(ctx)
	if err != nil {
		return fmt.Errorf("look for forgotten attempts: %w", err)
	}
	unsent, err := s.Store.Read().Refund.Query().
		Where(refund.Or(
			refund.And(refund.StatusEQ(pay.RefundRequested), refund.UpdatedAtLT(now.Add(-noNews-refundAgain(refundTries)))),
			refund.And(refund.StatusEQ(pay.RefundAwaitingApproval), refund.CreatedAtLT(now.Add(-noNews-approvalEnds))),
		)).
		Order(ent.Asc(refund.FieldID)).Limit(sweepLimit).All(ctx)
	if err != nil {
		return fmt.Errorf("look for forgotten refunds: %w", err)
	}
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, r := range unsent {
			if err := s.sendLater(ctx, tx, r.ID, tx.Now); err != nil {
				return err
			}
		}
		for _, a := range forgotten {
			if err := s.askAt(ctx, tx, a.ID, tx.Now); err != nil {
				return err
			}
		}
		_, err := tx.ProviderEvent.Delete().
			Where(providerevent.Hint(true), providerevent.ReceivedAtLT(tx.Now.Add(-hintsKept)), providerevent.ProcessedAtNotNil()).Exec(ctx)
		if err != nil {
			return fmt.Errorf("forget old hints: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(forgotten) > 0 {
		s.Logger.WarnContext(ctx, "nobody asked about some attempts any more; they are asked about now", "attempts", len(forgotten))
	}
	return jobs.Snooze(now.Add(sweepEvery))
}

// unheardSince is the attempts that were made before t and not asked about since.
func unheardSince(t time.Time) predicate.Attempt {
	return attempt.And(attempt.CreatedAtLT(t), attempt.Or(attempt.AskedAtIsNil(), attempt.AskedAtLT(t)))
}
