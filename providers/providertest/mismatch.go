package providertest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func mismatchCases() []testCase {
	mode := need{why: "no answer says whether it is a test", met: func(s *suite, _ providers.Capabilities) bool { return s.target.Mode != nil }}
	return []testCase{
		{name: "amount", fact: "another amount in the vendor's word is told as it is, or believed at all not", run: otherAmount},
		{name: "amount-taken", fact: "when the vendor takes another amount than it was asked for, that is what is told", run: otherAmountTaken},
		{name: "currency", fact: "another currency in the vendor's word is never told as ours", run: otherCurrencyTold},
		{name: "order", fact: "a word about another order proves nothing of ours", run: otherOrderTold},
		{name: "live", fact: "a live account's money is told as real", run: liveMoney},
		{name: "live-test-mode", fact: "test money is told to a live account as what it is", needs: []need{mode}, run: liveToldTest},
		{name: "test-mode", fact: "and real money to a test account", needs: []need{mode}, run: otherModeTold},
	}
}

// tells returns what the adapter makes of the vendor's word about a paid order when
// every place that says old says other, and whether there was such a place. The word
// is the answer to Sync, or the notification where the vendor cannot be asked.
func (p *payment) tells(change func([]byte) []byte) (result providers.Result, changed bool, err error) {
	b := p.b
	b.t.Helper()
	if p.by.Provider.Capabilities().Can(providers.OpSync) {
		b.line.spoil(edited(func(answer []byte) []byte {
			spoiled := change(answer)
			changed = changed || !bytes.Equal(spoiled, answer)
			return spoiled
		}))
		result, err = p.sync()
		b.line.spoil(nil)
		return result, changed, err
	}
	parser, err := providers.As[providers.WebhookParser](p.by.Provider, providers.OpWebhook)
	require.NoError(b.t, err)
	n := p.notified().notification
	n.Body = change(n.Body)
	changed = !bytes.Equal(n.Body, p.notified().notification.Body)
	events, _, err := parser.ParseWebhook(b.context(), n)
	for _, e := range events {
		if e.Result != nil {
			result = *e.Result
		}
	}
	return result, changed, b.note(err)
}

// replaced is a change of one text by another.
func replaced(pairs ...string) func([]byte) []byte {
	change := strings.NewReplacer(pairs...)
	return func(answer []byte) []byte { return []byte(change.Replace(string(answer))) }
}

func otherAmount(b *bench) string {
	p := b.paid(b.usual())
	right := p.untilTaken()
	amount := right.Captured
	if b.caps.TwoStage {
		amount = right.Authorized
	}
	wrong := pay.Of(amount.Amount+1, amount.Currency)
	result, changed, err := p.tells(replaced(
		fmt.Sprint(amount.Amount), fmt.Sprint(wrong.Amount), amount.Decimal(), wrong.Decimal(),
	))
	if !changed {
		return "the vendor's word names no amount"
	}
	if err == nil {
		require.NotEqual(b.t, right.Captured, result.Captured)
		require.Contains(b.t, []int64{wrong.Amount, 0}, result.Captured.Amount)
	}
	return ""
}

func otherAmountTaken(b *bench) string {
	b.fails("charge", "wrong_amount", 0)
	p := b.started(b.usual())
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	result := p.untilTaken()
	took := b.book()
	require.Equal(b.t, 1, took.Captures)
	require.NotEqual(b.t, int64(usualMinor)+result.Fee.Amount, took.Captured, "the fault did not strike")
	require.Equal(b.t, took.Captured, result.Captured.Amount)
	return ""
}

func otherCurrencyTold(b *bench) string {
	p := b.paid(b.usual())
	right := p.untilTaken()
	other := pay.EUR
	if b.currency() == other {
		other = pay.USD
	}
	result, changed, err := p.tells(replaced(string(b.currency()), string(other)))
	if !changed {
		return "the vendor's word names no currency"
	}
	if err == nil {
		require.NotEqual(b.t, right.Captured.Currency, result.Captured.Currency)
	}
	return ""
}

func otherOrderTold(b *bench) string {
	p := b.paid(b.usual())
	result, changed, err := p.tells(replaced(p.ref.OrderNumber, newName()))
	if !changed {
		return "the vendor's word names no order of ours"
	}
	require.NotEqual(b.t, providers.Captured, result.Status, "%v", err)
	require.True(b.t, result.Captured.IsZero())
	return ""
}

func otherModeTold(b *bench) string {
	p := b.paid(b.usual())
	result, changed, err := p.tells(b.target.Mode)
	require.True(b.t, changed, "Target.Mode changed nothing")
	if err == nil {
		require.NotNil(b.t, result.TestMode)
		require.False(b.t, *result.TestMode)
	}
	return ""
}

// live is a paid order of a live account.
func live(b *bench) *payment {
	b.t.Helper()
	return openBench(b.t, b.target, Options{Live: true}).paid(b.usual())
}

func liveMoney(b *bench) string {
	p := live(b)
	result := p.untilTaken()
	require.True(b.t, result.TestMode == nil || !*result.TestMode)
	p.b.keepsSecrets()
	if result.TestMode == nil {
		return "the vendor never says it"
	}
	return ""
}

func liveToldTest(b *bench) string {
	p := live(b)
	result, changed, err := p.tells(b.target.Mode)
	require.True(b.t, changed, "Target.Mode changed nothing")
	if err == nil {
		require.NotNil(b.t, result.TestMode)
		require.True(b.t, *result.TestMode)
	}
	p.b.keepsSecrets()
	return ""
}
