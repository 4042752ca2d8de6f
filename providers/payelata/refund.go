package payelata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// newRefund is the attributes of a request. Without reference_id the newer model
// refuses it (Corefy docs, guides/payments/refunds).
type newRefund struct {
	Amount      json.Number `json:"amount"`
	ReferenceID string      `json:"reference_id"`
	Description string      `json:"description,omitempty"`
}

// Refund gives money back, with the operation's number as the refund's
// reference_id. Whatever is answered, the invoice is read afterwards, and it says
// what stays taken. A reference_id that was used before is no refusal: the invoice
// then tells what the first one came to, or nobody does.
func (c *Client) Refund(ctx context.Context, r providers.RefundRequest) (providers.Result, error) {
	const op = providers.OpRefund
	number := r.Ref.OrderNumber
	if err := checkRefund(r); err != nil {
		return providers.Result{}, err
	}
	id := r.Ref.ProviderRef
	if !isInvoiceID(id) {
		found, err := c.find(ctx, r.Ref)
		if err != nil {
			return providers.Result{}, notBegun(number, err)
		}
		id = found.id
	}
	data := newData{Type: "refund", Attributes: newRefund{
		Amount: json.Number(amountText(r.Amount)), ReferenceID: r.Handle, Description: wire.OneLine(r.Reason, maxDescription),
	}}
	if c.config.RefundModel == RefundOld {
		data.ID = id
	}
	answer, failed := c.post(ctx, pathOf(id)+"/refund", newResource{Data: data})
	if failed != nil {
		return providers.Result{}, writeFailed(op, number, failed)
	}
	if !isDone(answer.Status) {
		return c.refusedToRefund(ctx, r, id, answer)
	}
	said, err := readRefund(answer.Body)
	if err == nil {
		err = said.mismatch(r, id)
	}
	if err != nil {
		return providers.Result{}, failure(op, providers.Unknown, "", fmt.Errorf("refund of order %s: %w", number, err))
	}
	return c.refunded(ctx, r, id, said.outcome())
}

func checkRefund(r providers.RefundRequest) error {
	const op = providers.OpRefund
	if err := checkOrder(op, r.Ref.OrderNumber); err != nil {
		return err
	}
	switch {
	case !isName(r.Handle):
		return failure(op, providers.Rejected, "", about(r.Ref.OrderNumber, "the refund has no number of its own"))
	case r.Amount.Amount <= 0 || r.Amount.Amount > pay.MaxAmount || r.Amount.Currency == "":
		return failure(op, providers.Rejected, "", about(r.Ref.OrderNumber, fmt.Sprintf("%d minor units cannot be given back", r.Amount.Amount)))
	case r.Amount.Currency != r.Taken.Currency:
		return failure(op, providers.Rejected, "", about(r.Ref.OrderNumber, "the money was taken in another currency"))
	}
	return nil
}

// notBegun is the error of a refund whose invoice was not found: it was not sent.
func notBegun(orderNumber string, err error) error {
	kind := providers.KindOf(err)
	if !slices.Contains([]providers.Kind{providers.NotFound, providers.Auth, providers.RateLimited, providers.Rejected}, kind) {
		kind = providers.Unavailable
	}
	e := failure(providers.OpRefund, kind, "", fmt.Errorf("find the invoice of order %s: %w", orderNumber, err))
	if read, ok := errors.AsType[*providers.Error](err); ok {
		e.Code, e.RetryAfter = read.Code, read.RetryAfter
	}
	return e
}

// refusedToRefund judges an answer that is no success. Refused means that nothing
// moved; a duplicate, and whatever is not told in the vendor's own shape, does not.
func (c *Client) refusedToRefund(ctx context.Context, r providers.RefundRequest, id string, answer wire.Answer) (providers.Result, error) {
	const op = providers.OpRefund
	said, ours := readRefusal(answer.Body)
	code := c.code(said)
	no := func(kind providers.Kind, why string) (providers.Result, error) {
		return providers.Result{}, failure(op, kind, code, fmt.Errorf("refund of order %s: %w", r.Ref.OrderNumber, errors.New(why)))
	}
	switch {
	case answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden:
		return no(providers.Auth, "our credentials are refused")
	case !ours:
	case answer.Status == http.StatusNotFound:
		return no(providers.NotFound, "there is no such invoice")
	case answer.Status == http.StatusConflict || said.saysDuplicate() && answer.Status < http.StatusInternalServerError:
		return c.refunded(ctx, r, id, refundDoubted)
	case answer.Status == http.StatusTooManyRequests && said.saysTooMany():
		e := failure(op, providers.RateLimited, code, about(r.Ref.OrderNumber, "too many requests"))
		e.RetryAfter = answer.Unexpected().RetryAfter
		return providers.Result{}, e
	case answer.Status == http.StatusBadRequest:
		return no(providers.Rejected, "the refund was not understood")
	case answer.Status == http.StatusUnprocessableEntity:
		return providers.Result{Status: providers.Declined, ProviderRef: id, RawStatus: code, Decline: refundDecline(said, code)}, nil
	}
	return providers.Result{}, writeFailed(op, r.Ref.OrderNumber, answer.Unexpected())
}

// refundDecline is why a refund is refused, for the merchant.
func refundDecline(said refusal, code string) *providers.Decline {
	if said.saysBalance() {
		return row{"refund_balance_insufficient", "The merchant's balance at the provider does not cover the refund.", pay.RetryNewKey}.decline(code)
	}
	return row{"refund_refused", "The provider refused the refund.", pay.DoNotRetry}.decline(code)
}

// refundOutcome is what the answer to a refund says became of it.
type refundOutcome int

const (
	refundAccepted refundOutcome = iota // done, or it will be
	refundFailed                        // not done, and it will not be
	refundDoubted                       // nobody says
)

// refunded reads the invoice and judges a refund by what stays taken. An invoice
// that shows nothing of it yet leaves the refund's own answer to decide.
func (c *Client) refunded(ctx context.Context, r providers.RefundRequest, id string, outcome refundOutcome) (providers.Result, error) {
	const op = providers.OpRefund
	doubt := func(why string) (providers.Result, error) {
		return providers.Result{}, failure(op, providers.Unknown, "", fmt.Errorf("refund of order %s: %w", r.Ref.OrderNumber, errors.New(why)))
	}
	found, err := c.findByID(ctx, r.Ref.OrderNumber, id)
	if err != nil {
		return doubt("its invoice could not be read afterwards")
	}
	now, err := c.judge(ctx, r.Ref, found)
	if err != nil {
		return doubt("its invoice made no sense afterwards")
	}
	pending := now
	pending.Status, pending.Refunding = providers.Pending, true
	switch now.Status {
	case providers.Refunded:
		return now, nil
	case providers.Pending:
		if outcome == refundAccepted {
			return pending, nil
		}
	case providers.Captured:
		switch {
		case now.Captured != r.Taken:
			return now, nil
		case now.Refunding:
			return pending, nil
		case outcome == refundFailed: // the refund's own word: the invoice's may be about an earlier one
			now.Status, now.Decline = providers.Declined, refundDecline(refusal{}, now.RawStatus)
			return now, nil
		case outcome == refundAccepted:
			return pending, nil
		}
	case providers.ActionRequired, providers.Authorized, providers.Declined, providers.Voided, providers.Expired, providers.ChargedBack:
	}
	return doubt("its invoice does not show what became of it")
}

// refundAnswer is the answer to a refund, of either model: the refund itself, or
// the invoice after it.
type refundAnswer struct {
	Type text
	ID   text
	refundAttributes
}

type refundAttributes struct {
	ReferenceID text `json:"reference_id"`
	OriginalID  text `json:"original_id"`
	Status      text `json:"status"`
	Amount      text `json:"amount"`
	Currency    text `json:"currency"`
}

func readRefund(body []byte) (refundAnswer, error) {
	var document struct {
		Data   object[resource[refundAttributes]] `json:"data"`
		Error  fault                              `json:"error"`
		Errors fault                              `json:"errors"`
	}
	if err := readDocument(body, &document); err != nil {
		return refundAnswer{}, err
	}
	if document.Error.told || document.Errors.told {
		return refundAnswer{}, errSaysError
	}
	data := document.Data.value
	return refundAnswer{Type: data.Type, ID: data.ID, refundAttributes: data.Attributes.value}, nil
}

// mismatch says in what an answer is not about this refund. What repeats our
// request may be missing, but not differ.
func (a refundAnswer) mismatch(r providers.RefundRequest, id string) error {
	switch a.Type {
	case invoiceType:
		if string(a.ID) != id {
			return errOtherInvoice
		}
		if a.ReferenceID != "" && string(a.ReferenceID) != r.Ref.OrderNumber {
			return errOtherOrder
		}
		return nil
	case "refunds", "refund":
		amount, told, exact := a.Amount.money(r.Amount.Currency)
		switch {
		case a.OriginalID != "" && string(a.OriginalID) != id:
			return errOtherInvoice
		case a.ReferenceID != "" && string(a.ReferenceID) != r.Handle:
			return errors.New("the answer is about another refund")
		case a.Currency != "" && string(a.Currency) != string(r.Amount.Currency):
			return errors.New("the refund is in another currency")
		case told && (!exact || amount != r.Amount):
			return errors.New("the refund is of another amount")
		}
		return nil
	}
	return errors.New("the answer is neither a refund nor an invoice")
}

// outcome reads the status of a refund. Its words are not stated; those of
// invoices are taken for it, and what is not a failure is accepted.
func (a refundAnswer) outcome() refundOutcome {
	if a.Type == invoiceType {
		return refundAccepted
	}
	switch a.Status {
	case "process_failed", "refund_failed", "failed", "rejected", "declined", "terminated", "expired", "canceled", "cancelled":
		return refundFailed
	}
	return refundAccepted
}
