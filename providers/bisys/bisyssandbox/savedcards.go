package bisyssandbox

import (
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// States of a saved card. A sibling has deleted too.
const (
	cardActive   = "active"
	cardInactive = "inactive"
)

// card is a saved card of a user's. No number is kept.
type card struct {
	Token   string    `json:"token"`
	Mask    string    `json:"mask"`
	State   string    `json:"state"`
	Expired bool      `json:"expired,omitempty"` // by /_control/cards; the calendar is not looked at
	Refuses string    `json:"refuses,omitempty"` // its bank's code, by /_control/cards
	AddedAt time.Time `json:"addedAt"`
}

// cardReply is one card of a list. Its expiry is not told, as in the seed.
type cardReply struct {
	CardMask  string `json:"cardMask"`
	CardToken string `json:"cardToken"`
	CardType  string `json:"cardType"`
	State     string `json:"state"`
}

type cardsReply struct {
	UserToken string      `json:"userToken"`
	Cards     []cardReply `json:"cards"`
}

// registerCard opens the check of a card: the payer gives it on a form, up to 5
// tenge are taken and given back, and the card is in the list from then on.
func (v *Vendor) registerCard(c call) (any, *refusal) {
	r := reader{f: c.f}
	token := r.required("userToken")
	r.clientType()
	p := &payment{Shop: c.shop.ShopToken, Kind: kindCard, Amount: cardCheck, UserToken: token}
	r.links(p)
	if len(c.shop.Services) > 0 {
		p.ServiceCode = c.shop.Services[0].Code
	}
	switch {
	case r.bad != nil:
		return nil, r.bad
	case v.userOf(c.shop, token) == nil:
		return nil, noUser()
	}
	v.begin(p, v.host.Now())
	v.open(p)
	return p.opened(c.base), nil
}

func (v *Vendor) listCards(c call) (any, *refusal) {
	r := reader{f: c.f}
	token := r.required("userToken")
	if r.bad != nil {
		return nil, r.bad
	}
	u := v.userOf(c.shop, token)
	if u == nil {
		return nil, noUser()
	}
	list := cardsReply{UserToken: u.Token, Cards: []cardReply{}}
	for _, saved := range u.Cards {
		list.Cards = append(list.Cards, cardReply{
			CardMask: saved.Mask, CardToken: saved.Token, CardType: cardByMask(saved.Mask).scheme, State: saved.State,
		})
	}
	return list, nil
}

// deactivateCard makes a card inactive: it stays in the list and pays no more
// until it is registered again. A repeated call succeeds.
func (v *Vendor) deactivateCard(c call) (any, *refusal) {
	r := reader{f: c.f}
	token, cardToken := r.required("userToken"), r.required("cardToken")
	if r.bad != nil {
		return nil, r.bad
	}
	u := v.userOf(c.shop, token)
	if u == nil {
		return nil, noUser()
	}
	saved := u.card(cardToken)
	if saved == nil {
		return nil, noCard()
	}
	saved.State = cardInactive
	v.host.Commit(sandbox.Change{Save: []sandbox.Record{u.record()}})
	return struct {
		resultReply
		UserToken string `json:"userToken"`
	}{done("the card is deactivated"), u.Token}, nil
}

// keepCard saves the card that p's payer gave and tells the merchant. The same
// card again keeps its token and is active again: the documents do not say.
// v.mu must be held.
func (v *Vendor) keepCard(p *payment, change *sandbox.Change) {
	u := v.tokens[p.UserToken]
	var saved *card
	for _, known := range u.Cards {
		if known.Mask == p.Mask {
			saved = known
		}
	}
	if saved == nil {
		saved = &card{Token: newID(), Mask: p.Mask, AddedAt: v.host.Now()}
		u.Cards = append(u.Cards, saved)
	}
	saved.State, saved.Expired = cardActive, false
	change.Save = append(change.Save, u.record())
	change.Notify = append(change.Notify, v.cardNotice(p, saved))
}
