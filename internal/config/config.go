// Package config turns flags, PAYGRAPH_* variables and the accounts file into
// one struct, checked to the end: every mistake is reported at once, each on its
// own line under the name of its flag and variable.
//
// It opens nothing but the files it is told to read, listens nowhere and knows
// no room that reads the settings. It knows no vendor either: the settings of an
// account are read by the vendor in the list that it is given. Secrets have types
// that print as ***, and no mistake quotes one.
//
// Start with ParseServe; then flags.go for how a setting finds its value,
// accounts.go for the file, settings.go for what a vendor reads it with, and
// live.go for what live mode refuses.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/paygraph/paygraph/providers"
)

// Mode says whether an installation may move real money.
type Mode string

// The modes. Live is what serve starts in unless told otherwise: who forgets
// the setting gets the strict rules.
const (
	Live Mode = "live"
	Test Mode = "test"
)

// Serve is all that `paygraph serve` needs.
type Serve struct {
	Addr        string // host:port to listen on; port 0 picks a free one
	PublicURL   string // the origin that browsers and providers reach us at, without a trailing slash
	DatabaseURL Secret // postgres://… or sqlite://…
	Mode        Mode

	AccountsFile // its accounts in its order: a merchant's earlier one is preferred

	// GuestKeys sign (the first) and verify (all) guest tokens, ReturnKeys the
	// addresses of ours that payers and notifications come to. In live mode they are
	// always there; in test mode they are nil when nothing was set, and the database's
	// own secrets do.
	GuestKeys  []Key
	ReturnKeys []Key

	// SealingKeys encrypt (the first) and open (all) what the database may keep
	// and nobody may read in it; LookupKey hashes it, to find it again, and cannot
	// be changed. Nil as above.
	SealingKeys []Key
	LookupKey   Key

	Mail Mail // where mails are given to; off without a host

	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	AllowedOrigins []string       // whose pages may call us; nil: every origin's

	LogLevel  slog.Level
	LogFormat string // json or text

	DrainDelay time.Duration // from "not ready" to closing the door, so that a balancer sees it
	Drain      time.Duration // for what is under way to finish
}

// ParseServe reads the settings of `paygraph serve`. The error is a *HelpError when
// help was asked for, and otherwise joins every mistake. It reads the files that
// the settings name; the accounts in them may be those vendors'.
func ParseServe(args []string, vendors []providers.Vendor, getenv func(string) string) (*Serve, error) {
	var c Serve
	var mode, accountsFile string
	var guestKeys, returnKeys, sealingKeys, lookupKey keySource
	var mail mailSource
	f := newFlags("serve", "Serves the API in production: one process of it, as many as you like on one Postgres.", getenv)
	f.listen(&c.Addr, setting{Flag: "addr", Env: "PAYGRAPH_ADDR", Default: "127.0.0.1:8080", Usage: "where to listen; port 0 picks a free one"})
	f.origin(&c.PublicURL, setting{
		Flag: "public-url", Env: "PAYGRAPH_PUBLIC_URL", Required: true,
		Usage: "where browsers and providers reach this server, e.g. https://pay.example.com",
	})
	f.databaseURL(&c.DatabaseURL, setting{
		Flag: "database", Env: "PAYGRAPH_DATABASE_URL", Required: true,
		Usage: "postgres://…/name or sqlite:///path/to/file; with a password better in the variable, for others can read flags",
	})
	f.text(&accountsFile, setting{
		Flag: "accounts", Env: "PAYGRAPH_ACCOUNTS_FILE", Placeholder: "FILE", Required: true,
		Usage: "JSON file of the provider accounts and token issuers",
	})
	f.choice(&mode, setting{
		Flag: "mode", Env: "PAYGRAPH_MODE", Default: string(Live),
		Usage: "live moves real money and refuses unsafe settings; test refuses accounts that are live",
	}, string(Live), string(Test))
	guestKeys.add(f, "guest-keys", "PAYGRAPH_GUEST_KEYS", "keys of guest tokens, the signing one first")
	returnKeys.add(f, "return-key", "PAYGRAPH_RETURN_KEY", "keys of the addresses that payers and notifications come to, the signing one first")
	sealingKeys.add(f, "sealing-keys", "PAYGRAPH_SEALING_KEYS", "keys that encrypt card tokens and gift codes, the sealing one first")
	lookupKey.add(f, "lookup-key", "PAYGRAPH_LOOKUP_KEY", "key that finds sealed values again; never change it")
	mail.add(f)
	f.prefixes(&c.TrustedProxies, setting{
		Flag: "trusted-proxies", Env: "PAYGRAPH_TRUSTED_PROXIES", Placeholder: "CIDR,…",
		Usage: "addresses or networks of the proxies in front, whose X-Forwarded-For is believed; none by default",
	})
	f.origins(&c.AllowedOrigins, setting{
		Flag: "allowed-origins", Env: "PAYGRAPH_ALLOWED_ORIGINS", Placeholder: "ORIGIN,…",
		Usage: "web origins whose pages may call the API; all by default, for no cookie is ever read",
	})
	f.level(&c.LogLevel, setting{Flag: "log-level", Env: "PAYGRAPH_LOG_LEVEL", Default: "info"})
	f.choice(&c.LogFormat, setting{Flag: "log-format", Env: "PAYGRAPH_LOG_FORMAT", Default: "json", Usage: "how log lines are written"}, "json", "text")
	f.duration(&c.DrainDelay, setting{
		Flag: "drain-delay", Env: "PAYGRAPH_DRAIN_DELAY", Default: "0s",
		Usage: "how long /readyz says no before the door closes; as long as your balancer takes to look",
	}, 0, 5*time.Minute)
	f.duration(&c.Drain, setting{
		Flag: "drain", Env: "PAYGRAPH_DRAIN", Default: "20s",
		Usage: "how long what is under way may take to finish after SIGTERM",
	}, time.Second, 10*time.Minute)
	if err := f.parse(args); err != nil {
		return nil, err
	}

	c.Mode = Mode(mode)
	c.GuestKeys = guestKeys.read(f, c.Mode == Live)
	c.ReturnKeys = returnKeys.read(f, c.Mode == Live)
	c.SealingKeys = sealingKeys.read(f, c.Mode == Live)
	c.LookupKey = lookupKey.readOne(f, c.Mode == Live)
	c.Mail = mail.read(f)
	if accountsFile != "" {
		read, err := ReadAccounts(accountsFile, vendors, getenv)
		f.wrong(err)
		c.AccountsFile = read
	}
	f.wrong(c.unsafe()...)
	if err := f.err(); err != nil {
		return nil, err
	}
	return &c, nil
}

// CheckMerchants checks what the accounts file says of merchants against those
// of the database: known tells, by a merchant's code, whether it is for tests.
// A merchant that nobody made, a test account of a live merchant and a live
// account of a test merchant are mistakes.
func (c *Serve) CheckMerchants(known map[string]bool) error {
	var mistakes []error
	for _, account := range c.Accounts {
		test, found := known[account.Merchant]
		switch {
		case !found:
			mistakes = append(mistakes, fmt.Errorf("account %s: there is no merchant %s", account.Code, account.Merchant))
		case account.TestMode && !test:
			mistakes = append(mistakes, fmt.Errorf("account %s: it is for tests, and merchant %s is live", account.Code, account.Merchant))
		case !account.TestMode && test:
			mistakes = append(mistakes, fmt.Errorf("account %s: it moves real money, and merchant %s is for tests", account.Code, account.Merchant))
		}
	}
	for _, merchant := range c.Merchants {
		if _, found := known[merchant.Code]; !found {
			mistakes = append(mistakes, fmt.Errorf("merchant %s: there is no such merchant", merchant.Code))
		}
	}
	for _, issuer := range c.Issuers {
		if _, found := known[issuer.Merchant]; !found {
			mistakes = append(mistakes, fmt.Errorf("issuer %s: there is no merchant %s", issuer.Name, issuer.Merchant))
		}
	}
	return errors.Join(mistakes...)
}
