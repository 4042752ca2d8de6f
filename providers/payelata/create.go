package payelata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// maxDescription is the longest description we send, in characters. No document
// has a limit: it is ours.
const maxDescription = 250

// wanted is an invoice that is to be made.
type wanted struct {
	op          providers.Op
	orderNumber string
	amount      pay.Money
	description string
	returnURL   string
	notifyURL   string
	openedFor   string
	customer    *providers.Customer // whose card is saved or charged; nil: nobody's
	token       string              // charges this card
	gate        *gateOptions
}

// gateOptions is gateway_options.cardgate (PayElata docs, payments by token).
type gateOptions struct {
	Tokenize bool `json:"tokenize,omitempty"` // save the card that pays
	Instant  bool `json:"instant,omitempty"`  // charge without the payer
}

// newInvoice is the attributes of a request (PayElata docs, payments by token;
// callback_url stands inside them, as another brand of the platform documents:
// the sample that has it beside them is a slip).
type newInvoice struct {
	ReferenceID    string            `json:"reference_id"`
	Currency       pay.Currency      `json:"currency"`
	Amount         json.Number       `json:"amount"`
	Service        string            `json:"service"`
	Flow           string            `json:"flow"`
	TestMode       bool              `json:"test_mode"`
	Description    string            `json:"description,omitempty"`
	Customer       *newCustomer      `json:"customer,omitempty"`
	Token          string            `json:"token,omitempty"`
	GatewayOptions *newOptions       `json:"gateway_options,omitempty"`
	CallbackURL    string            `json:"callback_url,omitempty"`
	ReturnURL      string            `json:"return_url,omitempty"`
	Metadata       map[string]string `json:"metadata"`
}

type newCustomer struct {
	ReferenceID string `json:"reference_id"`
	Email       string `json:"email,omitempty"`
	Phone       string `json:"phone,omitempty"`
}

type newOptions struct {
	CardGate *gateOptions `json:"cardgate"`
}

// newResource is a resource that we send.
type newResource struct {
	Data newData `json:"data"`
}

type newData struct {
	Type       string `json:"type"`
	ID         string `json:"id,omitempty"`
	Attributes any    `json:"attributes"`
}

// document writes the request for w, or says why it cannot be asked.
func (c *Client) document(w wanted) (newResource, error) {
	if err := checkOrder(w.op, w.orderNumber); err != nil {
		return newResource{}, err
	}
	if err := c.checkAmount(w.op, w.amount); err != nil {
		return newResource{}, err
	}
	for name, address := range map[string]string{"return": w.returnURL, "notification": w.notifyURL} {
		if address != "" && !isWebAddress(address) {
			return newResource{}, failure(w.op, providers.Rejected, "", about(w.orderNumber, "the "+name+" URL is not an http address"))
		}
	}
	invoice := newInvoice{
		ReferenceID: w.orderNumber, Currency: w.amount.Currency, Amount: json.Number(amountText(w.amount)),
		Service: c.config.Services[w.amount.Currency], Flow: "charge", TestMode: c.config.TestMode,
		Description: wire.OneLine(w.description, maxDescription), Token: w.token,
		CallbackURL: w.notifyURL, ReturnURL: w.returnURL, Metadata: map[string]string{"opened_for": w.openedFor},
	}
	if w.customer != nil {
		if !isName(w.customer.ID) {
			return newResource{}, failure(w.op, providers.Rejected, "", about(w.orderNumber, "the customer's id is not 1 to 64 letters, digits, hyphens or underscores"))
		}
		invoice.Customer = &newCustomer{ReferenceID: w.customer.ID, Email: wire.Email(w.customer.Email), Phone: w.customer.Phone}
	}
	if w.gate != nil {
		invoice.GatewayOptions = &newOptions{CardGate: w.gate}
	}
	return newResource{Data: newData{Type: invoiceType, Attributes: invoice}}, nil
}

// create makes an invoice. A refusal of the payer is the Result; any other end
// without an invoice of ours is the error.
func (c *Client) create(ctx context.Context, w wanted) (invoice, *providers.Result, error) {
	document, err := c.document(w)
	if err != nil {
		return invoice{}, nil, err
	}
	answer, failed := c.post(ctx, invoicesPath, document)
	if failed != nil {
		return invoice{}, nil, writeFailed(w.op, w.orderNumber, failed)
	}
	if !isDone(answer.Status) {
		refused, err := c.refusedToCreate(w, answer)
		return invoice{}, refused, err
	}
	made, err := readInvoice(answer.Body)
	if err == nil {
		err = c.mismatch(w, made)
	}
	if err != nil {
		return invoice{}, nil, failure(w.op, providers.Unknown, "", fmt.Errorf("order %s: %w", w.orderNumber, err))
	}
	return made, nil, nil
}

// mismatch says in what an invoice is not the one that was asked for. What repeats
// our request may be missing, but not differ.
func (c *Client) mismatch(w wanted, made invoice) error {
	amount, told, exact := made.Amount.money(w.amount.Currency)
	test, testTold := made.TestMode.isTrue()
	switch {
	case string(made.ReferenceID) != w.orderNumber:
		return errOtherOrder
	case made.Currency != "" && string(made.Currency) != string(w.amount.Currency):
		return errors.New("the invoice is in another currency")
	case told && (!exact || amount != w.amount):
		return errors.New("the invoice is for another amount")
	case testTold && test != c.config.TestMode:
		return errors.New("the invoice is of the other mode")
	}
	return nil
}

// refusedToCreate judges an answer that is no success. A 4xx means that nothing
// was made (Corefy docs, FAQ), but 429 is documented as "too many requests or
// duplicate": what it says decides, and a duplicate is never taken for a request
// to repeat. Nothing else proves anything.
func (c *Client) refusedToCreate(w wanted, answer wire.Answer) (*providers.Result, error) {
	said, _ := readRefusal(answer.Body)
	code := c.code(said, w.token)
	no := func(kind providers.Kind) error {
		why := "the invoice was refused"
		if where := said.where(); where != "" {
			why += " for its " + where
		}
		return failure(w.op, kind, code, about(w.orderNumber, why))
	}
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, no(providers.Auth)
	case http.StatusConflict:
		return nil, no(providers.Conflict)
	case http.StatusTooManyRequests:
		if said.saysDuplicate() {
			return nil, no(providers.Conflict)
		}
		e := failure(w.op, providers.RateLimited, code, about(w.orderNumber, "too many requests"))
		e.RetryAfter = answer.Unexpected().RetryAfter
		return nil, e
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		switch told, known := resolutionOf(code); {
		case w.token != "" && said.isOfToken():
			return chargeRefused(row{"invalid_card", sayUnusable, pay.RetryOtherMethod}, code), nil
		case said.saysDuplicate():
			return nil, no(providers.Conflict)
		case known && told.isOfPayer():
			return chargeRefused(told, code), nil
		}
		return nil, no(providers.Rejected)
	}
	return nil, writeFailed(w.op, w.orderNumber, answer.Unexpected())
}

// isOfPayer reports whether a refusal is the payer's and not ours to mend.
func (r row) isOfPayer() bool {
	return r.retry != pay.DoNotRetry && r.code != "merchant_refused" && r.code != "processing_error"
}

// chargeRefused is the Result of an invoice that was never made.
func chargeRefused(r row, code string) *providers.Result {
	return &providers.Result{Status: providers.Declined, RawStatus: code, Decline: r.decline(code), SessionOver: true}
}

// isWebAddress reports whether a browser or a server can be sent there.
func isWebAddress(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}
