package bisyssandbox

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// fields is a command's JSON object. A number is taken as a JSON number or as
// text alike, null is absent, and unknown members are ignored: the vendor's own
// samples do all of this.
type fields map[string]json.RawMessage

func parseFields(r io.Reader) (fields, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(body) {
		return nil, errors.New("not UTF-8")
	}
	var f fields
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errors.New("null")
	}
	for k, raw := range f {
		if string(raw) == "null" {
			delete(f, k)
		}
	}
	return f, nil
}

// text is a scalar as it is written, "" when absent. It reports false for an
// object or an array.
func (f fields) text(name string) (string, bool) { return scalar(f[name]) }

func scalar(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", true
	}
	switch raw[0] {
	case '{', '[':
		return "", false
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err == nil
	}
	return string(raw), true
}

var (
	minorPattern   = regexp.MustCompile(`^[0-9]{1,15}$`) // so that two of them add up in an int64
	servicePattern = regexp.MustCompile(`^\d+-\d+-\d+$`)
	phonePattern   = regexp.MustCompile(`^\d{5,15}$`)
	emailPattern   = regexp.MustCompile(`^[^\s@]+@[^\s@]+$`)
	secondsPattern = regexp.MustCompile(`^\d{1,11}$`)
)

// reader takes fields one by one and remembers the first that is wrong.
type reader struct {
	f   fields
	bad *refusal
}

func (r *reader) wrong(name string) {
	if r.bad == nil {
		r.bad = invalid(name)
	}
}

func (r *reader) text(name string) string {
	s, ok := r.f.text(name)
	if !ok {
		r.wrong(name)
	}
	return s
}

func (r *reader) required(name string) string {
	s := r.text(name)
	if s == "" {
		r.wrong(name)
	}
	return s
}

func (r *reader) like(name string, p *regexp.Regexp) string {
	s := r.text(name)
	if s != "" && !p.MatchString(s) {
		r.wrong(name)
	}
	return s
}

// minor is a required amount of at least least minor units.
func (r *reader) minor(name string, least int64) int64 {
	n, err := strconv.ParseInt(r.required(name), 10, 64)
	if err != nil || n < least || !minorPattern.MatchString(r.text(name)) {
		r.wrong(name)
	}
	return n
}

func (r *reader) oneOf(name string, words ...string) string {
	s := r.text(name)
	if s != "" && !slices.Contains(words, s) {
		r.wrong(name)
	}
	return s
}

// flag is true or false, as JSON or as text: the vendor's PHP client sends text.
func (r *reader) flag(name string) string { return r.oneOf(name, "true", "false") }

// until is a moment in whole UTC seconds, or the zero time.
func (r *reader) until(name string) time.Time {
	s := r.like(name, secondsPattern)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{} // absent, or refused above
	}
	return time.Unix(n, 0).UTC()
}

func (r *reader) link(name string) string {
	s := r.text(name)
	u, err := url.Parse(s)
	if s != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		r.wrong(name)
	}
	return s
}

// clientTypes and payTypes are the siblings' lists; the seed's are lost.
func (r *reader) clientType() { r.oneOf("clientType", "web", "mobile", "iframe") }

func (r *reader) payType() { r.oneOf("payType", "card", "gPay", "applePay", "fiscalCash", "sbp") }

// pair is one requisite.
type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// pairs reads the requisites. They are required; none at all is an empty list.
func (r *reader) pairs(name string) []pair {
	all, ok := r.f.pairs(name)
	if !ok {
		r.wrong(name)
	}
	return all
}

func (f fields) pairs(name string) ([]pair, bool) {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(f[name], &list); err != nil || list == nil {
		return nil, false
	}
	all := make([]pair, 0, len(list))
	for _, one := range list {
		n, ok := scalar(one["name"])
		value, ok2 := scalar(one["value"])
		if !ok || !ok2 || n == "" {
			return nil, false
		}
		all = append(all, pair{Name: n, Value: value})
	}
	return all, true
}

// item is a line of the receipt. Price is minor units of one piece.
type item struct {
	Name     string `json:"name"`
	Quantity string `json:"quantity"`
	Price    int64  `json:"price"`
}

var quantityPattern = regexp.MustCompile(`^\d{1,9}(\.\d{1,3})?$`)

func (r *reader) items(name string) []item {
	raw, present := r.f[name]
	if !present {
		return nil
	}
	var list []fields
	if err := json.Unmarshal(raw, &list); err != nil {
		r.wrong(name)
		return nil
	}
	all := make([]item, 0, len(list))
	for _, one := range list {
		line := reader{f: one}
		it := item{Name: line.required("name"), Quantity: line.like("quantity", quantityPattern), Price: line.minor("price", 0)}
		line.like("num", secondsPattern)
		line.text("tax")
		if line.bad != nil {
			r.wrong(name)
			return nil
		}
		all = append(all, it)
	}
	return all
}

// browser checks clientAuInfo: what 3-D Secure 2 wants to know of the payer's
// browser. authenticationInfo is any base64: the vendor's script gives JSON, its
// sample does not.
func (r *reader) browser(name string) {
	raw, present := r.f[name]
	if !present {
		return
	}
	var f fields
	if err := json.Unmarshal(raw, &f); err != nil {
		r.wrong(name)
		return
	}
	in := reader{f: f}
	in.text("ipAddress")
	in.text("agentName")
	if in.bad != nil {
		r.wrong(name)
	}
	text, ok := f.text("authenticationInfo")
	_, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if !ok || err != nil {
		r.wrong(name + ".authenticationInfo")
	}
}
