package payturesandbox

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// init opens an order and its session (docs, inpay/init). A refused Init has
// neither OrderId nor SessionId. An OrderId is taken once, even if nobody paid:
// an Init repeated after a lost reply gets DUPLICATE_ORDER_ID.
func (v *Vendor) init(_ *http.Request, f fields) reply {
	terminal, code := v.terminal(f)
	if code != "" {
		return refused(code)
	}
	data, err := parseData(f.get("Data"))
	if err != nil {
		return refused(CodeFormatError)
	}
	rec, code := newRecord(data, typePay, typeBlock)
	if code != "" {
		return refused(code)
	}
	rec.Key, rec.SessionID, rec.CreatedAt = terminal.Key, newID(), v.host.Now()
	o := &order{record: rec}

	v.mu.Lock()
	defer v.mu.Unlock()
	if _, taken := v.orders[o.key()]; taken {
		return refused(CodeDuplicateOrderID)
	}
	v.add(o)
	v.host.Commit(v.kept(o))
	return append(accepted(attribute{"OrderId", o.OrderID}, kopecks("Amount", o.Amount)), o.opened()...)
}

// opened is what every Init's answer says of its session.
func (o *order) opened() reply {
	return reply{
		{"SessionId", o.SessionID},
		{"SessionType", o.Type},
		{"SessionLifeTime", strconv.Itoa(int(sessionLife.Minutes()))},
		{"AttemptsCount", strconv.Itoa(sessionTries)},
	}
}

// newRecord checks Data, whose SessionType must be one of types. Total is for
// display and is not compared with Amount; keys that nobody knows are the
// merchant's own and are let through.
func newRecord(data fields, types ...string) (record, Code) {
	rec := record{
		OrderID: data.get("OrderId"), Type: data.get("SessionType"), Product: data.get("Product"),
		Description: data.get("Description"), URL: data.get("Url"), Language: "RU", State: StateNew,
	}
	if strings.EqualFold(data.get("Language"), "EN") {
		rec.Language = "EN"
	}
	pays := rec.Type != typeAdd // a card check needs no number, and may leave its sum to Payture
	if !pays && data.get("Amount") == "0" {
		delete(data, "amount")
	}
	amount, code := data.amount()
	switch {
	case !slices.Contains(types, rec.Type),
		pays && (rec.OrderID == "" || data.get("Amount") == ""),
		utf8.RuneCountInString(rec.OrderID) > 50, !isWebAddress(rec.URL):
		return record{}, CodeWrongParams
	case code != "":
		return record{}, code
	case !isCheque(data.get("Cheque")):
		return record{}, CodeFormatError
	}
	rec.Amount = amount
	return rec, ""
}

// isWebAddress lets an absent Url through, and never one that a browser would
// run instead of open.
func isWebAddress(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https"))
}

// isCheque checks the outer form of a receipt: JSON in standard Base64 (docs,
// fz54/cheque-with-payment). A raw '+' came through a form as a blank.
func isCheque(s string) bool {
	if s == "" {
		return true
	}
	text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(s, " ", "+"))
	return err == nil && json.Valid(text)
}
