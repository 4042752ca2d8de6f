package billing_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/pay"
)

// Which of several prices a buyer means who names no currency.
func TestService_CreateWithoutACurrency(t *testing.T) {
	t.Parallel()
	prices := func(b *bundle, list ...pay.Money) billing.NewBill {
		in := catalogue.Upsert{Code: "several", Kind: pay.ProductDirect, Title: "Several prices", Active: true, Grants: catalogue.Grants{Resources: []string{"archive"}}}
		for _, price := range list {
			in.Prices = append(in.Prices, catalogue.NewPrice{Amount: price})
		}
		return billing.NewBill{
			Key: uuid.NewString(), Product: new(b.product(in).ID.String()), Start: true,
			ReturnURL: new("https://shop.example/thanks"),
		}
	}
	rubles, dollars, tenge := pay.Of(10000, pay.RUB), pay.Of(500, pay.USD), pay.Of(50000, pay.KZT)

	for _, named := range []string{secondOne, "payture"} { // an account, and the vendor of several
		fact(t, "ThePriceThatTheNamedProviderTakes/"+named, func(t *testing.T, b *bundle) {
			in := prices(b, dollars, rubles, tenge)
			in.PayWith = &billing.PayWith{Provider: &named}
			require.Equal(t, rubles, b.created(b.public(), in).Total())
		})
	}
	tests := map[string]struct {
		prices []pay.Money
		with   *billing.PayWith
		key    string
	}{
		"IsAskedForWhereNobodyIsNamed":         {[]pay.Money{rubles, dollars}, nil, "currency.ambiguous"},
		"IsAskedForWhereTheProviderTakesNone":  {[]pay.Money{tenge, dollars}, &billing.PayWith{Provider: new(oneStage)}, "currency.ambiguous"},
		"IsAskedForWhereNobodyHasThatName":     {[]pay.Money{rubles, dollars}, &billing.PayWith{Provider: new("nobody")}, "currency.ambiguous"},
		"IsTheOnlyOneWhateverTheProviderTakes": {[]pay.Money{dollars}, &billing.PayWith{Provider: new(oneStage)}, "provider.amount_unsupported"},
	}
	for name, tt := range tests {
		fact(t, name, func(t *testing.T, b *bundle) {
			in := prices(b, tt.prices...)
			in.PayWith = tt.with
			outcome := create(t, b, in, b.public)
			require.Len(t, outcome.Errors, 1)
			require.Equal(t, tt.key, outcome.Errors[0].Key)
		})
	}
}
