package payelatasandbox

import (
	"embed"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paygraph/paygraph/providers/sandbox"
)

//go:embed templates/*.html static/*
var files embed.FS

// newPages are the card gate's, without any script.
func newPages() *sandbox.Pages {
	return sandbox.MustPages(sandbox.Look{Files: files, Static: "/payelata/cardgate/static/", Style: "pay.css"})
}

// view is what the templates draw from.
type view struct {
	Title                  string
	Shop, Mark, Amount     string
	Description, Reference string
	Self                   string // the page's own address
	Banner                 string
	Number, Expiry, Holder string // what the form shows again; never the CVV
	CVV                    string // of a test card that was chosen from the list
	Errors                 map[string]string
	Saved                  string // end of the saved card's mask
	Cards                  []cardView
	Tone, State            string
	Heading, Says          string
	Card, Today, Challenge string
	ReturnURL              string
	Seconds                int
}

// cardView is a row of the list of test cards. A click fills the form in without
// a script.
type cardView struct{ Number, Expiry, Does, Use string }

func (v *Vendor) draw(w http.ResponseWriter, status int, name string, p view) {
	v.pages.Draw(w, status, name, sandbox.Page{Lang: "en", Title: p.Title, View: p})
}

// newView fills in what every page of an invoice shows.
func (v *Vendor) newView(i *invoice) view {
	shop := v.accounts[i.Account].Name
	if shop == "" {
		shop = i.Account
	}
	first, _ := utf8.DecodeRuneInString(shop)
	return view{
		Shop: shop, Mark: strings.ToUpper(string(first)), Amount: shownAmount(i.Amount, i.Currency),
		Description: i.Description, Reference: i.ReferenceID, Self: pagePath(i), ReturnURL: i.returnURL(),
	}
}

func pagePath(i *invoice) string { return "/payelata/cardgate/hpp/" + i.SID }

func bankPath(challenge string) string { return "/payelata/cardgate/acs/" + challenge }

// hostedPage shows the card form while the invoice takes cards and how it went
// afterwards, and takes the form.
func (v *Vendor) hostedPage(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := v.sessions[r.PathValue("sid")]
	if i == nil {
		v.noPage(w)
		return
	}
	v.age(i)
	switch r.Method {
	case http.MethodPost:
		v.takeForm(w, r, i)
	case http.MethodGet, http.MethodHead:
		v.show(w, i, http.StatusOK, chosenCard(r), nil)
	default:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

// takeForm puts the card of the form to the invoice. v.mu must be held.
func (v *Vendor) takeForm(w http.ResponseWriter, r *http.Request, i *invoice) {
	form, attempt, wrong := v.readForm(r, i)
	if len(wrong) > 0 && i.takesCards() {
		v.show(w, i, http.StatusUnprocessableEntity, form, wrong)
		return
	}
	to := pagePath(i)
	if challenge := v.submit(i, attempt); challenge != "" {
		to = bankPath(challenge)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// readForm reads the page's form: a whole card, or the CVV of the saved one. v.mu
// must be held.
func (v *Vendor) readForm(r *http.Request, i *invoice) (cardForm, attempt, map[string]string) {
	form := cardForm{
		pan:    separators.ReplaceAllString(r.PostFormValue(fieldNumber), ""),
		expiry: r.PostFormValue(fieldExpiry), cvv: r.PostFormValue(fieldCVV), holder: r.PostFormValue(fieldHolder),
	}
	if i.Token == "" {
		card, wrong := form.check()
		if len(wrong) > 0 {
			return form, attempt{}, wrong
		}
		return form, newAttempt(card, form), nil
	}
	if !cvvPattern.MatchString(form.cvv) {
		return form, attempt{}, map[string]string{fieldCVV: "Three or four digits."}
	}
	return form, v.savedAttempt(i), nil
}

// show draws an invoice as it stands. v.mu must be held.
func (v *Vendor) show(w http.ResponseWriter, i *invoice, status int, form cardForm, wrong map[string]string) {
	if !i.takesCards() {
		v.showResult(w, i)
		return
	}
	p := v.newView(i)
	p.Title = "Pay " + p.Amount + " · " + p.Shop
	p.Number, p.Expiry, p.Holder, p.Errors = sandbox.InFours(form.pan), form.expiry, form.holder, wrong
	if wrong == nil {
		p.CVV = form.cvv
	} else if _, known := findCard(form.pan); !known {
		p.Number = "" // it may be a real one
	}
	if i.Refused > 0 && i.Challenge == "" && wrong == nil {
		p.Banner = "The bank refused the card (" + i.Resolution + "). Try another one."
	}
	if i.Token != "" {
		p.Saved = sandbox.CardEnd(v.savedAttempt(i).card.Mask)
	} else {
		p.Cards = cardViews(p.Self)
	}
	v.draw(w, status, "pay.html", p)
}

// showResult draws how it ended, or that it is not decided, and sends the browser
// back to the shop.
func (v *Vendor) showResult(w http.ResponseWriter, i *invoice) {
	p := v.newView(i)
	p.State = string(i.Status)
	switch {
	case i.isPaid():
		p.Tone, p.Heading, p.Says = "good", "Payment received", "Thank you. The shop has been told."
		p.Amount = shownAmount(i.Processed, i.takenIn())
	case i.Status == StatusExpired:
		p.Tone, p.Heading, p.Says = "bad", "Time is up", "This payment was not completed in time. Nothing was taken."
	case i.Status == StatusProcessPending && i.Moderation:
		p.Tone, p.Heading, p.Says = "wait", "Payment under review", "A person looks at this payment. The shop is told how it ends."
	case i.Status == StatusProcessPending:
		p.Tone, p.Heading, p.Says = "wait", "Waiting for the bank", "The bank has not answered yet. The shop is told how it ends."
	case i.Status == StatusRejected:
		p.Tone, p.Heading, p.Says = "bad", "Payment rejected", "The payment did not pass the review. Nothing was taken."
	default:
		p.Tone, p.Heading, p.Says = "bad", "Payment refused", "The bank refused the card: "+i.Resolution+". Nothing was taken."
	}
	p.Title = p.Heading + " · " + p.Shop
	if i.Card != nil {
		p.Card = sandbox.CardEnd(i.Card.Mask)
	}
	if p.ReturnURL != "" {
		p.Seconds = v.host.SendOn(w, redirectPause, p.ReturnURL)
	}
	v.draw(w, http.StatusOK, "result.html", p)
}

// bankPage is the bank's 3-D Secure page: a question and its answer.
func (v *Vendor) bankPage(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	challenge := r.PathValue("challenge")
	i := v.asking(challenge)
	if i == nil {
		v.noPage(w)
		return
	}
	if r.Method == http.MethodPost {
		v.confirm(challenge, r.PostFormValue("answer") == "confirm")
		http.Redirect(w, r, pagePath(i), http.StatusSeeOther)
		return
	}
	p := v.newView(i)
	p.Title, p.Challenge, p.Card = "Confirm the payment", bankPath(challenge), sandbox.CardEnd(i.Card.Mask)
	p.Today = v.host.Now().Format("2 January 2006")
	v.draw(w, http.StatusOK, "bank.html", p)
}

func (v *Vendor) noPage(w http.ResponseWriter) {
	v.draw(w, http.StatusNotFound, "message.html", view{
		Title: "Page not found", Heading: "There is no such page", Says: "The payment is not known, or this step is over. Go back to the shop and start again.",
	})
}

// examples are the test cards with the expiry dates that the page offers.
func examples() []struct {
	card   testCard
	expiry string
	does   string
} {
	plain, asks, fails, asksAndFails := testCards()[0], testCards()[1], testCards()[2], testCards()[3]
	return []struct {
		card   testCard
		expiry string
		does   string
	}{
		{plain, expiryPlain, "Pays"},
		{asks, expiryPlain, "Pays after 3-D Secure"},
		{fails, expiryFunds, "Refused: insufficient_funds"},
		{fails, "1034", "Refused: lost_or_stolen_card"},
		{asksAndFails, "0933", "Refused after 3-D Secure: declined"},
		{plain, expiryPending, "Never answered"},
	}
}

func cardViews(page string) []cardView {
	var all []cardView
	for at, e := range examples() {
		all = append(all, cardView{
			Number: sandbox.InFours(e.card.pan), Expiry: e.expiry[:2] + "/" + e.expiry[2:], Does: e.does,
			Use: page + "?use=" + strconv.Itoa(at),
		})
	}
	return all
}

// chosenCard is the example that the payer clicked on, or an empty form.
func chosenCard(r *http.Request) cardForm {
	at, err := strconv.Atoi(r.URL.Query().Get("use"))
	if err != nil || at < 0 || at >= len(examples()) {
		return cardForm{}
	}
	e := examples()[at]
	return cardForm{pan: e.card.pan, expiry: e.expiry[:2] + "/" + e.expiry[2:], cvv: "123", holder: sandboxHolder}
}

// sandboxHolder is the name that the sandbox itself writes on a card.
const sandboxHolder = "SANDBOX PAYER"
