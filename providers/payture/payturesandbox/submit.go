package payturesandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

var separators = regexp.MustCompile(`[\s-]+`)

// paySubmit takes the card from the page's form, or from a script that asks
// for JSON.
func (v *Vendor) paySubmit(w http.ResponseWriter, r *http.Request) {
	if !sandbox.Only(w, r, http.MethodPost) {
		return
	}
	f, err := readFields(r)
	if err != nil {
		http.Error(w, "malformed form", http.StatusBadRequest)
		return
	}
	if strings.EqualFold(f.get("Json"), "true") {
		v.paySubmitJSON(w, r, f)
		return
	}
	v.mu.Lock()
	o := v.sessions[f.get("SessionId")]
	v.mu.Unlock()
	if o == nil {
		v.notFound(w, r)
		return
	}
	form := cardForm{
		pan: separators.ReplaceAllString(f.get("CardNumber"), ""), date: f.get("DateTo"),
		cvc: f.get("SecureCode"), holder: f.get("CardHolder"), saved: f.get("Saved") != "",
	}
	if form.saved {
		form = v.withSaved(o, form)
	}
	card, wrong := form.check(v.host.Now())
	if len(wrong) > 0 {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.show(w, o, http.StatusUnprocessableEntity, form, wrong)
		return
	}
	number, _ := strconv.Atoi(f.get("Attempt")) // absent or nonsense: 0, not known
	challenge, code := v.submit(r.Context(), o, attempt{form: form, card: card, number: number})
	if code == CodeInternalError {
		http.Error(w, "the sandbox is closing", http.StatusServiceUnavailable)
		return
	}
	to := o.pageURL()
	if challenge != "" {
		to = "/payture/acs/" + challenge
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// paySubmitJSON is how the old page's script paid (as in lamoda's PaymentHelper):
// Data with the card, Json=true, and the page's address as Referer. The shape
// of a refusal is not documented; it carries an ErrCode here.
func (v *Vendor) paySubmitJSON(w http.ResponseWriter, r *http.Request, f fields) {
	answer := func(success bool, more map[string]any) {
		more["Success"] = success
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(more) // into a buffer of the host's
	}
	data, err := parseData(f.get("Data"))
	if err != nil {
		answer(false, map[string]any{"ErrCode": CodeFormatError})
		return
	}
	terminal, code := v.terminal(data)
	if code != "" {
		answer(false, map[string]any{"ErrCode": code})
		return
	}
	o := v.find(terminal, data)
	page, err := url.Parse(r.Referer())
	other := err == nil && page.Query().Has("SessionId") && o != nil && page.Query().Get("SessionId") != o.SessionID
	if o == nil || other {
		answer(false, map[string]any{"ErrCode": CodeOrderNotFound})
		return
	}
	form := cardForm{
		pan: separators.ReplaceAllString(data.get("cardNumber"), ""), date: data.get("EMonth") + "/" + data.get("EYear"),
		cvc: data.get("SecureCode"), holder: data.get("CardHolder"),
	}
	card, wrong := form.check(v.host.Now())
	amount, _ := data.amount()
	switch {
	case amount != o.Amount:
		answer(false, map[string]any{"OrderId": o.OrderID, "ErrCode": CodeAmountError})
		return
	case len(wrong) > 0:
		answer(false, map[string]any{"OrderId": o.OrderID, "ErrCode": wrong[0].code})
		return
	}
	challenge, code := v.submit(r.Context(), o, attempt{form: form, card: card})
	v.mu.Lock()
	defer v.mu.Unlock()
	if t := o.last(); code == "" && t != nil {
		code = t.Code
	}
	switch {
	case challenge != "":
		answer(false, map[string]any{"OrderId": o.OrderID, "Is3DS": true, "ACSUrl": "/payture/acs/" + challenge})
	case code != "":
		answer(false, map[string]any{"OrderId": o.OrderID, "ErrCode": code})
	default:
		answer(true, map[string]any{"OrderId": o.OrderID, "Amount": o.Amount, "SessionId": o.SessionID})
	}
}
