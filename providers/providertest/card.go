package providertest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func cardCases() []testCase {
	registers, charges := can(providers.OpSaveCard), can(providers.OpChargeSaved)
	later := card("that is refused once it is saved", func(t Target) bool {
		return t.Cards.SavedPoor != Card{} || t.Cards.RefusalCode != ""
	})
	shy := card("whose bank wants to see the owner at every charge", func(t Target) bool {
		return t.Cards.SavedProves != Card{} || t.Cards.ProofCode != ""
	})
	return []testCase{
		{name: "registered", fact: "a card that is added is listed, and no money stays taken", needs: []need{registers}, run: cardRegistered},
		{name: "registered-by-paying", fact: "a payment saves the card that it was made with", needs: []need{can(providers.OpSavePaid)}, run: cardSavedByPaying},
		{name: "not-registered", fact: "a card that its bank refuses is not listed", needs: []need{registers}, run: cardNotRegistered},
		{name: "unheard-of-customer", fact: "a customer whom the vendor never heard of has no cards", needs: []need{registers}, run: cardsOfStranger},
		{name: "mask", fact: "at most the first six and the last four digits are told", needs: []need{savesCards()}, run: cardMask},
		{name: "charged", fact: "a saved card is charged once and exactly", needs: []need{savesCards()}, run: cardCharged},
		{name: "charged-by-merchant", fact: "without its owner, too", needs: []need{savesCards()}, run: cardChargedByMerchant},
		{name: "charge-repeated", fact: "a charge that is repeated takes nothing more", needs: []need{savesCards()}, run: chargeRepeated},
		{name: "charge-declined", fact: "a refused charge is final and says why", needs: []need{savesCards(), later}, run: chargeDeclined},
		{name: "charge-proof", fact: "a bank that wants to see the owner takes nothing until it has", needs: []need{savesCards(), shy}, run: chargeWithProof},
		{name: "senseless-card", fact: "a card that cannot be is an error or a refusal, and takes nothing", needs: []need{charges}, run: chargeSenseless},
		{name: "senseless-amount", fact: "charging nothing and less is Rejected, and nothing is sent", needs: []need{charges}, run: chargeNothing},
		{name: "removed", fact: "a card that is removed is not listed and not charged; it can be removed again", needs: []need{registers, charges}, run: cardRemoved},
		{name: "another-customer", fact: "one customer's card is not another's: not listed, not charged", needs: []need{savesCards()}, run: cardOfAnother},
		{name: "same-contact", fact: "two customers of one phone and address each have their own cards", needs: []need{registers}, run: cardsOfOneContact},
		{name: "another-removes", fact: "nor removed", needs: []need{registers}, run: anotherRemoves},
		{name: "another-account", fact: "another account cannot charge it", needs: []need{savesCards(), another()}, run: cardOfAnotherAccount},
		{name: "customer-name", fact: "the vendor's name of a customer is constant, and each has their own", needs: []need{registers}, run: customerNames},
		{name: "not-in-events", fact: "what is stored of a notification does not hold what charges a card", needs: []need{savesCards(), can(providers.OpWebhook)}, run: cardNotInEvents},
	}
}

// customer is one whom no vendor knows.
func (b *bench) customer() providers.Customer {
	id := newName()
	return providers.Customer{ID: id, ExternalID: "shop-" + id[:12], Email: "ana-" + id[:6] + "@example.com", Phone: newPhone()}
}

// saves adds a card of a customer's, on the page for it or by a payment.
func (b *bench) saves(customer providers.Customer, with Card) providers.SavedCard {
	b.t.Helper()
	if !b.caps.Can(providers.OpSaveCard) {
		return b.savesByPaying(customer, with)
	}
	b.visits(b.addPage(customer).Redirect.URL, with, approves)
	return b.untilListed(customer)
}

func (b *bench) saver() providers.CardSaver {
	b.t.Helper()
	saver, err := providers.As[providers.CardSaver](b.main, providers.OpSaveCard)
	require.NoError(b.t, err)
	return saver
}

// checkMinor is held for a moment when a card is added.
const checkMinor = 100

func (b *bench) addPage(customer providers.Customer) providers.CardSession {
	b.t.Helper()
	ref := providers.Ref{OrderNumber: newName(), OfCustomer: true}
	session, err := b.saver().StartCard(b.context(), providers.CardRequest{
		OrderNumber: ref.OrderNumber, Customer: customer, Amount: pay.Of(checkMinor, b.currency()),
		ReturnURL: "https://shop.example/return/" + newName(), NotifyURL: b.notifyURL(b.world.Account, ref), Payer: b.target.Payer,
	})
	require.NoError(b.t, b.note(err))
	require.NotEmpty(b.t, session.Redirect.URL)
	return session
}

// untilListed waits until the customer has one card that can be charged.
func (b *bench) untilListed(customer providers.Customer) providers.SavedCard {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	for {
		list, err := b.saver().Cards(ctx, customer)
		require.NoError(b.t, b.note(err))
		for _, one := range list {
			if one.Active {
				return one
			}
			if activator, ok := b.main.(providers.CardActivator); ok {
				require.NoError(b.t, b.note(activator.ActivateCard(ctx, customer, one.Ref, pay.Of(checkMinor, b.currency()))))
			}
		}
		pause := time.NewTimer(5 * time.Millisecond)
		select {
		case <-ctx.Done():
			require.Fail(b.t, "the card was never listed")
		case <-pause.C:
		}
	}
}

func (b *bench) savesByPaying(customer providers.Customer, with Card) providers.SavedCard {
	b.t.Helper()
	p := b.prepare(b.usual())
	p.request.SaveFor = &customer
	p.ref.OfCustomer = true
	p.opens()
	b.visits(p.page.URL, with, approves)
	result := p.untilIt("which card was saved", func(r providers.Result) bool { return r.Saved != nil })
	require.NotEmpty(b.t, result.Saved.Ref)
	return *result.Saved
}

func (b *bench) chargeOf(customer providers.Customer, orderNumber, cardRef string) providers.ChargeRequest {
	return providers.ChargeRequest{
		OrderNumber: orderNumber, Handle: newName(), Amount: b.usual(), Customer: customer, CardRef: cardRef, Description: "A renewal",
		ReturnURL: "https://shop.example/return/" + newName(), NotifyURL: b.notifyURL(b.world.Account, providers.Ref{OrderNumber: orderNumber, OfCustomer: true}),
		Payer: b.target.Payer, Initiator: providers.ByPayer, Expires: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	}
}

// charges charges a card and keeps the order.
func (b *bench) charges(customer providers.Customer, cardRef string) (*payment, providers.Result, error) {
	b.t.Helper()
	return b.chargesWith(b.chargeOf(customer, newName(), cardRef))
}

func (b *bench) chargesWith(r providers.ChargeRequest) (*payment, providers.Result, error) {
	b.t.Helper()
	charger, err := providers.As[providers.SavedCharger](b.main, providers.OpChargeSaved)
	require.NoError(b.t, err)
	p := &payment{b: b, by: b.world.Account, ref: providers.Ref{OrderNumber: r.OrderNumber, OfCustomer: true}}
	result, err := charger.Charge(b.context(), r)
	if err != nil {
		return p, result, b.note(err)
	}
	p.ref.ProviderRef = result.ProviderRef
	b.knows(p.ref)
	return p, result, nil
}

// charged is an order that was charged to a saved card.
func (b *bench) charged(customer providers.Customer, cardRef string) *payment {
	b.t.Helper()
	p, result, err := b.charges(customer, cardRef)
	require.NoError(b.t, err)
	require.Contains(b.t, []providers.Status{providers.Captured, providers.Authorized, providers.Pending}, result.Status, "%+v", result.Decline)
	p.untilTaken()
	return p
}

func cardRegistered(b *bench) string {
	customer := b.customer()
	list, err := b.saver().Cards(b.context(), customer)
	require.NoError(b.t, b.note(err))
	require.Empty(b.t, list)
	saved := b.saves(customer, b.target.Cards.Good)
	require.NotEmpty(b.t, saved.Ref)
	require.False(b.t, saved.Expired)
	require.Zero(b.t, b.book().left())
	return ""
}

func cardSavedByPaying(b *bench) string {
	saved := b.savesByPaying(b.customer(), b.target.Cards.Good)
	require.NotEmpty(b.t, saved.Ref)
	book := b.book()
	require.Equal(b.t, 1, book.Captures)
	require.Equal(b.t, int64(usualMinor), book.Captured)
	return ""
}

func cardNotRegistered(b *bench) string {
	customer := b.customer()
	b.visits(b.addPage(customer).Redirect.URL, Card{}, declines)
	list, err := b.saver().Cards(b.context(), customer)
	require.NoError(b.t, b.note(err))
	require.Empty(b.t, list)
	require.Zero(b.t, b.book().left())
	return ""
}

func cardsOfStranger(b *bench) string {
	list, err := b.saver().Cards(b.context(), b.customer())
	require.NoError(b.t, b.note(err))
	require.Empty(b.t, list)
	return ""
}

func cardMask(b *bench) string {
	saved := b.saves(b.customer(), b.target.Cards.Good)
	require.Regexp(b.t, `^(\d{0,6}[^\d]+\d{0,4})?$`, saved.Card.Mask)
	require.True(b.t, saved.ExpMonth >= 0 && saved.ExpMonth <= 12)
	require.True(b.t, saved.ExpYear == 0 || saved.ExpYear >= 2000)
	return ""
}

func cardCharged(b *bench) string {
	customer := b.customer()
	saved := b.saves(customer, b.target.Cards.Good)
	before := b.book()
	b.charged(customer, saved.Ref).requireCharged(before)
	return ""
}

// requireCharged checks that one payment of the usual amount came on top.
func (p *payment) requireCharged(before money) {
	b := p.b
	b.t.Helper()
	result := p.untilTaken()
	after := b.book()
	require.Equal(b.t, int64(usualMinor)+result.Fee.Amount, result.Captured.Amount)
	require.Equal(b.t, b.currency(), result.Captured.Currency)
	require.Equal(b.t, before.Captures+1, after.Captures)
	require.Equal(b.t, before.Captured+result.Captured.Amount, after.Captured)
}

func cardChargedByMerchant(b *bench) string {
	customer := b.customer()
	saved := b.saves(customer, b.target.Cards.Good)
	before := b.book()
	r := b.chargeOf(customer, newName(), saved.Ref)
	r.Initiator, r.Payer = providers.ByMerchant, b.target.Payer
	p, result, err := b.chargesWith(r)
	require.NoError(b.t, err)
	require.Contains(b.t, []providers.Status{providers.Captured, providers.Pending}, result.Status)
	p.requireCharged(before)
	return ""
}

func chargeRepeated(b *bench) string {
	customer := b.customer()
	saved := b.saves(customer, b.target.Cards.Good)
	before := b.book()
	r := b.chargeOf(customer, newName(), saved.Ref)
	p, _, err := b.chargesWith(r)
	require.NoError(b.t, err)
	p.requireCharged(before)
	_, again, err := b.chargesWith(r)
	if err == nil && !b.caps.SyncByOurNumber && !b.caps.NativeIdempotency {
		return "the vendor knows neither our number nor the charge's"
	}
	require.True(b.t, err != nil || again.Status == providers.Declined || again.ProviderRef == p.ref.ProviderRef)
	p.requireCharged(before)
	return ""
}

// refusable saves the card, or one that pays, whose bank then answers each charge with
// the code.
func (b *bench) refusable(customer providers.Customer, with Card, code string) providers.SavedCard {
	b.t.Helper()
	if with != (Card{}) {
		return b.saves(customer, with)
	}
	saved := b.saves(customer, b.target.Cards.Good)
	b.control(http.MethodPost, "cards", map[string]string{"provider": b.target.Vendor, "card": saved.Ref, "action": "refuse", "code": code}, nil)
	return saved
}

func chargeDeclined(b *bench) string {
	customer := b.customer()
	saved := b.refusable(customer, b.target.Cards.SavedPoor, b.target.Cards.RefusalCode)
	before := b.book()
	p, result, err := b.charges(customer, saved.Ref)
	require.NoError(b.t, err)
	if result.Status == providers.Pending {
		result = p.until(providers.Declined)
	}
	require.Equal(b.t, providers.Declined, result.Status)
	require.True(b.t, result.SessionOver, "a charge has no page")
	b.requireDecline(result.Decline)
	require.Equal(b.t, before, b.book())
	return ""
}

func chargeWithProof(b *bench) string {
	customer := b.customer()
	saved := b.refusable(customer, b.target.Cards.SavedProves, b.target.Cards.ProofCode)
	before := b.book()
	p, result, err := b.charges(customer, saved.Ref)
	require.NoError(b.t, err)
	require.Equal(b.t, before, b.book())
	if result.Status == providers.Declined {
		require.True(b.t, result.SessionOver)
		b.requireDecline(result.Decline)
		return ""
	}
	require.Equal(b.t, providers.ActionRequired, result.Status)
	require.NotNil(b.t, result.Redirect)
	b.visits(result.Redirect.URL, b.target.Cards.SavedProves, approves)
	p.requireCharged(before)
	return ""
}

func chargeSenseless(b *bench) string {
	customer := b.customer()
	for _, odd := range []string{"", " ", "none", "FreePay", "a;b=c", "x\r\ny", "../..", newName()} {
		_, result, err := b.charges(customer, odd)
		b.requireNothing(result, err, money{})
	}
	return ""
}

func chargeNothing(b *bench) string {
	for _, minor := range []int64{0, -1, pay.MaxAmount + 1} {
		r := b.chargeOf(b.customer(), newName(), newName())
		r.Amount = pay.Of(minor, b.currency())
		_, _, err := b.chargesWith(r)
		b.requireKind(err, providers.Rejected)
	}
	require.Empty(b.t, b.line.all())
	return ""
}

func cardRemoved(b *bench) string {
	customer := b.customer()
	saved := b.saves(customer, b.target.Cards.Good)
	for range 2 {
		require.NoError(b.t, b.note(b.saver().RemoveCard(b.context(), customer, saved.Ref)))
	}
	list, err := b.saver().Cards(b.context(), customer)
	require.NoError(b.t, b.note(err))
	for _, one := range list {
		require.False(b.t, one.Ref == saved.Ref && one.Active)
	}
	before := b.book()
	_, result, err := b.charges(customer, saved.Ref)
	b.requireNothing(result, err, before)
	return ""
}

func cardOfAnother(b *bench) string {
	ana, ben := b.customer(), b.customer()
	saved := b.saves(ana, b.target.Cards.Good)
	if b.caps.Can(providers.OpSaveCard) {
		own := b.saves(ben, b.target.Cards.Good)
		require.NotEqual(b.t, saved.Ref, own.Ref)
		list, err := b.saver().Cards(b.context(), ben)
		require.NoError(b.t, b.note(err))
		require.Len(b.t, list, 1)
	}
	before := b.book()
	_, result, err := b.charges(ben, saved.Ref)
	if err == nil && result.Status == providers.Captured && !b.caps.Can(providers.OpSaveCard) {
		return "the vendor charges by the card's token alone"
	}
	b.requireNothing(result, err, before)
	return ""
}

func cardsOfOneContact(b *bench) string {
	ana, ben := b.customer(), b.customer()
	ben.Email, ben.Phone = ana.Email, ana.Phone
	saved := b.saves(ana, b.target.Cards.Good)
	list, err := b.saver().Cards(b.context(), ben)
	require.NoError(b.t, b.note(err))
	if len(list) == 1 && list[0].Ref == saved.Ref {
		return "the vendor knows a customer by the phone: two of one phone are one customer there"
	}
	require.Empty(b.t, list)
	return ""
}

func anotherRemoves(b *bench) string {
	ana, ben := b.customer(), b.customer()
	saved := b.saves(ana, b.target.Cards.Good)
	b.saves(ben, b.target.Cards.Good)
	_ = b.note(b.saver().RemoveCard(b.context(), ben, saved.Ref)) // refused or nothing: hers stays
	list, err := b.saver().Cards(b.context(), ana)
	require.NoError(b.t, b.note(err))
	require.Len(b.t, list, 1)
	require.True(b.t, list[0].Active)
	return ""
}

func cardOfAnotherAccount(b *bench) string {
	customer := b.customer()
	saved := b.saves(customer, b.target.Cards.Good)
	before := b.book()
	charger, err := providers.As[providers.SavedCharger](b.world.Another[0].Provider, providers.OpChargeSaved)
	if err != nil {
		return "the other account of the sandbox charges no cards"
	}
	result, err := charger.Charge(b.context(), b.chargeOf(customer, newName(), saved.Ref))
	b.requireNothing(result, b.note(err), before)
	return ""
}

func customerNames(b *bench) string {
	ana, ben := b.customer(), b.customer()
	name := b.saver().CustomerName(ana)
	require.Equal(b.t, name, b.saver().CustomerName(ana))
	ana.Email, ana.Phone = "", ""
	require.Equal(b.t, name, b.saver().CustomerName(ana), "her address and phone may change")
	require.True(b.t, name == "" || name != b.saver().CustomerName(ben))
	require.Empty(b.t, b.line.all())
	return ""
}

func cardNotInEvents(b *bench) string {
	customer := b.customer()
	saved := b.saves(customer, b.target.Cards.Good)
	p := b.charged(customer, saved.Ref)
	deliveries, _ := b.hooks.deliveries()
	if len(deliveries) == 0 {
		deliveries = []delivery{p.notified()}
	}
	for _, d := range deliveries {
		for _, e := range d.events {
			stored := e.Body
			if stored == nil {
				stored = d.notification.Body
			}
			require.NotContains(b.t, string(stored), saved.Ref)
			require.NotContains(b.t, fmt.Sprint(e.Kind, e.Key), saved.Ref)
		}
	}
	return ""
}
