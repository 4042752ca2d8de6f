package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/providerevent"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// A vendor that numbers orders by itself can be asked about one by its own number
// only. When its answer to a charge is lost, that number is too, and the notification
// that names it is the only trace: it arrives as a stranger's. It is taken for the
// lost charge's when nothing else can be meant.

// adoptWithin is how long after a lost charge a notification is taken for its own: our
// choice. Bisys states no times; its sibling plans a minute for a payment.
const adoptWithin = time.Hour

// adopt gives a lost charge the number of a stranger that must be its own: of the same
// account and the same money, sent before the notification came, whose answer cannot
// come any more, and the only one of which that is true. Wait is true while it may
// become so. What settles is the provider's own answer about the number.
func (s *Service) adopt(ctx context.Context, account providers.Account, event *ent.ProviderEvent, said providers.Result) (adopted, wait bool, err error) {
	if account.Provider.Capabilities().SyncByOurNumber || said.Status != providers.Captured {
		return false, false, nil
	}
	asked := askedOf(said)
	if asked.IsZero() {
		return false, false, nil
	}
	lost, err := s.Store.Read().Attempt.Query().Where(
		attempt.Account(account.Code), attempt.StatusIn(pay.AttemptSent, pay.AttemptUnknown), attempt.ProviderRefIsNil(),
		attempt.AmountMinor(asked.Amount), attempt.CurrencyEQ(asked.Currency),
		attempt.CreatedAtLTE(event.ReceivedAt), attempt.CreatedAtGT(event.ReceivedAt.Add(-strangersKept)),
	).All(ctx)
	if err != nil {
		return false, false, fmt.Errorf("look for lost charges of account %s: %w", account.Code, err)
	}
	age := s.now().Sub(event.ReceivedAt)
	if len(lost) == 0 {
		return false, false, nil
	}
	if len(lost) == 1 && lost[0].DoubtSince != nil && event.ReceivedAt.After(lost[0].DoubtSince.Add(adoptWithin)) {
		return false, false, nil // too long after it to be about it: a person looks at both
	}
	if len(lost) > 1 || !s.isLost(lost[0], s.now()) {
		return false, age < strangersKept, nil
	}
	rival, err := s.hasRival(ctx, account, lost[0], event, said)
	if err != nil || rival {
		return false, age < strangersKept, err
	}
	known := false
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		if known, err = s.isKnownStranger(ctx, tx, account, event.OrderNumber, said.Captured); err != nil || known {
			return err // another merchant's at the same shop, or a person has it already
		}
		n, err := tx.Attempt.Update().
			Where(attempt.ID(lost[0].ID), attempt.ProviderRefIsNil(), attempt.StatusIn(pay.AttemptSent, pay.AttemptUnknown)).
			SetProviderRef(event.OrderNumber).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return fmt.Errorf("name the lost charge %s: %w", lost[0].ID, err)
		}
		if n == 0 {
			return nil // its answer came after all; the next round sees whose the number is
		}
		s.Logger.InfoContext(ctx, "a notification names a charge whose answer was lost", "attempt", lost[0].ID, "account", account.Code)
		if err := s.settle(ctx, tx, lost[0].ID, said); err != nil {
			return err
		}
		return processed(ctx, tx, eventSettled, waitingStrangers(account.Code), providerevent.OrderNumber(event.OrderNumber))
	})
	return !known, false, err
}

// hasRival reports whether another number may be the lost charge's just as well: one
// that came while its notification was to be expected, and of the same money as far as
// anybody knows. One that was not looked up yet, or about which the provider said
// nothing clear in the last hour, may be; then the next round knows more. So a forged
// number delays an adoption, and does not prevent it.
func (s *Service) hasRival(ctx context.Context, account providers.Account, lost *ent.Attempt, event *ent.ProviderEvent, said providers.Result) (bool, error) {
	settling := s.settlingOf(account.Code)
	until := event.ReceivedAt.Add(settling)
	if end := lost.DoubtSince.Add(settling); end.After(until) {
		until = end
	}
	others, err := s.Store.Read().ProviderEvent.Query().Where(
		providerevent.Account(account.Code), providerevent.Hint(true), providerevent.OrderNumberNEQ(event.OrderNumber),
		providerevent.ReceivedAtGTE(lost.CreatedAt), providerevent.ReceivedAtLTE(until),
		providerevent.Or(providerevent.ProcessedAtIsNil(), providerevent.Outcome(eventUnmatched)),
	).Select(providerevent.FieldID, providerevent.FieldOrderNumber, providerevent.FieldReceivedAt, providerevent.FieldProcessedAt).All(ctx)
	if err != nil {
		return false, fmt.Errorf("look for other strangers of account %s: %w", account.Code, err)
	}
	asked := askedOf(said)
	var cases []string
	for _, other := range others {
		if other.ProcessedAt != nil {
			cases = append(cases, string(pay.ReviewUnmatchedPayment)+"/"+account.Code+"/"+other.OrderNumber)
			continue
		}
		found, known := s.strangers.saidOf(account.Code, other.OrderNumber)
		isFresh := s.now().Before(other.ReceivedAt.Add(eventPatience))
		if !known || found.unclear && isFresh || found.took == asked {
			return true, nil
		}
	}
	if len(cases) == 0 {
		return false, nil
	}
	// A person was asked about those, because nobody knew. A case has the money with the commission.
	n, err := s.Store.Read().ReviewCase.Query().Where(
		reviewcase.KeyIn(cases...), reviewcase.CurrencyEQ(asked.Currency), reviewcase.AmountMinorIn(asked.Amount, said.Captured.Amount),
	).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for cases of account %s: %w", account.Code, err)
	}
	return n > 0, nil
}

// askedOf is what a payer was asked for, of what was taken; zero when that makes no sense.
func askedOf(taken providers.Result) pay.Money {
	if taken.Fee.IsZero() {
		return taken.Captured
	}
	asked, err := taken.Captured.Sub(taken.Fee)
	if err != nil {
		return pay.Money{} // two currencies: nothing that we asked for
	}
	return asked
}

// isLost reports whether an answer to an attempt's charge cannot come any more.
func (s *Service) isLost(a *ent.Attempt, now time.Time) bool {
	return a.DoubtSince != nil && !now.Before(a.DoubtSince.Add(s.settlingOf(a.Account)))
}
