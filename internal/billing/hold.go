package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// A bill stands on one hold: its current attempt, AUTHORIZED. Every other hold,
// from a page that was open in some tab, took nothing and is nobody's to decide
// about: it is given back by a job.

// heldAttempt returns the attempt whose hold the bill stands on. It returns
// CodeConflict while anything about the bill is in doubt: two holds must never be
// captured for one bill.
func heldAttempt(ctx context.Context, tx *store.Tx, id pay.BillID) (*ent.Attempt, error) {
	doubted, err := tx.Attempt.Query().
		Where(attempt.BillID(id), attempt.Or(attempt.StatusIn(pay.AttemptSent, pay.AttemptUnknown), attempt.DoubtSinceNotNil())).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for doubt about bill %s: %w", id, err)
	}
	if doubted > 0 {
		return nil, pay.Errorf(pay.CodeConflict, "bill.in_doubt", "An earlier operation may have been done. Its provider is being asked.")
	}
	a, err := tx.Attempt.Query().Where(attempt.BillID(id), attempt.Current(true), attempt.StatusEQ(pay.AttemptAuthorized)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, pay.Errorf(pay.CodeStateConflict, "bill.nothing_held", "Nothing is held for the bill any more. Read it again.").Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the held attempt of bill %s: %w", id, err)
	}
	return a, nil
}

// keepStill keeps the bill as it was read until the transaction ends: a guarded
// UPDATE that changes nothing, so that settle waits or we run again.
func keepStill(ctx context.Context, tx *store.Tx, b *ent.Bill) error {
	n, err := tx.Bill.Update().Where(bill.ID(b.ID), bill.Version(b.Version)).SetVersion(b.Version).Save(ctx)
	if err != nil {
		return fmt.Errorf("keep bill %s still: %w", b.ID, err)
	}
	if n == 0 {
		return fmt.Errorf("keep bill %s still: %w", b.ID, store.ErrRaced)
	}
	return nil
}

// settleHold records that money is held. The first right hold of a PENDING bill is
// the one it stands on from then on.
func (s *Service) settleHold(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, r providers.Result) error {
	held := r.Authorized
	if a.Status == pay.AttemptCaptured {
		return nil // news of before it; the doubt there may be is of a refund
	}
	if a.DoubtSince != nil && !isCharge(a) || a.AuthorizedMinor > 0 && a.DoubtSince != nil {
		return s.stillHeld(ctx, tx, b, a)
	}
	if !a.Status.CanBecome(pay.AttemptAuthorized) {
		return nil
	}
	if err := resolveOperations(ctx, tx, a.ID, pay.OperationSucceeded, ""); err != nil { // a charge's
		return err
	}
	if a.SavesCard {
		if err := s.saveCard(ctx, tx, b, a, r.Saved); err != nil {
			return err
		}
	}
	if b.Status != pay.BillPending {
		return s.extraHold(ctx, tx, b, a, r)
	}
	verdict := pay.JudgeCapture(pay.Capture{
		Bill: b.Status, Expected: a.Amount(), Captured: held,
		OtherRun: r.TestMode != nil && *r.TestMode != a.TestMode,
	})
	if err := s.takePlace(ctx, tx, a); err != nil {
		return err
	}
	err := s.moveAttempt(ctx, tx, a, pay.AttemptAuthorized, r, func(u *ent.AttemptUpdate) {
		u.SetAuthorizedMinor(held.Amount).SetCurrent(true).ClearDoubtSince()
	})
	if err != nil {
		return err
	}
	if verdict.Review == "" {
		return s.advance(ctx, tx, b, move{To: pay.BillAuthorized, Reason: "payment.authorized"})
	}
	details := fmt.Sprintf("The provider holds %s; %s was asked for. Nothing is taken yet.", held, a.Amount())
	if _, err := s.openReview(ctx, tx, verdict.Review, b, a, &held, details); err != nil {
		return err
	}
	return s.advance(ctx, tx, b, move{To: verdict.Bill, Reason: "payment." + reviewWord(verdict.Review)})
}

// takePlace supersedes the bill's current attempt when that is another than a.
func (s *Service) takePlace(ctx context.Context, tx *store.Tx, a *ent.Attempt) error {
	if a.Current {
		return nil
	}
	current, err := tx.Attempt.Query().Where(attempt.BillID(a.BillID), attempt.Current(true)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the current attempt of bill %s: %w", a.BillID, err)
	}
	return s.supersede(ctx, tx, current)
}

// extraHold records a hold that its bill does not stand on, and has it given
// back.
func (s *Service) extraHold(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, r providers.Result) error {
	err := s.moveAttempt(ctx, tx, a, pay.AttemptAuthorized, r, func(u *ent.AttemptUpdate) {
		u.SetAuthorizedMinor(r.Authorized.Amount).SetCurrent(false).ClearDoubtSince()
	})
	if err != nil {
		return err
	}
	if err := s.releaseLater(ctx, tx, a.ID); err != nil {
		return err
	}
	return s.advance(ctx, tx, b, move{To: b.Status, Reason: "attempt.authorized"})
}

// releaseOthers has every hold of the bill given back but the attempt's own: the
// bill is paid by it.
func (s *Service) releaseOthers(ctx context.Context, tx *store.Tx, b *ent.Bill, paid *ent.Attempt) error {
	if b.Status != pay.BillAuthorized {
		return nil
	}
	holds, err := tx.Attempt.Query().
		Where(attempt.BillID(b.ID), attempt.IDNEQ(paid.ID), attempt.StatusIn(pay.AttemptAuthorized, pay.AttemptSent, pay.AttemptUnknown)).All(ctx)
	if err != nil {
		return fmt.Errorf("read the holds of bill %s: %w", b.ID, err)
	}
	for _, hold := range holds {
		if err := tx.Attempt.Update().Where(attempt.ID(hold.ID)).SetCurrent(false).Exec(ctx); err != nil {
			return fmt.Errorf("supersede hold %s: %w", hold.ID, err)
		}
		if err := s.releaseLater(ctx, tx, hold.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) releaseLater(ctx context.Context, tx *store.Tx, id pay.AttemptID) error {
	err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobRelease, Key: id.String(), RunAt: tx.Now, Priority: priorityRelease})
	if err != nil {
		return fmt.Errorf("schedule the release of hold %s: %w", id, err)
	}
	tx.AfterCommit(s.Runner.Wake)
	return nil
}

// The waits of a release: for doubt to end, and for a provider that refuses.
const (
	releaseAfterDoubt   = 15 * time.Second
	releaseAfterRefusal = 10 * time.Minute
)

// releaseJob gives back a hold that its bill does not stand on. It is tried until
// the hold is gone: voided, lapsed, or, against all expectation, captured.
func (s *Service) releaseJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseAttemptID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	hold, err := s.Store.Read().Attempt.Get(viewer.AsProgram(ctx), id)
	if err != nil {
		return fmt.Errorf("read attempt %s: %w", id, err)
	}
	leave, ok := s.lanes.enter(hold.Account)
	if !ok {
		return jobs.Snooze(s.now().Add(laneFull))
	}
	defer leave()
	var a *ent.Attempt
	var handle string
	wait := false
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, wait = nil, false
		found, err := tx.Attempt.Query().Where(attempt.ID(id)).WithBill().Only(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("read attempt %s: %w", id, err)
		case found.Status.MayHaveTaken() || found.DoubtSince != nil:
			wait = true
			return nil
		case found.Status != pay.AttemptAuthorized, found.Current && found.Edges.Bill.Status == pay.BillAuthorized:
			return nil
		}
		a = found
		handle, err = s.commitOperation(ctx, tx, a, pay.OperationVoid, a.Authorized())
		return err
	})
	switch {
	case err != nil:
		return err
	case wait:
		return jobs.Snooze(s.now().Add(releaseAfterDoubt))
	case a == nil:
		return nil
	}
	result, callErr := s.callHeld(ctx, a.Unwrap(), pay.OperationVoid, handle, void)
	var refused *pay.Error
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		refused, err = s.recordOperation(ctx, tx, a, result, callErr)
		crashpoint.Here(crashpoint.OperationRecording)
		return err
	})
	crashpoint.Here(crashpoint.OperationRecorded)
	if err != nil || refused == nil {
		return err
	}
	return jobs.Snooze(s.now().Add(releaseAfterRefusal))
}
