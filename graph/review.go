package graph

import (
	"context"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
)

// ReviewCases are the payments that a person has to look at.
func (r query) ReviewCases(ctx context.Context, first *int, after *string, open *bool, reasons []pay.ReviewReason) (*model.ReviewCaseConnection, error) {
	ask := billing.ReviewsRequest{Request: pageOf(first, after), Open: open, Reasons: reasons}
	cases, err := r.Billing.Reviews(ctx, ask)
	if err != nil {
		return nil, err
	}
	if err := r.fillCases(ctx, selected(ctx).rows(), cases.Rows); err != nil {
		return nil, err
	}
	return model.NewReviewCaseConnection(cases, ask), nil
}

// ReviewResolve ends a case by a person's decision.
func (r mutation) ReviewResolve(ctx context.Context, in model.ReviewResolveInput) (*model.ReviewPayload, error) {
	resolved, err := r.Billing.Resolve(ctx, billing.Resolution{
		Key: in.IdempotencyKey, Case: in.Case, Resolution: in.Resolution, Note: in.Note,
	})
	if err != nil {
		return nil, err
	}
	shown := &model.ReviewPayload{Case: resolved.Case, Replayed: resolved.Replayed}
	if shown.Case != nil {
		asked := selected(ctx)
		if err := r.fillCasesAnd(ctx, asked.at("case"), asked.at("bill"), []*ent.ReviewCase{shown.Case}); err != nil {
			return nil, err
		}
		shown.Bill = shown.Case.Edges.Bill
	}
	shown.Errors, err = r.shownList(ctx, resolved.Errors)
	return shown, err
}

// fillCases reads what was asked for of cases and stands in their bills, and points
// the cases and their attempts at them.
func (r *Resolver) fillCases(ctx context.Context, asked selection, cases []*ent.ReviewCase) error {
	return r.fillCasesAnd(ctx, asked, asked.at("bill"), cases)
}

// fillCasesAnd is fillCases where the bills are asked for beside the cases, too.
func (r *Resolver) fillCasesAnd(ctx context.Context, asked, beside selection, cases []*ent.ReviewCase) error {
	bills := asked.at("bill").and(asked.at("attempt", "bill")).and(beside)
	want := bills.want()
	if asked.has("allowedResolutions") {
		want.Reviews = true // the bill's other cases speak for or against it
	} else if bills.isEmpty() {
		return nil
	}
	var ids []pay.BillID
	for _, c := range cases {
		if c.BillID != nil {
			ids = append(ids, *c.BillID)
		}
	}
	found, err := r.billsWith(ctx, bills, want, ids)
	if err != nil {
		return err
	}
	for _, c := range cases {
		if c.BillID == nil || found[*c.BillID] == nil {
			continue
		}
		c.Edges.Bill = found[*c.BillID]
		if c.Edges.Attempt != nil {
			c.Edges.Attempt.Edges.Bill = c.Edges.Bill
		}
	}
	return nil
}

// TotalCount counts the whole list.
func (r reviewPageFields) TotalCount(ctx context.Context, c *model.ReviewCaseConnection) (int, error) {
	return r.Billing.CountReviews(ctx, c.Request)
}

// Bill is the bill concerned.
func (r reviewFields) Bill(ctx context.Context, c *ent.ReviewCase) (*ent.Bill, error) {
	if c.Edges.Bill != nil {
		return c.Edges.Bill, nil
	}
	return r.billOf(ctx, c.BillID)
}

// Attempt is the attempt concerned.
func (r reviewFields) Attempt(ctx context.Context, c *ent.ReviewCase) (*ent.Attempt, error) {
	if c.Edges.Attempt != nil || c.AttemptID == nil {
		return c.Edges.Attempt, nil
	}
	found, err := r.Billing.AttemptsByID(ctx, []pay.AttemptID{*c.AttemptID})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// Provider is where the money came from.
func (r reviewFields) Provider(_ context.Context, c *ent.ReviewCase) (*model.Provider, error) {
	if c.Account == nil {
		return nil, nil
	}
	return r.provider(*c.Account, false), nil
}

// Amount is the money in question.
func (r reviewFields) Amount(_ context.Context, c *ent.ReviewCase) (*pay.Money, error) {
	if c.AmountMinor == nil || c.Currency == nil {
		return nil, nil
	}
	amount := pay.Of(*c.AmountMinor, *c.Currency)
	return &amount, nil
}

// AllowedResolutions is how the case may be ended; nothing once it is.
func (r reviewFields) AllowedResolutions(ctx context.Context, c *ent.ReviewCase) ([]pay.ReviewResolution, error) {
	if c.ResolvedAt != nil {
		return []pay.ReviewResolution{}, nil
	}
	b, err := r.Bill(ctx, c)
	if err != nil {
		return nil, err
	}
	a, err := r.Attempt(ctx, c)
	if err != nil || b == nil {
		return r.Billing.AllowedResolutions(c, b, a, nil), err
	}
	cases, err := billFields(r).Reviews(ctx, b)
	return r.Billing.AllowedResolutions(c, b, a, cases), err
}
