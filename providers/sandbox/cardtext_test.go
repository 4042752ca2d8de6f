package sandbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/sandbox"
)

func TestCardText(t *testing.T) {
	t.Parallel()
	require.Equal(t, "4111 1111 1111 1111", sandbox.InFours("4111111111111111"))
	require.Equal(t, "6390 0200 0000 0000 010", sandbox.InFours("6390020000000000010"))
	require.Empty(t, sandbox.InFours(""))

	require.Equal(t, "•••• 1112", sandbox.CardEnd("411111xxxxxx1112"))
	require.Equal(t, "•••• 12", sandbox.CardEnd("12"))
	require.Empty(t, sandbox.CardEnd(""))

	require.Equal(t, "1,234,567", sandbox.InThousands("1234567", ","))
	require.Equal(t, "124\u00a0800", sandbox.InThousands("124800", "\u00a0"))
	require.Equal(t, "999", sandbox.InThousands("999", ","))
}

func TestMonthYear(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"12/28": "12/28", "9/28": "09/28", "0928": "09/28", "928": "09/28", "09 / 28": "09/28", " 12/2028 ": "12/28", "12 2028": "12/28", "13/28": "13/28",
		"": "", "soon": "", "12/8": "", "12-28": "", "12/28/1": "",
	}
	for typed, want := range tests {
		require.Equal(t, want, sandbox.MonthYear(typed), typed)
	}
}

func TestIsCardAhead(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC)
	for typed, want := range map[string]bool{
		"12/26": true, "1/27": true, "12/2075": true, "11/26": false, "12/25": false, "00/30": false, "13/30": false, "": false, "soon": false,
	} {
		require.Equal(t, want, sandbox.IsCardAhead(typed, now), typed)
	}
	require.False(t, sandbox.IsCardAhead("12/26", now.Add(time.Second)), "the month is over")
}
