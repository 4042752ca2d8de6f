package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// An openingAnswer is what one call of Start came to, in the words of our own
// tables.
type openingAnswer struct {
	result    providers.Result
	attempt   pay.AttemptStatus
	operation pay.OperationStatus
	errorKind string
	errorCode string
	refused   *pay.Error // what the payer is told; nil when the page is open
	inDoubt   bool       // the session may exist at the provider
	unsent    bool       // it surely does not: there is nothing to watch
}

// readOpening judges a provider's answer to Start. It decides nothing about
// money: an opening takes none.
func (s *Service) readOpening(ctx context.Context, a *ent.Attempt, result providers.Result, err error) openingAnswer {
	answer := openingAnswer{result: result}
	switch {
	case err == nil && result.Status == providers.ActionRequired && result.Redirect != nil:
		answer.attempt, answer.operation = pay.AttemptActionRequired, pay.OperationSucceeded
		return answer
	case err == nil && result.Status == providers.Declined && result.Decline != nil:
		answer.attempt, answer.operation = pay.AttemptDeclined, pay.OperationDeclined
		answer.refused = declined(a.ID, *result.Decline)
		return answer
	case err == nil:
		err = &providers.Error{Provider: providers.Name(a.Provider), Op: providers.OpStart, Kind: providers.Unknown}
	}
	kind := providers.KindOf(err)
	answer.attempt, answer.operation, answer.errorKind = pay.AttemptFailed, pay.OperationFailed, string(kind)
	answer.errorCode = codeOf(err)
	answer.refused = pay.Errorf(pay.CodeProviderUnavailable, "provider.unavailable", "The provider cannot be reached right now. Nothing was taken.").Because(err)
	switch kind {
	case providers.Unknown, providers.Conflict:
		answer.inDoubt = true
	case providers.Unavailable, providers.RateLimited:
		answer.unsent = true
	case providers.Unsupported:
		answer.unsent = true
		answer.refused = pay.Errorf(pay.CodeUnsupported, "provider.unsupported", "The provider cannot take this payment.").Because(err)
	case providers.Rejected, providers.Auth, providers.NotFound, providers.Malformed:
		// Our request or our contract with the vendor is wrong: the same call
		// will fail again, another provider may not.
		answer.refused.Retry = pay.RetryOtherMethod
		s.Logger.ErrorContext(ctx, "a provider refused to open an attempt", "attempt", a.ID, "account", a.Account, "error", err)
		return answer
	}
	s.Logger.WarnContext(ctx, "an attempt could not be opened", "attempt", a.ID, "account", a.Account, "error", err)
	return answer
}

// recordOpening writes what Start came to. When the attempt was given up while
// the call was out, only its watch remains, and the caller is told that the bill
// has moved on.
func (s *Service) recordOpening(ctx context.Context, tx *store.Tx, b *ent.Bill, id pay.AttemptID, answer openingAnswer) (*pay.Error, error) {
	update := tx.Attempt.Update().Where(attempt.ID(id), attempt.StatusEQ(pay.AttemptCreated)).
		SetStatus(answer.attempt).SetUpdatedAt(tx.Now)
	if !answer.attempt.IsOpen() {
		update.SetResolvedAt(tx.Now)
	}
	if !answer.attempt.IsOpen() || !b.Status.IsPayable() {
		update.SetCurrent(false)
	}
	if answer.unsent {
		update.SetWatchUntil(tx.Now)
	}
	r := answer.result
	setOptional(update.SetProviderRef, r.ProviderRef)
	setOptional(update.SetProviderStatus, r.RawStatus)
	setDecline(update, r.Decline)
	if redirect := r.Redirect; redirect != nil {
		update.SetRedirectURL(redirect.URL).SetRedirectMethod(redirect.Method)
		if redirect.Fields != nil {
			update.SetRedirectFields(redirect.Fields)
		}
		if !redirect.Expires.IsZero() {
			ends := pay.Instant(redirect.Expires)
			update.SetSessionEndsAt(ends).SetWatchUntil(ends.Add(watchAfter))
		}
	}
	recorded, err := update.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("record the opening of attempt %s: %w", id, err)
	}
	if recorded == 0 {
		return pay.Errorf(pay.CodeConflict, "bill.changed", "The bill changed while its payment was being opened. Read it again."), nil
	}
	if err := closeOperation(ctx, tx, id, answer); err != nil {
		return nil, err
	}
	reason := "attempt." + reasonOf(answer.attempt)
	if answer.refused == nil && !b.Status.IsPayable() {
		answer.refused = notAllowed(ctx, b, pay.ActionPay)
	}
	return answer.refused, s.advance(ctx, tx, b, move{To: b.Status, Reason: reason})
}

func closeOperation(ctx context.Context, tx *store.Tx, id pay.AttemptID, answer openingAnswer) error {
	err := openOperation(tx, id).SetStatus(answer.operation).SetResolvedAt(tx.Now).
		SetNillableErrorKind(optional(answer.errorKind)).SetNillableErrorCode(optional(answer.errorCode)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("resolve the opening of attempt %s: %w", id, err)
	}
	return nil
}

// declined is what a payer reads of a refusal.
func declined(id pay.AttemptID, d providers.Decline) *pay.Error {
	return &pay.Error{
		Code: pay.CodeDeclined, Key: "decline." + d.Code, Message: d.Message, Retry: d.Retry,
		Detail: pay.DeclineDetail{DeclineCode: d.Code, ProviderCode: d.ProviderCode, Attempt: id},
	}
}
