package payelatasandbox

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// savedCard is a token and the card behind it. Vendor.mu guards it.
type savedCard struct {
	Token    string    `json:"token"`
	Account  string    `json:"account"`
	Customer string    `json:"customer"` // the merchant's number; no other may use the token
	Card     shownCard `json:"card"`
	AddedAt  time.Time `json:"addedAt"`

	Expired  bool   `json:"expired,omitempty"`
	Inactive bool   `json:"inactive,omitempty"`
	Refuses  string `json:"refuses,omitempty"` // the bank's resolution
}

func (c *savedCard) record() sandbox.Record {
	return sandbox.Record{Kind: recordCard, ID: c.Token, Value: c}
}

// saveCard gives the invoice's card a token. A customer's card has one token,
// however often it is saved (own choice). v.mu must be held.
func (v *Vendor) saveCard(i *invoice) sandbox.Record {
	for _, c := range v.cards {
		if c.Account == i.Account && c.Customer == i.Customer && c.Card.Mask == i.Card.Mask {
			c.Card, c.Expired, i.NewToken = *i.Card, false, c.Token
			return c.record()
		}
	}
	c := &savedCard{Token: newID("", 32), Account: i.Account, Customer: i.Customer, Card: *i.Card, AddedAt: v.host.Now()}
	v.cards[c.Token], i.NewToken = c, c.Token
	return c.record()
}

// savedAttempt is an attempt with the invoice's saved card. One that was removed
// meanwhile is invalid_card. v.mu must be held.
func (v *Vendor) savedAttempt(i *invoice) attempt {
	c := v.cards[i.Token]
	if c == nil {
		return attempt{card: shownCard{Mask: maskPAN(testCards()[0].pan)}, verdict: resolutionInvalidCard}
	}
	known := cardByMask(c.Card.Mask)
	a := attempt{card: c.Card, verdict: known.verdict(c.Card.Month + c.Card.Year), threeDS: known.threeDS}
	switch {
	case c.Refuses == resolution3DS:
		a.threeDS, a.proof = true, true
	case c.Refuses != "":
		a.verdict = c.Refuses
	case c.Expired:
		a.verdict = resolutionCardExpired
	case c.Inactive:
		a.verdict = resolutionCardStatus
	}
	return a
}

// KeptCards lists saved cards for /_control/cards.
func (v *Vendor) KeptCards(m sandbox.CardMatch) []sandbox.KeptCard {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := []sandbox.KeptCard{}
	for _, c := range v.matching(m) {
		all = append(all, c.tell())
	}
	return all
}

// ChangeCards does what a bank or PayElata itself may do to saved cards. A
// refusal's code is a resolution of the test cards, or auth_3ds_required: then the
// bank wants to see the owner at each payment, and at a sale too.
func (v *Vendor) ChangeCards(m sandbox.CardMatch, change sandbox.CardChange) ([]sandbox.KeptCard, error) {
	if change.Action == sandbox.CardRefuse && !isRefusal(change.Code) {
		return nil, errors.New("code: not a resolution that a bank refuses with")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	found := v.matching(m)
	if len(found) == 0 {
		return nil, sandbox.ErrNoCard
	}
	var changed []sandbox.KeptCard
	var kept sandbox.Change
	for _, c := range found {
		record := c.record()
		switch change.Action {
		case sandbox.CardRemove:
			delete(v.cards, c.Token)
			record.Value = nil
		case sandbox.CardExpire:
			c.Expired = true
		case sandbox.CardDeactivate:
			c.Inactive = true
		case sandbox.CardActivate:
			c.Inactive = false
		case sandbox.CardRefuse:
			c.Refuses = change.Code
		case sandbox.CardAccept:
			c.Refuses = ""
		}
		changed = append(changed, c.tell())
		kept.Save = append(kept.Save, record)
	}
	v.host.Commit(kept)
	return changed, nil
}

func isRefusal(code string) bool {
	for _, resolution := range refusals() {
		if resolution == code {
			return true
		}
	}
	return code == resolutionOther || code == resolution3DS
}

// matching lists the cards that match, oldest first. v.mu must be held.
func (v *Vendor) matching(m sandbox.CardMatch) []*savedCard {
	var found []*savedCard
	for _, c := range v.cards {
		if (m.Customer == "" || m.Customer == c.Customer) &&
			(m.Card == "" || m.Card == c.Token || m.Card == c.Card.Mask || maskPAN(m.Card) == c.Card.Mask) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *savedCard) int {
		return cmp.Or(a.AddedAt.Compare(b.AddedAt), cmp.Compare(a.Token, b.Token))
	})
	return found
}

func (c *savedCard) tell() sandbox.KeptCard {
	status := "active"
	if c.Inactive {
		status = "inactive"
	}
	return sandbox.KeptCard{
		Provider: "payelata", Customer: c.Customer, ID: c.Token, Name: c.Card.Mask,
		Expiry: c.Card.Month + "/" + c.Card.Year, Status: status, Expired: c.Expired, Refuses: c.Refuses,
	}
}
