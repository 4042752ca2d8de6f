package config_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestAccountsFile_Merchants(t *testing.T) {
	t.Parallel()

	// The merchants stand in line 4.
	const file = `{"accounts": [
{"code": "main", "provider": "acme", "merchant": "shop", "title": "T", "settings": {"baseUrl": "https://a.example", "key": "k"}},
{"code": "foreign", "provider": "acme", "merchant": "other", "title": "T", "settings": {"baseUrl": "https://a.example", "key": "k"}}],
"merchants": [%s]}`

	t.Run("Whole", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		in.write(t, "accounts.json", fmt.Sprintf(file, `{"code": "shop",
			"routes": [
				{"currencies": ["KZT", "USD"], "products": ["page"], "kinds": ["DIRECT", "SUBSCRIPTION", "GIFT", "TOP_UP"],
				 "minAmount": {"KZT": 0, "USD": 100}, "maxAmount": {"KZT": 9007199254740991}, "accounts": ["main"], "fixed": true},
				{"accounts": ["main"]}
			],
			"refunds": {"supportLimit": {"RUB": 500000}, "approvalAbove": {"RUB": 5000000, "KZT": 0}}
		}, {"code": "quiet"}`))
		c, err := in.serve()
		require.NoError(t, err)
		require.Equal(t, []config.Merchant{
			{
				Code: "shop",
				Routes: []providers.Route{
					{
						Currencies: []pay.Currency{pay.KZT, pay.USD}, Products: []string{"page"},
						Kinds: []pay.ProductKind{pay.ProductDirect, pay.ProductSubscription, pay.ProductGift, pay.ProductTopUp},
						Min:   map[pay.Currency]int64{pay.KZT: 0, pay.USD: 100}, Max: map[pay.Currency]int64{pay.KZT: pay.MaxAmount},
						Accounts: []string{"main"}, Fixed: true,
					},
					{Accounts: []string{"main"}},
				},
				Refunds: config.Refunds{
					SupportLimit:  map[pay.Currency]int64{pay.RUB: 500000},
					ApprovalAbove: map[pay.Currency]int64{pay.RUB: 5000000, pay.KZT: 0},
				},
			},
			{Code: "quiet"},
		}, c.Merchants)
		require.ErrorContains(t, c.CheckMerchants(map[string]bool{"shop": false, "other": false}), "merchant quiet: there is no such merchant")
	})

	tests := []struct{ fact, merchants, want string }{
		{"CodeThatIsNoSlug", `{"code": "Shop"}`, ":4:24: code: want 1 to 63 lower-case letters"},
		{"MerchantTwice", `{"code": "shop"}, {"code": "shop"}`, ":4:33: merchants: another one has the same name"},
		{"UnknownMember", `{"code": "shop", "rules": []}`, `:4:32: "rules": there is no such member in this merchant`},
		{"UnknownMemberOfARoute", `{"code": "shop", "routes": [{"currency": "RUB", "accounts": ["main"]}]}`, `:4:44: "currency": there is no such member in this route`},
		{"NoAccounts", `{"code": "shop", "routes": [{"currencies": ["RUB"]}]}`, ":4:43: accounts: it is missing in this route"},
		{"EmptyAccounts", `{"code": "shop", "routes": [{"accounts": []}]}`, ":4:56: accounts: it is empty, and no purchase could meet it"},
		{"EmptyCurrencies", `{"code": "shop", "routes": [{"currencies": [], "accounts": ["main"]}]}`, ":4:58: currencies: it is empty, and no purchase could meet it"},
		{"EmptyProduct", `{"code": "shop", "routes": [{"products": [""], "accounts": ["main"]}]}`, ":4:56: products: a product's code is not empty"},
		{"UnknownAccount", `{"code": "shop", "routes": [{"accounts": ["main", "mine"]}]}`, ":4:65: accounts: it is none of the merchant's accounts in this file"},
		{"AccountOfAnother", `{"code": "shop", "routes": [{"accounts": ["foreign"]}]}`, ":4:57: accounts: it is none of the merchant's accounts in this file"},
		{"AccountTwice", `{"code": "shop", "routes": [{"accounts": ["main", "main"]}]}`, ":4:65: accounts: it is there twice"},
		{"AccountOfNoText", `{"code": "shop", "routes": [{"accounts": [1, "main"]}]}`, ":4:57: accounts: want text, not number"},
		{"OddCurrency", `{"code": "shop", "routes": [{"currencies": ["RUR"], "accounts": ["main"]}]}`, `:4:58: currencies: "RUR" is not an ISO 4217 currency code`},
		{"OddKind", `{"code": "shop", "routes": [{"kinds": ["BILL"], "accounts": ["main"]}]}`, ":4:53: kinds: a kind of product is DIRECT, SUBSCRIPTION, GIFT or TOP_UP"},
		{"AmountOfNoCurrency", `{"code": "shop", "routes": [{"minAmount": {"rub": 1}, "accounts": ["main"]}]}`, `:4:58: minAmount: "rub" is not an ISO 4217 currency code`},
		{"AmountInMajorUnits", `{"code": "shop", "routes": [{"minAmount": {"RUB": 1.50}, "accounts": ["main"]}]}`, ":4:65: RUB: want a whole number from 0 to 9007199254740991"},
		{"AmountTwice", `{"code": "shop", "routes": [{"minAmount": {"RUB": 1, "RUB": 2}, "accounts": ["main"]}]}`, ":4:68: RUB: it is there twice"},
		{"LeastAboveMost", `{"code": "shop", "routes": [{"minAmount": {"RUB": 2}, "maxAmount": {"RUB": 1}, "accounts": ["main"]}]}`, ":4:82: maxAmount: in RUB it is less than minAmount"},
		{"FixedAsText", `{"code": "shop", "routes": [{"accounts": ["main"], "fixed": "yes"}]}`, ":4:75: fixed: want true or false, not text"},
		{"LimitBelowNothing", `{"code": "shop", "refunds": {"supportLimit": {"RUB": -1}}}`, ":4:68: RUB: want a whole number from 0 to"},
		{"LimitAsText", `{"code": "shop", "refunds": {"approvalAbove": {"RUB": "` + canary + `"}}}`, ":4:69: RUB: want number, not text"},
		{"UnknownLimit", `{"code": "shop", "refunds": {"supportLimits": {}}}`, `:4:44: "supportLimits": there is no such member in this refunds`},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			in := setup(t)
			path := in.write(t, "accounts.json", fmt.Sprintf(file, tt.merchants))
			_, err := in.serve()
			require.ErrorContains(t, err, path+tt.want)
			require.NotContains(t, err.Error(), canary)
		})
	}
}
