package payture

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// page is one of Payture's hosted pages, and what its sessions are for.
type page struct {
	api, name   string // in its path, e.g. "apim", "Pay"
	sessionType string
	template    string
}

// payPage is where an InPay session is paid.
func (c *Client) payPage() page {
	return page{api: pageInterface, name: "Pay", sessionType: sessionType(c.config.TwoStage), template: c.config.Template}
}

// sessionType says whether a session takes money or holds it.
func sessionType(twoStage bool) string {
	if twoStage {
		return "Block"
	}
	return "Pay"
}

// Start opens a session with Init and returns the page on which the payer pays.
// It takes no money. ProviderRef is the session's id: keep it, Sync reads from
// it that the session was opened. With SaveFor the session is the wallet's.
//
// Conflict means that the order number was used before; Unknown that a session
// may have been opened. Both are settled by Sync, never by a second Init, which
// the gateway refuses with DUPLICATE_ORDER_ID.
func (c *Client) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	if r.SaveFor != nil {
		return c.startSaving(ctx, r)
	}
	data, err := c.initData(r)
	if err != nil {
		return providers.Result{}, err
	}
	asked := c.clock.Now()
	answer, trouble := c.send(ctx, "Init", url.Values{"Key": {string(c.config.Key)}, "Data": {data}})
	return c.begun(ctx, r, c.payPage(), asked, answer, trouble)
}

// initData writes the Data of InPay's Init.
func (c *Client) initData(r providers.StartRequest) (string, error) {
	pairs, err := c.initPairs(r, c.payPage())
	return encodeData(pairs), err
}

// initPairs is what Init is told of an order (Payture docs, inpay/init and
// ewallet/init). The e-mail has no documented key and is not sent; NotifyURL is
// set by Payture's support and Expires cannot be told to it.
func (c *Client) initPairs(r providers.StartRequest, on page) ([]pair, error) {
	if err := checkOrder(providers.OpStart, r.OrderNumber); err != nil {
		return nil, err
	}
	if err := c.checkAmount(providers.OpStart, r.Amount); err != nil {
		return nil, err
	}
	back, err := returnURL(r.ReturnURL)
	if err != nil {
		return nil, failure(providers.OpStart, providers.Rejected, "", fmt.Errorf("order %s: %w", r.OrderNumber, err))
	}
	phone := "Phone"
	if on.api == walletInterface {
		phone = "PhoneNumber"
	}
	return []pair{
		{"SessionType", on.sessionType},
		{"OrderId", r.OrderNumber},
		{"Amount", fmt.Sprint(r.Amount.Amount)},
		{"Product", plainText(r.Description, maxProduct)},
		{"Total", r.Amount.Decimal()},
		{"Description", plainText(r.Description, maxDescription)},
		{"Url", back},
		{"IP", wire.IP(r.Payer.IP)},
		{phone, phoneDigits(r.Payer.Phone)},
		{"TemplateTag", on.template},
		{"Language", language(r.Payer.Locale)},
	}, nil
}

// begun reads the answer to an Init that was asked for an order.
func (c *Client) begun(ctx context.Context, r providers.StartRequest, on page, asked time.Time, answer reply, trouble *trouble) (providers.Result, error) {
	if trouble != nil {
		return providers.Result{}, trouble.ofWrite(providers.OpStart, r.OrderNumber)
	}
	switch answer.success() {
	case saysYes:
		return c.opened(r, on, answer, asked)
	case saysNo:
		return c.refused(ctx, providers.OpStart, r.OrderNumber, answer)
	case saysNothing:
	}
	return providers.Result{}, unclear(providers.OpStart, r.OrderNumber, answer, "Init says neither True nor False")
}

// returnURL checks where the browser goes afterwards. A semicolon, legal in an
// address, would end the value in Data and is escaped.
func returnURL(raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", errors.New("the return URL is not an http address")
	}
	return strings.ReplaceAll(raw, ";", "%3B"), nil
}

// opened reads a successful Init. Attributes that repeat what we asked may be
// missing (Payture, en/api: optional attributes may be), but not differ.
func (c *Client) opened(r providers.StartRequest, on page, answer reply, asked time.Time) (providers.Result, error) {
	session := answer.get("SessionId")
	switch {
	case !answer.repeats("OrderId", r.OrderNumber):
		return providers.Result{}, unclear(providers.OpStart, r.OrderNumber, answer, "Init answers for another order")
	case answer.get("Amount") != "" && !answer.tells("Amount", r.Amount):
		return providers.Result{}, unclear(providers.OpStart, r.OrderNumber, answer, "Init answers for another amount")
	case !answer.repeats("SessionType", on.sessionType):
		return providers.Result{}, unclear(providers.OpStart, r.OrderNumber, answer, "Init answers for another type of session")
	case !isSessionID(session):
		return providers.Result{}, unclear(providers.OpStart, r.OrderNumber, answer, "Init gives no session")
	}
	return providers.Result{
		Status:      providers.ActionRequired,
		ProviderRef: session,
		Redirect:    c.redirect(on, session, asked.Add(lifeOf(answer))),
	}, nil
}

// redirect sends a browser to a session's page.
func (c *Client) redirect(on page, session string, expires time.Time) *providers.Redirect {
	return &providers.Redirect{
		URL:     c.config.BaseURL + "/" + on.api + "/" + on.name + "?SessionId=" + url.QueryEscape(session),
		Method:  "GET",
		Expires: pay.Instant(expires),
	}
}

// lifeOf reads SessionLifeTime, whole minutes; without a sensible one a session
// lives the documented default.
func lifeOf(answer reply) time.Duration {
	const most = 31 * 24 * 60
	minutes, ok := parseDigits(answer.get("SessionLifeTime"))
	if !ok || minutes < 1 || minutes > most {
		return sessionLife
	}
	return time.Duration(minutes) * time.Minute
}

// isSessionID reports whether s can be a SessionId: 36 characters, a GUID
// (Payture docs, inpay/pay). Other lengths are let through, other signs not.
func isSessionID(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && !wire.IsAlphanumeric(r)
	})
}
