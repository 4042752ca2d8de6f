package bisys

import (
	"net/mail"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

// The longest texts we send, in characters. No document has a limit: these are
// ours.
const (
	maxNote  = 250
	maxTitle = 128
)

// oneLine makes one line of at most limit characters: control characters become
// blanks, marks that turn the direction of writing go. Underscores stay: _KZT_ is
// shown as the currency's sign (Shop API, orderNote).
func oneLine(s string, limit int) string {
	var line strings.Builder
	for _, r := range strings.ToValidUTF8(s, "") {
		switch {
		case unicode.IsControl(r):
			line.WriteByte(' ')
		case unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
		default:
			line.WriteRune(r)
		}
	}
	words := strings.Join(strings.Fields(line.String()), " ")
	if runes := []rune(words); len(runes) > limit {
		return strings.TrimSpace(string(runes[:limit-1])) + "…"
	}
	return words
}

// phoneDigits writes an E.164 number as the vendor takes it: digits with the
// country's code, without a plus; "" for what is no such number.
func phoneDigits(phone string) string {
	digits := strings.TrimPrefix(phone, "+")
	if !isDigits(digits) || len(digits) < 7 || len(digits) > 15 {
		return ""
	}
	return digits
}

// email writes an address, or nothing when it may not be one: a receipt that is
// not sent is better than a payment that is refused.
func email(s string) string {
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s || parsed.Name != "" || len(s) > 100 || hasOddRunes(s) {
		return ""
	}
	return s
}

// address writes the payer's IP, or nothing when it is not one.
func address(ip string) string {
	parsed, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	return parsed.Unmap().WithZone("").String()
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
		return r != '-' && r != '_' && r != '.' && !isAlphanumeric(r)
	})
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
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
