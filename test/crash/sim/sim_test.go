// The race detector has one thread to look at here, and takes a minute for it.
//
//go:build !race

package sim

import (
	"bytes"
	"context"
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store"
)

// Few seeds and one day each: the race detector makes SQLite, which is Go here,
// slow. `go run ./test/crash sim` plays many.
func TestRun(t *testing.T) {
	t.Parallel()

	play := func(t *testing.T, seed uint64) (Report, string) {
		t.Helper()
		var trace bytes.Buffer
		report, err := Run(t.Context(), Options{First: seed, Days: 1, Trace: &trace})
		require.NoError(t, err)
		return report, trace.String()
	}
	first, trace := play(t, 7)

	t.Run("KeepsEveryPromise", func(t *testing.T) {
		t.Parallel()

		require.Empty(t, first.Failed)
		require.Positive(t, first.Payments)
		require.Positive(t, first.Faults)
		require.Positive(t, first.Notifications)
	})

	t.Run("SameSeedSameTrace", func(t *testing.T) {
		t.Parallel()

		again, sameTrace := play(t, 7)

		require.Equal(t, strings.Split(trace, "\n"), strings.Split(sameTrace, "\n"))
		require.Equal(t, first, again)
	})

	t.Run("CommandPrintsTheTraceAndAnotherHashOfAnotherSeed", func(t *testing.T) {
		t.Parallel()

		var out, errs bytes.Buffer
		require.NoError(t, Main(t.Context(), []string{"--seed", "8", "--days", "1", "--trace"}, &out, &errs))

		require.Contains(t, out.String(), "end of bill bill1:")
		require.Contains(t, out.String(), "1 seeds, ")
		require.Contains(t, out.String(), "\nhash ")
		require.NotContains(t, out.String(), first.Hash)
	})
}

// A simulation that cannot fail proves nothing: all of these are done to the
// database on the way, and each must be found at the end.
func TestRun_Tampered(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name, statement, want string
	}{
		{
			name:      "LedgerEntryDeleted",
			statement: `DELETE FROM ledger_entries WHERE id = (SELECT MIN(id) FROM ledger_entries)`,
			want:      "postings.balanced",
		},
		{
			name:      "PaidSumChanged",
			statement: `UPDATE bills SET paid_minor = paid_minor + 1 WHERE id = (SELECT MIN(id) FROM bills WHERE status = 'DONE')`,
			want:      "bills.paid",
		},
		{
			name:      "PaidBillFlipped",
			statement: `UPDATE bills SET status = 'CANCELED' WHERE id = (SELECT MAX(id) FROM bills WHERE status = 'DONE')`,
			want:      "was told",
		},
		{
			name:      "EntitlementDeleted",
			statement: `DELETE FROM entitlements WHERE id = (SELECT MIN(id) FROM entitlements)`,
			want:      "entitlements.complete",
		},
	}
	statements := make([]string, len(tests))
	for at, tt := range tests {
		statements[at] = tt.statement
	}
	report, err := Run(t.Context(), Options{First: 14, Days: 1, meddle: meddle(statements...)})
	require.NoError(t, err)
	require.Len(t, report.Failed, 1)
	require.NotEmpty(t, report.Failed[0].Tail)
	breaches := strings.Join(report.Failed[0].Breaches, "\n")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, breaches, tt.want)
		})
	}
}

// meddle is a hand in the database.
func meddle(queries ...string) func(context.Context, *store.Store) error {
	return func(ctx context.Context, s *store.Store) error {
		return s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			for _, query := range queries {
				if _, err := tx.Raw(ctx, query); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()

	misused := []struct {
		name string
		args []string
		says string
	}{
		{name: "NoDays", args: []string{"--days", "0"}, says: "--days is"},
		{name: "NoSeeds", args: []string{"--seeds", "0"}, says: "--seeds is"},
		{name: "NoStride", args: []string{"--stride", "0"}, says: "--stride is"},
		{name: "ProcessesBelowZero", args: []string{"--processes", "-1"}, says: "--processes is"},
		{name: "OneWordMore", args: []string{"fast"}, says: "no argument fast"},
		{name: "UnknownFlag", args: []string{"--gently"}, says: "gently"},
	}
	for _, tt := range misused {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			require.ErrorIs(t, Main(t.Context(), tt.args, &out, &errs), ErrMisused)
			require.Contains(t, errs.String(), tt.says)
		})
	}

	t.Run("HelpTellsHowToRepeatASeed", func(t *testing.T) {
		t.Parallel()
		var out, errs bytes.Buffer
		require.ErrorIs(t, Main(t.Context(), []string{"--help"}, &out, &errs), flag.ErrHelp)
		require.Contains(t, errs.String(), "the command that plays it again")
		require.Contains(t, errs.String(), "-tags crashpoints")
	})

	seeds := []struct {
		name string
		args []string
		want require.ValueAssertionFunc
	}{
		{name: "SeedIsDrawn", want: require.NotZero},
		{name: "Seed0IsDrawn", args: []string{"--seed", "0"}, want: require.NotZero},
		{name: "OneOfManyProcessesTakesSeed0", args: []string{"--seed", "0", "--json"}, want: require.Zero},
	}
	for _, tt := range seeds {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var errs bytes.Buffer
			c, err := parse(tt.args, &errs)
			require.NoError(t, err)
			tt.want(t, c.First)
		})
	}
}
