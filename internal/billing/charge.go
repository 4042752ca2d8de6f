package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// charge takes a bill's total from a saved card, under the caller's key. Insert,
// when given, makes the bill in the same transaction as the attempt.
//
// The attempt is committed as SENT and in doubt, with its CHARGE operation, before
// the provider hears of it: from then on the money may have moved, until the
// answer or a question says what became of it. It is never sent again.
func (s *Service) charge(ctx context.Context, c keyed, id pay.BillID, o opening, insert insertFunc) (*Outcome, error) {
	if insert == nil {
		if done, err := s.chargedBefore(ctx, c, id, o); done != nil || err != nil {
			return done, err
		}
		if err := s.askBeforeCharge(ctx, id, o); err != nil {
			return s.ended(ctx, c, id, nil, err)
		}
	}
	var b *ent.Bill
	var a *ent.Attempt
	var handle string
	err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		a = nil
		if err := c.Begin(ctx, tx, id.String()); err != nil {
			return err
		}
		if b, err = s.billToPayAtOnce(ctx, tx, id, o, insert); err != nil {
			return err
		}
		if a, err = s.newAttempt(ctx, tx, b, o); err != nil {
			return err
		}
		handle, err = s.newOperation(ctx, tx, a, pay.OperationCharge, a.Amount())
		crashpoint.Here(crashpoint.ChargeCommitting)
		return err
	})
	if err != nil || a == nil {
		return s.ended(ctx, c, id, nil, err)
	}
	crashpoint.Here(crashpoint.ChargeCommitted)
	b.Unwrap()
	a.Unwrap()

	// From here on the work is finished even if the caller hangs up.
	work := context.WithoutCancel(ctx)
	result, callErr := s.callCharge(work, b, a, o, handle)
	crashpoint.Here(crashpoint.ChargeAnswered)
	var refused *pay.Error
	err = s.Store.InTxAgain(work, func(ctx context.Context, tx *store.Tx) (err error) {
		if refused, err = s.recordCharge(ctx, tx, a, result, callErr); err != nil {
			return err
		}
		err = c.Finish(ctx, tx, asList(refused)...)
		crashpoint.Here(crashpoint.ChargeRecording)
		return err
	})
	crashpoint.Here(crashpoint.ChargeRecorded)
	if err == nil && wantsProof(refused) && o.Initiator == providers.ByPayer {
		if err := s.openForProof(work, id, o); err != nil {
			return nil, err
		}
	}
	return s.ended(work, c, id, refused, err)
}

// chargedBefore ends a repeated call whose process died after its charge was
// committed, when that is found refused, or not done: the caller is told of it, and the
// card is not charged again. It returns nil when there is no such charge, or its money
// may have moved: then the bill is paid, or in doubt.
func (s *Service) chargedBefore(ctx context.Context, c keyed, id pay.BillID, o opening) (*Outcome, error) {
	if claim, ok := c.(*idempotency.Claim); !ok || !claim.IsTakenOver() {
		return nil, nil //nolint:nilnil // it is said above
	}
	last, err := s.Store.Read().Attempt.Query().
		Where(attempt.BillID(id), attempt.CardID(o.Card.ID), attempt.ChargeTryIsNil()).
		Order(ent.Desc(attempt.FieldID)).First(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // it is said above
	}
	if err != nil {
		return nil, fmt.Errorf("read what bill %s was charged before: %w", id, err)
	}
	var refused *pay.Error
	switch last.Status {
	case pay.AttemptDeclined:
		d := providers.Decline{Code: "declined", Message: "The payment was declined.", Retry: pay.RetryOtherMethod}
		if last.DeclineCode != nil {
			d.Code, d.ProviderCode, d.Message = *last.DeclineCode, deref(last.DeclineProviderCode), deref(last.DeclineMessage)
		}
		if last.DeclineRetry != nil {
			d.Retry = *last.DeclineRetry
		}
		refused = declined(last.ID, d)
	case pay.AttemptFailed:
		refused = notCharged()
	case pay.AttemptCreated, pay.AttemptSent, pay.AttemptActionRequired, pay.AttemptAuthorized, pay.AttemptCaptured,
		pay.AttemptVoided, pay.AttemptExpired, pay.AttemptUnknown:
		return nil, nil //nolint:nilnil // it is said above
	}
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := c.Begin(ctx, tx, id.String()); err != nil {
			return err
		}
		return c.Finish(ctx, tx, refused)
	})
	if err == nil && wantsProof(refused) {
		if err := s.openForProof(ctx, id, o); err != nil {
			return nil, err
		}
	}
	return s.ended(ctx, c, id, refused, err)
}

// notCharged tells that the provider was not reached.
func notCharged() *pay.Error {
	e := pay.Errorf(pay.CodeProviderUnavailable, "provider.unavailable", "The provider cannot be reached right now. Nothing was taken.")
	e.Retry = pay.RetryNewKey
	return e
}

// wantsProof reports whether the bank refused because it wants to see the card's
// owner.
func wantsProof(refused *pay.Error) bool {
	return refused != nil && refused.Key == "decline.authentication_required"
}

// openForProof opens a page of the same account for a payer whose bank wants to
// see them: the bill's next action is to go there. When it cannot be opened the
// bill stays payable, and the payer knows why the charge failed.
func (s *Service) openForProof(ctx context.Context, id pay.BillID, o opening) error {
	page := opening{Account: o.Account, ReturnURL: o.ReturnURL, Payer: o.Payer, Email: o.Email}
	_, err := s.open(ctx, keyless{}, id, page, nil)
	return err
}

// callCharge asks the provider to charge the card. No transaction is open.
func (s *Service) callCharge(ctx context.Context, b *ent.Bill, a *ent.Attempt, o opening, handle string) (providers.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	fail := func(err error) (providers.Result, error) {
		return providers.Result{}, &providers.Error{Provider: o.Account.Provider.Name(), Op: providers.OpChargeSaved, Kind: providers.Unavailable, Err: err}
	}
	start, err := s.startRequest(ctx, b, a, o)
	if err != nil {
		return fail(err)
	}
	charger, err := providers.As[providers.SavedCharger](o.Account.Provider, providers.OpChargeSaved)
	if err != nil {
		return fail(err)
	}
	if s.now().After(a.CreatedAt.Add(callTimeout)) {
		return fail(errTooLate)
	}
	return s.guarded(ctx, o.Account, providers.OpChargeSaved, func() (providers.Result, error) {
		return charger.Charge(ctx, providers.ChargeRequest{
			OrderNumber: a.OrderNumber, Handle: handle, Amount: a.Amount(), Customer: o.Card.Customer, CardRef: o.Card.Ref,
			Description: start.Description, ReturnURL: start.ReturnURL, NotifyURL: start.NotifyURL, Items: start.Items, Payer: start.Payer,
			Initiator: o.Initiator, Expires: b.ExpiresAt,
		})
	})
}

// errTooLate is why a charge was not sent: so long after its commit, as when the
// process was stopped in between, it may have been given up already, and the bill
// paid otherwise.
var errTooLate = errors.New("the call began too long after its commit")

// recordCharge writes what a charge came to, and returns what its caller is told.
func (s *Service) recordCharge(ctx context.Context, tx *store.Tx, a *ent.Attempt, result providers.Result, callErr error) (*pay.Error, error) {
	now, err := tx.Attempt.Query().Where(attempt.ID(a.ID)).WithBill().Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read attempt %s: %w", a.ID, err)
	}
	if callErr != nil {
		return s.recordFailedCharge(ctx, tx, now, callErr)
	}
	if err := learnNumber(ctx, tx, now, result.ProviderRef); err != nil {
		return nil, err
	}
	switch result.Status {
	case providers.Captured, providers.Authorized:
		if s.isForAsking(now, result) { // evidence was faster, and so was a refund
			return nil, s.askAt(ctx, tx, a.ID, soonest(now, tx.Now))
		}
		return nil, s.settle(ctx, tx, a.ID, result)
	case providers.Declined:
		if result.Decline == nil {
			break
		}
		result.SessionOver = true
		return declined(a.ID, *result.Decline), s.settle(ctx, tx, a.ID, result)
	case providers.ActionRequired:
		if result.Redirect == nil {
			break
		}
		return nil, s.sendToProve(ctx, tx, now, result)
	case providers.Pending, providers.Voided, providers.Expired, providers.Refunded, providers.ChargedBack:
	}
	return s.recordFailedCharge(ctx, tx, now, &providers.Error{Provider: providers.Name(a.Provider), Op: providers.OpChargeSaved, Kind: providers.Unknown})
}

// recordFailedCharge writes that a charge was surely not done, or that nobody
// knows. Evidence that came faster than this answer stands.
func (s *Service) recordFailedCharge(ctx context.Context, tx *store.Tx, a *ent.Attempt, callErr error) (*pay.Error, error) {
	kind := providers.KindOf(callErr)
	s.Logger.WarnContext(ctx, "a charge was not done or is in doubt", "attempt", a.ID, "account", a.Account, "error", callErr)
	unavailable := notCharged().Because(callErr)
	switch kind {
	case providers.Unknown, providers.Conflict, providers.Malformed:
		doubt := pay.Errorf(pay.CodeProviderUnavailable, "payment.in_doubt", "The provider did not answer clearly. It is being asked; read the bill again.").Because(callErr)
		doubt.Retry = pay.DoNotRetry
		return doubt, s.doubt(ctx, tx, a, kind)
	case providers.Unsupported:
		unavailable = unsupported("provider.unsupported", "The provider cannot charge this card.").Because(callErr)
	case providers.Rejected, providers.Auth, providers.NotFound:
		unavailable.Retry = pay.RetryOtherMethod
	case providers.Unavailable, providers.RateLimited:
	}
	if a.Status != pay.AttemptSent {
		return unavailable, nil
	}
	if err := s.moveAttempt(ctx, tx, a, pay.AttemptFailed, providers.Result{}, func(u *ent.AttemptUpdate) { u.SetWatchUntil(tx.Now) }); err != nil {
		return nil, err
	}
	if err := resolveOperations(ctx, tx, a.ID, pay.OperationFailed, string(kind)); err != nil {
		return nil, err
	}
	return unavailable, s.afterEnd(ctx, tx, a.Edges.Bill, a, pay.AttemptFailed)
}

// errorActionRequired is why a charge was not done by itself: the card's owner has
// to prove on a page that it is theirs.
const errorActionRequired = "action_required"

// sendToProve records that the card's owner has to prove on a page that it is
// theirs: the attempt goes on there, as one that was opened on a page does.
func (s *Service) sendToProve(ctx context.Context, tx *store.Tx, a *ent.Attempt, result providers.Result) error {
	if !a.Status.MayHaveTaken() {
		return nil
	}
	redirect := result.Redirect
	err := s.moveAttempt(ctx, tx, a, pay.AttemptActionRequired, result, func(u *ent.AttemptUpdate) {
		u.ClearDoubtSince().SetRedirectURL(redirect.URL).SetRedirectMethod(redirect.Method)
		if redirect.Fields != nil {
			u.SetRedirectFields(redirect.Fields)
		}
		if !redirect.Expires.IsZero() {
			ends := pay.Instant(redirect.Expires)
			u.SetSessionEndsAt(ends).SetWatchUntil(ends.Add(watchAfter))
		}
	})
	if err != nil {
		return err
	}
	if err := resolveOperations(ctx, tx, a.ID, pay.OperationFailed, errorActionRequired); err != nil {
		return err
	}
	if err := s.askAt(ctx, tx, a.ID, tx.Now.Add(firstAsk)); err != nil {
		return err
	}
	return s.advance(ctx, tx, a.Edges.Bill, move{To: a.Edges.Bill.Status, Reason: "attempt.action_required"})
}

// isCharge reports whether a was a saved card's charge that no page is part of:
// there is one try and no session to wait for.
func isCharge(a *ent.Attempt) bool { return a.CardID != nil && a.RedirectURL == nil }
