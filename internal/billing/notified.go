package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/providerevent"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Notify takes one notification of a provider account. It is stored as it came,
// but for what its adapter leaves out, before it is acknowledged; nothing is
// settled and nobody is asked before that. A signed one is settled by a job, once
// however often it comes. One that proves nothing has the provider asked: what
// settles is the provider's own answer. The reply is in the vendor's own dialect.
//
// It returns an Error of kind Auth for a forged notification, Malformed for one
// that cannot be read, RateLimited when too much about orders that are not ours
// waits already, and CodeNotFound when there is no such account.
func (s *Service) Notify(ctx context.Context, provider, code string, n providers.Notification) (providers.Reply, error) {
	return s.notify(ctx, provider, code, "", n)
}

// NotifyOrder is Notify for a notification that came to the address of one attempt,
// which ends with the token: see notifyToken. CodeNotFound also says that there is no
// such address.
func (s *Service) NotifyOrder(ctx context.Context, provider, code, token string, n providers.Notification) (providers.Reply, error) {
	if token == "" {
		return providers.Reply{}, pay.NotFound("payment")
	}
	return s.notify(ctx, provider, code, token, n)
}

func (s *Service) notify(ctx context.Context, provider, code, token string, n providers.Notification) (providers.Reply, error) {
	ctx = viewer.AsProgram(ctx)
	account, known := s.Accounts.ByCode(code)
	if !known || string(account.Provider.Name()) != provider {
		return providers.Reply{}, pay.NotFound("provider account")
	}
	parser, err := providers.As[providers.WebhookParser](account.Provider, providers.OpWebhook)
	if err != nil {
		return providers.Reply{}, pay.NotFound("provider account").Because(err)
	}
	if n.Order, err = s.orderAt(ctx, account, token); err != nil {
		return providers.Reply{}, err
	}
	found, reply, err := parser.ParseWebhook(ctx, n)
	if err != nil {
		return providers.Reply{}, err
	}
	for _, event := range found {
		body := n.Body
		if event.Body != nil {
			body = event.Body
		}
		if event.Customer != "" && numberOf(event.Ref) == "" {
			if err := s.takeCustomerEvent(ctx, account, event, body); err != nil {
				return providers.Reply{}, err
			}
			continue
		}
		if err := s.takeEvent(ctx, account, event, body, n.Order != nil); err != nil {
			return providers.Reply{}, err
		}
	}
	crashpoint.Here(crashpoint.EventStored)
	return reply, nil
}

// orderAt is the attempt whose own address ends with the token, nil for none.
func (s *Service) orderAt(ctx context.Context, account providers.Account, token string) (*providers.Ref, error) {
	if token == "" {
		return nil, nil //nolint:nilnil // the account's own address
	}
	id, err := s.readAddressToken(forNotice, token)
	if err != nil {
		return nil, err
	}
	a, err := s.Store.Read().Attempt.Get(ctx, id)
	if ent.IsNotFound(err) || err == nil && a.Account != account.Code {
		return nil, pay.NotFound("payment")
	}
	if err != nil {
		return nil, fmt.Errorf("read attempt %s: %w", id, err)
	}
	ref := refOf(a)
	return &ref, nil
}

// takeCustomerEvent takes a hint that a customer's cards have changed: it has them
// read, and stores the hint. One about nobody's customer is acknowledged and no
// more, and of those about one customer one in askInterval is stored: a stranger, and
// who knows a customer's name, fills no table.
func (s *Service) takeCustomerEvent(ctx context.Context, account providers.Account, event providers.Event, body []byte) error {
	if s.Cards == nil {
		return nil
	}
	known, err := s.Cards.Hint(ctx, account.Code, event.Customer)
	if err != nil {
		return fmt.Errorf("look at the cards of a customer: %w", err)
	}
	if !known || !s.hinted.pass(account.Code+"/"+event.Customer, s.now(), askInterval) {
		return nil
	}
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		id := pay.NewProviderEventID(tx.Now)
		return tx.ProviderEvent.Create().SetID(id).SetMerchantID(account.Merchant).SetAccount(account.Code).
			SetEventKey("hint/" + id.String()).SetKind(event.Kind).SetOrderNumber("").SetHint(true).
			SetBody(body[:min(len(body), maxHint)]).SetReceivedAt(tx.Now).SetProcessedAt(tx.Now).SetOutcome(eventAsked).Exec(ctx)
	})
	if err != nil {
		return fmt.Errorf("store a notification: %w", err)
	}
	return nil
}

// takeEvent stores one event, a signed one once, and has it acted on. One that came to
// an attempt's own address may tell us the vendor's number of it. Of the hints about an
// attempt of ours one in askInterval is stored: who guesses the numbers fills no table,
// and each of them has the provider asked.
func (s *Service) takeEvent(ctx context.Context, account providers.Account, event providers.Event, body []byte, byAddress bool) error {
	number := numberOf(event.Ref)
	a, err := s.attemptOf(ctx, s.Store.Read(), account, number)
	if err != nil {
		return err
	}
	if event.Hint && a == nil {
		if err := s.checkStrangers(ctx, account); err != nil {
			return err
		}
	}
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		id := pay.NewProviderEventID(tx.Now)
		isOneMore, err := isOneMoreHint(ctx, tx, account, event, a)
		if err != nil {
			return err
		}
		if !isOneMore {
			stored, err := storeEvent(ctx, tx, id, account, event, body, a != nil)
			if err != nil || !stored {
				return err
			}
		}
		tx.AfterCommit(s.Runner.Wake)
		if a != nil && byAddress {
			if err := learnNumber(ctx, tx, a, event.Ref.ProviderRef); err != nil {
				return err
			}
		}
		switch {
		case !event.Hint:
			err = jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobEvent, Key: id.String(), RunAt: tx.Now, Priority: priorityEvent})
		case a == nil:
			err = jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobStrangers, Key: account.Code, RunAt: tx.Now.Add(strangersWait), Priority: priorityStrangers})
		default:
			err = s.askAt(ctx, tx, a.ID, soonest(a, tx.Now))
		}
		crashpoint.Here(crashpoint.EventStoring)
		return err
	})
}

// storeEvent writes one event, and reports false for a signed one that is here already,
// with its job.
func storeEvent(ctx context.Context, tx *store.Tx, id pay.ProviderEventID, account providers.Account, event providers.Event, body []byte, isOurs bool) (bool, error) {
	create := tx.ProviderEvent.Create().SetID(id).SetMerchantID(account.Merchant).SetAccount(account.Code).
		SetEventKey(event.Key).SetKind(event.Kind).SetOrderNumber(numberOf(event.Ref)).SetHint(event.Hint).
		SetBody(body).SetReceivedAt(tx.Now)
	switch {
	case event.Hint:
		create.SetBody(body[:min(len(body), maxHint)])
		create.SetEventKey("hint/" + id.String()) // never deduplicated: a forged twin must not swallow the real one
		if isOurs {
			create.SetProcessedAt(tx.Now).SetOutcome(eventAsked)
		}
	case event.Result != nil:
		result, err := encodeEvidence(*event.Result)
		if err != nil {
			return false, err
		}
		create.SetResult(result)
	}
	err := create.OnConflictColumns(providerevent.FieldAccount, providerevent.FieldEventKey).DoNothing().Exec(ctx)
	if isNothingInserted(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store a notification: %w", err)
	}
	return true, nil
}

// isOneMoreHint reports whether a hint is about an attempt of ours of which one was
// stored a moment ago: its row would tell nothing more. One of a time that is yet to
// come was stored by a clock that was set back.
func isOneMoreHint(ctx context.Context, tx *store.Tx, account providers.Account, event providers.Event, a *ent.Attempt) (bool, error) {
	if !event.Hint || a == nil {
		return false, nil
	}
	n, err := tx.ProviderEvent.Query().Where(
		providerevent.Account(account.Code), providerevent.OrderNumber(numberOf(event.Ref)), providerevent.Hint(true),
		providerevent.ReceivedAtGT(tx.Now.Add(-askInterval)), providerevent.ReceivedAtLTE(tx.Now),
	).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for hints about attempt %s: %w", a.ID, err)
	}
	return n > 0, nil
}

// maxHint is how much of a hint is kept, in bytes: vendors' are a few hundred.
const maxHint = 4 << 10

// What became of an event, as its row says.
const (
	eventAsked     = "asked"     // a hint, or one that cannot be dated: the provider is asked about its attempt
	eventSettled   = "settled"   // its result was settled
	eventOld       = "old"       // it tells of before what is recorded
	eventUnmatched = "unmatched" // money that belongs to no attempt of ours: a review case is open
	eventNotOurs   = "not_ours"  // about no attempt of ours, and about no money
)

// numberOf is the number by which a vendor names an order in its notifications: ours,
// or its own where it knows no other.
func numberOf(ref providers.Ref) string {
	if ref.OrderNumber != "" {
		return ref.OrderNumber
	}
	return ref.ProviderRef
}

// attemptOf finds the attempt that an account's vendor names by a number, nil when
// there is none. Our numbers are unique for ever, and accounts of one terminal share
// its notifications. A vendor's own number counts where it cannot be asked by ours.
func (s *Service) attemptOf(ctx context.Context, client *ent.Client, account providers.Account, number string) (*ent.Attempt, error) {
	named := attempt.OrderNumber(number)
	if !account.Provider.Capabilities().SyncByOurNumber {
		named = attempt.Or(named, attempt.ProviderRef(number))
	}
	found, err := client.Attempt.Query().
		Where(attempt.MerchantID(account.Merchant), attempt.Provider(string(account.Provider.Name())), named).Limit(2).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the attempt of a notification: %w", err)
	}
	if len(found) != 1 {
		return nil, nil //nolint:nilnil // that there is none, or no one, is an answer
	}
	return found[0], nil
}

// eventPatience is how long a signed event about an unknown order is kept before
// it is taken for somebody else's: its attempt may be committing right now.
const eventPatience = time.Hour

// accountAway is how long work for an account waits that is not configured.
const accountAway = 10 * time.Minute

// eventJob settles what one signed event says. Events may come in any order and
// again: settle keeps what it knows.
func (s *Service) eventJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseProviderEventID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	ctx = viewer.AsProgram(ctx)
	event, err := s.Store.Read().ProviderEvent.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("read event %s: %w", id, err)
	}
	account, known := s.Accounts.ByCode(event.Account)
	if event.ProcessedAt != nil {
		return nil
	}
	if !known { // left out of the accounts file, perhaps by mistake: what was acknowledged is kept
		s.Logger.WarnContext(ctx, "an event waits for its account to be configured again", "event", id, "account", event.Account)
		return jobs.Snooze(s.now().Add(accountAway))
	}
	a, err := s.attemptOf(ctx, s.Store.Read(), account, event.OrderNumber)
	if err != nil {
		return err
	}
	if a != nil && a.Account != account.Code {
		a = nil // signed by another account's key: it proves nothing about this one's payments
	}
	var result providers.Result
	if event.Result != nil {
		if result, err = decodeEvidence(event.Result); err != nil {
			return jobs.Park(fmt.Errorf("event %s: %w", id, err))
		}
	}
	if a == nil && s.now().Before(event.ReceivedAt.Add(eventPatience)) {
		return jobs.Snooze(nextInDoubt(event.ReceivedAt, eventPatience, s.now()))
	}
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		var outcome string
		var err error
		switch {
		case a != nil && event.Result == nil:
			outcome, err = eventAsked, s.askAt(ctx, tx, a.ID, soonest(a, tx.Now))
		case a != nil:
			outcome, err = s.settleEvent(ctx, tx, a.ID, event, result)
		default:
			outcome, err = s.takeStranger(ctx, tx, account, event.OrderNumber, result)
		}
		if err != nil {
			return err
		}
		err = processed(ctx, tx, outcome, providerevent.ID(id))
		crashpoint.Here(crashpoint.Settling)
		return err
	})
}

// settleEvent settles a signed event, unless it tells of a time before what we
// have recorded: it then was true, and is not any more.
func (s *Service) settleEvent(ctx context.Context, tx *store.Tx, id pay.AttemptID, event *ent.ProviderEvent, result providers.Result) (outcome string, err error) {
	a, err := tx.Attempt.Get(ctx, id)
	if err != nil {
		return "", fmt.Errorf("read attempt %s: %w", id, err)
	}
	said := event.ReceivedAt
	if !result.At.IsZero() {
		said = result.At
	}
	// A session that was over without money has none to take later: the two
	// contradict each other, whichever was first.
	isOver := result.Status == providers.Declined && result.SessionOver
	if !isOver && isOldNews(a, result.Status, said) {
		return eventOld, nil
	}
	if s.isForAsking(a, result) {
		return eventAsked, s.askAt(ctx, tx, id, soonest(a, tx.Now))
	}
	return eventSettled, s.settle(ctx, tx, id, result)
}

// isForAsking reports whether what an event, or a call's own late answer, says is taken
// may be of before a refund, or of after it: nobody can say, so its provider is asked where it can be.
func (s *Service) isForAsking(a *ent.Attempt, r providers.Result) bool {
	account, known := s.Accounts.ByCode(a.Account)
	return a.Status == pay.AttemptCaptured && r.Status == providers.Captured && a.RefundedMinor+a.RefundingMinor > 0 &&
		known && account.Provider.Capabilities().Can(providers.OpSync)
}
