package payturesandbox

import (
	"encoding/json"
	"net/http"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// chargeBack lets the payer's bank take all that is left of a charged order back:
// POST /payture/_test/chargeback {"order": "…"}, with the number in any terminal
// (transaction-statuses: Chargeback, disputed by the cardholder's bank). The documents
// say neither what its Amount is, so it is none here, nor that anybody is notified. A
// page in somebody's browser must not be able to call it.
func (v *Vendor) chargeBack() http.HandlerFunc {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !sandbox.Only(w, r, http.MethodPost) {
			return
		}
		var in struct {
			Order string `json:"order"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, "the body is not what this control expects", http.StatusBadRequest)
			return
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		for key, o := range v.orders {
			if key.orderID != in.Order || o.State != StateCharged {
				continue
			}
			left := o.Charged - o.Refunded
			o.State = StateChargeback
			c := v.kept(o)
			entry := o.movement()
			entry.RefundedMinor = left
			c.Book = []sandbox.Movement{entry}
			v.host.Commit(c)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Error(w, "no order of this number is charged", http.StatusNotFound)
	})
	return http.NewCrossOriginProtection().Handler(handler).ServeHTTP
}
