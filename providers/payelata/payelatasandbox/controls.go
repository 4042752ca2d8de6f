package payelatasandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// What a test or a demo may do to an invoice, each a POST of one JSON object. An
// invoice is named by its id or by its reference_id; an amount is in minor units.
//
//	/payelata/_test/chargeback   {"invoice":"cpi_…","amountMinor":3000}      none: all that is left
//	/payelata/_test/moderation   {"invoice":"cpi_…","decision":"approve"}    or reject, or require
//	/payelata/_test/refund       {"refund":"ref_… or its reference_id","decision":"approve"}  or fail
//	/payelata/_test/bad-gateway  {"count":2}   so many creations are answered 502, every second is not done
//
// Moderation is required by itself for the amount 990.01; 990.02 is taken in part
// and 990.03 in another currency.

// Problems with a control.
var (
	errNoInvoice = errors.New("no such invoice")
	errNoRefund  = errors.New("no such refund")
	errState     = errors.New("the state does not allow it")
)

// asked is the body of every control.
type asked struct {
	Invoice     string `json:"invoice"`
	Refund      string `json:"refund"`
	Decision    string `json:"decision"`
	AmountMinor int64  `json:"amountMinor"`
	Count       int    `json:"count"`
}

// control serves one of them. A page in somebody's browser must not be able to.
func (v *Vendor) control(do func(asked) (*invoice, error)) http.HandlerFunc {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			refuse(w, http.StatusMethodNotAllowed, problem{Code: "method_not_allowed", Title: "Method Not Allowed"})
			return
		}
		dec := json.NewDecoder(r.Body)
		dec.DisallowUnknownFields()
		var in asked
		if err := dec.Decode(&in); err != nil {
			refuse(w, http.StatusBadRequest, problem{Code: "invalid_request", Title: "Bad Request", Detail: "The body is not what this control expects."})
			return
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		i, err := do(in)
		switch {
		case errors.Is(err, errNoInvoice), errors.Is(err, errNoRefund):
			refuse(w, http.StatusNotFound, problem{Code: "not_found", Title: "Not Found", Detail: err.Error()})
		case err != nil:
			refuse(w, http.StatusUnprocessableEntity, problem{Code: "invalid", Title: "Invalid value", Detail: err.Error()})
		case i == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			reply(w, http.StatusOK, document{v.resource(i)})
		}
	})
	return http.NewCrossOriginProtection().Handler(handler).ServeHTTP
}

// named finds an invoice by either of its names. v.mu must be held.
func (v *Vendor) named(name string) (*invoice, error) {
	if i := v.invoices[name]; i != nil {
		v.age(i)
		return i, nil
	}
	for _, account := range v.names {
		if i := v.references[reference{account, name}]; i != nil {
			v.age(i)
			return i, nil
		}
	}
	return nil, fmt.Errorf("invoice %q: %w", name, errNoInvoice)
}

// ChargeBack lets the payer's bank take amountMinor of a paid invoice back, or
// all that is left when it is 0. The invoice is named by its id or by its
// reference_id.
func (v *Vendor) ChargeBack(name string, amountMinor int64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, err := v.controlChargeBack(asked{Invoice: name, AmountMinor: amountMinor})
	return err
}

// controlChargeBack does ChargeBack. v.mu must be held, as for all controls.
func (v *Vendor) controlChargeBack(in asked) (*invoice, error) {
	i, err := v.named(in.Invoice)
	if err != nil {
		return nil, err
	}
	amount := in.AmountMinor
	if amount == 0 {
		amount = i.refundable()
	}
	if amount <= 0 || amount > i.refundable() {
		return nil, fmt.Errorf("charge %d of %d back: %w", amount, i.refundable(), errState)
	}
	i.ChargedBack += amount
	i.Status = StatusPartiallyChargedBack
	if i.refundable() == 0 {
		i.Status = StatusChargedBack
	}
	money := i.movement()
	money.RefundedMinor = amount
	v.keep(i, sandbox.Change{Book: []sandbox.Movement{money}})
	return i, nil
}

// controlModeration is a moderator at work.
func (v *Vendor) controlModeration(in asked) (*invoice, error) {
	i, err := v.named(in.Invoice)
	if err != nil {
		return nil, err
	}
	waits := i.Moderation && i.Status == StatusProcessPending
	switch {
	case in.Decision == "require":
		i.Moderation = true
		v.keep(i, sandbox.Change{})
	case in.Decision == "approve" && waits && i.Verdict == resolutionOK && i.Challenge == "" && !i.Waiting:
		i.Moderation = false
		v.take(i)
	case in.Decision == "approve" && i.Moderation:
		i.Moderation = false
		v.keep(i, sandbox.Change{})
	case in.Decision == "reject" && waits:
		delete(v.challenges, i.Challenge)
		i.Moderation, i.Status, i.Resolution, i.Challenge = false, StatusRejected, resolutionDeclined, ""
		v.keep(i, sandbox.Change{})
	default:
		return nil, fmt.Errorf("moderation %q: %w", in.Decision, errState)
	}
	return i, nil
}

// controlRefund decides a refund that Options.SlowRefunds left pending.
func (v *Vendor) controlRefund(in asked) (*invoice, error) {
	if in.Decision != "approve" && in.Decision != "fail" {
		return nil, fmt.Errorf("refund decision %q: approve or fail is expected", in.Decision)
	}
	for _, i := range v.invoices {
		for _, f := range i.Refunds {
			if f.ID != in.Refund && (f.ReferenceID != in.Refund || in.Refund == "") {
				continue
			}
			if f.Status != refundPending {
				return nil, fmt.Errorf("refund %s is %s: %w", f.ID, f.Status, errState)
			}
			v.settleRefund(i, f, in.Decision == "approve")
			return i, nil
		}
	}
	return nil, fmt.Errorf("refund %q: %w", in.Refund, errNoRefund)
}

// controlBadGateway begins the 502 mode anew.
func (v *Vendor) controlBadGateway(in asked) (*invoice, error) {
	if in.Count < 0 {
		return nil, errors.New("count: below 0")
	}
	v.options.BadGateway, v.badGateway = in.Count, in.Count
	return nil, nil //nolint:nilnil // no invoice is concerned
}
