package payture

import (
	"context"
	"fmt"
	"net/url"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Capture takes amount of a hold with Charge, all of it or less. It is for
// two-stage terminals. The handle is not sent: Payture has no place for it, so a
// Capture must never be sent twice.
//
// A repeated one finds the order Charged and is refused with Conflict, as is
// any other order that is not Authorized; more than the hold is Rejected
// (AMOUNT_ERROR). Whatever is not a clear answer is Unknown: ask Sync.
func (c *Client) Capture(ctx context.Context, ref providers.Ref, _ string, amount pay.Money) (providers.Result, error) {
	if err := c.checkTwoStage(providers.OpCapture, ref); err != nil {
		return providers.Result{}, err
	}
	if err := checkOrder(providers.OpCapture, ref.OrderNumber); err != nil {
		return providers.Result{}, err
	}
	if err := c.checkAmount(providers.OpCapture, amount); err != nil {
		return providers.Result{}, err
	}
	answer, trouble := c.operate(ctx, ref, "Charge", url.Values{"Amount": {fmt.Sprint(amount.Amount)}})
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

// operate posts Charge or Unblock with what they have in common, to the
// interface that has the order. Both take plain fields there (Payture docs,
// inpay/charge, inpay/unblock; recorded of the wallet).
func (c *Client) operate(ctx context.Context, ref providers.Ref, command string, fields url.Values) (reply, *trouble) {
	fields.Set("OrderId", ref.OrderNumber)
	if wallet := c.config.Wallet; ref.OfCustomer && wallet != nil {
		fields.Set("VWID", string(wallet.PayTerminal))
		fields.Set("Password", string(wallet.Password))
		return c.post(ctx, walletInterface, command, fields)
	}
	fields.Set("Key", string(c.config.Key))
	fields.Set("Password", string(c.config.Password))
	return c.send(ctx, command, fields)
}
