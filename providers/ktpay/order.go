package ktpay

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// maxDescription is how many characters of a description are sent. No document
// gives a limit: this is ours, what a column of 255 takes.
const maxDescription = 255

// contractRequisite is the name of the requisite by which a payer gives the contract's
// number, where the merchant's side gave no ServiceOrder.
const contractRequisite = "contract_value"

// envelope is what is sealed (KTWidget client, createTransaction).
type envelope struct {
	Order order `json:"order"`
	User  *user `json:"user,omitempty"`
}

// order is a transaction to be (KTWidget docs, parameters of a transaction).
type order struct {
	OrderID     string      `json:"order_id"`
	Amount      json.Number `json:"amount"`
	Type        Type        `json:"type"`
	Service     *service    `json:"service,omitempty"`
	Description string      `json:"description,omitempty"`

	PostURL         string `json:"callback_post_url"`
	BackURL         string `json:"callback_back_url,omitempty"`
	SuccessURL      string `json:"callback_success_url,omitempty"`
	FailedURL       string `json:"callback_failed_url,omitempty"`
	ForceBackURL    string `json:"callback_force_back_url,omitempty"`
	ForceSuccessURL string `json:"callback_force_success_url,omitempty"`
	ForceFailedURL  string `json:"callback_force_failed_url,omitempty"`

	// ShowCloseButton is false: the cross tells a surrounding page to close the
	// frame, and our payer is on the page itself.
	ShowCloseButton bool `json:"show_close_button"`
}

type service struct {
	ServiceID     int    `json:"service_id"`
	ContractValue string `json:"contract_value"`
}

// user is what KTPay's PHP client tells of a payer; all of it may be left out.
type user struct {
	Phone string `json:"phone,omitempty"`
	Email string `json:"email,omitempty"`
}

// write makes what is sealed of a request, or refuses it: nothing was sent then.
func (c *Client) write(r providers.StartRequest) ([]byte, error) {
	if err := c.check(r); err != nil {
		return nil, err
	}
	wanted, err := c.serviceOf(r)
	if err != nil {
		return nil, err
	}
	o := order{
		OrderID: r.OrderNumber, Amount: writeAmount(r.Amount), Type: TypeEcom, Service: wanted,
		Description: wire.OneLine(r.Description, maxDescription),
		PostURL:     r.NotifyURL, BackURL: r.ReturnURL, SuccessURL: r.ReturnURL, FailedURL: r.ReturnURL,
	}
	if wanted != nil {
		o.Type = TypeService
	}
	if c.config.ForceURLs {
		o.ForceBackURL, o.ForceSuccessURL, o.ForceFailedURL = r.ReturnURL, r.ReturnURL, r.ReturnURL
	}
	text, err := json.Marshal(envelope{Order: o, User: userOf(r.Payer)})
	if err != nil {
		return nil, ofOrder(r.OrderNumber, providers.Rejected, "", "it cannot be written as JSON")
	}
	return text, nil
}

// check refuses what KTPay would not take, or could not tell us the end of.
func (c *Client) check(r providers.StartRequest) error {
	refuse := func(kind providers.Kind, why string) error { return ofOrder(r.OrderNumber, kind, "", why) }
	switch {
	case !isOrderNumber(r.OrderNumber):
		return refuse(providers.Rejected, "the order number is not 1 to 255 letters, digits, hyphens or underscores")
	case r.SaveFor != nil:
		return refuse(providers.Unsupported, "KTPay saves no cards")
	case r.Amount.Currency != pay.KZT:
		return refuse(providers.Unsupported, "KTPay takes KZT only")
	case r.Amount.Amount <= 0 || r.Amount.Amount > pay.MaxAmount:
		return refuse(providers.Rejected, fmt.Sprintf("%d minor units cannot be paid", r.Amount.Amount))
	case !c.isNotifyURL(r.NotifyURL):
		return refuse(providers.Rejected, "the order's own address for notifications is missing or is not a safe one: nothing else would tell that it is paid")
	case r.ReturnURL != "" && webScheme(r.ReturnURL) == "":
		return refuse(providers.Rejected, "the return URL is not an http address")
	}
	return nil
}

// isNotifyURL reports whether a notification may be asked for there. The address is
// the secret that proves it, so plain http is for tests.
func (c *Client) isNotifyURL(raw string) bool {
	scheme := webScheme(raw)
	return scheme == "https" || scheme == "http" && c.config.TestMode
}

// webScheme is the scheme of a web address, "" for anything else.
func webScheme(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme
}

// serviceOf returns the contract that is paid, nil on an account for goods: the
// ServiceOrder's, else the requisite contract_value.
//
// KTPay pays the money of a service on to that service. So an account for goods pays
// none, whatever the request names, and an account of one service pays no other.
func (c *Client) serviceOf(r providers.StartRequest) (*service, error) {
	refuse := func(why string) error { return ofOrder(r.OrderNumber, providers.Rejected, "", why) }
	wanted := service{ServiceID: c.config.ServiceID}
	named := r.Payer.Service
	switch {
	case c.config.Type != TypeService && named != nil:
		return nil, refuse("it names a service, and the account is for goods: the money would go to the service")
	case c.config.Type != TypeService:
		return nil, nil //nolint:nilnil // that no service is paid is an answer
	case named != nil && c.config.ServiceID != 0 && named.ServiceID != 0 && named.ServiceID != c.config.ServiceID:
		return nil, refuse("it names another service than the account's own")
	case named != nil:
		wanted.ContractValue = named.ContractValue
		if wanted.ServiceID == 0 {
			wanted.ServiceID = named.ServiceID
		}
	}
	for _, requisite := range r.Payer.Requisites {
		if requisite.Name == contractRequisite && wanted.ContractValue == "" {
			wanted.ContractValue = requisite.Value
		}
	}
	switch {
	case wanted.ServiceID <= 0:
		return nil, refuse("a payment of a service needs service_id, and neither the order nor the account has one")
	case strings.TrimSpace(wanted.ContractValue) == "":
		return nil, refuse("a payment of a service needs contract_value, the number of the payer's contract")
	case len(wanted.ContractValue) > maxDescription || strings.ContainsFunc(wanted.ContractValue, unicode.IsControl):
		return nil, refuse("contract_value is over 255 bytes or has control characters")
	}
	return &wanted, nil
}

// kazakhPhone is what KTPay's PHP client sends: +7 and ten digits.
var kazakhPhone = regexp.MustCompile(`^\+7[0-9]{10}$`)

// userOf tells of a payer what KTPay can use; another country's number is left out,
// for it might be refused.
func userOf(p providers.Payer) *user {
	var told user
	if kazakhPhone.MatchString(p.Phone) {
		told.Phone = p.Phone
	}
	if strings.Contains(p.Email, "@") {
		told.Email = p.Email
	}
	if told == (user{}) {
		return nil
	}
	return &told
}

// isOrderNumber reports whether s can be an order_id.
func isOrderNumber(s string) bool {
	return len(s) >= 1 && len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && !wire.IsAlphanumeric(r)
	})
}
