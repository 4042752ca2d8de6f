package payelatasandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// refund is money given back, or on its way. Amounts are minor units of the
// invoice's currency.
type refund struct {
	ID          string    `json:"id"` // ref_…
	ReferenceID string    `json:"referenceId,omitempty"`
	Amount      int64     `json:"amount"`
	Description string    `json:"description,omitempty"`
	Status      string    `json:"status"` // processed, pending or failed
	CreatedAt   time.Time `json:"createdAt"`
}

// A refund's statuses. The pages that list them were not seen: own choice.
const (
	refundProcessed = "processed"
	refundPending   = "pending"
	refundFailed    = "failed"
)

// newRefund is the request.
type newRefund struct {
	Data struct {
		Type       string `json:"type"`
		ID         string `json:"id"`
		Attributes struct {
			InvoiceID   string          `json:"invoiceId"`
			Amount      json.RawMessage `json:"amount"`
			ReferenceID string          `json:"reference_id"`
			Description string          `json:"description"`
		} `json:"attributes"`
	} `json:"data"`
}

// refundResource is a refund as the newer model shows it.
type refundResource struct {
	Data struct {
		Type       string           `json:"type"`
		ID         string           `json:"id"`
		Attributes refundAttributes `json:"attributes"`
	} `json:"data"`
}

type refundAttributes struct {
	ReferenceID string          `json:"reference_id"`
	OriginalID  string          `json:"original_id"`
	Description *string         `json:"description"`
	Status      string          `json:"status"`
	Amount      json.RawMessage `json:"amount"`
	Fee         int             `json:"fee"`
	Currency    string          `json:"currency"`
	Created     int64           `json:"created"`
}

// refund gives money back, all or in parts (guides, payments/refunds). Options
// choose which of the two published models answers.
func (v *Vendor) refund(w http.ResponseWriter, r *http.Request, by caller) {
	var in newRefund
	if !decode(w, r, &in) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	i, ok := v.owned(r, by)
	if !ok {
		refuse(w, http.StatusNotFound, notFound())
		return
	}
	amount, problems := v.checkRefund(i, in)
	if len(problems) > 0 {
		refuse(w, http.StatusUnprocessableEntity, problems...)
		return
	}
	given := in.Data.Attributes
	f := &refund{
		ID: newID("ref_", 16), ReferenceID: given.ReferenceID, Amount: amount, Description: given.Description,
		Status: refundPending, CreatedAt: v.host.Now(),
	}
	i.Refunds = append(i.Refunds, f)
	if f.ReferenceID != "" {
		v.refunds[reference{i.Account, f.ReferenceID}] = i
	}
	i.RefundPending += f.Amount
	if v.options.SlowRefunds {
		i.pend()
		v.keep(i, sandbox.Change{Book: []sandbox.Movement{i.movement()}})
	} else {
		v.settleRefund(i, f, true)
	}
	if v.options.OldRefunds {
		reply(w, http.StatusOK, document{v.resource(i)})
		return
	}
	reply(w, http.StatusCreated, i.refundResource(f))
}

// checkRefund lists what is wrong with a refund. v.mu must be held.
func (v *Vendor) checkRefund(i *invoice, in newRefund) (int64, []problem) {
	given := in.Data.Attributes
	wrong := checks{at: attributesAt}
	if in.Data.Type != "refund" && in.Data.Type != "refunds" {
		wrong.list = append(wrong.list, invalid("/data/type", "refund is expected."))
	}
	if in.Data.ID != "" && in.Data.ID != i.ID {
		wrong.list = append(wrong.list, invalid("/data/id", "This is another invoice."))
	}
	if given.InvoiceID != "" && given.InvoiceID != i.ID {
		wrong.add("invoiceId", "This is another invoice.")
	}
	if !v.options.OldRefunds {
		wrong.required("reference_id", given.ReferenceID)
	}
	if given.ReferenceID != "" && v.refunds[reference{i.Account, given.ReferenceID}] != nil {
		wrong.list = append(wrong.list, duplicate())
	}
	var amount int64
	if len(given.Amount) == 0 || string(given.Amount) == "null" {
		wrong.list = append(wrong.list, missing(attributesAt+"amount"))
	} else {
		var why string
		if amount, why = readAmount(given.Amount, i.Currency); why != "" {
			wrong.add("amount", why)
		}
	}
	allowed := []Status{
		StatusProcessed, StatusPartiallyProcessed, StatusRefundPending, StatusRefundFailed, StatusPartiallyRefunded, StatusPartiallyChargedBack,
	}
	switch {
	case len(wrong.list) > 0:
	case i.refundable() > 0 && !slices.Contains(allowed, i.Status), !i.isPaid():
		wrong.list = append(wrong.list, problem{
			Code: "invalid_state", Title: "Invalid state", Detail: "This invoice cannot be refunded as it is.", Source: &source{Pointer: "/data"},
		})
	case amount > i.refundable():
		wrong.add("amount", "This value is more than what is left to refund.")
	}
	return amount, wrong.list
}

// pend marks an invoice that has a refund under way.
func (i *invoice) pend() {
	if i.Status != StatusRefundPending {
		i.BeforeRefunded = i.Status
	}
	i.Status = StatusRefundPending
}

// settleRefund ends a refund that is under way. v.mu must be held.
func (v *Vendor) settleRefund(i *invoice, f *refund, done bool) {
	i.RefundPending -= f.Amount
	f.Status = refundFailed
	if done {
		f.Status = refundProcessed
		i.Refunded += f.Amount
		i.RefundedAt = v.host.Now()
	}
	switch {
	case i.RefundPending > 0: // another one is under way
	case !done && i.Refunded == 0:
		i.Status = StatusRefundFailed
	case !done:
		i.Status = i.BeforeRefunded
	case i.Refunded+i.ChargedBack == i.Processed:
		i.Status = StatusRefunded
	default:
		i.Status = StatusPartiallyRefunded
	}
	money := i.movement()
	if done {
		money.RefundedMinor = f.Amount
	}
	v.keep(i, sandbox.Change{Book: []sandbox.Movement{money}})
}

func (i *invoice) refundResource(f *refund) refundResource {
	var r refundResource
	r.Data.Type, r.Data.ID = "refunds", f.ID
	r.Data.Attributes = refundAttributes{
		ReferenceID: f.ReferenceID, OriginalID: i.ID, Description: orNull(f.Description), Status: f.Status,
		Amount: writeAmount(f.Amount, i.Currency), Currency: string(i.Currency), Created: f.CreatedAt.Unix(),
	}
	return r
}
