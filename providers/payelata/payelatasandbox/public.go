package payelatasandbox

import (
	"net/http"
	"slices"
)

// public serves a path of the public API, which the vendor's script for shops
// calls from any page in a payer's browser.
func (v *Vendor) public(method string, do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case method:
			do(w, r)
		case http.MethodOptions:
			h.Set("Access-Control-Allow-Methods", method)
			h.Set("Access-Control-Allow-Headers", "Content-Type, Accept")
			w.WriteHeader(http.StatusNoContent)
		default:
			refuse(w, http.StatusMethodNotAllowed, problem{Code: "method_not_allowed", Title: "Method Not Allowed"})
		}
	}
}

// byPublicKey finds the account of a public key, and its mode.
func (v *Vendor) byPublicKey(key string) (caller, bool) {
	for _, a := range v.accounts {
		switch {
		case same(key, a.TestPublic):
			return caller{a, true}, true
		case same(key, a.LivePublic):
			return caller{a, false}, true
		}
	}
	return caller{}, false
}

func refusePublic(w http.ResponseWriter) {
	refuse(w, http.StatusUnauthorized, problem{Code: "unauthorized", Title: "Unauthorized", Detail: "This public key is not known.", Source: &source{Pointer: "/public_key"}})
}

// createPublic opens an invoice from a flat object with a public key. Whoever has
// that key, which is everyone, may not charge or save cards.
func (v *Vendor) createPublic(w http.ResponseWriter, r *http.Request) {
	var in struct {
		newInvoice
		PublicKey string `json:"public_key"`
	}
	if !decode(w, r, &in) {
		return
	}
	by, ok := v.byPublicKey(in.PublicKey)
	switch {
	case !ok:
		refusePublic(w)
	case in.Token != "" || len(in.GatewayOptions.CardGate) > 0:
		refuse(w, http.StatusForbidden, problem{Code: "forbidden", Title: "Forbidden", Detail: "Saved cards need the private API."})
	default:
		v.open(w, r, by, in.newInvoice, "/")
	}
}

// getPublic shows an invoice to whoever knows its id, without what concerns the
// merchant alone. A public key is not asked for; a wrong one is refused.
func (v *Vendor) getPublic(w http.ResponseWriter, r *http.Request) {
	by, known := v.byPublicKey(r.URL.Query().Get("public_key"))
	if r.URL.Query().Has("public_key") && !known {
		refusePublic(w)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	i := v.invoices[r.PathValue("id")]
	if i == nil || known && i.Account != by.account.ID {
		refuse(w, http.StatusNotFound, notFound())
		return
	}
	v.age(i)
	shown := v.resource(i)
	shown.Attributes.Payload, shown.Attributes.CallbackURL, shown.Attributes.Metadata = nil, nil, [0]string{}
	reply(w, http.StatusOK, document{shown})
}

// prerequest lists the services for a currency. The form of its answer is not
// published: it is a list of services.
func (v *Vendor) prerequest(w http.ResponseWriter, r *http.Request) {
	var in struct {
		PublicKey string `json:"public_key"`
		Currency  string `json:"currency"`
	}
	if !decode(w, r, &in) {
		return
	}
	by, ok := v.byPublicKey(in.PublicKey)
	if !ok {
		refusePublic(w)
		return
	}
	names := slices.DeleteFunc(slices.Clone(by.account.Services), func(s string) bool { return serviceCurrency(s) != in.Currency })
	all := []serviceResource{}
	for _, name := range names {
		all = append(all, newService(name))
	}
	reply(w, http.StatusOK, struct {
		Data []serviceResource `json:"data"`
	}{all})
}
