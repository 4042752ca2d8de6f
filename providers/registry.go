package providers

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/paygraph/paygraph/internal/pay"
)

// As returns p as the optional interface T. It demands both the flag in the
// capabilities and the method, and answers an Error of kind Unsupported before
// any call when either is missing.
func As[T any](p Provider, op Op) (T, error) {
	t, ok := p.(T)
	if !ok || !p.Capabilities().Can(op) {
		var none T
		return none, &Error{Provider: p.Name(), Op: op, Kind: Unsupported}
	}
	return t, nil
}

// Account is one contract with a vendor: what bills are paid through.
type Account struct {
	Code     string // unique in the installation, e.g. "payture-main"; part of the webhook's path
	Title    string // shown to people
	Merchant pay.MerchantID
	TestMode bool
	Provider Provider

	// Min and Max are what the operator lets one payment be, in minor units by
	// currency, both included. A currency without an entry has no such limit.
	Min, Max map[pay.Currency]int64
}

// Capabilities are the provider's, within the operator's limits of one payment. Limits
// are about payments: what was taken is settled and given back whatever they say.
func (a Account) Capabilities() Capabilities {
	can := a.Provider.Capabilities()
	can.Min = narrowed(can.Min, a.Min, func(vendors, ours int64) int64 { return max(vendors, ours) })
	can.Max = narrowed(can.Max, a.Max, func(vendors, ours int64) int64 { return min(vendors, ours) })
	return can
}

// narrowed are the limits of both, the stricter where both have one.
func narrowed(vendors, ours map[pay.Currency]int64, stricter func(vendors, ours int64) int64) map[pay.Currency]int64 {
	if len(ours) == 0 {
		return vendors
	}
	both := maps.Clone(ours)
	for currency, limit := range vendors {
		if own, set := both[currency]; set {
			limit = stricter(limit, own)
		}
		both[currency] = limit
	}
	return both
}

// Accounts is every account of an installation. The zero value has none.
type Accounts struct{ list []Account }

// NewAccounts returns the accounts given, in their order: a merchant's earlier
// account is preferred. It refuses two of the same code.
func NewAccounts(list ...Account) (*Accounts, error) {
	seen := make(map[string]bool, len(list))
	for _, account := range list {
		if account.Code == "wallet" {
			return nil, errors.New(`provider account "wallet": the name stands for payments from wallets; choose another`)
		}
		if account.Code == "" || seen[account.Code] {
			return nil, fmt.Errorf("provider account %q: its code is empty or used twice", account.Code)
		}
		seen[account.Code] = true
	}
	return &Accounts{list: slices.Clone(list)}, nil
}

// All returns every account, in their order.
func (a *Accounts) All() []Account { return slices.Clone(a.list) }

// Of returns the merchant's accounts, preferred first.
func (a *Accounts) Of(merchant pay.MerchantID) []Account {
	var own []Account
	for _, account := range a.list {
		if account.Merchant == merchant {
			own = append(own, account)
		}
	}
	return own
}

// ByCode returns the account with the code.
func (a *Accounts) ByCode(code string) (Account, bool) {
	for _, account := range a.list {
		if account.Code == code {
			return account, true
		}
	}
	return Account{}, false
}
