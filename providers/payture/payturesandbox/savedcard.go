package payturesandbox

import (
	"net/http"
	"slices"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

const (
	listLength    = 20  // ewallet/cards/get-list: at most 20 cards
	defaultCheck  = 101 // kopecks that Add takes and returns when Init names none; 101 is the samples' sum
	cardActive    = "IsActive"
	cardNotActive = "NotActive"
)

// savedCard is a customer's card. Only its mask is kept.
type savedCard struct {
	ID      string    `json:"id"`
	Mask    string    `json:"mask"`
	Holder  string    `json:"holder"`
	Date    string    `json:"date"` // MM/YY, as typed on the page; GetList does not tell it
	Active  bool      `json:"active"`
	Check   int64     `json:"check"` // kopecks that were taken and returned; Activate must name them
	AddedAt time.Time `json:"addedAt"`
	UsedAt  time.Time `json:"usedAt"` // of the last charge or hold that succeeded

	// What /_control/cards did to it.
	Expired bool `json:"expired,omitempty"`
	Refuses Code `json:"refuses,omitempty"`
}

func (s *savedCard) expired(now time.Time) bool {
	return s.Expired || !sandbox.IsCardAhead(s.Date, now)
}

func (s *savedCard) status() string {
	if s.Active {
		return cardActive
	}
	return cardNotActive
}

// getList lists the customer's cards: at most 20, the one that paid last first;
// removed and expired ones are not returned (docs, ewallet/cards/get-list), so
// Expired is always false.
//
// NoCVV="true" says that the card may be charged without its CVC, the meaning
// that the README files of Payture's SDKs give it: true for cards whose CVC is
// optional and for the 3-D Secure ones, false for the "CVV required" card
// 4111111111100023. The opposite reading exists among integrators.
func (v *Vendor) getList(w http.ResponseWriter, r *http.Request) {
	const name = "GetList"
	if !sandbox.Only(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	terminal, data, code := v.walletData(r)
	if code != "" {
		refused(code).write(w, name)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	c, code := v.login(terminal, data)
	if code != "" {
		notForCustomer(code, data).write(w, name)
		return
	}
	now := v.host.Now()
	cards := slices.DeleteFunc(slices.Clone(c.Cards), func(s *savedCard) bool { return s.expired(now) })
	slices.Reverse(cards) // of those used in one moment, the newest first
	slices.SortStableFunc(cards, func(a, b *savedCard) int { return b.UsedAt.Compare(a.UsedAt) })
	var items []reply
	for _, s := range cards[:min(len(cards), listLength)] {
		noCVV := "true"
		if cardByMask(s.Mask).cvcAlways {
			noCVV = "false"
		}
		items = append(items, reply{
			{"CardName", s.Mask},
			{"CardId", s.ID},
			{"CardHolder", s.Holder},
			{"Status", s.status()},
			{"NoCVV", noCVV}, // lower case, as recorded
			{"Expired", "false"},
		})
	}
	accepted(attribute{"VWUserLgn", c.Login}).writeList(w, name, items)
}

// activate makes a card usable on terminals that ask for the sum of its check
// first. Repeating it on an active card succeeds (recorded).
func (v *Vendor) activate(_ *http.Request, terminal Account, data fields) reply {
	return v.changeCard(terminal, data, func(_ *customer, s *savedCard) Code {
		amount, code := data.amount()
		switch {
		case code != "":
			return code
		case data.get("Amount") == "":
			return CodeWrongParams
		case s.Active:
			return ""
		case s.expired(v.host.Now()):
			return CodeCardExpired
		case amount != s.Check:
			return CodeAmountError
		}
		s.Active = true
		return ""
	})
}

// removeCard forgets a card.
func (v *Vendor) removeCard(_ *http.Request, terminal Account, data fields) reply {
	return v.changeCard(terminal, data, func(c *customer, s *savedCard) Code {
		c.Cards = slices.DeleteFunc(c.Cards, func(x *savedCard) bool { return x == s })
		return ""
	})
}

// changeCard is what Activate and Remove have in common. A refusal has an
// empty CardId (recorded of Activate).
func (v *Vendor) changeCard(terminal Account, data fields, do func(*customer, *savedCard) Code) reply {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, code := v.login(terminal, data)
	if code != "" {
		return notForCustomer(code, data)
	}
	id := data.get("CardId")
	s := c.card(id)
	switch {
	case id == "":
		code = CodeWrongParams
	case s == nil:
		code = CodeCardNotFound
	default:
		code = do(c, s)
	}
	if code != "" {
		return refused(code, attribute{"VWUserLgn", c.Login}, attribute{"CardId", ""})
	}
	v.host.Commit(sandbox.Change{Save: []sandbox.Record{c.record()}})
	return accepted(attribute{"VWUserLgn", c.Login}, attribute{"CardId", id})
}

// cannotAdd is why a card is not saved for the order's customer, or "". A card
// that is there already is DUPLICATE_CARD (recorded of the merchant-side Add;
// that the page does the same is our choice), unless it has expired.
func (v *Vendor) cannotAdd(o *order, mask string) Code {
	c := v.customerOf(o)
	switch {
	case c == nil:
		return CodeCustomerNotFound
	case c.live(mask, v.host.Now()) != nil:
		return CodeDuplicateCard
	}
	return ""
}

// walletVerdict lets the customer's own card have its say on an attempt, and
// reports whether the bank asks for 3-D Secure. v.mu must be held.
func (v *Vendor) walletVerdict(o *order, t *try, asks bool) bool {
	if o.Type == typeAdd {
		if code := v.cannotAdd(o, t.Card); code != "" {
			t.Verdict = code
			return false
		}
		return asks
	}
	s := v.customerOf(o).live(t.Card, v.host.Now())
	switch {
	case s == nil || s.Refuses == "":
		return asks
	case s.Refuses == CodeThreeDSNotAttempted: // here it can be attempted
		return true
	}
	t.Verdict = s.Refuses
	return asks
}

// keepCard saves the card of an attempt that succeeded, or notes that it was
// used, and returns the customer's record. An Add session saves the card as its
// terminal's scheme says, a payment page saves it active: it has just paid. A
// payment by card id saves nothing: the card may be removed while the bank
// thinks. v.mu must be held.
func (v *Vendor) keepCard(o *order, t *try) []sandbox.Record {
	c := v.customerOf(o)
	if c == nil {
		return nil
	}
	now := v.host.Now()
	s := c.live(t.Card, now)
	if direct := o.SessionID == ""; direct {
		if s = c.card(o.Saved); s == nil {
			return nil
		}
	}
	if s == nil {
		s = &savedCard{ID: newID(), Mask: t.Card, Holder: t.Holder, Date: t.Date, Active: true, AddedAt: now}
		if o.Type == typeAdd {
			s.Active, s.Check = !v.accounts[o.Key].Activate, o.Amount
		}
		c.Cards = append(c.Cards, s)
	}
	s.UsedAt = now
	o.CardID = s.ID
	return []sandbox.Record{c.record()}
}

// savedCardOf is the customer's card that Init named, while it can be used, or
// nil. v.mu must be held.
func (v *Vendor) savedCardOf(o *order) *savedCard {
	s := v.customerOf(o).card(o.Saved)
	if s == nil || !s.Active || s.expired(v.host.Now()) {
		return nil
	}
	return s
}

// withSaved fills a form in with the customer's saved card, if it is one.
func (v *Vendor) withSaved(o *order, f cardForm) cardForm {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s := v.savedCardOf(o); s != nil && f.saved {
		f.pan, f.date, f.holder = cardByMask(s.Mask).pan, s.Date, s.Holder
	}
	return f
}

// outcome is where an order is, for /_control/pay: an added card's status, or
// the order's state. v.mu must be held.
func (v *Vendor) outcome(o *order) string {
	if s := v.customerOf(o).card(o.CardID); o.Type == typeAdd && s != nil {
		return s.status()
	}
	return string(o.State)
}
