package payturesandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

//go:embed templates/*.html static/*
var files embed.FS

// policy lets a page load its own style and script and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// pages are the parsed templates, and the version that keeps browsers from
// using an old style sheet.
type pages struct {
	templates *template.Template
	version   string
}

func newPages() pages {
	sum := sha256.New()
	for _, name := range []string{"static/pay.css", "static/pay.js"} {
		b, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded: cannot be missing
		}
		sum.Write(b)
	}
	return pages{
		templates: template.Must(template.ParseFS(files, "templates/*.html")),
		version:   hex.EncodeToString(sum.Sum(nil))[:12],
	}
}

// view is what the templates draw from.
type view struct {
	T                             text
	Lang, Title, Version          string
	Shop, ShopMark, Amount        string
	Product, Description, OrderID string
	Hold                          bool
	CardTitle, Button, Declined   string
	Key, SessionID                string
	PageURL, SubmitURL, Note      string
	Saved                         string // mask of the saved card to pay with
	PaRes, TermURL                string // the way back from the bank, when the merchant runs 3-D Secure
	Attempt, TriesLeft            int
	Due, Banner, Challenge        string
	Errors                        map[string]string
	Date, Holder                  string
	Cards                         []cardView
	Success                       bool
	State                         State
	Heading, Message, Card        string
	ReturnURL, BackText           string
	Seconds                       int
}

type cardView struct{ PAN, Grouped, CVC, Date, Says string }

func (v *Vendor) draw(w http.ResponseWriter, status int, name string, data view) {
	data.Version = v.pages.version
	var b bytes.Buffer
	if err := v.pages.templates.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "the page cannot be drawn", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", data.policy())
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // the page's script sends its own address with PaySubmit
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// policy lets the way back from the bank lead to the merchant, and nothing else
// lead anywhere.
func (p view) policy() string {
	u, err := url.Parse(p.TermURL)
	if err != nil || u.Host == "" {
		return policy
	}
	return strings.Replace(policy, "form-action 'self'", "form-action 'self' "+u.Scheme+"://"+u.Host, 1)
}

// newView fills in what every page of an order shows. v.mu must be held.
func (v *Vendor) newView(o *order) view {
	t := texts(o.Language)
	shop := v.accounts[o.Key].Shop
	mark := "₽"
	for _, c := range shop {
		mark = strings.ToUpper(string(c))
		break
	}
	p := view{
		T: t, Lang: strings.ToLower(o.Language), Shop: shop, ShopMark: mark, Amount: roubles(o.Amount, o.Language),
		Due: t.ToPay, Title: t.Pay + " " + roubles(o.Amount, o.Language) + " · " + shop, Product: o.Product, Description: o.Description,
		OrderID: o.OrderID, Hold: o.Type == typeBlock, Key: o.Key, SessionID: o.SessionID, State: o.State,
		Success: o.paid(), ReturnURL: o.returnURL(), CardTitle: t.CardTitle,
		Button: t.Pay + " " + roubles(o.Amount, o.Language), Declined: t.Declined,
	}
	if o.page() != "" {
		p.PageURL, p.SubmitURL = o.pageURL(), "/payture/apim/PaySubmit"
	}
	if o.isWallet() {
		v.walletView(o, &p)
	}
	return p
}

// payPage is the hosted page: the card form while the session takes cards, the
// result afterwards.
func (v *Vendor) payPage(w http.ResponseWriter, r *http.Request) {
	if !getOrPost(w, r) {
		return
	}
	f, err := readFields(r)
	if err != nil {
		f = fields{}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	o := v.sessions[f.get("SessionId")]
	if o == nil || r.URL.Path != o.page() {
		v.notFound(w, r)
		return
	}
	v.show(w, o, http.StatusOK, cardForm{saved: f.get("Card") != "other"}, nil)
}

// show draws an order as it stands. v.mu must be held.
func (v *Vendor) show(w http.ResponseWriter, o *order, status int, form cardForm, wrong []cardFault) {
	now := v.host.Now()
	v.age(o, now)
	p := v.newView(o)
	switch code := v.closed(o, now); {
	case code != "" && o.challenge() != "": // no more cards, but the last one may still be confirmed
		w.Header().Set("Location", "/payture/acs/"+o.challenge())
		w.WriteHeader(http.StatusSeeOther)
		return
	case code != "":
		v.showResult(w, o, p, code)
		return
	}
	p.Errors = map[string]string{}
	for _, f := range wrong {
		p.Errors[f.field] = p.T.wrong(f)
	}
	p.Date, p.Holder = form.date, form.holder
	if card := v.savedCardOf(o); form.saved && card != nil {
		p.Saved, p.CardTitle = shortMask(card.Mask), p.T.SavedTitle
	}
	p.Attempt, p.TriesLeft, p.Challenge = len(o.Tries)+1, o.triesLeft(), o.challenge()
	if t := o.last(); t != nil && t.Code != "" && len(wrong) == 0 {
		p.Banner = p.T.why(t.Code)
	}
	for _, c := range testCards() {
		p.Cards = append(p.Cards, cardView{
			PAN: c.pan, Grouped: grouped(c.pan), CVC: c.code(), Date: c.date(now), Says: p.T.cards[c.behaviour(o)],
		})
	}
	v.draw(w, status, "pay.html", p)
}

// showResult draws the end of a session and sends the browser back to the shop
// 3 s later (docs, inpay/pay), with or without a script.
func (v *Vendor) showResult(w http.ResponseWriter, o *order, p view, code Code) {
	switch {
	case p.Success && o.Type == typeAdd:
		p.Heading, p.Message, p.Due = p.T.Added, p.T.AddedSays, p.T.AddedDue
	case !p.Success && o.Type == typeAdd:
		p.Heading, p.Message = p.T.NotAdded, p.T.why(code)
	case !p.Success:
		p.Heading, p.Message = p.T.Failed, p.T.why(code)
	case o.Type == typeBlock && o.State == StateAuthorized:
		p.Heading, p.Message, p.Due = p.T.Held, p.T.HeldSays, p.T.HeldDue
	default:
		p.Heading, p.Message, p.Due = p.T.Done, p.T.DoneSays, p.T.Paid
	}
	p.Hold, p.Note = false, "" // said already
	p.Title = p.Heading + " · " + p.Shop
	if o.Card != "" {
		p.Card = shortMask(o.Card)
	}
	p.Seconds = int(math.Round(v.host.Scaled(redirectPause).Seconds()))
	p.BackText = fmt.Sprintf(p.T.Back, p.Seconds)
	if p.ReturnURL != "" {
		w.Header().Set("Refresh", strconv.Itoa(p.Seconds)+";url="+p.ReturnURL)
	}
	v.draw(w, http.StatusOK, "result.html", p)
}

func (v *Vendor) notFound(w http.ResponseWriter, r *http.Request) {
	t := texts("RU")
	lang := "ru"
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en") {
		t, lang = texts("EN"), "en"
	}
	v.draw(w, http.StatusNotFound, "message.html", view{T: t, Lang: lang, Title: t.NotFound, Heading: t.NotFound, Message: t.NotFoundSays})
}

// static serves the style sheet and the script.
func (v *Vendor) static(w http.ResponseWriter, r *http.Request) {
	var name, kind string // ours, never made of what was asked
	switch path.Base(r.URL.Path) {
	case "pay.css":
		name, kind = "static/pay.css", "text/css; charset=utf-8"
	case "pay.js":
		name, kind = "static/pay.js", "text/javascript; charset=utf-8"
	default:
		http.NotFound(w, r)
		return
	}
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded: cannot be missing
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b)
}

// grouped writes a number in fours.
func grouped(pan string) string {
	var b strings.Builder
	for i, d := range pan {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// shortMask shows the end of a mask.
func shortMask(mask string) string { return "•••• " + mask[max(len(mask)-4, 0):] }
