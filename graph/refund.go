package graph

import (
	"context"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// RefundCreate gives money back.
func (r mutation) RefundCreate(ctx context.Context, in model.RefundCreateInput) (*model.RefundPayload, error) {
	done, err := r.Billing.Refund(ctx, billing.NewRefund{
		Key: in.IdempotencyKey, Bill: in.Bill, Attempt: in.Attempt, Amount: in.Amount, Reason: in.Reason,
	})
	return r.refundPayload(ctx, done, err)
}

// RefundApprove lets a refund go that waits for a second person.
func (r mutation) RefundApprove(ctx context.Context, key, refund string) (*model.RefundPayload, error) {
	done, err := r.Billing.Approve(ctx, key, refund)
	return r.refundPayload(ctx, done, err)
}

// RefundReject turns down a refund that waits for a second person.
func (r mutation) RefundReject(ctx context.Context, key, refund, reason string) (*model.RefundPayload, error) {
	done, err := r.Billing.Reject(ctx, key, refund, reason)
	return r.refundPayload(ctx, done, err)
}

// refundPayload shows what became of a refund, with its bill as it is now.
func (r mutation) refundPayload(ctx context.Context, done *billing.RefundOutcome, err error) (*model.RefundPayload, error) {
	if err != nil {
		return nil, err
	}
	shown := &model.RefundPayload{Replayed: done.Replayed}
	asked := selected(ctx)
	if !done.Bill.IsZero() {
		bills, err := r.billsOf(ctx, asked.at("bill").and(asked.at("refund", "bill")), []pay.BillID{done.Bill})
		if err != nil {
			return nil, err
		}
		shown.Bill = bills[done.Bill]
	}
	if !done.Refund.IsZero() {
		if shown.Refund, err = only(r.Billing.RefundsByID(ctx, []pay.RefundID{done.Refund})); err != nil {
			return nil, err
		}
	}
	if shown.Refund != nil && shown.Bill != nil {
		shown.Refund.Edges.Bill = shown.Bill
	}
	shown.Errors, err = r.shownList(ctx, done.Errors)
	return shown, err
}

// Bill is the bill whose money goes back.
func (r refundFields) Bill(ctx context.Context, f *ent.Refund) (*ent.Bill, error) {
	if f.Edges.Bill != nil {
		return f.Edges.Bill, nil
	}
	return r.billOf(ctx, &f.BillID)
}

// Attempt is the attempt that took the money.
func (r refundFields) Attempt(ctx context.Context, f *ent.Refund) (*ent.Attempt, error) {
	if f.Edges.Attempt != nil {
		return f.Edges.Attempt, nil
	}
	return only(r.Billing.AttemptsByID(ctx, []pay.AttemptID{f.AttemptID}))
}

// Failure is why it was not given back.
func (refundFields) Failure(_ context.Context, f *ent.Refund) (*model.Decline, error) {
	return shownDecline(f.DeclineCode, f.DeclineProviderCode, f.DeclineMessage, f.DeclineRetry), nil
}

// RequestedBy is who asked for it, for persons only: a payer has no business with
// the names of the merchant's staff.
func (refundFields) RequestedBy(ctx context.Context, f *ent.Refund) (*string, error) {
	return forPersons(ctx, &f.RequestedBy), nil
}

// ApprovedBy is who approved it, for persons only.
func (refundFields) ApprovedBy(ctx context.Context, f *ent.Refund) (*string, error) {
	return forPersons(ctx, f.ApprovedBy), nil
}

func forPersons(ctx context.Context, name *string) *string {
	if !viewer.From(ctx).Role.IsPerson() {
		return nil
	}
	return name
}
