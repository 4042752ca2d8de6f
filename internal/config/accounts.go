package config

import (
	"errors"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygraph/paygraph/internal/pay"
)

// Account is one contract with a provider, as the accounts file has it.
type Account struct {
	Code     string // unique in the installation; part of its webhook's path
	Provider string // whose settings are filled in below
	Merchant string // the merchant's code
	Title    string // shown to people
	TestMode bool   // it moves no real money

	Payture Payture // when Provider is "payture"
}

// Payture is what an account at Payture is set up with. Its adapter checks what
// only it can know.
type Payture struct {
	BaseURL  string // up to "/apim"
	Key      Secret
	Password Secret // "" for one-stage terminals
	TwoStage bool
	Currency pay.Currency // "": the adapter's own
	Template string
	Wallet   *PaytureWallet // nil: no saved cards
}

// PaytureWallet is the part of an account at Payture that keeps cards and
// charges them. Exactly one of CustomerSecret and LegacySalt is set.
type PaytureWallet struct {
	AddTerminal    Secret
	PayTerminal    Secret
	Password       Secret // of the pay terminal; "" for one-stage terminals
	TwoStage       bool   // the pay terminal
	CustomerSecret Secret // of which the customers' passwords are made
	LegacySalt     Secret // of which an older system made them
	NoCVVReversed  bool   // a card's NoCVV is read the other way round
	Template       string
}

// Issuer signs tokens of one merchant's users or people. Exactly one of JWKSURL
// and PublicKeyPEM is set.
type Issuer struct {
	Name         string
	Audience     string
	Merchant     string     // the merchant's code
	Roles        []pay.Role // nil: USER
	JWKSURL      string
	PublicKeyPEM []byte
}

// accountsFile is what the file holds:
//
//	{
//	  "accounts": [{
//	    "code": "payture-main", "provider": "payture", "merchant": "shop",
//	    "title": "Cards", "testMode": false,
//	    "settings": {
//	      "baseUrl": "https://secure.payture.com",
//	      "key": "…", "passwordFile": "payture-password",
//	      "twoStage": true, "currency": "RUB", "template": "",
//	      "wallet": {
//	        "addTerminal": "…", "payTerminal": "…", "passwordFile": "payture-wallet-password",
//	        "twoStage": false, "customerSecretFile": "payture-customers",
//	        "noCvvReversed": false, "template": ""
//	      }
//	    }
//	  }],
//	  "issuers": [{
//	    "name": "https://id.example.com", "audience": "paygraph", "merchant": "shop",
//	    "roles": ["USER"], "jwksUrl": "https://id.example.com/jwks.json"
//	  }]
//	}
//
// A secret is written as itself ("password"), or stands in a file
// ("passwordFile") or a variable ("passwordEnv"). Files are looked for beside
// this one. Instead of jwksUrl an issuer may have a publicKeyFile, in PEM.
type accountsFile struct {
	accounts []Account
	issuers  []Issuer
}

// readAccounts reads the file. The error joins every mistake in it, each with
// its line and column.
func readAccounts(path string, getenv func(string) string) (accountsFile, error) {
	var read accountsFile
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
		read.accounts = append(read.accounts, d.account(item))
	}
	for _, item := range top.list("issuers", optional) {
		read.issuers = append(read.issuers, d.issuer(item))
	}
	top.done()
	d.refuseTwins(top, "accounts", func(at int) string { return read.accounts[at].Code })
	d.refuseTwins(top, "issuers", func(at int) string { return read.issuers[at].Name })
	return read, d.mistakes()
}

// slug is what codes look like: they stand in paths and in commands.
var slug = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

const slugRule = "want 1 to 63 lower-case letters, digits and hyphens, a letter first"

func (d *document) account(n *node) Account {
	o := d.object(n, "account")
	a := Account{
		Code:     o.match("code", slug, slugRule),
		Provider: o.text("provider", required),
		Merchant: o.match("merchant", slug, slugRule),
		Title:    o.text("title", required),
		TestMode: o.flag("testMode"),
	}
	if !isTitle(a.Title) {
		o.wrong("title", "want 1 to 200 printable characters")
	}
	settings, found := o.child("settings")
	switch {
	case !found:
	case a.Provider == "payture":
		a.Payture = d.payture(settings)
	case a.Provider != "":
		o.wrong("provider", "there is no such provider; want payture")
	}
	o.done()
	return a
}

func isTitle(s string) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= 200 && !strings.ContainsFunc(s, unicode.IsControl)
}

func (d *document) payture(n *node) Payture {
	o := d.object(n, "settings")
	p := Payture{
		BaseURL:  o.text("baseUrl", required),
		Key:      o.secret("key", required),
		Password: o.secret("password", optional),
		TwoStage: o.flag("twoStage"),
		Currency: pay.Currency(o.text("currency", optional)),
		Template: o.text("template", optional),
	}
	o.httpURL("baseUrl", p.BaseURL)
	if _, err := pay.ParseCurrency(string(p.Currency)); p.Currency != "" && err != nil {
		o.wrong("currency", err.Error())
	}
	if p.TwoStage && p.Password == "" {
		o.wrong("twoStage", "a two-stage terminal needs its password")
	}
	if wallet, found := o.optionalChild("wallet"); found {
		p.Wallet = d.paytureWallet(wallet)
	}
	o.done()
	return p
}

func (d *document) paytureWallet(n *node) *PaytureWallet {
	o := d.object(n, "wallet")
	w := &PaytureWallet{
		AddTerminal:    o.secret("addTerminal", required),
		PayTerminal:    o.secret("payTerminal", required),
		Password:       o.secret("password", optional),
		TwoStage:       o.flag("twoStage"),
		CustomerSecret: o.secret("customerSecret", optional),
		LegacySalt:     o.secret("legacySalt", optional),
		NoCVVReversed:  o.flag("noCvvReversed"),
		Template:       o.text("template", optional),
	}
	if w.TwoStage && w.Password == "" {
		o.wrong("twoStage", "a two-stage terminal needs its password")
	}
	switch {
	case w.CustomerSecret == "" && w.LegacySalt == "":
		o.wrong("customerSecret", "a wallet needs a customerSecret or a legacySalt")
	case w.CustomerSecret != "" && w.LegacySalt != "":
		o.wrong("legacySalt", "a wallet has a customerSecret or a legacySalt, not both")
	case w.LegacySalt == "" && len(w.CustomerSecret) < shortestCustomerSecret:
		o.wrong("customerSecret", "want at least 16 characters; make one with: openssl rand -base64 32")
	}
	o.done()
	return w
}

// shortestCustomerSecret is how many characters guard all customers of a wallet.
const shortestCustomerSecret = 16

func (d *document) issuer(n *node) Issuer {
	o := d.object(n, "issuer")
	i := Issuer{
		Name:     o.text("name", required),
		Audience: o.text("audience", required),
		Merchant: o.match("merchant", slug, slugRule),
		JWKSURL:  o.text("jwksUrl", optional),
	}
	for _, word := range o.texts("roles") {
		role := pay.Role(word)
		switch {
		case role != pay.RoleUser && !role.IsPerson():
			o.wrong("roles", "an issuer may grant USER, SUPPORT, FINANCE and ADMIN, nothing else")
		case slices.Contains(i.Roles, role):
			o.wrong("roles", "a role is there twice")
		default:
			i.Roles = append(i.Roles, role)
		}
	}
	file := o.text("publicKeyFile", optional)
	if (i.JWKSURL == "") == (file == "") {
		o.wrong("name", "an issuer needs a jwksUrl or a publicKeyFile, and not both")
	}
	o.httpURL("jwksUrl", i.JWKSURL)
	if file != "" {
		content, err := d.readBeside(file)
		if err != nil {
			o.wrong("publicKeyFile", err.Error())
		}
		i.PublicKeyPEM = content
	}
	o.done()
	return i
}

// readBeside reads a file named in the document: relative names are looked for
// in the document's own folder.
func (d *document) readBeside(name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(d.name), name)
	}
	return readFile(name)
}

// httpURL refuses text that is no http or https address; an empty one has been
// judged before. The text is not quoted: somebody may write a password into it.
func (o *object) httpURL(name, text string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		o.wrong(name, "it is not an http or https address")
	}
}

// secret reads name, nameFile or nameEnv, of which at most one may be there.
func (o *object) secret(name string, need need) Secret {
	text, file, env := o.text(name, optional), o.text(name+"File", optional), o.text(name+"Env", optional)
	given := 0
	for _, way := range []string{text, file, env} {
		if way != "" {
			given++
		}
	}
	switch {
	case given > 1:
		o.wrong(name, "it is given in more than one way")
	case given == 0 && need == required:
		o.wrong(name, "it is missing; "+name+"File and "+name+"Env will do, too")
	case file != "":
		content, err := o.d.readBeside(file)
		text = strings.TrimRight(string(content), "\r\n")
		if err == nil && text == "" {
			err = errors.New("the file is empty")
		}
		if err != nil {
			o.wrong(name+"File", err.Error())
		}
	case env != "":
		if text = o.d.getenv(env); text == "" {
			o.wrong(name+"Env", "the variable is not set")
		}
	}
	return Secret(text)
}
