package providertest

import (
	"math/rand/v2"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// manyAmounts is how many amounts go to the wire's text and back.
const manyAmounts = 1_000_000

func moneyCases() []testCase {
	writes := need{why: "the target gives no way to write an amount without a call", met: func(s *suite, _ providers.Capabilities) bool {
		return s.target.Write != nil && s.target.Read != nil
	}}
	return []testCase{
		{name: "million", fact: "a million amounts, in all currencies, go to the wire's text and back exactly", needs: []need{writes}, run: millionAmounts},
		{name: "texts-apart", fact: "different amounts have different texts", needs: []need{writes}, run: textsApart},
		{name: "over-the-wire", fact: "odd amounts are taken and told exactly, in every currency", run: amountsOverTheWire},
	}
}

// currencies are all that the adapter writes, the account's among them; or one of each
// number of digits.
func (b *bench) currencies() []pay.Currency {
	switch {
	case b.target.Currencies != nil:
		require.Subset(b.t, b.target.Currencies, b.caps.Currencies)
		return b.target.Currencies
	case b.caps.Currencies != nil:
		return b.caps.Currencies
	}
	return []pay.Currency{pay.RUB, "JPY", "KWD", pay.XTR}
}

// amounts yields amounts of every length, the awkward ones first.
func amounts(random *rand.Rand, how int) func(func(int64) bool) {
	return func(yield func(int64) bool) {
		awkward := []int64{
			1, 9, 10, 11, 99, 100, 101, 110, 999, 1000, 1001, 1009, 1010, 9999, 10_000, 10_001, 12_480, 100_000, 1_000_000,
			29, 57, 58, 113, 115, 1999, 1_000_000_007, 900_719_925_474_099, pay.MaxAmount - 1, pay.MaxAmount,
		}
		for at := range how {
			minor := 1 + random.Int64N(pay.MaxAmount)>>random.IntN(52)
			if at < len(awkward) {
				minor = awkward[at]
			}
			if !yield(min(max(minor, 1), pay.MaxAmount)) {
				return
			}
		}
	}
}

func millionAmounts(b *bench) string {
	all := b.currencies()
	for at, currency := range all {
		random := rand.New(rand.NewPCG(1_000_000, uint64(at))) //nolint:gosec // a run must be repeatable
		for minor := range amounts(random, (manyAmounts+len(all)-1)/len(all)) {
			amount := pay.Of(minor, currency)
			text, err := b.target.Write(amount)
			if err != nil {
				require.NoError(b.t, err, amount)
			}
			back, err := b.target.Read(text, currency)
			if err != nil || back != amount {
				require.NoError(b.t, err, "%s as %q", amount, text)
				require.Equal(b.t, amount, back, text)
			}
		}
	}
	return ""
}

func textsApart(b *bench) string {
	for _, currency := range b.currencies() {
		seen := map[string]int64{}
		for minor := range int64(20_000) {
			text, err := b.target.Write(pay.Of(minor+1, currency))
			require.NoError(b.t, err)
			other, known := seen[text]
			require.False(b.t, known, "%d and %d are both %q", other, minor+1, text)
			seen[text] = minor + 1
		}
	}
	return ""
}

func amountsOverTheWire(b *bench) string {
	currencies := b.caps.Currencies
	if currencies == nil {
		currencies = []pay.Currency{b.currency()}
	}
	for _, currency := range currencies {
		for _, minor := range []int64{1, 10, 99, 100, 101, 1010, 1999, 115_00, 100_000, 999_999_999} {
			amount := pay.Of(minor, currency)
			if !b.caps.Allows(amount) {
				continue
			}
			before := b.book()
			p := b.started(amount)
			b.visits(p.page.URL, b.target.Cards.Good, approves)
			result := p.untilTaken()
			require.Equal(b.t, minor+result.Fee.Amount, result.Captured.Amount)
			require.Equal(b.t, currency, result.Captured.Currency)
			require.Equal(b.t, before.Captured+result.Captured.Amount, b.book().Captured)
		}
	}
	return ""
}
