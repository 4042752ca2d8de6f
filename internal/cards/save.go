package cards

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// holdStill makes what changes the cards and pages of one user wait for each other
// until the transaction ends, by an UPDATE that changes nothing. It comes first in
// such a transaction: the unique indexes would decide as well, but on Postgres by
// deadlocks and errors.
func holdStill(ctx context.Context, tx *store.Tx, user pay.UserID) error {
	if _, err := tx.Raw(ctx, `UPDATE users SET updated_at = updated_at WHERE id = ?`, user); err != nil {
		return fmt.Errorf("hold user %s still: %w", user, err)
	}
	return nil
}

// save keeps a card of the provider's list within tx, and returns the one that is
// there when it is kept already: a unique index over user, account and hash makes
// many that save at once save one. A user's first card becomes the default. The card
// is nobody else's (withoutOthers); one that became another's since is ErrRaced.
func (s *Service) save(ctx context.Context, tx *store.Tx, account providers.Account, user pay.UserID, found listed) (*ent.Card, error) {
	if err := holdStill(ctx, tx, user); err != nil {
		return nil, err
	}
	hash := s.refHash(found.Ref)
	kept, err := tx.Card.Query().
		Where(card.UserID(user), card.Account(account.Code), card.RefHash(hash), card.RemovedAtIsNil()).Only(ctx)
	if err == nil {
		return kept, s.renew(ctx, tx, kept, found)
	}
	if !ent.IsNotFound(err) {
		return nil, fmt.Errorf("look for a card of user %s: %w", user, err)
	}
	if err := holdCards(ctx, tx, account.Merchant); err != nil {
		return nil, err
	}
	if own, err := s.withoutOthers(ctx, tx, account, user, []listed{found}); err != nil || len(own) == 0 {
		return nil, errors.Join(err, fmt.Errorf("save a card of user %s: another user has it: %w", user, store.ErrRaced))
	}
	id := pay.NewCardID(tx.Now)
	sealed, err := s.Vault.Seal([]byte(found.Ref), id.String())
	if err != nil {
		return nil, fmt.Errorf("keep card %s: %w", id, err)
	}
	create := tx.Card.Create().SetID(id).SetMerchantID(account.Merchant).SetUserID(user).
		SetProvider(string(account.Provider.Name())).SetAccount(account.Code).
		SetRefSealed(sealed).SetRefHash(hash).SetStatus(pay.CardActive).
		SetBrand(strings.ToLower(found.Card.Brand)).SetMask(safeMask(found.Card.Mask)).SetNillableHolder(holderOf(found)).
		SetRequiresCvv(found.RequiresCVV).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
	if found.ExpMonth >= 1 && found.ExpMonth <= 12 && found.ExpYear > 0 {
		create.SetExpMonth(found.ExpMonth).SetExpYear(found.ExpYear)
	}
	saved, err := create.Save(ctx)
	if store.IsUniqueViolation(err) {
		return nil, fmt.Errorf("save card %s: %w", id, store.ErrRaced) // somebody saved it first
	}
	if err != nil {
		return nil, fmt.Errorf("save card %s: %w", id, err)
	}
	if err := s.announce(ctx, tx, saved); err != nil {
		return nil, err
	}
	crashpoint.Here(crashpoint.CardSaving)
	return saved, nil
}

// announce makes a card that can be charged from now on the default when its user
// has none, and tells the observers.
func (s *Service) announce(ctx context.Context, tx *store.Tx, c *ent.Card) error {
	chosen, err := ensureDefault(ctx, tx, c.UserID)
	if err != nil {
		return err
	}
	c.IsDefault = c.IsDefault || chosen == c.ID
	for _, o := range s.Observers {
		if err := o.CardSaved(ctx, tx, c); err != nil {
			return fmt.Errorf("tell of card %s: %w", c.ID, err)
		}
	}
	return nil
}

// renew brings a kept card up to what the provider's list says of it. One that had
// expired and was issued again under the same id can be charged again.
func (s *Service) renew(ctx context.Context, tx *store.Tx, c *ent.Card, found listed) error {
	again := c.Status == pay.CardExpired && found.isLive(tx.Now) && found.ExpYear > 0
	if c.RequiresCvv == found.RequiresCVV && !again {
		return nil
	}
	update := tx.Card.Update().Where(card.ID(c.ID), card.StatusEQ(c.Status)).SetRequiresCvv(found.RequiresCVV).SetUpdatedAt(tx.Now)
	if again {
		update.SetStatus(pay.CardActive).SetExpMonth(found.ExpMonth).SetExpYear(found.ExpYear)
	}
	n, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("renew card %s: %w", c.ID, err)
	}
	if n == 0 {
		return fmt.Errorf("renew card %s: %w", c.ID, store.ErrRaced)
	}
	c.RequiresCvv = found.RequiresCVV
	if !again {
		return nil
	}
	c.Status, c.ExpMonth, c.ExpYear = pay.CardActive, &found.ExpMonth, &found.ExpYear
	return s.announce(ctx, tx, c)
}

// ensureDefault makes the newest active card of a user the default when none is.
// It returns which; the zero id when there was one, or there is no card.
func ensureDefault(ctx context.Context, tx *store.Tx, user pay.UserID) (pay.CardID, error) {
	var made pay.CardID
	err := store.Again(func() error {
		n, err := tx.Card.Query().Where(card.UserID(user), card.IsDefault(true)).Count(ctx)
		if err != nil || n > 0 {
			return err
		}
		next, err := tx.Card.Query().Where(card.UserID(user), card.StatusEQ(pay.CardActive)).
			Order(ent.Desc(card.FieldID)).First(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the newest card: %w", err)
		}
		n, err = tx.Card.Update().Where(card.ID(next.ID), card.StatusEQ(pay.CardActive)).SetIsDefault(true).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return fmt.Errorf("make card %s the default: %w", next.ID, err)
		}
		if n == 0 {
			return store.ErrRaced
		}
		made = next.ID
		return nil
	})
	if store.IsUniqueViolation(err) { // which undoes the transaction
		err = fmt.Errorf("%w: %w", store.ErrRaced, err)
	}
	if err != nil {
		return pay.CardID{}, fmt.Errorf("find a default card for user %s: %w", user, err)
	}
	return made, nil
}

const maxHolder = 100 // characters

// holderOf is the name on a card, when it is one that may be kept.
func holderOf(c listed) *string {
	name := strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, c.Holder)), " ")
	runes := []rune(name)
	if name == "" || len(runes) > maxHolder || pay.HoldsCardNumber(name) {
		return nil
	}
	return &name
}
