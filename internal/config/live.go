package config

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
)

// unsafe lists what the mode forbids. Settings that are missing or could not be
// read have their own mistakes and are passed over.
func (c *Serve) unsafe() []error {
	if c.Mode == Test {
		return c.liveInTest()
	}
	var found []error
	refuse := func(format string, args ...any) {
		found = append(found, fmt.Errorf(format+" (live mode)", args...))
	}
	if strings.HasPrefix(c.PublicURL, "http:") {
		refuse("--public-url (PAYGRAPH_PUBLIC_URL): it must be https: payers and providers send secrets there")
	}
	if how := losesCommits(string(c.DatabaseURL)); how != "" {
		refuse("--database (PAYGRAPH_DATABASE_URL): %s would lose acknowledged payments when the power fails", how)
	}
	for _, problem := range weakKeys(c.keys()) {
		refuse("%s", problem)
	}
	for _, issuer := range c.Issuers {
		if strings.HasPrefix(issuer.JWKSURL, "http:") {
			refuse("issuer %s: its jwksUrl must be https", issuer.Name)
		}
	}
	return found
}

// liveInTest refuses accounts that move real money in an installation that says
// it moves none.
func (c *Serve) liveInTest() []error {
	var found []error
	for _, account := range c.Accounts {
		if !account.TestMode {
			found = append(found, fmt.Errorf("account %s: it moves real money (test mode); say testMode true, or start with --mode live", account.Code))
		}
	}
	return found
}

// losesCommits names what in a database's URL lets a commit return before it
// is on disk, or "".
func losesCommits(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	for name, values := range u.Query() {
		for _, value := range values {
			value = strings.ToLower(value)
			switch strings.ToLower(name) {
			case "synchronous":
				if value != "full" && value != "extra" && value != "2" && value != "3" {
					return "synchronous other than FULL"
				}
			case "synchronous_commit":
				if value == "off" || value == "false" || value == "no" || value == "0" {
					return "synchronous_commit=off"
				}
			case "options":
				if strings.Contains(value, "synchronous_commit") || strings.Contains(value, "fsync") {
					return "changing synchronous_commit or fsync in options"
				}
			case "_pragma":
				if strings.Contains(value, "synchronous") {
					return "a synchronous pragma"
				}
			}
		}
	}
	return ""
}

// namedKey is a key with what its setting is called.
type namedKey struct {
	name string
	key  Key
}

// keys lists every key of the installation.
func (c *Serve) keys() []namedKey {
	var all []namedKey
	list := func(name string, keys []Key) {
		for at, key := range keys {
			all = append(all, namedKey{name: fmt.Sprintf("%s: key %d", name, at+1), key: key})
		}
	}
	one := func(name string, key Key) {
		if key != nil {
			all = append(all, namedKey{name: name + ": it", key: key})
		}
	}
	list("PAYGRAPH_GUEST_KEYS", c.GuestKeys)
	list("PAYGRAPH_RETURN_KEY", c.ReturnKeys)
	list("PAYGRAPH_SEALING_KEYS", c.SealingKeys)
	one("PAYGRAPH_LOOKUP_KEY", c.LookupKey)
	return all
}

// weakKeys says of each key that a person made it, or that it serves for two
// things.
func weakKeys(all []namedKey) []string {
	var found []string
	for at, this := range all {
		if this.key.isGuessable() {
			found = append(found, this.name+" is not random; make one with: openssl rand -base64 32")
		}
		for _, other := range all[:at] {
			if bytes.Equal(this.key, other.key) {
				name, _, _ := strings.Cut(other.name, ":")
				found = append(found, this.name+" is also in "+name+"; each needs its own")
			}
		}
	}
	return found
}
