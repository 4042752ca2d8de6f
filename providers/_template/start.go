package template

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Start opens a payment and returns the page on which the payer pays. It takes no
// money.
//
// Conflict means that the order number was used before; Unknown that a payment may
// have been opened. Both are settled by Sync, never by a second Start.
func (c *Client) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	const op = providers.OpStart
	if r.SaveFor != nil {
		return providers.Result{}, failure(op, providers.Unsupported, "", errors.New("the vendor keeps no cards"))
	}
	if err := checkOrder(op, r.OrderNumber); err != nil {
		return providers.Result{}, err
	}
	if err := c.checkAmount(op, r.Amount); err != nil {
		return providers.Result{}, err
	}
	got, failed := c.call(ctx, http.MethodPost, "/payments", map[string]string{
		"order": r.OrderNumber, "amount": writeAmount(r.Amount), "currency": string(r.Amount.Currency),
		"description": r.Description, "returnUrl": r.ReturnURL, "notifyUrl": r.NotifyURL,
	})
	if failed != nil {
		return providers.Result{}, failure(op, failed.OfWrite(), "", fmt.Errorf("order %s: %w", r.OrderNumber, failed.Cause))
	}
	if got.code != "" {
		return providers.Result{}, failure(op, kindOf(got.code), got.code, about(r.OrderNumber, "it was refused"))
	}
	amount, err := readAmount(got.payment.Amount, r.Amount.Currency)
	page, urlErr := url.Parse(got.payment.Page)
	if got.payment.Order != r.OrderNumber || err != nil || amount != r.Amount || urlErr != nil || page.Host == "" {
		return providers.Result{}, failure(op, providers.Unknown, "", about(r.OrderNumber, "the answer is about another order or amount, or has no page"))
	}
	return providers.Result{
		Status:      providers.ActionRequired,
		ProviderRef: got.payment.ID,
		RawStatus:   got.payment.State,
		Redirect:    &providers.Redirect{URL: got.payment.Page, Method: http.MethodGet},
	}, nil
}

// writeAmount writes an amount as the vendor takes it: major units, decimal.
func writeAmount(amount pay.Money) string { return amount.Decimal() }

// readAmount reads one exactly. No float is ever made of it.
func readAmount(text string, currency pay.Currency) (pay.Money, error) {
	amount, err := pay.ParseDecimal(text, currency)
	if err == nil && amount.Amount < 0 {
		return pay.Money{}, fmt.Errorf("an amount of less than nothing: %w", pay.ErrAmountRange)
	}
	return amount, err
}
