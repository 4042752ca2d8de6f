package bisys

import (
	"context"
	"errors"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Charge takes money from a saved card by a recurrent payment with its token. The
// Handle is not sent, the API has no place for it, so a Charge must never be sent
// twice.
//
// The reply to the creation tells the payment's number only, and a page with its
// receipt. So the state is asked once: Captured, Declined, or ActionRequired when the
// bank wants to see the card's owner on a page. When that is not clear yet, the
// answer is Pending, with the ProviderRef by which Sync goes on.
//
// A reply to the creation that is not clear is Unknown, and has no number: only a
// notification can tell it.
func (c *Client) Charge(ctx context.Context, r providers.ChargeRequest) (providers.Result, error) {
	o := order{
		op: providers.OpChargeSaved, number: r.OrderNumber, amount: r.Amount, items: r.Items, payer: r.Payer,
		returnURL: r.ReturnURL, notifyURL: r.NotifyURL, expires: r.Expires,
	}
	request, err := c.request(o)
	if err != nil {
		return providers.Result{}, err
	}
	if !isID(r.CardRef) {
		return providers.Result{}, rejected(o.op, o.about(), errNoCardToken)
	}
	if request.UserToken, err = c.register(ctx, o.op, r.Customer); err != nil {
		return providers.Result{}, err
	}
	request.CardToken = r.CardRef
	c.askProof(&request, r.Payer)
	answer, trouble := c.ask(ctx, recurrentPath, request, request.UserToken, request.CardToken)
	if trouble != nil {
		if e := trouble.exception; e.fault == faultUnknown && isID(e.regPayNum) {
			return c.outcome(ctx, o, e.regPayNum), nil
		}
		return c.notCreated(ctx, o, trouble)
	}
	number := answer.text("regPayNum")
	if !isID(number) || !answer.repeats("userToken", request.UserToken) {
		return providers.Result{}, failure(o.op, providers.Unknown, "", errors.New(o.about()+": the answer names no payment, or another user"))
	}
	return c.outcome(ctx, o, number), nil
}

var errNoCardToken = errors.New("the card is named by no token of the vendor's")

// outcome asks once what a charge came to. It has no error: the charge was accepted,
// and what is not clear now is Pending.
func (c *Client) outcome(ctx context.Context, o order, number string) providers.Result {
	fee := c.feeOn(o.amount)
	ref := providers.Ref{OrderNumber: o.number, ProviderRef: number, OfCustomer: true}
	pending := providers.Result{Status: providers.Pending, ProviderRef: number, Fee: fee}
	answer, trouble := c.ask(ctx, statePath, stateRequest{number})
	if trouble != nil {
		result, ok := c.proof(trouble.exception)
		if !ok || result.ProviderRef != number {
			c.log.WarnContext(ctx, "bisys: a charge was accepted and its state is not known yet", "order", o.number, "error", trouble.ofRead(providers.OpSync, o.about()))
			return pending
		}
		result.Redirect.Expires = c.ends(o.expires)
		result.Fee = fee
		return result
	}
	result, err := c.judgeLoud(ctx, ref, answer, func(int64) int64 { return fee.Amount })
	if err != nil {
		c.log.WarnContext(ctx, "bisys: a charge was accepted and its state makes no sense", "order", o.number, "error", err)
		return pending
	}
	if result.Status == providers.Expired {
		result = declinedAs("session_expired", result.RawStatus, sayTooLong, pay.RetryNewKey)
		result.ProviderRef = number
	}
	result.Fee = fee
	return result
}
