package cards

import (
	"context"
	"slices"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/providers"
)

// activate has the provider activate what the page of r may have added and is not
// active yet, where the account's cards wait for that, and returns the list as it
// is then. Each such card is asked for once a look; of an account whose cards do
// not wait, nothing that is charged later is in that state.
//
// A card that stays inactive is no card yet: what goes wrong here is logged, and
// the next look asks again.
func (s *Service) activate(ctx context.Context, account providers.Account, saver providers.CardSaver, r *ent.CardRegistration, list []listed) []listed {
	activator, err := providers.As[providers.CardActivator](account.Provider, providers.OpSaveCard)
	amount := r.Verification()
	if err != nil || amount.IsZero() {
		return list // its cards wait for nothing
	}
	customer := customerOf(r.Edges.User)
	isChanged := false
	within, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for _, c := range list {
		if c.Ref == "" || c.Active || c.Expired || slices.Contains(r.KnownRefs, c.hash) {
			continue
		}
		if err := activator.ActivateCard(within, customer, c.Ref, amount); err != nil {
			s.Logger.WarnContext(ctx, "a card was not activated", "registration", r.ID, "account", account.Code, "error", err)
			continue
		}
		isChanged = true
	}
	if !isChanged {
		return list
	}
	again, err := s.list(ctx, saver, customer)
	if err != nil {
		s.Logger.WarnContext(ctx, "a provider's cards could not be read", "registration", r.ID, "account", account.Code, "error", err)
		return list
	}
	return again
}
