package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Merchant is what the accounts file says of a merchant: its rules.
type Merchant struct {
	Code    string
	Routes  []providers.Route // by which an account is chosen, the first that is about a purchase
	Refunds Refunds
}

// Refunds are a merchant's limits of what is given back of one bill, in minor
// units by currency.
type Refunds struct {
	SupportLimit  map[pay.Currency]int64 // what SUPPORT may give back; nothing in a currency without an entry
	ApprovalAbove map[pay.Currency]int64 // above it a second person approves; nobody need in a currency without an entry
}

// merchant reads a merchant's rules. They may name its own accounts only.
func (d *document) merchant(n *node, accounts []Account) Merchant {
	o := d.object(n, "merchant")
	m := Merchant{Code: o.code("code")}
	own := slices.DeleteFunc(slices.Clone(accounts), func(a Account) bool { return a.Merchant != m.Code })
	for _, item := range o.list("routes", optional) {
		m.Routes = append(m.Routes, d.route(item, own))
	}
	if n, found := o.optionalChild("refunds"); found {
		limits := d.object(n, "refunds")
		m.Refunds = Refunds{SupportLimit: limits.amounts("supportLimit"), ApprovalAbove: limits.amounts("approvalAbove")}
		limits.done()
	}
	o.done()
	return m
}

func (d *document) route(n *node, own []Account) providers.Route {
	o := d.object(n, "route")
	r := providers.Route{
		Currencies: o.currencies("currencies"),
		Products:   o.texts("products"),
		Kinds:      o.kinds("kinds"),
		Min:        o.amounts("minAmount"),
		Max:        o.amounts("maxAmount"),
		Accounts:   o.texts("accounts"),
		Fixed:      o.flag("fixed"),
	}
	if o.find("accounts") == nil {
		o.wrong("accounts", "it is missing in this route")
	}
	for _, name := range []string{"currencies", "products", "kinds", "accounts"} {
		if list := o.of(name, "list", optional); list != nil && len(list.items) == 0 {
			o.wrong(name, "it is empty, and no purchase could meet it")
		}
	}
	if slices.Contains(r.Products, "") {
		o.wrong("products", "a product's code is not empty")
	}
	d.routed(o, own)
	o.inOrder(r.Min, r.Max)
	o.done()
	return r
}

// inOrder refuses a maxAmount below the minAmount.
func (o *object) inOrder(least, most map[pay.Currency]int64) {
	for _, currency := range slices.Sorted(maps.Keys(most)) {
		if from, both := least[currency]; both && from > most[currency] {
			o.wrong("maxAmount", fmt.Sprintf("in %s it is less than minAmount", currency))
		}
	}
}

// routed checks the accounts of a route, each where it stands.
func (d *document) routed(o *object, own []Account) {
	seen := make(map[string]bool)
	for _, n := range o.list("accounts", optional) {
		code, isText := n.value.(string)
		switch {
		case !isText: // said already
		case !slices.ContainsFunc(own, func(a Account) bool { return a.Code == code }):
			d.wrong(n.at, "accounts: it is none of the merchant's accounts in this file")
		case seen[code]:
			d.wrong(n.at, "accounts: it is there twice")
		}
		seen[code] = true
	}
}

func (o *object) currencies(name string) []pay.Currency {
	var list []pay.Currency
	for _, text := range o.texts(name) {
		currency, err := pay.ParseCurrency(text)
		if err != nil {
			o.wrong(name, err.Error())
			continue
		}
		list = append(list, currency)
	}
	return list
}

func (o *object) kinds(name string) []pay.ProductKind {
	known := []pay.ProductKind{pay.ProductDirect, pay.ProductSubscription, pay.ProductGift, pay.ProductTopUp}
	var list []pay.ProductKind
	for _, text := range o.texts(name) {
		kind := pay.ProductKind(text)
		if !slices.Contains(known, kind) {
			o.wrong(name, "a kind of product is DIRECT, SUBSCRIPTION, GIFT or TOP_UP")
			continue
		}
		list = append(list, kind)
	}
	return list
}

// amounts reads sums in minor units by currency.
func (o *object) amounts(name string) map[pay.Currency]int64 {
	n := o.of(name, "object", optional)
	if n == nil {
		return nil
	}
	sums := o.d.object(n, name)
	amounts := make(map[pay.Currency]int64, len(n.members))
	for _, m := range n.members {
		sum := sums.number(m.name, 0, pay.MaxAmount)
		currency, err := pay.ParseCurrency(m.name)
		if err != nil {
			o.d.wrong(m.at, name+": "+err.Error())
			continue
		}
		amounts[currency] = sum
	}
	sums.done()
	return amounts
}
