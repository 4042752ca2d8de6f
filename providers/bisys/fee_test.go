package bisys

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestFee_Of(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name         string
		fee          Fee
		amount, want int64
	}{
		{"None", Fee{}, 450, 0},
		{"Fixed", Fee{FixedMinor: 13300}, 450, 13300},
		{"Rate", Fee{RateBasisPoints: 150}, 10000, 150},
		{"PartCountsAsWhole", Fee{RateBasisPoints: 150}, 10001, 151},
		{"LeastAmount", Fee{RateBasisPoints: 1}, 1, 1},
		{"Both", Fee{FixedMinor: 10, RateBasisPoints: 200}, 100, 12},
		{"LargestAmount", Fee{RateBasisPoints: 10_000}, pay.MaxAmount, pay.MaxAmount},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.fee.of(tt.amount))
		})
	}
	t.Run("ExactForEveryAmount", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			fee, amount := anyFee(t), rapid.Int64Range(0, pay.MaxAmount).Draw(t, "amount")
			product := new(big.Int).Mul(big.NewInt(amount), big.NewInt(fee.RateBasisPoints))
			product.Add(product, big.NewInt(9999)).Div(product, big.NewInt(10000)).Add(product, big.NewInt(fee.FixedMinor))
			require.Equal(t, product.Int64(), fee.of(amount))
		})
	})
}

func TestFee_Within(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name        string
		fee         Fee
		total, want int64
	}{
		{"None", Fee{}, 450, 0},
		{"Fixed", Fee{FixedMinor: 13300}, 13750, 13300},
		{"Rate", Fee{RateBasisPoints: 100}, 101, 1},
		{"TotalThatNoAmountMakes", Fee{RateBasisPoints: 100}, 102, 102}, // 100 makes 101, 101 makes 103
		{"LessThanTheCommission", Fee{FixedMinor: 13300}, 13299, 13299},
		{"CommissionAlone", Fee{FixedMinor: 13300}, 13300, 13300},
		{"Nothing", Fee{FixedMinor: 13300}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.fee.within(tt.total))
		})
	}
	t.Run("AgreesWithTheAmountThatWasAskedAndNoOther", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			fee := anyFee(t)
			asked := rapid.Int64Range(1, 1<<40).Draw(t, "asked")
			total := asked + fee.of(asked) + rapid.Int64Range(-3, 3).Draw(t, "off")
			right := total == asked+fee.of(asked)
			// The core compares what was taken with the amount and this fee.
			require.Equal(t, right, asked+fee.within(total) == total)
		})
	})
}

func anyFee(t *rapid.T) Fee {
	return Fee{FixedMinor: rapid.Int64Range(0, 1<<30).Draw(t, "fixed"), RateBasisPoints: rapid.Int64Range(0, 10_000).Draw(t, "rate")}
}
