package providertest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

func doubtCases() []testCase {
	asks, refunds := can(providers.OpSync), can(providers.OpRefund)
	return []testCase{
		{name: "start-lost", fact: "an opening whose reply is lost is in doubt or found again, and nothing is taken", run: startLost},
		{name: "start-not-done", fact: "an opening that broke is in doubt, and the order can be opened afterwards", run: startNotDone},
		{name: "sync-lost", fact: "a question whose answer is lost is asked again", needs: []need{asks}, run: syncLost},
		{name: "charge-lost", fact: "a charge whose reply is lost is Unknown, found, and taken once", needs: []need{savesCards()}, run: chargeLost},
		{name: "charge-garbage", fact: "so is one whose reply makes no sense", needs: []need{savesCards()}, run: chargeGarbage},
		{name: "charge-not-done", fact: "a charge that broke is Unknown, and takes nothing", needs: []need{savesCards()}, run: chargeNotDone},
		{name: "capture-lost", fact: "a capture whose reply is lost is Unknown, found, and taken once", needs: []need{holds()}, run: captureLost},
		{name: "capture-not-done", fact: "a capture that broke is Unknown, and the hold is found", needs: []need{holds()}, run: captureNotDone},
		{name: "void-lost", fact: "a release whose reply is lost is Unknown, and found", needs: []need{holds(), can(providers.OpVoid)}, run: voidLost},
		{name: "refund-lost", fact: "a refund whose reply is lost is Unknown, and found", needs: []need{refunds, asks}, run: refundLost},
		{name: "refund-not-done", fact: "a refund that broke is Unknown, and nothing is given back", needs: []need{refunds, asks}, run: refundNotDone},
		{name: "refused-connection", fact: "what is cut before the vendor's work is never told as done", run: refusedConnection},
	}
}

func startLost(b *bench) string {
	b.fails("start", "drop_reply", 1)
	p := b.prepare(b.usual())
	_, err := p.start(b.context())
	if err != nil {
		b.requireKind(err, providers.Unknown)
		require.Equal(b.t, money{}, b.book())
		if b.caps.Can(providers.OpSync) && b.caps.SyncByOurNumber {
			result, err := p.sync()
			if err != nil {
				b.requireKind(err, providers.NotFound) // nobody was sent to the page
			} else {
				require.Contains(b.t, []providers.Status{providers.ActionRequired, providers.Pending}, result.Status)
			}
		}
		return ""
	}
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	b.requireTaken(p.untilTaken(), b.usual())
	return ""
}

func startNotDone(b *bench) string {
	b.fails("start", "http_500", 0)
	p := b.prepare(b.usual())
	_, err := p.start(b.context())
	b.requireKind(err, providers.Unknown, providers.Unavailable)
	b.works()
	if b.caps.Can(providers.OpSync) && b.caps.SyncByOurNumber {
		_, err = p.sync()
		b.requireKind(err, providers.NotFound)
	}
	p.opens()
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	b.requireTaken(p.untilTaken(), b.usual())
	return ""
}

func syncLost(b *bench) string {
	p := b.paid(b.usual())
	b.fails("sync", "drop_reply", 0) // all of them: net/http itself repeats a GET once
	_, err := p.sync()
	b.requireKind(err, providers.Unavailable, providers.Malformed)
	b.works()
	p.untilTaken()
	return ""
}

// finds settles a charge that is in doubt: by our number, or at a vendor who does
// not know it by the one that a notification tells.
func (p *payment) finds() providers.Result {
	b := p.b
	b.t.Helper()
	if p.ref.ProviderRef == "" && !b.caps.SyncByOurNumber {
		p.ref.ProviderRef = p.notifiedOfNew()
	}
	return p.untilTaken()
}

// notifiedOfNew waits for a notification of an order whose number at the vendor we
// were not told, and returns it.
func (p *payment) notifiedOfNew() string {
	b := p.b
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	for {
		deliveries, more := b.hooks.deliveries()
		for _, d := range deliveries {
			for _, e := range d.events {
				if e.Ref.ProviderRef != "" && (e.Ref.OrderNumber == p.ref.OrderNumber || e.Ref.OrderNumber == "") && !b.isKnown(e.Ref.ProviderRef) {
					return e.Ref.ProviderRef
				}
			}
		}
		select {
		case <-ctx.Done():
			require.Fail(b.t, "no notification names the order that is in doubt")
		case <-more:
		}
	}
}

// inDoubt charges a saved card with a fault at the sandbox.
func (b *bench) inDoubt(how string) *payment {
	b.t.Helper()
	customer := b.customer()
	saved := b.saves(customer, b.target.Cards.Good)
	before := b.book()
	b.fails("charge", how, 1)
	p, _, err := b.charges(customer, saved.Ref)
	b.requireKind(err, providers.Unknown)
	b.before = before
	return p
}

func chargeLost(b *bench) string {
	b.inDoubt("drop_reply").chargedOnce()
	return ""
}

func chargeGarbage(b *bench) string {
	b.inDoubt("garbage").chargedOnce()
	return ""
}

// chargedOnce checks that the charge is found and was made once.
func (p *payment) chargedOnce() {
	p.b.t.Helper()
	result := p.finds()
	if p.b.caps.TwoStage {
		return
	}
	after := p.b.book()
	require.Equal(p.b.t, p.b.before.Captures+1, after.Captures)
	require.Equal(p.b.t, p.b.before.Captured+result.Captured.Amount, after.Captured)
	require.Equal(p.b.t, int64(usualMinor)+result.Fee.Amount, result.Captured.Amount)
}

func chargeNotDone(b *bench) string {
	p := b.inDoubt("http_500")
	require.Equal(b.t, b.before, b.book())
	if b.caps.SyncByOurNumber {
		result, err := p.sync()
		require.NotEqual(b.t, providers.Captured, result.Status)
		if err != nil {
			b.requireKind(err, providers.NotFound)
		}
	}
	return ""
}

func captureLost(b *bench) string {
	p := b.paid(b.usual())
	b.fails("charge", "drop_reply", 1)
	_, err := p.captures(b.usual())
	b.requireKind(err, providers.Unknown)
	b.requireTaken(p.until(providers.Captured), b.usual())
	return ""
}

func captureNotDone(b *bench) string {
	p := b.paid(b.usual())
	b.fails("charge", "http_500", 1)
	_, err := p.captures(b.usual())
	b.requireKind(err, providers.Unknown)
	p.until(providers.Authorized)
	require.Equal(b.t, money{}, b.book())
	return ""
}

func voidLost(b *bench) string {
	p := b.paid(b.usual())
	b.fails("charge", "drop_reply", 1)
	_, err := p.voids()
	b.requireKind(err, providers.Unknown)
	p.until(providers.Voided)
	require.Equal(b.t, money{}, b.book())
	return ""
}

func refundLost(b *bench) string {
	p := b.paid(b.usual())
	taken := p.untilTaken().Captured
	b.fails("refund", "drop_reply", 1)
	_, err := p.refunds(b.context(), newName(), taken, taken)
	b.requireKind(err, providers.Unknown)
	p.until(providers.Refunded)
	require.Equal(b.t, money{Captures: 1, Captured: taken.Amount, Refunded: taken.Amount}, b.book())
	return ""
}

func refundNotDone(b *bench) string {
	p := b.paid(b.usual())
	taken := p.untilTaken().Captured
	b.fails("refund", "http_500", 1)
	_, err := p.refunds(b.context(), newName(), taken, taken)
	b.requireKind(err, providers.Unknown)
	require.Equal(b.t, taken, p.untilTaken().Captured)
	require.Equal(b.t, money{Captures: 1, Captured: taken.Amount}, b.book())
	return ""
}

func refusedConnection(b *bench) string {
	b.fails("*", "refuse_connect", 0)
	p := b.prepare(b.usual())
	ctx, cancel := context.WithTimeout(b.context(), 10*time.Second)
	defer cancel()
	_, err := p.start(ctx)
	b.requireKind(err, providers.Unknown, providers.Unavailable)
	if b.caps.Can(providers.OpSync) {
		_, err = p.sync()
		require.Error(b.t, err)
		require.NotEqual(b.t, providers.NotFound, providers.KindOf(err))
	}
	require.Equal(b.t, money{}, b.book())
	return ""
}
