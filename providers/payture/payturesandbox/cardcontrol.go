package payturesandbox

import (
	"cmp"
	"slices"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// KeptCards lists saved cards for /_control/cards.
func (v *Vendor) KeptCards(m sandbox.CardMatch) []sandbox.KeptCard {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := []sandbox.KeptCard{}
	v.eachCard(m, func(c *customer, s *savedCard) { all = append(all, v.tell(c, s)) })
	return all
}

// ChangeCards does what a bank or Payture itself may do to cards.
func (v *Vendor) ChangeCards(m sandbox.CardMatch, change sandbox.CardChange) ([]sandbox.KeptCard, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var changed []sandbox.KeptCard
	var c sandbox.Change
	v.eachCard(m, func(who *customer, s *savedCard) {
		switch change.Action {
		case sandbox.CardRemove:
			who.Cards = slices.DeleteFunc(slices.Clone(who.Cards), func(x *savedCard) bool { return x == s })
		case sandbox.CardExpire:
			s.Expired = true
		case sandbox.CardDeactivate:
			s.Active = false
		case sandbox.CardActivate:
			s.Active = true
		case sandbox.CardRefuse:
			s.Refuses = Code(change.Code)
		case sandbox.CardAccept:
			s.Refuses = ""
		}
		changed = append(changed, v.tell(who, s))
		c.Save = append(c.Save, who.record())
	})
	if changed == nil {
		return nil, sandbox.ErrNoCard
	}
	v.host.Commit(c)
	return changed, nil
}

// eachCard calls do for the cards that match. v.mu must be held.
func (v *Vendor) eachCard(m sandbox.CardMatch, do func(*customer, *savedCard)) {
	type pair struct {
		who  *customer
		card *savedCard
	}
	var found []pair
	for _, c := range v.customers {
		for _, s := range c.Cards {
			if (m.Customer == "" || m.Customer == c.Login) &&
				(m.Card == "" || m.Card == s.ID || m.Card == s.Mask || maskPAN(m.Card) == s.Mask) {
				found = append(found, pair{c, s})
			}
		}
	}
	slices.SortFunc(found, func(a, b pair) int {
		return cmp.Or(a.card.AddedAt.Compare(b.card.AddedAt), cmp.Compare(a.card.ID, b.card.ID))
	})
	for _, p := range found {
		do(p.who, p.card)
	}
}

// tell describes a card for /_control/cards.
func (v *Vendor) tell(c *customer, s *savedCard) sandbox.KeptCard {
	return sandbox.KeptCard{
		Provider: v.Name(), Customer: c.Login, ID: s.ID, Name: s.Mask, Expiry: s.Date,
		Status: s.status(), Expired: s.expired(v.host.Now()), Refuses: string(s.Refuses),
	}
}
