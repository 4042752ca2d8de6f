package subscriptions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/ent/testclock"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// AdvanceClock moves a test clock on, and takes all that falls due on the way at
// the clock's own instants, one after the other: renewals are charged and
// fulfilled before the next one is looked at, so what it comes to does not depend
// on how fast this machine is. It never waits for real time.
//
// It may take long for years of many subscriptions. When it dies, or its context
// ends, a call with the same key, or with another and an instant that is not
// earlier, goes on; several at once do no harm. Outcome.Errors: CodeForbidden,
// CodeNotFound, CodeInvalid for an instant that is past or more than five years
// on, CodeConflict while the clock moves further than that.
func (s *Service) AdvanceClock(ctx context.Context, key, rawID string, to time.Time) (*ClockOutcome, error) {
	input := struct {
		Clock string    `json:"clock"`
		To    time.Time `json:"to"`
	}{rawID, pay.Instant(to)}
	if err := s.mayTurn(ctx); err != nil {
		return clockRefused(err)
	}
	claim, answer, err := s.keys.Open(ctx, "testClockAdvance", key, input)
	if err != nil {
		return clockRefused(err)
	}
	clock, err := s.Clock(ctx, rawID)
	if err != nil {
		return nil, err
	}
	switch {
	case clock == nil:
		return &ClockOutcome{Errors: []*pay.Error{pay.NotFound("test_clock", "clock")}}, nil
	case answer != nil:
		return &ClockOutcome{Clock: clock.ID, Errors: answer.Errors, Replayed: true}, nil
	}
	to = pay.Instant(to)
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := claim.Begin(ctx, tx, clock.ID.String()); err != nil {
			return err
		}
		return beginAdvance(ctx, tx, clock.ID, to)
	})
	if errors.Is(err, idempotency.ErrTaken) {
		done, err := s.keys.AfterRace(ctx, claim)
		if err != nil {
			return clockRefused(err)
		}
		return &ClockOutcome{Clock: clock.ID, Errors: done.Errors, Replayed: true}, nil
	}
	if err != nil {
		return clockRefused(err)
	}
	if err := s.walk(viewer.AsProgram(ctx), clock.ID, to); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := moveClock(ctx, tx, clock.ID, to); err != nil {
			return err
		}
		err := tx.TestClock.Update().Where(testclock.ID(clock.ID), testclock.AdvancingTo(to)).ClearAdvancingTo().Exec(ctx)
		if err != nil {
			return fmt.Errorf("end the move of test clock %s: %w", clock.ID, err)
		}
		return claim.Finish(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("end the move of test clock %s: %w", clock.ID, err)
	}
	return &ClockOutcome{Clock: clock.ID}, nil
}

// beginAdvance writes where the clock goes, before anything on the way is done. A
// move that another call left half-way is gone on with.
func beginAdvance(ctx context.Context, tx *store.Tx, id pay.TestClockID, to time.Time) error {
	now, err := tx.TestClock.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("read test clock %s: %w", id, err)
	}
	goal := now.AdvancingTo
	switch {
	case goal != nil && goal.After(to):
		return pay.Errorf(pay.CodeConflict, "test_clock.advancing", "The clock moves further than that.").At("to")
	case goal == nil && !to.After(now.Now), to.Before(now.Now):
		return pay.Invalid("test_clock.backwards", "A clock moves forward only.", "to")
	case to.UTC().Year() > lastYear:
		return pay.Invalid("test_clock.too_far", "A clock moves to the year 2200 at most.", "to")
	case to.After(now.Now.UTC().AddDate(mostYears, 0, 0)):
		return pay.Invalid("test_clock.too_far", "A clock moves at most five years in one call.", "to")
	}
	n, err := tx.TestClock.Update().
		Where(testclock.ID(id), testclock.Or(testclock.AdvancingToIsNil(), testclock.AdvancingToLTE(to))).
		SetAdvancingTo(to).Save(ctx)
	if err != nil {
		return fmt.Errorf("begin the move of test clock %s: %w", id, err)
	}
	if n == 0 {
		return pay.Errorf(pay.CodeConflict, "test_clock.advancing", "The clock moves further than that.").At("to")
	}
	return nil
}

// walk takes what is due until an instant, earliest first.
func (s *Service) walk(ctx context.Context, id pay.TestClockID, to time.Time) error {
	for {
		next, err := s.Store.Read().BillingSubscription.Query().
			Where(billingsubscription.TestClockID(id), billingsubscription.NextActionAtLTE(to)).
			Order(ent.Asc(billingsubscription.FieldNextActionAt, billingsubscription.FieldID)).First(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look what is next by test clock %s: %w", id, err)
		}
		due := pay.Instant(*next.NextActionAt)
		err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return moveClock(ctx, tx, id, due) })
		if err != nil {
			return err
		}
		rested, err := s.step(ctx, next.ID)
		if err != nil {
			return fmt.Errorf("advance test clock %s: %w", id, err)
		}
		if until := rested.row.NextActionAt; until != nil && !until.After(due) && !until.After(rested.now) {
			return fmt.Errorf("advance test clock %s: subscription %s rests until %s, which is past", id, next.ID, until)
		}
	}
}

// moveClock has the clock show an instant, unless it shows a later one.
func moveClock(ctx context.Context, tx *store.Tx, id pay.TestClockID, now time.Time) error {
	err := tx.TestClock.Update().Where(testclock.ID(id), testclock.NowLT(now)).SetNow(now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("move test clock %s: %w", id, err)
	}
	return nil
}
