package bisys

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// stateRequest asks about one payment.
type stateRequest struct {
	RegPayNum string `json:"regPayNum"`
}

// errNoNumber is why a payment cannot be asked about.
var errNoNumber = errors.New("the vendor knows a payment by its own number only, and none was told")

// Sync asks what became of a payment, by the vendor's number: the Shop API has no
// other way. Without ref.ProviderRef it is an Error of kind Unsupported and nothing
// is asked. It is never NotFound then: the payment may well exist.
//
// NeedPass3dsException is no failure: the answer is ActionRequired with the page on
// which the card's owner proves that it is theirs.
//
// Captured includes the commission, and Fee is the part of it that belongs to the
// commission by the account's rule. The states tell nothing of partial refunds.
func (c *Client) Sync(ctx context.Context, ref providers.Ref) (providers.Result, error) {
	const op = providers.OpSync
	about := "order " + ref.OrderNumber
	switch {
	case ref.ProviderRef == "":
		return providers.Result{}, failure(op, providers.Unsupported, "", fmt.Errorf("%s: %w", about, errNoNumber))
	case !isID(ref.ProviderRef):
		return providers.Result{}, rejected(op, about, errNoSuchNumber)
	}
	answer, trouble := c.ask(ctx, statePath, stateRequest{ref.ProviderRef})
	if trouble == nil {
		return c.judgeLoud(ctx, ref, answer, c.config.Commission.within)
	}
	if result, ok := c.proof(trouble.exception); ok && result.ProviderRef == ref.ProviderRef {
		return result, nil
	}
	return providers.Result{}, trouble.ofRead(op, about)
}

var errNoSuchNumber = errors.New("the payment's number is none of the vendor's")

// judgeLoud is judge that tells the log of a state that we do not know.
func (c *Client) judgeLoud(ctx context.Context, ref providers.Ref, answer object, feeOf func(int64) int64) (providers.Result, error) {
	result, err := c.judge(ref, answer, feeOf)
	if err == nil && !isKnownState(answer.text("state")) {
		c.log.WarnContext(ctx, "bisys: a state that is not in the table", "order", ref.OrderNumber, "state", result.RawStatus)
	}
	return result, err
}

// proof reads NeedPass3dsException: the payment is made and its payer has to go to a
// page, by GET (Shop API, payment with 3ds). It reports false for what is none, or
// names no payment or page.
func (c *Client) proof(e exception) (providers.Result, bool) {
	if e.fault != faultProof || !isID(e.regPayNum) || !c.isPage(e.page) {
		return providers.Result{}, false
	}
	return providers.Result{
		Status: providers.ActionRequired, ProviderRef: e.regPayNum, RawStatus: "NeedPass3dsException",
		Redirect: &providers.Redirect{URL: e.page, Method: "GET"},
	}, true
}

// isPage reports whether a payer may be sent to an address of the vendor's.
func (c *Client) isPage(raw string) bool {
	secure := strings.HasPrefix(raw, "https://")
	return isHTTP(raw) && (secure || c.config.TestMode) && !strings.Contains(raw, string(c.config.SecKey))
}

// feeOn is the commission on an amount that was asked for, as money.
func (c *Client) feeOn(amount pay.Money) pay.Money {
	return pay.Of(c.config.Commission.of(amount.Amount), c.config.Currency)
}
