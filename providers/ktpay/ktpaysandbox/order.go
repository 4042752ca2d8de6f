package ktpaysandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paygraph/paygraph/internal/pay"
)

// order is what a merchant asks for, checked.
type order struct {
	ID          string
	AmountMinor int64 // tiyin
	Type        string
	ServiceID   int64
	Contract    string
	Description string
	ShowClose   bool
	Callbacks   Callbacks
}

// Transaction types.
const (
	typeEcom    = "ecom"    // for the merchant's own goods
	typeService = "service" // credited to somebody's account at a service of KTPay's
)

// maxURL is our own choice; the documents limit no address.
const maxURL = 2048

// fields is a JSON object of which every member is still to be looked at.
type fields map[string]json.RawMessage

var errNotOrder = errors.New(`not a JSON object with an "order"`)

// parse reads {"order": {...}, "user": {...}}. The user is not read: the
// sandbox has no use for a person. It returns errNotOrder.
func parse(text []byte) (fields, error) {
	var all, o fields
	if !utf8.Valid(text) || decode(text, &all) != nil {
		return nil, errNotOrder
	}
	if decode(all["order"], &o) != nil || o == nil {
		return nil, errNotOrder
	}
	return o, nil
}

// decode reads exactly one JSON value.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// check finds everything that is wrong with an order, one message a field
// (specification, sections 4 and 11). A service sent with type ecom is not
// looked at.
func (f fields) check() (order, messages) {
	wrong := messages{}
	o := order{ShowClose: true}

	id, isText := f.text("order_id")
	if o.ID = id; !isText || id == "" || utf8.RuneCountInString(id) > 255 {
		wrong["order_id"] = "must be a string of 1 to 255 characters"
	}
	money, err := pay.ParseDecimal(string(f["amount"]), pay.KZT)
	if o.AmountMinor = money.Amount; err != nil || money.Amount <= 0 {
		wrong["amount"] = "must be a number above 0 with at most 2 decimals"
	}
	o.Type, _ = f.text("type")
	switch o.Type {
	case typeEcom:
	case typeService:
		o.checkService(f, wrong)
	default:
		wrong["type"] = "must be ecom or service"
	}
	if f.has("description") {
		if o.Description, isText = f.text("description"); !isText {
			wrong["description"] = "must be a string"
		}
	}
	if f.has("show_close_button") && json.Unmarshal(f["show_close_button"], &o.ShowClose) != nil {
		wrong["show_close_button"] = "must be true or false"
	}
	for name, into := range o.Callbacks.byName() {
		if !f.has(name) {
			continue
		}
		if *into, isText = f.text(name); !isText || !isAddress(*into) {
			wrong[name] = "must be an http or https address"
		}
	}
	if len(wrong) > 0 {
		wrong["error"] = "Validation failed"
		return order{}, wrong
	}
	return o, nil
}

func (o *order) checkService(f fields, wrong messages) {
	var s fields
	if json.Unmarshal(f["service"], &s) != nil || s == nil {
		wrong["service"] = "is required for type service"
		return
	}
	number, isText := s.text("service_id") // an old sample sends "1"
	if !isText {
		number = string(s["service_id"])
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if _, known := findService(id); err != nil || !known {
		wrong["service.service_id"] = "is not a service of KTPay"
	}
	o.ServiceID = id
	if o.Contract, isText = s.text("contract_value"); !isText || o.Contract == "" || utf8.RuneCountInString(o.Contract) > 255 {
		wrong["service.contract_value"] = "must be a string of 1 to 255 characters"
	}
}

// has reports whether a field is there and is not null.
func (f fields) has(name string) bool {
	raw, ok := f[name]
	return ok && string(raw) != "null"
}

// text is a field that is a JSON string.
func (f fields) text(name string) (string, bool) {
	var s *string
	if json.Unmarshal(f[name], &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

// byName is each address under its name in an order.
func (c *Callbacks) byName() map[string]*string {
	return map[string]*string{
		"callback_back_url": &c.Back, "callback_success_url": &c.Success, "callback_failed_url": &c.Failed,
		"callback_post_url": &c.Post, "callback_force_back_url": &c.ForceBack,
		"callback_force_success_url": &c.ForceSuccess, "callback_force_failed_url": &c.ForceFailed,
	}
}

// or fills in what an order left out. An empty address is left out too.
func (c Callbacks) or(d Callbacks) Callbacks {
	theirs := d.byName()
	for name, own := range c.byName() {
		if *own == "" {
			*own = *theirs[name]
		}
		*own = withScheme(*own)
	}
	return c
}

// withScheme makes "shop.example/paid" an https address.
func withScheme(s string) string {
	if s == "" || strings.Contains(s, "://") {
		return s
	}
	return "https://" + s
}

// isAddress accepts what may be opened in a browser; the documents set no rule.
func isAddress(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(withScheme(s))
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && len(s) <= maxURL
}
