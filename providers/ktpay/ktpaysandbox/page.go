package ktpaysandbox

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

const (
	prefix   = "/ktpay"
	pagePath = "/payment-card"
	acsPath  = "/acs/"
)

// page is the widget's page, in a merchant's frame or alone: the card form
// while the transaction is pending, and then the receipt. POST is a card.
func (v *Vendor) page(w http.ResponseWriter, r *http.Request) {
	if !sandbox.Only(w, r, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	q := r.URL.Query()
	x := v.find(q.Get("hash"))
	if x == nil {
		v.lost(w, r)
		return
	}
	v.see(x, r)
	if r.Method == http.MethodPost {
		v.postCard(w, r, x)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.view(x, r)
	if x.State == StatePending {
		v.drawForm(w, http.StatusOK, x, p, cardForm{}, nil)
		return
	}
	v.drawReceipt(w, x, p, q.Get("step") == "end")
}

// see remembers the trusted page that the frame is on, to speak to it later:
// after a step inside the frame the browser names the frame itself.
func (v *Vendor) see(x *transaction, r *http.Request) {
	origin := originOf(r.Referer())
	v.mu.Lock()
	defer v.mu.Unlock()
	if origin == x.Seen || !v.accounts[x.AppID].trusts(origin) || origin == originOf(v.host.BaseURL(r)) {
		return
	}
	x.Seen = origin
	v.host.Commit(sandbox.Change{Save: x.kept()})
}

// postCard takes the form. What cannot be right is pointed at, and may be typed
// again without end: no bank has seen it.
func (v *Vendor) postCard(w http.ResponseWriter, r *http.Request, x *transaction) {
	form := cardForm{
		pan:  strings.NewReplacer(" ", "", "-", "").Replace(r.PostFormValue(fieldPAN)),
		date: r.PostFormValue(fieldDate), cvc: r.PostFormValue(fieldCVC), holder: strings.TrimSpace(r.PostFormValue(fieldHolder)),
	}
	card, wrong := form.check(v.host.Now())
	if len(wrong) > 0 && v.state(x) == StatePending {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.drawForm(w, http.StatusUnprocessableEntity, x, v.view(x, r), form, wrong)
		return
	}
	step, err := v.attempt(r.Context(), x, card, sandbox.OutcomeApprove)
	if err != nil {
		http.Error(w, "the sandbox is closing", http.StatusServiceUnavailable)
		return
	}
	if step != "" {
		http.Redirect(w, r, prefix+acsPath+step+"?"+closeQuery(isShown(x, r)), http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, x.pageURL()+"&"+closeQuery(isShown(x, r)), http.StatusSeeOther)
}

// isShown reports whether the page has a cross. The order and the page's
// address may each take it away. The vendor's client forgets the "=" in the
// address: show_close_buttontrue.
func isShown(x *transaction, r *http.Request) bool {
	q := r.URL.Query()
	return x.ShowClose && !q.Has("show_close_buttonfalse") && q.Get("show_close_button") != "false"
}

func closeQuery(isShown bool) string {
	if isShown {
		return "show_close_button=true"
	}
	return "show_close_button=false"
}

// acsPage is the bank's 3-D Secure page.
func (v *Vendor) acsPage(w http.ResponseWriter, r *http.Request) {
	if !sandbox.Only(w, r, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	id := r.PathValue("challenge")
	v.mu.Lock()
	x := v.challenges[id]
	v.mu.Unlock()
	if x == nil {
		v.lost(w, r)
		return
	}
	if action := r.PostFormValue("action"); r.Method == http.MethodPost && (action == "confirm" || action == "cancel") {
		v.respond(x, id, action == "confirm")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if x.Challenge == nil || x.Challenge.ID != id {
		http.Redirect(w, r, x.pageURL()+"&"+closeQuery(isShown(x, r)), http.StatusSeeOther)
		return
	}
	p := v.view(x, r)
	p.Title, p.Card = p.T["confirm"], sandbox.CardEnd(x.Challenge.Mask)
	v.draw(w, http.StatusOK, "acs.html", p)
}

// lost is the page of a hash that nobody has.
func (v *Vendor) lost(w http.ResponseWriter, r *http.Request) {
	lang := language(r)
	t := words(lang)
	v.draw(w, http.StatusNotFound, "lost.html", view{T: t, Lang: lang, Title: t["lost"]})
}

// acquirerOptions is for native apps, which open payment_page in a web view.
// This is the answer of version 2.0; the first version's signed order is the
// acquirer's and is not simulated.
func (v *Vendor) acquirerOptions(w http.ResponseWriter, r *http.Request) {
	x, ok := v.asked(w, r)
	if !ok {
		return
	}
	if v.state(x) != StatePending {
		refuse(w, CodeParameters.status(), CodeParameters, because("The transaction is past its card"))
		return
	}
	accept(w, map[string]any{
		"payment_page": v.host.BaseURL(r) + x.pageURL() + "&" + url.Values{"show_close_button": {"false"}}.Encode(),
	})
}

// asked finds the transaction of an API request's hash. The documents give no
// code for one that is unknown.
func (v *Vendor) asked(w http.ResponseWriter, r *http.Request) (*transaction, bool) {
	if !sandbox.Only(w, r, http.MethodGet, http.MethodHead) || forced(w, r) {
		return nil, false
	}
	x := v.find(r.PathValue("hash"))
	if x == nil {
		refuse(w, http.StatusNotFound, CodeParameters, messages{"error": "Validation failed", "hash": "is not a transaction"})
		return nil, false
	}
	return x, true
}
