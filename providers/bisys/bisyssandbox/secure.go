package bisyssandbox

import (
	"net/http"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// securePage is the bank's 3-D Secure page: the securePageURL of a refusal, and
// the form's next step. It asks for the test cards' password.
func (v *Vendor) securePage(w http.ResponseWriter, r *http.Request) {
	if !sandbox.Only(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.orderOf(r.URL.Query().Get("order"))
	switch {
	case p == nil:
		v.notFound(w, r)
		return
	case !p.Step:
		v.redirect(w, r, p.next())
		return
	case r.Method == http.MethodGet:
		v.showSecure(w, r, p, http.StatusOK, false)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, "malformed form", http.StatusBadRequest)
		return
	}
	password := r.PostForm.Get("password")
	switch {
	case r.PostForm.Get("action") == "cancel":
		v.reject(p, failedCancel())
	case password == "":
		v.showSecure(w, r, p, http.StatusUnprocessableEntity, true)
		return
	default:
		v.answerBank(p, password)
	}
	v.redirect(w, r, p.next())
}

// receiptPage says how a payment stands, with or without a script, and leads
// back to the shop where it named an address.
func (v *Vendor) receiptPage(w http.ResponseWriter, r *http.Request) {
	if !sandbox.Only(w, r, http.MethodGet) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.orderOf(r.URL.Query().Get("order"))
	switch {
	case p == nil:
		v.notFound(w, r)
	case p.next() == p.path(pageCard):
		v.redirect(w, r, p.next())
	default:
		v.showReceipt(w, r, p)
	}
}
