package cards

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/ent/cardregistration"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// askInterval is the least time between two readings of a provider's list for one
// registration: whoever floods us with hints does not flood the provider through
// us.
const askInterval = 2 * time.Second

// A finding is what one look at a provider's list came to.
type finding struct {
	asked    bool                  // false: somebody else looked within askInterval
	after    *ent.CardRegistration // the registration then; nil when nobody was asked
	needsCVV bool                  // a card was added, but nobody can charge it without the code on its back
}

// look reads the provider's list for a registration and saves the card that its
// page added. Explicit says that a person declared the adding done: when no card
// is new and the page's time is not over, the first active one is taken.
//
// It waits on the provider and must not be called inside a transaction; it is safe
// to repeat. A provider that did not answer is an Error of package providers.
func (s *Service) look(ctx context.Context, id pay.CardRegistrationID, explicit bool) (finding, error) {
	ctx = viewer.AsProgram(ctx)
	r, err := s.mayAsk(ctx, id)
	if r == nil || err != nil {
		return finding{}, err
	}
	account, saver, err := s.account(r.Account)
	if err != nil {
		return finding{}, err
	}
	list, err := s.list(ctx, saver, customerOf(r.Edges.User))
	if err != nil {
		return finding{asked: true}, fmt.Errorf("read the list of cards for registration %s: %w", id, err)
	}
	list = s.activate(ctx, account, saver, r, list)
	found := finding{asked: true}
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		found.after, found.needsCVV, err = s.take(ctx, tx, account, id, list, explicit)
		return err
	})
	if err != nil {
		return finding{}, err
	}
	if found.after.Status == pay.RegistrationCompleted {
		crashpoint.Here(crashpoint.CardSaved)
	}
	found.after = found.after.Unwrap()
	return found, nil
}

// list reads the cards that the provider has of a customer.
func (s *Service) list(ctx context.Context, saver providers.CardSaver, customer providers.Customer) ([]listed, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	all, err := saver.Cards(ctx, customer)
	if err != nil {
		return nil, err
	}
	list := make([]listed, len(all))
	for at, c := range all {
		list[at] = listed{SavedCard: c, hash: hex.EncodeToString(s.refHash(c.Ref))}
	}
	return list, nil
}

// refHash is what a provider's id of a card is known again by.
func (s *Service) refHash(ref string) []byte { return s.Vault.Hash("card", ref) }

// removing are the hashes of the user's cards that the provider has still to
// forget: whoever finds one in its list finds what was removed.
func (s *Service) removing(ctx context.Context, client *ent.Client, user pay.UserID, account string) (map[string]bool, error) {
	gone, err := client.Card.Query().Where(card.UserID(user), card.Account(account), card.RemovingSinceNotNil()).All(viewer.AsProgram(ctx))
	if err != nil {
		return nil, fmt.Errorf("read the removed cards of user %s: %w", user, err)
	}
	hashes := make(map[string]bool, len(gone))
	for _, c := range gone {
		hashes[hex.EncodeToString(c.RefHash)] = true
	}
	return hashes, nil
}

func without(list []listed, hashes map[string]bool) []listed {
	rest := make([]listed, 0, len(list))
	for _, c := range list {
		if !hashes[c.hash] {
			rest = append(rest, c)
		}
	}
	return rest
}

func setOf(hashes []string) map[string]bool {
	set := make(map[string]bool, len(hashes))
	for _, hash := range hashes {
		set[hash] = true
	}
	return set
}

// take judges a list within tx: it saves the registration's card and completes it,
// or ends it when its time is over. Another user's card is as if it were not listed.
func (s *Service) take(ctx context.Context, tx *store.Tx, account providers.Account, id pay.CardRegistrationID, list []listed, explicit bool) (r *ent.CardRegistration, needsCVV bool, err error) {
	r, err = tx.CardRegistration.Query().Where(cardregistration.ID(id)).WithCard().Only(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read card registration %s: %w", id, err)
	}
	if !isWatched(r, tx.Now) {
		return r, false, nil // completed, or given up, while the list was read
	}
	removing, err := s.removing(ctx, tx.Client(), r.UserID, r.Account)
	if err != nil {
		return nil, false, err
	}
	list = without(list, removing)
	mayTake := list
	if !explicit {
		mayTake = without(list, setOf(r.KnownRefs))
	}
	foreign, err := s.others(ctx, tx.Client(), account, r.UserID, mayTake)
	if err != nil {
		return nil, false, err
	}
	list = without(list, foreign)
	newer, err := tx.CardRegistration.Query().
		Where(cardregistration.UserID(r.UserID), cardregistration.Account(r.Account), cardregistration.IDGT(r.ID)).
		WithCard().All(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read what came after card registration %s: %w", id, err)
	}
	added, needsCVV := addedBy(r, newer, list, tx.Now)
	if needsCVV {
		if err := s.refuseCard(ctx, tx, r); err != nil {
			return nil, false, err
		}
	}
	switch {
	case added != nil:
		return r, false, s.complete(ctx, tx, r, account, *added, true)
	case r.Status != pay.RegistrationActionRequired:
		return r, needsCVV, nil
	case !tx.Now.Before(r.ExpiresAt):
		return r, needsCVV, s.expire(ctx, tx, r)
	case !explicit || needsCVV:
		return r, needsCVV, nil
	}
	if first := firstActive(list, tx.Now); first != nil {
		return r, false, s.complete(ctx, tx, r, account, *first, false)
	}
	if r.AttemptsLeft != nil && *r.AttemptsLeft <= 0 {
		why := triesUsed()
		r.FailureCode, r.FailureMessage, r.FailureRetry = &why.Code, &why.Message, &why.Retry
		return r, false, s.fail(ctx, tx, r, *why)
	}
	return r, false, nil
}

// complete saves the card and ends the registration with it. One that took an
// older card is watched on: its page is still open, and a card that comes of it
// then is saved too.
func (s *Service) complete(ctx context.Context, tx *store.Tx, r *ent.CardRegistration, account providers.Account, found listed, isNew bool) error {
	saved, err := s.save(ctx, tx, account, r.UserID, found)
	if err != nil {
		return err
	}
	if r.Status == pay.RegistrationCompleted {
		err := tx.CardRegistration.Update().Where(cardregistration.ID(r.ID)).SetWatchUntil(tx.Now).Exec(ctx)
		if err != nil {
			return fmt.Errorf("end the watch of card registration %s: %w", r.ID, err)
		}
		r.WatchUntil = tx.Now
		return nil
	}
	return s.advance(ctx, tx, r, move{To: pay.RegistrationCompleted, Reason: "card_registration.completed", Set: func(u *ent.CardRegistrationUpdate) {
		clearFailure(u)
		u.SetCardID(saved.ID)
		if isNew {
			u.SetWatchUntil(tx.Now)
			r.WatchUntil = tx.Now
		}
	}})
}

// expire ends a registration whose page's time is over. Its list is read on for a
// while.
func (s *Service) expire(ctx context.Context, tx *store.Tx, r *ent.CardRegistration) error {
	return s.advance(ctx, tx, r, move{To: pay.RegistrationExpired, Reason: "card_registration.expired"})
}

// soonest is when the list may be read for r: now, or askInterval after the last
// time. A last time that is yet to come is the mark of a clock that was set back,
// and counts for nothing.
func soonest(r *ent.CardRegistration, now time.Time) time.Time {
	if r.AskedAt == nil || r.AskedAt.After(now.Add(askInterval)) {
		return now
	}
	if next := r.AskedAt.Add(askInterval); next.After(now) {
		return next
	}
	return now
}

// mayAsk takes the right to read the list now, by one guarded UPDATE, so that
// notification, poll, return page and Finish together read it once. It returns nil
// when somebody else has it.
func (s *Service) mayAsk(ctx context.Context, id pay.CardRegistrationID) (r *ent.CardRegistration, err error) {
	known, err := s.Store.Read().CardRegistration.Query().Where(cardregistration.ID(id)).WithUser().Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read card registration %s: %w", id, err)
	}
	if soonest(known, s.now()).After(s.now()) {
		return nil, nil //nolint:nilnil // not allowed is an answer here; a flood of questions writes nothing
	}
	taken := 0
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		taken, err = tx.CardRegistration.Update().
			Where(cardregistration.ID(id), cardregistration.Or(
				cardregistration.AskedAtIsNil(), cardregistration.AskedAtLTE(tx.Now.Add(-askInterval)), cardregistration.AskedAtGT(tx.Now.Add(askInterval)),
			)).
			SetAskedAt(tx.Now).Save(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take the right to look for card registration %s: %w", id, err)
	}
	if taken == 0 {
		return nil, nil //nolint:nilnil // not allowed is an answer here
	}
	return known, nil
}
