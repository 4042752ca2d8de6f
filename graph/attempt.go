package graph

import (
	"context"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/pay"
)

// Bill is what the attempt pays.
func (r attemptFields) Bill(ctx context.Context, a *ent.Attempt) (*ent.Bill, error) {
	if a.Edges.Bill != nil {
		return a.Edges.Bill, nil
	}
	return r.billOf(ctx, &a.BillID)
}

// Method is what paid, as far as the provider has told.
func (r attemptFields) Method(_ context.Context, a *ent.Attempt) (*model.PaymentMethod, error) {
	return &model.PaymentMethod{Kind: a.MethodKind, Brand: a.CardBrand, Mask: a.CardMask}, nil
}

// Provider is where the attempt went to.
func (r attemptFields) Provider(_ context.Context, a *ent.Attempt) (*model.Provider, error) {
	return r.provider(a.Account, a.TestMode), nil
}

// Card is null: cards are not saved yet.
func (r attemptFields) Card(context.Context, *ent.Attempt) (*model.Card, error) { return nil, nil }

// Decline is why the last card was refused.
func (r attemptFields) Decline(_ context.Context, a *ent.Attempt) (*model.Decline, error) {
	if a.DeclineCode == nil {
		return nil, nil
	}
	shown := &model.Decline{
		Code: *a.DeclineCode, Key: "decline." + *a.DeclineCode, ProviderCode: a.DeclineProviderCode,
		Message: "The payment was declined.", Retry: pay.RetryOtherMethod,
	}
	if a.DeclineMessage != nil {
		shown.Message = *a.DeclineMessage
	}
	if a.DeclineRetry != nil {
		shown.Retry = *a.DeclineRetry
	}
	return shown, nil
}
