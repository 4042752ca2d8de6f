package sim

import (
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/ent/subscriptionperiod"
	"github.com/paygraph/paygraph/ent/wallet"
	"github.com/paygraph/paygraph/internal/pay"
)

// judgeMembers compares what members were told with what is, and writes how their
// cards, wallets, gifts and subscriptions ended into the trace.
func (w *world) judgeMembers() error {
	for _, m := range w.members {
		if err := m.judgeCards(); err != nil {
			return err
		}
		if err := m.judgeSubscriptions(); err != nil {
			return err
		}
		if err := m.judgeValue(); err != nil {
			return err
		}
	}
	return nil
}

func (m *member) judgeCards() error {
	all, err := m.w.store.Read().Card.Query().Where(card.UserID(m.user)).All(m.w.program())
	if err != nil {
		return fmt.Errorf("read the cards of member %d: %w", m.number, err)
	}
	active, defaults := 0, 0
	is := map[pay.CardID]pay.CardStatus{}
	for _, c := range all {
		is[c.ID] = c.Status
		if c.Status == pay.CardActive {
			active++
		}
		if c.IsDefault {
			defaults++
		}
	}
	m.w.result.Cards += len(all)
	m.say("ends with %d cards, %d of them active", len(all), active)
	if want := min(active, 1); defaults != want {
		m.w.breach("member %d has %d default cards of %d active ones", m.number, defaults, active)
	}
	for _, id := range m.cards {
		if is[id] != pay.CardActive && !slices.Contains(m.removed, id) {
			m.w.breach("member %d was shown a card as active, and it is %q", m.number, is[id])
		}
	}
	return nil
}

func (m *member) judgeSubscriptions() error {
	for _, id := range m.subs {
		name := m.w.trace.name("sub", id.String())
		s, err := m.w.store.Read().BillingSubscription.Query().Where(billingsubscription.ID(id)).Only(m.w.program())
		if ent.IsNotFound(err) {
			m.w.breach("subscription %s was acknowledged, and is gone", name)
			continue
		}
		if err != nil {
			return fmt.Errorf("read subscription %s: %w", id, err)
		}
		periods, err := m.w.store.Read().SubscriptionPeriod.Query().Where(subscriptionperiod.SubscriptionID(id)).
			Order(ent.Asc(subscriptionperiod.FieldStartsAt)).All(m.w.program())
		if err != nil {
			return fmt.Errorf("read the periods of subscription %s: %w", id, err)
		}
		kinds := map[string]int{}
		for _, p := range periods {
			kinds[p.Kind]++
		}
		m.w.result.Renewals += kinds["paid"]
		m.say("ends with subscription %s: %s, periods %v, try %d", name, s.Status, kinds, s.DunningTry)
		now := m.w.clock.Now()
		if s.NextActionAt != nil && s.NextActionAt.Before(now.Add(-recovery)) {
			m.w.breach("subscription %s is %s, and was due at %s", name, s.Status, s.NextActionAt)
		}
	}
	return nil
}

func (m *member) judgeValue() error {
	for _, id := range m.taken {
		g, err := m.w.store.Read().Gift.Get(m.w.program(), id)
		if err != nil {
			return fmt.Errorf("read gift %s: %w", id, err)
		}
		m.w.result.Gifts++
		if g.Status != pay.GiftRedeemed || g.RedeemedByID == nil || *g.RedeemedByID != m.user {
			m.w.breach("member %d was told that a gift is theirs, and it is %s and somebody else's", m.number, g.Status)
		}
	}
	wallets, err := m.w.store.Read().Wallet.Query().Where(wallet.UserID(m.user)).All(m.w.program())
	if err != nil {
		return fmt.Errorf("read the wallets of member %d: %w", m.number, err)
	}
	for _, one := range wallets {
		m.say("ends with %d in the wallet, and %d held", one.AvailableMinor, one.HeldMinor)
		if one.HeldMinor != 0 || one.AvailableMinor < 0 {
			m.w.breach("the wallet of member %d ends with %d, and %d held", m.number, one.AvailableMinor, one.HeldMinor)
		}
	}
	return nil
}
