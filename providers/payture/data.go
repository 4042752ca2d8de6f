package payture

import (
	"net/url"
	"strings"

	"github.com/paygraph/paygraph/providers/wire"
)

// The longest texts we send, in characters. No document gives a limit: these
// are ours, what a payment page shows without wrapping much.
const (
	maxProduct     = 100
	maxDescription = 250
)

// pair is one key and value of Data.
type pair struct{ key, value string }

// encodeData writes Data: "k=v" joined by ";", each value escaped once more
// than the form around it will be, with %20 for a blank and %2B for a plus.
// Written so, a value reads the same whether the gateway decodes it with the
// whole or by itself. Empty values mean absent and are left out.
func encodeData(pairs []pair) string {
	var parts []string
	for _, p := range pairs {
		if p.value != "" {
			parts = append(parts, p.key+"="+escapeValue(p.value))
		}
	}
	return strings.Join(parts, ";")
}

// escapeValue escapes everything but letters, digits and "-_.~".
func escapeValue(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// plainText makes one line of at most limit characters that is safe in Data
// under every number of decodings: a semicolon would end the value, so it
// becomes a comma.
func plainText(s string, limit int) string {
	return wire.OneLine(strings.ReplaceAll(s, ";", ","), limit)
}

// phoneDigits writes an E.164 number as Payture takes it, digits only; what
// cannot be one is left out.
func phoneDigits(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	if len(digits) < 7 || len(digits) > 15 {
		return ""
	}
	return digits
}

// language picks the page's language: Payture has RU and EN. An unknown locale
// leaves it to the template.
func language(locale string) string {
	primary, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	switch strings.ToLower(primary) {
	case "":
		return ""
	case "ru":
		return "RU"
	default:
		return "EN"
	}
}

// isOrderNumber reports whether s can be an OrderId.
func isOrderNumber(s string) bool {
	return len(s) >= 1 && len(s) <= 50 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && !wire.IsAlphanumeric(r)
	})
}
