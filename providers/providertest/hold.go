package providertest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func holdCases() []testCase {
	voids := can(providers.OpVoid)
	return []testCase{
		{name: "held", fact: "a hold is told as one, and nothing is taken", needs: []need{holds()}, run: held},
		{name: "captured", fact: "a hold that is captured is taken once", needs: []need{holds()}, run: captured},
		{name: "captured-partly", fact: "less than the hold can be captured", needs: []need{holds(), flag("no partial capture", func(c providers.Capabilities) bool { return c.PartialCapture })}, run: capturedPartly},
		{name: "captured-again", fact: "a capture that is repeated takes nothing more", needs: []need{holds()}, run: capturedAgain},
		{name: "over-the-hold", fact: "more than the hold is refused, and nothing is taken", needs: []need{holds()}, run: overTheHold},
		{name: "capture-of-unpaid", fact: "what nobody paid cannot be captured", needs: []need{holds()}, run: captureOfUnpaid},
		{name: "voided", fact: "a hold that is released is told as Voided, and nothing is taken", needs: []need{holds(), voids}, run: voided},
		{name: "voided-again", fact: "a release that is repeated does nothing", needs: []need{holds(), voids}, run: voidedAgain},
		{name: "capture-after-void", fact: "a hold that was released cannot be captured", needs: []need{holds(), voids}, run: captureAfterVoid},
		{name: "void-after-capture", fact: "what was captured cannot be released", needs: []need{holds(), voids}, run: voidAfterCapture},
		{name: "lapsed", fact: "a hold that ran out is told so, and takes nothing", needs: []need{holds()}, run: lapsed},
	}
}

func (p *payment) captures(amount pay.Money) (providers.Result, error) {
	capturer, err := providers.As[providers.Capturer](p.by.Provider, providers.OpCapture)
	if err != nil {
		return providers.Result{}, err
	}
	result, err := capturer.Capture(p.b.context(), p.ref, newName(), amount)
	return result, p.b.note(err)
}

func (p *payment) voids() (providers.Result, error) {
	voider, err := providers.As[providers.Voider](p.by.Provider, providers.OpVoid)
	if err != nil {
		return providers.Result{}, err
	}
	result, err := voider.Void(p.b.context(), p.ref, newName())
	return result, p.b.note(err)
}

// requireNothing checks a write that must not have done a thing.
func (b *bench) requireNothing(result providers.Result, err error, before money) {
	b.t.Helper()
	require.Truef(b.t, err != nil || result.Status == providers.Declined, "%+v", result)
	require.Equal(b.t, before, b.book())
}

func held(b *bench) string {
	result := b.paid(b.usual()).until(providers.Authorized)
	require.Equal(b.t, b.usual(), result.Authorized)
	require.True(b.t, result.Captured.IsZero())
	require.Equal(b.t, money{}, b.book())
	return ""
}

func captured(b *bench) string {
	p := b.paid(b.usual())
	result, err := p.captures(b.usual())
	require.NoError(b.t, err)
	b.requireTaken(result, b.usual())
	b.requireTaken(p.until(providers.Captured), b.usual())
	return ""
}

func capturedPartly(b *bench) string {
	p := b.paid(b.usual())
	part := pay.Of(usualMinor-31, b.currency())
	result, err := p.captures(part)
	require.NoError(b.t, err)
	b.requireTaken(result, part)
	b.requireTaken(p.until(providers.Captured), part)
	return ""
}

func capturedAgain(b *bench) string {
	p := b.paid(b.usual())
	_, err := p.captures(b.usual())
	require.NoError(b.t, err)
	result, err := p.captures(b.usual())
	if err == nil {
		require.Equal(b.t, providers.Captured, result.Status)
	}
	b.requireTaken(p.until(providers.Captured), b.usual())
	return ""
}

func overTheHold(b *bench) string {
	p := b.paid(b.usual())
	result, err := p.captures(pay.Of(usualMinor+1, b.currency()))
	b.requireNothing(result, err, money{})
	p.until(providers.Authorized)
	return ""
}

func captureOfUnpaid(b *bench) string {
	p := b.started(b.usual())
	result, err := p.captures(b.usual())
	b.requireNothing(result, err, money{})
	return ""
}

func voided(b *bench) string {
	p := b.paid(b.usual())
	result, err := p.voids()
	require.NoError(b.t, err)
	require.Equal(b.t, providers.Voided, result.Status)
	require.True(b.t, p.until(providers.Voided).Captured.IsZero())
	require.Equal(b.t, money{}, b.book())
	return ""
}

func voidedAgain(b *bench) string {
	p := b.paid(b.usual())
	_, err := p.voids()
	require.NoError(b.t, err)
	result, err := p.voids()
	require.True(b.t, err != nil || result.Status == providers.Voided)
	p.until(providers.Voided)
	return ""
}

func captureAfterVoid(b *bench) string {
	p := b.paid(b.usual())
	_, err := p.voids()
	require.NoError(b.t, err)
	result, err := p.captures(b.usual())
	b.requireNothing(result, err, money{})
	p.until(providers.Voided)
	return ""
}

func voidAfterCapture(b *bench) string {
	p := b.paid(b.usual())
	_, err := p.captures(b.usual())
	require.NoError(b.t, err)
	result, err := p.voids()
	b.requireNothing(result, err, money{Captures: 1, Captured: usualMinor})
	b.requireTaken(p.until(providers.Captured), b.usual())
	return ""
}

func lapsed(b *bench) string {
	p := b.paid(b.usual())
	b.later(60 * 24 * time.Hour)
	p.until(providers.Expired, providers.Voided)
	result, err := p.captures(b.usual())
	b.requireNothing(result, err, money{})
	return ""
}
