package providertest

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func paymentCases() []testCase {
	poor := card("without money", func(t Target) bool { return t.Cards.Poor != Card{} })
	return []testCase{
		{name: "opened", fact: "Start opens a page and takes nothing", run: startOpensAPage},
		{name: "paid-once", fact: "what is paid is taken once and told exactly", run: paidOnce},
		{name: "paid-again", fact: "a page that is paid again takes nothing more", run: paidAgain},
		{name: "declined", fact: "a refused payment takes nothing; it is final, or the page takes another card and one payment", run: declined},
		{name: "declined-says-why", fact: "a refusal has a code of ours and of theirs, a sentence and what may help", run: declinedSaysWhy},
		{name: "poor-card", fact: "a card without money is told as insufficient_funds", needs: []need{poor}, run: poorCard},
		{name: "declined-before", fact: "money that is paid after a refusal is told as paid", run: declinedThenPaid},
		{name: "smallest", fact: "the smallest amount is taken exactly", run: smallest},
		{name: "large", fact: "millions are taken exactly", run: large},
		{name: "every-currency", fact: "each of the account's currencies can be paid in", run: everyCurrency},
		{name: "test-mode", fact: "a test account is never told to have taken real money", run: testMode},
		{name: "hostile-text", fact: "odd texts and addresses change neither the order nor its amount", run: hostileText},
		{name: "key-repeated", fact: "the same order started twice is paid once", run: keyRepeated},
		{name: "parallel", fact: "50 starts at once open 50 pages", run: parallelStarts},
		{name: "parallel-key", fact: "50 starts at once of one order are paid once", run: parallelKey},
		{name: "charged-back", fact: "what the payer's bank took back is told as that", needs: []need{can(providers.OpSync), chargesBack()}, run: chargedBack},
		{name: "unpaid", fact: "a page that nobody paid takes nothing", run: unpaid},
	}
}

func startOpensAPage(b *bench) string {
	p := b.prepare(b.usual())
	result, err := p.start(b.context())
	require.NoError(b.t, err)
	require.Equal(b.t, providers.ActionRequired, result.Status)
	require.NotNil(b.t, result.Redirect)
	page, err := url.Parse(result.Redirect.URL)
	require.NoError(b.t, err)
	require.True(b.t, page.IsAbs() && page.Host != "")
	require.Contains(b.t, []string{http.MethodGet, http.MethodPost}, result.Redirect.Method)
	require.Equal(b.t, result.Redirect.Method == http.MethodPost, result.Redirect.Fields != nil)
	require.Nil(b.t, result.Decline)
	require.True(b.t, result.Captured.IsZero())
	require.Equal(b.t, money{}, b.book())
	return ""
}

func paidOnce(b *bench) string {
	p := b.started(b.usual())
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	if result := p.untilTaken(); result.Status == providers.Captured {
		b.requireTaken(result, b.usual())
	}
	return ""
}

// requireTaken checks that the result is a payment of amount, and the only one. The
// vendor's commission, if it has one, comes on top.
func (b *bench) requireTaken(r providers.Result, amount pay.Money) {
	b.t.Helper()
	require.Equal(b.t, providers.Captured, r.Status)
	want := amount
	if !r.Fee.IsZero() {
		require.Equal(b.t, amount.Currency, r.Fee.Currency)
		want.Amount += r.Fee.Amount
	}
	require.Equal(b.t, want, r.Captured)
	require.Nil(b.t, r.Decline)
	require.Equal(b.t, money{Captures: 1, Captured: want.Amount}, b.book())
}

func paidAgain(b *bench) string {
	p := b.paid(b.usual())
	before := b.book()
	for range 3 {
		b.visits(p.page.URL, b.target.Cards.Good, approves)
	}
	require.Equal(b.t, before, b.book())
	p.untilTaken()
	return ""
}

// refused has the payer's bank refuse, and returns what the vendor says of it.
func (p *payment) refused() providers.Result {
	p.b.t.Helper()
	p.b.visits(p.page.URL, Card{}, declines)
	return p.untilRefused()
}

// untilRefused waits until the vendor says that a try was refused: the payment, or
// one card of a session that takes another.
func (p *payment) untilRefused() providers.Result {
	p.b.t.Helper()
	return p.untilIt("that it was refused", func(r providers.Result) bool {
		return r.Status == providers.Declined || r.Decline != nil && (r.Status == providers.ActionRequired || r.Status == providers.Pending)
	})
}

func declined(b *bench) string {
	p := b.started(b.usual())
	result := p.refused()
	require.True(b.t, result.Captured.IsZero())
	require.Equal(b.t, money{}, b.book())
	require.True(b.t, result.Status == providers.Declined || !result.SessionOver)
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	if result.SessionOver {
		require.Equal(b.t, money{}, b.book(), "the session was said to be over")
		p.until(providers.Declined)
		return ""
	}
	p.untilTaken()
	require.LessOrEqual(b.t, b.book().Captures, 1)
	return ""
}

func declinedSaysWhy(b *bench) string {
	result := b.started(b.usual()).refused()
	b.requireDecline(result.Decline)
	return ""
}

func (b *bench) requireDecline(d *providers.Decline) {
	b.t.Helper()
	require.NotNil(b.t, d)
	require.Regexp(b.t, `^[a-z][a-z0-9_]*$`, d.Code)
	require.NotEmpty(b.t, d.Message)
	require.NotEmpty(b.t, d.Retry)
}

func poorCard(b *bench) string {
	p := b.started(b.usual())
	b.visits(p.page.URL, b.target.Cards.Poor, approves)
	result := p.untilRefused()
	b.requireDecline(result.Decline)
	require.Equal(b.t, money{}, b.book())
	if result.Decline.ProviderCode == "" {
		return "the vendor does not say why it refused when it is asked"
	}
	require.Equal(b.t, "insufficient_funds", result.Decline.Code)
	return ""
}

func declinedThenPaid(b *bench) string {
	p := b.started(b.usual())
	if p.refused().SessionOver {
		return "a refusal ends the session"
	}
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	result := p.untilTaken()
	require.Nil(b.t, result.Decline)
	return ""
}

func smallest(b *bench) string {
	least := max(b.caps.Min[b.currency()], 1)
	amount := pay.Of(least, b.currency())
	p := b.started(amount)
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	b.requireTaken(p.untilTaken(), amount)
	return ""
}

func large(b *bench) string {
	amount := pay.Of(1_234_567_891, b.currency())
	if most, limited := b.caps.Max[amount.Currency]; limited {
		amount.Amount = min(amount.Amount, most)
	}
	p := b.started(amount)
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	b.requireTaken(p.untilTaken(), amount)
	return ""
}

func everyCurrency(b *bench) string {
	for _, currency := range b.caps.Currencies {
		amount := pay.Of(usualMinor, currency)
		p := b.started(amount)
		b.visits(p.page.URL, b.target.Cards.Good, approves)
		result := p.untilTaken()
		require.Equal(b.t, currency, result.Captured.Currency)
		require.Equal(b.t, usualMinor+result.Fee.Amount, result.Captured.Amount)
	}
	if b.caps.Currencies == nil {
		return "it takes any currency"
	}
	return ""
}

func testMode(b *bench) string {
	p := b.started(b.usual())
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	result := p.untilTaken()
	require.True(b.t, result.TestMode == nil || *result.TestMode)
	if result.TestMode == nil {
		return "the vendor never says it"
	}
	return ""
}

func hostileText(b *bench) string {
	p := b.prepare(b.usual())
	p.request.Description = "<b>A;book&Amount=1\"'\r\nOrderId=x\x00 \u202e%3BAmount=1 \\u0022, \U0001F4D6 +%2B </b>"
	p.request.ReturnURL = "https://shop.example/return?a=1;b=2&c=%3Bx+y#{orderid}"
	p.request.Payer.Note = "x\r\nX-Injected: 1"
	p.opens()
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	b.requireTaken(p.untilTaken(), b.usual())
	for _, call := range b.line.all() {
		require.Empty(b.t, call.header.Get("X-Injected"))
	}
	return ""
}

func keyRepeated(b *bench) string {
	p := b.started(b.usual())
	again := *p
	result, err := again.start(b.context())
	if err != nil {
		b.requireKind(err, providers.Conflict)
	} else {
		if result.ProviderRef != p.ref.ProviderRef && !b.caps.SyncByOurNumber && !b.caps.NativeIdempotency {
			return "the vendor does not know our number"
		}
		require.Equal(b.t, p.ref.ProviderRef, result.ProviderRef, "one order has one session")
		b.visits(again.page.URL, b.target.Cards.Good, approves)
	}
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	b.requireTaken(p.untilTaken(), b.usual())
	return ""
}

func parallelStarts(b *bench) string {
	const many = 50
	all := make([]*payment, many)
	errs := make([]error, many)
	ctx := b.context()
	var wait sync.WaitGroup
	for at := range all {
		all[at] = b.prepare(b.usual())
		wait.Go(func() { _, errs[at] = all[at].start(ctx) })
	}
	wait.Wait()
	pages := map[string]bool{}
	for at, p := range all {
		require.NoError(b.t, errs[at])
		pages[p.page.URL+fmt.Sprint(p.page.Fields)] = true
	}
	require.Len(b.t, pages, many)
	return ""
}

func parallelKey(b *bench) string {
	const many = 50
	first := b.prepare(b.usual())
	all := make([]payment, many)
	errs := make([]error, many)
	ctx := b.context()
	var wait sync.WaitGroup
	for at := range all {
		all[at] = *first
		wait.Go(func() { _, errs[at] = all[at].start(ctx) })
	}
	wait.Wait()
	opened := []payment{}
	for at := range all {
		if errs[at] != nil {
			b.requireKind(errs[at], providers.Conflict, providers.Unknown)
			continue
		}
		opened = append(opened, all[at])
	}
	require.NotEmpty(b.t, opened)
	if opened[0].ref != opened[len(opened)-1].ref && !b.caps.SyncByOurNumber && !b.caps.NativeIdempotency {
		return "the vendor does not know our number"
	}
	for _, p := range opened {
		require.Equal(b.t, opened[0].ref, p.ref, "one order has one session")
		b.visits(p.page.URL, b.target.Cards.Good, approves)
	}
	b.requireTaken(opened[0].untilTaken(), b.usual())
	return ""
}

func unpaid(b *bench) string {
	b.started(b.usual())
	b.later(time.Hour)
	require.Equal(b.t, money{}, b.book())
	return ""
}

// chargesBack is the need of a sandbox that plays the payer's bank.
func chargesBack() need {
	return played("plays no charge-back", func(t Target) bool { return t.ChargeBack != nil })
}

func chargedBack(b *bench) string {
	p := b.paid(b.usual())
	b.target.ChargeBack(b.t, b.world.Sandbox, p.ref)
	result := p.until(providers.ChargedBack)
	require.True(b.t, result.Captured.IsZero())
	return ""
}

func secureCases() []testCase {
	proves := card("for 3-D Secure", func(t Target) bool { return t.Cards.Proves != Card{} })
	fails := card("that fails 3-D Secure", func(t Target) bool { return t.Cards.ProofFails != Card{} })
	return []testCase{
		{name: "proven", fact: "a payer who proves that the card is theirs has paid", needs: []need{proves}, run: proven},
		{name: "failed", fact: "a payer who does not prove it has not", needs: []need{fails}, run: notProven},
		{name: "left", fact: "a payer who leaves the bank's page has not paid", needs: []need{proves}, run: proofLeft},
		{name: "left-and-back", fact: "one who leaves it and comes back pays once", needs: []need{proves}, run: proofLeftAndBack},
	}
}

func proven(b *bench) string {
	p := b.started(b.usual())
	b.visits(p.page.URL, b.target.Cards.Proves, approves)
	b.requireTaken(p.untilTaken(), b.usual())
	return ""
}

func notProven(b *bench) string {
	p := b.started(b.usual())
	b.visits(p.page.URL, b.target.Cards.ProofFails, approves)
	b.requireDecline(p.untilRefused().Decline)
	require.Equal(b.t, money{}, b.book())
	return ""
}

func proofLeft(b *bench) string {
	p := b.started(b.usual())
	b.visits(p.page.URL, b.target.Cards.Proves, abandons)
	require.Equal(b.t, money{}, b.book())
	if !b.caps.Can(providers.OpSync) {
		return ""
	}
	result := p.until(providers.ActionRequired, providers.Pending)
	require.True(b.t, result.Captured.IsZero())
	return ""
}

func proofLeftAndBack(b *bench) string {
	p := b.started(b.usual())
	b.visits(p.page.URL, b.target.Cards.Proves, abandons)
	b.visits(p.page.URL, b.target.Cards.Proves, approves)
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	b.requireTaken(p.untilTaken(), b.usual())
	return ""
}
