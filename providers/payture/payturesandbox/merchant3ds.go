package payturesandbox

import (
	"net/http"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// askMerchant answers Success="3DS": the merchant sends the payer's browser to
// ACSUrl with PaReq, MD (the ThreeDSKey) and TermUrl, gets PaRes and MD at its
// TermUrl, and calls PaySubmit3DS (docs, 3d-secure/v1). PaReq is opaque.
func (v *Vendor) askMerchant(r *http.Request, o *order, t *try) reply {
	t.State, t.Challenge = StatePreAuthorized3DS, newID()
	o.Tries, o.State = append(o.Tries, t), StatePreAuthorized3DS
	v.challenges[t.Challenge] = o
	v.host.Commit(v.kept(o))
	return reply{
		{"Success", "3DS"},
		kopecks("Amount", o.Amount),
		{"ACSUrl", v.host.BaseURL(r) + "/payture/acs/" + t.Challenge},
		{"PaReq", strings.ToUpper(digest(t.Challenge))},
		{"ThreeDSKey", t.Challenge},
	}
}

// merchantACS is the bank's page when the merchant runs the step: it ends with
// a form that posts PaRes and MD to TermUrl.
func (v *Vendor) merchantACS(w http.ResponseWriter, r *http.Request, o *order, id string, f fields) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.age(o, v.host.Now())
	t, p := o.findTry(id), v.newView(o)
	back := f.get("TermUrl")
	if back == "" || !isWebAddress(back) {
		http.Error(w, "TermUrl: an absolute http or https address is required", http.StatusBadRequest)
		return
	}
	if action := f.get("Action"); r.Method == http.MethodPost && t.State == StatePreAuthorized3DS && t.PaRes == "" &&
		(action == "confirm" || action == "cancel") {
		t.PaRes = newID()
		if action == "cancel" {
			t.Verdict = CodeCanceledByClient
		}
		v.host.Commit(v.kept(o))
	}
	switch {
	case t.PaRes != "":
		p.Title, p.Heading = p.T.BackToShop, p.T.BackToShop
		p.TermURL, p.PaRes, p.Challenge = back, t.PaRes, id
		v.draw(w, http.StatusOK, "return.html", p)
	case t.State != StatePreAuthorized3DS:
		p.Title, p.Heading, p.Message = p.T.Stale, p.T.Stale, p.T.StaleSays
		v.draw(w, http.StatusOK, "message.html", p)
	default:
		p.Title, p.Card, p.TermURL = p.T.Confirm, sandbox.CardEnd(t.Card), back
		p.Date = t.At.Format("02.01.2006")
		v.draw(w, http.StatusOK, "acs.html", p)
	}
}

// paySubmit3DS ends a payment that answered 3DS. MD and PaRes are plain fields
// in the documents; npm's payture wraps them in VWID and DATA, so both are
// taken. A PaRes that the bank did not give leaves the step open.
func (v *Vendor) paySubmit3DS(_ *http.Request, f fields) reply {
	if f.get("DATA") != "" {
		data, err := parseData(f.get("DATA"))
		if err != nil {
			return refused(CodeFormatError)
		}
		if f.get("VWID") != "" {
			data.put("VWID", f.get("VWID"))
		}
		f = data
	}
	if f.get("MD") == "" || f.get("PaRes") == "" {
		return refused(CodeWrongParams)
	}
	v.mu.Lock()
	o := v.challenges[f.get("MD")]
	v.mu.Unlock()
	if o == nil || o.page() != "" {
		return refused(CodeOrderNotFound)
	}
	if f.get("VWID") != "" && f.get("VWID") != o.Key {
		return refused(CodeAccessDenied)
	}
	o.op.Lock()
	defer o.op.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.age(o, v.host.Now())
	t := o.findTry(f.get("MD"))
	head := reply{{"VWUserLgn", o.Login}, {"OrderId", o.OrderID}}
	switch {
	case t.State != StatePreAuthorized3DS:
		return append(head, refused(CodeIllegalOrderState)...)
	case t.PaRes == "" || !same(t.PaRes, f.get("PaRes")):
		return append(head, refused(CodeThreeDSError)...)
	}
	v.decide(o, t)
	return append(head, o.paidReply(t)...)
}
