package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Account is one contract with a provider, as the accounts file has it.
type Account struct {
	Code     string // unique in the installation; part of its webhook's path
	Provider string
	Merchant string // the merchant's code
	Title    string // shown to people
	TestMode bool   // it moves no real money

	Min, Max map[pay.Currency]int64 // of one payment, in minor units

	Open providers.Opener `json:"-"` // makes its provider, of the settings that only its vendor knows
}

// AccountsFile is what the file holds:
//
//	{
//	  "accounts": [{
//	    "code": "payture-main", "provider": "payture", "merchant": "shop",
//	    "title": "Cards", "testMode": false, "maxAmount": {"RUB": 60000000},
//	    "settings": { "baseUrl": "https://secure.payture.com", "keyFile": "payture-key", … }
//	  }],
//	  "merchants": [{
//	    "code": "shop",
//	    "routes": [{
//	      "currencies": ["RUB"], "products": ["page-access"], "kinds": ["DIRECT"],
//	      "minAmount": {"RUB": 100000}, "maxAmount": {"RUB": 5000000}, "accounts": ["payture-main"], "fixed": true
//	    }],
//	    "refunds": {"supportLimit": {"RUB": 500000}, "approvalAbove": {"RUB": 5000000}}
//	  }],
//	  "issuers": [{
//	    "name": "https://id.example.com", "audience": "paygraph", "merchant": "shop",
//	    "roles": ["USER"], "jwksUrl": "https://id.example.com/jwks.json"
//	  }]
//	}
//
// What the settings of an account are is known to its vendor alone. A secret is
// written as itself ("password"), or stands in a file ("passwordFile") or a
// variable ("passwordEnv"). Files are looked for beside this one. Instead of
// jwksUrl an issuer may have a publicKeyFile, in PEM.
type AccountsFile struct {
	Accounts  []Account
	Merchants []Merchant
	Issuers   []Issuer
}

// ReadAccounts reads the file, and the settings of each account as its vendor
// has them. The error joins every mistake in it, each with its line and column.
func ReadAccounts(path string, vendors []providers.Vendor, getenv func(string) string) (AccountsFile, error) {
	var read AccountsFile
	content, err := readFile(path)
	if err != nil {
		return read, err
	}
	d, root := newDocument(path, content, getenv)
	if root == nil {
		return read, d.mistakes()
	}
	top := d.object(root, "file")
	for _, item := range top.list("accounts", required) {
		read.Accounts = append(read.Accounts, d.account(item, vendors))
	}
	for _, item := range top.list("merchants", optional) {
		read.Merchants = append(read.Merchants, d.merchant(item, read.Accounts))
	}
	for _, item := range top.list("issuers", optional) {
		read.Issuers = append(read.Issuers, d.issuer(item))
	}
	top.done()
	d.refuseTwins(top, "accounts", func(at int) string { return read.Accounts[at].Code })
	d.refuseTwins(top, "merchants", func(at int) string { return read.Merchants[at].Code })
	d.refuseTwins(top, "issuers", func(at int) string { return read.Issuers[at].Name })
	return read, d.mistakes()
}

// slug is what codes look like: they stand in paths and in commands.
var slug = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// code reads a code.
func (o *object) code(name string) string {
	text := o.text(name, required)
	if text != "" && !slug.MatchString(text) {
		o.wrong(name, "want 1 to 63 lower-case letters, digits and hyphens, a letter first")
	}
	return text
}

func (d *document) account(n *node, vendors []providers.Vendor) Account {
	o := d.object(n, "account")
	a := Account{
		Code:     o.code("code"),
		Provider: o.text("provider", required),
		Merchant: o.code("merchant"),
		Title:    o.text("title", required),
		TestMode: o.flag("testMode"),
		Min:      o.amounts("minAmount"),
		Max:      o.amounts("maxAmount"),
	}
	o.inOrder(a.Min, a.Max)
	if !isTitle(a.Title) {
		o.wrong("title", "want 1 to 200 printable characters")
	}
	known := slices.IndexFunc(vendors, func(v providers.Vendor) bool { return string(v.Name) == a.Provider })
	if a.Provider != "" && known < 0 {
		o.wrong("provider", "there is no such provider; want "+namesOf(vendors))
	}
	if n, found := o.child("settings"); found && known >= 0 {
		a.Open = d.settings(n, a.TestMode, vendors[known])
	}
	o.done()
	return a
}

// settings has the vendor read the settings of an account. What is wrong with
// them as a whole is a mistake only when none of them is one by itself.
func (d *document) settings(n *node, testMode bool, vendor providers.Vendor) providers.Opener {
	before := len(d.found)
	s := &settings{object: d.object(n, "settings"), testMode: testMode}
	open, err := vendor.Read(s)
	s.done()
	if err != nil && len(d.found) == before {
		for text := range strings.SplitSeq(err.Error(), "\n") {
			d.wrong(n.at, fmt.Sprintf("settings of %s: %s", vendor.Name, text))
		}
	}
	return open
}

func namesOf(vendors []providers.Vendor) string {
	names := make([]string, len(vendors))
	for at, vendor := range vendors {
		names[at] = string(vendor.Name)
	}
	return strings.Join(names, ", ")
}

func isTitle(s string) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= 200 && !strings.ContainsFunc(s, unicode.IsControl)
}
