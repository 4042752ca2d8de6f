package wire

import (
	"net/mail"
	"net/netip"
	"strings"
	"unicode"

	"github.com/paygraph/paygraph/providers"
)

// OneLine makes one line of at most limit characters, for a text that a vendor
// shows: control characters become blanks, and marks that turn the direction of
// writing go. What is too long ends with "…".
func OneLine(s string, limit int) string {
	cleaned := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	line := strings.Join(strings.Fields(cleaned), " ")
	if runes := []rune(line); len(runes) > limit {
		line = strings.TrimSpace(string(runes[:limit-1])) + "…"
	}
	return line
}

// Email is a payer's address, or "" when it may not be one: a receipt that is not
// sent is better than a payment that is refused. It has no character that would end
// a field of a form.
func Email(s string) string {
	const longest = 100
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s || parsed.Name != "" || len(s) > longest || providers.HasOddRunes(s) || strings.ContainsAny(s, `;"`) {
		return ""
	}
	return s
}

// IP is a payer's IP address in its plain form, without a zone and IPv4 as such, or
// "" when it is none.
func IP(s string) string {
	parsed, err := netip.ParseAddr(s)
	if err != nil {
		return ""
	}
	return parsed.Unmap().WithZone("").String()
}

// IsDigits reports whether s is decimal digits of ASCII, and at least one.
func IsDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// IsAlphanumeric reports whether r is a letter or digit of ASCII.
func IsAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
