package payelata

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// A million amounts are written and read exactly, in every width of currency, as
// a number and as a string, and as the float64 that a server of theirs may make
// of them.
func TestAmount_AMillionBothWays(t *testing.T) {
	t.Parallel()

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	currencies := []pay.Currency{pay.USD, pay.EUR, "UAH", "KWD", "JPY"}
	for n := range 1_000_000 {
		want := pay.Of(random.Int64N(pay.MaxAmount)>>random.IntN(50), currencies[n%len(currencies)])
		written := amountText(want)
		if got, ok := parseAmount(written, want.Currency); !ok || got != want {
			t.Fatalf("%s: %q reads as %v, %t", want, written, got, ok)
		}
		if n%16 != 0 {
			continue
		}
		f, err := strconv.ParseFloat(written, 64)
		require.NoError(t, err)
		small := want.Amount < 1<<46 // 17 digits of a greater one are not exact to the last unit
		for _, format := range []string{strconv.FormatFloat(f, 'g', 17, 64), strconv.FormatFloat(f, 'e', 17, 64), strconv.FormatFloat(f, 'g', -1, 64)} {
			if got, ok := parseAmount(format, want.Currency); small && (!ok || got != want) {
				t.Fatalf("%s: the float %q reads as %v, %t", want, format, got, ok)
			}
		}
	}
}

func TestAmountText(t *testing.T) {
	t.Parallel()

	tests := map[string]pay.Money{
		"1": pay.Of(100, pay.USD), "0.1": pay.Of(10, pay.USD), "100.55": pay.Of(10055, pay.USD), "0.01": pay.Of(1, pay.USD), "100": pay.Of(10000, pay.USD),
		"1200": pay.Of(1200, "JPY"), "0.001": pay.Of(1, "KWD"), "1.25": pay.Of(1250, "KWD"), "90071992547409.91": pay.Of(pay.MaxAmount, pay.USD),
	}
	for want, amount := range tests {
		require.Equal(t, want, amountText(amount))
		encoded, err := json.Marshal(json.Number(amountText(amount)))
		require.NoError(t, err)
		require.Equal(t, want, string(encoded), "a number, not a string")
	}
}

func TestParseAmount(t *testing.T) {
	t.Parallel()

	good := []struct {
		text     string
		currency pay.Currency
		minor    int64
	}{
		{"1", pay.USD, 100},
		{"0.1", pay.USD, 10},
		{"100.55", pay.USD, 10055},
		{"1e2", pay.USD, 10000},
		{"1E+2", pay.USD, 10000},
		{"10055e-2", pay.USD, 10055},
		{"10.1", pay.USD, 1010},
		{"10.10", pay.USD, 1010},
		{"10.100000", pay.USD, 1010},
		{"0", pay.USD, 0},
		{"0.00", pay.USD, 0},
		{"10.0999999999999996", pay.USD, 1010},
		{"10.100000000000001", pay.USD, 1010},
		{"0.30000000000000004", pay.USD, 30},
		{"0.29999999999999999", pay.USD, 30},
		{"100", "JPY", 100},
		{"100.0", "JPY", 100},
		{"1.234", "KWD", 1234},
		{"00100", pay.USD, 10000},
		{"90071992547409.91", pay.USD, pay.MaxAmount},
	}
	for _, tt := range good {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, ok := parseAmount(tt.text, tt.currency)
			require.True(t, ok)
			require.Equal(t, pay.Of(tt.minor, tt.currency), got)
		})
	}

	bad := []struct {
		text     string
		currency pay.Currency
	}{
		{"", pay.USD},
		{"-1", pay.USD},
		{"+1", pay.USD},
		{"1.", pay.USD},
		{".1", pay.USD},
		{"1,5", pay.USD},
		{" 1", pay.USD},
		{"0x10", pay.USD},
		{"1e", pay.USD},
		{"NaN", pay.USD},
		{"Infinity", pay.USD},
		{"true", pay.USD},
		{"1_000", pay.USD},
		{"١", pay.USD},
		{"0.001", pay.USD},
		{"10.055", pay.USD},
		{"10.0999", pay.USD},
		{"10.09999999", pay.USD},
		{"1.5", "JPY"},
		{"1.2345", "KWD"},
		{"0.00000000000000001", pay.USD},
		{"1e999999999", pay.USD},
		{"1e-999999999", pay.USD},
		{"1e20", pay.USD},
		{"90071992547409.92", pay.USD},
		{"1" + "0000000000000000000000000000000000000000", pay.USD},
	}
	for _, tt := range bad {
		t.Run("NotAnAmount "+tt.text, func(t *testing.T) {
			t.Parallel()
			_, ok := parseAmount(tt.text, tt.currency)
			require.False(t, ok)
		})
	}
}
