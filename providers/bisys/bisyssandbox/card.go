package bisyssandbox

import (
	"net/http"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// cardPage is the hosted form, GET /cardpay/card?order=. A payment that takes no
// card any more leads to where it is.
func (v *Vendor) cardPage(w http.ResponseWriter, r *http.Request) {
	if !sandbox.Only(w, r, http.MethodGet) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.orderOf(r.URL.Query().Get("order"))
	switch {
	case p == nil:
		v.notFound(w, r)
	case p.next() != p.path(pageCard):
		v.redirect(w, r, p.next())
	default:
		v.showForm(w, r, p, http.StatusOK, cardForm{}, nil)
	}
}

// submit takes the form of a payment ("pay") or of a card's registration
// ("checkpay"), as the demo zone's form sends it: form, operation, order, type,
// pan, exp, holder, secret. A form sent twice pays once.
func (v *Vendor) submit(operation string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !sandbox.Only(w, r, http.MethodPost) {
			return
		}
		if err := r.ParseForm(); err != nil {
			http.Error(w, "malformed form", http.StatusBadRequest)
			return
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		p := v.orderOf(r.PostForm.Get("order"))
		said := r.PostForm.Get("operation")
		if p == nil || operation != p.operation() || said != "" && said != operation {
			v.notFound(w, r)
			return
		}
		form := cardForm{
			pan: r.PostForm.Get("pan"), exp: r.PostForm.Get("exp"), holder: r.PostForm.Get("holder"), secret: r.PostForm.Get("secret"),
		}
		card, wrong := form.check()
		if len(wrong) > 0 && p.next() == p.path(pageCard) {
			v.showForm(w, r, p, http.StatusUnprocessableEntity, form, wrong)
			return
		}
		if len(wrong) == 0 {
			v.give(p, card, form.secret, sandbox.OutcomeApprove)
		}
		v.redirect(w, r, p.next())
	}
}

// give puts a card to a payment: the bank refuses it, takes the money, or asks
// for 3-D Secure. It does nothing when the payment takes no card, or has this
// one at the bank's page already. v.mu must be held.
func (v *Vendor) give(p *payment, card testCard, secret string, outcome sandbox.Outcome) {
	v.age(p)
	mask := maskPAN(card.pan)
	if p.State != StateCreated || p.charges() || p.Step && p.Mask == mask {
		return
	}
	p.Mask = mask
	switch {
	case secret != goodCode || outcome == sandbox.OutcomeDecline:
		v.reject(p, failedByBank())
	case card.plain && outcome != sandbox.OutcomeAbandon:
		v.take(p)
	default:
		v.askBank(p, mask)
	}
}

// orderOf finds a payment by its page's order, as time has left it, or nil. v.mu
// must be held.
func (v *Vendor) orderOf(id string) *payment {
	p := v.orders[id]
	if p != nil {
		v.age(p)
	}
	return p
}

// operation is the form's name for what p does.
func (p *payment) operation() string {
	if p.isCheck() {
		return "checkpay"
	}
	return "pay"
}

// action is where the form of p goes.
func (p *payment) action() string {
	if p.isCheck() {
		return "/" + name + "/cardpay/api/C/rpcheck"
	}
	return "/" + name + "/cardpay/api/C/pay"
}

func (v *Vendor) redirect(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, "/"+name+path, http.StatusSeeOther)
}
