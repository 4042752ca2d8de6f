package ktpay

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// createPath is where a transaction is created (KTWidget docs, mobile API, create payment).
const createPath = "/api/v1/merchant-widget/payment"

// Start creates a transaction and returns the page on which the payer pays. It
// takes no money. ProviderRef is the transaction's hash: keep it, a notification is
// matched with it.
//
// Conflict means that KTPay objects to the order number, which is ours and
// well-formed, so it was used before; Unknown that a transaction may have been
// created. Neither can be asked about: the order's own address will be told if it
// is paid. No order is sent a second time under another number by Start itself.
func (c *Client) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	text, err := c.write(r)
	if err != nil {
		return providers.Result{}, err
	}
	sealed, err := c.seal(text)
	if err != nil {
		return providers.Result{}, failure(providers.OpStart, providers.Unavailable, "", fmt.Errorf("order %s: %w", r.OrderNumber, err))
	}
	got, failed := wire.Do(ctx, c.http, wire.Request{
		Method: http.MethodPost, URL: c.config.FintechURL + createPath, Body: sealed,
		Header: http.Header{"Auth-Identifier": {c.config.AppID}, "Content-Type": {"text/plain"}, "Accept": {"application/json"}},
	})
	if failed != nil {
		return providers.Result{}, ofFailure(r.OrderNumber, failed)
	}
	said, err := readAnswer(got.Body)
	switch {
	case err == nil && said.verdict == saysNo: // whatever its status: none is documented
		return c.refused(ctx, r.OrderNumber, said)
	case got.Status < 200 || got.Status > 299:
		return providers.Result{}, ofFailure(r.OrderNumber, got.Unexpected())
	case err != nil:
		return providers.Result{}, ofOrder(r.OrderNumber, providers.Unknown, "", err.Error())
	case said.verdict == saysYes:
		return c.opened(r.OrderNumber, said)
	}
	return providers.Result{}, ofOrder(r.OrderNumber, providers.Unknown, said.code, "the answer says neither yes nor no")
}

// ofFailure is the error of a creation without an answer.
func ofFailure(orderNumber string, failed *wire.Failure) error {
	return failure(providers.OpStart, failed.OfWrite(), "", fmt.Errorf("order %s: %w", orderNumber, failed.Cause))
}

// opened reads a success. One without a hash leads nobody to a page, and yet there
// may be a transaction.
func (c *Client) opened(orderNumber string, said answer) (providers.Result, error) {
	if !isHash(said.hash) {
		return providers.Result{}, ofOrder(orderNumber, providers.Unknown, "", "the answer says success and has no transaction_hash")
	}
	return providers.Result{
		Status:      providers.ActionRequired,
		ProviderRef: said.hash,
		Redirect:    &providers.Redirect{URL: c.config.WidgetURL + "/payment-card?hash=" + url.QueryEscape(said.hash), Method: "GET"},
	}, nil
}

// isHash reports whether s is a transaction_hash: 40 hexadecimal digits in lower
// case, as every sample has them (but one that ends in an s, in the mobile API page).
func isHash(s string) bool { return isHex(s, 40) }
