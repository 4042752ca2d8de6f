package catalogue_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// requireBlamed wants no error when key is empty, else a typed one of that key
// that blames the field at path.
func requireBlamed(t *testing.T, err error, key, path string) {
	t.Helper()
	if key == "" {
		require.NoError(t, err)
		return
	}
	var typed *pay.Error
	require.ErrorAs(t, err, &typed)
	require.Equal(t, key, typed.Key)
	require.Equal(t, path, strings.Join(typed.Path, "."))
}

func TestService_UpsertInvalid(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	direct := func(change func(*catalogue.Upsert)) catalogue.Upsert {
		in := page(rub(100))
		in.Key = "k"
		change(&in)
		return in
	}
	subscription := func(prices ...catalogue.NewPrice) catalogue.Upsert {
		return catalogue.Upsert{Key: "k", Code: "c", Kind: pay.ProductSubscription, Title: "t", Prices: prices}
	}
	gift := func(grants catalogue.Grants) catalogue.Upsert {
		return catalogue.Upsert{Key: "k", Code: "c", Kind: pay.ProductGift, Title: "t", Prices: []catalogue.NewPrice{rub(1)}, Grants: grants}
	}
	withTrial := every(100, "P1M")
	withTrial.Trial = &pay.Period{}
	month := every(100, "P1M").Interval

	tests := []struct {
		name string
		in   catalogue.Upsert
		key  string
		path string
	}{
		{"NoKey", direct(func(in *catalogue.Upsert) { in.Key = "" }), "idempotency_key.empty", "idempotencyKey"},
		{"NoCode", direct(func(in *catalogue.Upsert) { in.Code = "" }), "product.code", "code"},
		{"BlankBeforeCode", direct(func(in *catalogue.Upsert) { in.Code = " c" }), "product.code", "code"},
		{"NulInCode", direct(func(in *catalogue.Upsert) { in.Code = "a\x00" }), "product.code", "code"},
		{"UnknownKind", direct(func(in *catalogue.Upsert) { in.Kind = "BOX" }), "product.kind", "kind"},
		{"NoTitle", direct(func(in *catalogue.Upsert) { in.Title = "" }), "product.title", "title"},
		{"LongTitle", direct(func(in *catalogue.Upsert) { in.Title = strings.Repeat("я", 201) }), "product.title", "title"},
		{"NulInDescription", direct(func(in *catalogue.Upsert) { in.Description = new("\x00") }), "product.description", "description"},
		{"NoPrices", direct(func(in *catalogue.Upsert) { in.Prices = nil }), "product.prices", "prices"},
		{"ZeroAmount", direct(func(in *catalogue.Upsert) { in.Prices[0].Amount.Amount = 0 }), "amount.out_of_range", "prices.0.amount.amount"},
		{"NegativeAmount", direct(func(in *catalogue.Upsert) { in.Prices[0].Amount.Amount = -1 }), "amount.out_of_range", "prices.0.amount.amount"},
		{"AmountAboveAll", direct(func(in *catalogue.Upsert) { in.Prices[0].Amount.Amount = pay.MaxAmount + 1 }), "amount.out_of_range", "prices.0.amount.amount"},
		{"UnknownCurrency", direct(func(in *catalogue.Upsert) { in.Prices[0].Amount.Currency = "rub" }), "currency.unknown", "prices.0.amount.currency"},
		{"TwoPricesInACurrency", direct(func(in *catalogue.Upsert) { in.Prices = append(in.Prices, rub(200)) }), "price.duplicate", "prices.1"},
		{"IntervalOfADirect", direct(func(in *catalogue.Upsert) { in.Prices[0].Interval = month }), "price.interval_not_allowed", "prices.0.interval"},
		{"TrialOfADirect", direct(func(in *catalogue.Upsert) { in.Prices[0].Trial = month }), "price.trial_not_allowed", "prices.0.trial"},
		{"NoInterval", subscription(rub(1)), "price.interval_missing", "prices.0.interval"},
		{"ZeroInterval", subscription(catalogue.NewPrice{Amount: pay.Of(1, pay.RUB), Interval: &pay.Period{}}), "price.interval_zero", "prices.0.interval"},
		{"IntervalOfAges", subscription(catalogue.NewPrice{Amount: pay.Of(1, pay.RUB), Interval: &pay.Period{Months: 1201}}), "price.interval_long", "prices.0.interval"},
		{"IntervalOfAMinute", subscription(catalogue.NewPrice{Amount: pay.Of(1, pay.RUB), Interval: &pay.Period{Clock: time.Minute}}), "price.interval_short", "prices.0.interval"},
		{"TrialOfAges", subscription(catalogue.NewPrice{Amount: pay.Of(1, pay.RUB), Interval: month, Trial: &pay.Period{Days: 36526}}), "price.trial_long", "prices.0.trial"},
		{"DurationOfAges", direct(func(in *catalogue.Upsert) { in.Grants.Duration = &pay.Period{Months: 1201} }), "grants.duration_long", "grants.duration"},
		{"ZeroTrial", subscription(withTrial), "price.trial_zero", "prices.0.trial"},
		{"SameInterval", subscription(every(1, "P12M"), every(2, "P1Y")), "price.duplicate", "prices.1"},
		{"MalformedGlob", direct(func(in *catalogue.Upsert) { in.Grants.Pages = new("[") }), "grants.pages", "grants.pages"},
		{"EmptyGlob", direct(func(in *catalogue.Upsert) { in.Grants.Pages = new("") }), "grants.pages", "grants.pages"},
		{"ZeroDuration", direct(func(in *catalogue.Upsert) { in.Grants.Duration = &pay.Period{} }), "grants.duration_zero", "grants.duration"},
		{"ResourceTwice", direct(func(in *catalogue.Upsert) { in.Grants.Resources = []string{"a", "a"} }), "grants.resource_twice", "grants.resources.1"},
		{"EmptyResource", direct(func(in *catalogue.Upsert) { in.Grants.Resources = []string{"a", ""} }), "grants.resource", "grants.resources.1"},
		{"RefundPolicy", direct(func(in *catalogue.Upsert) { in.Grants.RefundPolicy = "MAYBE" }), "grants.refund_policy", "grants.refundPolicy"},
		{"GiftOfADirect", direct(func(in *catalogue.Upsert) { in.Grants.GiftOf = new("x") }), "grants.gift_of_not_allowed", "grants.giftOf"},
		{"GiftOfNothing", gift(catalogue.Grants{}), "grants.gift_of_missing", "grants.giftOf"},
		{"PagesOfAGift", gift(catalogue.Grants{Pages: new("*")}), "grants.pages_not_allowed", "grants.pages"},
		{"DurationOfAGift", gift(catalogue.Grants{Duration: month}), "grants.duration_not_allowed", "grants.duration"},
		{"ResourcesOfAGift", gift(catalogue.Grants{Resources: []string{"a"}}), "grants.resources_not_allowed", "grants.resources"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := b.service.Upsert(b.ctx, b.server, tt.in)
			requireBlamed(t, err, tt.key, tt.path)
		})
	}
}
