package cards

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/ent/cardregistration"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Registration returns a registration with its card, or nil when the viewer may
// not see it or there is none.
func (s *Service) Registration(ctx context.Context, rawID string) (*ent.CardRegistration, error) {
	id, err := pay.ParseCardRegistrationID(rawID)
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // a malformed id is no such registration
	}
	found, err := s.RegistrationsByID(ctx, []pay.CardRegistrationID{id})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// RegistrationsByID returns those of the registrations that the viewer may see,
// with their cards, in no order.
func (s *Service) RegistrationsByID(ctx context.Context, ids []pay.CardRegistrationID) ([]*ent.CardRegistration, error) {
	found, err := s.Store.Read().CardRegistration.Query().Where(cardregistration.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d card registrations: %w", len(ids), err)
	}
	var saved []pay.CardID
	for _, r := range found {
		if r.CardID != nil {
			saved = append(saved, *r.CardID)
		}
	}
	if len(saved) == 0 {
		return found, nil
	}
	// Who may see a registration may see the card that came of it: a guest too,
	// whose token opens no other card.
	cards, err := s.Store.Read().Card.Query().Where(card.IDIn(saved...)).All(viewer.AsProgram(ctx))
	if err != nil {
		return nil, fmt.Errorf("read the cards of %d registrations: %w", len(ids), err)
	}
	for _, r := range found {
		for _, c := range cards {
			if r.CardID != nil && *r.CardID == c.ID {
				r.Edges.Card = c
			}
		}
	}
	return found, nil
}

// CardsByID returns those of the cards that the viewer may see, in no order.
func (s *Service) CardsByID(ctx context.Context, ids []pay.CardID) ([]*ent.Card, error) {
	found, err := s.Store.Read().Card.Query().Where(card.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d cards: %w", len(ids), err)
	}
	return found, nil
}

// CardsOf returns the cards of the users that the viewer may see, newest first.
// Nil status does not narrow; an empty list matches nothing.
func (s *Service) CardsOf(ctx context.Context, status []pay.CardStatus, users ...pay.UserID) (map[pay.UserID][]*ent.Card, error) {
	query := s.Store.Read().Card.Query().Where(card.UserIDIn(users...)).Order(ent.Desc(card.FieldID))
	if status != nil {
		query.Where(card.StatusIn(status...))
	}
	found, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the cards of %d users: %w", len(users), err)
	}
	of := make(map[pay.UserID][]*ent.Card, len(users))
	for _, c := range found {
		of[c.UserID] = append(of[c.UserID], c)
	}
	return of, nil
}

// Chargeable returns what a charge of a saved card needs: the account's code, the
// provider's id of the card, which is a secret, and its owner as the provider's
// customer. It asks nobody.
//
// It returns CodeNotFound for a card that is not the user's or the merchant's, and
// CodeStateConflict for one that cannot be charged: card.removed, card.expired,
// card.requires_cvv.
func (s *Service) Chargeable(ctx context.Context, merchant pay.MerchantID, user pay.UserID, id pay.CardID) (account, ref string, customer providers.Customer, c *ent.Card, err error) {
	none := providers.Customer{}
	c, err = s.Store.Read().Card.Query().
		Where(card.ID(id), card.UserID(user), card.MerchantID(merchant)).WithUser().Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return "", "", none, nil, pay.NotFound("card", "card")
	}
	if err != nil {
		return "", "", none, nil, fmt.Errorf("read card %s: %w", id, err)
	}
	if refused := s.whyNot(c); refused != nil {
		return "", "", none, nil, refused
	}
	opened, err := s.Vault.Open(c.RefSealed, id.String())
	if err != nil {
		return "", "", none, nil, fmt.Errorf("read the reference of card %s: %w", id, err)
	}
	return c.Account, string(opened), customerOf(c.Edges.User), c, nil
}

// whyNot says why a card cannot be charged now; nil when it can.
func (s *Service) whyNot(c *ent.Card) *pay.Error {
	switch {
	case c.Status != pay.CardActive:
		return errState(c.Status)
	case isOver(intOf(c.ExpYear), intOf(c.ExpMonth), s.now()):
		return errState(pay.CardExpired) // tonight's job has not seen it yet
	case c.RequiresCvv:
		e := pay.Errorf(pay.CodeStateConflict, keyNeedsCVV, "The card cannot be charged without its owner. Use another one.").At("card")
		e.Retry, e.Detail = pay.RetryOtherMethod, pay.StateDetail{From: string(c.Status), Allowed: []string{}}
		return e
	}
	return nil
}

// What a person is told of a card that nobody can charge without the code on its
// back.
const (
	keyNeedsCVV   = "card.requires_cvv"
	addedNeedsCVV = "This card cannot be charged without its owner. Add another one."
)
