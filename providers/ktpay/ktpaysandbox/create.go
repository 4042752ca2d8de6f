package ktpaysandbox

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net/http"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// maxSealed is the largest body that is opened, our own choice: an order is a
// few hundred bytes.
const maxSealed = 64 << 10

// create opens a transaction. The order of the checks is that of the
// specification, section 10. A client may send it again when it got no answer:
// an order_id is taken once, and the second time is refused.
//
// A page of a domain that is not trusted is told that the app_id is wrong: the
// documents name no code for it. A server sends no Origin and is not asked.
func (v *Vendor) create(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		v.preflight(w, r)
		return
	}
	if !sandbox.Only(w, r, http.MethodPost, http.MethodOptions) {
		return
	}
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	a, known := v.accounts[r.Header.Get("Auth-Identifier")]
	if known && a.trusts(origin) {
		allow(w, origin)
	}
	if forced(w, r) {
		return
	}
	if !known || origin != "" && !a.trusts(origin) {
		refuse(w, CodeAppID.status(), CodeAppID, because("Unknown application"))
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxSealed)) // a longer one is cut and cannot be opened
	if err != nil {
		refuse(w, CodeData.status(), CodeData, because("The body cannot be read"))
		return
	}
	text, err := a.open(body, v.host.Now())
	if code := unsealed(err); code != 0 {
		refuse(w, code.status(), code, because(err.Error()))
		return
	}
	f, err := parse(text)
	if err != nil {
		refuse(w, CodeData.status(), CodeData, because(err.Error()))
		return
	}
	o, wrong := f.check()
	if wrong != nil {
		refuse(w, CodeParameters.status(), CodeParameters, wrong)
		return
	}
	x := v.begin(a, o, origin)
	if x == nil {
		refuse(w, CodeParameters.status(), CodeParameters, messages{
			"error": "Validation failed", "order_id": "has been used already",
		})
		return
	}
	accept(w, map[string]any{"transaction_hash": x.Hash, "show_close_button": x.ShowClose})
}

// unsealed is the code for an error of Account.open, or 0.
func unsealed(err error) Code {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errExpired):
		return CodeKeyExpired
	case errors.Is(err, errSealed):
		return CodeData
	}
	return CodeAuthData
}

// begin makes the transaction of an order, or returns nil when the merchant
// has used its number.
func (v *Vendor) begin(a Account, o order, origin string) *transaction {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.byOrder[orderKey{a.AppID, o.ID}] != nil {
		return nil
	}
	now := v.host.Now()
	x := &transaction{record: record{
		ID: v.lastID + 1, AppID: a.AppID, OrderID: o.ID, Hash: newHash(), AmountMinor: o.AmountMinor, Type: o.Type,
		ServiceID: o.ServiceID, Contract: o.Contract, Description: o.Description, ShowClose: o.ShowClose,
		Callbacks: o.Callbacks.or(a.Callbacks), Seen: origin, CreatedAt: now, State: StatePending, StateAt: now,
	}}
	v.add(x)
	v.host.Commit(sandbox.Change{Save: x.kept()})
	return x
}

// newHash is 160 random bits: whoever has the hash has the page.
func newHash() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
