package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/ent/providerevent"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// A stranger is an order number in a notification that no attempt of ours has: of
// another program at the same terminal, forged, or ours and not committed yet.
// It is parked, and looked at by one job an account, so that a flood of them asks
// the provider no more than a few things a minute. Money behind one is somebody's:
// a review case tells a person.

// The pace of strangers.
const (
	strangersWait  = 2 * time.Second  // for our own commit that may be under way
	strangersEvery = 10 * time.Second // between two rounds, whatever comes in
	strangersBatch = 5                // orders of one round
	strangersLimit = 1000             // hints that may wait at one account
	strangersKept  = 24 * time.Hour   // a provider that cannot be asked for so long was told of enough
)

// checkStrangers refuses one more hint about an unknown order when too many wait.
// The provider sends it again later; those about our own orders are always taken.
func (s *Service) checkStrangers(ctx context.Context, account providers.Account) error {
	n, err := s.Store.Read().ProviderEvent.Query().Where(waitingStrangers(account.Code)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count the waiting events of account %s: %w", account.Code, err)
	}
	if n < strangersLimit {
		return nil
	}
	return &providers.Error{Provider: account.Provider.Name(), Op: providers.OpWebhook, Kind: providers.RateLimited, Err: errTooManyStrangers}
}

var errTooManyStrangers = errors.New("too many notifications about orders that are not ours are waiting")

func waitingStrangers(account string) predicate.ProviderEvent {
	return providerevent.And(providerevent.Account(account), providerevent.ProcessedAtIsNil(), providerevent.Hint(true))
}

// strangersJob looks at the parked hints of one account, the oldest first. Each that
// comes wants a round soon, and a flood of them has no more rounds for it.
func (s *Service) strangersJob(ctx context.Context, job jobs.Job) error {
	account, known := s.Accounts.ByCode(job.Key)
	if !known {
		return jobs.Snooze(s.now().Add(accountAway))
	}
	if wait := s.strangers.wait(account.Code, s.now()); wait > 0 {
		return jobs.Snooze(s.now().Add(wait))
	}
	ctx = viewer.AsProgram(ctx)
	waiting, err := s.Store.Read().ProviderEvent.Query().Where(waitingStrangers(account.Code)).
		Select(providerevent.FieldID, providerevent.FieldOrderNumber, providerevent.FieldReceivedAt).
		Order(ent.Asc(providerevent.FieldReceivedAt, providerevent.FieldID)).Limit(strangersLimit).All(ctx)
	if err != nil {
		return fmt.Errorf("read the waiting events of account %s: %w", account.Code, err)
	}
	s.strangers.forget(account.Code, waiting)
	for _, event := range s.strangers.next(account.Code, waiting, s.now()) {
		if err := s.lookAtStranger(ctx, account, event); err != nil {
			return err
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	return jobs.Snooze(s.now().Add(strangersEvery))
}

// lookAtStranger decides about the hints of one order number.
func (s *Service) lookAtStranger(ctx context.Context, account providers.Account, event *ent.ProviderEvent) error {
	a, err := s.attemptOf(ctx, s.Store.Read(), account, event.OrderNumber)
	if err != nil {
		return err
	}
	var result providers.Result
	if a == nil {
		var wait bool
		result, wait = s.askAboutStranger(ctx, account, event)
		s.strangers.note(account.Code, event.OrderNumber, result, wait)
		if wait {
			return nil
		}
		if adopted, wait, err := s.adopt(ctx, account, event, result); adopted || wait || err != nil {
			return err
		}
	}
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		outcome := eventAsked
		if a != nil {
			err = s.askAt(ctx, tx, a.ID, soonest(a, tx.Now))
		} else {
			outcome, err = s.takeStranger(ctx, tx, account, event.OrderNumber, result)
		}
		if err != nil {
			return err
		}
		return processed(ctx, tx, outcome, waitingStrangers(account.Code), providerevent.OrderNumber(event.OrderNumber))
	})
}

// askAboutStranger asks the provider about an order that is not ours, where saved
// cards are kept too: some vendors keep those orders apart. Wait is true when it may
// know more later.
func (s *Service) askAboutStranger(ctx context.Context, account providers.Account, event *ent.ProviderEvent) (r providers.Result, wait bool) {
	age := s.now().Sub(event.ReceivedAt)
	capable := account.Provider.Capabilities()
	if !capable.Can(providers.OpSync) {
		return providers.Result{}, false
	}
	leave, ok := s.lanes.enter(account.Code)
	if !ok {
		return providers.Result{}, true
	}
	defer leave()
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	refs := []providers.Ref{{OrderNumber: event.OrderNumber}}
	switch {
	case !capable.SyncByOurNumber: // the notification has the vendor's own, and there is one of it
		refs = []providers.Ref{{ProviderRef: event.OrderNumber}}
	case capable.Can(providers.OpSaveCard) || capable.Can(providers.OpChargeSaved):
		refs = append(refs, providers.Ref{OrderNumber: event.OrderNumber, OfCustomer: true})
	}
	for _, ref := range refs {
		said, err := account.Provider.Sync(call, ref)
		switch kind := providers.KindOf(err); {
		case err == nil && said.Status == providers.Captured:
			return said, false
		case err == nil, kind == providers.Rejected: // not even a number that it takes
		case kind == providers.NotFound:
			wait = wait || age < s.settlingOf(account.Code)
		default:
			s.Logger.WarnContext(ctx, "a provider could not be asked about an order that is not ours", "account", account.Code, "error", err)
			wait = wait || age < strangersKept
		}
	}
	return providers.Result{}, wait
}

// takeStranger books money that belongs to no attempt of ours as owed by the
// provider to nobody yet, and opens a case for it; both once.
func (s *Service) takeStranger(ctx context.Context, tx *store.Tx, account providers.Account, number string, r providers.Result) (outcome string, err error) {
	if r.Status != providers.Captured || r.Captured.IsZero() {
		return eventNotOurs, nil
	}
	known, err := s.isKnownStranger(ctx, tx, account, number, r.Captured)
	if err != nil {
		return "", err
	}
	if known {
		return eventUnmatched, nil
	}
	key := string(pay.ReviewUnmatchedPayment) + "/" + account.Code + "/" + number
	id := pay.NewReviewCaseID(tx.Now)
	err = tx.ReviewCase.Create().SetID(id).SetMerchantID(account.Merchant).
		SetKey(key).SetReason(pay.ReviewUnmatchedPayment).SetAccount(account.Code).
		SetAmountMinor(r.Captured.Amount).SetCurrency(r.Captured.Currency).
		SetDetails(fmt.Sprintf("The provider took %s for order %s, which is no order of ours.", r.Captured, number)).SetOpenedAt(tx.Now).
		OnConflictColumns(reviewcase.FieldKey).DoNothing().Exec(ctx)
	if isNothingInserted(err) {
		return eventUnmatched, nil
	}
	if err != nil {
		return "", fmt.Errorf("open a case for order %s at account %s: %w", number, account.Code, err)
	}
	if _, err := s.Ledger.Post(ctx, tx, account.Merchant, nil, pay.UnmatchedTransfer(account.Code, number, r.Captured)); err != nil {
		return "", fmt.Errorf("book order %s of account %s: %w", number, account.Code, err)
	}
	tx.AfterCommit(func() {
		s.Logger.WarnContext(ctx, "a review case is open", "reason", pay.ReviewUnmatchedPayment, "account", account.Code)
	})
	return eventUnmatched, tellOfCase(ctx, tx, account.Merchant, id, "review_case.opened", caseOpened)
}

// isKnownStranger reports whether the same money was reported already: by another
// account of the same vendor, which may be the same terminal, or as an attempt of
// another merchant there.
func (s *Service) isKnownStranger(ctx context.Context, tx *store.Tx, account providers.Account, number string, captured pay.Money) (bool, error) {
	attempts, err := tx.Attempt.Query().Where(
		attempt.Provider(string(account.Provider.Name())), attempt.Or(attempt.OrderNumber(number), attempt.ProviderRef(number)),
	).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for order %s: %w", number, err)
	}
	var siblings []string
	for _, other := range s.Accounts.All() {
		if other.Provider.Name() == account.Provider.Name() {
			siblings = append(siblings, string(pay.ReviewUnmatchedPayment)+"/"+other.Code+"/"+number)
		}
	}
	cases, err := tx.ReviewCase.Query().
		Where(reviewcase.KeyIn(siblings...), reviewcase.AmountMinor(captured.Amount), reviewcase.CurrencyEQ(captured.Currency)).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for cases of order %s: %w", number, err)
	}
	return attempts > 0 || cases > 0, nil
}

// processed marks waiting events as done with.
func processed(ctx context.Context, tx *store.Tx, outcome string, which ...predicate.ProviderEvent) error {
	err := tx.ProviderEvent.Update().Where(append(which, providerevent.ProcessedAtIsNil())...).
		SetProcessedAt(tx.Now).SetOutcome(outcome).Exec(ctx)
	if err != nil {
		return fmt.Errorf("mark events as processed: %w", err)
	}
	return nil
}
