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
func (r attemptFields) Method(ctx context.Context, a *ent.Attempt) (*model.PaymentMethod, error) {
	method := &model.PaymentMethod{Kind: a.MethodKind, Brand: a.CardBrand, Mask: a.CardMask}
	if !selected(ctx).has("wallet") {
		return method, nil
	}
	var err error
	method.Wallet, err = r.walletOf(ctx, a.WalletID)
	return method, err
}

// Provider is where the attempt went to; a wallet is none.
func (r attemptFields) Provider(_ context.Context, a *ent.Attempt) (*model.Provider, error) {
	if a.WalletID != nil {
		return nil, nil
	}
	return r.provider(a.Account, a.TestMode), nil
}

// Card is the saved card that was charged.
func (r attemptFields) Card(ctx context.Context, a *ent.Attempt) (*ent.Card, error) {
	return r.cardOf(ctx, a.CardID)
}

// Decline is why the last card was refused.
func (r attemptFields) Decline(_ context.Context, a *ent.Attempt) (*model.Decline, error) {
	return shownDecline(a.DeclineCode, a.DeclineProviderCode, a.DeclineMessage, a.DeclineRetry), nil
}

// shownDecline is a refusal as a row holds it, nil when there was none.
func shownDecline(code, providerCode, message *string, retry *pay.Retry) *model.Decline {
	if code == nil {
		return nil
	}
	shown := &model.Decline{
		Code: *code, Key: "decline." + *code, ProviderCode: providerCode,
		Message: "The payment was declined.", Retry: pay.RetryOtherMethod,
	}
	if message != nil {
		shown.Message = *message
	}
	if retry != nil {
		shown.Retry = *retry
	}
	return shown
}
