package payturesandbox

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
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
	rec, code := newRecord(data)
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
	return accepted(
		attribute{"OrderId", o.OrderID},
		kopecks("Amount", o.Amount),
		attribute{"SessionId", o.SessionID},
		attribute{"SessionType", o.Type},
		attribute{"SessionLifeTime", strconv.Itoa(int(sessionLife.Minutes()))},
		attribute{"AttemptsCount", strconv.Itoa(sessionTries)},
	)
}

// newRecord checks Data. Total is for display and is not compared with Amount;
// keys that nobody knows are the merchant's own and are let through.
func newRecord(data fields) (record, Code) {
	rec := record{
		OrderID: data.get("OrderId"), Type: data.get("SessionType"), Product: data.get("Product"),
		Description: data.get("Description"), URL: data.get("Url"), Language: "RU", State: StateNew,
	}
	if strings.EqualFold(data.get("Language"), "EN") {
		rec.Language = "EN"
	}
	amount, code := data.amount()
	switch {
	case rec.Type != typePay && rec.Type != typeBlock, // Add is eWallet's
		rec.OrderID == "", utf8.RuneCountInString(rec.OrderID) > 50, data.get("Amount") == "",
		!isWebAddress(rec.URL):
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
