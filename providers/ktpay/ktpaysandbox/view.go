package ktpaysandbox

import (
	"embed"
	"net/http"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

//go:embed templates/*.html static/*
var files embed.FS

// waiting is how long a receipt is shown before it looks again whether the
// service was credited.
const waiting = 3 * time.Second

// newPages are the widget's. A step inside the frame names the page before it.
func newPages() *sandbox.Pages {
	return sandbox.MustPages(sandbox.Look{
		Files: files, Static: "/ktpay/static/", Style: "widget.css", Scripts: []string{sandbox.CardForm, "widget.js"}, Referrer: "same-origin",
	})
}

// view is what the templates draw from.
type view struct {
	T                            map[string]string
	Lang, Title                  string
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

	origins []string // whose pages may hold it in a frame
}

type cardView struct{ PAN, Grouped, CVC, Date, Says string }

func (v *Vendor) draw(w http.ResponseWriter, status int, name string, p view) {
	v.pages.Draw(w, status, name, sandbox.Page{Lang: p.Lang, Title: p.Title, FramedBy: p.origins, View: p})
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
		origins: a.Origins,
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
		p.Cards = append(p.Cards, cardView{PAN: c.pan, Grouped: sandbox.InFours(c.pan), CVC: "123", Date: date, Says: p.T["card-"+c.says]})
	}
	v.draw(w, status, "pay.html", p)
}

// drawReceipt is the end of a visit: the receipt, whose Continue leads to the
// shop or, when the shop named no address, to the standard page, which is the
// receipt once more with nowhere to go. An address that is forced is gone to
// without a receipt. v.mu must be held.
func (v *Vendor) drawReceipt(w http.ResponseWriter, x *transaction, p view, isEnd bool) {
	p.Good, p.Waits, p.Card = x.State.isGood(), !x.State.isFinal(), sandbox.CardEnd(x.Card)
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
		w.Header().Set("Refresh", seconds(max(v.host.Scaled(waiting), time.Second)))
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
	whole = sandbox.InThousands(whole, gap)
	if fraction == "00" {
		return whole + "\u00a0₸"
	}
	return whole + point + fraction + "\u00a0₸"
}
