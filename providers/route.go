package providers

import (
	"slices"

	"github.com/paygraph/paygraph/internal/pay"
)

// Route is one of a merchant's rules for choosing an account: which purchases it
// is about, and the accounts that these try, in order. What is nil is about any
// purchase.
type Route struct {
	Currencies []pay.Currency
	Products   []string          // by their codes; a bill of the merchant's own lines has none
	Kinds      []pay.ProductKind // likewise
	Min, Max   map[pay.Currency]int64
	Accounts   []string // by their codes

	// Fixed is true when a payer may name no other account than these, nor a card that
	// another keeps, but for a subscription's. The merchant's side always may.
	Fixed bool
}

// Purchase is what a Route looks at.
type Purchase struct {
	Amount  pay.Money
	Product string          // its code; "" for a bill of the merchant's own lines
	Kind    pay.ProductKind // likewise
}

// Takes reports whether the rule is about the purchase. Min and Max are in minor
// units, both included; a currency without an entry has no limit.
func (r Route) Takes(p Purchase) bool {
	least, hasMin := r.Min[p.Amount.Currency]
	most, hasMax := r.Max[p.Amount.Currency]
	return isAmong(r.Currencies, p.Amount.Currency) && isAmong(r.Products, p.Product) && isAmong(r.Kinds, p.Kind) &&
		(!hasMin || p.Amount.Amount >= least) && (!hasMax || p.Amount.Amount <= most)
}

func isAmong[T comparable](named []T, one T) bool { return named == nil || slices.Contains(named, one) }

// RouteOf returns the first of the rules that is about the purchase; false when none is.
func RouteOf(routes []Route, p Purchase) (Route, bool) {
	for _, route := range routes {
		if route.Takes(p) {
			return route, true
		}
	}
	return Route{}, false
}

// Order returns the accounts that the purchase may go through, the first choice
// first: those of the first rule that is about it, in the rule's order; when no
// rule is, all of own, the preferred one first. Own are the merchant's, in the
// installation's order.
func Order(own []Account, routes []Route, preferred string, p Purchase) []Account {
	if route, found := RouteOf(routes, p); found {
		return inOrder(own, route.Accounts)
	}
	return inOrder(own, append([]string{preferred}, codesOf(own)...))
}

// inOrder returns those of own that are named, each once, in the names' order.
func inOrder(own []Account, names []string) []Account {
	var ordered []Account
	for at, name := range names {
		found := slices.IndexFunc(own, func(a Account) bool { return a.Code == name })
		if found >= 0 && !slices.Contains(names[:at], name) {
			ordered = append(ordered, own[found])
		}
	}
	return ordered
}

func codesOf(accounts []Account) []string {
	codes := make([]string, len(accounts))
	for at, account := range accounts {
		codes[at] = account.Code
	}
	return codes
}

// Named returns those of own that a caller means by a name: the account of that
// code, else every account of the vendor of that name, in their order.
func Named(own []Account, name string) []Account {
	var ofVendor []Account
	for _, account := range own {
		if account.Code == name {
			return []Account{account}
		}
		if string(account.Provider.Name()) == name {
			ofVendor = append(ofVendor, account)
		}
	}
	return ofVendor
}
