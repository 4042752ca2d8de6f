package pay_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// docs/states.md draws the moves that the code allows, no more and no fewer.
func TestStatesDoc_DrawsTheMovesOfTheCode(t *testing.T) {
	t.Parallel()

	t.Run("Bill", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, moves(pay.BillStatuses(), pay.BillStatus.CanBecome), drawnMoves(t, "Bill"))
	})
	t.Run("Attempt", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, moves(pay.AttemptStatuses(), pay.AttemptStatus.CanBecome), drawnMoves(t, "Attempt"))
	})
	t.Run("CardRegistration", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, moves(pay.CardRegistrationStatuses(), pay.CardRegistrationStatus.CanBecome), drawnMoves(t, "Card registration"))
	})
	t.Run("Subscription", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, moves(pay.SubscriptionStatuses(), pay.SubscriptionStatus.CanBecome), drawnMoves(t, "Subscription"))
	})
	t.Run("Refund", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, moves(pay.RefundStatuses(), pay.RefundStatus.CanBecome), drawnMoves(t, "Refund"))
	})
	t.Run("Gift", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, moves(pay.GiftStatuses(), pay.GiftStatus.CanBecome), drawnMoves(t, "Gift"))
	})
}

// The tables beside the charts have a row for every status, in the order of a
// life.
func TestStatesDoc_DescribesEveryStatus(t *testing.T) {
	t.Parallel()

	require.Equal(t, words(pay.BillStatuses()), describedStatuses(t, "Bill"))
	require.Equal(t, words(pay.AttemptStatuses()), describedStatuses(t, "Attempt"))
	require.Equal(t, words(pay.OperationStatuses()), describedStatuses(t, "Operation"))
	require.Equal(t, words(pay.CardRegistrationStatuses()), describedStatuses(t, "Card registration"))
	require.Equal(t, words(pay.SubscriptionStatuses()), describedStatuses(t, "Subscription"))
	require.Equal(t, words(pay.RefundStatuses()), describedStatuses(t, "Refund"))
	require.Equal(t, words(pay.GiftStatuses()), describedStatuses(t, "Gift"))

	// A saved card has no chart: one sentence names its statuses.
	_, card, _ := strings.Cut(readChapter(t, "Card registration"), "A saved **card** is ")
	sentence, _, _ := strings.Cut(card, ".")
	require.Equal(t, words(pay.CardStatuses()), regexp.MustCompile(`[A-Z]{4,}`).FindAllString(sentence, -1))
}

// moves lists as "A --> B" every pair that may is true of, sorted.
func moves[S ~string](all []S, may func(from, to S) bool) []string {
	list := []string{}
	for _, from := range all {
		for _, to := range all {
			if may(from, to) {
				list = append(list, string(from)+" --> "+string(to))
			}
		}
	}
	slices.Sort(list)
	return list
}

func words[S ~string](all []S) []string {
	list := make([]string, len(all))
	for at, s := range all {
		list[at] = string(s)
	}
	return list
}

var (
	drawnMove       = regexp.MustCompile(`(?m)^ +([A-Z_]+) --> ([A-Z_]+)`)
	describedStatus = regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|")
)

// drawnMoves returns the moves in a chapter's charts, sorted; one that is drawn
// twice is there twice.
func drawnMoves(t *testing.T, chapter string) []string {
	t.Helper()
	list := []string{}
	for _, found := range drawnMove.FindAllStringSubmatch(readChapter(t, chapter), -1) {
		list = append(list, found[1]+" --> "+found[2])
	}
	slices.Sort(list)
	return list
}

// describedStatuses returns the statuses that a chapter's tables begin a row
// with, in their order.
func describedStatuses(t *testing.T, chapter string) []string {
	t.Helper()
	list := []string{}
	for _, found := range describedStatus.FindAllStringSubmatch(readChapter(t, chapter), -1) {
		list = append(list, found[1])
	}
	return list
}

// readChapter returns what stands under a heading of docs/states.md.
func readChapter(t *testing.T, title string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/states.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "\n## "+title+"\n")
	require.True(t, found, "the page has no chapter %q", title)
	chapter, _, _ := strings.Cut(after, "\n## ")
	return chapter
}
