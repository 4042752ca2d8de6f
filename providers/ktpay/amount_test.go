package ktpay

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestAmount(t *testing.T) {
	t.Parallel()

	tests := []struct {
		minor int64
		wire  string
	}{
		{100000, "1000"},
		{100050, "1000.5"},
		{100055, "1000.55"},
		{100005, "1000.05"},
		{1050, "10.5"},
		{29, "0.29"},
		{1, "0.01"},
		{pay.MaxAmount, "90071992547409.91"},
	}
	for _, tt := range tests {
		t.Run("Case16_WrittenAndReadExactly "+tt.wire, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, json.Number(tt.wire), writeAmount(pay.Of(tt.minor, pay.KZT)))
			read, err := readAmount(json.RawMessage(tt.wire))
			require.NoError(t, err)
			require.Equal(t, pay.Of(tt.minor, pay.KZT), read)
		})
	}
	for wire, minor := range map[string]int64{"1000.0": 100000, "1000.00": 100000, "1000.500": 100050, "0.290": 29, `"1000.5"`: 100050} {
		t.Run("OtherSpellingIsRead "+wire, func(t *testing.T) {
			t.Parallel()
			read, err := readAmount(json.RawMessage(wire))
			require.NoError(t, err)
			require.Equal(t, pay.Of(minor, pay.KZT), read)
		})
	}
	for _, wire := range []string{"", "null", "true", "[]", "{}", `""`, `"x"`, "0", "0.00", "-1", "-0", "1000.555", "1000.", ".5", "1e3", "1E400000000", "NaN", "90071992547409.92", "1000.5499999999999", "0000000000000000000000000000000000001"} {
		t.Run("Refused "+wire, func(t *testing.T) {
			t.Parallel()
			_, err := readAmount(json.RawMessage(wire))
			require.EqualError(t, err, "the amount is no number of tenge")
		})
	}
	t.Run("EveryAmountComesBack", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			amount := pay.Of(rapid.Int64Range(1, pay.MaxAmount).Draw(t, "amount"), pay.KZT)
			written, err := json.Marshal(writeAmount(amount))
			require.NoError(t, err)
			read, err := readAmount(written)
			require.NoError(t, err)
			require.Equal(t, amount, read)
		})
	})
}
