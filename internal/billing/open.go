package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/operation"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// opening is what one attempt is opened with.
type opening struct {
	Account   providers.Account // none when a wallet pays
	ReturnURL *string           // the merchant's page
	Payer     Payer
	Email     *string

	SaveFor   *providers.Customer // what pays on the page is saved as this customer's card; nil: it is not
	Card      *ChargeableCard     // charged instead of opening a page
	Wallet    *pay.WalletID       // pays instead of a provider
	Try       *int                // the number of a subscription's charge
	Initiator providers.Initiator // of a charge
}

// The times of an attempt's life.
const (
	callTimeout  = 10 * time.Second // one answer of a provider
	openingLease = 15 * time.Second // an opening without an answer recorded by then died with its process
	watchAfter   = 15 * time.Minute // money is looked for this long after a session's end
	firstAsk     = 5 * time.Second  // the first poll of an open attempt
	openingTries = 2                // an opening in doubt is superseded once in the same call
)

// open makes one attempt the bill's current one and opens it at the provider,
// under the caller's key. Insert, when given, makes the bill in the same
// transaction as its first attempt.
//
// Operation before call: the attempt and its START operation are committed
// first. An opening in doubt took no money, because no payer ever got its page:
// it is given up at once, watched, and a second attempt under a new order number
// takes its place.
func (s *Service) open(ctx context.Context, c keyed, id pay.BillID, o opening, insert insertFunc) (*Outcome, error) {
	for try := 1; ; try++ {
		var b *ent.Bill
		var a *ent.Attempt
		err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			a = nil
			if try == 1 {
				if err := c.Begin(ctx, tx, id.String()); err != nil {
					return err
				}
			}
			if b, err = s.billToPay(ctx, tx, id, insert, try); err != nil {
				return err
			}
			if isNew := insert != nil && try == 1; !isNew {
				reusable, err := s.makeRoom(ctx, tx, b, o)
				if err != nil {
					return err
				}
				if reusable {
					return c.Finish(ctx, tx)
				}
			}
			a, err = s.newAttempt(ctx, tx, b, o)
			crashpoint.Here(crashpoint.BillInserting)
			return err
		})
		if err != nil || a == nil {
			return s.ended(ctx, c, id, nil, err)
		}
		crashpoint.Here(crashpoint.OpeningCommitted)
		b.Unwrap()
		a.Unwrap()

		// From here on the work is finished even if the caller hangs up.
		work := context.WithoutCancel(ctx)
		result, callErr := s.start(work, b, a, o)
		crashpoint.Here(crashpoint.OpeningAnswered)
		answer := s.readOpening(work, a, result, callErr)
		again := answer.inDoubt && try < openingTries
		var refused *pay.Error
		known := b // as the first transaction left it; read again when another call moved it
		err = s.Store.InTxAgain(work, func(ctx context.Context, tx *store.Tx) (err error) {
			now := known
			if known = nil; now == nil {
				if now, err = tx.Bill.Get(ctx, id); err != nil {
					return fmt.Errorf("read bill %s: %w", id, err)
				}
			}
			if refused, err = s.recordOpening(ctx, tx, now, a.ID, answer); err != nil || again {
				return err
			}
			err = c.Finish(ctx, tx, asList(refused)...)
			crashpoint.Here(crashpoint.OpeningRecording)
			return err
		})
		crashpoint.Here(crashpoint.OpeningRecorded)
		if err != nil || !again {
			return s.ended(work, c, id, refused, err)
		}
	}
}

// ended turns how a keyed piece of work ended into its outcome.
func (s *Service) ended(ctx context.Context, c keyed, id pay.BillID, refused *pay.Error, err error) (*Outcome, error) {
	switch {
	case errors.Is(err, idempotency.ErrTaken):
		if claim, ok := c.(*idempotency.Claim); ok {
			return s.afterRace(ctx, claim)
		}
		return nil, err
	case err != nil:
		outcome, err := outcomeOf(id, err)
		if outcome != nil {
			outcome.Bill = s.ifThere(ctx, id)
		}
		return outcome, err
	}
	return &Outcome{Bill: id, Errors: asList(refused)}, nil
}

// ifThere returns id when the caller may see that bill, and the zero id
// otherwise: work that failed before its commit left none.
func (s *Service) ifThere(ctx context.Context, id pay.BillID) pay.BillID {
	if _, err := s.Store.Read().Bill.Get(ctx, id); err != nil {
		return pay.BillID{}
	}
	return id
}

func asList(e *pay.Error) []*pay.Error {
	if e == nil {
		return nil
	}
	return []*pay.Error{e}
}

// billToPay inserts or reads the bill, which must be payable.
func (s *Service) billToPay(ctx context.Context, tx *store.Tx, id pay.BillID, insert insertFunc, try int) (*ent.Bill, error) {
	if insert != nil && try == 1 {
		return insert(ctx, tx)
	}
	b, err := tx.Bill.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read bill %s: %w", id, err)
	}
	if !b.Status.IsPayable() {
		return nil, notAllowed(ctx, b, pay.ActionPay)
	}
	return b, keepStill(ctx, tx, b)
}

// billToPayAtOnce is billToPay for what needs no page: the bill has room for one more
// attempt, or it returns why not. A page that another call opens right now is waited for.
func (s *Service) billToPayAtOnce(ctx context.Context, tx *store.Tx, id pay.BillID, o opening, insert insertFunc) (*ent.Bill, error) {
	b, err := s.billToPay(ctx, tx, id, insert, 1)
	if err != nil || insert != nil {
		return b, err
	}
	waiting, err := s.makeRoom(ctx, tx, b, o)
	if err == nil && waiting {
		err = errOpening()
	}
	return b, err
}

// maxWatched bounds the attempts of one bill that are watched at a time: each
// costs the provider a session, and us its questions.
const maxWatched = 12

// checkWatched refuses one more attempt on a bill that has too many.
func checkWatched(ctx context.Context, tx *store.Tx, id pay.BillID) error {
	n, err := tx.Attempt.Query().Where(attempt.BillID(id), attempt.WatchUntilGT(tx.Now)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count the attempts of bill %s: %w", id, err)
	}
	if n < maxWatched {
		return nil
	}
	tooMany := pay.Errorf(pay.CodeLimitExceeded, "bill.too_many_attempts", "Too many attempts were opened on this bill. Pay on an open page, or wait.")
	tooMany.Detail = pay.LimitDetail{RetryAfter: watchAfter}
	return tooMany
}

// makeRoom looks at the bill's current attempt. An open page of the same account
// is reused, unless it refused a card: its tries may be used up, and a payer must
// not be sent back to a dead end. Money in doubt blocks; anything else is
// superseded: it is only watched from now on.
func (s *Service) makeRoom(ctx context.Context, tx *store.Tx, b *ent.Bill, o opening) (reusable bool, err error) {
	current, err := tx.Attempt.Query().Where(attempt.BillID(b.ID), attempt.Current(true)).Only(ctx)
	if ent.IsNotFound(err) {
		return false, checkWatched(ctx, tx, b.ID)
	}
	if err != nil {
		return false, fmt.Errorf("read the current attempt of bill %s: %w", b.ID, err)
	}
	switch {
	case current.Status.MayHaveTaken() || current.Status == pay.AttemptAuthorized:
		return false, errInDoubt()
	case current.Status == pay.AttemptCreated && tx.Now.Before(current.CreatedAt.Add(openingLease)):
		return true, nil // another call is opening it right now: the bill says WAIT
	case current.Status == pay.AttemptActionRequired && isPageOf(current, o) && current.DeclineCode == nil && isPayableAt(current, tx.Now):
		return true, nil
	}
	if err := checkInUse(ctx, tx, b, current, o); err != nil {
		return false, err
	}
	if err := checkWatched(ctx, tx, b.ID); err != nil {
		return false, err
	}
	return false, s.supersede(ctx, tx, current)
}

// isPageOf reports whether the attempt's page is what the opening asks for.
func isPageOf(a *ent.Attempt, o opening) bool {
	return o.Card == nil && o.Wallet == nil && a.CardID == nil &&
		a.Account == o.Account.Code && a.SavesCard == (o.SaveFor != nil)
}

// isPayableAt reports whether a payer who is sent to the attempt's page now has
// a while to pay.
func isPayableAt(a *ent.Attempt, now time.Time) bool {
	const atLeast = time.Minute
	return a.SessionEndsAt == nil || now.Add(atLeast).Before(*a.SessionEndsAt)
}

// supersede takes the current attempt's place away. Its page may still be open
// in some tab, so it stays in its status and is watched. One whose page nobody
// ever got is given up as FAILED.
func (s *Service) supersede(ctx context.Context, tx *store.Tx, a *ent.Attempt) error {
	update := tx.Attempt.Update().Where(attempt.ID(a.ID), attempt.StatusEQ(a.Status), attempt.Current(true)).
		SetCurrent(false).SetUpdatedAt(tx.Now)
	if a.Status == pay.AttemptCreated {
		update.SetStatus(pay.AttemptFailed).SetResolvedAt(tx.Now)
		if err := resolveOperations(ctx, tx, a.ID, pay.OperationFailed, "superseded"); err != nil {
			return err
		}
	}
	n, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("supersede attempt %s: %w", a.ID, err)
	}
	if n == 0 {
		return fmt.Errorf("supersede attempt %s: %w", a.ID, store.ErrRaced)
	}
	return nil
}

// newAttempt commits to one attempt: its row and, when it opens a page, its START
// operation and the job that asks about it whatever happens to this call. One that
// charges a card counts as in doubt from now on.
func (s *Service) newAttempt(ctx context.Context, tx *store.Tx, b *ent.Bill, o opening) (*ent.Attempt, error) {
	id := pay.NewAttemptID(tx.Now)
	create := tx.Attempt.Create().SetID(id).SetMerchantID(b.MerchantID).SetBillID(b.ID).SetOrderNumber(id.Suffix()).
		SetStatus(pay.AttemptCreated).SetCurrent(true).
		SetAmountMinor(b.TotalMinor).SetCurrency(b.Currency).SetNillableReturnURL(o.ReturnURL).
		SetSavesCard(o.SaveFor != nil).SetNillableChargeTry(o.Try).SetNillableWalletID(o.Wallet).
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
	if o.Wallet != nil {
		create.SetMethodKind(pay.MethodWallet).SetProvider(ofWallets).SetAccount(ofWallets).SetStatus(pay.AttemptSent).
			SetTestMode(false).SetWatchUntil(tx.Now)
	} else {
		create.SetProvider(string(o.Account.Provider.Name())).SetAccount(o.Account.Code).SetTestMode(o.Account.TestMode).
			SetWatchUntil(tx.Now.Add(o.Account.Provider.Capabilities().SessionLife + watchAfter))
	}
	if o.Card != nil {
		create.SetCardID(o.Card.ID).SetStatus(pay.AttemptSent).SetDoubtSince(tx.Now)
	}
	a, err := create.Save(ctx)
	if store.IsUniqueViolation(err) {
		return nil, fmt.Errorf("insert attempt %s: %w", id, store.ErrRaced) // another call made its attempt current first
	}
	if err != nil {
		return nil, fmt.Errorf("insert attempt %s: %w", id, err)
	}
	switch {
	case o.Wallet != nil:
		return a, nil
	case o.Card != nil: // its operation's handle is the caller's to keep
		return a, s.askInDoubt(ctx, tx, id, tx.Now.Add(callTimeout+firstAsk))
	}
	if _, err := s.newOperation(ctx, tx, a, pay.OperationStart, a.Amount()); err != nil {
		return nil, err
	}
	return a, s.askAt(ctx, tx, id, tx.Now.Add(firstAsk))
}

// newOperation commits to one write to the provider and returns its handle, which
// is derived from the row's id and the same on every resend. An attempt has one
// open operation at a time.
func (s *Service) newOperation(ctx context.Context, tx *store.Tx, a *ent.Attempt, kind pay.OperationKind, amount pay.Money) (string, error) {
	id, err := insertOperation(ctx, tx, a, kind, amount)
	return id.Suffix(), err
}

func insertOperation(ctx context.Context, tx *store.Tx, a *ent.Attempt, kind pay.OperationKind, amount pay.Money) (pay.OperationID, error) {
	id := pay.NewOperationID(tx.Now)
	err := tx.Operation.Create().SetID(id).SetAttemptID(a.ID).SetKind(kind).SetStatus(pay.OperationCreated).
		SetAmountMinor(amount.Amount).SetCurrency(amount.Currency).
		SetNillableActor(viewer.From(ctx).Actor()).SetCreatedAt(tx.Now).Exec(ctx)
	if store.IsUniqueViolation(err) {
		return id, pay.Errorf(pay.CodeConflict, "attempt.busy", "Another operation on this payment is not finished yet.")
	}
	if err != nil {
		return id, fmt.Errorf("insert %s operation of attempt %s: %w", kind, a.ID, err)
	}
	return id, nil
}

// resolveOperations closes the attempt's open operation, if there is one.
func resolveOperations(ctx context.Context, tx *store.Tx, id pay.AttemptID, status pay.OperationStatus, kind string) error {
	update := tx.Operation.Update().Where(operation.AttemptID(id), operation.ResolvedAtIsNil()).
		SetStatus(status).SetResolvedAt(tx.Now)
	if kind != "" {
		update.SetErrorKind(kind)
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("resolve the operation of attempt %s: %w", id, err)
	}
	return nil
}

// askAt has the provider asked about an attempt at a time.
func (s *Service) askAt(ctx context.Context, tx *store.Tx, id pay.AttemptID, at time.Time) error {
	return scheduleAsk(ctx, tx, id, at, priorityAsk)
}

// askInDoubt is askAt for money in doubt: it goes before the questions about pages
// that are open, which may be thousands after an outage.
func (s *Service) askInDoubt(ctx context.Context, tx *store.Tx, id pay.AttemptID, at time.Time) error {
	return scheduleAsk(ctx, tx, id, at, priorityDoubt)
}

func scheduleAsk(ctx context.Context, tx *store.Tx, id pay.AttemptID, at time.Time, priority int) error {
	err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobAsk, Key: id.String(), RunAt: at, Priority: priority})
	if err != nil {
		return fmt.Errorf("schedule asking about attempt %s: %w", id, err)
	}
	return nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
