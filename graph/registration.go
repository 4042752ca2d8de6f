package graph

import (
	"context"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/pay"
)

// CardRegistration is one card registration, or null.
func (r query) CardRegistration(ctx context.Context, id string) (*ent.CardRegistration, error) {
	return r.Cards.Registration(ctx, id)
}

// Provider is where the card is saved.
func (r registrationFields) Provider(_ context.Context, c *ent.CardRegistration) (*model.Provider, error) {
	return r.provider(c.Account, false), nil
}

// registrationPoll is how long to wait for the provider's page to be open.
const registrationPoll = 2 * time.Second

// NextAction is what the payer has to do, for those who may.
func (r registrationFields) NextAction(ctx context.Context, c *ent.CardRegistration) (model.NextAction, error) {
	if !r.may(ctx, mayFinishCards) {
		return nil, nil
	}
	if c.Status == pay.RegistrationPending {
		return &model.WaitAction{PollAfterMs: int(registrationPoll / time.Millisecond)}, nil
	}
	redirect, expires := cards.NextActionOf(c, r.Clock.Now())
	if redirect == "" {
		return nil, nil
	}
	return &model.RedirectAction{URL: redirect, HTTPMethod: "GET", Fields: []*model.FormField{}, ExpiresAt: &expires}, nil
}

// Card is the card that was saved.
func (r registrationFields) Card(ctx context.Context, c *ent.CardRegistration) (*ent.Card, error) {
	if c.Edges.Card != nil {
		return c.Edges.Card, nil
	}
	return r.cardOf(ctx, c.CardID)
}

// Failure is why no card was saved.
func (r registrationFields) Failure(_ context.Context, c *ent.CardRegistration) (*model.Decline, error) {
	return shownDecline(c.FailureCode, c.FailureProviderCode, c.FailureMessage, c.FailureRetry), nil
}

// CardRegistrationStart opens a page on which a payer adds a card.
func (r mutation) CardRegistrationStart(ctx context.Context, in model.CardRegistrationStartInput) (*model.CardRegistrationPayload, error) {
	payer := r.payerOf(ctx, in.Payer)
	outcome, err := r.Cards.Start(ctx, cards.NewRegistration{
		Key: in.IdempotencyKey, Provider: in.Provider, User: in.User, ReturnURL: in.ReturnURL,
		Payer: cards.Payer{Phone: payer.Phone, Locale: payer.Locale, Note: payer.Note, IP: payer.IP},
	})
	return r.registrationPayload(ctx, outcome, err)
}

// CardRegistrationFinish asks the provider now which card was added.
func (r mutation) CardRegistrationFinish(ctx context.Context, registration string) (*model.CardRegistrationPayload, error) {
	outcome, err := r.Cards.Finish(ctx, registration)
	return r.registrationPayload(ctx, outcome, err)
}

// registrationPayload shows what a mutation of a registration came to, read again
// as the caller may see it; on a replay too.
func (r *Resolver) registrationPayload(ctx context.Context, o *cards.Outcome, err error) (*model.CardRegistrationPayload, error) {
	if err != nil {
		return nil, err
	}
	shown := &model.CardRegistrationPayload{Replayed: o.Replayed}
	if o.AccessToken != "" {
		shown.AccessToken = &o.AccessToken
	}
	if shown.Errors, err = r.shownList(ctx, o.Errors); err != nil {
		return nil, err
	}
	if selected(ctx).has("registration") && !o.Registration.IsZero() {
		shown.Registration, err = r.Cards.Registration(ctx, o.Registration.String())
	}
	return shown, err
}
