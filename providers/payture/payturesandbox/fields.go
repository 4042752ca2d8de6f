package payturesandbox

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fields are a request's parameters by lower-case name. The documents call
// names case-sensitive, recorded traffic shows that they are not.
type fields map[string]string

func (f fields) get(name string) string { return f[strings.ToLower(name)] }

// put keeps the first value of a name and takes an empty one for absent
// (SDK-Node sends "OrderId=;").
func (f fields) put(name, value string) {
	name = strings.ToLower(strings.TrimSpace(name))
	value = strings.TrimSpace(value)
	if _, ok := f[name]; !ok && value != "" {
		f[name] = value
	}
}

var errFormat = errors.New("malformed request")

// readFields merges query and form body for GET and POST alike: the gateway
// takes a POST with everything in its query, and Payture's own Node SDK sends
// a GET with a form body, which net/http's ParseForm would not read.
func readFields(r *http.Request) (fields, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, errFormat
	}
	f := fields{}
	for _, raw := range []string{string(body), r.URL.RawQuery} {
		// ';' belongs to Data and must not end a pair, so not url.ParseQuery.
		for pair := range strings.SplitSeq(raw, "&") {
			name, value, _ := strings.Cut(pair, "=")
			name, value = unescape(name), unescape(value)
			if !utf8.ValidString(name) || !utf8.ValidString(value) {
				return nil, errFormat
			}
			f.put(name, value)
		}
	}
	return f, nil
}

// parseData reads the Data field, "k=v" joined by ';'. Three ways to escape it
// are in use and all work on the real gateway, which decodes Data once more
// than the form asks for:
//
//	raw:           Product=The order;Url=https://...
//	values:        Product=The+order;Url=https%3A%2F%2F...
//	all of it:     Product%3DThe+order%3BUrl%3Dhttps%3A%2F%2F...
func parseData(data string) (fields, error) {
	whole := !strings.Contains(data, "=") && strings.Contains(strings.ToUpper(data), "%3D")
	if whole {
		data = unescape(data)
	}
	f := fields{}
	for pair := range strings.SplitSeq(data, ";") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, errFormat
		}
		value = strings.TrimSpace(value)
		if !whole {
			value = unescape(value)
		}
		if !utf8.ValidString(value) {
			return nil, errFormat
		}
		f.put(name, value)
	}
	return f, nil
}

// unescape decodes %XX and '+', and leaves a malformed '%' as it is.
func unescape(s string) string {
	if clean, err := url.QueryUnescape(s); err == nil {
		return clean
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s):
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				b.WriteByte('%')
				continue
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// amount reads kopecks: decimal digits and nothing else. Absent is 0 and no
// error; zero and what no int64 holds are AMOUNT_ERROR.
func (f fields) amount() (int64, Code) {
	text := f.get("Amount")
	if text == "" {
		return 0, ""
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, CodeFormatError
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n == 0 {
		return 0, CodeAmountError
	}
	return n, ""
}

// hasSession reports whether a request names a SessionId. Its body can be read
// again afterwards.
func hasSession(r *http.Request) bool {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false // in memory by now: cannot fail
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f, err := readFields(r)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && f.get("SessionId") != ""
}
