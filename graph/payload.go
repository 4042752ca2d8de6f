package graph

import (
	"context"
	"errors"

	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
)

// billPayload shows what a mutation came to. The bill is read again as the caller
// may see it, with what was asked for of it; on a replay too.
func (r *Resolver) billPayload(ctx context.Context, o *billing.Outcome, err error) (*model.BillPayload, error) {
	if err != nil {
		return nil, err
	}
	shown := &model.BillPayload{Replayed: o.Replayed}
	if o.AccessToken != "" {
		shown.AccessToken = &o.AccessToken
		ctx = asHolder(ctx, o.Bill)
	}
	if asked := selected(ctx).at("bill"); !asked.isEmpty() && !o.Bill.IsZero() {
		if shown.Bill, err = linkedOne(r.Billing.Bill(ctx, o.Bill.String(), asked.want())); err != nil {
			return nil, err
		}
	}
	shown.Errors, err = r.shownList(ctx, o.Errors)
	return shown, err
}

// shownList is a payload's list of errors, never null.
func (r *Resolver) shownList(ctx context.Context, errs []*pay.Error) ([]model.UserError, error) {
	shown := make([]model.UserError, len(errs))
	for at, e := range errs {
		var err error
		if shown[at], err = r.shownError(ctx, e); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// shownErrors turns an error that a person may read into a payload's list, and
// returns any other as it is.
func (r *Resolver) shownErrors(ctx context.Context, err error) ([]model.UserError, error) {
	if err == nil {
		return []model.UserError{}, nil
	}
	e, ok := errors.AsType[*pay.Error](err)
	if !ok || !isForPayload(e.Code) {
		return nil, err
	}
	return r.shownList(ctx, []*pay.Error{e})
}

// isForPayload reports whether the schema's ErrorCode has the code.
func isForPayload(code pay.Code) bool {
	switch code {
	case pay.CodeInvalid, pay.CodeNotFound, pay.CodeForbidden, pay.CodeConflict, pay.CodeStateConflict,
		pay.CodeIdempotencyMismatch, pay.CodeIdempotencyInFlight, pay.CodeDeclined, pay.CodeProviderUnavailable,
		pay.CodeInsufficientFunds, pay.CodeLimitExceeded, pay.CodeUnsupported:
		return true
	case pay.CodeUnauthenticated, pay.CodeInternal:
		return false
	}
	return false
}

// shownError is the type of the schema that holds what e tells. Only its message
// goes out, never its cause.
func (r *Resolver) shownError(ctx context.Context, e *pay.Error) (model.UserError, error) {
	switch e.Code {
	case pay.CodeStateConflict:
		detail, _ := e.Detail.(pay.StateDetail)
		return &model.StateError{
			Code: e.Code, Key: e.Key, Message: e.Message, Path: e.Path, Retry: e.Retry,
			From: detail.From, Allowed: detail.Allowed,
		}, nil
	case pay.CodeIdempotencyMismatch, pay.CodeIdempotencyInFlight:
		original, err := r.original(ctx, e)
		return &model.IdempotencyError{
			Code: e.Code, Key: e.Key, Message: e.Message, Path: e.Path, Retry: e.Retry, Original: original,
		}, err
	case pay.CodeDeclined:
		return r.declineError(ctx, e)
	case pay.CodeLimitExceeded, pay.CodeInsufficientFunds:
		detail, _ := e.Detail.(pay.LimitDetail)
		limit := &model.LimitError{
			Code: e.Code, Key: e.Key, Message: e.Message, Path: e.Path, Retry: e.Retry,
			Limit: detail.Limit, Available: detail.Available,
		}
		if detail.RetryAfter > 0 {
			limit.RetryAfter = &pay.Period{Clock: detail.RetryAfter}
		}
		return limit, nil
	case pay.CodeInvalid, pay.CodeNotFound, pay.CodeForbidden, pay.CodeConflict, pay.CodeUnsupported, pay.CodeProviderUnavailable:
		return &model.InputError{Code: e.Code, Key: e.Key, Message: e.Message, Path: e.Path, Retry: e.Retry}, nil
	case pay.CodeUnauthenticated, pay.CodeInternal:
	}
	return nil, e
}

// original is what a key's first call made, if this caller may see it.
func (r *Resolver) original(ctx context.Context, e *pay.Error) (model.Node, error) {
	detail, ok := e.Detail.(pay.IdempotencyDetail)
	if !ok || detail.OriginalID == "" {
		return nil, nil
	}
	found, err := r.nodes(ctx, []string{detail.OriginalID}, selected(ctx).at("errors", "original"))
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (r *Resolver) declineError(ctx context.Context, e *pay.Error) (model.UserError, error) {
	detail, _ := e.Detail.(pay.DeclineDetail)
	shown := &model.DeclineError{
		Code: e.Code, Key: e.Key, Message: e.Message, Path: e.Path, Retry: e.Retry,
		DeclineCode: detail.DeclineCode,
	}
	if detail.ProviderCode != "" {
		shown.ProviderCode = &detail.ProviderCode
	}
	if detail.Attempt.IsZero() || !selected(ctx).at("errors").has("attempt") {
		return shown, nil
	}
	found, err := r.Billing.AttemptsByID(ctx, []pay.AttemptID{detail.Attempt})
	if err == nil && len(found) == 1 {
		shown.Attempt = found[0]
	}
	return shown, err
}
