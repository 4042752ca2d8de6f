package payelata

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// invoicesPath is where invoices are made, listed and read.
const invoicesPath = "/payment-invoices"

// post sends a document to the private API. The login is in a header, never in
// the address, so no access log has it.
func (c *Client) post(ctx context.Context, path string, document any) (wire.Answer, *wire.Failure) {
	body, err := json.Marshal(document)
	if err != nil {
		return wire.Answer{}, &wire.Failure{NeverSent: true, Cause: errors.New("the request cannot be written")}
	}
	return wire.Do(ctx, c.http, wire.Request{Method: http.MethodPost, URL: c.config.BaseURL + path, Header: c.header(), Body: body})
}

// sell sends an invoice's sale to the card gate, by that invoice's own bearer.
// Without attributes it charges the token of the invoice (PayElata docs, payments
// by token).
func (c *Client) sell(ctx context.Context, bearer string) (wire.Answer, *wire.Failure) {
	header := c.header()
	header.Set("Authorization", "Bearer "+bearer)
	return wire.Do(ctx, c.http, wire.Request{
		Method: http.MethodPost, URL: c.config.CardGateURL + "/payment/sale", Header: header,
		Body: []byte(`{"data":{"type":"sale-operation","attributes":{}}}`),
	})
}

func (c *Client) header() http.Header {
	login := base64.StdEncoding.EncodeToString([]byte(c.config.Account + ":" + string(c.config.APIKey)))
	return http.Header{"Authorization": {"Basic " + login}, "Content-Type": {"application/json"}, "Accept": {"application/json"}}
}

// isDone reports whether a status is of the successes that the API has (Corefy
// docs, play-with-api: 200, 201, 202).
func isDone(status int) bool {
	return status == http.StatusOK || status == http.StatusCreated || status == http.StatusAccepted
}

// read gets a path of the private API and returns the body of a success.
func (c *Client) read(ctx context.Context, orderNumber, path string) ([]byte, error) {
	const op = providers.OpSync
	answer, failed := wire.Do(ctx, c.http, wire.Request{Method: http.MethodGet, URL: c.config.BaseURL + path, Header: c.header()})
	if failed != nil {
		return nil, readFailed(orderNumber, failed)
	}
	if answer.Status == http.StatusOK {
		return answer.Body, nil
	}
	said, ours := readRefusal(answer.Body)
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, failure(op, providers.Auth, c.code(said), about(orderNumber, "our credentials are refused"))
	case http.StatusNotFound:
		if ours { // a page of some server between us proves nothing
			return nil, failure(op, providers.NotFound, c.code(said), fmt.Errorf("order %s", orderNumber))
		}
	}
	return nil, readFailed(orderNumber, answer.Unexpected())
}

func readFailed(orderNumber string, failed *wire.Failure) error {
	e := failure(providers.OpSync, failed.OfRead(), "", fmt.Errorf("order %s: %w", orderNumber, failed.Cause))
	if e.Kind == providers.RateLimited {
		e.RetryAfter = failed.RetryAfter
	}
	return e
}

// writeFailed is the error of a write that has no answer.
func writeFailed(op providers.Op, orderNumber string, failed *wire.Failure) error {
	return failure(op, failed.OfWrite(), "", fmt.Errorf("order %s: %w", orderNumber, failed.Cause))
}

// pathOf is where an invoice is. The id is one that isInvoiceID knows.
func pathOf(id string) string { return invoicesPath + "/" + url.PathEscape(id) }

// listPath is where the invoices of an order number are. That the filter is named
// so is JSON:API's habit: no document has it.
func listPath(orderNumber string) string {
	return invoicesPath + "?" + url.Values{"filter[reference_id]": {orderNumber}}.Encode()
}
