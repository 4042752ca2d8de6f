package pay_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestTransfer_Validate(t *testing.T) {
	t.Parallel()

	leg := func(amount int64, currency pay.Currency) pay.Leg {
		return pay.Leg{Kind: pay.AccountSales, Amount: pay.Of(amount, currency)}
	}
	tests := []struct {
		name string
		key  string
		legs []pay.Leg
		want string // of the error; "" for none
	}{
		{"TwoLegs", "k", []pay.Leg{leg(5, pay.RUB), leg(-5, pay.RUB)}, ""},
		{"ThreeLegs", "k", []pay.Leg{leg(5, pay.RUB), leg(-3, pay.RUB), leg(-2, pay.RUB)}, ""},
		{"TwoCurrenciesEachInBalance", "k", []pay.Leg{leg(5, pay.RUB), leg(-5, pay.RUB), leg(7, pay.KZT), leg(-7, pay.KZT)}, ""},
		{"NoKey", "", []pay.Leg{leg(5, pay.RUB), leg(-5, pay.RUB)}, "needs a key"},
		{"NoLegs", "k", nil, "two legs, it has 0"},
		{"OneLeg", "k", []pay.Leg{leg(5, pay.RUB)}, "two legs, it has 1"},
		{"ALegOfNothing", "k", []pay.Leg{leg(5, pay.RUB), leg(-5, pay.RUB), leg(0, pay.RUB)}, "leg 2 moves nothing"},
		{"OutOfBalance", "k", []pay.Leg{leg(5, pay.RUB), leg(-4, pay.RUB)}, "RUB does not balance: 1 over"},
		{"OneCurrencyOutOfBalance", "k", []pay.Leg{leg(5, pay.RUB), leg(-5, pay.RUB), leg(7, pay.KZT), leg(-8, pay.KZT)}, "KZT does not balance: -1 over"},
		{"CurrenciesDoNotPayForEachOther", "k", []pay.Leg{leg(5, pay.RUB), leg(-5, pay.KZT)}, "does not balance"},
		{"SumOutOfRange", "k", []pay.Leg{leg(pay.MaxAmount, pay.RUB), leg(1, pay.RUB), leg(-pay.MaxAmount, pay.RUB), leg(-1, pay.RUB)}, "leg 1: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := pay.Transfer{Key: tt.key, Entry: pay.EntryPurchase, Legs: tt.legs}.Validate()
			require.Equal(t, tt.want == "", err == nil, "%v", err)
			if err != nil {
				require.ErrorContains(t, err, tt.want)
			}
		})
	}
}
