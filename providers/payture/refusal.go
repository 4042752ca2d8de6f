package payture

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/providers"
)

// refused reads the answer False to a write. A refusal of the payer or the
// card is a Result; what says that we are wrong is an error; and what breaks
// inside the gateway, or says False without saying why, is Unknown, because an
// operation that broke may have been done before.
//
// A code that no document has is told as a decline by Start, where False means
// that there is no session and no money is at stake; where money is, it is
// Unknown. So is an order that is not found when a charge was to make it.
func (c *Client) refused(ctx context.Context, op providers.Op, orderNumber string, answer reply) (providers.Result, error) {
	code := answer.code()
	if !answer.repeats("OrderId", orderNumber) {
		return providers.Result{}, unclear(op, orderNumber, answer, "the answer is about another order")
	}
	c.noteCode(ctx, orderNumber, code)
	kind := providers.Unknown
	switch codeOf(code).means {
	case meansRefusal, meansExhausted:
		return refusal(op, code), nil
	case meansUnknown:
		if op == providers.OpStart && code != "" {
			return refusal(op, code), nil
		}
	case meansConflict, meansTimeOut:
		kind = providers.Conflict
	case meansNoOrder:
		if op != providers.OpChargeSaved {
			kind = providers.NotFound
		}
	case meansAccess, meansNotAllowed:
		kind = providers.Auth
	case meansWrongRequest:
		kind = providers.Rejected
	case meansNothingYet, meansDoubt:
	}
	return providers.Result{}, failure(op, kind, code, reasonOf("order "+orderNumber, code))
}

// refusal is the Result of a write that was refused. After Start there is no
// session, so no further try in it; after Charge or Unblock the hold stands.
func refusal(op providers.Op, code string) providers.Result {
	if op == providers.OpChargeSaved {
		return chargeDeclined(code, code)
	}
	result := declined(code, code)
	result.SessionOver = op == providers.OpStart
	return result
}

// unclear is the error of a write whose answer proves nothing.
func unclear(op providers.Op, orderNumber string, answer reply, why string) error {
	return failure(op, providers.Unknown, answer.code(), fmt.Errorf("order %s: %w", orderNumber, errors.New(why)))
}

// noteCode tells the log of a code that the table lacks.
func (c *Client) noteCode(ctx context.Context, orderNumber, code string) {
	if code != "" && codeOf(code).means == meansUnknown {
		c.log.WarnContext(ctx, "payture: an error code that is not in the table", "order", orderNumber, "code", code)
	}
}
