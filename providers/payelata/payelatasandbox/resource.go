package payelatasandbox

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// document is an answer with one invoice, and the body of a callback.
type document struct {
	Data resource `json:"data"`
}

// resource is an invoice as the API shows it.
type resource struct {
	Type          string        `json:"type"`
	ID            string        `json:"id"`
	Attributes    attributes    `json:"attributes"`
	Relationships relationships `json:"relationships"`
	Links         links         `json:"links"`
}

// attributes stand in the order of the vendor's sample ("payments with tokens"),
// with the newer members at the end.
type attributes struct {
	SerialNumber       string          `json:"serial_number"`
	Status             Status          `json:"status"`
	Resolution         string          `json:"resolution"`
	ModerationRequired bool            `json:"moderation_required"`
	Amount             json.RawMessage `json:"amount"`
	PaymentAmount      json.RawMessage `json:"payment_amount"`
	Currency           pay.Currency    `json:"currency"`
	ServiceCurrency    string          `json:"service_currency"`
	ReferenceID        string          `json:"reference_id"`
	TestMode           bool            `json:"test_mode"`
	Fee                int             `json:"fee"`
	Deposit            json.RawMessage `json:"deposit"`
	Processed          *int64          `json:"processed"`
	ProcessedAmount    json.RawMessage `json:"processed_amount"`
	RefundedAmount     json.RawMessage `json:"refunded_amount"`
	ProcessedFee       json.RawMessage `json:"processed_fee"`
	ProcessedDeposit   json.RawMessage `json:"processed_deposit"`
	Metadata           any             `json:"metadata"`
	FlowData           any             `json:"flow_data"`
	Flow               string          `json:"flow"`
	PaymentFlow        string          `json:"payment_flow"`
	Created            int64           `json:"created"`
	Updated            int64           `json:"updated"`
	Payload            *payload        `json:"payload"`
	Description        *string         `json:"description"`
	Descriptor         string          `json:"descriptor"`
	CallbackURL        *string         `json:"callback_url"`
	ReturnURL          *string         `json:"return_url"`
	OriginalData       *string         `json:"original_data"` // always null
	RRN                *string         `json:"rrn"`
	ApprovalCode       *string         `json:"approval_code"`
	Refunded           *int64          `json:"refunded"`
	ChargedBackAmount  json.RawMessage `json:"charged_back_amount"`
}

// flowData is how the payer goes on. PHP writes an empty one as [].
type flowData struct {
	Action   string    `json:"action"`
	Method   string    `json:"method"`
	Params   [0]string `json:"params"`
	Metadata struct {
		SID   string `json:"sid"`
		Token string `json:"token"`
	} `json:"metadata"`
}

// payload is what is known of the card, once one was tried.
type payload struct {
	ClientIP    string      `json:"client_ip"` // empty, as in the vendor's sample
	PaymentCard paymentCard `json:"payment_card"`
	Token       *string     `json:"token"`
}

type paymentCard struct {
	Last          string `json:"last"`
	Mask          string `json:"mask"`
	Brand         string `json:"brand"`
	First         string `json:"first"`
	Holder        string `json:"holder"`
	ExpiryYear    string `json:"expiry_year"`
	IssuerName    string `json:"issuer_name"`
	ExpiryMonth   string `json:"expiry_month"`
	IssuerCountry string `json:"issuer_country"`
}

type relationships struct {
	PaymentService related  `json:"payment-service"`
	PaymentMethod  related  `json:"payment-method"`
	Customer       *related `json:"customer,omitempty"`
}

type related struct {
	Data struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	} `json:"data"`
}

func newRelated(kind, id string) related {
	var r related
	r.Data.Type, r.Data.ID = kind, id
	return r
}

type links struct {
	Self string `json:"self"`
}

// resource shows an invoice. v.mu must be held.
func (v *Vendor) resource(i *invoice) resource {
	account := v.accounts[i.Account]
	callback := cmp.Or(i.CallbackURL, account.CallbackURL)
	var metadata any = [0]string{} // as PHP writes an empty object
	if len(i.Metadata) > 0 {
		metadata = i.Metadata
	}
	a := attributes{
		SerialNumber: strings.TrimPrefix(i.ID, "cpi_"), Status: i.Status, Resolution: i.Resolution,
		ModerationRequired: i.Moderation, Amount: writeAmount(i.Amount, i.Currency),
		PaymentAmount: writeAmount(i.Amount, i.Currency), Currency: i.takenIn(), ServiceCurrency: serviceCurrency(i.Service),
		ReferenceID: i.ReferenceID, TestMode: i.TestMode, Deposit: writeAmount(i.Amount, i.Currency),
		Processed: unix(i.ProcessedAt), ProcessedAmount: writeIf(i.isPaid(), i.Processed, i.Currency),
		RefundedAmount: writeIf(i.Refunded > 0, i.Refunded, i.Currency), ProcessedFee: writeIf(i.isPaid(), 0, i.Currency),
		ProcessedDeposit: writeIf(i.isPaid(), i.Processed, i.Currency), Metadata: metadata, FlowData: v.flow(i),
		Flow: "hpp", PaymentFlow: "charge", Created: i.CreatedAt.Unix(), Updated: i.UpdatedAt.Unix(), Payload: i.payload(),
		Description: orNull(i.Description), Descriptor: account.Name + ":Заказ №:" + i.ReferenceID,
		CallbackURL: orNull(callback), ReturnURL: orNull(i.ReturnURL), RRN: orNull(i.RRN), ApprovalCode: orNull(i.Approval),
		Refunded: unix(i.RefundedAt), ChargedBackAmount: writeIf(i.ChargedBack > 0, i.ChargedBack, i.Currency),
	}
	r := resource{
		Type: "payment-invoices", ID: i.ID, Attributes: a,
		Relationships: relationships{
			PaymentService: newRelated("payment-services", i.Service),
			PaymentMethod:  newRelated("payment-methods", serviceMethod(i.Service)),
		},
		Links: links{Self: "/api/payment-invoices/" + i.ID},
	}
	if i.CustomerID != "" {
		who := newRelated("customers", i.CustomerID)
		r.Relationships.Customer = &who
	}
	return r
}

// flow is where the payer goes; nowhere once the invoice takes no card.
func (v *Vendor) flow(i *invoice) any {
	if i.Status != StatusProcessPending {
		return [0]string{}
	}
	f := flowData{Action: v.base(i) + "/payelata/cardgate/hpp/" + i.SID, Method: "GET"}
	f.Metadata.SID, f.Metadata.Token = i.SID, i.GateToken
	return f
}

// base is the sandbox's address: the one set, or the one the invoice was made at.
func (v *Vendor) base(i *invoice) string {
	if base := v.host.BaseURL(nil); base != "" {
		return base
	}
	return i.Base
}

// payload is there once a card was tried. The token is there once tokenize
// succeeded and only then.
func (i *invoice) payload() *payload {
	if i.Card == nil {
		return nil
	}
	known := cardByMask(i.Card.Mask)
	return &payload{Token: orNull(i.NewToken), PaymentCard: paymentCard{
		Last: i.Card.Mask[len(i.Card.Mask)-4:], Mask: i.Card.Mask, Brand: known.brand, First: i.Card.Mask[:6],
		Holder: i.Card.Holder, ExpiryYear: i.Card.Year, IssuerName: known.issuer, ExpiryMonth: i.Card.Month, IssuerCountry: "US",
	}}
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func unix(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	seconds := t.Unix()
	return &seconds
}

// serviceResource is a payment service.
type serviceResource struct {
	Type       string `json:"type"`
	ID         string `json:"id"`
	Attributes struct {
		Method   string `json:"method"`
		Currency string `json:"currency"`
		Flow     string `json:"flow"`
		Active   bool   `json:"active"`
	} `json:"attributes"`
}

func newService(name string) serviceResource {
	s := serviceResource{Type: "payment-services", ID: name}
	s.Attributes.Method, s.Attributes.Currency, s.Attributes.Flow = serviceMethod(name), serviceCurrency(name), "hpp"
	s.Attributes.Active = true
	return s
}
