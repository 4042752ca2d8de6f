package rig

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseReport(t *testing.T) {
	t.Parallel()
	const clean = `{"ok": true, "checked": [{"what": "bills", "n": 7}], "breaches": [], "pending": [], "skipped": []}`
	const broken = `{"ok": false, "breaches": [{"invariant": "book.matched", "objects": ["a"], "detail": "d"}, {"invariant": "book.matched"}]}`
	errExit := errors.New("exit status 1")

	t.Run("CleanIsOK", func(t *testing.T) {
		t.Parallel()
		r, err := ParseReport([]byte(clean), nil, "")
		require.NoError(t, err)
		require.True(t, r.OK)
		require.Equal(t, int64(7), r.Count("bills"))
		require.Zero(t, r.Count("wallets"))
	})

	t.Run("BreachesAreRead", func(t *testing.T) {
		t.Parallel()
		r, err := ParseReport([]byte(broken), errExit, "")
		require.NoError(t, err)
		require.False(t, r.OK)
		require.Equal(t, []Breach{{Invariant: "book.matched", Objects: []string{"a"}, Detail: "d"}, {Invariant: "book.matched"}}, r.Breaches)
	})

	tests := []struct {
		name string
		out  string
		exit error
	}{
		{name: "NoReportIsAnError", out: "", exit: errExit},
		{name: "BreachesWithExit0AreAnError", out: broken},
		{name: "CleanWithExit1IsAnError", out: clean, exit: errExit},
		{name: "OKWithBreachesIsAnError", out: `{"ok": true, "breaches": [{"invariant": "x"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseReport([]byte(tt.out), tt.exit, "why")
			require.Error(t, err)
		})
	}
}
