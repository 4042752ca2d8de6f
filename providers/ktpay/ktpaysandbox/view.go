package ktpaysandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

//go:embed templates/*.html static/*
var files embed.FS

const (
	styleFile  = "static/widget.css"
	scriptFile = "static/widget.js"
)

// policy lets a page load its own style and script and nothing else; the
// account's frame-ancestors follow.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "

// waiting is how long a receipt is shown before it looks again whether the
// service was credited.
const waiting = 3 * time.Second

// pages are the parsed templates, and the version that keeps browsers from
// using an old style sheet.
type pages struct {
	templates *template.Template
	version   string
}

func newPages() pages {
	sum := sha256.New()
	for _, name := range []string{styleFile, scriptFile} {
		b, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded: cannot be missing
		}
		sum.Write(b)
	}
	t := template.New("").Option("missingkey=error")
	return pages{templates: template.Must(t.ParseFS(files, "templates/*.html")), version: hex.EncodeToString(sum.Sum(nil))[:12]}
}

// view is what the templates draw from.
type view struct {
	T                            map[string]string
	Lang, Title, Version         string
	Parents                      string // origins the frame may speak to, separated by blanks
	ShowClose                    bool
	Back                         string // where the cross leads without a frame
	Shop, Amount                 string
	Description, OrderID         string
	Service, Contract            string
	Action                       string
	Wrong                        map[string]string
	Date, Holder, Banner, Unsaid string
	Cards                        []cardView
	Card, When, Reason           string
	State                        State
	Good, Waits, AtOnce, IsEnd   bool
	Heading, Says                string
	Next, PDF                    string

	ancestors string
	refresh   string
}

type cardView struct{ PAN, Grouped, CVC, Date, Says string }

func (v *Vendor) draw(w http.ResponseWriter, status int, name string, p view) {
	p.Version = v.pages.version
	var b bytes.Buffer
	if err := v.pages.templates.ExecuteTemplate(&b, name, p); err != nil {
		http.Error(w, "the page cannot be drawn", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy+p.ancestors)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	if p.refresh != "" {
		h.Set("Refresh", p.refresh)
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// view fills in what every page of a transaction shows. v.mu must be held.
func (v *Vendor) view(x *transaction, r *http.Request) view {
	a, lang := v.accounts[x.AppID], language(r)
	t := words(lang)
	shown := isShown(x, r)
	p := view{
		T: t, Lang: lang, Parents: strings.Join(a.parents(x.Seen), " "), ShowClose: shown, Back: x.Callbacks.Back,
		Shop: a.Shop, Amount: tenge(x.amountNow(), lang), Description: x.Description, OrderID: x.OrderID, State: x.State,
		Action: x.pageURL() + "&" + closeQuery(shown), Wrong: map[string]string{}, When: x.StateAt.In(almaty()).Format("02.01.2006, 15:04"),
		ancestors: a.ancestors(),
	}
	p.Title = t["pay"] + " " + p.Amount + " · " + p.Shop
	if x.Type == typeService {
		s, _ := findService(x.ServiceID)
		p.Service, p.Contract = s.name, x.Contract
	}
	return p
}

// drawForm asks for a card. v.mu must be held.
func (v *Vendor) drawForm(w http.ResponseWriter, status int, x *transaction, p view, form cardForm, wrong []string) {
	for _, field := range wrong {
		p.Wrong[field] = p.T["wrong-"+field]
	}
	p.Date, p.Holder = form.date, form.holder
	if x.Code != "" && len(wrong) == 0 {
		p.Banner = reason(p.T, x.Code)
	}
	if x.Challenge != nil {
		p.Unsaid = prefix + acsPath + x.Challenge.ID
	}
	date := "12/" + v.host.Now().AddDate(3, 0, 0).Format("06")
	for _, c := range testCards() {
		p.Cards = append(p.Cards, cardView{PAN: c.pan, Grouped: grouped(c.pan), CVC: "123", Date: date, Says: p.T["card-"+c.says]})
	}
	v.draw(w, status, "pay.html", p)
}

// drawReceipt is the end of a visit: the receipt, whose Continue leads to the
// shop or, when the shop named no address, to the standard page, which is the
// receipt once more with nowhere to go. An address that is forced is gone to
// without a receipt. v.mu must be held.
func (v *Vendor) drawReceipt(w http.ResponseWriter, x *transaction, p view, isEnd bool) {
	p.Good, p.Waits, p.Card = x.State.isGood(), !x.State.isFinal(), shortMask(x.Card)
	p.Next, p.AtOnce = x.next()
	p.IsEnd = isEnd && p.Next == ""
	if p.Next == "" && !p.IsEnd {
		p.Next = p.Action + "&step=end"
	}
	key := "done"
	switch {
	case !p.Good:
		key, p.Reason = "failed", failureText(p.T, x)
	case p.Waits:
		key = "held"
	}
	p.Heading, p.Says = p.T[key], p.T[key+"-says"]
	p.Title = p.Heading + " · " + p.Shop
	if x.State == StateCompleted {
		p.PDF = prefix + "/api/v1/merchant-widget/payment/" + x.Hash + "/pdf"
	}
	if p.AtOnce {
		v.draw(w, http.StatusOK, "leave.html", p)
		return
	}
	if p.Waits {
		p.refresh = seconds(max(v.host.Scaled(waiting), time.Second))
	}
	v.draw(w, http.StatusOK, "receipt.html", p)
}

// failureText is why, for the payer.
func failureText(t map[string]string, x *transaction) string {
	if x.Failure == nil {
		return ""
	}
	if x.Failure.Code != "" {
		return reason(t, x.Failure.Code)
	}
	return t["reason-service"]
}

// reason is an acquirer's code in words, with the code for the shop's support.
func reason(t map[string]string, code string) string {
	says, ok := t["reason-"+code]
	if !ok {
		says = t["reason-other"]
	}
	return says + " (" + code + ")"
}

// tenge writes an amount for a person.
func tenge(minor int64, lang string) string {
	whole, fraction, _ := strings.Cut(pay.Of(minor, pay.KZT).Decimal(), ".")
	gap, point := "\u00a0", ","
	if lang == "en" {
		gap, point = ",", "."
	}
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + gap + whole[at:]
	}
	if fraction == "00" {
		return whole + "\u00a0₸"
	}
	return whole + point + fraction + "\u00a0₸"
}

// grouped writes a card number in fours.
func grouped(pan string) string {
	var parts []string
	for ; len(pan) > 4; pan = pan[4:] {
		parts = append(parts, pan[:4])
	}
	return strings.Join(append(parts, pan), " ")
}
