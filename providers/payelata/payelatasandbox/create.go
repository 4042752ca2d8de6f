package payelatasandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// newInvoice is what creates an invoice, as a caller writes it: the attributes of
// the private API, and the flat members of the public one.
type newInvoice struct {
	ReferenceID string          `json:"reference_id"`
	Currency    string          `json:"currency"`
	Amount      json.RawMessage `json:"amount"`
	Service     string          `json:"service"`
	Flow        string          `json:"flow"`
	TestMode    *bool           `json:"test_mode"`
	Description string          `json:"description"`
	Token       string          `json:"token"`
	CallbackURL string          `json:"callback_url"`
	ReturnURL   string          `json:"return_url"`
	ReturnURLs  returnURLs      `json:"return_urls"`
	Metadata    json.RawMessage `json:"metadata"`
	Customer    *struct {
		ReferenceID string `json:"reference_id"`
		Name        string `json:"name"`
		Email       string `json:"email"`
		Phone       string `json:"phone"`
	} `json:"customer"`
	GatewayOptions struct {
		CardGate map[string]json.RawMessage `json:"cardgate"`
	} `json:"gateway_options"`
}

// customerRef is the merchant's number of the payer, or "".
func (n newInvoice) customerRef() string {
	if n.Customer == nil {
		return ""
	}
	return n.Customer.ReferenceID
}

// create opens an invoice by the private API. callback_url may stand beside the
// attributes, as in the vendor's sample; inside them it wins.
func (v *Vendor) create(w http.ResponseWriter, r *http.Request, by caller) {
	var in struct {
		Data struct {
			Type        string      `json:"type"`
			Attributes  *newInvoice `json:"attributes"`
			CallbackURL string      `json:"callback_url"`
		} `json:"data"`
	}
	if !decode(w, r, &in) {
		return
	}
	switch {
	case in.Data.Type != "payment-invoices":
		refuse(w, http.StatusUnprocessableEntity, invalid("/data/type", "payment-invoices is expected."))
		return
	case in.Data.Attributes == nil:
		refuse(w, http.StatusUnprocessableEntity, missing("/data/attributes"))
		return
	case in.Data.Attributes.CallbackURL == "":
		in.Data.Attributes.CallbackURL = in.Data.CallbackURL
	}
	v.open(w, r, by, *in.Data.Attributes, attributesAt)
}

// open checks and keeps a new invoice and answers. at is where the answer's
// pointers begin.
func (v *Vendor) open(w http.ResponseWriter, r *http.Request, by caller, in newInvoice, at string) {
	i, problems := draft(in, by, at)
	v.mu.Lock()
	defer v.mu.Unlock()
	if p, wrong := v.wrongToken(i, at); len(problems) == 0 && wrong {
		problems = append(problems, p)
	}
	switch {
	case len(problems) > 0:
		refuse(w, http.StatusUnprocessableEntity, problems...)
		return
	case v.references[i.key()] != nil && v.options.DuplicateIs429:
		refuse(w, http.StatusTooManyRequests, duplicate())
		return
	case v.references[i.key()] != nil:
		refuse(w, http.StatusUnprocessableEntity, duplicate())
		return
	}
	forced, done := v.forcedBadGateway()
	if done {
		v.keepNew(i, v.host.BaseURL(r))
	}
	if forced {
		http.Error(w, "502 Bad Gateway", http.StatusBadGateway)
		return
	}
	reply(w, http.StatusCreated, document{v.resource(i)})
}

// forcedBadGateway says whether this creation is answered 502, and whether it is
// done. v.mu must be held.
func (v *Vendor) forcedBadGateway() (forced, done bool) {
	if v.badGateway == 0 {
		return false, true
	}
	v.badGateway--
	return true, (v.options.BadGateway-v.badGateway)%2 == 1
}

// keepNew gives a checked invoice its names and keeps it. Its creation is no
// change of status, so no callback tells of it. v.mu must be held.
func (v *Vendor) keepNew(i *invoice, base string) {
	now := v.host.Now()
	i.ID, i.SID, i.Base = newID("cpi_", 16), newID("cgi_", 16), base
	i.CreatedAt, i.ExpiresAt = now, now.Add(v.options.Lifetime)
	i.Status, i.Resolution = StatusProcessPending, resolutionOK
	i.Told = i.news()

	var c sandbox.Change
	if v.key == nil {
		c.Save = append(c.Save, v.makeKey())
	}
	i.GateToken = v.signGateToken(i)
	if i.Customer != "" {
		who := v.customers[reference{i.Account, i.Customer}]
		if who == nil {
			who = &customer{ID: newID("cus_", 16), Account: i.Account, ReferenceID: i.Customer}
			v.customers[who.key()] = who
			c.Save = append(c.Save, sandbox.Record{Kind: recordCustomer, ID: who.Account + "/" + who.ReferenceID, Value: who})
		}
		i.CustomerID = who.ID
	}
	v.add(i)
	v.keep(i, c)
}

// wrongToken checks that the saved card is the same customer's. v.mu must be held.
func (v *Vendor) wrongToken(i *invoice, at string) (problem, bool) {
	if i.Token == "" {
		return problem{}, false
	}
	c := v.cards[i.Token]
	if c != nil && c.Account == i.Account && c.Customer == i.Customer {
		return problem{}, false
	}
	return invalid(at+"token", "This token is not known for this customer."), true
}

// draft makes an invoice of a request and lists everything wrong with it.
func draft(in newInvoice, by caller, at string) (*invoice, []problem) {
	i := &invoice{
		Account: by.account.ID, TestMode: by.testMode, ReferenceID: in.ReferenceID, Service: in.Service,
		Currency: pay.Currency(in.Currency), Description: in.Description, CallbackURL: in.CallbackURL,
		ReturnURL: in.ReturnURL, ReturnURLs: in.ReturnURLs, Customer: in.customerRef(), Token: in.Token,
	}
	wrong := checks{at: at}
	wrong.required("reference_id", in.ReferenceID)
	wrong.required("currency", in.Currency)
	wrong.required("service", in.Service)
	if _, err := pay.ParseCurrency(in.Currency); err != nil && in.Currency != "" {
		wrong.add("currency", "This currency is not known.")
	}
	if in.Service != "" && !slices.Contains(by.account.Services, in.Service) {
		wrong.add("service", "This service is not available to the account.")
	} else if in.Service != "" && in.Currency != "" && serviceCurrency(in.Service) != in.Currency {
		wrong.add("service", "This service takes another currency.")
	}
	if len(in.Amount) == 0 || string(in.Amount) == "null" {
		wrong.list = append(wrong.list, missing(at+"amount"))
	} else if amount, why := readAmount(in.Amount, i.Currency); why != "" {
		wrong.add("amount", why)
	} else {
		i.Amount = amount
	}
	if in.Flow != "" && in.Flow != "charge" {
		wrong.add("flow", "charge is expected.")
	}
	if in.TestMode != nil {
		i.TestMode = *in.TestMode
	}
	if i.TestMode && by.account.TestKey == "" || !i.TestMode && (by.account.LiveKey == "" || by.testMode) {
		wrong.add("test_mode", "This API key does not make invoices of this mode.")
	}
	wrong.address("callback_url", in.CallbackURL)
	wrong.address("return_url", in.ReturnURL)
	wrong.address("return_urls/success", in.ReturnURLs.Success)
	wrong.address("return_urls/pending", in.ReturnURLs.Pending)
	wrong.address("return_urls/fail", in.ReturnURLs.Fail)
	i.Metadata = wrong.object("metadata", in.Metadata)
	wrong.cardGate(i, in.GatewayOptions.CardGate)
	if (i.Tokenize || i.Token != "") && i.Customer == "" {
		wrong.list = append(wrong.list, missing(at+"customer/reference_id"))
	}
	if i.Instant && i.Token == "" {
		wrong.list = append(wrong.list, missing(at+"token"))
	}
	return i, wrong.list
}

// checks collects what is wrong with a request.
type checks struct {
	at   string
	list []problem
}

func (c *checks) add(name, detail string) { c.list = append(c.list, invalid(c.at+name, detail)) }

func (c *checks) required(name, value string) {
	if value == "" {
		c.list = append(c.list, missing(c.at+name))
	}
}

func (c *checks) address(name, value string) {
	if value != "" && !isAddress(value) {
		c.add(name, "This value is not a valid URL.")
	}
}

// object reads a JSON object, and nothing for one that is empty or not there.
// PHP's clients write an empty one as [].
func (c *checks) object(name string, raw json.RawMessage) map[string]any {
	var given any
	if len(raw) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // a number is echoed as it was written
	if err := dec.Decode(&given); err != nil {
		c.add(name, "This value should be an object.")
		return nil
	}
	switch value := given.(type) {
	case nil:
		return nil
	case map[string]any:
		return value
	case []any:
		if len(value) == 0 {
			return nil
		}
	}
	c.add(name, "This value should be an object.")
	return nil
}

// cardGate reads the card gate's options. recurrent is the old name of instant,
// refused since November 2020 (paycoreio/docs, release notes).
func (c *checks) cardGate(i *invoice, given map[string]json.RawMessage) {
	option := func(name string, into *bool) {
		if raw, there := given[name]; there && json.Unmarshal(raw, into) != nil {
			c.add("gateway_options/cardgate/"+name, "This value should be true or false.")
		}
	}
	option("tokenize", &i.Tokenize)
	option("instant", &i.Instant)
	if _, old := given["recurrent"]; old {
		c.add("gateway_options/cardgate/recurrent", "This option is no longer supported, use instant.")
	}
}

func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// serviceCurrency is the middle of method_currency_flow, or "".
func serviceCurrency(service string) string {
	part := strings.Split(service, "_")
	if len(part) < 3 {
		return ""
	}
	return strings.ToUpper(part[len(part)-2])
}

// serviceMethod is the beginning of method_currency_flow.
func serviceMethod(service string) string {
	part := strings.Split(service, "_")
	return strings.Join(part[:max(len(part)-2, 0)], "_")
}
