package payture

import (
	"context"
	"fmt"
	"net/url"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Capture takes amount of a hold with Charge, all of it or less. It is for
// two-stage terminals. The handle is not sent: InPay has no place for it, so a
// Capture must never be sent twice.
//
// A repeated one finds the order Charged and is refused with Conflict, as is
// any other order that is not Authorized; more than the hold is Rejected
// (AMOUNT_ERROR). Whatever is not a clear answer is Unknown: ask Sync.
func (c *Client) Capture(ctx context.Context, ref providers.Ref, _ string, amount pay.Money) (providers.Result, error) {
	if err := c.checkTwoStage(providers.OpCapture); err != nil {
		return providers.Result{}, err
	}
	if err := checkOrder(providers.OpCapture, ref.OrderNumber); err != nil {
		return providers.Result{}, err
	}
	if err := c.checkAmount(providers.OpCapture, amount); err != nil {
		return providers.Result{}, err
	}
	fields := c.operationFields(ref)
	fields.Set("Amount", fmt.Sprint(amount.Amount))
	answer, trouble := c.send(ctx, "Charge", fields)
	if trouble != nil {
		return providers.Result{}, trouble.ofWrite(providers.OpCapture, ref.OrderNumber)
	}
	switch answer.success() {
	case saysYes:
		if !answer.isFor(ref.OrderNumber) || !answer.tells("Amount", amount) {
			return providers.Result{}, unclear(providers.OpCapture, ref.OrderNumber, answer, "Charge answers for another order or amount")
		}
		return providers.Result{Status: providers.Captured, Authorized: amount.Zero(), Captured: amount}, nil
	case saysNo:
		return c.refused(ctx, providers.OpCapture, ref.OrderNumber, answer)
	case saysNothing:
	}
	return providers.Result{}, unclear(providers.OpCapture, ref.OrderNumber, answer, "Charge says neither True nor False")
}

// operationFields are what Charge and Unblock have in common (Payture docs,
// inpay/charge, inpay/unblock).
func (c *Client) operationFields(ref providers.Ref) url.Values {
	return url.Values{
		"Key":      {string(c.config.Key)},
		"Password": {string(c.config.Password)},
		"OrderId":  {ref.OrderNumber},
	}
}
