package payture

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Charge takes money from a saved card, or holds it on a two-stage terminal,
// with the wallet's Pay: the card's id and no code of the card. Neither the
// handle nor who started it is sent, Pay has no place for them, so a Charge must
// never be sent twice.
//
// The gateway refuses an order number that was used before with Conflict.
// Whatever is not a clear answer is Unknown. Both are settled by Sync, with a
// Ref of a customer and without a ProviderRef: a charge has none.
//
// A bank that wants to see the card's owner (Success "3DS") refuses the charge,
// as authentication_required. Payture would have the browser post the proof to
// us and us hand it over with PaySubmit3DS; nothing in this contract does, and
// without it no money moves. On a page, where Payture handles the proof itself,
// the owner can pay.
func (c *Client) Charge(ctx context.Context, r providers.ChargeRequest) (providers.Result, error) {
	const op = providers.OpChargeSaved
	wallet, who, err := c.customerFor(op, r.Customer)
	if err != nil {
		return providers.Result{}, err
	}
	if err := checkOrder(op, r.OrderNumber); err != nil {
		return providers.Result{}, err
	}
	if err := c.checkAmount(op, r.Amount); err != nil {
		return providers.Result{}, err
	}
	if !isCardRef(r.CardRef) {
		return providers.Result{}, failure(op, providers.Rejected, "", fmt.Errorf("order %s: %w", r.OrderNumber, errNoCardRef))
	}
	answer, trouble := c.sendAs(ctx, who, wallet.PayTerminal, "Pay",
		pair{"CardId", r.CardRef}, pair{"OrderId", r.OrderNumber}, pair{"Amount", fmt.Sprint(r.Amount.Amount)})
	if trouble != nil {
		return providers.Result{}, trouble.ofWrite(op, r.OrderNumber)
	}
	if !answer.isFrom(who) {
		return providers.Result{}, unclear(op, r.OrderNumber, answer, "Pay answers for another customer")
	}
	switch answer.success() {
	case saysYes:
		if !answer.isFor(r.OrderNumber) || !answer.tells("Amount", r.Amount) {
			return providers.Result{}, unclear(op, r.OrderNumber, answer, "Pay answers for another order or amount")
		}
		return wallet.charged(r.Amount), nil
	case saysNo:
		return c.refused(ctx, op, r.OrderNumber, answer)
	case saysNothing:
	}
	if answer.demandsProof() && answer.repeats("OrderId", r.OrderNumber) {
		return proofDemanded("3DS"), nil
	}
	return providers.Result{}, unclear(op, r.OrderNumber, answer, "Pay says neither True nor False")
}

var errNoCardRef = errors.New("the card is named by no id of Payture's")

// charged is the Result of a Pay that was accepted. Whether it takes or holds is
// the terminal's, not the request's (recorded 2014: Pay without SessionType
// ended Authorized).
func (w *Wallet) charged(amount pay.Money) providers.Result {
	if w.TwoStage {
		return providers.Result{Status: providers.Authorized, Authorized: amount, Captured: amount.Zero()}
	}
	return providers.Result{Status: providers.Captured, Authorized: amount.Zero(), Captured: amount}
}

// demandsProof reports whether Success is neither True nor False but 3DS.
func (r reply) demandsProof() bool { return strings.EqualFold(r.get("Success"), "3DS") }

// isCharge reports whether an order charges a saved card. One of the wallet
// that has no session either does or has lost the answer to its Init, and a page
// whose address nobody got was never opened by a payer.
func isCharge(ref providers.Ref) bool { return ref.OfCustomer && ref.ProviderRef == "" }

// refusedOrder is what Sync makes of a refusal.
func refusedOrder(ref providers.Ref, code, raw string) providers.Result {
	if isCharge(ref) {
		return chargeDeclined(code, raw)
	}
	return declined(code, raw)
}

// What is told of a saved card.
const (
	authenticationRequired = "authentication_required"
	sayProve               = "The bank wants its customer to confirm this payment. Please pay on the payment page, or with another card."
	sayUnusable            = "This card cannot be used. Please use another one."
)

// chargeDeclined is the Result of a charge that was refused. There is no page
// and no further try; and since nobody typed anything, advice to check what was
// typed becomes advice to use another card.
func chargeDeclined(code, raw string) providers.Result {
	result := declined(code, raw)
	result.SessionOver = true
	d := result.Decline
	switch {
	case strings.HasPrefix(d.Code, "authentication_"):
		d.Code, d.Message, d.Retry = authenticationRequired, sayProve, pay.RetryOtherMethod
	case codeOf(code).means == meansRefusal && strings.HasPrefix(d.Code, "invalid_"):
		d.Message, d.Retry = sayUnusable, pay.RetryOtherMethod
	}
	return result
}

// proofDemanded is the Result of a charge whose bank wants to see the card's
// owner.
func proofDemanded(raw string) providers.Result {
	return providers.Result{
		Status:    providers.Declined,
		RawStatus: raw,
		Decline: &providers.Decline{
			Code: authenticationRequired, ProviderCode: raw, Message: sayProve, Retry: pay.RetryOtherMethod,
		},
		SessionOver: true,
	}
}
