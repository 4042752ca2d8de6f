package payelata

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// Charge takes money from a saved card in two steps: an instant invoice with the
// card's token, which only waits, and its sale at the card gate, which takes the
// money (PayElata docs, payments by token). Then the invoice is read, and what it
// says is the answer. Both steps are sent once; nothing that is not clear is sent
// again, and both are found by the order number.
//
// A sale that surely was not sent is Unavailable: the invoice waits until it
// expires, and nobody else has the bearer that could sell it. A new charge has a
// new order number.
//
// When the bank wants to see the card's owner the answer is the page to send the
// owner to, or, when none is told, Declined with authentication_required.
func (c *Client) Charge(ctx context.Context, r providers.ChargeRequest) (providers.Result, error) {
	const op = providers.OpChargeSaved
	if !c.config.Tokenize {
		return providers.Result{}, failure(op, providers.Unsupported, "", errors.New("the account saves no cards"))
	}
	if !isToken(r.CardRef) {
		return providers.Result{}, failure(op, providers.Rejected, "", about(r.OrderNumber, "the card is named by no token of PayElata's"))
	}
	made, refused, err := c.create(ctx, wanted{
		op: op, orderNumber: r.OrderNumber, amount: r.Amount, description: r.Description,
		returnURL: r.ReturnURL, notifyURL: r.NotifyURL, openedFor: openedForCharge,
		customer: &r.Customer, token: r.CardRef, gate: &gateOptions{Instant: true},
	})
	if err != nil {
		return providers.Result{}, err
	}
	if refused != nil {
		return *refused, nil
	}
	ref := providers.Ref{OrderNumber: r.OrderNumber, ProviderRef: made.id, OfCustomer: true}
	if !made.isWaiting() {
		return c.concluded(ctx, ref, made, sale{})
	}
	bearer := string(made.Flow.value.Metadata.value.Token)
	if !isBearer(bearer) {
		return providers.Result{}, unclear(op, r.OrderNumber, "the new invoice has no bearer for its sale")
	}
	answer, failed := c.sell(ctx, bearer)
	if failed != nil {
		return providers.Result{}, writeFailed(op, r.OrderNumber, failed)
	}
	if !isDone(answer.Status) {
		return providers.Result{}, c.refusedToSell(r, answer, bearer)
	}
	sold, err := readSale(answer.Body)
	if err != nil {
		return providers.Result{}, failure(op, providers.Unknown, "", fmt.Errorf("sell order %s: %w", r.OrderNumber, err))
	}
	now, err := c.findByID(ctx, r.OrderNumber, made.id)
	if err != nil {
		return providers.Result{}, unclear(op, r.OrderNumber, "the sale was taken and its invoice could not be read")
	}
	return c.concluded(ctx, ref, now, sold)
}

// refusedToSell judges an answer of the card gate that is no success. Only that
// our bearer or our request is not taken proves that nothing was; a second sale is
// refused with 409 or 422, so these may follow a first one.
func (c *Client) refusedToSell(r providers.ChargeRequest, answer wire.Answer, bearer string) error {
	const op = providers.OpChargeSaved
	said, ours := readRefusal(answer.Body)
	code := c.code(said, r.CardRef, bearer)
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return failure(op, providers.Auth, code, about(r.OrderNumber, "the card gate refused the bearer of the sale"))
	case http.StatusBadRequest, http.StatusNotFound:
		if ours && !said.saysDuplicate() {
			return failure(op, providers.Rejected, code, about(r.OrderNumber, "the card gate refused the sale"))
		}
	}
	e := failure(op, providers.Unknown, code, fmt.Errorf("sell order %s: %w", r.OrderNumber, answer.Unexpected().Cause))
	return e
}

// concluded is what an invoice says of its charge. One that is still under way is
// Unknown.
func (c *Client) concluded(ctx context.Context, ref providers.Ref, now invoice, sold sale) (providers.Result, error) {
	const op = providers.OpChargeSaved
	result, err := c.judge(ctx, ref, now)
	if err != nil {
		return providers.Result{}, unclear(op, ref.OrderNumber, "the invoice of the sale makes no sense")
	}
	switch result.Status {
	case providers.Captured, providers.Declined:
		return result, nil
	case providers.Pending:
		if result.Moderated || !now.isWaiting() {
			break
		}
		proof := sold.proof()
		if page, ok := c.redirect(proof.Action, proof.Method, proof.Params.value, c.clock.Now().Add(c.config.SessionLife)); ok {
			result.Status, result.Redirect = providers.ActionRequired, page
			return result, nil
		}
		if now.Resolution == resolutionAuthRequired || sold.resolution() == resolutionAuthRequired {
			result.Status, result.SessionOver = providers.Declined, true
			result.Decline = row{authenticationRequired, sayProve, pay.RetryOtherMethod}.decline(resolutionAuthRequired)
			return result, nil
		}
	case providers.ActionRequired, providers.Authorized, providers.Voided, providers.Expired, providers.Refunded, providers.ChargedBack:
	}
	return providers.Result{}, unclear(op, ref.OrderNumber, "the charge is under way")
}

// isWaiting reports whether an invoice waits for its sale or for a proof.
func (i invoice) isWaiting() bool {
	return status(i.Status) == statusCreated || status(i.Status) == statusProcessPending
}

// sale is what is read of the card gate's answer: where the card's owner has to
// prove that it is theirs. It is no evidence of money; the invoice is.
type sale struct {
	Data object[struct {
		Attributes object[saleAttributes] `json:"attributes"`
	}] `json:"data"`
	AuthPayload object[proof] `json:"auth_payload"`
}

type saleAttributes struct {
	Resolution  text          `json:"resolution"`
	AuthPayload object[proof] `json:"auth_payload"`
}

// proof is a form that the browser has to submit (a brand of the platform, cardgate
// sale: the names of its parameters vary by acquirer).
type proof struct {
	Action text                    `json:"action"`
	Method text                    `json:"method"`
	Params object[map[string]text] `json:"params"`
}

func readSale(body []byte) (sale, error) {
	var document struct {
		sale
		Error  fault `json:"error"`
		Errors fault `json:"errors"`
	}
	if err := readDocument(body, &document); err != nil {
		return sale{}, err
	}
	if document.Error.told || document.Errors.told {
		return sale{}, errSaysError
	}
	return document.sale, nil
}

func (s sale) proof() proof {
	if inside := s.Data.value.Attributes.value.AuthPayload; inside.told {
		return inside.value
	}
	return s.AuthPayload.value
}

func (s sale) resolution() text { return s.Data.value.Attributes.value.Resolution }

// isBearer reports whether s may stand in a header.
func isBearer(s string) bool {
	const longest = 8 << 10
	if s == "" || len(s) > longest {
		return false
	}
	for at := range len(s) {
		if s[at] <= ' ' || s[at] > '~' {
			return false
		}
	}
	return true
}
