package cards

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Remove takes a card away: it is REMOVED at once, the newest other active card
// becomes the default if it was, and the provider is told until it has heard. The
// owner, SERVER and ADMIN may.
//
// Repeating it with the same key answers the same. CardOutcome.Errors:
// CodeNotFound (card.not_found), CodeStateConflict (card.removed), CodeForbidden,
// and those of the key.
func (s *Service) Remove(ctx context.Context, key, rawCard string) (*CardOutcome, error) {
	return s.change(ctx, "cardRemove", key, rawCard, s.remove)
}

// SetDefault makes a card the one that is charged when none is named. The owner,
// SERVER and ADMIN may. Errors are those of Remove, and card.expired.
func (s *Service) SetDefault(ctx context.Context, key, rawCard string) (*CardOutcome, error) {
	return s.change(ctx, "cardSetDefault", key, rawCard, s.setDefault)
}

// change runs a mutation of one card that fits in a transaction, once for a key.
func (s *Service) change(ctx context.Context, mutation, key, rawCard string, f func(ctx context.Context, tx *store.Tx, c *ent.Card) error) (*CardOutcome, error) {
	outcome, err := s.changeOnce(ctx, mutation, key, rawCard, f)
	if refused := pay.Readable(err); refused != nil {
		return &CardOutcome{Errors: asList(refused)}, nil
	}
	return outcome, err
}

func (s *Service) changeOnce(ctx context.Context, mutation, key, rawCard string, f func(ctx context.Context, tx *store.Tx, c *ent.Card) error) (*CardOutcome, error) {
	v := viewer.From(ctx)
	switch v.Role {
	case pay.RoleUser, pay.RoleServer, pay.RoleAdmin:
	case pay.RolePublic, pay.RoleGuest, pay.RoleSupport, pay.RoleFinance:
		return nil, errForbidden()
	}
	if err := idempotency.CheckKey(v.Role, key); err != nil {
		return nil, err
	}
	id, err := pay.ParseCardID(rawCard)
	if err != nil {
		return nil, pay.NotFound("card", "card").Because(err)
	}
	owned, err := s.Store.Read().Card.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("card", "card")
	}
	if err != nil {
		return nil, fmt.Errorf("read card %s: %w", id, err)
	}
	hash, err := idempotency.HashOf(struct{ Card pay.CardID }{id})
	if err != nil {
		return nil, fmt.Errorf("hash the input of %s: %w", mutation, err)
	}
	scope := idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: mutation, Key: key}
	_, replayed, err := idempotency.Once(ctx, s.Store, scope, hash, func(ctx context.Context, tx *store.Tx) (string, error) {
		c, err := tx.Card.Get(ctx, id)
		if err != nil {
			return "", fmt.Errorf("read card %s: %w", id, err)
		}
		return id.String(), f(ctx, tx, c)
	})
	if err != nil {
		return nil, err
	}
	return &CardOutcome{Card: id, User: owned.UserID, Replayed: replayed}, nil
}

func (s *Service) remove(ctx context.Context, tx *store.Tx, c *ent.Card) error {
	if err := holdStill(ctx, tx, c.UserID); err != nil {
		return err
	}
	n, err := tx.Card.Update().Where(card.ID(c.ID), card.StatusNEQ(pay.CardRemoved)).
		SetStatus(pay.CardRemoved).SetIsDefault(false).SetRemovedAt(tx.Now).SetRemovingSince(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("remove card %s: %w", c.ID, err)
	}
	if n == 0 {
		return errState(pay.CardRemoved)
	}
	c.Status, c.IsDefault, c.RemovedAt = pay.CardRemoved, false, &tx.Now
	tx.AfterCommit(s.Runner.Wake)
	err = jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobForget, Key: c.ID.String(), RunAt: tx.Now, Priority: priorityForget})
	if err != nil {
		return fmt.Errorf("schedule that the provider forgets card %s: %w", c.ID, err)
	}
	return s.gone(ctx, tx, c)
}

// gone gives the default to another card and tells the observers of one that
// cannot be charged any more.
func (s *Service) gone(ctx context.Context, tx *store.Tx, c *ent.Card) error {
	if _, err := ensureDefault(ctx, tx, c.UserID); err != nil {
		return err
	}
	for _, o := range s.Observers {
		if err := o.CardGone(ctx, tx, c); err != nil {
			return fmt.Errorf("tell of card %s: %w", c.ID, err)
		}
	}
	return nil
}

// setDefault moves the default in two guarded updates.
func (s *Service) setDefault(ctx context.Context, tx *store.Tx, c *ent.Card) error {
	if isOver(intOf(c.ExpYear), intOf(c.ExpMonth), tx.Now) && c.Status == pay.CardActive {
		return errState(pay.CardExpired)
	}
	if err := holdStill(ctx, tx, c.UserID); err != nil {
		return err
	}
	err := tx.Card.Update().Where(card.UserID(c.UserID), card.IsDefault(true), card.IDNEQ(c.ID)).
		SetIsDefault(false).SetUpdatedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("take the default from the cards of user %s: %w", c.UserID, err)
	}
	n, err := tx.Card.Update().Where(card.ID(c.ID), card.StatusEQ(pay.CardActive)).SetIsDefault(true).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("make card %s the default: %w", c.ID, err)
	}
	if n == 1 {
		return nil
	}
	now, err := tx.Card.Get(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("read card %s: %w", c.ID, err)
	}
	return errState(now.Status)
}

// errState says why a card cannot be changed or charged, and what is left to do
// with it.
func errState(status pay.CardStatus) *pay.Error {
	e := pay.Errorf(pay.CodeStateConflict, "card.removed", "The card was removed.").At("card")
	allowed := []string{}
	if status == pay.CardExpired {
		e.Key, e.Message = "card.expired", "The card has expired. Use another one."
		allowed = []string{"remove"}
	}
	e.Retry, e.Detail = pay.RetryOtherMethod, pay.StateDetail{From: string(status), Allowed: allowed}
	return e
}

// accountAway is how long the forgetting waits for an account that is not
// configured.
const accountAway = time.Hour

// forgetJob has the provider forget a removed card. It is retried until that is
// done: a card that its owner removed must not be chargeable anywhere.
func (s *Service) forgetJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseCardID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	ctx = viewer.AsProgram(ctx)
	c, err := s.Store.Read().Card.Query().Where(card.ID(id)).WithUser().Only(ctx)
	if err != nil {
		return fmt.Errorf("read card %s: %w", id, err)
	}
	if c.RemovingSince == nil {
		return nil
	}
	account, saver, err := s.account(c.Account)
	if account.Provider != nil && !account.Provider.Capabilities().Can(providers.OpSaveCard) {
		return s.forgotten(ctx, id) // its provider keeps no list, and knows the card by what we have sealed
	}
	if errors.Is(err, errNoAccount) || providers.KindOf(err) == providers.Unsupported {
		s.Logger.WarnContext(ctx, "a removed card waits for its account to be configured again", "card", id, "account", c.Account)
		return jobs.Snooze(s.now().Add(accountAway))
	}
	ref, err := s.Vault.Open(c.RefSealed, id.String())
	if err != nil {
		return jobs.Park(fmt.Errorf("read the reference of card %s: %w", id, err))
	}
	leave, ok := s.lanes.enter(c.Account)
	if !ok {
		return jobs.Snooze(s.now().Add(laneFull))
	}
	defer leave()
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := saver.RemoveCard(call, customerOf(c.Edges.User), string(ref)); err != nil {
		return fmt.Errorf("have account %s forget card %s: %w", c.Account, id, err)
	}
	return s.forgotten(ctx, id)
}

// forgotten writes that the provider does not keep a card any more.
func (s *Service) forgotten(ctx context.Context, id pay.CardID) error {
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		err := tx.Card.Update().Where(card.ID(id)).ClearRemovingSince().SetUpdatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return fmt.Errorf("write that card %s is forgotten: %w", id, err)
		}
		return nil
	})
}

func intOf(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}
