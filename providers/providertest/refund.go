package providertest

import (
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func refundCases() []testCase {
	refunds := can(providers.OpRefund)
	partly := flag("no partial refund", func(c providers.Capabilities) bool { return c.PartialRefund })
	tells := flag("the vendor does not tell what of the money was given back", func(c providers.Capabilities) bool { return c.TellsRefunds })
	native := flag("the vendor does not know a refund by its number", func(c providers.Capabilities) bool { return c.NativeIdempotency })
	waits := need{why: "the vendor decides a refund at once", met: func(s *suite, _ providers.Capabilities) bool { return s.target.Decide != nil }}
	fails := card("that cannot be refunded, and lets no refund that waits fail", func(t Target) bool {
		return t.Cards.Irrevocable != Card{} || t.Decide != nil
	})
	return []testCase{
		{name: "full", fact: "all of it is given back, and told as Refunded", needs: []need{refunds}, run: refundFull},
		{name: "partial", fact: "a part is given back, and what stays is told", needs: []need{refunds, partly}, run: refundPart},
		{name: "in-parts", fact: "part by part, until nothing is left", needs: []need{refunds, partly}, run: refundInParts},
		{name: "one-minor-unit", fact: "the smallest part is exact", needs: []need{refunds, partly}, run: refundOneUnit},
		{name: "told", fact: "Sync tells what stays taken after a partial refund", needs: []need{refunds, partly, tells}, run: refundTold},
		{name: "repeated", fact: "a full refund that is repeated gives nothing more", needs: []need{refunds}, run: refundRepeated},
		{name: "same-number", fact: "a partial refund that is sent again is done once", needs: []need{refunds, partly, native}, run: refundSameNumber},
		{name: "over-the-limit", fact: "more than is taken is refused, and nothing is given back", needs: []need{refunds}, run: refundOver},
		{name: "over-what-is-left", fact: "nor is more than is left, even when our books are wrong", needs: []need{refunds}, run: refundOverLeft},
		{name: "senseless-amount", fact: "nothing and less are Rejected, and nothing is sent", needs: []need{refunds}, run: refundSenseless},
		{name: "other-currency", fact: "another currency is refused, and nothing is given back", needs: []need{refunds}, run: refundOtherCurrency},
		{name: "of-unpaid", fact: "what nobody paid cannot be given back", needs: []need{refunds}, run: refundUnpaid},
		{name: "of-declined", fact: "nor can what was refused", needs: []need{refunds}, run: refundDeclined},
		{name: "of-nothing", fact: "an order that never was is an error", needs: []need{refunds}, run: refundOfNothing},
		{name: "of-another-account", fact: "another account cannot give our money back", needs: []need{refunds, another()}, run: refundOfAnother},
		{name: "refused", fact: "a refund that fails at the vendor gives nothing back", needs: []need{refunds, fails}, run: refundFails},
		{name: "waiting", fact: "a refund that waits at the vendor is told as on its way, and then as done", needs: []need{refunds, can(providers.OpSync), waits}, run: refundWaits},
		{name: "waiting-refused", fact: "one that fails after it waited gives nothing back", needs: []need{refunds, can(providers.OpSync), waits}, run: refundWaitsAndFails},
		{name: "of-saved-card", fact: "a charge of a saved card is given back", needs: []need{refunds, savesCards()}, run: refundOfCharge},
	}
}

// taken is a paid order and what is taken for it, the vendor's commission included.
func (b *bench) taken() (*payment, pay.Money) {
	b.t.Helper()
	p := b.paid(b.usual())
	return p, p.untilTaken().Captured
}

// givesBack refunds an amount and checks what is told and what the book says.
func (p *payment) givesBack(amount, taken pay.Money) pay.Money {
	b := p.b
	b.t.Helper()
	before := b.book()
	left, err := taken.Sub(amount)
	require.NoError(b.t, err)
	result, err := p.refunds(b.context(), newName(), amount, taken)
	require.NoError(b.t, err)
	if result.Status == providers.Pending {
		require.True(b.t, left.IsZero() || b.caps.TellsRefunds, "nobody could tell when it is done")
	} else {
		require.Equal(b.t, map[bool]providers.Status{true: providers.Refunded, false: providers.Captured}[left.IsZero()], result.Status)
		require.Equal(b.t, left, result.Captured)
	}
	if b.caps.Can(providers.OpSync) && (left.IsZero() || b.caps.TellsRefunds) {
		p.untilIt("what stays taken: "+left.String(), func(r providers.Result) bool {
			return r.Captured.Amount == left.Amount && !r.Refunding && (r.Status == providers.Refunded) == left.IsZero()
		})
	}
	after := b.book()
	require.Equal(b.t, before.Refunded+amount.Amount, after.Refunded)
	require.Equal(b.t, before.Captures, after.Captures)
	return left
}

func refundFull(b *bench) string {
	p, taken := b.taken()
	p.givesBack(taken, taken)
	return ""
}

func refundPart(b *bench) string {
	p, taken := b.taken()
	p.givesBack(pay.Of(31_007, taken.Currency), taken)
	return ""
}

func refundInParts(b *bench) string {
	p, left := b.taken()
	for range 3 {
		left = p.givesBack(pay.Of(31_007, left.Currency), left)
	}
	p.givesBack(left, left)
	return ""
}

func refundOneUnit(b *bench) string {
	p, left := b.taken()
	left = p.givesBack(pay.Of(1, left.Currency), left)
	p.givesBack(pay.Of(left.Amount-1, left.Currency), left)
	return ""
}

func refundTold(b *bench) string {
	p, taken := b.taken()
	left := p.givesBack(pay.Of(31_007, taken.Currency), taken)
	result, err := p.sync()
	require.NoError(b.t, err)
	require.Equal(b.t, providers.Captured, result.Status)
	require.Equal(b.t, left, result.Captured)
	return ""
}

func refundRepeated(b *bench) string {
	p, taken := b.taken()
	handle := newName()
	for range 3 {
		result, err := p.refunds(b.context(), handle, taken, taken)
		require.True(b.t, err != nil || result.Status != providers.Captured, "%+v", result)
	}
	p.until(providers.Refunded)
	require.Equal(b.t, taken.Amount, b.book().Refunded)
	return ""
}

func refundSameNumber(b *bench) string {
	p, taken := b.taken()
	handle, part := newName(), pay.Of(31_007, taken.Currency)
	first, err := p.refunds(b.context(), handle, part, taken)
	require.NoError(b.t, err)
	again, err := p.refunds(b.context(), handle, part, taken)
	require.NoError(b.t, err)
	require.Equal(b.t, first, again)
	require.Equal(b.t, part.Amount, b.book().Refunded)
	return ""
}

func refundOver(b *bench) string {
	p, taken := b.taken()
	before := b.book()
	result, err := p.refunds(b.context(), newName(), pay.Of(taken.Amount+1, taken.Currency), taken)
	b.requireNothing(result, err, before)
	return ""
}

func refundOverLeft(b *bench) string {
	p, taken := b.taken()
	before := b.book()
	wrong := pay.Of(2*taken.Amount, taken.Currency)
	result, err := p.refunds(b.context(), newName(), pay.Of(taken.Amount+1, taken.Currency), wrong)
	b.requireNothing(result, err, before)
	return ""
}

func refundSenseless(b *bench) string {
	p, taken := b.taken()
	b.line.spoil(nil)
	for _, minor := range []int64{0, -1, -taken.Amount} {
		_, err := p.refunds(b.context(), newName(), pay.Of(minor, taken.Currency), taken)
		b.requireKind(err, providers.Rejected)
	}
	require.Empty(b.t, b.line.seen())
	return ""
}

func refundOtherCurrency(b *bench) string {
	p, taken := b.taken()
	before := b.book()
	for _, currency := range []pay.Currency{pay.USD, pay.EUR, "JPY"} {
		if currency == taken.Currency {
			continue
		}
		result, err := p.refunds(b.context(), newName(), pay.Of(100, currency), taken)
		b.requireKind(err, providers.Unsupported, providers.Rejected)
		require.Zero(b.t, result)
	}
	require.Equal(b.t, before, b.book())
	return ""
}

func refundUnpaid(b *bench) string {
	p := b.started(b.usual())
	result, err := p.refunds(b.context(), newName(), b.usual(), b.usual())
	b.requireNothing(result, err, money{})
	return ""
}

func refundDeclined(b *bench) string {
	p := b.started(b.usual())
	p.refused()
	result, err := p.refunds(b.context(), newName(), b.usual(), b.usual())
	b.requireNothing(result, err, money{})
	return ""
}

func refundOfNothing(b *bench) string {
	stranger := b.started(b.usual())
	p := b.prepare(b.usual())
	p.ref.ProviderRef = mirrored(stranger.ref.ProviderRef)
	result, err := p.refunds(b.context(), newName(), b.usual(), b.usual())
	require.Error(b.t, err)
	require.Zero(b.t, result)
	return ""
}

func refundOfAnother(b *bench) string {
	p, taken := b.taken()
	before := b.book()
	theirs := *p
	theirs.by = b.world.Another[0]
	result, err := theirs.refunds(b.context(), newName(), taken, taken)
	b.requireNothing(result, err, before)
	return ""
}

func refundFails(b *bench) string {
	var p *payment
	if b.target.Cards.Irrevocable == (Card{}) {
		b = openBench(b.t, b.target, Options{SlowRefunds: true})
		p = b.paid(b.usual())
	} else {
		p = b.paidWith(b.usual(), b.target.Cards.Irrevocable)
	}
	taken, handle := p.untilTaken().Captured, newName()
	result, err := p.refunds(b.context(), handle, taken, taken)
	if err == nil && result.Status == providers.Pending {
		if b.target.Decide != nil {
			b.target.Decide(b.t, b.world.Sandbox, handle, false)
		}
		p.untilIt("that no refund is on its way", func(r providers.Result) bool { return !r.Refunding })
	} else {
		require.True(b.t, err != nil || result.Status == providers.Declined, "%+v", result)
	}
	require.Equal(b.t, money{Captures: 1, Captured: taken.Amount}, b.book())
	if b.caps.Can(providers.OpSync) {
		found, err := p.sync()
		require.NoError(b.t, err)
		require.Contains(b.t, []providers.Status{providers.Captured, providers.Pending}, found.Status)
		require.True(b.t, found.Captured.IsZero() || found.Captured == taken, "%+v", found)
	}
	b.keepsSecrets()
	return ""
}

// waiting is a full refund that waits at the vendor, and its number.
func waiting(b *bench) (p *payment, taken pay.Money, handle string) {
	b.t.Helper()
	p, taken = b.taken()
	handle = newName()
	result, err := p.refunds(b.context(), handle, taken, taken)
	require.NoError(b.t, err)
	require.Equal(b.t, providers.Pending, result.Status)
	found, err := p.sync()
	require.NoError(b.t, err)
	require.True(b.t, found.Refunding)
	require.NotEqual(b.t, providers.Refunded, found.Status)
	require.Zero(b.t, b.book().Refunded)
	return p, taken, handle
}

func refundWaits(b *bench) string {
	slow := openBench(b.t, b.target, Options{SlowRefunds: true})
	p, taken, handle := waiting(slow)
	slow.target.Decide(slow.t, slow.world.Sandbox, handle, true)
	require.False(b.t, p.until(providers.Refunded).Refunding)
	require.Equal(b.t, taken.Amount, slow.book().Refunded)
	slow.keepsSecrets()
	return ""
}

func refundWaitsAndFails(b *bench) string {
	slow := openBench(b.t, b.target, Options{SlowRefunds: true})
	p, taken, handle := waiting(slow)
	slow.target.Decide(slow.t, slow.world.Sandbox, handle, false)
	result := p.until(providers.Captured)
	require.False(b.t, result.Refunding)
	require.Equal(b.t, taken, result.Captured)
	require.Zero(b.t, slow.book().Refunded)
	slow.keepsSecrets()
	return ""
}

func refundOfCharge(b *bench) string {
	customer := b.customer()
	saved := b.saves(customer, b.target.Cards.Good)
	p := b.charged(customer, saved.Ref)
	taken := p.untilTaken().Captured
	p.givesBack(taken, taken)
	return ""
}
