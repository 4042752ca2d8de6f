package scalar

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalURL writes an address as it is. The empty one becomes null.
func MarshalURL(address string) graphql.Marshaler {
	if address == "" {
		return graphql.Null
	}
	return text(address)
}

// UnmarshalURL reads an absolute http or https address of at most 2,048
// characters and returns it unchanged. It refuses what a browser would read
// otherwise than we do: blanks, control characters, backslashes, letters beyond
// ASCII, and a user name before the host. Whether the origin is registered is
// for the services to say.
func UnmarshalURL(v any) (string, error) {
	if s, ok := v.(string); ok && isWebAddress(s) {
		return s, nil
	}
	return "", invalid("url", "An address is absolute, begins with https:// or http://, has a host, no user name and only ASCII characters, 2,048 at most.")
}

func isWebAddress(s string) bool {
	const longest = 2048
	if len(s) > longest || strings.IndexFunc(s, isUnsafe) >= 0 {
		return false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	return u.Opaque == "" && u.User == nil && isHost(u.Hostname()) && isPort(u)
}

func isUnsafe(r rune) bool {
	return r <= ' ' || r >= 0x7f || r == '\\'
}

// isHost refuses what url.Parse lets through in a host but no resolver knows,
// such as a comma, a quote or a percent sign.
func isHost(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("-._:", r)
	})
}

// isPort reports whether the port, if there is one, is a number that a host has.
func isPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}
