package subscriptions

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Cancel ends a subscription now, or with its present period. What is paid for
// lasts in either case. An end that is planned can be taken back by Resume until
// then; one without a period that still runs ends now.
//
// Cancel, Resume, Pause and ChangeCard commit by themselves, are safe to repeat
// with the same key, and are for its user, the merchant's server and its
// administrator. Outcome.Errors: CodeNotFound, CodeForbidden, CodeStateConflict
// with what is allowed, and of Resume and Pause CodeConflict while a payment is
// under way.
func (s *Service) Cancel(ctx context.Context, key, rawID string, atPeriodEnd bool) (*Outcome, error) {
	input := struct {
		ID          string `json:"id"`
		AtPeriodEnd bool   `json:"atPeriodEnd"`
	}{rawID, atPeriodEnd}
	return s.change(ctx, "billingSubscriptionCancel", key, rawID, pay.SubscriptionCancel, input,
		func(ctx context.Context, tx *store.Tx, st state) error {
			to := st.with()
			if atPeriodEnd && at(st.row.CurrentPeriodEnd).After(st.now) {
				to.row.CancelAtPeriodEnd, to.row.CancelAt = true, st.row.CurrentPeriodEnd
				return s.save(ctx, tx, st, to, reasonCancelLater)
			}
			// A bill that cannot be dropped stays open, and with it the doubt: its
			// period is given if it turns out to be paid, and none after it.
			if _, err := s.dropBill(ctx, tx, &to); err != nil {
				return err
			}
			return s.end(ctx, tx, st, to, pay.SubscriptionCanceled, reasonCanceled)
		})
}

// Resume ends a pause now and takes a planned end back. A subscription whose paid
// time ran out in the pause begins its periods anew from now, and is charged.
func (s *Service) Resume(ctx context.Context, key, rawID string) (*Outcome, error) {
	input := struct {
		ID string `json:"id"`
	}{rawID}
	return s.change(ctx, "billingSubscriptionResume", key, rawID, pay.SubscriptionResume, input,
		func(ctx context.Context, tx *store.Tx, st state) error { return s.resume(ctx, tx, st, st.now) })
}

// Pause stops charges now, until an instant or, without one, until Resume. There
// is no credit for it: what is paid lasts to its end, and the pause begins then.
// Outcome.Errors: also CodeInvalid for an instant that is not in the future, or
// more than five years away.
func (s *Service) Pause(ctx context.Context, key, rawID string, until *time.Time) (*Outcome, error) {
	input := struct {
		ID    string     `json:"id"`
		Until *time.Time `json:"until"`
	}{rawID, until}
	return s.change(ctx, "billingSubscriptionPause", key, rawID, pay.SubscriptionPause, input,
		func(ctx context.Context, tx *store.Tx, st state) error {
			to := st.with()
			if until != nil {
				if !until.After(st.now) || until.After(st.now.AddDate(mostYears, 0, 0)) {
					return pay.Invalid("subscription.pause_end", "A pause ends in the future, within five years.", "until")
				}
				to.row.PausedUntil = orNil(*until)
			}
			if st.bill != nil && !at(st.bill.PeriodStart).After(st.now) {
				dropped, err := s.dropBill(ctx, tx, &to)
				if err != nil {
					return err
				}
				if !dropped {
					return chargeUnderWay()
				}
				clearDunning(to.row)
			}
			to.row.Status, to.row.PausedAt = pay.SubscriptionPaused, &st.now
			if err := s.shorten(ctx, tx, st.id(), later(at(st.row.CurrentPeriodEnd), st.now)); err != nil {
				return err
			}
			return s.save(ctx, tx, st, to, reasonPaused)
		})
}

// ChangeCard has later charges made to another card of the same user. With
// retryNow what is overdue is charged to it at once, with a new number; without,
// by the schedule, or in a day when that was given up. A charge of the card before
// it that is under way is waited for, and a page that was opened minutes ago. The
// answer does not wait for the charge.
//
// Outcome.Errors: also CodeNotFound for a card that is not the user's,
// CodeStateConflict for one that cannot be charged, CodeUnsupported for one whose
// provider does not take the amount (card.amount_unsupported) or only holds it
// (subscription.two_stage), and CodeProviderUnavailable when its account is not set
// up (provider.not_configured); all name card.
func (s *Service) ChangeCard(ctx context.Context, key, rawID, rawCard string, retryNow bool) (*Outcome, error) {
	input := struct {
		ID       string `json:"id"`
		Card     string `json:"card"`
		RetryNow bool   `json:"retryNow"`
	}{rawID, rawCard, retryNow}
	return s.change(ctx, "billingSubscriptionChangeCard", key, rawID, pay.SubscriptionChangeCard, input,
		func(ctx context.Context, tx *store.Tx, st state) error {
			card, err := s.usable(ctx, st.row, rawCard)
			if err != nil {
				return err
			}
			to := st.with()
			to.row.CardID = &card.ID
			switch {
			case st.bill == nil || st.bill.Status != pay.BillPending:
			case retryNow:
				to.row.DunningNextAt = &st.now
			case st.row.Status == pay.SubscriptionPastDue && st.row.DunningNextAt == nil:
				to.row.DunningNextAt = orNil(st.now.Add(cardChangedRetry))
			}
			return s.save(ctx, tx, st, to, reasonCardChanged)
		})
}

// cardChangedRetry is when another card is charged what is overdue, where nobody asked
// for it to be now.
const cardChangedRetry = 24 * time.Hour

// cardField is the input field that names a card.
const cardField = "card"

// usable finds a card of the subscription's user that can be charged.
func (s *Service) usable(ctx context.Context, row *ent.BillingSubscription, rawCard string) (*ent.Card, error) {
	id, err := pay.ParseCardID(rawCard)
	if err != nil {
		return nil, pay.NotFound("card", cardField).Because(err)
	}
	cost, err := s.Store.Read().Price.Get(viewer.AsProgram(ctx), row.PriceID)
	if err != nil {
		return nil, fmt.Errorf("read the price of subscription %s: %w", row.ID, err)
	}
	return s.chargeable(ctx, row.MerchantID, row.UserID, id, cost.Amount(), cardField)
}

// chargeable finds a card of the user's that can be charged the total. Its errors
// for a person blame the input field at path.
func (s *Service) chargeable(ctx context.Context, merchant pay.MerchantID, user pay.UserID, id pay.CardID, total pay.Money, path ...string) (*ent.Card, error) {
	account, _, _, found, err := s.Cards.Chargeable(viewer.AsProgram(ctx), merchant, user, id)
	if e := pay.Readable(err); e != nil {
		return nil, e.At(path...)
	}
	if err != nil {
		return nil, fmt.Errorf("judge card %s: %w", id, err)
	}
	if refused := s.Bills.CheckCharges(account, total); refused != nil {
		return nil, refused.At(path...)
	}
	return found, nil
}

// resume goes on after a pause, as of an instant, and takes a planned end back.
func (s *Service) resume(ctx context.Context, tx *store.Tx, st state, when time.Time) error {
	to := st.with()
	row := to.row
	row.CancelAtPeriodEnd, row.CancelAt = false, nil
	if row.Status != pay.SubscriptionPaused {
		return s.save(ctx, tx, st, to, reasonResumed)
	}
	// Until the first period is paid the anchor is where the trial ends.
	row.Status = pay.SubscriptionActive
	if row.PeriodIndex == 0 && row.TrialEnd != nil && row.AnchorAt.Equal(*row.TrialEnd) {
		row.Status = pay.SubscriptionTrialing
	}
	row.PausedAt, row.PausedUntil = nil, nil
	if !when.Before(at(row.CurrentPeriodEnd)) {
		dropped, err := s.dropBill(ctx, tx, &to)
		if err != nil {
			return err
		}
		if !dropped {
			return chargeUnderWay()
		}
		clearDunning(row)
		if err := s.anchorAt(ctx, tx, row, when); err != nil {
			return err
		}
	}
	return s.save(ctx, tx, st, to, reasonResumed)
}

// change runs one mutation of one subscription in one transaction, once for each
// key, on what is there when it is this call's turn.
func (s *Service) change(ctx context.Context, mutation, key, rawID string, action pay.SubscriptionAction, input any,
	f func(ctx context.Context, tx *store.Tx, st state) error,
) (*Outcome, error) {
	v := viewer.From(ctx)
	if err := idempotency.CheckKey(v.Role, key); err != nil {
		return refused(err)
	}
	if err := mayAct(v); err != nil {
		return refused(err)
	}
	hash, err := idempotency.HashOf(input)
	if err != nil {
		return nil, fmt.Errorf("hash the input of %s: %w", mutation, err)
	}
	seen, err := s.Subscription(ctx, rawID)
	if err != nil {
		return nil, err
	}
	if seen == nil {
		return refuse(pay.NotFound("subscription", "id")), nil
	}
	scope := idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: mutation, Key: key}
	var replayed bool
	err = store.Again(func() error {
		_, replayed, err = idempotency.Once(ctx, s.Store, scope, hash, func(ctx context.Context, tx *store.Tx) (string, error) {
			st, err := s.readIn(ctx, tx, seen.ID)
			if err != nil {
				return "", err
			}
			if err := mayBe(st.row, action); err != nil {
				return "", err
			}
			// The row is locked at its version before anything beside it is written.
			if err := s.touch(ctx, tx, st); err != nil {
				return "", err
			}
			return seen.ID.String(), f(ctx, tx, st)
		})
		return asRace(err)
	})
	o := &Outcome{Subscription: seen.ID, Replayed: replayed}
	if e := pay.Readable(err); e != nil {
		o.Errors, err = []*pay.Error{e}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s of subscription %s: %w", mutation, seen.ID, err)
	}
	return o, nil
}

// mayBe returns CodeStateConflict, with what is allowed instead, when the action
// does not fit the subscription's status.
func mayBe(row *ent.BillingSubscription, action pay.SubscriptionAction) error {
	allowed := row.Status.AllowedActions(row.CancelAtPeriodEnd)
	words := make([]string, len(allowed))
	for n, a := range allowed {
		if a == action {
			return nil
		}
		words[n] = string(a)
	}
	e := pay.Errorf(pay.CodeStateConflict, "subscription.action_not_allowed", "This cannot be done with a subscription that is %s.", row.Status)
	e.Detail = pay.StateDetail{From: string(row.Status), Allowed: words}
	return e
}
