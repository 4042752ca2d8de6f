package bisyssandbox

import (
	"embed"
	"net/http"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

//go:embed templates/*.html static/*
var files embed.FS

func newPages() *sandbox.Pages {
	return sandbox.MustPages(sandbox.Look{Files: files, Static: "/bisys/static/", Style: "bisys.css", Scripts: []string{sandbox.CardForm}})
}

// view is what the templates draw from.
type view struct {
	T                                   text
	Title, Shop, Due, Total             string
	Supply, Fee, Number, Note           string
	Properties                          []pair
	Items                               []itemView
	Heading, Message, Button            string
	OrderID, Operation, Type, Action    string
	Exp, HolderName                     string
	Errors                              map[string]string
	Cards                               []cardView
	IsCheck, Success, Waiting, Password bool
	State                               State
	Card, SecureURL, ReturnURL          string
}

type itemView struct{ Name, Quantity, Price string }

type cardView struct{ PAN, Grouped, Exp, Brand, Says string }

// newView fills in what every page of a payment shows. v.mu must be held.
func (v *Vendor) newView(r *http.Request, p *payment) view {
	t := textFor(r)
	d := view{
		T: t, Due: t.ToPay, Total: t.tenge(p.totalNow()), Number: p.RegPayNum, Note: noteText(p.Note), Properties: p.Properties,
		OrderID: p.OrderID, Operation: p.operation(), Type: "card", Action: p.action(), IsCheck: p.isCheck(), State: p.State,
		SecureURL: "/" + name + p.path(pageSecure),
	}
	account := v.accounts[p.Shop]
	if s := account.service(p.ServiceCode); s != nil {
		d.Shop = s.Name
	}
	if p.Comission > 0 {
		d.Supply, d.Fee = t.tenge(p.totalNow()-min(p.Comission, p.totalNow())), t.tenge(min(p.Comission, p.totalNow()))
	}
	for _, it := range p.Items {
		d.Items = append(d.Items, itemView{Name: it.Name, Quantity: it.Quantity, Price: t.tenge(it.Price)})
	}
	if p.Mask != "" {
		d.Card = sandbox.CardEnd(p.Mask)
	}
	if p.isCheck() {
		d.Due = t.Check
	}
	return d
}

// showForm draws the card form, with the fields that were wrong. A number or a
// code that was typed is not drawn again.
func (v *Vendor) showForm(w http.ResponseWriter, r *http.Request, p *payment, status int, form cardForm, wrong []string) {
	d := v.newView(r, p)
	d.Heading, d.Button = d.T.FormTitle, d.T.Pay+" "+d.Total
	if p.isCheck() {
		d.Heading, d.Button = d.T.CardTitle, d.T.AddCard
	}
	d.Title = d.Heading + " · " + d.Shop
	d.Exp, d.HolderName, d.Errors = form.exp, form.holder, map[string]string{}
	for _, field := range wrong {
		d.Errors[field] = d.T.wrong(field)
	}
	for _, c := range testCards() {
		d.Cards = append(d.Cards, cardView{
			PAN: c.pan, Grouped: sandbox.InFours(c.pan), Exp: strings.ReplaceAll(c.date, "/", " "), Brand: c.brand, Says: d.T.cards[c.says],
		})
	}
	v.draw(w, status, "card.html", d)
}

func (v *Vendor) showSecure(w http.ResponseWriter, r *http.Request, p *payment, status int, empty bool) {
	d := v.newView(r, p)
	d.Title, d.Password = d.T.Confirm+" · "+d.T.Bank, empty
	v.draw(w, status, "secure.html", d)
}

// showReceipt draws how a payment stands. A browser goes back to the shop by
// itself, 5 s later in vendor time, where the shop gave an address.
func (v *Vendor) showReceipt(w http.ResponseWriter, r *http.Request, p *payment) {
	d := v.newView(r, p)
	d.ReturnURL, d.Success = p.returnURL(), p.isPaid()
	switch {
	case p.State == StateCreated:
		d.Heading, d.Message, d.Waiting, d.ReturnURL = d.T.Waiting, d.T.WaitingSays, true, ""
	case !d.Success:
		d.Heading, d.Message, d.Due = d.T.Bad, d.T.failed(p.Failure.Code), d.T.Sum
	case p.isCheck():
		d.Heading, d.Message = d.T.Added, d.T.AddedSays
	case p.State == StateHeld:
		d.Heading, d.Message, d.Due = d.T.HeldTitle, d.T.HeldSays, d.T.Held
	case p.State == StateRefunded:
		d.Heading, d.Message, d.Due = d.T.Given, d.T.GivenSays, d.T.Paid
	default:
		d.Heading, d.Message, d.Due = d.T.Good, d.T.GoodSays, d.T.Paid
	}
	d.Title = d.Heading + " · " + d.Shop
	if d.ReturnURL != "" {
		v.host.SendOn(w, returnPause, d.ReturnURL)
	}
	v.draw(w, http.StatusOK, "receipt.html", d)
}

func (v *Vendor) notFound(w http.ResponseWriter, r *http.Request) {
	t := textFor(r)
	v.draw(w, http.StatusNotFound, "message.html", view{T: t, Title: t.NotFound, Heading: t.NotFound, Message: t.NotFoundSays})
}

func (v *Vendor) draw(w http.ResponseWriter, status int, page string, d view) {
	v.pages.Draw(w, status, page, sandbox.Page{Lang: d.T.Lang, Title: d.Title, View: d})
}
