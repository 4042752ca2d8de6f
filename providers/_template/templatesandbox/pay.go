package templatesandbox

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// Pay plays the payer for /_control/pay.
func (v *Vendor) Pay(_ context.Context, who sandbox.Payer) (sandbox.Paid, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.byID(strings.TrimPrefix(who.URL.Path, "/"+name+"/page/"))
	switch {
	case p == nil:
		return sandbox.Paid{}, sandbox.ErrNoPage
	case who.Card != "" && who.Card != goodCard && who.Card != poorCard:
		return sandbox.Paid{}, sandbox.ErrCard
	}
	v.age(p)
	if who.Outcome != sandbox.OutcomeAbandon && (p.State == "new" || p.State == "declined") {
		v.decide(p, who)
	}
	return sandbox.Paid{State: p.State, Provider: name, OrderRef: p.Order, ErrCode: p.Code, ReturnURL: p.ReturnURL}, nil
}

// decide puts a card to a payment. A refused one leaves the page open.
func (v *Vendor) decide(p *payment, who sandbox.Payer) {
	switch {
	case who.Card == poorCard:
		p.State, p.Code = "declined", "no_money"
	case who.Outcome == sandbox.OutcomeDecline:
		p.State, p.Code = "declined", "refused_by_bank"
	default:
		p.State, p.Code, p.Amount = "paid", "", v.host.TakenMinor(p.Amount)
		v.commit(p, p.Amount, 0)
		return
	}
	v.commit(p, 0, 0)
}

// byID finds a payment by its page. v.mu must be held.
func (v *Vendor) byID(id string) *payment {
	for _, p := range v.payments {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// page is what a person sees: a real sandbox draws a form here.
func (v *Vendor) page(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.byID(r.PathValue("id"))
	if p == nil {
		http.NotFound(w, r)
		return
	}
	v.age(p)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "Payment of "+major(p.Amount)+" "+p.Currency+": "+p.State+"\n")
}
