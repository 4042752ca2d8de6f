package pay_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

// However a code is typed, it is the code.
func TestGiftCode_ReadAsPeopleType(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$`)
	rapid.Check(t, func(rt *rapid.T) {
		code := pay.NewGiftCode()
		require.Regexp(rt, shape, code.Reveal())
		require.Len(rt, code.Canonical(), 20)

		var typed strings.Builder
		for _, r := range code.Reveal() {
			alike := map[rune][]string{'0': {"0", "O", "o"}, '1': {"1", "I", "i", "L", "l"}, '-': {"-", "", " ", "–", "\u00a0", " - "}}[r]
			if alike == nil {
				alike = []string{string(r), strings.ToLower(string(r))}
			}
			typed.WriteString(rapid.SampledFrom(alike).Draw(rt, "typed"))
			typed.WriteString(rapid.SampledFrom([]string{"", "", "", "", " "}).Draw(rt, "blank"))
		}
		read, err := pay.ParseGiftCode(typed.String())
		require.NoError(rt, err)
		require.Equal(rt, code.Canonical(), read.Canonical())
	})
}

// Whatever is typed, reading it does not fail otherwise than by saying so, and
// what was read is read again.
func TestParseGiftCode_AnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		read, err := pay.ParseGiftCode(rapid.String().Draw(rt, "typed"))
		if err != nil {
			require.ErrorIs(rt, err, pay.ErrMalformedGiftCode)
			return
		}
		again, err := pay.ParseGiftCode(read.Reveal())
		require.NoError(rt, err)
		require.Equal(rt, read, again)
	})
}

// Whatever strangers type, what is read is of the alphabet and is read again.
func FuzzParseGiftCode(f *testing.F) {
	for _, typed := range []string{"01234-56789-ABCDE-FGHJK", " oOiIl 56789abcdefghjk", "0123456789ABCDEFGHJU", "0123456789ABCDEFGHJ\xff", ""} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		read, err := pay.ParseGiftCode(typed)
		if err != nil {
			require.ErrorIs(t, err, pay.ErrMalformedGiftCode)
			require.True(t, read.IsZero())
			return
		}
		require.Regexp(t, "^[0-9A-HJKMNP-TV-Z]{20}$", read.Canonical())
		again, err := pay.ParseGiftCode(read.Reveal())
		require.NoError(t, err)
		require.Equal(t, read, again)
	})
}

func TestParseGiftCode_Malformed(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]string{
		"Empty":        "",
		"BlanksAlone":  " - - ",
		"TooShort":     "0123456789ABCDEFGHJ",
		"TooLong":      "0123456789ABCDEFGHJKM",
		"U":            "U123456789ABCDEFGHJK",
		"OtherSign":    "0123456789ABCDEFGHJ*",
		"OtherScript":  "0123456789ABCDEFGHJК", // the last letter is Cyrillic
		"BrokenText":   "0123456789ABCDEFGHJ\xff",
		"EndlessBlank": "0123456789ABCDEFGHJK" + strings.Repeat(" ", 100),
	} {
		read, err := pay.ParseGiftCode(typed)
		require.ErrorIs(t, err, pay.ErrMalformedGiftCode, name)
		require.True(t, read.IsZero(), name)
	}
}

// 100 bits: every place has each of the 32 characters about as often, and no
// code comes twice.
func TestNewGiftCode_IsRandom(t *testing.T) {
	t.Parallel()
	const codes = 20_000
	seen := map[string]bool{}
	var often [20]map[byte]int
	for range codes {
		text := pay.NewGiftCode().Canonical()
		require.False(t, seen[text])
		seen[text] = true
		for at := range often {
			if often[at] == nil {
				often[at] = map[byte]int{}
			}
			often[at][text[at]]++
		}
	}
	for at := range often {
		require.Len(t, often[at], 32)
		for char, n := range often[at] {
			// 625 is expected, with a deviation of 25: ten of them never come.
			require.InDelta(t, codes/32, n, 250, "%c at %d", char, at)
		}
	}
}

func TestGiftCode_IsNotPrinted(t *testing.T) {
	t.Parallel()
	code := pay.NewGiftCode()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.Equal(t, "***", fmt.Sprintf(verb, code), verb)
	}
	require.Equal(t, "{***}", fmt.Sprintf("%v", struct{ Code pay.GiftCode }{code}))
}
