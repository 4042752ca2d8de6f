package sim

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// member is a user who comes back all the time: with saved cards, a wallet, gifts,
// and a subscription.
type member struct {
	w      *world
	number int
	user   pay.UserID

	adding  pay.CardRegistrationID // the registration under way
	added   int                    // cards that were tried so far
	cards   []pay.CardID           // that they were shown as ACTIVE
	removed []pay.CardID           // that they wanted removed
	sub     pay.SubscriptionID     // the newest one
	subs    []pay.SubscriptionID   // all that were acknowledged
	taken   []pay.GiftID           // that they were told are theirs
}

func (m *member) say(format string, args ...any) {
	m.w.say("member %d %s", m.number, fmt.Sprintf(format, args...))
}

// self returns the context in which the member asks.
func (m *member) self() context.Context {
	return m.w.as(viewer.Viewer{Role: pay.RoleUser, User: m.user, Principal: "user/" + m.user.String()})
}

// soon plans an act.
func (m *member) soon(from, to time.Duration, do func()) { m.w.in(m.w.dice(from, to), do) }

// asks has the program do f, and again after a while when it got no answer or one
// that invites to repeat the call: f keeps its key. Then goes on after the rest.
func (m *member) asks(what string, f func() ([]*pay.Error, error), then func(refused []*pay.Error)) {
	m.asksAgain(what, 1, f, then)
}

func (m *member) asksAgain(what string, try int, f func() ([]*pay.Error, error), then func(refused []*pay.Error)) {
	var refused []*pay.Error
	var err error
	alive := m.w.call(func() { refused, err = f() })
	var again bool
	switch {
	case !alive:
		m.say("got no answer to %s", what)
		again = true
	case err != nil:
		m.w.breach("member %d: %s answers an internal error: %v", m.number, what, err)
		return
	default:
		m.say("%s%s", what, errorWords(refused))
		again = slices.ContainsFunc(refused, func(e *pay.Error) bool { return e.Retry == pay.RetrySameKey })
	}
	if !again {
		then(refused)
		return
	}
	if try < mostTries {
		m.soon(3*time.Second, 5*time.Minute, func() { m.asksAgain(what, try+1, f, then) })
	}
}

func errorWords(errs []*pay.Error) string {
	text := ""
	for _, e := range errs {
		text += " " + string(e.Code) + " " + e.Key
	}
	return text
}

// savedNumbers are test cards that a bank lets be charged without a word.
func savedNumbers() []string {
	return []string{"4111 1111 1111 1112", "4011 1111 1111 1112", "5218 8519 4695 5484", "4111 1111 1110 0031"}
}

// newest is the number of the card that the member tried last.
func (m *member) newest() string { return savedNumbers()[max(m.added-1, 0)%len(savedNumbers())] }

// addCard has the member add another card on the provider's page.
func (m *member) addCard() {
	key := m.w.newKey()
	m.asks("cardRegistrationStart", func() ([]*pay.Error, error) {
		out, err := m.w.cards.Start(m.self(), cards.NewRegistration{Key: key, ReturnURL: new(shopOrigin + "/cards")})
		if err != nil {
			return nil, err
		}
		m.adding = out.Registration
		return out.Errors, nil
	}, func(refused []*pay.Error) {
		if !m.adding.IsZero() && len(refused) == 0 {
			m.soon(10*time.Second, 10*time.Minute, m.visitPage)
		}
	})
}

// visitPage plays the member on the page that is open, and what follows.
func (m *member) visitPage() {
	page, id := "", m.adding
	alive := m.w.call(func() {
		r, err := m.w.cards.Registration(m.self(), id.String())
		if err == nil && r != nil {
			page, _ = cards.NextActionOf(r, m.w.clock.Now())
		}
	})
	if !alive || page == "" {
		m.say("finds no page to add a card")
		return
	}
	outcome := pick(m.w, weighed[string]{8, "approve"}, weighed[string]{1, "decline"}, weighed[string]{1, "abandon"})
	m.added++
	var paid struct{ State, ErrCode, ReturnURL string }
	status := m.w.ask(http.MethodPost, "/_control/pay", map[string]string{"url": page, "card": m.newest(), "outcome": outcome}, &paid)
	m.say("%s on the page that adds card %d: %d %s %s", outcome, m.added, status, paid.State, paid.ErrCode)
	if m.w.chance(0.6) {
		m.w.in(m.w.dice(time.Second, time.Minute), m.hint)
	}
	if m.w.chance(0.4) {
		m.soon(time.Second, 5*time.Minute, func() { m.finish(id) })
	}
	m.soon(20*time.Minute, time.Hour, m.seeCards)
}

// hint brings the provider's notification that the member's cards have changed.
func (m *member) hint() {
	var reply providers.Reply
	var err error
	alive := m.w.call(func() {
		var who providers.Customer
		if who, err = m.w.cards.CustomerOf(m.w.program(), m.user); err != nil {
			return
		}
		body := url.Values{
			"Notification": {"CustomerAddSuccess"}, "Success": {"True"}, "ErrCode": {"NONE"}, "MerchantContract": {"MerchantAdd"},
			"VWUserLgn": {m.w.saver.CustomerName(who)},
		}.Encode()
		reply, err = m.w.bills.Notify(m.w.ctx, "payture", oneStage, providers.Notification{
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(body),
		})
	})
	switch {
	case !alive:
		m.say("the notice about their cards finds nobody")
	case err != nil:
		m.w.breach("a notification about cards is answered an error: %v", err)
	default:
		m.w.result.Notifications++
		m.say("the notice about their cards is answered %d", reply.Status)
	}
}

// finish asks the program to look for the card now.
func (m *member) finish(id pay.CardRegistrationID) {
	m.asks("cardRegistrationFinish", func() ([]*pay.Error, error) {
		out, err := m.w.cards.Finish(m.self(), id.String())
		if err != nil {
			return nil, err
		}
		return out.Errors, nil
	}, func([]*pay.Error) { m.seeCards() })
}

// seeCards looks which cards there are.
func (m *member) seeCards() {
	var found []*ent.Card
	var err error
	alive := m.w.call(func() {
		var all map[pay.UserID][]*ent.Card
		all, err = m.w.cards.CardsOf(m.self(), nil, m.user)
		found = all[m.user]
	})
	switch {
	case !alive:
		return
	case err != nil:
		m.w.breach("the cards of member %d cannot be read: %v", m.number, err)
		return
	}
	m.cards = m.cards[:0]
	for _, c := range found {
		if c.Status == pay.CardActive {
			m.cards = append(m.cards, c.ID)
		}
	}
	m.say("sees %d cards, %d of them active", len(found), len(m.cards))
}

// card is one of the cards that the member knows.
func (m *member) card() (pay.CardID, bool) {
	if len(m.cards) == 0 {
		return pay.CardID{}, false
	}
	return m.cards[m.w.random.IntN(len(m.cards))], true
}

// removeCard takes one of more cards away.
func (m *member) removeCard() {
	id, has := m.card()
	if !has || len(m.cards) < 2 {
		return
	}
	key := m.w.newKey()
	m.removed = append(m.removed, id)
	m.asks("cardRemove", func() ([]*pay.Error, error) {
		out, err := m.w.cards.Remove(m.self(), key, id.String())
		if err != nil {
			return nil, err
		}
		return out.Errors, nil
	}, func([]*pay.Error) { m.seeCards() })
}

// bank has the bank refuse all the member's cards for a while.
func (m *member) bank() {
	code := pick(m.w, weighed[string]{3, "AMOUNT_EXCEED"}, weighed[string]{1, "ISSUER_CARD_FAIL"}, weighed[string]{1, "ISSUER_BLOCKED_CARD"})
	var login string
	if !m.w.call(func() {
		if who, err := m.w.cards.CustomerOf(m.w.program(), m.user); err == nil {
			login = m.w.saver.CustomerName(who)
		}
	}) || login == "" {
		return
	}
	rule := map[string]string{"provider": "payture", "customer": login, "action": "refuse", "code": code}
	if status, err := m.w.asked(http.MethodPost, "/_control/cards", rule, nil); err != nil || status != http.StatusOK {
		return // there is no card yet
	}
	m.say("the bank refuses their cards: %s", code)
	m.soon(time.Hour, 5*24*time.Hour, func() {
		m.say("the bank takes their cards again")
		m.w.ask(http.MethodPost, "/_control/cards", map[string]string{"provider": "payture", "customer": login, "action": "accept"}, nil)
	})
}

// subscribe begins a subscription, or ends the one that there is.
func (m *member) subscribe() {
	card, has := m.card()
	if !has {
		return
	}
	if !m.sub.IsZero() && m.w.chance(0.6) {
		m.unsubscribe()
		return
	}
	in := subscriptions.NewSubscription{
		Key: m.w.newKey(), Price: m.w.periods[m.w.random.IntN(len(m.w.periods))].String(), Card: new(card.String()),
	}
	m.asks("billingSubscriptionCreate", func() ([]*pay.Error, error) {
		out, err := m.w.subs.Create(m.self(), in)
		if err != nil {
			return nil, err
		}
		if !out.Subscription.IsZero() && !slices.Contains(m.subs, out.Subscription) {
			m.sub = out.Subscription
			m.subs = append(m.subs, m.sub)
			m.say("has subscription %s", m.w.trace.name("sub", m.sub.String()))
		}
		return out.Errors, nil
	}, func([]*pay.Error) {})
}

// unsubscribe ends the subscription, now or later, pauses it or goes on, or has it
// charged to another card.
func (m *member) unsubscribe() {
	key, id := m.w.newKey(), m.sub.String()
	later := m.w.chance(0.5)
	act := pick(m.w, weighed[string]{3, "Cancel"}, weighed[string]{2, "Pause"}, weighed[string]{3, "Resume"}, weighed[string]{2, "ChangeCard"})
	until := m.w.clock.Now().Add(m.w.dice(time.Hour, 5*24*time.Hour))
	card, _ := m.card()
	m.asks("billingSubscription"+act, func() ([]*pay.Error, error) {
		var out *subscriptions.Outcome
		var err error
		switch act {
		case "Cancel":
			out, err = m.w.subs.Cancel(m.self(), key, id, later)
		case "Pause":
			out, err = m.w.subs.Pause(m.self(), key, id, &until)
		case "Resume":
			out, err = m.w.subs.Resume(m.self(), key, id)
		default:
			out, err = m.w.subs.ChangeCard(m.self(), key, id, card.String(), later)
		}
		if err != nil {
			return nil, err
		}
		return out.Errors, nil
	}, func([]*pay.Error) {})
}

// buys makes a customer of the member, who goes their way from there.
func (m *member) buys(p plan, product *ent.Product, change func(in *billing.NewBill)) *customer {
	c := &customer{w: m.w, number: len(m.w.customers) + 1, plan: p, by: pay.RoleUser, user: m.user}
	m.w.customers = append(m.w.customers, c)
	c.in = billing.NewBill{
		Key: m.w.newKey(), Start: true, Product: new(product.ID.String()), Currency: new(pay.RUB),
		PayWith: &billing.PayWith{Provider: new(oneStage)}, ReturnURL: new(shopOrigin + "/thanks"),
	}
	change(&c.in)
	m.say("is customer %d", c.number)
	c.create()
	return c
}

// buy buys a page with a card, or with the wallet.
func (m *member) buy() {
	with := &billing.PayWith{}
	p := byCard
	if card, has := m.card(); has {
		with.Card = new(card.String())
	}
	if wallet := m.wallet(); wallet != "" && (with.Card == nil || m.w.chance(0.5)) {
		with, p = &billing.PayWith{Wallet: &wallet}, byWallet
	}
	if with.Card == nil && with.Wallet == nil {
		return
	}
	m.buys(p, m.w.products[0], func(in *billing.NewBill) { in.PayWith, in.PageID = with, new("news/1") })
}

// wallet is the member's wallet; "" when there is none.
func (m *member) wallet() (id string) {
	alive := m.w.call(func() {
		all, err := m.w.ledger.WalletsOf(m.self(), m.user)
		if err == nil && len(all[m.user]) > 0 {
			id = all[m.user][0].ID.String()
		}
	})
	if !alive {
		return ""
	}
	return id
}

// topUp fills the wallet, on a page or by a card.
func (m *member) topUp() {
	amount := pay.Of(10000+m.w.random.Int64N(200000), pay.RUB)
	card, has := m.card()
	if has && m.w.chance(0.5) {
		m.buys(byCard, m.w.topUp, func(in *billing.NewBill) { in.Amount, in.PayWith = &amount, &billing.PayWith{Card: new(card.String())} })
		return
	}
	m.buys(paysAtOnce, m.w.topUp, func(in *billing.NewBill) { in.Amount = &amount })
}

// give buys a gift, of time or money, which others will redeem.
func (m *member) give() {
	product := m.w.gifts[m.w.random.IntN(len(m.w.gifts))]
	c := m.buys(paysAtOnce, product, func(in *billing.NewBill) {
		in.Gift = &billing.NewGift{RecipientEmail: "friend@example.com"}
		if m.w.chance(0.3) {
			in.Gift.DeliverAt = new(m.w.clock.Now().Add(m.w.dice(time.Hour, 24*time.Hour)))
		}
	})
	m.soon(30*time.Minute, 30*time.Hour, func() { m.passOn(c) })
}

// passOn reads the code of a gift that a bill bought, and has one or two others try
// it.
func (m *member) passOn(c *customer) {
	if c.bill.IsZero() {
		return
	}
	code := ""
	alive := m.w.call(func() {
		found, err := m.w.presents.OfBills(m.self(), c.bill)
		if g := found[c.bill]; err == nil && g != nil {
			if known, err := m.w.presents.CodeFor(m.self(), g); err == nil && known != nil {
				code = *known
			}
		}
	})
	if !alive || code == "" {
		m.say("reads no code")
		return
	}
	m.say("reads a code, and passes it on")
	others := slices.DeleteFunc(slices.Clone(m.w.members), func(other *member) bool { return other == m })
	m.w.random.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	for _, other := range others[:1+m.w.random.IntN(2)] {
		key := m.w.newKey()
		other.soon(time.Second, time.Hour, func() { other.redeem(key, code) })
	}
}

// redeem takes a gift.
func (m *member) redeem(key, code string) {
	var id pay.GiftID
	m.asks("giftRedeem", func() ([]*pay.Error, error) {
		out, err := m.w.presents.Redeem(m.self(), key, code)
		if err != nil {
			return nil, err
		}
		id = out.Gift
		return out.Errors, nil
	}, func(refused []*pay.Error) {
		if len(refused) == 0 && !id.IsZero() && !slices.Contains(m.taken, id) {
			m.taken = append(m.taken, id)
		}
	})
}

// live plans what the member does in all days of traffic.
func (m *member) live(days int) {
	const day = 24 * time.Hour
	m.w.queue.add(epoch().Add(m.w.dice(time.Minute, 6*time.Hour)), m.addCard)
	for n := range days {
		for range 1 + m.w.random.IntN(3) {
			act := pick(m.w,
				weighed[func()]{6, m.buy}, weighed[func()]{4, m.topUp}, weighed[func()]{6, m.subscribe}, weighed[func()]{3, m.give},
				weighed[func()]{2, m.addCard}, weighed[func()]{2, m.seeCards}, weighed[func()]{1, m.bank}, weighed[func()]{1, m.removeCard})
			m.w.queue.add(epoch().Add(time.Duration(n)*day+m.w.anyTime()), act)
		}
	}
}

// joins makes members of the first of the shop's users.
func (w *world) joins(count int) error {
	all, err := w.store.Read().User.Query().Where(user.MerchantID(w.merchant.ID)).Order(ent.Asc(user.FieldExternalID)).All(w.program())
	if err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	for n, u := range all[:count] {
		w.members = append(w.members, &member{w: w, number: n + 1, user: u.ID})
	}
	return nil
}
