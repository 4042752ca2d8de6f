package payturesandbox

import (
	"net/http"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// acsPage is the bank's 3-D Secure page. Payture runs this step by itself; the
// merchant only sees PreAuthorized3DS meanwhile.
func (v *Vendor) acsPage(w http.ResponseWriter, r *http.Request) {
	if !sandbox.Only(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	id := r.PathValue("challenge")
	v.mu.Lock()
	o := v.challenges[id]
	v.mu.Unlock()
	if o == nil {
		v.notFound(w, r)
		return
	}
	f, err := readFields(r)
	if err != nil {
		f = fields{}
	}
	if o.page() == "" {
		v.merchantACS(w, r, o, id, f)
		return
	}
	action := f.get("Action")
	answered := false
	if r.Method == http.MethodPost && (action == "confirm" || action == "cancel") {
		answered = v.answer(o, id, action == "confirm")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.age(o, v.host.Now())
	t, p := o.findTry(id), v.newView(o)
	switch {
	case answered, t.State != StatePreAuthorized3DS && t.State != StateObsolete && t.Code != CodeThreeDSTimeOut:
		http.Redirect(w, r, o.pageURL(), http.StatusSeeOther)
	case t.State != StatePreAuthorized3DS:
		p.Title, p.Heading, p.Message = p.T.Stale, p.T.Stale, p.T.StaleSays
		v.draw(w, http.StatusOK, "message.html", p)
	default:
		p.Title, p.Card = p.T.Confirm, sandbox.CardEnd(t.Card)
		p.Date = t.At.Format("02.01.2006")
		v.draw(w, http.StatusOK, "acs.html", p)
	}
}
