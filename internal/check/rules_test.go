package check

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

// The moves are written twice, here and in pay, and must be the same.
func TestLegalMoves(t *testing.T) {
	t.Parallel()
	for _, from := range pay.BillStatuses() {
		for _, to := range pay.BillStatuses() {
			require.Equal(t, from.CanBecome(to), slices.Contains(legalMoves()[string(from)], string(to)), "%s to %s", from, to)
		}
	}
	require.Equal(t, []string{string(pay.BillPending)}, legalMoves()[""])
	for from, tos := range movesWithCase() {
		require.Subset(t, legalMoves()[from], tos)
	}
}

// So are those of subscriptions and of card registrations.
func TestObjectMoves(t *testing.T) {
	t.Parallel()
	for _, from := range pay.SubscriptionStatuses() {
		for _, to := range pay.SubscriptionStatuses() {
			require.Equal(t, from.CanBecome(to), slices.Contains(subscriptionMoves()[string(from)], string(to)), "%s to %s", from, to)
		}
	}
	for _, from := range pay.CardRegistrationStatuses() {
		for _, to := range pay.CardRegistrationStatuses() {
			require.Equal(t, from.CanBecome(to), slices.Contains(registrationMoves()[string(from)], string(to)), "%s to %s", from, to)
		}
	}
}

// So are the ways in which a case may end.
func TestLegalEndings(t *testing.T) {
	t.Parallel()
	require.Len(t, legalEndings(), len(pay.ReviewReasons()))
	for _, reason := range pay.ReviewReasons() {
		for _, resolution := range pay.ReviewResolutions() {
			require.Equal(t, slices.Contains(reason.AllowedResolutions(), resolution),
				slices.Contains(legalEndings()[string(reason)], string(resolution)), "%s by %s", reason, resolution)
		}
	}
}

// walk draws the entries of an account that was never overdrawn.
func walk(t *rapid.T) []entry {
	balances := rapid.SliceOfN(rapid.Int64Range(0, 20), 1, 30).Draw(t, "balances")
	var entries []entry
	var before int64
	for _, after := range balances {
		if after != before {
			entries = append(entries, entry{amount: after - before, after: after})
			before = after
		}
	}
	return entries
}

func TestTrail(t *testing.T) {
	t.Parallel()
	t.Run("AnyOrderOfAWalkIsRight", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			entries := walk(t)
			random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			random.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
			_, wrong := trail(entries)
			require.Empty(t, wrong)
		})
	})
	t.Run("OneWrongBalanceIsSeen", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			entries := append([]entry{{amount: 21, after: 21}, {amount: -21, after: 0}}, walk(t)...)
			at := rapid.IntRange(0, len(entries)-1).Draw(t, "at")
			entries[at].after += rapid.Int64Range(1, 100).Draw(t, "by")
			_, wrong := trail(entries)
			require.NotEmpty(t, wrong)
		})
	})

	tests := []struct {
		name    string
		entries []entry
		want    string
	}{
		{name: "Nothing"},
		{name: "BackToZero", entries: []entry{{amount: 5, after: 5}, {amount: -5, after: 0}}},
		{name: "BeginsElsewhere", entries: []entry{{amount: 5, after: 8}}, want: "go on from a balance of 3 minor units more often"},
		{name: "Overdrawn", entries: []entry{{amount: 5, after: 5}, {amount: -6, after: -1}, {amount: 6, after: 5}}, want: "below zero"},
		{name: "LostUpdate", entries: []entry{{amount: 9, after: 9}, {amount: -1, after: 8}, {amount: -1, after: 8}}, want: "more often"},
		{name: "RingApart", entries: []entry{{amount: 5, after: 5}, {amount: 1, after: 8}, {amount: -1, after: 7}}, want: "no entries lead from 0 to a balance of 7 minor units"},
		{name: "OnlyARingApart", entries: []entry{{amount: 1, after: 8}, {amount: -1, after: 7}}, want: "no entries lead from 0 to a balance of 7 minor units"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, wrong := trail(tt.entries)
			require.Contains(t, wrong, tt.want)
			require.Equal(t, tt.want == "", wrong == "")
		})
	}
}
