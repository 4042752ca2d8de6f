package payture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/wire"
)

// reply is one answer of the gateway: the attributes of its root element, by
// lower-case name. Payture asks its clients for the greatest tolerance
// (Payture, en/api): any order, new attributes, missing optional ones, values
// compared without case. Of children nothing is read but the attributes of Item,
// of which GetList has one a card.
type reply struct {
	attributes map[string]string
	items      []reply
}

// saying is what the attribute Success says.
type saying int

// A Success of "3DS" says nothing here, like a missing one: only a charge of a
// saved card can get it, and looks for it itself.
const (
	saysNothing saying = iota
	saysYes
	saysNo
)

var (
	errNotXML   = errors.New("the answer is not one XML element")
	errNotAsked = errors.New("the answer is not to this command")
)

// readReply reads the answer to a command: one well-formed root element named
// like the command and nothing after it. Its errors never quote the body, which
// may repeat our request.
func readReply(body []byte, command string) (reply, error) {
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	var answer reply
	depth := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && depth == 0 && answer.attributes != nil {
			return answer, nil
		}
		if err != nil {
			return reply{}, errNotXML
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			if depth > 1 {
				if err := answer.addItem(token, depth); err != nil {
					return reply{}, err
				}
				continue
			}
			if answer.attributes != nil {
				return reply{}, errNotXML
			}
			if !strings.EqualFold(token.Name.Local, command) {
				return reply{}, errNotAsked
			}
			if answer.attributes, err = attributesOf(token); err != nil {
				return reply{}, err
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(token)) > 0 {
				return reply{}, errNotXML
			}
		case xml.Directive: // a document type: the gateway sends none, login pages do
			return reply{}, errNotXML
		}
	}
}

// addItem keeps the child of the root when it is an Item.
func (r *reply) addItem(element xml.StartElement, depth int) error {
	if depth != 2 || !strings.EqualFold(element.Name.Local, "Item") {
		return nil
	}
	attributes, err := attributesOf(element)
	if err == nil {
		r.items = append(r.items, reply{attributes: attributes})
	}
	return err
}

// attributesOf collects an element's own attributes. Two of one name cannot
// both be believed.
func attributesOf(element xml.StartElement) (map[string]string, error) {
	found := make(map[string]string, len(element.Attr))
	for _, attribute := range element.Attr {
		if attribute.Name.Space != "" || attribute.Name.Local == "xmlns" {
			continue
		}
		name := strings.ToLower(attribute.Name.Local)
		if _, twice := found[name]; twice {
			return nil, errNotXML
		}
		found[name] = strings.TrimSpace(attribute.Value)
	}
	return found, nil
}

// get returns an attribute, or "" when it is missing.
func (r reply) get(name string) string { return r.attributes[strings.ToLower(name)] }

func (r reply) success() saying {
	switch strings.ToLower(r.get("Success")) {
	case "true":
		return saysYes
	case "false":
		return saysNo
	}
	return saysNothing
}

// code returns ErrCode in capitals, or "" when there is none or it is not a
// word: what is not a word is not shown to anybody.
func (r reply) code() string { return strings.ToUpper(word(r.get("ErrCode"))) }

// isFor reports whether the reply names the order.
func (r reply) isFor(orderNumber string) bool {
	return strings.EqualFold(r.get("OrderId"), orderNumber)
}

// repeats reports whether an attribute is missing or says want.
func (r reply) repeats(name, want string) bool {
	got := r.get(name)
	return got == "" || strings.EqualFold(got, want)
}

// tells reports whether an attribute is exactly this amount.
func (r reply) tells(name string, want pay.Money) bool {
	got, ok := parseDigits(r.get(name))
	return ok && got == want.Amount
}

// amount reads an attribute as money.
func (r reply) amount(name string, currency pay.Currency) (pay.Money, bool) {
	minor, ok := parseDigits(r.get(name))
	return pay.Of(minor, currency), ok
}

// parseDigits reads a whole number of minor units: decimal digits, no sign, no
// point, no blank (Payture docs, inpay/charge), and no more than the API
// carries.
func parseDigits(s string) (int64, bool) {
	if len(s) > 16 || !wire.IsDigits(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n <= pay.MaxAmount
}

// word returns s when it can be a vendor's word, e.g. "Rejected(Terminal)" or
// "AMOUNT_EXCEED", and "" otherwise: it begins with a letter and has too few
// digits for a card or a phone.
func word(s string) string {
	digits := 0
	for at, r := range s {
		switch {
		case r >= '0' && r <= '9' && at > 0:
			digits++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		case strings.ContainsRune(" _()-", r) && at > 0:
		default:
			return ""
		}
	}
	if len(s) > 64 || digits > 6 {
		return ""
	}
	return s
}
