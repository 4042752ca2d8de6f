package catalogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestPriceFor(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))

	single := b.put(t, page(rub(9900)))
	old := single.Edges.Prices[0].ID
	b.put(t, page(rub(12000)))
	yearly := catalogue.NewPrice{Amount: pay.Of(199, pay.EUR), Interval: every(1, "P1Y").Interval}
	subscription := b.put(t, catalogue.Upsert{
		Code: "sub", Kind: pay.ProductSubscription, Title: "Sub", Active: true,
		Prices: []catalogue.NewPrice{every(9900, "P1M"), every(99000, "P1Y"), yearly},
	})
	eur, month := subscription.Edges.Prices[0], subscription.Edges.Prices[1]

	tests := []struct {
		name     string
		product  pay.ProductID
		price    *pay.PriceID
		currency *pay.Currency
		want     pay.Money
		key      string
		path     string
	}{
		{name: "TheOnlyOneOnSale", product: single.ID, want: pay.Of(12000, pay.RUB)},
		{name: "TheOnlyOneInTheCurrency", product: subscription.ID, currency: new(pay.EUR), want: pay.Of(199, pay.EUR)},
		{name: "ByID", product: subscription.ID, price: &month.ID, want: pay.Of(9900, pay.RUB)},
		{name: "ByIDAndCurrency", product: subscription.ID, price: &eur.ID, currency: new(pay.EUR), want: pay.Of(199, pay.EUR)},
		{name: "OffSale", product: single.ID, price: &old, key: "price.inactive", path: "price"},
		{name: "OfAnotherProduct", product: single.ID, price: &month.ID, key: "price.not_found", path: "price"},
		{name: "InAnotherCurrency", product: subscription.ID, price: &eur.ID, currency: new(pay.RUB), key: "currency.other_price", path: "currency"},
		{name: "NoPriceInTheCurrency", product: single.ID, currency: new(pay.USD), key: "currency.no_price", path: "currency"},
		{name: "SeveralCurrencies", product: subscription.ID, key: "currency.ambiguous", path: "currency"},
		{name: "SeveralInTheCurrency", product: subscription.ID, currency: new(pay.RUB), key: "currency.ambiguous", path: "price"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := b.service.Cached(t.Context(), b.merchant, tt.product)
			require.NoError(t, err)
			chosen, err := catalogue.PriceFor(p, tt.price, tt.currency)
			requireBlamed(t, err, tt.key, tt.path)
			require.Equal(t, tt.want, amountOf(chosen))
		})
	}
}

func amountOf(p *ent.Price) pay.Money {
	if p == nil {
		return pay.Money{}
	}
	return p.Amount()
}

func TestGrantsPage(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))

	tests := []struct {
		name string
		glob *string
		page string
		want bool
	}{
		{name: "NoPages", page: "a", want: false},
		{name: "Any", glob: new("*"), page: "a", want: true},
		{name: "AnyWithSlashes", glob: new("*"), page: "a/b", want: true},
		{name: "NoneNamed", glob: new("*"), page: "", want: false},
		{name: "Matches", glob: new("articles/*"), page: "articles/one", want: true},
		{name: "StaysWithinAPart", glob: new("articles/*"), page: "articles/one/two", want: false},
		{name: "Other", glob: new("articles/*"), page: "books/one", want: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := page(rub(100))
			in.Grants.Pages = tt.glob
			require.Equal(t, tt.want, catalogue.GrantsPage(b.put(t, in), tt.page))
		})
	}
}
