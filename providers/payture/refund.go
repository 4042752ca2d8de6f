package payture

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Refund gives money of a Charged order back with Refund, any part of what is left,
// any number of times, until nothing is (Payture docs, payture-api/refund). It needs
// the password of the terminal that has the order. Amount is always sent: without it
// Payture would return all that is left.
//
// Neither the handle nor the reason is sent, there is no place for them, and nothing
// makes a repeated Refund the same one: it must never be sent twice. Whatever is not
// a clear answer is Unknown, and Sync tells by what is left whether it was done. An
// order that is not Charged is refused with Conflict, more than is left is Rejected
// (AMOUNT_ERROR); nothing moves then.
//
// No receipt (54-FZ Cheque) is sent. A partial refund of a shop whose receipts
// Payture makes would need one of what remains.
func (c *Client) Refund(ctx context.Context, r providers.RefundRequest) (providers.Result, error) {
	const op = providers.OpRefund
	if err := c.checkRefund(r); err != nil {
		return providers.Result{}, err
	}
	left, err := r.Taken.Sub(r.Amount)
	if err != nil || left.Amount < 0 {
		return providers.Result{}, failure(op, providers.Rejected, "", fmt.Errorf("order %s: %w", r.Ref.OrderNumber, errOverTaken))
	}
	answer, trouble := c.giveBack(ctx, r)
	if trouble != nil {
		return providers.Result{}, trouble.ofWrite(op, r.Ref.OrderNumber)
	}
	switch answer.success() {
	case saysYes:
		if !answer.isFor(r.Ref.OrderNumber) || !answer.tells("NewAmount", left) {
			return providers.Result{}, unclear(op, r.Ref.OrderNumber, answer, "Refund answers for another order or leaves another amount")
		}
		return refunded(left), nil
	case saysNo:
		return c.refused(ctx, op, r.Ref.OrderNumber, answer)
	case saysNothing:
	}
	return providers.Result{}, unclear(op, r.Ref.OrderNumber, answer, "Refund says neither True nor False")
}

var errOverTaken = errors.New("it is more than is taken")

// checkRefund refuses, before anything is sent, what this account cannot give back.
func (c *Client) checkRefund(r providers.RefundRequest) error {
	const op = providers.OpRefund
	password := c.config.Password
	if r.Ref.OfCustomer {
		wallet, err := c.needWallet(op)
		if err != nil {
			return err
		}
		password = wallet.Password
	}
	if password == "" {
		return failure(op, providers.Unsupported, "", errors.New("the terminal's password is not configured"))
	}
	if err := checkOrder(op, r.Ref.OrderNumber); err != nil {
		return err
	}
	return c.checkAmount(op, r.Amount)
}

// giveBack posts Refund to the interface that has the order: plain fields to InPay,
// all of them in DATA to the wallet, the password included (recorded 2017).
func (c *Client) giveBack(ctx context.Context, r providers.RefundRequest) (reply, *trouble) {
	number, amount := r.Ref.OrderNumber, fmt.Sprint(r.Amount.Amount)
	if wallet := c.config.Wallet; r.Ref.OfCustomer && wallet != nil {
		data := encodeData([]pair{{"OrderId", number}, {"Password", string(wallet.Password)}, {"Amount", amount}})
		return c.post(ctx, walletInterface, "Refund", url.Values{"VWID": {string(wallet.PayTerminal)}, "DATA": {data}})
	}
	return c.send(ctx, "Refund", url.Values{
		"Key": {string(c.config.Key)}, "Password": {string(c.config.Password)}, "OrderId": {number}, "Amount": {amount},
	})
}

// refunded is the Result of a Refund that was accepted and left this much taken.
func refunded(left pay.Money) providers.Result {
	status := providers.Captured
	if left.IsZero() {
		status = providers.Refunded
	}
	return providers.Result{Status: status, Authorized: left.Zero(), Captured: left}
}
