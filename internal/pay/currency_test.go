package pay_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestCurrency_Exponent(t *testing.T) {
	t.Parallel()

	tests := []struct {
		exponent int
		codes    string
	}{
		{2, "RUB KZT USD EUR GBP UAH GEL AMD BYN UZS KGS HUF MRU MGA"},
		{0, "XTR JPY KRW CLP ISK VND XAF XOF PYG UGX"},
		{3, "KWD BHD OMR JOD TND IQD LYD"},
	}
	for _, tt := range tests {
		for _, code := range strings.Fields(tt.codes) {
			t.Run(code, func(t *testing.T) {
				currency, err := pay.ParseCurrency(code)
				require.NoError(t, err)
				require.Equal(t, pay.Currency(code), currency)
				require.Equal(t, tt.exponent, currency.Exponent())
				require.Equal(t, tt.exponent, pay.Of(1, currency).Exponent())
			})
		}
	}
}

func TestParseCurrency_Refused(t *testing.T) {
	t.Parallel()

	for _, code := range []string{
		"", "rub", "Rub", "RU", "RUBL", " RUB", "RUB ", "RUB\n", "R B", "УСД", "810", "RUR", "SUR", "XXX", "XTS", "ABC",
		"AED AFN", " AED ", strings.Repeat("RUB", 1000),
	} {
		t.Run("", func(t *testing.T) {
			_, err := pay.ParseCurrency(code)
			require.ErrorContains(t, err, "is not an ISO 4217 currency code")
			require.Less(t, len(err.Error()), 120, "a long code is cut")
		})
	}
}

func TestCurrency_Symbol(t *testing.T) {
	t.Parallel()

	require.Equal(t, "₽", pay.RUB.Symbol())
	require.Equal(t, "₸", pay.KZT.Symbol())
	require.Equal(t, "⭐", pay.XTR.Symbol())
	require.Empty(t, pay.Currency("CHF").Symbol(), "the code is clearer")
}
