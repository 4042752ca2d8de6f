package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/operation"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// callFunc is one write to a provider about held money.
type callFunc func(ctx context.Context, p providers.Provider, ref providers.Ref, handle string) (providers.Result, error)

// operate commits to one operation on the hold of b, calls the provider with no
// transaction open, and records the answer. An answer that is not clear leaves the
// attempt UNKNOWN: the provider is asked by our order number until it says, and
// nothing is sent again.
func (s *Service) operate(ctx context.Context, c *idempotency.Claim, b *ent.Bill, kind pay.OperationKind, amount pay.Money, call callFunc) (*Outcome, error) {
	var a *ent.Attempt
	var handle string
	var refused *pay.Error
	err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		a, refused = nil, nil
		if err := c.Begin(ctx, tx, b.ID.String()); err != nil {
			return err
		}
		now, err := tx.Bill.Get(ctx, b.ID)
		if err != nil {
			return fmt.Errorf("read bill %s: %w", b.ID, err)
		}
		if now.Status != pay.BillAuthorized {
			if refused = alreadyOver(ctx, now, kind); !c.IsTakenOver() && refused != nil {
				return refused
			}
			return c.Finish(ctx, tx, asList(refused)...)
		}
		if err := keepStill(ctx, tx, now); err != nil {
			return err
		}
		if a, err = heldAttempt(ctx, tx, b.ID); err != nil {
			return err
		}
		handle, err = s.commitOperation(ctx, tx, a, kind, amount)
		return err
	})
	if err != nil || a == nil {
		return s.ended(ctx, c, b.ID, refused, err)
	}
	a.Unwrap()
	work := context.WithoutCancel(ctx)
	result, callErr := s.callHeld(work, a, kind, handle, call)
	err = s.Store.InTxAgain(work, func(ctx context.Context, tx *store.Tx) (err error) {
		if refused, err = s.recordOperation(ctx, tx, a, result, callErr); err != nil {
			return err
		}
		err = c.Finish(ctx, tx, asList(refused)...)
		crashpoint.Here(crashpoint.OperationRecording)
		return err
	})
	crashpoint.Here(crashpoint.OperationRecorded)
	return s.ended(work, c, b.ID, refused, err)
}

// alreadyOver judges a call about a hold that is gone: nil when the bill is where
// the call wanted it, because an earlier call with its key did that; else why it
// cannot be done any more.
func alreadyOver(ctx context.Context, b *ent.Bill, kind pay.OperationKind) *pay.Error {
	captured := b.Status == pay.BillPaid || b.Status == pay.BillDone || b.Status == pay.BillRefunded
	switch {
	case kind == pay.OperationCapture && captured, kind == pay.OperationVoid && b.Status == pay.BillCanceled:
		return nil
	case kind == pay.OperationVoid:
		return notAllowed(ctx, b, pay.ActionCancel)
	}
	return notAllowed(ctx, b, pay.ActionCapture)
}

// commitOperation commits to one operation on a hold and has the provider asked
// when its answer should be long here.
func (s *Service) commitOperation(ctx context.Context, tx *store.Tx, a *ent.Attempt, kind pay.OperationKind, amount pay.Money) (handle string, err error) {
	if handle, err = s.newOperation(ctx, tx, a, kind, amount); err != nil {
		return "", err
	}
	return handle, s.watchOperation(ctx, tx, a)
}

// callHeld calls the provider about a hold. No transaction is open.
func (s *Service) callHeld(ctx context.Context, a *ent.Attempt, kind pay.OperationKind, handle string, call callFunc) (providers.Result, error) {
	crashpoint.Here(crashpoint.OperationCommitted)
	defer crashpoint.Here(crashpoint.OperationAnswered)
	op := providers.OpCapture
	if kind == pay.OperationVoid {
		op = providers.OpVoid
	}
	account, known := s.Accounts.ByCode(a.Account)
	if !known {
		return providers.Result{}, &providers.Error{Provider: providers.Name(a.Provider), Kind: providers.Unsupported}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.guarded(ctx, account, op, func() (providers.Result, error) {
		return call(ctx, account.Provider, refOf(a), handle)
	})
}

// watchOperation has the provider asked about a held attempt when its operation's
// answer should be long here: if this process dies in between, the hold is not
// stuck. Until the answer is recorded the attempt counts as in doubt.
func (s *Service) watchOperation(ctx context.Context, tx *store.Tx, a *ent.Attempt) error {
	n, err := tx.Attempt.Update().Where(attempt.ID(a.ID), attempt.StatusEQ(pay.AttemptAuthorized)).
		SetDoubtSince(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("watch the operation on attempt %s: %w", a.ID, err)
	}
	if n == 0 {
		return fmt.Errorf("watch the operation on attempt %s: %w", a.ID, store.ErrRaced)
	}
	return s.askInDoubt(ctx, tx, a.ID, tx.Now.Add(callTimeout+firstAsk))
}

// notDone ends the doubt about a held attempt whose operation was surely not
// done: the hold stands as before.
func notDone(ctx context.Context, tx *store.Tx, id pay.AttemptID) error {
	err := tx.Attempt.Update().Where(attempt.ID(id), attempt.StatusEQ(pay.AttemptAuthorized)).ClearDoubtSince().Exec(ctx)
	if err != nil {
		return fmt.Errorf("end the doubt about attempt %s: %w", id, err)
	}
	return nil
}

// recordOperation writes what a capture or void came to.
func (s *Service) recordOperation(ctx context.Context, tx *store.Tx, a *ent.Attempt, result providers.Result, callErr error) (*pay.Error, error) {
	if callErr == nil && result.Status == providers.Declined && result.Decline != nil {
		// The operation was refused; the hold stands.
		err := openOperation(tx, a.ID).Where(notOfRefund()).SetStatus(pay.OperationDeclined).SetResolvedAt(tx.Now).SetErrorCode(result.Decline.ProviderCode).Exec(ctx)
		return declined(a.ID, *result.Decline), errors.Join(err, notDone(ctx, tx, a.ID))
	}
	if callErr == nil {
		now, err := tx.Attempt.Get(ctx, a.ID)
		switch {
		case err != nil:
			return nil, fmt.Errorf("read attempt %s: %w", a.ID, err)
		case s.isForAsking(now, result): // evidence was faster, and so was a refund
			return nil, s.askAt(ctx, tx, a.ID, soonest(now, tx.Now))
		}
		return nil, s.settle(ctx, tx, a.ID, result)
	}
	kind := providers.KindOf(callErr)
	s.Logger.WarnContext(ctx, "an operation was not done or is in doubt", "attempt", a.ID, "account", a.Account, "error", callErr)
	unavailable := pay.Errorf(pay.CodeProviderUnavailable, "provider.unavailable", "The provider cannot be reached right now. Nothing was changed.").Because(callErr)
	switch kind {
	case providers.Unknown, providers.Conflict:
		// It may be done; only the provider can say. Conflict: its state is not
		// what we think, so it is asked too.
		doubt := pay.Errorf(pay.CodeProviderUnavailable, "operation.in_doubt", "The provider did not answer clearly. It is being asked; read the bill again.").Because(callErr)
		doubt.Retry = pay.DoNotRetry
		return doubt, s.doubt(ctx, tx, a, kind)
	case providers.Unsupported:
		unavailable = pay.Errorf(pay.CodeUnsupported, "provider.unsupported", "The provider cannot do this.").Because(callErr)
	case providers.Unavailable, providers.RateLimited:
	case providers.Rejected, providers.Auth, providers.NotFound, providers.Malformed:
		unavailable.Retry = pay.RetryNewKey
	}
	err := openOperation(tx, a.ID).Where(notOfRefund()).SetStatus(pay.OperationFailed).SetResolvedAt(tx.Now).
		SetErrorKind(string(kind)).SetNillableErrorCode(optional(codeOf(callErr))).Exec(ctx)
	if err != nil {
		return nil, errors.Join(err, callErr)
	}
	return unavailable, notDone(ctx, tx, a.ID)
}

// notOfRefund leaves a refund's operation alone: another may be resolved by evidence,
// and its money on the way back, before its own late answer is recorded.
func notOfRefund() predicate.Operation { return operation.KindNEQ(pay.OperationRefund) }

// doubt marks money in doubt: the attempt is UNKNOWN and blocks its bill, its
// operation stays open, and the provider is asked soon.
func (s *Service) doubt(ctx context.Context, tx *store.Tx, a *ent.Attempt, kind providers.Kind) error {
	n, err := tx.Attempt.Update().Where(attempt.ID(a.ID), attempt.StatusIn(pay.AttemptAuthorized, pay.AttemptSent)).
		SetStatus(pay.AttemptUnknown).SetDoubtSince(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("mark attempt %s as in doubt: %w", a.ID, err)
	}
	if n == 0 {
		return nil // evidence was faster than this answer
	}
	if err := openOperation(tx, a.ID).Where(notOfRefund()).SetStatus(pay.OperationUnknown).SetErrorKind(string(kind)).Exec(ctx); err != nil {
		return fmt.Errorf("mark the operation of attempt %s as in doubt: %w", a.ID, err)
	}
	b, err := tx.Bill.Get(ctx, a.BillID)
	if err != nil {
		return fmt.Errorf("read the bill of attempt %s: %w", a.ID, err)
	}
	if err := s.advance(ctx, tx, b, move{To: b.Status, Reason: "attempt.unknown"}); err != nil {
		return err
	}
	tx.AfterCommit(s.Runner.Wake)
	return s.askInDoubt(ctx, tx, a.ID, nextInDoubt(tx.Now, s.settlingOf(a.Account), tx.Now))
}
