package bisys

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// refundRequest asks for money back (Shop API, refund; all are demanded). The sums
// include the commission, as the status's total does.
type refundRequest struct {
	RegPayNum string `json:"regPayNum"`
	Note      string `json:"note"`
	Refund    string `json:"refundAmount"`    // minor units
	Remaining string `json:"remainingAmount"` // what stays taken afterwards
}

// Refund gives money back, all of it or a part. The amount that is to remain is sent
// with it, so the vendor refuses a request that was made before another one was
// known: one that is repeated by mistake does not fit any more. The Handle is not
// sent, the API has no place for it.
//
// The answer is Captured with what stays, Refunded when nothing does, or Declined.
// The Shop API calls the request an application and its answer is lost; that success
// means "done" is our reading. Whatever is not clear is Unknown, and the status tells
// later of a full refund only.
func (c *Client) Refund(ctx context.Context, r providers.RefundRequest) (providers.Result, error) {
	const op = providers.OpRefund
	about := "order " + r.Ref.OrderNumber
	if err := c.checkAmount(op, about, r.Amount); err != nil {
		return providers.Result{}, err
	}
	left, err := r.Taken.Sub(r.Amount)
	switch {
	case err != nil:
		return providers.Result{}, rejected(op, about, err)
	case left.Amount < 0:
		return providers.Result{}, rejected(op, about, errors.New("more is to be given back than is taken"))
	case !isID(r.Ref.ProviderRef):
		return providers.Result{}, rejected(op, about, errNoNumber)
	}
	answer, trouble := c.ask(ctx, c.config.RefundPath, refundRequest{
		RegPayNum: r.Ref.ProviderRef, Note: reasonOf(r.Reason),
		Refund: strconv.FormatInt(r.Amount.Amount, 10), Remaining: strconv.FormatInt(left.Amount, 10),
	})
	if trouble != nil {
		if trouble.exception.fault == faultRefund {
			return refundDeclined(r.Ref, trouble.exception.code), nil
		}
		return providers.Result{}, trouble.ofWrite(op, about)
	}
	problem := errors.New("the answer says neither success nor fail")
	switch said := strings.ToLower(answer.text("resultState")); {
	case !answer.repeats("regPayNum", r.Ref.ProviderRef):
		problem = errors.New("the answer is about another payment")
	case said == "fail":
		return refundDeclined(r.Ref, said), nil
	case said == "success" && answer.tells("refundAmount", r.Amount.Amount) && answer.tells("remainingAmount", left.Amount):
		return refunded(r.Ref, left), nil
	case said == "success":
		problem = errors.New("the answer tells other amounts")
	}
	return providers.Result{}, failure(op, providers.Unknown, "", fmt.Errorf("%s: %w", about, problem))
}

// refunded is the Result of a refund that was done.
func refunded(ref providers.Ref, left pay.Money) providers.Result {
	result := providers.Result{
		Status: providers.Captured, ProviderRef: ref.ProviderRef, RawStatus: "success", Authorized: left.Zero(), Captured: left,
	}
	if left.IsZero() {
		result.Status = providers.Refunded
	}
	return result
}

// refundDeclined is the Result of a refund that was refused: nothing moved.
func refundDeclined(ref providers.Ref, code string) providers.Result {
	return providers.Result{
		Status: providers.Declined, ProviderRef: ref.ProviderRef, RawStatus: code,
		Decline: &providers.Decline{Code: "refund_not_allowed", ProviderCode: code, Message: sayNoRefund, Retry: pay.DoNotRetry},
	}
}

// reasonOf is the note of a refund, which is demanded.
func reasonOf(reason string) string {
	if note := wire.OneLine(reason, maxNote); note != "" {
		return note
	}
	return "refund"
}
