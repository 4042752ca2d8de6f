package bisyssandbox

import (
	"cmp"
	"slices"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// KeptCards lists saved cards for /_control/cards. A customer is a user's login
// or token.
func (v *Vendor) KeptCards(m sandbox.CardMatch) []sandbox.KeptCard {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := []sandbox.KeptCard{}
	for _, k := range v.matching(m) {
		all = append(all, k.tell())
	}
	return all
}

// ChangeCards does what a bank or bisys itself may do to cards.
func (v *Vendor) ChangeCards(m sandbox.CardMatch, change sandbox.CardChange) ([]sandbox.KeptCard, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var changed []sandbox.KeptCard
	var c sandbox.Change
	for _, k := range v.matching(m) {
		switch change.Action {
		case sandbox.CardRemove:
			k.user.Cards = slices.DeleteFunc(slices.Clone(k.user.Cards), func(x *card) bool { return x == k.card })
		case sandbox.CardExpire:
			k.card.Expired = true
		case sandbox.CardDeactivate:
			k.card.State = cardInactive
		case sandbox.CardActivate:
			k.card.State = cardActive
		case sandbox.CardRefuse:
			k.card.Refuses = change.Code
		case sandbox.CardAccept:
			k.card.Refuses = ""
		}
		changed = append(changed, k.tell())
		c.Save = append(c.Save, k.user.record())
	}
	if changed == nil {
		return nil, sandbox.ErrNoCard
	}
	v.host.Commit(c)
	return changed, nil
}

// keptCard is a card and whose it is.
type keptCard struct {
	user *user
	card *card
}

// matching lists the cards that match, oldest first. v.mu must be held.
func (v *Vendor) matching(m sandbox.CardMatch) []keptCard {
	var found []keptCard
	for _, u := range v.users {
		if m.Customer != "" && m.Customer != u.About.Login && m.Customer != u.Token {
			continue
		}
		for _, c := range u.Cards {
			if m.Card == "" || m.Card == c.Token || m.Card == c.Mask || maskPAN(m.Card) == c.Mask {
				found = append(found, keptCard{u, c})
			}
		}
	}
	slices.SortFunc(found, func(a, b keptCard) int {
		return cmp.Or(a.card.AddedAt.Compare(b.card.AddedAt), cmp.Compare(a.card.Token, b.card.Token))
	})
	return found
}

func (k keptCard) tell() sandbox.KeptCard {
	return sandbox.KeptCard{
		Provider: name, Customer: k.user.About.Login, ID: k.card.Token, Name: k.card.Mask, Expiry: cardByMask(k.card.Mask).date,
		Status: k.card.State, Expired: k.card.Expired, Refuses: k.card.Refuses,
	}
}
