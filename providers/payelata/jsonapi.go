package payelata

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// The types of this file read JSON as PayElata writes it: from PHP, where an empty
// object is [], a number may be a string, and members come and go. What has
// another shape than expected reads as absent, so that one odd member costs itself
// and not the answer. Members that nobody asks for, "included" among them, are not
// looked at.

// text is a string, a number as it is written, or true or false; "" when it is
// null or anything else.
type text string

// UnmarshalJSON reads any JSON value.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = ""
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*t = text(s)
	case '{', '[', 'n':
	default:
		*t = text(raw)
	}
	return nil
}

// isTrue reads a flag, and whether it is told at all.
func (t text) isTrue() (value, told bool) {
	switch t {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// object is a T, or nothing where PayElata writes [], null or something else.
type object[T any] struct {
	told  bool
	value T
}

// UnmarshalJSON reads any JSON value.
func (o *object[T]) UnmarshalJSON(raw []byte) error {
	*o = object[T]{}
	if raw[0] != '{' {
		return nil
	}
	o.told = true
	return json.Unmarshal(raw, &o.value)
}

// list is a list of T, or nothing where something else stands.
type list[T any] struct {
	told   bool
	values []T
}

// UnmarshalJSON reads any JSON value.
func (l *list[T]) UnmarshalJSON(raw []byte) error {
	*l = list[T]{}
	if raw[0] != '[' {
		return nil
	}
	l.told = true
	return json.Unmarshal(raw, &l.values)
}

// resource is one resource of JSON:API.
type resource[T any] struct {
	Type       text      `json:"type"`
	ID         text      `json:"id"`
	Attributes object[T] `json:"attributes"`
}

var (
	errNotJSON      = errors.New("the answer is not one JSON document")
	errNoInvoice    = errors.New("the answer has no payment invoice")
	errSaysError    = errors.New("the answer tells of an error")
	errNotAList     = errors.New("the answer has no list")
	errOtherOrder   = errors.New("the answer is about another order")
	errNotFiltered  = errors.New("the list has other orders and not this one, so it proves nothing")
	errSeveral      = errors.New("several invoices have this order number")
	errOtherInvoice = errors.New("the answer is about another invoice")
)

// readDocument decodes one JSON document and nothing after it. Its errors never
// quote the body, which may repeat our request.
func readDocument(body []byte, into any) error {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !utf8.Valid(body) || json.Unmarshal(body, into) != nil {
		return errNotJSON
	}
	return nil
}
