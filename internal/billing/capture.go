package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// NewCapture is one wish to take held money.
type NewCapture struct {
	Key    string `json:"-"`
	Bill   string
	Amount *pay.Money // nil: all of it
}

// Capture takes the money that an AUTHORIZED bill holds, all of it or less. What
// is not taken goes back to the payer.
//
// Repeating it with the same key and input captures once. It waits on the
// provider and must not be called inside a transaction. Outcome.Errors:
// CodeStateConflict when nothing is held, CodeInvalid for an amount out of range,
// CodeConflict while another operation runs, CodeDeclined, and
// CodeProviderUnavailable when the answer was lost: the bill then says what
// became of it as soon as the provider does.
func (s *Service) Capture(ctx context.Context, in NewCapture) (*Outcome, error) {
	c, done, err := s.claimKey(ctx, "billCapture", in.Key, in)
	if done != nil || err != nil {
		return done, err
	}
	b, refused, err := s.visible(ctx, in.Bill, "bill")
	if refused != nil || err != nil {
		return refused, err
	}
	if b.Status != pay.BillAuthorized && c.left == nil {
		return &Outcome{Bill: b.ID, Errors: asList(notAllowed(ctx, b, pay.ActionCapture))}, nil
	}
	amount := b.Total()
	if in.Amount != nil {
		amount = *in.Amount
	}
	if amount.Currency != b.Currency {
		return &Outcome{Bill: b.ID, Errors: asList(pay.Invalid("capture.currency_differs", "The bill is in another currency.", "amount", "currency"))}, nil
	}
	if amount.Amount < 1 || amount.Amount > b.TotalMinor {
		return &Outcome{Bill: b.ID, Errors: asList(pay.Invalid("capture.amount_range", "At least 1 minor unit and at most what is held.", "amount", "amount"))}, nil
	}
	return s.operate(ctx, c, b, pay.OperationCapture, amount, func(ctx context.Context, p providers.Provider, ref providers.Ref, handle string) (providers.Result, error) {
		capturer, err := providers.As[providers.Capturer](p, providers.OpCapture)
		if err != nil {
			return providers.Result{}, err
		}
		return capturer.Capture(ctx, ref, handle, amount)
	})
}

// callFunc is one write to a provider about held money.
type callFunc func(ctx context.Context, p providers.Provider, ref providers.Ref, handle string) (providers.Result, error)

// operate commits to one operation on the held attempt of b, calls the provider
// with no transaction open, and records the answer. An answer that is not clear
// leaves the attempt UNKNOWN: the provider is asked by our order number until it
// says, and nothing is sent again.
func (s *Service) operate(ctx context.Context, c *claim, b *ent.Bill, kind pay.OperationKind, amount pay.Money, call callFunc) (*Outcome, error) {
	var a *ent.Attempt
	var handle string
	done := false
	err := s.inTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := c.begin(ctx, tx, b.ID.String()); err != nil {
			return err
		}
		if a, err = s.heldAttempt(ctx, tx, b.ID); err != nil {
			return err
		}
		if done = a == nil; done {
			return c.settle(ctx, tx) // an earlier call with this key did it
		}
		if handle, err = s.newOperation(ctx, tx, a, kind, amount); err != nil {
			return err
		}
		return s.watchOperation(ctx, tx, a)
	})
	if err != nil || done {
		return s.ended(ctx, c, b.ID, nil, err)
	}
	a.Unwrap()
	account, known := s.Accounts.ByCode(a.Account)
	work := context.WithoutCancel(ctx)
	result, callErr := providers.Result{}, error(&providers.Error{Provider: providers.Name(a.Provider), Kind: providers.Unsupported})
	if known {
		timed, cancel := context.WithTimeout(work, callTimeout)
		defer cancel()
		ref := providers.Ref{OrderNumber: a.OrderNumber, ProviderRef: deref(a.ProviderRef)}
		result, callErr = call(timed, account.Provider, ref, handle)
	}
	var refused *pay.Error
	err = s.inTx(work, func(ctx context.Context, tx *store.Tx) (err error) {
		if refused, err = s.recordOperation(ctx, tx, a, result, callErr); err != nil {
			return err
		}
		return c.settle(ctx, tx, asList(refused)...)
	})
	return s.ended(work, c, b.ID, refused, err)
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
		return fmt.Errorf("watch the operation on attempt %s: %w", a.ID, errRaced)
	}
	return s.askAt(ctx, tx, a.ID, tx.Now.Add(callTimeout+firstAsk))
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

// heldAttempt returns the attempt whose money the bill holds, or nil when it
// holds none any more. It need not be the current one: the payer may have paid on
// an older page that was still open.
func (s *Service) heldAttempt(ctx context.Context, tx *store.Tx, id pay.BillID) (*ent.Attempt, error) {
	a, err := tx.Attempt.Query().Where(attempt.BillID(id), attempt.StatusEQ(pay.AttemptAuthorized)).
		Order(ent.Asc(attempt.FieldID)).First(ctx)
	if ent.IsNotFound(err) {
		unknown, err := tx.Attempt.Query().Where(attempt.BillID(id), attempt.StatusEQ(pay.AttemptUnknown)).Count(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for doubt about bill %s: %w", id, err)
		}
		if unknown > 0 {
			return nil, pay.Errorf(pay.CodeConflict, "bill.in_doubt", "An earlier operation may have been done. Its provider is being asked.")
		}
		return nil, nil //nolint:nilnil // nothing held is an answer here
	}
	if err != nil {
		return nil, fmt.Errorf("read the held attempt of bill %s: %w", id, err)
	}
	return a, nil
}

// recordOperation writes what a capture or void came to.
func (s *Service) recordOperation(ctx context.Context, tx *store.Tx, a *ent.Attempt, result providers.Result, callErr error) (*pay.Error, error) {
	if callErr == nil && result.Status == providers.Declined && result.Decline != nil {
		// The operation was refused; the hold stands.
		err := openOperation(tx, a.ID).SetStatus(pay.OperationDeclined).SetResolvedAt(tx.Now).SetErrorCode(result.Decline.ProviderCode).Exec(ctx)
		return declined(a.ID, *result.Decline), errors.Join(err, notDone(ctx, tx, a.ID))
	}
	if callErr == nil {
		return nil, s.settle(ctx, tx, a.ID, result)
	}
	kind := providers.KindOf(callErr)
	s.Logger.Warn("an operation was not done or is in doubt", "attempt", a.ID, "account", a.Account, "error", callErr)
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
	err := openOperation(tx, a.ID).SetStatus(pay.OperationFailed).SetResolvedAt(tx.Now).
		SetErrorKind(string(kind)).SetNillableErrorCode(optional(codeOf(callErr))).Exec(ctx)
	if err != nil {
		return nil, errors.Join(err, callErr)
	}
	return unavailable, notDone(ctx, tx, a.ID)
}

// doubt marks money in doubt: the attempt is UNKNOWN and blocks its bill, its
// operation stays open, and the provider is asked soon.
func (s *Service) doubt(ctx context.Context, tx *store.Tx, a *ent.Attempt, kind providers.Kind) error {
	n, err := tx.Attempt.Update().Where(attempt.ID(a.ID), attempt.StatusEQ(pay.AttemptAuthorized)).
		SetStatus(pay.AttemptUnknown).SetDoubtSince(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("mark attempt %s as in doubt: %w", a.ID, err)
	}
	if n == 0 {
		return nil // evidence was faster than this answer
	}
	if err := openOperation(tx, a.ID).SetStatus(pay.OperationUnknown).SetErrorKind(string(kind)).Exec(ctx); err != nil {
		return fmt.Errorf("mark the operation of attempt %s as in doubt: %w", a.ID, err)
	}
	b, err := tx.Bill.Query().Where(billOfAttempt(a.ID)).Only(ctx)
	if err != nil {
		return fmt.Errorf("read the bill of attempt %s: %w", a.ID, err)
	}
	if err := s.advance(ctx, tx, b, move{To: b.Status, Reason: "attempt.unknown"}); err != nil {
		return err
	}
	tx.AfterCommit(s.Runner.Wake)
	return s.askAt(ctx, tx, a.ID, nextInDoubt(tx.Now, tx.Now))
}
