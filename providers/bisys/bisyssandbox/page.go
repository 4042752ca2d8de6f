package bisyssandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

//go:embed templates/*.html static/*
var files embed.FS

// policy lets a page load its own style and script and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// pages are the parsed templates, and the version that keeps browsers from using
// an old style sheet.
type pages struct {
	templates *template.Template
	version   string
}

func newPages() pages {
	sum := sha256.New()
	for _, file := range []string{"static/bisys.css", "static/bisys.js"} {
		sum.Write(read(file))
	}
	return pages{
		templates: template.Must(template.ParseFS(files, "templates/*.html")),
		version:   hex.EncodeToString(sum.Sum(nil))[:12],
	}
}

func read(file string) []byte {
	b, err := files.ReadFile(file)
	if err != nil {
		panic(err) // embedded: cannot be missing
	}
	return b
}

// view is what the templates draw from.
type view struct {
	T                                   text
	Title, Version, Shop, Due, Total    string
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
		d.Card = "•••• " + p.Mask[len(p.Mask)-4:]
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
			PAN: c.pan, Grouped: grouped(c.pan), Exp: strings.ReplaceAll(c.date, "/", " "), Brand: c.brand, Says: d.T.cards[c.says],
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
		seconds := int(math.Round(v.host.Scaled(returnPause).Seconds()))
		w.Header().Set("Refresh", strconv.Itoa(seconds)+";url="+d.ReturnURL)
	}
	v.draw(w, http.StatusOK, "receipt.html", d)
}

func (v *Vendor) notFound(w http.ResponseWriter, r *http.Request) {
	t := textFor(r)
	v.draw(w, http.StatusNotFound, "message.html", view{T: t, Title: t.NotFound, Heading: t.NotFound, Message: t.NotFoundSays})
}

func (v *Vendor) draw(w http.ResponseWriter, status int, page string, d view) {
	d.Version = v.pages.version
	var b bytes.Buffer
	if err := v.pages.templates.ExecuteTemplate(&b, page, d); err != nil {
		http.Error(w, "the page cannot be drawn", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// static serves the style sheet and the script.
func (v *Vendor) static(w http.ResponseWriter, r *http.Request) {
	var file, kind string // ours, never made of what was asked
	switch r.PathValue("file") {
	case "bisys.css":
		file, kind = "static/bisys.css", "text/css; charset=utf-8"
	case "bisys.js":
		file, kind = "static/bisys.js", "text/javascript; charset=utf-8"
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(read(file))
}

// grouped writes a number in fours.
func grouped(pan string) string {
	var fours []string
	for four := range slices.Chunk([]byte(pan), 4) {
		fours = append(fours, string(four))
	}
	return strings.Join(fours, " ")
}
