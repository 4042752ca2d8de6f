package bisys

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/wire"
)

// object is one JSON object of the vendor's, member by member. Names are compared
// exactly, and members that we do not know are of no interest.
type object map[string]json.RawMessage

var errNotObject = errors.New("it is not one JSON object")

// readObject reads exactly one object. Two members of one name cannot both be
// believed.
func readObject(body []byte) (object, error) {
	if !utf8.Valid(body) {
		return nil, errNotObject
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') {
		return nil, errNotObject
	}
	members := object{}
	for decoder.More() {
		name, err := decoder.Token()
		key, isName := name.(string)
		var value json.RawMessage
		if err != nil || !isName || decoder.Decode(&value) != nil {
			return nil, errNotObject
		}
		if _, twice := members[key]; twice {
			return nil, errNotObject
		}
		members[key] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, errNotObject
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotObject
	}
	return members, nil
}

// text returns a member that is a string or a number as it is written; "" when it
// is missing, null or something else. The vendor's samples write the same member
// either way.
func (o object) text(name string) string {
	raw := o[name]
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return strings.TrimSpace(s)
	}
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' {
		return string(raw)
	}
	return ""
}

// minor returns a member that is a whole number of minor units, not negative.
func (o object) minor(name string) (int64, bool) { return parseDigits(o.text(name)) }

// tells reports whether a member that is an amount is this one, or missing.
func (o object) tells(name string, want int64) bool {
	if o.text(name) == "" {
		return true
	}
	got, ok := o.minor(name)
	return ok && got == want
}

// repeats reports whether a member is missing or says want.
func (o object) repeats(name, want string) bool {
	got := o.text(name)
	return got == "" || got == want
}

// objects returns a member that is a list of objects.
func (o object) objects(name string) ([]object, bool) {
	var raw []json.RawMessage
	if json.Unmarshal(o[name], &raw) != nil || raw == nil {
		return nil, false
	}
	list := make([]object, 0, len(raw))
	for _, each := range raw {
		read, err := readObject(each)
		if err != nil {
			return nil, false
		}
		list = append(list, read)
	}
	return list, true
}

// parseDigits reads a whole number: decimal digits, no sign, no point, no exponent,
// and no more than the API carries.
func parseDigits(s string) (int64, bool) {
	if len(s) > 16 || !wire.IsDigits(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n <= pay.MaxAmount
}
