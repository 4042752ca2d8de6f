package payelata

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// documentedResolutions is every reason of the documents (testdata/resolutions.txt),
// "ok" left out.
func documentedResolutions(t *testing.T) []string {
	t.Helper()
	words := strings.Fields(golden(t, "resolutions.txt"))
	require.Len(t, words, 35)
	return words
}

func TestResolutionOf_KnowsEveryDocumentedOne(t *testing.T) {
	t.Parallel()

	c := newClient(t, "https://payelata.example")
	ourCode := regexp.MustCompile(`^[a-z][a-z0-9_]+$`)
	sentence := regexp.MustCompile(`^[A-Z][^<>;\n]+\.$`)
	advice := []pay.Retry{pay.DoNotRetry, pay.RetryNewKey, pay.RetryOtherMethod}
	for _, word := range documentedResolutions(t) {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			told, known := resolutionOf(word)
			require.True(t, known)
			require.Regexp(t, ourCode, told.code)
			require.Regexp(t, sentence, told.message)
			require.Contains(t, advice, told.retry)
			require.Equal(t, word, c.word(word), "it can be told")
			require.False(t, strings.HasPrefix(told.code, "invalid_") && withoutOwner(told).retry == pay.RetryNewKey)
			require.False(t, strings.HasPrefix(withoutOwner(told).code, "authentication_") && withoutOwner(told).code != authenticationRequired)
		})
	}
	for _, word := range []string{"", "ok", "moon_phase", "OK", "Declined"} {
		told, known := resolutionOf(word)
		require.False(t, known)
		require.Equal(t, "declined", told.code)
	}
}

func TestClient_Word(t *testing.T) {
	t.Parallel()

	c := newClient(t, "https://payelata.example")
	for _, good := range []string{"process_pending", "auth_3ds_required", "invalid.amount", "too-many"} {
		require.Equal(t, good, c.word(good))
	}
	for _, bad := range []string{
		"", "Processed", "two words", "1st", "_x", "a<b", "card5123817234060000", strings.Repeat("a", 49), canaryKey, "x_" + canaryKey, canarySigner, "é",
	} {
		require.Empty(t, c.word(bad))
	}
	require.Empty(t, c.word("my_abcd_token", "ABCD"))
}
