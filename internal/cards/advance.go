package cards

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/cardregistration"
	"github.com/paygraph/paygraph/internal/journal"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// A move is one new version of a registration.
type move struct {
	To     pay.CardRegistrationStatus
	Reason string // a stable word: "card_registration.opened"
	Set    func(*ent.CardRegistrationUpdate)
}

// advance makes the next version of r within tx by one guarded UPDATE, with its
// line in the history, its message to the outside and the push after the commit.
// It returns store.ErrRaced when r is not the newest version any more. Status and
// version of r are brought up to date.
func (s *Service) advance(ctx context.Context, tx *store.Tx, r *ent.CardRegistration, m move) error {
	from := r.Status
	if m.To != from && !from.CanBecome(m.To) {
		return fmt.Errorf("move card registration %s: one that is %s cannot become %s", r.ID, from, m.To)
	}
	update := tx.CardRegistration.Update().
		Where(cardregistration.ID(r.ID), cardregistration.Version(r.Version), cardregistration.StatusEQ(from)).
		SetStatus(m.To).SetVersion(r.Version + 1).SetUpdatedAt(tx.Now)
	if !m.To.IsOpen() {
		update.SetResolvedAt(tx.Now)
	}
	if m.Set != nil {
		m.Set(update)
	}
	moved, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("move card registration %s to %s: %w", r.ID, m.To, err)
	}
	if moved == 0 {
		return fmt.Errorf("move card registration %s to %s: %w", r.ID, m.To, store.ErrRaced)
	}
	r.Status, r.Version, r.UpdatedAt = m.To, r.Version+1, tx.Now
	return s.record(ctx, tx, r, string(from), m.Reason)
}

// record writes the history line of the version that r has now.
func (s *Service) record(ctx context.Context, tx *store.Tx, r *ent.CardRegistration, from, reason string) error {
	return journal.Record(ctx, tx, s.Feed, journal.Line{
		Registration: r.ID, Merchant: r.MerchantID, User: r.UserID,
		Version: r.Version, From: from, To: string(r.Status), Reason: reason,
	})
}

// Why a registration came to nothing, as its failure_code says.
const (
	failedRefused    = "provider_refused"
	failedAbandoned  = "provider_unavailable"
	failedTriesUsed  = "attempts_used_up"
	failedSuperseded = "superseded"
	failedNeedsCVV   = "card_requires_cvv" // the page still takes another card
)

// failure says why a registration came to nothing.
type failure struct {
	Code         string
	ProviderCode string
	Message      string // for the payer
	Retry        pay.Retry
}

func (f failure) set(u *ent.CardRegistrationUpdate) {
	u.SetFailureCode(f.Code).SetFailureMessage(f.Message).SetFailureRetry(f.Retry)
	if f.ProviderCode != "" {
		u.SetFailureProviderCode(f.ProviderCode)
	}
}

func clearFailure(u *ent.CardRegistrationUpdate) {
	u.ClearFailureCode().ClearFailureProviderCode().ClearFailureMessage().ClearFailureRetry()
}

// refuseCard notes that the page added a card that cannot be charged without its
// owner. The page still takes another, which clears it; it is noted once.
func (s *Service) refuseCard(ctx context.Context, tx *store.Tx, r *ent.CardRegistration) error {
	if r.Status != pay.RegistrationActionRequired || deref(r.FailureCode) == failedNeedsCVV {
		return nil
	}
	why := failure{Code: failedNeedsCVV, Message: addedNeedsCVV, Retry: pay.RetryOtherMethod}
	r.FailureCode, r.FailureMessage, r.FailureRetry = &why.Code, &why.Message, &why.Retry
	return s.advance(ctx, tx, r, move{To: r.Status, Reason: "card_registration.card_refused", Set: why.set})
}

// fail ends r, which is open: no card can come of it.
func (s *Service) fail(ctx context.Context, tx *store.Tx, r *ent.CardRegistration, f failure) error {
	return s.advance(ctx, tx, r, move{To: pay.RegistrationFailed, Reason: "card_registration.failed", Set: func(u *ent.CardRegistrationUpdate) {
		f.set(u)
		u.SetWatchUntil(tx.Now)
	}})
}

// refusal is what a payer is told of a registration that did not bring a card;
// nil for one that is open or did.
func refusal(r *ent.CardRegistration) *pay.Error {
	var e *pay.Error
	switch r.Status {
	case pay.RegistrationPending, pay.RegistrationActionRequired, pay.RegistrationCompleted:
		return nil
	case pay.RegistrationExpired:
		e = pay.Errorf(pay.CodeStateConflict, "card_registration.expired", "The time to add a card by this registration is over. Start a new one.")
	case pay.RegistrationFailed:
		e = pay.Errorf(pay.CodeStateConflict, "card_registration.failed", "%s", deref(r.FailureMessage))
		if deref(r.FailureCode) == failedTriesUsed {
			e.Key = "card_registration.attempts_used_up"
		}
		if r.FailureRetry != nil {
			e.Retry = *r.FailureRetry
		}
	}
	e.Detail = pay.StateDetail{From: string(r.Status), Allowed: []string{}}
	return e
}
