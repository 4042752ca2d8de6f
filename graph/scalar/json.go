package scalar

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

// maxJSON is the most that an object may take as compact text, in bytes.
const maxJSON = 4 << 10

// MarshalJSON writes an object as it is stored, without blanks between its
// parts: a line break would cut a server-sent event in two. What is absent or
// not JSON becomes null.
func MarshalJSON(object json.RawMessage) graphql.Marshaler {
	if !json.Valid(object) {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		if buffer, ok := w.(*bytes.Buffer); ok {
			_ = json.Compact(buffer, object) // valid, see above
			return
		}
		var buffer bytes.Buffer
		_ = json.Compact(&buffer, object)
		_, _ = w.Write(buffer.Bytes())
	})
}

// UnmarshalJSON reads an object of at most 4 KiB and returns it as compact text
// with its keys sorted, so that equal objects are equal bytes. Numbers sent in
// variables keep every digit, provided the transport decodes with UseNumber.
//
// A fraction written in the query itself arrives as a float64: one that is
// longer than a float64 keeps (15 digits) is refused rather than changed. So is
// U+0000, which Postgres cannot store.
func UnmarshalJSON(v any) (json.RawMessage, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, invalid("json", "Metadata is a JSON object, not text and not a list.")
	}
	b, err := appendValue(make([]byte, 0, 256), object)
	if err != nil {
		return nil, err
	}
	if len(b) > maxJSON {
		return nil, tooLong()
	}
	if !json.Valid(b) {
		return nil, invalid("json", "Metadata has a value that JSON cannot write.")
	}
	return b, nil
}

func tooLong() error { return invalid("json", "Metadata is at most 4 KiB of JSON.") }

// appendValue appends v to b as compact JSON. It stops when b has outgrown
// maxJSON, so that a large value costs no more than a small one.
func appendValue(b []byte, v any) ([]byte, error) {
	if len(b) > maxJSON {
		return nil, tooLong()
	}
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		return appendText(b, v)
	case json.Number:
		return append(b, v...), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case float64:
		return appendFloat(b, v)
	case []any:
		return appendList(b, v)
	case map[string]any:
		return appendObject(b, v)
	}
	return nil, invalid("json", "Metadata has a value that JSON cannot write.")
}

func appendText(b []byte, s string) ([]byte, error) {
	if len(s) > maxJSON {
		return nil, tooLong()
	}
	if strings.IndexByte(s, 0) >= 0 {
		return nil, invalid("json", "Metadata has the character U+0000, which cannot be kept.")
	}
	return appendQuoted(b, s), nil
}

// appendFloat appends the shortest text that is this number.
func appendFloat(b []byte, f float64) ([]byte, error) {
	const exact = 15 // decimal digits that a float64 keeps whatever they are
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, invalid("json", "Metadata has a value that JSON cannot write.")
	}
	digits := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, _, _ := strings.Cut(strings.TrimPrefix(digits, "-"), "e")
	if len(mantissa) > exact+len(".") {
		return nil, invalid("json", "Metadata has a fraction of more than 15 digits in the query text; send it in variables.")
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64), nil
}

func appendList(b []byte, list []any) ([]byte, error) {
	b = append(b, '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, item); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, object map[string]any) ([]byte, error) {
	b = append(b, '{')
	for i, key := range slices.Sorted(maps.Keys(object)) {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendText(b, key); err != nil {
			return nil, err
		}
		if b, err = appendValue(append(b, ':'), object[key]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
