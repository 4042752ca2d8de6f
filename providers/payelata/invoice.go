package payelata

import (
	"strconv"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/wire"
)

// invoiceType is the JSON:API type of a payment invoice.
const invoiceType = "payment-invoices"

// attributes is what is read of a payment invoice (PayElata docs, payments by
// token; Corefy docs, payment-invoice). Amounts are in major units, times in Unix
// seconds.
type attributes struct {
	ReferenceID text `json:"reference_id"` // our order number
	Status      text `json:"status"`
	Resolution  text `json:"resolution"`
	Moderation  text `json:"moderation_required"`
	TestMode    text `json:"test_mode"`
	Currency    text `json:"currency"`

	Amount        text `json:"amount"`         // what we asked for
	PaymentAmount text `json:"payment_amount"` // what the payer pays: the fee may be added
	Processed     text `json:"processed_amount"`
	Refunded      text `json:"refunded_amount"`
	ChargedBack   text `json:"charged_back_amount"`

	ProcessedAt text `json:"processed"`
	UpdatedAt   text `json:"updated"`

	Metadata object[metadata] `json:"metadata"`
	Flow     object[flow]     `json:"flow_data"`
	Payload  object[payload]  `json:"payload"`
}

// metadata is ours, and echoed.
type metadata struct {
	OpenedFor text `json:"opened_for"`
}

// flow is where a payer, or a sale, goes on.
type flow struct {
	Action   text                    `json:"action"`
	Method   text                    `json:"method"`
	Params   object[map[string]text] `json:"params"`
	Metadata object[struct {
		Token text `json:"token"` // bearer of the card gate: a secret
	}] `json:"metadata"`
}

// payload is what paid.
type payload struct {
	Card  object[paidCard] `json:"payment_card"`
	Token text             `json:"token"` // charges the card: a secret
}

type paidCard struct {
	First       text `json:"first"`
	Last        text `json:"last"`
	Mask        text `json:"mask"`
	Brand       text `json:"brand"`
	Holder      text `json:"holder"`
	ExpiryMonth text `json:"expiry_month"`
	ExpiryYear  text `json:"expiry_year"`
}

// invoice is a payment invoice with an id that can be asked for.
type invoice struct {
	id string
	attributes
}

// readInvoice reads an answer that is one invoice. A top-level error is a failure
// even beside one (vendor's SDK, merchant-sdk-js).
func readInvoice(body []byte) (invoice, error) {
	var document struct {
		Data   object[resource[attributes]] `json:"data"`
		Error  fault                        `json:"error"`
		Errors fault                        `json:"errors"`
	}
	if err := readDocument(body, &document); err != nil {
		return invoice{}, err
	}
	if document.Error.told || document.Errors.told {
		return invoice{}, errSaysError
	}
	return invoiceOf(document.Data.value)
}

// readInvoices reads an answer that is a list of invoices.
func readInvoices(body []byte) ([]invoice, error) {
	var document struct {
		Data   list[resource[attributes]] `json:"data"`
		Error  fault                      `json:"error"`
		Errors fault                      `json:"errors"`
	}
	if err := readDocument(body, &document); err != nil {
		return nil, err
	}
	if document.Error.told || document.Errors.told {
		return nil, errSaysError
	}
	if !document.Data.told {
		return nil, errNotAList
	}
	var found []invoice
	for _, each := range document.Data.values {
		one, err := invoiceOf(each)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, nil
}

func invoiceOf(r resource[attributes]) (invoice, error) {
	if r.Type != invoiceType || !isInvoiceID(string(r.ID)) || !r.Attributes.told || r.Attributes.value.Status == "" {
		return invoice{}, errNoInvoice
	}
	return invoice{id: string(r.ID), attributes: r.Attributes.value}, nil
}

// isInvoiceID reports whether s can be an invoice's id: cpi_ and letters and
// digits, 16 in every sample (PayElata docs, payments by token). Other lengths are
// let through, other signs not: it becomes part of an address.
func isInvoiceID(s string) bool {
	tail, ok := strings.CutPrefix(s, "cpi_")
	return ok && tail != "" && len(tail) <= 64 && !strings.ContainsFunc(tail, func(r rune) bool { return !wire.IsAlphanumeric(r) })
}

// money reads an amount in a currency; told is false when it is null or missing.
func (t text) money(currency pay.Currency) (m pay.Money, told, exact bool) {
	if t == "" {
		return pay.Of(0, currency), false, true
	}
	m, exact = parseAmount(string(t), currency)
	return m, true, exact
}

// at reads Unix seconds; the zero time when there are none.
func (t text) at() time.Time {
	const latest = 1 << 40
	seconds, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil || seconds <= 0 || seconds > latest {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
