package pay_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

// someCurrencies has each number of decimals.
func someCurrencies() []pay.Currency {
	return []pay.Currency{pay.RUB, pay.KZT, pay.USD, pay.EUR, pay.XTR, "JPY", "KRW", "KWD", "BHD"}
}

// edges are where 64 bits and 53 bits end.
func edges() []int64 {
	return []int64{
		math.MinInt64, math.MinInt64 + 1, -pay.MaxAmount - 1, -pay.MaxAmount, -1, 0,
		1, pay.MaxAmount - 1, pay.MaxAmount, pay.MaxAmount + 1, math.MaxInt64,
	}
}

func anyAmount() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.SampledFrom(edges()), rapid.Int64(), rapid.Int64Range(-pay.MaxAmount, pay.MaxAmount), rapid.Int64Range(-1000, 1000))
}

// Arithmetic is that of whole numbers without an end, or an error.
func TestMoney_Arithmetic(t *testing.T) {
	t.Parallel()

	agrees := func(t *rapid.T, exact *big.Int, got pay.Money, err error) {
		t.Helper()
		if new(big.Int).Abs(exact).Cmp(big.NewInt(pay.MaxAmount)) > 0 {
			require.ErrorIs(t, err, pay.ErrAmountRange)
			require.Equal(t, pay.Money{}, got)
			return
		}
		require.NoError(t, err)
		require.Equal(t, pay.Of(exact.Int64(), pay.RUB), got)
	}
	t.Run("Add", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			m, n := anyAmount().Draw(t, "m"), anyAmount().Draw(t, "n")
			sum, err := pay.Of(m, pay.RUB).Add(pay.Of(n, pay.RUB))
			agrees(t, new(big.Int).Add(big.NewInt(m), big.NewInt(n)), sum, err)
		})
	})
	t.Run("Sub", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			m, n := anyAmount().Draw(t, "m"), anyAmount().Filter(func(n int64) bool { return n > math.MinInt64 }).Draw(t, "n")
			difference, err := pay.Of(m, pay.RUB).Sub(pay.Of(n, pay.RUB))
			agrees(t, new(big.Int).Sub(big.NewInt(m), big.NewInt(n)), difference, err)
		})
	})
	t.Run("SubTheSmallest", func(t *testing.T) {
		t.Parallel()
		_, err := pay.Of(-1, pay.RUB).Sub(pay.Of(math.MinInt64, pay.RUB)) // fits in 64 bits, and is no amount of anything
		require.ErrorIs(t, err, pay.ErrAmountRange)
	})
	t.Run("Times", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			m, quantity := anyAmount().Draw(t, "m"), anyAmount().Draw(t, "quantity")
			product, err := pay.Of(m, pay.RUB).Times(int(quantity))
			agrees(t, new(big.Int).Mul(big.NewInt(m), big.NewInt(quantity)), product, err)
		})
	})
	t.Run("Neg", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, pay.Of(-5, pay.USD), pay.Of(5, pay.USD).Neg())
		require.True(t, pay.Of(0, pay.USD).Neg().IsZero())
		require.Equal(t, pay.Of(0, pay.USD), pay.Of(5, pay.USD).Zero())
	})
	t.Run("NothingIsConverted", func(t *testing.T) {
		t.Parallel()
		_, err := pay.Of(1, pay.RUB).Add(pay.Of(1, pay.KZT))
		require.ErrorIs(t, err, pay.ErrCurrencyMismatch)
		_, err = pay.Of(1, pay.RUB).Sub(pay.Of(1, pay.KZT))
		require.ErrorIs(t, err, pay.ErrCurrencyMismatch)
		_, err = pay.Of(1, pay.RUB).Add(pay.Of(0, pay.KZT)) // nothing of it is of another currency all the same
		require.ErrorIs(t, err, pay.ErrCurrencyMismatch)
	})
}

func TestMoney_Decimal(t *testing.T) {
	t.Parallel()

	tests := []struct {
		money pay.Money
		want  string
	}{
		{pay.Of(12480, pay.RUB), "124.80"},
		{pay.Of(100, pay.RUB), "1.00"},
		{pay.Of(99, pay.RUB), "0.99"},
		{pay.Of(5, pay.RUB), "0.05"},
		{pay.Of(0, pay.RUB), "0.00"},
		{pay.Of(-5, pay.RUB), "-0.05"},
		{pay.Of(-12480, pay.RUB), "-124.80"},
		{pay.Of(5, pay.XTR), "5"},
		{pay.Of(-5, pay.XTR), "-5"},
		{pay.Of(1500, "JPY"), "1500"},
		{pay.Of(1, "KWD"), "0.001"},
		{pay.Of(12345, "KWD"), "12.345"},
		{pay.Of(pay.MaxAmount, pay.RUB), "90071992547409.91"},
		{pay.Of(math.MinInt64, pay.RUB), "-92233720368547758.08"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			require.Equal(t, tt.want, tt.money.Decimal())
			require.Equal(t, tt.want+" "+string(tt.money.Currency), tt.money.String())
		})
	}
}

// Every amount that may be had is read as it was written, in every currency.
func TestParseDecimal_RoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		money := pay.Of(
			rapid.OneOf(rapid.SampledFrom([]int64{0, 1, pay.MaxAmount, -pay.MaxAmount}), rapid.Int64Range(-pay.MaxAmount, pay.MaxAmount), rapid.Int64Range(-2000, 2000)).Draw(t, "amount"),
			rapid.SampledFrom(someCurrencies()).Draw(t, "currency"),
		)
		read, err := pay.ParseDecimal(money.Decimal(), money.Currency)
		require.NoError(t, err)
		require.Equal(t, money, read)
	})
}

func TestParseDecimal(t *testing.T) {
	t.Parallel()

	tests := []struct {
		text     string
		currency pay.Currency
		want     int64
	}{
		{"124.8", pay.RUB, 12480},
		{"124", pay.RUB, 12400},
		{"0.5", pay.RUB, 50},
		{"-0.5", pay.RUB, -50},
		{"-0", pay.RUB, 0},
		{"007", pay.RUB, 700},
		{"90071992547409.91", pay.RUB, pay.MaxAmount},
		{"9007199254740991", pay.XTR, pay.MaxAmount},
		{"0.001", "KWD", 1},
	}
	for _, tt := range tests {
		t.Run(tt.text+string(tt.currency), func(t *testing.T) {
			money, err := pay.ParseDecimal(tt.text, tt.currency)
			require.NoError(t, err)
			require.Equal(t, pay.Of(tt.want, tt.currency), money)
		})
	}
}

func TestParseDecimal_Refused(t *testing.T) {
	t.Parallel()

	tests := []struct {
		text     string
		currency pay.Currency
	}{
		{"", pay.RUB},
		{"-", pay.RUB},
		{".", pay.RUB},
		{".5", pay.RUB},
		{"5.", pay.RUB},
		{"+5", pay.RUB},
		{"--5", pay.RUB},
		{"5-", pay.RUB},
		{" 5", pay.RUB},
		{"5 ", pay.RUB},
		{"1 000", pay.RUB},
		{"1,5", pay.RUB},
		{"1,000.00", pay.RUB},
		{"1.2.3", pay.RUB},
		{"1e2", pay.RUB},
		{"0x10", pay.RUB},
		{"1_000", pay.RUB},
		{"NaN", pay.RUB},
		{"Inf", pay.RUB},
		{"٥", pay.RUB}, // a digit, of another script
		{"5\x00", pay.RUB},
		{"1.005", pay.RUB},
		{"1.500", pay.RUB}, // zeros too: who writes three digits means another currency
		{"5.0", pay.XTR},
		{"1.0001", "KWD"},
	}
	for _, tt := range tests {
		t.Run(tt.text+string(tt.currency), func(t *testing.T) {
			_, err := pay.ParseDecimal(tt.text, tt.currency)
			require.ErrorContains(t, err, "is not an amount")
		})
	}
	for _, text := range []string{"90071992547409.92", "-90071992547409.92", "92233720368547758.08", "99999999999999999999999999"} {
		t.Run(text, func(t *testing.T) {
			_, err := pay.ParseDecimal(text, pay.RUB)
			require.ErrorIs(t, err, pay.ErrAmountRange)
		})
	}
}

// Whatever is read is written with the same value: what is added are the zeros
// that the currency has.
func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"124.80", "-0.05", "5", "007", "90071992547409.91", "90071992547409.92", "1.", ".1", "1e2"} {
		f.Add(text, "RUB")
		f.Add(text, "XTR")
		f.Add(text, "KWD")
	}
	f.Fuzz(func(t *testing.T, text, code string) {
		currency, err := pay.ParseCurrency(code)
		if err != nil {
			return
		}
		money, err := pay.ParseDecimal(text, currency)
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(text)
		require.True(t, ok, "%q is read and is no number", text)
		written, ok := new(big.Rat).SetString(money.Decimal())
		require.True(t, ok)
		require.Zero(t, exact.Cmp(written), "%q was read as %s", text, money)
		again, err := pay.ParseDecimal(money.Decimal(), currency)
		require.NoError(t, err)
		require.Equal(t, money, again)
	})
}
