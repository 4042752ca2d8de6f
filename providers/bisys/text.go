package bisys

import (
	"net/url"
	"strings"

	"github.com/paygraph/paygraph/providers/wire"
)

// The longest texts we send, in characters. No document has a limit: these are
// ours.
const (
	maxNote  = 250
	maxTitle = 128
)

// phoneDigits writes an E.164 number as the vendor takes it: digits with the
// country's code, without a plus; "" for what is no such number.
func phoneDigits(phone string) string {
	digits := strings.TrimPrefix(phone, "+")
	if !wire.IsDigits(digits) || len(digits) < 7 || len(digits) > 15 {
		return ""
	}
	return digits
}

// isHTTP reports whether s is an address on the web.
func isHTTP(s string) bool {
	const longest = 2048
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http") && len(s) <= longest
}

// isID reports whether s can be a number or a token of the vendor's: a regPayNum
// such as 1310958041, a userToken or cardToken such as a UUID.
func isID(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && !wire.IsAlphanumeric(r)
	})
}

// word returns s when it can be a word or a code of the vendor's that people may
// read, e.g. "created_error" or "1001", and "" otherwise: it is short and has too
// few digits for a card or a phone.
func word(s string) string {
	const longest, mostDigits = 40, 6
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if !isID(s) || len(s) > longest || digits > mostDigits {
		return ""
	}
	return s
}
