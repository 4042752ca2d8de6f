package subscriptions

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/ent/objectevent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// payment is how a bill of a subscription was paid.
type payment struct {
	bill     *ent.Bill
	by       *ent.Attempt   // that took the money
	attempts []*ent.Attempt // of this bill at least
}

// paymentOf returns how a bill was paid, nil when no attempt took money for it.
func paymentOf(b *ent.Bill, attempts []*ent.Attempt) *payment {
	p := &payment{bill: b, attempts: attempts}
	for _, a := range attempts {
		if a.Status == pay.AttemptCaptured && (p.by == nil || isLater(a, p.by)) {
			p.by = a
		}
	}
	if p.by == nil {
		return nil
	}
	return p
}

// lastPaid is the newest payment for a subscription, with the attempts of all its
// bills, nil when there is none. They are all read: asked for CAPTURED ones, SQLite
// goes by the status, through everything that anybody ever paid.
func lastPaid(ctx context.Context, tx *store.Tx, id pay.SubscriptionID) (last *payment, err error) {
	bills, err := tx.Bill.Query().Where(bill.SubscriptionID(id)).WithAttempts().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look who paid for subscription %s: %w", id, err)
	}
	var all []*ent.Attempt
	for _, b := range bills {
		all = append(all, b.Edges.Attempts...)
		if p := paymentOf(b, b.Edges.Attempts); p != nil && (last == nil || isLater(p.by, last.by)) {
			last = p
		}
	}
	if last != nil {
		last.attempts = all
	}
	return last, nil
}

func isLater(a, b *ent.Attempt) bool { return bytes.Compare(a.ID.Bytes(), b.ID.Bytes()) > 0 }

// takeCard names in the row the card that paid its bill, when it has none that can
// be charged: else the refusal that its payer mended would come again each period.
func (s *Service) takeCard(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, b *ent.Bill) error {
	attempts, err := tx.Attempt.Query().Where(attempt.BillID(b.ID)).All(ctx)
	if err != nil {
		return fmt.Errorf("look who paid bill %s: %w", b.ID, err)
	}
	p := paymentOf(b, attempts)
	if p == nil {
		return nil
	}
	spent, err := s.isSpent(ctx, tx, row.CardID, p)
	if err != nil || !spent {
		return err
	}
	taken, err := s.cardBehind(ctx, tx, row, p)
	if err == nil && taken != nil {
		row.CardID = &taken.ID
	}
	return err
}

// cardBehind finds the card that a payment was made with: the saved one that was
// charged, or the one that its page saved. Providers do not say which card a page
// took. It is the newest that was saved since the page was opened; without one, the
// payer may have typed a card that we have, and a subscription without any assumes
// their default one. CardSaved corrects that. It returns nil when nothing is known.
func (s *Service) cardBehind(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, p *payment) (*ent.Card, error) {
	if p.by.CardID == nil && !p.by.SavesCard {
		return nil, nil //nolint:nilnil // it is said above
	}
	kept, err := tx.Card.Query().
		Where(card.UserID(row.UserID), card.Account(p.by.Account), card.StatusEQ(pay.CardActive)).
		Order(ent.Desc(card.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the cards of user %s: %w", row.UserID, err)
	}
	var usual *ent.Card
	for _, c := range kept {
		is, known := isBy(p.by, c)
		switch {
		case !s.canPay(c, p) || row.CardID != nil && *row.CardID == c.ID:
		case p.by.CardID != nil:
			if *p.by.CardID == c.ID {
				return c, nil
			}
		case known && !is:
		case c.CreatedAt.After(p.by.CreatedAt):
			return c, nil
		case c.IsDefault && row.CardID == nil:
			usual = c
		}
	}
	return usual, nil
}

// takesSaved reports whether a subscription is charged to a card from now on that
// was saved just now. Its last payment was on a page that saves cards.
func (s *Service) takesSaved(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, p *payment, c *ent.Card) (bool, error) {
	switch {
	case row.CardID == nil:
		return true, nil
	case *row.CardID == c.ID:
		return false, nil
	}
	if is, known := isBy(p.by, c); known {
		return is, nil
	}
	spent, err := s.isSpent(ctx, tx, row.CardID, p)
	if err != nil || spent {
		return spent, err
	}
	return isAssumed(ctx, tx, row, p)
}

// canPay reports whether a card can be charged such a payment without its owner.
func (s *Service) canPay(c *ent.Card, p *payment) bool {
	return c.Status == pay.CardActive && !c.RequiresCvv && s.Bills.CheckCharges(c.Account, p.bill.Total()) == nil
}

// isBy reports whether a payment was made with a card, and whether that is known.
func isBy(by *ent.Attempt, c *ent.Card) (is, known bool) {
	if by.CardMask == nil || *by.CardMask == "" || c.Mask == "" {
		return false, false
	}
	return *by.CardMask == c.Mask, true
}

// isSpent reports whether a card will not pay again: there is none, it is gone, or
// it was refused for good before the bill was paid otherwise.
func (s *Service) isSpent(ctx context.Context, tx *store.Tx, id *pay.CardID, p *payment) (bool, error) {
	if id == nil {
		return true, nil
	}
	c, err := tx.Card.Get(ctx, *id)
	if err != nil {
		return false, fmt.Errorf("read card %s: %w", id, err)
	}
	if !s.canPay(c, p) {
		return true, nil
	}
	for _, a := range p.attempts {
		if a.BillID == p.bill.ID && a.CardID != nil && *a.CardID == c.ID && isLater(p.by, a) &&
			a.DeclineCode != nil && pay.ClassOfDecline(*a.DeclineCode) == pay.DeclineHard {
			return true, nil
		}
	}
	return false, nil
}

// pageCardWithin is how long after a payment on a page the card that it saved may
// become known. A card that is saved later was saved for something else.
const pageCardWithin = 24 * time.Hour

// isAssumed reports whether the row's card is one that cardBehind assumed: nobody
// chose it, and it never was charged.
func isAssumed(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, p *payment) (bool, error) {
	paid := p.by.UpdatedAt
	if p.by.ResolvedAt != nil {
		paid = *p.by.ResolvedAt
	}
	if tx.Now.After(paid.Add(pageCardWithin)) {
		return false, nil
	}
	for _, a := range p.attempts {
		if a.CardID != nil && *a.CardID == *row.CardID {
			return false, nil
		}
	}
	chosen, err := tx.ObjectEvent.Query().
		Where(objectevent.SubscriptionID(row.ID), objectevent.Reason(reasonCardChanged)).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look who chose the card of subscription %s: %w", row.ID, err)
	}
	return chosen == 0, nil
}
