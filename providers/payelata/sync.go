package payelata

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/providers"
)

// Sync reads the invoice of an order: by ref.ProviderRef when it is known, else
// the list of those with our order number. It changes nothing.
//
// NotFound means that PayElata itself says there is none, or lists none. A list
// that has invoices of other orders only was not filtered, and proves nothing; so
// do two invoices of one number. Both are Malformed.
func (c *Client) Sync(ctx context.Context, ref providers.Ref) (providers.Result, error) {
	found, err := c.find(ctx, ref)
	if err != nil {
		return providers.Result{}, err
	}
	return c.judge(ctx, ref, found)
}

// find returns the invoice of an order. Its errors are those of a read.
func (c *Client) find(ctx context.Context, ref providers.Ref) (invoice, error) {
	if err := checkOrder(providers.OpSync, ref.OrderNumber); err != nil {
		return invoice{}, err
	}
	if isInvoiceID(ref.ProviderRef) {
		return c.findByID(ctx, ref.OrderNumber, ref.ProviderRef)
	}
	body, err := c.read(ctx, ref.OrderNumber, listPath(ref.OrderNumber))
	if err != nil {
		return invoice{}, err
	}
	listed, err := readInvoices(body)
	if err != nil {
		return invoice{}, senseless(ref.OrderNumber, err)
	}
	var ours []invoice
	for _, each := range listed {
		if string(each.ReferenceID) == ref.OrderNumber {
			ours = append(ours, each)
		}
	}
	switch {
	case len(ours) == 1:
		return ours[0], nil
	case len(ours) > 1:
		return invoice{}, senseless(ref.OrderNumber, errSeveral)
	case len(listed) > 0:
		return invoice{}, senseless(ref.OrderNumber, errNotFiltered)
	}
	return invoice{}, failure(providers.OpSync, providers.NotFound, "", fmt.Errorf("order %s", ref.OrderNumber))
}

func (c *Client) findByID(ctx context.Context, orderNumber, id string) (invoice, error) {
	body, err := c.read(ctx, orderNumber, pathOf(id))
	if err != nil {
		return invoice{}, err
	}
	found, err := readInvoice(body)
	switch {
	case err != nil:
		return invoice{}, senseless(orderNumber, err)
	case found.id != id:
		return invoice{}, senseless(orderNumber, errOtherInvoice)
	case string(found.ReferenceID) != orderNumber:
		return invoice{}, senseless(orderNumber, errOtherOrder)
	}
	return found, nil
}

// senseless is the error of a read whose answer proves nothing.
func senseless(orderNumber string, why error) error {
	return failure(providers.OpSync, providers.Malformed, "", fmt.Errorf("order %s: %w", orderNumber, why))
}
