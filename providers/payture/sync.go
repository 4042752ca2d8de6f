package payture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/paygraph/paygraph/providers"
)

// Sync asks GetState what became of an order, and PayStatus, its deprecated
// elder (NodeJS SDK, issue 6), when the terminal may not ask GetState. Both
// need our order number only and change nothing.
//
// Orders of the wallet are asked about there: see Client.askWallet.
//
// An order that the gateway does not know is NotFound. With ref.ProviderRef,
// proof that Init opened a session, it is ActionRequired instead: an order
// comes into being when its payer first acts (Payture docs,
// transaction-statuses), and what GetState says before that is not documented.
func (c *Client) Sync(ctx context.Context, ref providers.Ref) (providers.Result, error) {
	if err := checkOrder(providers.OpSync, ref.OrderNumber); err != nil {
		return providers.Result{}, err
	}
	ask := c.askPage
	if ref.OfCustomer {
		if _, err := c.needWallet(providers.OpSync); err != nil {
			return providers.Result{}, err
		}
		ask = c.askWallet
	}
	answer, trouble := ask(ctx, ref.OrderNumber)
	if trouble != nil {
		return providers.Result{}, trouble.ofRead(providers.OpSync, ref.OrderNumber)
	}
	result, err := c.judge(ref, answer)
	if err == nil && result.Decline != nil {
		c.noteCode(ctx, ref.OrderNumber, answer.code())
	}
	return result, err
}

// askPage asks InPay about an order.
func (c *Client) askPage(ctx context.Context, orderNumber string) (reply, *trouble) {
	fields := url.Values{"Key": {string(c.config.Key)}, "OrderId": {orderNumber}}
	answer, trouble := c.send(ctx, "GetState", fields)
	if isBarred(answer, trouble) {
		c.noteBarred(ctx, orderNumber, answer)
		answer, trouble = c.send(ctx, "PayStatus", fields)
	}
	return answer, trouble
}

// askWallet asks the wallet about an order. Its GetState takes the terminal as
// Key, as InPay's does (NodeJS SDK, commit ebdb428), and what it answers is not
// documented; so one that finds our request wrong is taken for barred, too. Its
// PayStatus calls the state Status.
func (c *Client) askWallet(ctx context.Context, orderNumber string) (reply, *trouble) {
	terminal := string(c.config.Wallet.PayTerminal)
	answer, trouble := c.post(ctx, walletInterface, "GetState", url.Values{"Key": {terminal}, "OrderId": {orderNumber}})
	if isBarred(answer, trouble) || trouble == nil && answer.success() == saysNo && codeOf(answer.code()).means == meansWrongRequest {
		c.noteBarred(ctx, orderNumber, answer)
		data := encodeData([]pair{{"OrderId", orderNumber}})
		answer, trouble = c.post(ctx, walletInterface, "PayStatus", url.Values{"VWID": {terminal}, "DATA": {data}})
	}
	if trouble != nil {
		return reply{}, trouble
	}
	return answer.withState(), nil
}

// withState returns the reply with its Status as State. Two that differ cannot
// both be believed, and none is.
func (r reply) withState() reply {
	attributes := maps.Clone(r.attributes)
	switch status := r.get("Status"); {
	case r.get("State") == "":
		attributes["state"] = status
	case status != "" && stateOf(status) != stateOf(r.get("State")):
		attributes["state"] = "State and Status differ"
	}
	return reply{attributes: attributes}
}

func (c *Client) noteBarred(ctx context.Context, orderNumber string, answer reply) {
	c.log.DebugContext(ctx, "payture: GetState is barred, asking PayStatus", "order", orderNumber, "code", answer.code())
}

// isBarred reports whether the command itself is not to be had: the terminal
// may not use it, or the gateway does not know it.
func isBarred(answer reply, trouble *trouble) bool {
	if trouble != nil {
		return trouble.Status == http.StatusNotFound || trouble.Status == http.StatusMethodNotAllowed || trouble.Status == http.StatusNotImplemented
	}
	return answer.success() == saysNo && codeOf(answer.code()).means == meansNotAllowed
}

// judge turns what GetState or PayStatus says of an order into a Result. It
// calls nobody. Captured comes of one answer only: Success True, our order
// number, a Charged state and an exact amount.
func (c *Client) judge(ref providers.Ref, answer reply) (providers.Result, error) {
	if !answer.repeats("OrderId", ref.OrderNumber) {
		return providers.Result{}, senseless(ref, answer, "the answer is about another order")
	}
	switch answer.success() {
	case saysYes:
		if !answer.isFor(ref.OrderNumber) {
			return providers.Result{}, senseless(ref, answer, "the answer names no order")
		}
		return c.judgeState(ref, answer)
	case saysNo:
		return c.judgeCode(ref, answer)
	case saysNothing:
	}
	return providers.Result{}, senseless(ref, answer, "the answer says neither True nor False")
}

// judgeCode reads Success False: a code, and at times the state of a refused
// order. The order number may be missing there, as recorded of other commands.
func (c *Client) judgeCode(ref providers.Ref, answer reply) (providers.Result, error) {
	code := answer.code()
	if answer.get("State") != "" {
		return c.judgeContradiction(ref, answer)
	}
	switch entry := codeOf(code); entry.means {
	case meansNothingYet: // before the payer acts: Success False, ErrCode NONE
		return providers.Result{Status: providers.ActionRequired, RawStatus: code}, nil
	case meansTimeOut:
		if isCharge(ref) { // recorded of orders that never were, too, and a charge that is under way may not be one yet
			return providers.Result{}, failure(providers.OpSync, providers.NotFound, code, fmt.Errorf("order %s", ref.OrderNumber))
		}
		return providers.Result{Status: providers.Expired, RawStatus: code}, nil
	case meansNoOrder:
		if ref.ProviderRef != "" {
			return providers.Result{Status: providers.ActionRequired, RawStatus: code}, nil
		}
		return providers.Result{}, failure(providers.OpSync, providers.NotFound, code, fmt.Errorf("order %s", ref.OrderNumber))
	case meansRefusal, meansExhausted:
		return refusedOrder(ref, code, code), nil
	case meansAccess, meansNotAllowed:
		return providers.Result{}, failure(providers.OpSync, providers.Auth, code, fmt.Errorf("order %s", ref.OrderNumber))
	case meansWrongRequest:
		return providers.Result{}, failure(providers.OpSync, providers.Rejected, code, fmt.Errorf("order %s", ref.OrderNumber))
	case meansConflict:
		return providers.Result{}, failure(providers.OpSync, providers.Conflict, code, fmt.Errorf("order %s", ref.OrderNumber))
	case meansDoubt:
		return providers.Result{}, failure(providers.OpSync, providers.Unavailable, code, fmt.Errorf("order %s", ref.OrderNumber))
	case meansUnknown:
	}
	return providers.Result{}, senseless(ref, answer, "the code is none that we know")
}

// judgeContradiction reads Success False with a state. A refused order may be
// told so; that it is paid, held or given back may not.
func (c *Client) judgeContradiction(ref providers.Ref, answer reply) (providers.Result, error) {
	known := stateOf(answer.get("State"))
	switch known {
	case stateNew, statePreAuthorized, stateObsolete, statePending, stateRejected, stateError:
		return c.judgeState(ref, answer)
	case stateUnknown, stateAuthorized, stateVoided, stateCharged, stateRefunded, stateForwarded, stateChargeback, stateAuthorizationClosed:
	}
	return providers.Result{}, senseless(ref, answer, "the answer says False and has a state of success")
}

// senseless is the error of a read whose answer proves nothing.
func senseless(ref providers.Ref, answer reply, why string) error {
	return failure(providers.OpSync, providers.Malformed, answer.code(), fmt.Errorf("order %s: %w", ref.OrderNumber, errors.New(why)))
}
