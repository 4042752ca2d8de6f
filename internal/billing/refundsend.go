package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/operation"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// refundJob sends a refund that its caller did not, and ends one that nobody approved.
func (s *Service) refundJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseRefundID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	ctx = viewer.AsProgram(ctx)
	r, err := s.Store.Read().Refund.Query().Where(refund.ID(id)).WithAttempt().Only(ctx)
	if err != nil {
		return fmt.Errorf("read refund %s: %w", id, err)
	}
	if r.Status == pay.RefundAwaitingApproval {
		return s.endUnapproved(ctx, r)
	}
	leave, ok := s.lanes.enter(r.Edges.Attempt.Account)
	if !ok {
		return jobs.Snooze(s.now().Add(laneFull))
	}
	defer leave()
	err = s.sendRefund(ctx, id)
	if errors.Is(err, errRefundBusy) {
		return jobs.Snooze(s.now().Add(s.untilTurn(r.Edges.Attempt)))
	}
	if err != nil {
		return err
	}
	if r, err = s.Store.Read().Refund.Get(ctx, id); err != nil {
		return fmt.Errorf("read refund %s again: %w", id, err)
	}
	if r.Status == pay.RefundRequested {
		return jobs.Snooze(s.now().Add(refundAgain(r.Tries)))
	}
	return nil
}

// untilTurn is how long a refund waits for another one of its attempt: half as long as
// that has been out, which may be a day.
func (s *Service) untilTurn(a *ent.Attempt) time.Duration {
	if a.DoubtSince == nil {
		return refundTurn
	}
	return min(max(s.now().Sub(*a.DoubtSince)/2, refundTurn), doubtPoll)
}

// endUnapproved ends a refund that has waited too long for a second person.
func (s *Service) endUnapproved(ctx context.Context, r *ent.Refund) error {
	if until := r.CreatedAt.Add(approvalEnds); s.now().Before(until) {
		return jobs.Snooze(until)
	}
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		r, err := readRefund(ctx, tx, r.ID)
		if err != nil || r.Status != pay.RefundAwaitingApproval {
			return err
		}
		return s.failRefund(ctx, tx, r, providers.Decline{Code: "not_approved", Message: "Nobody approved the refund in a week."}, "")
	})
}

// errRefundBusy says that another refund of the same attempt is out: one at a time.
var errRefundBusy = errors.New("another refund of this payment is not over")

// sending is a refund whose call is committed.
type sending struct {
	attempt   *ent.Attempt
	request   providers.RefundRequest
	committed time.Time
}

// sendRefund sends a refund that is REQUESTED, once, and records what became of it;
// any other is left as it is. It waits on the provider and must not be called inside
// a transaction.
func (s *Service) sendRefund(ctx context.Context, id pay.RefundID) error {
	ctx = viewer.AsProgram(ctx)
	var out *sending
	err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = s.commitRefund(ctx, tx, id)
		return err
	})
	if err != nil || out == nil {
		return err
	}
	crashpoint.Here(crashpoint.RefundCommitted)
	result, callErr := s.callRefund(ctx, out)
	crashpoint.Here(crashpoint.RefundAnswered)
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		err := s.recordRefund(ctx, tx, id, result, callErr)
		crashpoint.Here(crashpoint.RefundRecording)
		return err
	})
	crashpoint.Here(crashpoint.RefundRecorded)
	return err
}

// commitRefund commits to the sending of a refund: the refund is SENT, its attempt in
// doubt. One that goes back into a wallet is done at once, and nil is returned.
func (s *Service) commitRefund(ctx context.Context, tx *store.Tx, id pay.RefundID) (*sending, error) {
	r, err := readRefund(ctx, tx, id)
	if err != nil || r.Status != pay.RefundRequested {
		return nil, err
	}
	a, b := r.Edges.Attempt, r.Edges.Bill
	if a.WalletID != nil {
		return nil, s.succeedRefund(ctx, tx, r, "")
	}
	contested, err := isContested(ctx, tx, a.ID)
	if err != nil {
		return nil, err
	}
	if contested {
		return nil, s.failRefund(ctx, tx, r, providers.Decline{Code: "contested", Message: "A review case says that this money was taken back already. Nothing was sent."}, "")
	}
	n, err := tx.Attempt.Update().
		Where(attempt.ID(a.ID), attempt.StatusEQ(pay.AttemptCaptured), attempt.DoubtSinceIsNil()).
		SetDoubtSince(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("take the turn of refund %s: %w", id, err)
	}
	if n == 0 {
		return nil, errRefundBusy
	}
	sent, err := insertOperation(ctx, tx, a, pay.OperationRefund, r.Amount())
	if err != nil {
		return nil, err
	}
	err = moveRefund(ctx, tx, r, pay.RefundSent, func(u *ent.RefundUpdate) { u.SetOperationID(sent) })
	if err != nil {
		return nil, err
	}
	if err := s.advance(ctx, tx, b, move{To: b.Status, Reason: "refund.sent"}); err != nil {
		return nil, err
	}
	if err := s.askInDoubt(ctx, tx, a.ID, tx.Now.Add(callTimeout+firstAsk)); err != nil {
		return nil, err
	}
	return &sending{attempt: a.Unwrap(), committed: tx.Now, request: providers.RefundRequest{
		Ref: refOf(a), Handle: sent.Suffix(), Amount: r.Amount(), Taken: pay.Of(a.CapturedMinor-a.RefundedMinor, a.Currency), Reason: oneLine(r.Reason),
	}}, nil
}

// callRefund calls the provider. No transaction is open.
func (s *Service) callRefund(ctx context.Context, out *sending) (providers.Result, error) {
	account, known := s.Accounts.ByCode(out.attempt.Account)
	if !known {
		return providers.Result{}, &providers.Error{Provider: providers.Name(out.attempt.Provider), Op: providers.OpRefund, Kind: providers.Unavailable, Err: errNoAccount}
	}
	refunder, err := providers.As[providers.Refunder](account.Provider, providers.OpRefund)
	if err != nil {
		return providers.Result{}, err
	}
	if s.now().After(out.committed.Add(callTimeout)) {
		return providers.Result{}, &providers.Error{Provider: account.Provider.Name(), Op: providers.OpRefund, Kind: providers.Unavailable, Err: errTooLate}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.guarded(ctx, account, providers.OpRefund, func() (providers.Result, error) { return refunder.Refund(ctx, out.request) })
}

var errNoAccount = errors.New("its account is not configured")

// recordRefund writes what the sending of a refund came to. Evidence may have been
// faster: then it stands.
func (s *Service) recordRefund(ctx context.Context, tx *store.Tx, id pay.RefundID, result providers.Result, callErr error) error {
	r, err := readRefund(ctx, tx, id)
	if err != nil {
		return err
	}
	if r.Status != pay.RefundSent {
		if callErr == nil && !r.Status.IsOpen() { // what it did may not be what was believed of it
			return s.askAt(ctx, tx, r.AttemptID, soonest(r.Edges.Attempt, tx.Now))
		}
		return nil
	}
	if callErr == nil {
		return s.recordRefundAnswer(ctx, tx, r, result)
	}
	kind := providers.KindOf(callErr)
	s.Logger.WarnContext(ctx, "a refund was not done or is in doubt", "refund", id, "account", r.Edges.Attempt.Account, "error", callErr)
	switch kind {
	case providers.Unknown, providers.Conflict, providers.Malformed:
		return s.doubtRefund(ctx, tx, r, kind)
	case providers.Unavailable, providers.RateLimited:
		if r.Tries < refundTries {
			return s.refundNotSent(ctx, tx, r, kind, codeOf(callErr))
		}
		return s.failRefund(ctx, tx, r, providers.Decline{Code: pay.DeclineProviderUnavailable, ProviderCode: codeOf(callErr), Message: "The provider could not be reached for a day."}, string(kind))
	case providers.Rejected, providers.Auth, providers.NotFound, providers.Unsupported:
	}
	return s.failRefund(ctx, tx, r, providers.Decline{Code: "refund_refused", ProviderCode: codeOf(callErr), Message: "The provider refused the request to give the money back."}, string(kind))
}

// recordRefundAnswer writes a provider's clear answer.
func (s *Service) recordRefundAnswer(ctx context.Context, tx *store.Tx, r *ent.Refund, result providers.Result) error {
	switch result.Status {
	case providers.Captured, providers.Refunded, providers.ChargedBack:
		_, err := s.judgeRefund(ctx, tx, r.Edges.Bill, r.Edges.Attempt, leftOf(r.Edges.Attempt, result), result)
		return err
	case providers.Declined:
		decline := providers.Decline{Code: "refund_refused", Message: "The provider refused to give the money back."}
		if result.Decline != nil {
			decline = *result.Decline
		}
		return s.failRefund(ctx, tx, r, decline, "")
	case providers.Pending, providers.ActionRequired, providers.Authorized, providers.Voided, providers.Expired:
	}
	// Accepted, to be done: it is asked about, and nothing but a refusal is a no.
	kind := kindAccepted
	if result.RefundFailed { // the one before, and this may be its word for as long as this one waits
		kind = kindAcceptedAgain
	}
	if err := openOperation(tx, r.AttemptID).SetErrorKind(kind).Exec(ctx); err != nil {
		return fmt.Errorf("write that refund %s was accepted: %w", r.ID, err)
	}
	return nil
}

// The marks of a refund's operation that its provider has promised to do.
const (
	kindAccepted      = "accepted"
	kindAcceptedAgain = "accepted_again" // while its word was still that the one before had failed
)

// isAccepted reports whether the provider has promised to do the refund that is out, and
// has not taken the promise back: saidFailed is its word that a refund has failed.
func isAccepted(ctx context.Context, tx *store.Tx, id pay.AttemptID, saidFailed bool) (bool, error) {
	kinds := []string{kindAccepted, kindAcceptedAgain}
	if saidFailed {
		kinds = kinds[1:]
	}
	n, err := tx.Operation.Query().Where(operation.AttemptID(id), operation.ResolvedAtIsNil(), operation.ErrorKindIn(kinds...)).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for a promise about attempt %s: %w", id, err)
	}
	return n > 0, nil
}

// refundNotSent puts back what surely did not arrive, to be sent again.
func (s *Service) refundNotSent(ctx context.Context, tx *store.Tx, r *ent.Refund, kind providers.Kind, code string) error {
	err := openOperation(tx, r.AttemptID).SetStatus(pay.OperationFailed).SetResolvedAt(tx.Now).
		SetErrorKind(string(kind)).SetNillableErrorCode(optional(code)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end the try of refund %s: %w", r.ID, err)
	}
	if err := tx.Attempt.Update().Where(attempt.ID(r.AttemptID)).ClearDoubtSince().SetUpdatedAt(tx.Now).Exec(ctx); err != nil {
		return fmt.Errorf("end the doubt about refund %s: %w", r.ID, err)
	}
	if err := moveRefund(ctx, tx, r, pay.RefundRequested, func(u *ent.RefundUpdate) { u.AddTries(1) }); err != nil {
		return err
	}
	if err := s.advance(ctx, tx, r.Edges.Bill, move{To: r.Edges.Bill.Status, Reason: "refund.not_sent"}); err != nil {
		return err
	}
	return s.sendLater(ctx, tx, r.ID, tx.Now.Add(refundAgain(r.Tries)))
}

// doubtRefund marks a refund that may have been done: it blocks its bill's other
// refunds, and the provider is asked soon.
func (s *Service) doubtRefund(ctx context.Context, tx *store.Tx, r *ent.Refund, kind providers.Kind) error {
	if err := openOperation(tx, r.AttemptID).SetStatus(pay.OperationUnknown).SetErrorKind(string(kind)).Exec(ctx); err != nil {
		return fmt.Errorf("mark refund %s as in doubt: %w", r.ID, err)
	}
	if err := moveRefund(ctx, tx, r, pay.RefundUnknown, nil); err != nil {
		return err
	}
	b, a := r.Edges.Bill, r.Edges.Attempt
	if err := s.advance(ctx, tx, b, move{To: b.Status, Reason: "refund.unknown"}); err != nil {
		return err
	}
	tx.AfterCommit(s.Runner.Wake)
	return s.askInDoubt(ctx, tx, a.ID, nextInDoubt(*a.DoubtSince, s.settlingOf(a.Account), tx.Now))
}

// readRefund reads a refund with its bill and its attempt. The bill is read first:
// see readAbout.
func readRefund(ctx context.Context, tx *store.Tx, id pay.RefundID) (*ent.Refund, error) {
	r, err := tx.Refund.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read refund %s: %w", id, err)
	}
	if r.Edges.Bill, err = tx.Bill.Get(ctx, r.BillID); err != nil {
		return nil, fmt.Errorf("read the bill of refund %s: %w", id, err)
	}
	if r.Edges.Attempt, err = tx.Attempt.Get(ctx, r.AttemptID); err != nil {
		return nil, fmt.Errorf("read the attempt of refund %s: %w", id, err)
	}
	return r, nil
}

// moveRefund moves a refund to the next status by one guarded UPDATE.
func moveRefund(ctx context.Context, tx *store.Tx, r *ent.Refund, to pay.RefundStatus, set func(*ent.RefundUpdate)) error {
	if !r.Status.CanBecome(to) {
		return fmt.Errorf("move refund %s from %s to %s: that is no move", r.ID, r.Status, to)
	}
	update := tx.Refund.Update().Where(refund.ID(r.ID), refund.StatusEQ(r.Status)).SetStatus(to).SetUpdatedAt(tx.Now)
	if !to.IsOpen() {
		update.SetResolvedAt(tx.Now)
	}
	if set != nil {
		set(update)
	}
	n, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("move refund %s to %s: %w", r.ID, to, err)
	}
	if n == 0 {
		return fmt.Errorf("move refund %s to %s: %w", r.ID, to, store.ErrRaced)
	}
	return nil
}
