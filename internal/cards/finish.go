package cards

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Finish reads the provider's list now and saves the card that the registration's
// page added; when none is new, the first active one. A registration that has its
// card already answers with it, so it may be repeated at will. Whoever may see the
// registration may finish it, but for SUPPORT and FINANCE.
//
// It waits on the provider, up to ten seconds. Outcome.Errors, with the
// registration but for CodeNotFound and CodeForbidden:
//
//   - card_registration.no_active_card: no card was added yet; try again later
//   - card.requires_cvv: the card that was added cannot be charged without its
//     owner (CodeUnsupported); add another on the same page
//   - card_registration.list_unavailable: the provider did not answer; try again
//   - card_registration.just_asked: the list was read within two seconds
//   - card_registration.opening: the page is not open yet
//   - card_registration.expired, card_registration.attempts_used_up and
//     card_registration.failed: it is over, start another
func (s *Service) Finish(ctx context.Context, rawID string) (*Outcome, error) {
	r, err := s.visible(ctx, rawID)
	if err != nil {
		if refused := pay.Readable(err); refused != nil {
			return refuse(refused), nil
		}
		return nil, err
	}
	refused, err := s.finish(ctx, r)
	if err != nil {
		return nil, err
	}
	return s.withAccessToken(ctx, &Outcome{Registration: r.ID, Errors: asList(refused)})
}

// visible reads a registration that the caller may finish. A malformed id,
// somebody else's registration and none at all answer alike.
func (s *Service) visible(ctx context.Context, rawID string) (*ent.CardRegistration, error) {
	r, err := s.Registration(ctx, rawID)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, pay.Errorf(pay.CodeNotFound, "card_registration.not_found", "There is no such card registration.").At("registration")
	}
	switch viewer.From(ctx).Role {
	case pay.RoleUser, pay.RoleGuest, pay.RoleServer, pay.RoleAdmin:
		return r, nil
	case pay.RolePublic, pay.RoleSupport, pay.RoleFinance:
	}
	return nil, errForbidden()
}

func (s *Service) finish(ctx context.Context, r *ent.CardRegistration) (*pay.Error, error) {
	switch {
	case r.Status == pay.RegistrationCompleted:
		return nil, nil //nolint:nilnil // that nothing is wrong is the answer
	case r.Status == pay.RegistrationPending:
		return pay.Errorf(pay.CodeConflict, "card_registration.opening", "The page on which the card is added is not open yet."), nil
	case !isWatched(r, s.now()):
		return s.over(ctx, r)
	}
	found, err := s.look(ctx, r.ID, true)
	if err != nil {
		return s.notListed(ctx, r, err)
	}
	if !found.asked {
		return s.justAsked(ctx, r.ID)
	}
	after := found.after
	if refused := refusal(after); refused != nil || after.Status == pay.RegistrationCompleted {
		return refused, nil
	}
	if found.needsCVV {
		return pay.Errorf(pay.CodeUnsupported, keyNeedsCVV, "%s", addedNeedsCVV), nil
	}
	none := pay.Errorf(pay.CodeConflict, "card_registration.no_active_card", "No active card was found. Add one on the page first.")
	none.Retry = pay.RetrySameKey
	return none, nil
}

// over answers about a registration of which no card can come any more. One that
// nobody has marked as expired yet is.
func (s *Service) over(ctx context.Context, r *ent.CardRegistration) (*pay.Error, error) {
	if r.Status != pay.RegistrationActionRequired {
		return refusal(r), nil
	}
	err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if r, err = tx.CardRegistration.Get(ctx, r.ID); err != nil || r.Status != pay.RegistrationActionRequired {
			return err
		}
		return s.expire(ctx, tx, r)
	})
	if err != nil {
		return nil, fmt.Errorf("end card registration: %w", err)
	}
	return refusal(r), nil
}

// notListed answers when the provider did not list its cards.
func (s *Service) notListed(ctx context.Context, r *ent.CardRegistration, err error) (*pay.Error, error) {
	if _, ofProvider := errors.AsType[*providers.Error](err); !ofProvider && !errors.Is(err, errNoAccount) {
		return nil, err
	}
	s.Logger.WarnContext(ctx, "a provider's cards could not be read", "registration", r.ID, "account", r.Account, "error", err)
	return pay.Errorf(pay.CodeProviderUnavailable, "card_registration.list_unavailable", "The provider's list of cards cannot be read right now.").Because(err), nil
}

// justAsked answers when somebody else read the list a moment ago: with the card,
// when that found it, and otherwise with how long to wait.
func (s *Service) justAsked(ctx context.Context, id pay.CardRegistrationID) (*pay.Error, error) {
	r, err := s.Store.Read().CardRegistration.Get(viewer.AsProgram(ctx), id)
	if err != nil {
		return nil, fmt.Errorf("read card registration %s again: %w", id, err)
	}
	if !r.Status.IsOpen() {
		return refusal(r), nil
	}
	wait := pay.Errorf(pay.CodeLimitExceeded, "card_registration.just_asked", "The provider's cards were read a moment ago. Try again in two seconds.")
	wait.Detail = pay.LimitDetail{RetryAfter: max(soonest(r, s.now()).Sub(s.now()), 0)}
	return wait, nil
}
