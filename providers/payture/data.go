package payture

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode"
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
// becomes a comma; control characters become blanks; marks that turn the
// direction of writing go.
func plainText(s string, limit int) string {
	cleaned := strings.Map(func(r rune) rune {
		switch {
		case r == ';':
			return ','
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

// address writes the payer's IP, or nothing when it is not one.
func address(ip string) string {
	parsed, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	return parsed.Unmap().WithZone("").String()
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
		return r != '-' && !isASCIIAlphanumeric(r)
	})
}

func isASCIIAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
