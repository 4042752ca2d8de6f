package bisys

import (
	"context"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// Start creates a payment and returns the form on which the payer pays. It takes no
// money. ProviderRef is the vendor's number: keep it, nothing else can be asked
// about. Fee is the commission that the payer pays on top.
//
// With SaveFor the payment is a registered user's, whose card the vendor keeps when
// it has paid. The user is named by a phone, so a customer without one is Rejected.
//
// An answer that is not clear is Unknown. Whether a payment was opened can then not
// be found out, and no second one is asked for here.
func (c *Client) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	o := order{
		op: providers.OpStart, number: r.OrderNumber, amount: r.Amount, items: r.Items, payer: r.Payer,
		returnURL: r.ReturnURL, notifyURL: r.NotifyURL, expires: r.Expires,
	}
	request, err := c.request(o)
	if err != nil {
		return providers.Result{}, err
	}
	request.OrderNote = noteOf(r)
	path := anonymousPath
	if r.SaveFor != nil {
		path = recurrentPath
		if request.UserToken, err = c.register(ctx, o.op, *r.SaveFor); err != nil {
			return providers.Result{}, err
		}
		request.NeedRegCard = true
		c.askProof(&request, r.Payer)
	} else {
		request.UserPhone, request.UserEmail = phoneDigits(r.Payer.Phone), wire.Email(r.Payer.Email)
	}
	answer, trouble := c.ask(ctx, path, request, request.UserToken)
	if trouble != nil {
		return c.notCreated(ctx, o, trouble)
	}
	number, page, err := c.created(o, answer, request.UserToken)
	if err != nil {
		return providers.Result{}, err
	}
	page.Expires = c.ends(r.Expires)
	return providers.Result{Status: providers.ActionRequired, ProviderRef: number, Redirect: page, Fee: c.feeOn(r.Amount)}, nil
}

// noteOf is the text on the form: what the caller says of the payment, else what it
// is for. Underscores stay: _KZT_ is shown as the currency's sign (Shop API,
// orderNote).
func noteOf(r providers.StartRequest) string {
	if note := wire.OneLine(r.Payer.Note, maxNote); note != "" {
		return note
	}
	return wire.OneLine(r.Description, maxNote)
}

// askProof adds what 3-D Secure needs of a registered user's payment. The form of an
// anonymous one collects it by itself (Shop API, clientAuInfo).
func (c *Client) askProof(request *paymentRequest, payer providers.Payer) {
	request.ClientAuInfo = auInfo(payer)
	if c.config.EnableSMSConfirm {
		request.EnableSMSConfirm = "true"
	}
}
