package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// askInterval is the least time between two questions about one attempt:
// whoever floods us with hints does not flood the provider through us.
const askInterval = 2 * time.Second

// ask asks the provider what became of an attempt and settles the answer. It
// reports false when nobody was asked: the attempt was asked about within
// askInterval, or its provider cannot be asked. It waits on the provider and must
// not be called inside a transaction; it is safe to repeat. A provider that did
// not answer is an Error of package providers.
func (s *Service) ask(ctx context.Context, id pay.AttemptID) (asked bool, err error) {
	_, asked, err = s.askWhat(ctx, id)
	return asked, err
}

// askWhat is ask, and returns what the provider said: "" when it did not, or knows no
// such order.
func (s *Service) askWhat(ctx context.Context, id pay.AttemptID) (said providers.Status, asked bool, err error) {
	ctx = viewer.AsProgram(ctx)
	a, err := s.mayAsk(ctx, id)
	if a == nil || err != nil {
		return "", false, err
	}
	account, known := s.Accounts.ByCode(a.Account)
	if !known || !canAsk(account, a) {
		return "", false, nil
	}
	crashpoint.Here(crashpoint.AskTaken)
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// No breaker stands here: asking takes no money, and is how everything is
	// found out after an outage.
	result, err := account.Provider.Sync(call, refOf(a))
	crashpoint.Here(crashpoint.AskAnswered)
	kind := providers.KindOf(err)
	if err != nil && kind != providers.NotFound {
		return "", true, fmt.Errorf("ask about attempt %s: %w", id, err)
	}
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		asked = true
		now, err := tx.Attempt.Query().Where(attempt.ID(id)).WithBill().Only(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("read attempt %s: %w", id, err)
		case isOldNews(now, result.Status, *a.AskedAt):
			return nil
		case now.RefundedMinor != a.RefundedMinor, // money went back between the question and its answer
			isHeldUp(tx.Now.Sub(*a.AskedAt)) && provesAbsence(now, result.Status, kind):
			asked, err = false, s.askAt(ctx, tx, id, soonest(now, tx.Now))
		case contradicts(now, result.Status): // never having heard of it included
			err = s.compareCapture(ctx, tx, now.Edges.Bill, now, now.Captured().Zero())
		case kind == providers.NotFound:
			err = s.neverHeardOf(ctx, tx, now.Edges.Bill, now)
		default:
			err = s.settle(ctx, tx, id, result)
		}
		crashpoint.Here(crashpoint.Settling)
		return err
	})
	crashpoint.Here(crashpoint.Settled)
	return result.Status, asked, err
}

// isHeldUp reports whether an answer is recorded so long after its question that it
// tells of another time: its process stood still, or the clock was moved. What was
// sent meanwhile would be held for not done.
func isHeldUp(since time.Duration) bool { return since.Abs() > callTimeout+askInterval }

// provesAbsence reports whether something that was sent would be held for not done by
// what a provider says: by its ignorance of it, or by what it still says of money that
// is in doubt or on its way back. Money that we do not know of proves itself.
func provesAbsence(a *ent.Attempt, said providers.Status, kind providers.Kind) bool {
	if said == providers.Captured && a.Status != pay.AttemptCaptured {
		return false
	}
	return kind == providers.NotFound || a.DoubtSince != nil || a.Status == pay.AttemptCaptured
}

// canAsk reports whether an account's provider can be asked about an attempt: some can
// never be, and some know their own number only.
func canAsk(account providers.Account, a *ent.Attempt) bool {
	can := account.Provider.Capabilities()
	return can.Can(providers.OpSync) && (can.SyncByOurNumber || a.ProviderRef != nil)
}

// soonest is when an attempt may be asked about: now, or askInterval after the
// last time. A last time that is yet to come is the mark of a clock that was set
// back, and counts for nothing.
func soonest(a *ent.Attempt, now time.Time) time.Time {
	if a.AskedAt == nil || a.AskedAt.After(now.Add(askInterval)) {
		return now
	}
	if next := a.AskedAt.Add(askInterval); next.After(now) {
		return next
	}
	return now
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// isOldNews reports whether what was true at a time must not be held against what
// was recorded since: the capture came later. What can only follow a capture is
// never old.
func isOldNews(a *ent.Attempt, said providers.Status, at time.Time) bool {
	return a.Status == pay.AttemptCaptured && a.ResolvedAt != nil && !followsCapture(said) && !at.After(*a.ResolvedAt)
}

// contradicts reports whether a provider that is asked now knows nothing of the
// money that we have recorded as captured.
func contradicts(a *ent.Attempt, said providers.Status) bool {
	return a.Status == pay.AttemptCaptured && !followsCapture(said)
}

func followsCapture(said providers.Status) bool {
	switch said {
	case providers.Captured, providers.Refunded, providers.ChargedBack:
		return true
	case providers.Pending, providers.ActionRequired, providers.Authorized, providers.Declined, providers.Voided, providers.Expired:
	}
	return false
}

// mayAsk takes the right to ask now, by one guarded UPDATE, so that webhook,
// poll, return page and refresh together ask once. It returns nil when somebody
// else has it.
func (s *Service) mayAsk(ctx context.Context, id pay.AttemptID) (a *ent.Attempt, err error) {
	known, err := s.Store.Read().Attempt.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read attempt %s: %w", id, err)
	}
	if soonest(known, s.now()).After(s.now()) {
		return nil, nil //nolint:nilnil // not allowed is an answer here; a flood of questions writes nothing
	}
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		a = nil
		n, err := tx.Attempt.Update().
			Where(attempt.ID(id), attempt.Or(
				attempt.AskedAtIsNil(), attempt.AskedAtLTE(tx.Now.Add(-askInterval)), attempt.AskedAtGT(tx.Now.Add(askInterval)),
			)).
			SetAskedAt(tx.Now).Save(ctx)
		if err != nil || n == 0 {
			return err
		}
		a, err = tx.Attempt.Get(ctx, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take the right to ask about attempt %s: %w", id, err)
	}
	if a == nil {
		return nil, nil //nolint:nilnil // not allowed is an answer here
	}
	return a.Unwrap(), nil
}

// neverHeardOf settles that the provider does not know the order. It is believed
// only after the provider's settling time; then what we sent never arrived.
func (s *Service) neverHeardOf(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt) error {
	switch {
	case a.Status == pay.AttemptActionRequired && !tx.Now.Before(a.WatchUntil):
		return s.settleClosed(ctx, tx, b, a, providers.Result{}, pay.AttemptExpired)
	case !s.hasSettled(a, tx.Now) || !a.Status.MayHaveTaken():
		return nil
	}
	if err := s.moveAttempt(ctx, tx, a, pay.AttemptFailed, providers.Result{}, nil); err != nil {
		return err
	}
	if err := resolveOperations(ctx, tx, a.ID, pay.OperationFailed, string(providers.NotFound)); err != nil {
		return err
	}
	return s.afterEnd(ctx, tx, b, a, pay.AttemptFailed)
}

// hasSettled reports whether the provider has had time to know of everything
// that we sent it about the attempt.
func (s *Service) hasSettled(a *ent.Attempt, now time.Time) bool {
	since := a.CreatedAt
	if a.DoubtSince != nil {
		since = *a.DoubtSince
	}
	return !now.Before(since.Add(s.settlingOf(a.Account)))
}

// settlingOf is how long after the beginning of a call the account's provider may
// still not know of it: as long as the call may last, and the provider's own time
// after that.
func (s *Service) settlingOf(code string) time.Duration {
	settling := callTimeout
	if account, known := s.Accounts.ByCode(code); known {
		settling += account.Provider.Capabilities().SettlingTime
	}
	return settling
}

// Refresh asks the provider now about a bill's attempts that may still take
// money, and returns the bill. An attempt that was asked about within two
// seconds is not asked about again, so it may be repeated at will.
//
// Outcome.Errors: CodeNotFound, or CodeProviderUnavailable with the bill.
func (s *Service) Refresh(ctx context.Context, rawID string) (*Outcome, error) {
	b, refused, err := s.visible(ctx, rawID, "bill")
	if refused != nil || err != nil {
		return refused, err
	}
	attempts, err := s.Store.Read().Attempt.Query().
		Where(
			attempt.BillID(b.ID),
			attempt.Or(
				attempt.DoubtSinceNotNil(), // that of a refund included
				attempt.And(attempt.WatchUntilGT(s.now()), attempt.StatusNEQ(pay.AttemptCaptured)),
				attempt.StatusIn(pay.AttemptAuthorized, pay.AttemptSent, pay.AttemptUnknown),
			),
		).
		All(viewer.AsProgram(ctx))
	if err != nil {
		return nil, fmt.Errorf("read the attempts of bill %s: %w", b.ID, err)
	}
	outcome := &Outcome{Bill: b.ID}
	for _, a := range attempts {
		if _, err := s.ask(ctx, a.ID); err != nil {
			if _, ok := errors.AsType[*providers.Error](err); !ok {
				return nil, err
			}
			s.Logger.WarnContext(ctx, "a provider could not be asked", "attempt", a.ID, "account", a.Account, "error", err)
			outcome.Errors = asList(pay.Errorf(pay.CodeProviderUnavailable, "provider.unavailable", "The provider cannot be asked right now. What is shown is what was known before."))
		}
	}
	return outcome, nil
}

// nextAsk is when the job asks about an attempt again; the zero time is never.
// In doubt: see nextInDoubt. Open: after a third of its age, at least 5 s and at
// most 5 min; superseded, so that a payer would have to find an old tab: after half
// its age, at least 15 s and at most 10 min. Until the watch ends.
func (s *Service) nextAsk(a *ent.Attempt, now time.Time) time.Time {
	switch {
	case a.DoubtSince != nil:
		return nextInDoubt(*a.DoubtSince, s.settlingOf(a.Account), now)
	case a.Status == pay.AttemptCaptured:
		return time.Time{}
	case a.Status == pay.AttemptAuthorized:
		return now.Add(authorizedPoll)
	case a.Status == pay.AttemptCreated && now.Before(a.CreatedAt.Add(openingLease)):
		return a.CreatedAt.Add(openingLease)
	case now.After(a.WatchUntil) && !a.Status.IsOpen():
		return time.Time{}
	}
	age := now.Sub(a.CreatedAt)
	if !a.Current {
		return now.Add(min(max(age/2, 15*time.Second), 10*time.Minute))
	}
	return now.Add(min(max(age/3, 5*time.Second), 5*time.Minute))
}

// The poll of a hold that waits for its merchant, and the questions in doubt.
const (
	authorizedPoll = 10 * time.Minute
	doubtPoll      = 10 * time.Minute
	doubtEnds      = 24 * time.Hour // then a person is asked too
	lostPoll       = time.Hour      // what a person has been asked about
)

// nextInDoubt is when doubt is asked about again: 2, 5, 15 and 60 s after it
// began, when "it was not done" may be believed, then every 10 min for a day, and
// every hour from then on.
func nextInDoubt(since time.Time, settling time.Duration, now time.Time) time.Time {
	if since.After(now) { // the clock was set back since
		since = now
	}
	waits := []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 60 * time.Second, settling}
	slices.Sort(waits)
	for _, after := range waits {
		if at := since.Add(after); at.After(now) {
			return earlier(at, now.Add(doubtPoll))
		}
	}
	if now.Sub(since) >= doubtEnds {
		return now.Add(lostPoll)
	}
	return now.Add(doubtPoll)
}
