package scalar_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/graph/scalar"
	"github.com/paygraph/paygraph/internal/pay"
)

func TestUnmarshalMinorUnits(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		sent any
		want int64
	}{
		{"number", json.Number("12480"), 12480},
		{"zero", json.Number("0"), 0},
		{"negative", json.Number("-5"), -5},
		{"largest", json.Number("9007199254740991"), pay.MaxAmount},
		{"smallest", json.Number("-9007199254740991"), -pay.MaxAmount},
		{"literal", int64(12480), 12480},
		{"int", 12480, 12480},
		{"largest literal", int64(pay.MaxAmount), pay.MaxAmount},
		{"whole float", float64(12480), 12480},
		{"largest float", float64(pay.MaxAmount), pay.MaxAmount},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			amount, err := scalar.UnmarshalMinorUnits(tt.sent)
			require.NoError(t, err)
			require.Equal(t, tt.want, amount)
		})
	}
}

func TestUnmarshalMinorUnits_Refuses(t *testing.T) {
	t.Parallel()

	refused := []any{
		nil, true, "12480", "",
		[]any{int64(1)},
		map[string]any{},
		uint8(1),
		json.Number("9007199254740992"), json.Number("-9007199254740992"),
		json.Number("9223372036854775808"), json.Number("99999999999999999999999999"),
		json.Number("1.5"), json.Number("100.0"), json.Number("1e3"), json.Number("+1"), json.Number(""), json.Number("0x10"), json.Number("1_000"),
		int64(pay.MaxAmount + 1), int64(math.MinInt64), int64(math.MaxInt64),
		1.5, 0.1, math.NaN(), math.Inf(1), math.Inf(-1), 9007199254740992.0, 1e300,
	}
	for _, sent := range refused {
		_, err := scalar.UnmarshalMinorUnits(sent)
		requireInvalid(t, err, sent)
	}
}

func TestMarshalMinorUnits(t *testing.T) {
	t.Parallel()

	require.Equal(t, "0", written(scalar.MarshalMinorUnits(0)))
	require.Equal(t, "-12480", written(scalar.MarshalMinorUnits(-12480)))
	require.Equal(t, "9007199254740991", written(scalar.MarshalMinorUnits(pay.MaxAmount)))
}

// gqlgen compares with graphql.Null by identity to find what the schema does
// not allow, so an amount that clients would round ends as an error.
func TestMarshalMinorUnits_OverflowIsNull(t *testing.T) {
	t.Parallel()

	for _, amount := range []int64{pay.MaxAmount + 1, -pay.MaxAmount - 1, math.MaxInt64, math.MinInt64} {
		require.Same(t, graphql.Null, scalar.MarshalMinorUnits(amount))
	}
}

// FuzzMinorUnits holds that a number is taken if and only if it is a whole one
// within the range, and then written back as the same number.
func FuzzMinorUnits(f *testing.F) {
	for _, seed := range []string{"0", "-0", "1", "9007199254740991", "9007199254740992", "1e3", "1.0", "-", "+1", "00", "９"} {
		f.Add(seed)
	}
	limit := big.NewInt(pay.MaxAmount)
	f.Fuzz(func(t *testing.T, s string) {
		exact, whole := new(big.Int).SetString(s, 10)
		whole = whole && s[0] != '+'
		amount, err := scalar.UnmarshalMinorUnits(json.Number(s))
		require.Equal(t, whole && exact.CmpAbs(limit) <= 0, err == nil)
		if err == nil {
			require.Equal(t, exact.String(), written(scalar.MarshalMinorUnits(amount)))
		}
	})
}

func BenchmarkMarshalMinorUnits(b *testing.B) {
	var buffer bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buffer.Reset()
		scalar.MarshalMinorUnits(123456789).MarshalGQL(&buffer)
	}
}

func BenchmarkUnmarshalMinorUnits(b *testing.B) {
	var sent any = json.Number("123456789")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scalar.UnmarshalMinorUnits(sent); err != nil {
			b.Fatal(err)
		}
	}
}
