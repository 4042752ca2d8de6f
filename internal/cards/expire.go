package cards

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// expireBatch is how many cards one transaction expires: others write too.
const expireBatch = 50

// expireJob marks every day the cards whose last month is over everywhere on
// Earth. A card whose month is not known never expires by itself.
func (s *Service) expireJob(ctx context.Context, _ jobs.Job) error {
	ctx = viewer.AsProgram(ctx)
	now := s.now()
	last := now.Add(-12 * time.Hour) // see isOver
	for {
		over, err := s.Store.Read().Card.Query().
			Where(card.StatusEQ(pay.CardActive), card.ExpYearNotNil(), card.Or(
				card.ExpYearLT(last.Year()),
				card.And(card.ExpYear(last.Year()), card.ExpMonthLT(int(last.Month()))),
			)).
			Order(ent.Asc(card.FieldID)).Limit(expireBatch).All(ctx)
		if err != nil {
			return fmt.Errorf("look for cards that are over: %w", err)
		}
		if len(over) == 0 {
			return jobs.Snooze(nextDay(now))
		}
		slices.SortFunc(over, func(a, b *ent.Card) int { return bytes.Compare(a.UserID.Bytes(), b.UserID.Bytes()) }) // users are held in one order
		err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
			for _, c := range over {
				if err := s.expireCard(ctx, tx, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// nextDay is shortly after the next midnight of the last time zone, when a month
// ends for good.
func nextDay(now time.Time) time.Time {
	return now.Add(-12 * time.Hour).Truncate(24 * time.Hour).Add(36*time.Hour + time.Minute)
}

func (s *Service) expireCard(ctx context.Context, tx *store.Tx, c *ent.Card) error {
	if err := holdStill(ctx, tx, c.UserID); err != nil {
		return err
	}
	// The guard holds the last month too: the card may have been issued again.
	n, err := tx.Card.Update().
		Where(card.ID(c.ID), card.StatusEQ(pay.CardActive), card.ExpYear(intOf(c.ExpYear)), card.ExpMonth(intOf(c.ExpMonth))).
		SetStatus(pay.CardExpired).SetIsDefault(false).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("expire card %s: %w", c.ID, err)
	}
	if n == 0 {
		return nil // removed meanwhile
	}
	expired, err := tx.Card.Get(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("read card %s: %w", c.ID, err)
	}
	return s.gone(ctx, tx, expired)
}

// SaveLater has the provider's list read soon within tx, because a payment that
// saves its card was captured: what is new to us and can be charged without its
// owner is saved. It is safe to repeat.
func (s *Service) SaveLater(ctx context.Context, tx *store.Tx, account string, user pay.UserID) error {
	since, err := json.Marshal(laterPayload{Since: tx.Now})
	if err != nil {
		return fmt.Errorf("write when a card of user %s was paid with: %w", user, err)
	}
	tx.AfterCommit(s.Runner.Wake)
	err = jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobLater, Key: account + "/" + user.String(), Payload: since, RunAt: tx.Now, Priority: priorityLater})
	if err != nil {
		return fmt.Errorf("schedule saving a card of user %s: %w", user, err)
	}
	return nil
}

// SavePaid saves within tx the card that a payment of the user's was made with, as its
// provider told it, when it can be charged without its owner and no other user has it.
// It is safe to repeat.
func (s *Service) SavePaid(ctx context.Context, tx *store.Tx, code string, user pay.UserID, paid providers.SavedCard) error {
	account, known := s.Accounts.ByCode(code)
	if !known {
		return fmt.Errorf("save a card of user %s: account %s: %w", user, code, errNoAccount)
	}
	found := listed{SavedCard: paid, hash: hex.EncodeToString(s.refHash(paid.Ref))}
	if !found.isUsable(tx.Now) {
		return nil
	}
	own, err := s.withoutOthers(ctx, tx, account, user, []listed{found})
	if err != nil || len(own) == 0 {
		return err
	}
	_, err = s.save(ctx, tx, account, user, found)
	return err
}

// laterPayload says when the payment was captured.
type laterPayload struct {
	Since time.Time `json:"since"`
}

// laterPatience is how long after the payment its card may take to appear in the
// provider's list. A payer may have paid with one that we have, so none is no
// error.
const laterPatience = 30 * time.Minute

// laterJob saves the cards of a provider's list that we do not have.
func (s *Service) laterJob(ctx context.Context, job jobs.Job) error {
	slash := max(strings.LastIndexByte(job.Key, '/'), 0)
	code := job.Key[:slash]
	owner, err := pay.ParseUserID(strings.TrimPrefix(job.Key[slash:], "/"))
	var payload laterPayload
	if err := errors.Join(err, json.Unmarshal(job.Payload, &payload)); err != nil {
		return jobs.Park(fmt.Errorf("read what cards to save: %w", err))
	}
	ctx = viewer.AsProgram(ctx)
	account, saver, err := s.account(code)
	if errors.Is(err, errNoAccount) {
		s.Logger.WarnContext(ctx, "a card waits for its account to be configured again", "account", code, "user", owner)
		return jobs.Snooze(s.now().Add(accountAway))
	}
	if err != nil {
		return jobs.Park(err)
	}
	leave, ok := s.lanes.enter(code)
	if !ok {
		return jobs.Snooze(s.now().Add(laneFull))
	}
	defer leave()
	customer, err := s.CustomerOf(ctx, owner)
	if err != nil {
		return err
	}
	list, err := s.list(ctx, saver, customer)
	if err != nil {
		return fmt.Errorf("read the cards of user %s at account %s: %w", owner, code, err)
	}
	saved := 0
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		saved, err = s.saveNew(ctx, tx, account, owner, list)
		return err
	})
	if saved > 0 {
		crashpoint.Here(crashpoint.CardSaved)
	}
	now := s.now()
	if waited := now.Sub(payload.Since); err == nil && saved == 0 && waited < laterPatience {
		return jobs.Snooze(now.Add(max(waited, 5*time.Second)))
	}
	return err
}

// saveNew saves the usable cards of a list that we do not have and returns how
// many. What its owner has removed, and the provider has still to forget, is not
// new, and another user's card is not saved.
func (s *Service) saveNew(ctx context.Context, tx *store.Tx, account providers.Account, owner pay.UserID, list []listed) (saved int, err error) {
	removing, err := s.removing(ctx, tx.Client(), owner, account.Code)
	if err != nil {
		return 0, err
	}
	list, err = s.withoutOthers(ctx, tx, account, owner, without(list, removing))
	if err != nil {
		return 0, err
	}
	for _, c := range list {
		if !c.isUsable(tx.Now) {
			continue
		}
		n, err := tx.Card.Query().
			Where(card.UserID(owner), card.Account(account.Code), card.RefHash(s.refHash(c.Ref)), card.RemovedAtIsNil()).Count(ctx)
		if err != nil {
			return 0, fmt.Errorf("look for a card of user %s: %w", owner, err)
		}
		if _, err := s.save(ctx, tx, account, owner, c); err != nil {
			return 0, err
		}
		if n == 0 {
			saved++
		}
	}
	return saved, nil
}
