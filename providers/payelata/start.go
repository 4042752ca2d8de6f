package payelata

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Start makes an invoice and returns the page on which it is paid. It takes no
// money. ProviderRef is the invoice's id. With SaveFor the card that pays is saved:
// Sync then tells it in Result.Saved.
//
// Conflict means that the order number was used before; Unknown that the invoice
// may have been made. Both are settled by Sync, by our number alone.
func (c *Client) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	const op = providers.OpStart
	w := wanted{
		op: op, orderNumber: r.OrderNumber, amount: r.Amount, description: r.Description,
		returnURL: r.ReturnURL, notifyURL: r.NotifyURL, openedFor: openedForPage,
	}
	if r.SaveFor != nil {
		if !c.config.Tokenize {
			return providers.Result{}, failure(op, providers.Unsupported, "", errors.New("the account saves no cards"))
		}
		w.customer, w.gate = r.SaveFor, &gateOptions{Tokenize: true}
	}
	asked := c.clock.Now()
	made, refused, err := c.create(ctx, w)
	if err != nil {
		return providers.Result{}, err
	}
	if refused != nil {
		return *refused, nil
	}
	ref := providers.Ref{OrderNumber: r.OrderNumber, ProviderRef: made.id}
	result, err := c.judge(ctx, ref, made)
	switch {
	case err != nil:
		return providers.Result{}, unclear(op, r.OrderNumber, "the new invoice makes no sense")
	case result.Status == providers.Declined:
		return result, nil
	case result.Status != providers.ActionRequired && result.Status != providers.Pending:
		return providers.Result{}, unclear(op, r.OrderNumber, "the new invoice does not wait for its payer")
	}
	page, ok := c.redirect(made.Flow.value.Action, made.Flow.value.Method, made.Flow.value.Params.value, asked.Add(c.config.SessionLife))
	if !ok {
		return providers.Result{}, unclear(op, r.OrderNumber, "the new invoice has no page")
	}
	result.Status, result.Moderated, result.Redirect = providers.ActionRequired, false, page // what is moderated is paid first
	return result, nil
}

// redirect is a page that the vendor wants a browser sent to, with its parameters
// in the address or as a form; ok is false when it is none.
func (c *Client) redirect(action, method text, params map[string]text, expires time.Time) (page *providers.Redirect, ok bool) {
	u, err := url.Parse(string(action))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !c.config.TestMode) {
		return nil, false
	}
	page = &providers.Redirect{URL: string(action), Method: http.MethodGet, Expires: pay.Instant(expires)}
	switch strings.ToUpper(string(method)) {
	case "", http.MethodGet:
		if len(params) > 0 {
			query := u.Query()
			for name, value := range params {
				query.Set(name, string(value))
			}
			u.RawQuery = query.Encode()
			page.URL = u.String()
		}
	case http.MethodPost:
		page.Method, page.Fields = http.MethodPost, make(map[string]string, len(params))
		for name, value := range params {
			page.Fields[name] = string(value)
		}
	default:
		return nil, false
	}
	return page, true
}
