// Package bisyssandbox simulates the Shop API of Bisys KZ over HTTP: the
// commands below /bisys/ and /bisys/api-shop/, the hosted card form, its 3-D
// Secure step and receipt below /bisys/cardpay/, and notifications. It owns
// bisys' own view of a payment, of a user and of a user's cards, and reports
// every movement of money to the host's book.
//
// It is written from the vendor's public text and its published siblings' alone
// and may not import the adapter: shared code would share its mistakes. The text
// has lost its paths and its lists of states and errors; where this package had
// to choose, the choice is said beside the code. It never keeps or logs a full
// card number or a CVC, only a mask.
//
// Start reading at [New]; create.go opens a payment, card.go takes a card for
// it, payment.go is what time and money do to it, status.go is what the merchant
// is told. users.go and savedcards.go keep payers, charge.go charges a kept card.
package bisyssandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

const (
	name     = "bisys"
	currency = "KZT" // of every payment; the other codes are for orderNote only

	defaultSettle = 2 * time.Second  // own choice: from payed to processed
	stepLife      = 15 * time.Minute // own choice: how long a bank waits at its 3-D Secure page
	returnPause   = 5 * time.Second  // own choice: the receipt is shown, then the browser goes back
	cardCheck     = 500              // "up to 5 tenge" is taken and returned (seed, card registration)
)

// Service is one thing that a shop sells, by its code at bisys.
type Service struct {
	Code string // d-d-d
	Name string // shown to the payer and in status replies
}

// Account is a shop.
type Account struct {
	ShopToken string // login of Basic authentication, and the account's name in the control API
	SecKey    string // its password, and the last value of a legacy signature
	Services  []Service

	// NotifyFailures also sends notifications of payments that were refused.
	// By default only successful ones are sent (seed, notification of payment).
	NotifyFailures bool
}

// DefaultAccounts is the one shop that every sandbox has.
func DefaultAccounts() []Account {
	return []Account{{
		ShopToken: "sandbox-shop", SecKey: "sandbox-key",
		Services: []Service{{Code: "109-5804-1", Name: "Sandbox Shop"}},
	}}
}

// Options configures a Vendor. The zero value is bisys as it comes.
type Options struct {
	// Accounts are the shops; nil is DefaultAccounts.
	Accounts []Account

	// SettleAfter is how long a payment stays payed before it is processed, in
	// vendor time, which the clock's speed shortens; 0 is 2 s.
	SettleAfter time.Duration

	// RequireCertificate refuses a command without a client certificate that
	// the listener has verified, as the older generation of the API does.
	RequireCertificate bool

	// TextNumbers writes a status reply's totalAmount and provisionServices as
	// text, as one of the vendor's two samples does.
	TextNumbers bool
}

// Vendor is bisys. Make it with New and give it to a sandbox.Server.
type Vendor struct {
	options  Options
	accounts map[string]Account
	names    []string
	host     *sandbox.Host
	pages    *sandbox.Pages

	mu       sync.Mutex // guards the maps and every record in them
	payments map[string]*payment
	orders   map[string]*payment // by the id in a page's address
	users    map[userKey]*user
	tokens   map[string]*user
}

// New makes a Vendor. It does nothing until a sandbox.Server mounts it.
func New(o Options) *Vendor {
	if o.Accounts == nil {
		o.Accounts = DefaultAccounts()
	}
	if o.SettleAfter == 0 {
		o.SettleAfter = defaultSettle
	}
	v := &Vendor{
		options: o, accounts: map[string]Account{}, pages: newPages(), payments: map[string]*payment{},
		orders: map[string]*payment{}, users: map[userKey]*user{}, tokens: map[string]*user{},
	}
	for _, a := range o.Accounts {
		v.accounts[a.ShopToken] = a
		v.names = append(v.names, a.ShopToken)
	}
	return v
}

// Name is bisys.
func (v *Vendor) Name() string { return name }

// Accounts lists the shop tokens.
func (v *Vendor) Accounts() []string { return v.names }

// Mount restores payments and users and returns the commands and pages. The
// pages belong to the payer, so no fault strikes them.
func (v *Vendor) Mount(h *sandbox.Host) ([]sandbox.Route, error) {
	v.host = h
	err := h.Load(recordPayment, func(_ string, raw json.RawMessage) error {
		p := new(payment)
		if err := json.Unmarshal(raw, p); err != nil {
			return err
		}
		v.add(p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("restore payments: %w", err)
	}
	err = h.Load(recordUser, func(_ string, raw json.RawMessage) error {
		u := new(user)
		if err := json.Unmarshal(raw, u); err != nil {
			return err
		}
		v.users[u.key()], v.tokens[u.Token] = u, u
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("restore users: %w", err)
	}
	routes := []sandbox.Route{
		{Path: "/cardpay/card", Handler: v.cardPage},
		{Path: "/cardpay/api/C/pay", Handler: v.submit("pay")},
		{Path: "/cardpay/api/C/rpcheck", Handler: v.submit("checkpay")},
		{Path: "/cardpay/secure", Handler: v.securePage},
		{Path: "/cardpay/receipt", Handler: v.receiptPage},
		{Path: "/static/{file}", Handler: v.pages.Static},
	}
	for _, c := range v.commands() {
		routes = append(routes, v.spread(c)...)
	}
	return routes, nil
}

// command is one command of the Shop API.
type command struct {
	paths []string
	op    sandbox.Op
	opOf  func(*http.Request) sandbox.Op
	signs []string // fields of a legacy signature, in the documented order
	do    func(call) (any, *refusal)
}

// commands lists the Shop API. The vendor's text has lost its paths: these are
// its siblings', and the refund's is our own.
func (v *Vendor) commands() []command {
	return []command{
		{paths: []string{"/do/payment/anonymous"}, op: sandbox.OpStart, signs: anonymousFields(), do: v.anonymous},
		{paths: []string{"/do/payment"}, opOf: startOrCharge, signs: recurrentFields(), do: v.recurrent},
		{paths: []string{"/check/payment/state"}, op: sandbox.OpSync, signs: []string{"regPayNum"}, do: v.status},
		{paths: []string{"/payment/refund"}, op: sandbox.OpRefund, signs: []string{"regPayNum", "note", "refundAmount", "remainingAmount"}, do: v.refund},
		{paths: []string{"/user/registration"}, op: sandbox.OpPayer, signs: []string{"login", "email", "name", "surName", "middleName"}, do: v.registerUser},
		{paths: []string{"/user/status"}, op: sandbox.OpPayer, signs: []string{"login"}, do: v.userStatus},
		{paths: []string{"/card/registration"}, op: sandbox.OpPayer, signs: []string{"clientType", "userToken"}, do: v.registerCard},
		{paths: []string{"/ver3/get/cards", "/ver2/get/cards", "/get/cards"}, op: sandbox.OpPayer, signs: []string{"userToken"}, do: v.listCards},
		{paths: []string{"/card/deactivation"}, op: sandbox.OpPayer, signs: []string{"userToken", "cardToken"}, do: v.deactivateCard},
		{paths: []string{"/provision-services/confirm"}, op: sandbox.OpCharge, signs: []string{"regPayNum", "orderId", "amount"}, do: v.confirm},
		{paths: []string{"/provision-services/refund"}, op: sandbox.OpCharge, signs: []string{"regPayNum", "orderId"}, do: v.release},
	}
}

// spread serves a command with and without /api-shop, with and without /rs/shop,
// and with a trailing slash: the siblings' clients use all of these.
func (v *Vendor) spread(c command) []sandbox.Route {
	var routes []sandbox.Route
	for _, base := range []string{"", "/api-shop"} {
		for _, prefix := range []string{"", "/rs/shop"} {
			for _, p := range c.paths {
				for _, end := range []string{"", "/{$}"} {
					routes = append(routes, sandbox.Route{Path: base + prefix + p + end, Op: c.op, OpOf: c.opOf, Handler: v.serve(c)})
				}
			}
		}
	}
	return routes
}

// add indexes a payment. v.mu must be held, or v not yet served.
func (v *Vendor) add(p *payment) {
	v.payments[p.RegPayNum], v.orders[p.OrderID] = p, p
}
