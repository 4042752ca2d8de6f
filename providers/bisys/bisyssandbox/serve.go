package bisyssandbox

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// call is one command that a shop was let in for. Vendor.mu is held while it is
// answered.
type call struct {
	shop Account
	f    fields
	base string // the sandbox's own address
}

// serve reads a command, lets the shop in and answers. A command is a POST of
// one JSON object; everything else is refused.
func (v *Vendor) serve(c command) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !sandbox.Only(w, r, http.MethodPost) {
			return
		}
		f, bad := readFields(r)
		shop, in := v.authenticate(r, f, c.signs)
		switch {
		case !in:
			w.Header().Set("WWW-Authenticate", `Basic realm="Shop API"`)
			refuseAccess().write(w)
			return
		case bad != nil:
			bad.write(w)
			return
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		reply, no := c.do(call{shop: shop, f: f, base: v.host.BaseURL(r) + "/" + name})
		if no != nil {
			no.write(w)
			return
		}
		writeJSON(w, http.StatusOK, reply)
	}
}

// readFields reads the body. The vendor's text shows single quotes and missing
// commas in replies; a request must be JSON.
func readFields(r *http.Request) (fields, *refusal) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, invalid("Content-Type")
	}
	f, err := parseFields(r.Body)
	if err != nil {
		return nil, invalid("body")
	}
	return f, nil
}

// startOrCharge tells a recurrent payment that charges a saved card from one
// that opens a form.
func startOrCharge(r *http.Request) sandbox.Op {
	f, err := parseFields(r.Body)
	if card, ok := f.text("cardToken"); err == nil && ok && card != "" {
		return sandbox.OpCharge
	}
	return sandbox.OpStart
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		http.Error(w, "the reply cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}
