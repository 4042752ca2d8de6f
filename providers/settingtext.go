package providers

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// AddressMistakes refuses an address of a vendor's that would send secrets in the
// clear, or that carries some itself: it has a host, no user, query or fragment,
// and is https; plain http is for accounts that move no real money. The errors name
// the setting and quote nothing of the address; the example is one that is right.
//
// The host is for what only the vendor's adapter knows, e.g. which are for tests.
// It is in lower case and without port, and "" when raw is no address at all.
func AddressMistakes(setting, raw, example string, test bool) (host string, found []error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", []error{fmt.Errorf("%s: it is not an address such as %s", setting, example)}
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !test) {
		found = append(found, fmt.Errorf("%s: it is not https, and plain http is for test mode only", setting))
	}
	return strings.ToLower(u.Hostname()), found
}

// ShownURL is an address as logs may have it: without user, query and fragment,
// which may be secret; *** when it cannot be read.
func ShownURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return Hidden
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// HasOddRunes reports whether s has blanks or control characters, which no key, name
// or address of a vendor's has: it was copied with too much around it.
func HasOddRunes(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}
