package providertest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

// forgeries is how many notifications are forged in one case.
const forgeries = 100_000

func noticeCases() []testCase {
	hears := can(providers.OpWebhook)
	secret := flag("no address of its own for each order", func(c providers.Capabilities) bool { return c.SecretNotifyURL })
	forges := need{why: "nothing is signed that could be forged", met: func(s *suite, _ providers.Capabilities) bool { return s.target.Forge != nil }}
	asks := can(providers.OpSync)
	return []testCase{
		{name: "names-its-order", fact: "a notification comes, and names its order", needs: []need{hears}, run: noticeNamesOrder},
		{name: "proof-or-hint", fact: "it is proven and has a key, or is a hint and has none; one that says nothing has us ask", needs: []need{hears}, run: noticeProvesOrHints},
		{name: "acknowledged", fact: "the vendor hears what it wants, and sends no more", needs: []need{hears}, run: noticeAcknowledged},
		{name: "replayed", fact: "one that is replayed is the same event", needs: []need{hears}, run: noticeReplayed},
		{name: "duplicated", fact: "so is one that the vendor sends twice", needs: []need{hears}, run: noticeDuplicated},
		{name: "reordered", fact: "two that come in the wrong order each tell of their own", needs: []need{hears}, run: noticeReordered},
		{name: "lost", fact: "one that is lost is not needed", needs: []need{hears, asks}, run: noticeLost},
		{name: "forged", fact: "100,000 forged ones prove nothing", needs: []need{hears}, run: noticeForged},
		{name: "forged-with-skill", fact: "nor do those of somebody who knows the vendor's form", needs: []need{hears, forges}, run: noticeForgedWithSkill},
		{name: "another-account", fact: "one of another account proves nothing here", needs: []need{hears, another()}, run: noticeOfAnotherAccount},
		{name: "another-address", fact: "one that came to another order's address is forged", needs: []need{hears, secret}, run: noticeAtAnotherAddress},
		{name: "account-address", fact: "one that came to the account's address proves nothing where orders have their own", needs: []need{hears, secret}, run: noticeAtAccount},
		{name: "garbage", fact: "garbage is told as such", needs: []need{hears}, run: noticeGarbage},
		{name: "huge", fact: "10 MB are not read", needs: []need{hears}, run: noticeHuge},
		{name: "parallel", fact: "50 at once are read alike", needs: []need{hears}, run: noticeParallel},
		{name: "asks-nobody", fact: "reading one asks nobody", needs: []need{hears}, run: noticeAsksNobody},
	}
}

func (b *bench) parser() providers.WebhookParser {
	b.t.Helper()
	parser, err := providers.As[providers.WebhookParser](b.main, providers.OpWebhook)
	require.NoError(b.t, err)
	return parser
}

// reads has the adapter read a notification.
func (b *bench) reads(n providers.Notification) ([]providers.Event, error) {
	b.t.Helper()
	events, _, err := b.parser().ParseWebhook(b.t.Context(), n)
	return events, b.note(err)
}

// notified waits for the first notification of the order.
func (p *payment) notified() delivery {
	p.b.t.Helper()
	return p.notifiedTimes(1)[0]
}

// notifiedTimes waits for so many notifications of the order.
func (p *payment) notifiedTimes(times int) []delivery {
	b := p.b
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	for {
		var about []delivery
		deliveries, more := b.hooks.deliveries()
		for _, d := range deliveries {
			for _, e := range d.events {
				if d.account == p.by.Name && isAbout(e, p.ref) {
					about = append(about, d)
					break
				}
			}
		}
		if len(about) >= times {
			return about
		}
		select {
		case <-ctx.Done():
			require.Fail(b.t, "too few notifications of the order came", "%d of %d; in all %d", len(about), times, len(deliveries))
		case <-more:
		}
	}
}

// isEvidence reports whether an event says something that is believed without asking.
func isEvidence(e providers.Event) bool { return !e.Hint || e.Result != nil }

// requireNoEvidence checks that what was read can do no more than have us ask.
func (b *bench) requireNoEvidence(events []providers.Event, err error) {
	if err != nil {
		if kind := providers.KindOf(err); kind != providers.Auth && kind != providers.Malformed {
			require.Fail(b.t, "a notification is forged or it cannot be read", "%v", err)
		}
		return
	}
	for _, e := range events {
		if isEvidence(e) {
			require.Fail(b.t, "it was believed", "%+v", e)
		}
	}
}

func noticeNamesOrder(b *bench) string {
	p := b.paid(b.usual())
	got := p.notified()
	require.NoError(b.t, got.err)
	require.Equal(b.t, b.world.Account.Name, got.account)
	return ""
}

func noticeProvesOrHints(b *bench) string {
	p := b.paid(b.usual())
	for _, e := range p.notified().events {
		require.Equal(b.t, e.Hint, e.Key == "", "a proven event has a key, a hint has none")
		require.False(b.t, e.Hint && e.Result != nil, "a hint says nothing")
		require.True(b.t, e.Result != nil || b.caps.Can(providers.OpSync), "nobody could say what it is about")
		require.NotEmpty(b.t, e.Kind)
		if e.Result != nil {
			require.NotEmpty(b.t, e.Result.Status)
		}
	}
	return ""
}

func noticeAcknowledged(b *bench) string {
	b.pace(vendorHaste)
	p := b.paid(b.usual())
	n := p.notified().notification
	_, answer, err := b.parser().ParseWebhook(b.t.Context(), n)
	require.NoError(b.t, b.note(err))
	require.True(b.t, answer.Status >= http.StatusOK && answer.Status < http.StatusMultipleChoices, "%d", answer.Status)
	for range 3 { // each takes longer than the vendor's pauses do at this pace
		b.paid(b.usual()).notified()
	}
	all, _ := b.hooks.deliveries()
	same := 0
	for _, d := range all {
		if bytes.Equal(d.notification.Body, n.Body) {
			same++
		}
	}
	require.Equal(b.t, 1, same)
	return ""
}

func noticeReplayed(b *bench) string {
	p := b.paid(b.usual())
	got := p.notified()
	for range 3 {
		events, err := b.reads(got.notification)
		require.NoError(b.t, err)
		require.Equal(b.t, got.events, events)
	}
	p.untilTaken()
	return ""
}

func noticeDuplicated(b *bench) string {
	b.fails("webhook", "duplicate", 1)
	p := b.paid(b.usual())
	both := p.notifiedTimes(2)
	require.Equal(b.t, both[0].events, both[1].events)
	result := p.untilTaken()
	if !b.caps.TwoStage {
		b.requireTaken(result, b.usual())
	}
	return ""
}

func noticeReordered(b *bench) string {
	b.pace(20)
	b.fails("webhook", "reorder", 1)
	first, second := b.started(b.usual()), b.started(b.usual())
	b.visits(first.page.URL, b.target.Cards.Good, approves)
	b.visits(second.page.URL, b.target.Cards.Good, approves)
	for _, p := range []*payment{first, second} {
		for _, e := range p.notified().events {
			require.True(b.t, isAbout(e, p.ref))
		}
		p.untilTaken()
	}
	return ""
}

func noticeLost(b *bench) string {
	b.fails("webhook", "lose", 0)
	p := b.started(b.usual())
	b.visits(p.page.URL, b.target.Cards.Good, approves)
	p.untilTaken()
	deliveries, _ := b.hooks.deliveries()
	require.Empty(b.t, deliveries)
	return ""
}

func noticeForged(b *bench) string {
	p, other := b.paid(b.usual()), b.started(b.usual())
	genuine := p.notified().notification
	signed := isEvidence(p.notified().events[0])
	random := rand.New(rand.NewPCG(20_261_121, 5)) //nolint:gosec // a run must be repeatable
	parser, ctx := b.parser(), b.t.Context()
	for range forgeries {
		n := genuine
		n.Body = forged(random, genuine.Body, p.ref, other.ref)
		if genuine.Order != nil { // whoever forges does not know the order's address
			n.Order = [...]*providers.Ref{nil, &other.ref}[random.IntN(2)]
		} else if signed && bytes.Equal(n.Body, genuine.Body) {
			continue
		}
		events, _, err := parser.ParseWebhook(ctx, n)
		if genuine.Order != nil && n.Order != nil && namesOnly(n.Body, other.ref, p.ref) {
			continue // it is what the other order's vendor would have sent
		}
		b.requireNoEvidence(events, err)
	}
	p.untilTaken()
	return ""
}

// namesOnly reports whether a body names one order and not the other.
func namesOnly(body []byte, one, other providers.Ref) bool {
	text := string(body)
	return strings.Contains(text, one.OrderNumber) && !strings.Contains(text, other.OrderNumber)
}

// forged changes a genuine body in one or a few places, or names another order in it.
func forged(random *rand.Rand, genuine []byte, own, other providers.Ref) []byte {
	body := bytes.Clone(genuine)
	for range 1 + random.IntN(4) {
		if len(body) == 0 {
			return body
		}
		at := random.IntN(len(body))
		switch random.IntN(8) {
		case 0:
			body[at] ^= byte(1 << random.IntN(8))
		case 1:
			body = append(body[:at], body[at+1:]...)
		case 2:
			body = append(body[:at], append([]byte{byte(random.IntN(256) & 0xff)}, body[at:]...)...)
		case 3:
			body = body[:at]
		case 4:
			body = append(body, body[at:]...)
		case 5:
			body = bytes.ReplaceAll(body, []byte(own.OrderNumber), []byte(other.OrderNumber))
		case 6:
			for i := at; i < len(body); i++ {
				if body[i] >= '0' && body[i] <= '9' {
					body[i] = "0123456789"[random.IntN(10)]
					break
				}
			}
		case 7:
			body = bytes.ReplaceAll(body, []byte(own.ProviderRef), []byte(mirrored(own.ProviderRef)))
		}
	}
	return body
}

func noticeForgedWithSkill(b *bench) string {
	p := b.paid(b.usual())
	got := p.notified()
	made := b.target.Forge(got.notification)
	require.NotEmpty(b.t, made)
	for _, f := range made {
		events, _, err := b.parser().ParseWebhook(b.t.Context(), f.Notification)
		if isEvidence(got.events[0]) {
			require.Error(b.t, err, f.Name)
		}
		b.requireNoEvidence(events, err)
	}
	return ""
}

func noticeOfAnotherAccount(b *bench) string {
	theirs := b.prepareAt(b.world.Another[0], b.usual())
	theirs.opens()
	b.visits(theirs.page.URL, b.target.Cards.Good, approves)
	theirs.untilTaken()
	n := theirs.notified().notification
	n.Order = nil // their addresses are not ours
	events, err := b.reads(n)
	b.requireNoEvidence(events, err)
	if b.caps.Can(providers.OpSync) {
		for _, e := range events {
			result, err := b.main.Sync(b.context(), e.Ref)
			require.True(b.t, result.Captured.IsZero(), "%v", b.note(err))
		}
	}
	return ""
}

func noticeAtAnotherAddress(b *bench) string {
	p, other := b.paid(b.usual()), b.started(b.usual())
	n := p.notified().notification
	n.Order = &other.ref
	events, err := b.reads(n)
	if !isEvidence(p.notified().events[0]) {
		b.requireNoEvidence(events, err)
		return "a notification is a hint wherever it comes to"
	}
	b.requireKind(err, providers.Auth, providers.Malformed)
	return ""
}

func noticeAtAccount(b *bench) string {
	p := b.paid(b.usual())
	n := p.notified().notification
	n.Order = nil
	events, err := b.reads(n)
	b.requireNoEvidence(events, err)
	return ""
}

func noticeGarbage(b *bench) string {
	p := b.paid(b.usual())
	genuine := p.notified().notification
	for _, garbage := range []string{
		"", " ", "\x00", "null", "0", "true", `""`, "[]", "{}", "[{}]", "{", `{"a":`, "<html><body>It works</body></html>",
		"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><x>&a;</x>", "a=b&a=c", "%", "&&&", "=", "\xff\xfe\xfd",
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 20_000), strings.Repeat("a=b&", 20_000), "{\"amount\":1e400}", "{\"amount\":\"NaN\"}",
	} {
		n := genuine
		n.Body = []byte(garbage)
		events, err := b.reads(n)
		b.requireNoEvidence(events, err)
		for _, e := range events {
			require.False(b.t, isAbout(e, p.ref), "%.40q", garbage)
		}
	}
	_, err := b.reads(providers.Notification{})
	require.True(b.t, err == nil || providers.KindOf(err) == providers.Auth || providers.KindOf(err) == providers.Malformed)
	_, err = b.reads(providers.Notification{Header: http.Header{}, Query: url.Values{"x": {"y"}}})
	require.True(b.t, err == nil || providers.KindOf(err) == providers.Auth || providers.KindOf(err) == providers.Malformed)
	return ""
}

func noticeHuge(b *bench) string {
	p := b.paid(b.usual())
	n := p.notified().notification
	for _, filler := range []string{" ", "a", "&"} {
		huge := n
		huge.Body = append(bytes.Clone(n.Body), bytes.Repeat([]byte(filler), 10<<20)...)
		events, err := b.reads(huge)
		b.requireKind(err, providers.Auth, providers.Malformed)
		require.Empty(b.t, events)
	}
	return ""
}

func noticeParallel(b *bench) string {
	p := b.paid(b.usual())
	got := p.notified()
	const many = 50
	all, errs := make([][]providers.Event, many), make([]error, many)
	parser, ctx := b.parser(), b.t.Context()
	var wait sync.WaitGroup
	for at := range many {
		wait.Go(func() { all[at], _, errs[at] = parser.ParseWebhook(ctx, got.notification) })
	}
	wait.Wait()
	for at := range many {
		require.NoError(b.t, errs[at])
		require.Equal(b.t, got.events, all[at])
	}
	return ""
}

func noticeAsksNobody(b *bench) string {
	p := b.paid(b.usual())
	n := p.notified().notification
	b.line.spoil(nil)
	_, err := b.reads(n)
	require.NoError(b.t, err)
	require.Empty(b.t, b.line.seen())
	return ""
}
