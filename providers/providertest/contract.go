package providertest

import (
	"context"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func contractCases() []testCase {
	return []testCase{
		{name: "name", fact: "the name is one lower-case word", run: nameIsAWord},
		{name: "capabilities-constant", fact: "the capabilities are the same at any time, and asking for them sends nothing", run: capabilitiesAreConstant},
		{name: "flags-have-methods", fact: "what the flags promise, the adapter has a method for", run: flagsHaveMethods},
		{name: "methods-have-flags", fact: "what the flags do not promise is Unsupported, and nothing is sent", run: methodsHaveFlags},
		{name: "sync-unsupported", fact: "a vendor that cannot be asked answers Unsupported", needs: []need{flag("it can be asked", func(c providers.Capabilities) bool { return !c.Can(providers.OpSync) })}, run: syncIsUnsupported},
		{name: "other-currency", fact: "a currency that is not the account's is Unsupported, and nothing is sent", needs: []need{flag("it takes any currency", func(c providers.Capabilities) bool { return c.Currencies != nil })}, run: otherCurrencies},
		{name: "senseless-amount", fact: "nothing, less and more than the API carries are Rejected, and nothing is sent", run: senselessAmounts},
		{name: "senseless-order", fact: "an order without a number is Rejected, and nothing is sent", run: senselessOrder},
		{name: "limits", fact: "its limits are amounts that can be", run: limitsMakeSense},
		{name: "accounts-apart", fact: "two accounts of one vendor share nothing", needs: []need{another()}, run: accountsAreApart},
	}
}

func nameIsAWord(b *bench) string {
	require.Regexp(b.t, `^[a-z][a-z0-9]*$`, string(b.main.Name()))
	return ""
}

func capabilitiesAreConstant(b *bench) string {
	var wait sync.WaitGroup
	all := make([]providers.Capabilities, 8)
	for at := range all {
		wait.Go(func() { all[at] = b.main.Capabilities() })
	}
	wait.Wait()
	require.Empty(b.t, b.line.all())
	b.started(b.usual())
	for _, c := range append(all, b.main.Capabilities()) {
		require.Equal(b.t, b.caps, c)
	}
	return ""
}

// optional is one interface that an adapter may have.
type optional struct {
	op  providers.Op
	has func(providers.Provider) bool
}

func has[T any](p providers.Provider) bool {
	_, ok := p.(T)
	return ok
}

func optionals() []optional {
	return []optional{
		{providers.OpCapture, has[providers.Capturer]},
		{providers.OpVoid, has[providers.Voider]},
		{providers.OpRefund, has[providers.Refunder]},
		{providers.OpExpire, has[providers.Expirer]},
		{providers.OpWebhook, has[providers.WebhookParser]},
		{providers.OpSaveCard, has[providers.CardSaver]},
		{providers.OpChargeSaved, has[providers.SavedCharger]},
	}
}

func flagsHaveMethods(b *bench) string {
	known := map[providers.Op]bool{providers.OpStart: true, providers.OpSync: true, providers.OpSavePaid: true}
	for _, o := range optionals() {
		known[o.op] = true
		require.False(b.t, b.caps.Can(o.op) && !o.has(b.main), "%s has a flag and no method", o.op)
	}
	require.True(b.t, b.caps.Can(providers.OpStart))
	seen := map[providers.Op]bool{}
	for _, op := range b.caps.Ops {
		require.True(b.t, known[op], "%s is no operation of the contract", op)
		require.False(b.t, seen[op], "%s is listed twice", op)
		seen[op] = true
	}
	require.False(b.t, b.caps.PartialCapture && !b.caps.TwoStage)
	require.False(b.t, b.caps.PartialRefund && !b.caps.Can(providers.OpRefund))
	require.True(b.t, !b.caps.TwoStage || b.caps.Can(providers.OpCapture) && b.caps.Can(providers.OpVoid))
	require.Positive(b.t, b.caps.SessionLife)
	return ""
}

func methodsHaveFlags(b *bench) string {
	ctx, ref := b.context(), providers.Ref{OrderNumber: newName(), ProviderRef: newName()}
	customer := b.customer()
	calls := map[providers.Op]func() error{
		providers.OpCapture: func() error {
			c, ok := b.main.(providers.Capturer)
			return when(ok, func() error { _, err := c.Capture(ctx, ref, newName(), b.usual()); return err })
		},
		providers.OpVoid: func() error {
			c, ok := b.main.(providers.Voider)
			return when(ok, func() error { _, err := c.Void(ctx, ref, newName()); return err })
		},
		providers.OpRefund: func() error {
			c, ok := b.main.(providers.Refunder)
			return when(ok, func() error {
				_, err := c.Refund(ctx, providers.RefundRequest{Ref: ref, Handle: newName(), Amount: b.usual(), Taken: b.usual()})
				return err
			})
		},
		providers.OpExpire: func() error {
			c, ok := b.main.(providers.Expirer)
			return when(ok, func() error { _, err := c.Expire(ctx, ref, newName()); return err })
		},
		providers.OpSaveCard: func() error {
			c, ok := b.main.(providers.CardSaver)
			return when(ok, func() error { _, err := c.Cards(ctx, customer); return err })
		},
		providers.OpChargeSaved: func() error {
			c, ok := b.main.(providers.SavedCharger)
			return when(ok, func() error { _, err := c.Charge(ctx, b.chargeOf(customer, newName(), newName())); return err })
		},
	}
	for op, call := range calls {
		if b.caps.Can(op) {
			continue
		}
		err := b.note(call())
		require.Truef(b.t, err == nil || providers.KindOf(err) == providers.Unsupported, "%s: %v", op, err)
	}
	if !b.caps.Can(providers.OpSaveCard) && !b.caps.Can(providers.OpSavePaid) {
		p := b.prepare(b.usual())
		p.request.SaveFor = &customer
		_, err := p.start(ctx)
		b.requireKind(err, providers.Unsupported, providers.Rejected)
	}
	require.Empty(b.t, b.line.all())
	return ""
}

// when makes a call if there is a method for it.
func when(ok bool, call func() error) error {
	if !ok {
		return nil
	}
	return call()
}

func syncIsUnsupported(b *bench) string {
	p := b.started(b.usual())
	b.line.spoil(nil)
	_, err := p.sync()
	b.requireKind(err, providers.Unsupported)
	require.Empty(b.t, b.line.seen())
	return ""
}

func otherCurrencies(b *bench) string {
	tried := 0
	for _, currency := range []pay.Currency{pay.USD, pay.EUR, pay.RUB, pay.KZT, "JPY", "KWD", "CHF", pay.XTR} {
		if b.caps.Takes(currency) {
			continue
		}
		tried++
		_, err := b.prepare(pay.Of(usualMinor, currency)).start(b.context())
		b.requireKind(err, providers.Unsupported, providers.Rejected)
	}
	require.Positive(b.t, tried)
	require.Empty(b.t, b.line.all())
	return ""
}

func senselessAmounts(b *bench) string {
	for _, minor := range []int64{0, -1, -usualMinor, pay.MaxAmount + 1} {
		_, err := b.prepare(pay.Of(minor, b.currency())).start(b.context())
		b.requireKind(err, providers.Rejected)
	}
	require.Empty(b.t, b.line.all())
	return ""
}

func senselessOrder(b *bench) string {
	p := b.prepare(b.usual())
	p.request.OrderNumber = ""
	_, err := p.start(b.context())
	b.requireKind(err, providers.Rejected)
	require.Empty(b.t, b.line.all())
	return ""
}

func limitsMakeSense(b *bench) string {
	for currency, least := range b.caps.Min {
		require.True(b.t, b.caps.Takes(currency))
		require.Positive(b.t, least)
		most, limited := b.caps.Max[currency]
		require.True(b.t, !limited || least <= most)
	}
	for currency := range b.caps.Max {
		require.True(b.t, b.caps.Takes(currency))
	}
	require.True(b.t, b.caps.Allows(b.usual()), "the suite's usual amount")
	return ""
}

func accountsAreApart(b *bench) string {
	other := b.world.Another[0]
	mine, theirs := b.prepare(b.usual()), b.prepareAt(other, b.usual())
	theirs.ref.OrderNumber, theirs.request.OrderNumber = mine.ref.OrderNumber, mine.request.OrderNumber
	mine.opens()
	result, err := theirs.start(context.WithoutCancel(b.context()))
	require.NoError(b.t, err, "the order numbers of two accounts are apart")
	require.Equal(b.t, providers.ActionRequired, result.Status)
	require.NotEqual(b.t, mine.page.URL, theirs.page.URL)
	return ""
}
