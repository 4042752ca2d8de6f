package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// text adds a setting that is taken as it is.
func (f *flags) text(to *string, s setting) {
	f.take(s.called("TEXT"), func(text string) error {
		*to = text
		return nil
	})
}

// choice adds a setting that is one of a few words.
func (f *flags) choice(to *string, s setting, words ...string) {
	f.take(s.called(strings.Join(words, "|")), func(text string) error {
		if !slices.Contains(words, text) {
			return fmt.Errorf("%q is not one of %s", text, strings.Join(words, ", "))
		}
		*to = text
		return nil
	})
}

// level adds the setting of the least important lines that are logged.
func (f *flags) level(to *slog.Level, s setting) {
	s.Usage = "the least important log lines that are written"
	var word string
	f.choice(&word, s, "debug", "info", "warn", "error")
	added := f.entries[len(f.entries)-1]
	choose := added.parse
	added.parse = func(text string) error {
		if err := choose(text); err != nil {
			return err
		}
		return to.UnmarshalText([]byte(word))
	}
}

// duration adds a setting that is a time such as 20s, from least to most.
func (f *flags) duration(to *time.Duration, s setting, least, most time.Duration) {
	f.take(s.called("TIME"), func(text string) error {
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a time such as 20s or 1m30s", text)
		}
		if d < least || d > most {
			return fmt.Errorf("%s is not within %s and %s", d, least, most)
		}
		*to = d
		return nil
	})
}

// listen adds a setting that is a host:port to listen on. An empty host is
// every address of the machine, port 0 any free one.
func (f *flags) listen(to *string, s setting) {
	f.take(s.called("HOST:PORT"), func(text string) error {
		_, port, err := net.SplitHostPort(text)
		if err != nil {
			return fmt.Errorf("%q is not a host:port such as 127.0.0.1:8080", text)
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("port %q is not a number from 0 to 65535", port)
		}
		*to = text
		return nil
	})
}

// origin adds a setting that is an http or https origin; a trailing slash is
// taken off.
func (f *flags) origin(to *string, s setting) {
	f.take(s.called("URL"), func(text string) error {
		origin, err := parseOrigin(text)
		if err != nil {
			return err
		}
		*to = origin
		return nil
	})
}

// origins adds a setting that is a list of origins, with commas between.
func (f *flags) origins(to *[]string, s setting) {
	f.take(s.called("URL,…"), func(text string) error {
		for part := range strings.SplitSeq(text, ",") {
			origin, err := parseOrigin(strings.TrimSpace(part))
			if err != nil {
				return err
			}
			*to = append(*to, origin)
		}
		return nil
	})
}

// parseOrigin returns raw as browsers write an origin: in lower case, without
// the scheme's own port.
func parseOrigin(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil {
		return "", errors.New("it is not an address such as https://pay.example.com")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return "", fmt.Errorf("%q is not an address such as https://pay.example.com", raw)
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("it has something after its host; want only https://pay.example.com")
	}
	host := strings.ToLower(u.Host)
	if (u.Scheme == "https" && u.Port() == "443") || (u.Scheme == "http" && u.Port() == "80") {
		host = host[:strings.LastIndexByte(host, ':')]
	}
	return u.Scheme + "://" + host, nil
}

// prefixes adds a setting that is a list of addresses and networks.
func (f *flags) prefixes(to *[]netip.Prefix, s setting) {
	f.take(s.called("CIDR,…"), func(text string) error {
		for part := range strings.SplitSeq(text, ",") {
			prefix, err := parsePrefix(strings.TrimSpace(part))
			if err != nil {
				return err
			}
			*to = append(*to, prefix)
		}
		return nil
	})
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil || prefix.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
	case prefix != prefix.Masked():
		return netip.Prefix{}, fmt.Errorf("%s has bits after its mask; did you mean %s?", prefix, prefix.Masked())
	case prefix.Bits() == 0:
		return netip.Prefix{}, fmt.Errorf("%s is everybody, and anybody could then name any address", prefix)
	}
	return prefix, nil
}

// databaseURL adds the setting that names the database. Its mistakes never
// quote it: it holds a password.
func (f *flags) databaseURL(to *Secret, s setting) {
	f.take(s.called("URL"), func(text string) error {
		u, err := url.Parse(text)
		switch {
		case err != nil:
			return errors.New("it cannot be read; want postgres://user:password@host/name or sqlite:///path, with %-escapes in the password")
		case u.Scheme == "sqlite" && u.Opaque+u.Host+u.Path != "":
		case (u.Scheme == "postgres" || u.Scheme == "postgresql") && strings.Trim(u.Path, "/") != "":
		default:
			return errors.New("want postgres://user:password@host/name or sqlite:///path")
		}
		*to = Secret(text)
		return nil
	})
}

// called returns s with a placeholder, if it has none.
func (s setting) called(placeholder string) setting {
	if s.Placeholder == "" {
		s.Placeholder = placeholder
	}
	return s
}
