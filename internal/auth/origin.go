package auth

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// maxURLBytes bounds a return URL: what every browser and provider takes.
const maxURLBytes = 2048

// ReturnURL checks where a payer's browser is to go after paying. raw must be an
// absolute http or https URL whose origin is one of origins, each as
// NormalOrigin writes it. It returns the URL with its origin written that way
// and the rest as it was.
//
// It returns CodeInvalid that blames returnUrl: return_url.malformed, or
// return_url.origin_not_registered. What browsers and servers read in different
// ways is refused, not repaired.
func ReturnURL(raw string, origins []string) (string, error) {
	origin, rest, ok := splitOrigin(raw)
	if !ok || strings.HasPrefix(rest, "//") {
		return "", pay.Invalid("return_url.malformed",
			"The return URL must be an absolute http or https URL, percent-encoded, without a user name.", "returnUrl")
	}
	if !slices.Contains(origins, origin) {
		return "", pay.Invalid("return_url.origin_not_registered",
			"The return URL's origin is not registered with the merchant.", "returnUrl")
	}
	return origin + rest, nil
}

// NormalOrigin returns a web origin as it is registered: scheme://host[:port] in
// lower case, without the scheme's own port. One "/" after it is taken off.
//
// It returns CodeInvalid, origin.malformed, for anything that is no origin or
// that has more than one.
func NormalOrigin(raw string) (string, error) {
	origin, rest, ok := splitOrigin(raw)
	if !ok || (rest != "" && rest != "/") {
		return "", pay.Invalid("origin.malformed",
			"An origin is http or https, a host (in punycode where it is not ASCII) and perhaps a port: https://shop.example", "origin")
	}
	return origin, nil
}

// splitOrigin cuts raw after its authority and returns the normal origin and
// the rest, which is empty or begins with one of / ? #.
//
// The cut is made on the text itself, by RFC 3986's own delimiters, and
// everything that the WHATWG parser of browsers would read otherwise (a
// backslash, a tab, a missing slash, a user name, a percent sign in the host, an
// odd spelling of an IPv4 address) is refused before or after it.
func splitOrigin(raw string) (origin, rest string, ok bool) {
	if len(raw) > maxURLBytes || !isURLText(raw) {
		return "", "", false
	}
	scheme, after, found := strings.Cut(raw, "://")
	scheme = strings.ToLower(scheme)
	if !found || (scheme != "http" && scheme != "https") {
		return "", "", false
	}
	authority := after
	if end := strings.IndexAny(after, "/?#"); end >= 0 {
		authority, rest = after[:end], after[end:]
	}
	host, port, ok := splitPort(strings.ToLower(authority))
	if !ok || !isHost(host) {
		return "", "", false
	}
	// A second opinion: what will read the URL later must see the same host.
	if u, err := url.Parse(raw); err != nil || u.User != nil || u.Host != authority {
		return "", "", false
	}
	if port == "" || (scheme == "https" && port == "443") || (scheme == "http" && port == "80") {
		return scheme + "://" + host, rest, true
	}
	return scheme + "://" + host + ":" + port, rest, true
}

// isURLText reports whether raw has only characters that RFC 3986 lets stand in
// a URL, and whole percent escapes.
func isURLText(raw string) bool {
	for at := range len(raw) {
		switch c := raw[at]; {
		case c == '%':
			if at+2 >= len(raw) || !isHex(raw[at+1]) || !isHex(raw[at+2]) {
				return false
			}
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\\\"<>^`{|}", c) >= 0:
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// splitPort cuts the port off a host; an empty or strangely written port is
// refused, for it would be a second spelling.
func splitPort(authority string) (host, port string, ok bool) {
	at := strings.LastIndexByte(authority, ':')
	if at < 0 || strings.HasSuffix(authority, "]") {
		return authority, "", true
	}
	host, port = authority[:at], authority[at+1:]
	n, err := strconv.ParseUint(port, 10, 16)
	return host, port, err == nil && n > 0 && strconv.FormatUint(n, 10) == port
}

// isHost reports whether a lower-case host is a DNS name, or an IP address in
// its one usual spelling.
func isHost(host string) bool {
	if strings.HasPrefix(host, "[") {
		inner, found := strings.CutSuffix(host[1:], "]")
		ip, err := netip.ParseAddr(inner)
		return found && err == nil && ip.Is6() && !ip.Is4In6() && ip.Zone() == "" && ip.String() == inner
	}
	labels := strings.Split(host, ".")
	if len(host) > 253 || slices.ContainsFunc(labels, isNoLabel) {
		return false
	}
	// A browser takes a host whose last label is a number for an IPv4 address,
	// in any of inet_aton's spellings.
	if last := labels[len(labels)-1]; isNumber(last) {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.String() == host
	}
	return true
}

func isNoLabel(label string) bool {
	return label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
		strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
		})
}

func isNumber(label string) bool {
	digits := strings.TrimLeft(label, "0123456789")
	return digits == "" || strings.HasPrefix(label, "0x")
}
