package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// named is a provider of which only the name is known.
type named struct {
	providers.Provider

	name providers.Name
}

func (n named) Name() providers.Name { return n.name }

// The accounts of a shop, one of each letter, and two vendors.
func shopAccounts() []providers.Account {
	return []providers.Account{
		{Code: "a", Provider: named{name: "acme"}},
		{Code: "b", Provider: named{name: "acme"}},
		{Code: "c", Provider: named{name: "bank"}},
	}
}

func codes(accounts []providers.Account) string {
	var all string
	for _, account := range accounts {
		all += account.Code
	}
	return all
}

func TestRoute_Takes(t *testing.T) {
	t.Parallel()

	page := providers.Purchase{Amount: pay.Of(1000, pay.RUB), Product: "page", Kind: pay.ProductDirect}
	lines := providers.Purchase{Amount: pay.Of(1000, pay.RUB)}
	sums := func(amount int64) map[pay.Currency]int64 { return map[pay.Currency]int64{pay.RUB: amount} }
	tests := []struct {
		fact  string
		route providers.Route
		of    providers.Purchase
		want  bool
	}{
		{"NothingSaidIsAnything", providers.Route{}, lines, true},
		{"Currency", providers.Route{Currencies: []pay.Currency{pay.KZT, pay.RUB}}, page, true},
		{"OtherCurrency", providers.Route{Currencies: []pay.Currency{pay.KZT}}, page, false},
		{"Product", providers.Route{Products: []string{"page"}}, page, true},
		{"OtherProduct", providers.Route{Products: []string{"book"}}, page, false},
		{"LinesAreNoProduct", providers.Route{Products: []string{"page"}}, lines, false},
		{"Kind", providers.Route{Kinds: []pay.ProductKind{pay.ProductGift, pay.ProductDirect}}, page, true},
		{"OtherKind", providers.Route{Kinds: []pay.ProductKind{pay.ProductGift}}, page, false},
		{"LinesAreOfNoKind", providers.Route{Kinds: []pay.ProductKind{pay.ProductDirect}}, lines, false},
		{"TheLeast", providers.Route{Min: sums(1000)}, page, true},
		{"BelowTheLeast", providers.Route{Min: sums(1001)}, page, false},
		{"TheMost", providers.Route{Max: sums(1000)}, page, true},
		{"AboveTheMost", providers.Route{Max: sums(999)}, page, false},
		{"NothingIsAMost", providers.Route{Max: sums(0)}, page, false},
		{"LimitOfAnotherCurrency", providers.Route{Min: map[pay.Currency]int64{pay.KZT: 5000}, Max: map[pay.Currency]int64{pay.KZT: 1}}, page, true},
		{"AllOfIt", providers.Route{Currencies: []pay.Currency{pay.RUB}, Products: []string{"page"}, Kinds: []pay.ProductKind{pay.ProductDirect}, Min: sums(1), Max: sums(1000)}, page, true},
		{"AllButOne", providers.Route{Currencies: []pay.Currency{pay.RUB}, Products: []string{"page"}, Kinds: []pay.ProductKind{pay.ProductDirect}, Min: sums(1), Max: sums(2)}, page, false},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.route.Takes(tt.of))
		})
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()

	rubles := []pay.Currency{pay.RUB}
	tests := []struct {
		fact      string
		routes    []providers.Route
		preferred string
		want      string
	}{
		{"WithoutRulesInTheirOrder", nil, "", "abc"},
		{"WithoutRulesThePreferredFirst", nil, "b", "bac"},
		{"PreferredOneThatIsNotThere", nil, "z", "abc"},
		{"TheRulesOrder", []providers.Route{{Accounts: []string{"c", "a"}}}, "b", "ca"},
		{"TheFirstThatIsAboutIt", []providers.Route{
			{Currencies: []pay.Currency{pay.KZT}, Accounts: []string{"a"}}, {Currencies: rubles, Accounts: []string{"b"}}, {Accounts: []string{"c"}},
		}, "", "b"},
		{"NoneIsAboutIt", []providers.Route{{Currencies: []pay.Currency{pay.KZT}, Accounts: []string{"c"}}}, "b", "bac"},
		{"AccountsThatAreNotTheMerchants", []providers.Route{{Accounts: []string{"z", "c"}}}, "", "c"},
		{"NoneOfThemIsTheMerchants", []providers.Route{{Accounts: []string{"z"}}, {Accounts: []string{"a"}}}, "", ""},
		{"OneTwice", []providers.Route{{Accounts: []string{"c", "a", "c"}}}, "", "ca"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			got := providers.Order(shopAccounts(), tt.routes, tt.preferred, providers.Purchase{Amount: pay.Of(1000, pay.RUB)})
			require.Equal(t, tt.want, codes(got))
		})
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()

	tests := []struct{ fact, name, want string }{
		{"ByItsCode", "b", "b"},
		{"ByItsVendorEveryAccount", "acme", "ab"},
		{"ByAnotherVendor", "bank", "c"},
		{"Nobody", "z", ""},
		{"NoName", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, codes(providers.Named(shopAccounts(), tt.name)))
		})
	}
	t.Run("ACodeBeforeAVendor", func(t *testing.T) {
		t.Parallel()
		own := append(shopAccounts(), providers.Account{Code: "acme", Provider: named{name: "bank"}})
		require.Equal(t, "acme", codes(providers.Named(own, "acme")))
	})
}
