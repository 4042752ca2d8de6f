package graph

import (
	"context"
	"slices"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/pay"
)

// Cards are the user's saved cards.
func (r userFields) Cards(ctx context.Context, u *ent.User, status []pay.CardStatus) ([]*ent.Card, error) {
	byUser, err := r.cardsOf(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	shown := []*ent.Card{}
	for _, c := range byUser[u.ID] {
		if status == nil || slices.Contains(status, c.Status) {
			shown = append(shown, c)
		}
	}
	return shown, r.fillCards(ctx, selected(ctx), shown)
}

// cardsOf reads the cards of users, of whatever status.
func (r *Resolver) cardsOf(ctx context.Context, ids ...pay.UserID) (map[pay.UserID][]*ent.Card, error) {
	return alongOf(ctx).cardsOf.get(ctx, ids, func(ctx context.Context, ids []pay.UserID) (map[pay.UserID][]*ent.Card, error) {
		return r.Cards.CardsOf(ctx, nil, ids...)
	})
}

// cardOf reads one card, or nil.
func (r *Resolver) cardOf(ctx context.Context, id *pay.CardID) (*ent.Card, error) {
	if id == nil {
		return nil, nil
	}
	found, err := r.cardsByID(ctx, *id)
	return found[*id], err
}

// Provider is where the card is saved.
func (r cardFields) Provider(_ context.Context, c *ent.Card) (*model.Provider, error) {
	return r.provider(c.Account, false), nil
}

// Mask is the card's number with all but its ends hidden.
func (r cardFields) Mask(_ context.Context, c *ent.Card) (string, error) {
	return cards.ShownMask(c), nil
}

// BillingSubscriptions are those that are charged to the card.
func (r cardFields) BillingSubscriptions(ctx context.Context, c *ent.Card) ([]*ent.BillingSubscription, error) {
	byCard, err := r.subscriptionsFrom(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	return listed(byCard[c.ID]), r.fillSubscriptions(ctx, selected(ctx), byCard[c.ID])
}

// listed is a list that is never null.
func listed[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}

// CardRemove removes a saved card.
func (r mutation) CardRemove(ctx context.Context, key, card string) (*model.CardPayload, error) {
	outcome, err := r.Cards.Remove(ctx, key, card)
	return r.cardPayload(ctx, outcome, err)
}

// CardSetDefault makes a saved card the one that is charged when none is named.
func (r mutation) CardSetDefault(ctx context.Context, key, card string) (*model.CardPayload, error) {
	outcome, err := r.Cards.SetDefault(ctx, key, card)
	return r.cardPayload(ctx, outcome, err)
}

// cardPayload shows what a mutation of a card came to, read again as the caller
// may see it.
func (r *Resolver) cardPayload(ctx context.Context, o *cards.CardOutcome, err error) (*model.CardPayload, error) {
	if err != nil {
		return nil, err
	}
	shown := &model.CardPayload{Replayed: o.Replayed}
	if shown.Errors, err = r.shownList(ctx, o.Errors); err != nil {
		return nil, err
	}
	asked := selected(ctx)
	if asked.has("card") && !o.Card.IsZero() {
		if shown.Card, err = r.cardOf(ctx, &o.Card); err != nil {
			return nil, err
		}
	}
	if asked.has("user") && !o.User.IsZero() {
		shown.User, err = r.userOf(ctx, &o.User)
	}
	return shown, err
}
