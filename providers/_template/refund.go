package template

import (
	"context"
	"fmt"
	"net/http"

	"github.com/paygraph/paygraph/providers"
)

// Refund gives money of a paid order back. The handle is the vendor's own key: a
// refund of the same number is done once (Template docs, refunds).
func (c *Client) Refund(ctx context.Context, r providers.RefundRequest) (providers.Result, error) {
	const op = providers.OpRefund
	number := r.Ref.OrderNumber
	if err := checkOrder(op, number); err != nil {
		return providers.Result{}, err
	}
	if err := c.checkAmount(op, r.Amount); err != nil {
		return providers.Result{}, err
	}
	if left, err := r.Taken.Sub(r.Amount); err != nil || left.Amount < 0 {
		return providers.Result{}, failure(op, providers.Rejected, "", about(number, "it is more than is taken"))
	}
	got, failed := c.call(ctx, http.MethodPost, "/payments/"+number+"/refunds", map[string]string{
		"number": r.Handle, "amount": writeAmount(r.Amount), "reason": r.Reason,
	})
	if failed != nil {
		return providers.Result{}, failure(op, failed.OfWrite(), "", fmt.Errorf("order %s: %w", number, failed.Cause))
	}
	if got.code != "" {
		return providers.Result{}, failure(op, kindOf(got.code), got.code, about(number, "it was refused"))
	}
	result, err := c.judge(number, got.payment)
	if err != nil || result.Status != providers.Captured && result.Status != providers.Refunded {
		return providers.Result{}, failure(op, providers.Unknown, "", about(number, "the answer does not tell what stays taken"))
	}
	return result, nil
}
