package payturesandbox

import (
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

//go:embed templates/*.html static/*
var files embed.FS

// newPages are the hosted pages and the bank's. A page's script may send its own
// address with PaySubmit.
func newPages() *sandbox.Pages {
	return sandbox.MustPages(sandbox.Look{
		Files: files, Static: "/payture/static/", Style: "pay.css", Scripts: []string{sandbox.CardForm, "pay.js"}, Referrer: "same-origin",
	})
}

// view is what the templates draw from.
type view struct {
	T                             text
	Lang, Title                   string
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
	v.pages.Draw(w, status, name, sandbox.Page{Lang: data.Lang, Title: data.Title, FormsTo: originOf(data.TermURL), View: data})
}

// originOf is the merchant's, for the way back from the bank; "" without one.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
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
	if !sandbox.Only(w, r, http.MethodGet, http.MethodPost) {
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
		p.Saved, p.CardTitle = sandbox.CardEnd(card.Mask), p.T.SavedTitle
	}
	p.Attempt, p.TriesLeft, p.Challenge = len(o.Tries)+1, o.triesLeft(), o.challenge()
	if t := o.last(); t != nil && t.Code != "" && len(wrong) == 0 {
		p.Banner = p.T.why(t.Code)
	}
	for _, c := range testCards() {
		p.Cards = append(p.Cards, cardView{
			PAN: c.pan, Grouped: sandbox.InFours(c.pan), CVC: c.code(), Date: c.date(now), Says: p.T.cards[c.behaviour(o)],
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
		p.Card = sandbox.CardEnd(o.Card)
	}
	if p.ReturnURL != "" {
		p.Seconds = v.host.SendOn(w, redirectPause, p.ReturnURL)
		p.BackText = fmt.Sprintf(p.T.Back, p.Seconds)
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
