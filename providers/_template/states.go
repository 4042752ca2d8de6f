package template

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Sync asks what became of an order, by our number.
func (c *Client) Sync(ctx context.Context, ref providers.Ref) (providers.Result, error) {
	const op = providers.OpSync
	if err := checkOrder(op, ref.OrderNumber); err != nil {
		return providers.Result{}, err
	}
	got, failed := c.call(ctx, http.MethodGet, "/payments/"+ref.OrderNumber, nil)
	if failed != nil {
		e := failure(op, failed.OfRead(), "", fmt.Errorf("order %s: %w", ref.OrderNumber, failed.Cause))
		e.RetryAfter = failed.RetryAfter
		return providers.Result{}, e
	}
	if got.code != "" {
		return providers.Result{}, failure(op, kindOf(got.code), got.code, about(ref.OrderNumber, "it was refused"))
	}
	result, err := c.judge(ref.OrderNumber, got.payment)
	if err != nil {
		return providers.Result{}, failure(op, providers.Malformed, "", fmt.Errorf("order %s: %w", ref.OrderNumber, err))
	}
	return result, nil
}

var errSenseless = errors.New("the vendor's word is about another order or currency, or makes no sense")

// judge turns the vendor's word about an order into a Result. It is the one place
// where words become statuses; a word that is not here proves nothing.
func (c *Client) judge(orderNumber string, p payment) (providers.Result, error) {
	amount, err := readAmount(p.Amount, c.config.Currency)
	if err != nil || p.Order != orderNumber || p.Currency != string(c.config.Currency) {
		return providers.Result{}, errSenseless
	}
	back, err := readAmount(p.Refunded, c.config.Currency)
	if err != nil {
		return providers.Result{}, errSenseless
	}
	left, err := amount.Sub(back)
	if err != nil || left.Amount < 0 {
		return providers.Result{}, errSenseless
	}
	result := providers.Result{ProviderRef: p.ID, RawStatus: p.State, TestMode: p.Test, Authorized: amount.Zero(), Captured: amount.Zero()}
	switch p.State {
	case "new":
		result.Status = providers.ActionRequired
	case "paid":
		result.Status, result.Captured = providers.Captured, left
		if left.IsZero() {
			result.Status = providers.Refunded
		}
	case "expired":
		result.Status = providers.Expired
	case "declined": // the page takes another card
		result.Status, result.Decline = providers.Declined, decline(p.Code)
	default:
		return providers.Result{}, errSenseless
	}
	return result, nil
}

// decline is why the payer's bank refused. The vendor's list of codes is open.
func decline(code string) *providers.Decline {
	d := &providers.Decline{
		Code: "declined", ProviderCode: code, Retry: pay.RetryOtherMethod,
		Message: "The payment was declined. Please try another card.",
	}
	if code == "no_money" {
		d.Code, d.Message = "insufficient_funds", "There is not enough money on the card. Please use another one."
	}
	return d
}
