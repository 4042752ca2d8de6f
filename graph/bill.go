package graph

import (
	"context"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// edgeOf returns what belongs to a bill: as it was read along with it, or, in the
// deep corners of a query, by a read of its own. What is not there is the zero
// value.
func edgeOf[T any](ctx context.Context, r *Resolver, b *ent.Bill, want billing.Want, get func(ent.BillEdges) (T, error)) (T, error) {
	found, err := get(b.Edges)
	if ent.IsNotLoaded(err) {
		full, loadErr := r.Billing.Load(asHolder(ctx, b.ID), b, want)
		if loadErr != nil {
			return found, loadErr
		}
		found, err = get(full.Edges)
	}
	if ent.IsNotFound(err) {
		var none T
		return none, nil
	}
	return found, err
}

// linked points what was read along with bills back at them, so that
// `attempts { bill }` reads nothing. It must run before anybody else has the
// bills.
func linked(bills ...*ent.Bill) []*ent.Bill {
	for _, b := range bills {
		for _, a := range b.Edges.Attempts {
			a.Edges.Bill = b
		}
		for _, c := range b.Edges.Reviews {
			c.Edges.Bill = b
			c.Edges.Attempt = attemptOf(b, c)
		}
		for _, f := range b.Edges.Refunds {
			f.Edges.Bill = b
		}
		for _, e := range b.Edges.Entitlements {
			e.Edges.Bill = b
		}
	}
	return bills
}

// attemptOf is the attempt that a case is about, among those read along with its bill.
func attemptOf(b *ent.Bill, c *ent.ReviewCase) *ent.Attempt {
	for _, a := range b.Edges.Attempts {
		if c.AttemptID != nil && a.ID == *c.AttemptID {
			return a
		}
	}
	return c.Edges.Attempt
}

// linkedOne is linked for one bill, which may be nil.
func linkedOne(b *ent.Bill, err error) (*ent.Bill, error) {
	if b != nil {
		linked(b)
	}
	return b, err
}

func (r billFields) attempts(ctx context.Context, b *ent.Bill) ([]*ent.Attempt, error) {
	return edgeOf(ctx, r.Resolver, b, billing.Want{Attempts: true}, ent.BillEdges.AttemptsOrErr)
}

// ReviewReason is the reason of the open review case, of the newest if there are
// several.
func (r billFields) ReviewReason(ctx context.Context, b *ent.Bill) (*pay.ReviewReason, error) {
	cases, err := r.Reviews(ctx, b)
	if err != nil {
		return nil, err
	}
	var reason *pay.ReviewReason
	for _, c := range cases {
		if c.ResolvedAt == nil {
			reason = &c.Reason
		}
	}
	return reason, nil
}

// Reviews are empty for payers: the store shows them none.
func (r billFields) Reviews(ctx context.Context, b *ent.Bill) ([]*ent.ReviewCase, error) {
	return edgeOf(ctx, r.Resolver, b, billing.Want{Reviews: true}, ent.BillEdges.ReviewsOrErr)
}

// Refundable is what is left: paid less what was returned and what is on its way back.
func (r billFields) Refundable(_ context.Context, b *ent.Bill) (*pay.Money, error) {
	return new(pay.Of(b.PaidMinor-b.RefundedMinor-b.RefundingMinor, b.Currency)), nil
}

// Lines are what the bill is for.
func (r billFields) Lines(ctx context.Context, b *ent.Bill) ([]*ent.BillLine, error) {
	return edgeOf(ctx, r.Resolver, b, billing.Want{Lines: true}, ent.BillEdges.LinesOrErr)
}

// Product is what was bought.
func (r billFields) Product(ctx context.Context, b *ent.Bill) (*ent.Product, error) {
	if b.ProductID == nil {
		return nil, nil
	}
	return edgeOf(ctx, r.Resolver, b, billing.Want{Product: true}, ent.BillEdges.ProductOrErr)
}

// BillingSubscription is what the bill starts or renews, as far as the caller may
// see it.
func (r billFields) BillingSubscription(ctx context.Context, b *ent.Bill) (*ent.BillingSubscription, error) {
	return r.subscriptionOf(ctx, b.SubscriptionID)
}

// Payer is the user whose bill it is, as far as the caller may see them.
func (r billFields) Payer(ctx context.Context, b *ent.Bill) (*ent.User, error) {
	if b.UserID == nil {
		return nil, nil
	}
	return edgeOf(ctx, r.Resolver, b, billing.Want{User: true}, ent.BillEdges.UserOrErr)
}

// NextAction is what the payer has to do, for those who may pay.
func (r billFields) NextAction(ctx context.Context, b *ent.Bill) (model.NextAction, error) {
	if !pay.ActionPay.IsFor(roleOver(ctx, b)) {
		return nil, nil
	}
	attempts, err := r.attempts(ctx, b)
	if err != nil {
		return nil, err
	}
	return shownAction(billing.NextActionOf(b, attempts, r.Clock.Now())), nil
}

func shownAction(next *billing.NextAction) model.NextAction {
	switch {
	case next == nil:
		return nil
	case next.Redirect == nil:
		return &model.WaitAction{PollAfterMs: int(next.PollAfter / time.Millisecond)}
	}
	page := next.Redirect
	shown := &model.RedirectAction{URL: page.URL, HTTPMethod: page.Method, Fields: []*model.FormField{}, ExpiresAt: page.Expires}
	for _, field := range page.Fields {
		shown.Fields = append(shown.Fields, &model.FormField{Name: field.Name, Value: field.Value})
	}
	return shown
}

// roleOver is the role in which the caller faces bill b.
func roleOver(ctx context.Context, b *ent.Bill) pay.Role {
	return viewer.From(asHolder(ctx, b.ID)).Role
}

// AllowedActions is what the caller can do with the bill as it stands. Its cases are
// read for those who may give money back.
func (r billFields) AllowedActions(ctx context.Context, b *ent.Bill) ([]string, error) {
	attempts, err := r.attempts(ctx, b)
	if err != nil {
		return nil, err
	}
	role := roleOver(ctx, b)
	var cases []*ent.ReviewCase
	if pay.ActionRefund.IsFor(role) {
		if cases, err = r.Reviews(ctx, b); err != nil {
			return nil, err
		}
	}
	actions := r.Billing.AllowedActions(b, attempts, cases, role)
	words := make([]string, len(actions))
	for at, action := range actions {
		words[at] = string(action)
	}
	return words, nil
}

// Attempts are every try at paying it.
func (r billFields) Attempts(ctx context.Context, b *ent.Bill) ([]*ent.Attempt, error) {
	attempts, err := r.attempts(ctx, b)
	if err != nil {
		return nil, err
	}
	return attempts, r.fillAttempts(ctx, selected(ctx), attempts)
}

// LatestAttempt is the newest of them.
func (r billFields) LatestAttempt(ctx context.Context, b *ent.Bill) (*ent.Attempt, error) {
	attempts, err := r.attempts(ctx, b)
	if err != nil || len(attempts) == 0 {
		return nil, err
	}
	return attempts[len(attempts)-1], nil
}

// Refunds are what was given back, or is to be.
func (r billFields) Refunds(ctx context.Context, b *ent.Bill) ([]*ent.Refund, error) {
	refunds, err := edgeOf(ctx, r.Resolver, b, billing.Want{Refunds: true, Attempts: true}, ent.BillEdges.RefundsOrErr)
	if err != nil {
		return nil, err
	}
	for _, f := range refunds {
		f.Edges.Bill = b
		for _, a := range b.Edges.Attempts {
			if a.ID == f.AttemptID {
				f.Edges.Attempt = a
			}
		}
	}
	return refunds, nil
}

// Gift is what the bill bought. Its bill is at hand for the gift's own fields.
func (r billFields) Gift(ctx context.Context, b *ent.Bill) (*ent.Gift, error) {
	found, err := r.giftsOfBills(asHolder(ctx, b.ID), b.ID)
	if found[b.ID] != nil {
		alongOf(ctx).bills.put(b.ID, b)
	}
	return found[b.ID], err
}

// Entitlements are what the bill granted.
func (r billFields) Entitlements(ctx context.Context, b *ent.Bill) ([]*ent.Entitlement, error) {
	return edgeOf(ctx, r.Resolver, b, billing.Want{Entitlements: true}, ent.BillEdges.EntitlementsOrErr)
}

// History is every version of the bill.
func (r billFields) History(ctx context.Context, b *ent.Bill) ([]*ent.BillEvent, error) {
	return edgeOf(ctx, r.Resolver, b, billing.Want{Events: true}, ent.BillEdges.EventsOrErr)
}

// Note is what a person wrote: for the merchant's side only.
func (r billEventFields) Note(ctx context.Context, e *ent.BillEvent) (*string, error) {
	if !viewer.From(ctx).Role.IsMerchantSide() {
		return nil, nil
	}
	return e.Note, nil
}
