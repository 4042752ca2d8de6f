package payture

import (
	"context"
	"net/url"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Void releases a whole hold with Unblock. It is for two-stage terminals. The
// handle is not sent, so a Void must never be sent twice: a repeated one finds
// the order Voided and is refused with Conflict.
//
// Older documents let Unblock take an Amount; the current one releases the
// whole hold, so none is sent and what remains must be nothing (Payture docs,
// inpay/unblock: NewAmount="0").
func (c *Client) Void(ctx context.Context, ref providers.Ref, _ string) (providers.Result, error) {
	if err := c.checkTwoStage(providers.OpVoid, ref); err != nil {
		return providers.Result{}, err
	}
	if err := checkOrder(providers.OpVoid, ref.OrderNumber); err != nil {
		return providers.Result{}, err
	}
	answer, trouble := c.operate(ctx, ref, "Unblock", url.Values{})
	if trouble != nil {
		return providers.Result{}, trouble.ofWrite(providers.OpVoid, ref.OrderNumber)
	}
	switch answer.success() {
	case saysYes:
		nothing := pay.Of(0, c.config.Currency)
		if !answer.isFor(ref.OrderNumber) || !answer.tells("NewAmount", nothing) {
			return providers.Result{}, unclear(providers.OpVoid, ref.OrderNumber, answer, "Unblock answers for another order or left a hold")
		}
		return providers.Result{Status: providers.Voided, Authorized: nothing, Captured: nothing}, nil
	case saysNo:
		return c.refused(ctx, providers.OpVoid, ref.OrderNumber, answer)
	case saysNothing:
	}
	return providers.Result{}, unclear(providers.OpVoid, ref.OrderNumber, answer, "Unblock says neither True nor False")
}
