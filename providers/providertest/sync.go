package providertest

import (
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

func syncCases() []testCase {
	asks := can(providers.OpSync)
	return []testCase{
		{name: "unheard-of", fact: "an order that never was is NotFound", needs: []need{asks}, run: unheardOf},
		{name: "before", fact: "an order whose page is open waits for its payer", needs: []need{asks}, run: syncBefore},
		{name: "after", fact: "asking a paid order again and again says the same and changes nothing", needs: []need{asks}, run: syncAfter},
		{name: "our-number", fact: "our number alone is enough to ask", needs: []need{asks, flag("asked by the vendor's number only", func(c providers.Capabilities) bool { return c.SyncByOurNumber })}, run: syncByOurNumber},
		{name: "expired", fact: "a session that ran out takes nothing, and is told so", needs: []need{asks}, run: syncExpired},
		{name: "another-account", fact: "another account never tells that an order is paid", needs: []need{asks, another()}, run: syncOfAnother},
		{name: "odd-reference", fact: "a reference that is none is an error and no payment", needs: []need{asks}, run: syncOddReference},
		{name: "parallel", fact: "50 questions at once are answered alike", needs: []need{asks}, run: syncParallel},
		{name: "expire", fact: "a session that is closed takes nothing more", needs: []need{can(providers.OpExpire)}, run: expire},
		{name: "expire-paid", fact: "closing a session that was paid tells that it was", needs: []need{can(providers.OpExpire)}, run: expirePaid},
	}
}

func unheardOf(b *bench) string {
	p := b.prepare(b.usual())
	if !b.caps.SyncByOurNumber { // then it is theirs that is made up
		stranger := b.started(b.usual())
		p.ref.ProviderRef = mirrored(stranger.ref.ProviderRef)
	}
	_, err := p.sync()
	b.requireKind(err, providers.NotFound)
	return ""
}

// mirrored is another reference of the same shape: its digits are changed.
func mirrored(ref string) string {
	changed := []byte(ref)
	for at, sign := range changed {
		if sign >= '0' && sign <= '9' {
			changed[at] = '0' + ('9' - sign)
		}
	}
	return string(changed)
}

func syncBefore(b *bench) string {
	p := b.started(b.usual())
	result, err := p.sync()
	require.NoError(b.t, err)
	require.Equal(b.t, providers.ActionRequired, result.Status)
	require.True(b.t, result.Captured.IsZero())
	require.Nil(b.t, result.Decline)
	return ""
}

func syncAfter(b *bench) string {
	p := b.paid(b.usual())
	before := b.book()
	first, err := p.sync()
	require.NoError(b.t, err)
	for range 5 {
		again, err := p.sync()
		require.NoError(b.t, err)
		require.Equal(b.t, first, again)
	}
	require.Equal(b.t, before, b.book())
	return ""
}

func syncByOurNumber(b *bench) string {
	p := b.paid(b.usual())
	whole, err := p.sync()
	require.NoError(b.t, err)
	p.ref.ProviderRef = ""
	result, err := p.sync()
	require.NoError(b.t, err)
	require.Equal(b.t, whole.Status, result.Status)
	require.Equal(b.t, whole.Captured, result.Captured)
	return ""
}

func syncExpired(b *bench) string {
	p := b.started(b.usual())
	b.later(b.caps.SessionLife + time.Hour)
	b.later(31 * 24 * time.Hour)
	p.until(providers.Expired, providers.Declined)
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	require.Equal(b.t, money{}, b.book())
	p.until(providers.Expired, providers.Declined)
	return ""
}

func syncOfAnother(b *bench) string {
	p := b.paid(b.usual())
	theirs := *p
	theirs.by = b.world.Another[0]
	for _, ref := range []providers.Ref{p.ref, {OrderNumber: p.ref.OrderNumber}} {
		theirs.ref = ref
		result, err := theirs.sync()
		require.NotEqual(b.t, providers.Captured, result.Status)
		require.NotEqual(b.t, providers.Authorized, result.Status)
		require.True(b.t, result.Captured.IsZero(), "%+v, %v", result, err)
	}
	return ""
}

func syncOddReference(b *bench) string {
	b.paid(b.usual())
	for _, odd := range []string{"", " ", "../..", "a&b=c", "x\r\ny", "%00", "?", "*", "'; DROP TABLE orders", "\u202e"} {
		result, err := b.main.Sync(b.context(), providers.Ref{OrderNumber: odd, ProviderRef: odd})
		require.Error(b.t, b.note(err), "%q", odd)
		require.Zero(b.t, result)
	}
	return ""
}

func syncParallel(b *bench) string {
	p := b.paid(b.usual())
	want, err := p.sync()
	require.NoError(b.t, err)
	const many = 50
	results, errs := make([]providers.Result, many), make([]error, many)
	ctx := b.context()
	var wait sync.WaitGroup
	for at := range many {
		wait.Go(func() { results[at], errs[at] = b.main.Sync(ctx, p.ref) })
	}
	wait.Wait()
	for at := range many {
		require.NoError(b.t, errs[at])
		require.Equal(b.t, want, results[at])
	}
	return ""
}

func (p *payment) expires() (providers.Result, error) {
	expirer, err := providers.As[providers.Expirer](p.by.Provider, providers.OpExpire)
	if err != nil {
		return providers.Result{}, err
	}
	result, err := expirer.Expire(p.b.context(), p.ref, newName())
	return result, p.b.note(err)
}

func expire(b *bench) string {
	p := b.started(b.usual())
	result, err := p.expires()
	require.NoError(b.t, err)
	require.Equal(b.t, providers.Expired, result.Status)
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	require.Equal(b.t, money{}, b.book())
	return ""
}

func expirePaid(b *bench) string {
	p := b.paid(b.usual())
	result, err := p.expires()
	require.NoError(b.t, err)
	b.requireTaken(result, b.usual())
	return ""
}
