package subscriptions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/ent/product"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// Why a subscription got a new version: words of its history, never renamed.
const (
	reasonCreated      = "subscription.created"
	reasonRenewing     = "subscription.renewing"
	reasonRetrying     = "subscription.retrying"
	reasonRenewed      = "subscription.renewed"
	reasonPaidLate     = "subscription.paid_late"
	reasonDeclined     = "subscription.declined"
	reasonOutage       = "subscription.provider_unavailable"
	reasonUnpaidYet    = "subscription.past_due"
	reasonUnpaid       = "subscription.unpaid"
	reasonLapsed       = "subscription.lapsed"
	reasonCanceled     = "subscription.canceled"
	reasonCancelLater  = "subscription.cancel_planned"
	reasonResumed      = "subscription.resumed"
	reasonPaused       = "subscription.paused"
	reasonCardChanged  = "subscription.card_changed"
	reasonCardGone     = "subscription.card_gone"
	reasonBillDropped  = "subscription.bill_canceled"
	reasonTimeWasGiven = "subscription.time_given"
	reasonRefunded     = "subscription.refunded"
)

// makeBill makes the bill of the next period. With a card its first charge is
// begun in the same transaction. From now on access lasts as long as the grace
// would: a charge that takes a minute, or a day, locks nobody out.
func (s *Service) makeBill(ctx context.Context, tx *store.Tx, st state) error {
	start := *st.row.CurrentPeriodEnd
	b, err := s.insertBill(ctx, tx, st, start)
	if err != nil {
		return err
	}
	to := st.with()
	to.row.OpenBillID, to.bill, to.charge = &b.ID, b, nil
	clearDunning(to.row)
	if b.Status == pay.BillPending && st.row.CardID != nil && !start.After(st.now) {
		to.row.DunningTry = 1
	}
	if err := s.lengthen(ctx, tx, st.id(), later(start, st.now).Add(s.Policy.Dunning.Grace)); err != nil {
		return err
	}
	if st.row.CardID == nil {
		if err := s.tellRenewalComing(ctx, tx, to); err != nil {
			return err
		}
	}
	return s.save(ctx, tx, st, to, reasonRenewing)
}

// insertBill inserts the bill of the period that begins at start.
func (s *Service) insertBill(ctx context.Context, tx *store.Tx, st state, start time.Time) (*ent.Bill, error) {
	schedule, err := s.schedule(st.row)
	if err != nil {
		return nil, err
	}
	_, end := schedule.Next(st.row.PeriodIndex)
	owner, err := tx.User.Get(ctx, st.row.UserID)
	if err != nil {
		return nil, fmt.Errorf("read the user of subscription %s: %w", st.id(), err)
	}
	sold, cost, err := s.offer(ctx, tx, st.row)
	if err != nil {
		return nil, err
	}
	lives := s.Policy.FirstBill
	if st.row.Status != pay.SubscriptionIncomplete {
		// Past the last retry and the grace; a week more for what is in doubt.
		lives = s.Policy.BillAhead + s.Policy.Dunning.Grace + 7*24*time.Hour
	}
	b, err := s.Bills.InsertPeriodBill(ctx, tx, billing.PeriodBill{
		Merchant: st.row.MerchantID, User: st.row.UserID, Product: sold, Price: cost, Subscription: st.id(),
		Start: start, End: end, Locale: owner.Locale,
		// By a test clock it may be long ago, but it is paid in real time.
		Expires: later(st.now, tx.Now).Add(lives),
	})
	if err != nil {
		return nil, fmt.Errorf("insert the bill of subscription %s: %w", st.id(), err)
	}
	return b, nil
}

// offer reads what the subscription is for and what it costs, sold still or not.
func (s *Service) offer(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription) (*ent.Product, *ent.Price, error) {
	sold, err := tx.Product.Query().Where(product.ID(row.ProductID)).Only(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read the product of subscription %s: %w", row.ID, err)
	}
	cost, err := tx.Price.Query().Where(price.ID(row.PriceID)).Only(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read the price of subscription %s: %w", row.ID, err)
	}
	return sold, cost, nil
}

// begin begins one more charge of the open bill: its number is committed before
// anybody is asked for money, so that a crash does not make it twice.
func (s *Service) begin(ctx context.Context, tx *store.Tx, st state) error {
	to := st.with()
	to.row.DunningTry++
	to.row.DunningNextAt, to.charge = nil, nil
	clearDecline(to.row)
	return s.save(ctx, tx, st, to, reasonRetrying)
}

// charge makes the charge that was begun. It is made once, ever, however often
// this runs; what it came to is read from the bill and the attempt afterwards.
func (s *Service) charge(ctx context.Context, st state) error {
	id := st.bill.ID
	if st.row.CardID == nil {
		return s.refuseCharge(ctx, st, pay.DeclineCardRemoved)
	}
	initiator := providers.ByMerchant
	if st.row.Status == pay.SubscriptionIncomplete {
		initiator = providers.ByPayer // whose own call died on the way
	}
	err := s.Bills.ChargePeriod(ctx, id, *st.row.CardID, st.row.DunningTry, initiator, billing.Payer{}, nil)
	if refused := pay.Readable(err); refused != nil {
		return s.chargeRefused(ctx, st, refused)
	}
	if err != nil {
		return fmt.Errorf("charge subscription %s: %w", st.id(), err)
	}
	if st.row.TestClockID != nil {
		if err := s.Bills.FulfilNow(ctx, id); err != nil {
			return fmt.Errorf("fulfil the bill of subscription %s: %w", st.id(), err)
		}
	}
	return s.wasMade(ctx, st)
}

// wasMade returns errInDoubt when a charge was not made after all, because a page
// of the same bill is being opened or paid just now: it waits for that.
func (s *Service) wasMade(ctx context.Context, st state) error {
	fresh, err := s.read(ctx, st.id())
	if err != nil {
		return err
	}
	if fresh.row.Version == st.row.Version && fresh.charge == nil && fresh.bill.Status == pay.BillPending {
		return errInDoubt
	}
	return nil
}

// chargeRefused decides what a charge is worth that was not made: the card cannot
// be charged, or the bill meanwhile cannot. That the card's account is not set up is an
// outage, and no word about the card.
func (s *Service) chargeRefused(ctx context.Context, st state, why *pay.Error) error {
	switch {
	case why.Key == "bill.page_in_use":
		return errPageInUse
	case why.Key == "provider.not_configured":
		return s.refuseCharge(ctx, st, pay.DeclineProviderUnavailable)
	case why.Key == "card.expired":
		return s.refuseCharge(ctx, st, pay.DeclineCardExpired)
	case why.Key == "card.requires_cvv" || why.Code == pay.CodeUnsupported:
		return s.refuseCharge(ctx, st, pay.DeclineCardUnusable)
	case strings.HasPrefix(why.Key, "card."):
		return s.refuseCharge(ctx, st, pay.DeclineCardRemoved)
	}
	if err := s.wasMade(ctx, st); err != nil {
		return err
	}
	return store.ErrRaced // the bill moved: what comes next is another question
}

// refuseCharge writes a refusal that nobody had to be asked for.
func (s *Service) refuseCharge(ctx context.Context, st state, code string) error {
	f := failure{code: code, retry: pay.RetryOtherMethod}
	if err := s.count(ctx, st, &f); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return s.fail(ctx, tx, st, f) })
}

// failure is why a charge came to nothing.
type failure struct {
	code, providerCode, message string
	retry                       pay.Retry
	card                        *pay.CardID // that was charged; nil when none was
	tries, outages              int
}

// isOfOther reports whether the charge was of another card than the one that is named.
func (f failure) isOfOther(named *pay.CardID) bool {
	return f.card != nil && named != nil && *f.card != *named
}

// judge writes down what the charge came to, and when the next one is.
func (s *Service) judge(ctx context.Context, st state) error {
	f := failureOf(st.charge)
	f.card = st.charge.CardID
	if err := s.count(ctx, st, &f); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return s.fail(ctx, tx, st, f) })
}

// count writes how many charges of the open bill were begun, and for how many of them
// nobody could be asked: those that were surely not done, and those that never were
// sent, as when the card's account was not set up.
func (s *Service) count(ctx context.Context, st state, f *failure) error {
	f.tries = st.row.DunningTry
	for n := 1; n <= f.tries; n++ {
		a, err := s.Bills.AttemptOfTry(ctx, st.bill.ID, n)
		if err != nil {
			return fmt.Errorf("count the charges of subscription %s: %w", st.id(), err)
		}
		if a == nil || a.Status == pay.AttemptFailed {
			f.outages++
		}
	}
	return nil
}

// failureOf reads the end of a charge that took nothing.
func failureOf(a *ent.Attempt) failure {
	switch a.Status {
	case pay.AttemptFailed:
		return failure{code: pay.DeclineProviderUnavailable, retry: pay.RetrySameKey}
	case pay.AttemptActionRequired, pay.AttemptExpired, pay.AttemptVoided:
		if a.DeclineCode == nil {
			return failure{code: pay.DeclineAuthenticationRequired, retry: pay.RetryNewKey}
		}
	case pay.AttemptDeclined, pay.AttemptCreated, pay.AttemptSent, pay.AttemptAuthorized, pay.AttemptCaptured, pay.AttemptUnknown:
	}
	f := failure{code: "declined", retry: pay.RetryOtherMethod}
	if a.DeclineCode != nil {
		f.code = *a.DeclineCode
	}
	if a.DeclineProviderCode != nil {
		f.providerCode = *a.DeclineProviderCode
	}
	if a.DeclineMessage != nil {
		f.message = *a.DeclineMessage
	}
	if a.DeclineRetry != nil {
		f.retry = *a.DeclineRetry
	}
	return f
}

// fail writes within tx that the charge begun last came to nothing.
func (s *Service) fail(ctx context.Context, tx *store.Tx, st state, f failure) error {
	to := st.with()
	row := to.row
	row.DeclineCode, row.DeclineProviderCode, row.DeclineMessage, row.DeclineRetry = &f.code, textOrNil(f.providerCode), textOrNil(f.message), &f.retry
	if row.Status == pay.SubscriptionIncomplete {
		return s.save(ctx, tx, st, to, reasonDeclined) // its payer is here, and decides
	}
	next, isRefusal := s.Policy.Dunning.Judge(f.code, f.tries, f.outages, at(row.PastDueSince), st.now)
	if f.isOfOther(row.CardID) {
		// Another card was named while this charge was out: what it came to says
		// nothing of that one, and a charge that was asked for is still to be made.
		if isRefusal {
			next = st.now.Add(cardChangedRetry)
		}
		if row.DunningNextAt != nil {
			next = *row.DunningNextAt
		}
	}
	row.DunningNextAt = orNil(next)
	if !isRefusal {
		return s.save(ctx, tx, st, to, reasonOutage)
	}
	return s.fallDue(ctx, tx, st, to, reasonDeclined)
}

// ask puts a subscription past due whose payer has no card and has not paid.
func (s *Service) ask(ctx context.Context, tx *store.Tx, st state) error {
	to := st.with()
	code := pay.DeclineUnpaid
	to.row.DeclineCode = &code
	return s.fallDue(ctx, tx, st, to, reasonUnpaidYet)
}

// fallDue puts a subscription past due, from its first failure on, and tells its
// payer of each.
func (s *Service) fallDue(ctx context.Context, tx *store.Tx, st, to state, reason string) error {
	to.row.Status = pay.SubscriptionPastDue
	if to.row.PastDueSince == nil {
		to.row.PastDueSince = &st.now
		if err := s.lengthen(ctx, tx, st.id(), st.now.Add(s.Policy.Dunning.Grace)); err != nil {
			return err
		}
	}
	if err := s.tellRenewalFailed(ctx, tx, to); err != nil {
		return err
	}
	return s.save(ctx, tx, st, to, reason)
}

// clearDunning forgets what was owed.
func clearDunning(row *ent.BillingSubscription) {
	row.DunningTry, row.DunningNextAt, row.PastDueSince = 0, nil, nil
	clearDecline(row)
}

func clearDecline(row *ent.BillingSubscription) {
	row.DeclineCode, row.DeclineProviderCode, row.DeclineMessage, row.DeclineRetry = nil, nil, nil, nil
}

func textOrNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
