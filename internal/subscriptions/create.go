package subscriptions

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// NewSubscription is what a caller asks for. Ids are as they came. Nil is absent.
type NewSubscription struct {
	Key       string `json:"-"`
	Price     string
	Card      *string
	PayWith   *billing.PayWith // a card, or a provider on whose page the first period is paid and a card is left
	Payer     billing.Payer
	ReturnURL *string
	User      *string // the merchant's side only
}

// page is what a first payment on a page is opened with: it leaves a card.
func (in NewSubscription) page() billing.PageRequest {
	page := billing.PageRequest{Payer: in.Payer, ReturnURL: in.ReturnURL, SaveCard: true}
	if in.PayWith != nil {
		page.Provider = in.PayWith.Provider
	}
	return page
}

// Create begins a subscription. With a trial, which a user has once of a product,
// nothing is paid until it ends, so no page is opened. Without one the first period
// is charged at once:
// to the card that is named, else to the user's default one, or on a provider's
// page. Until it is paid the subscription is INCOMPLETE; it lapses after a day.
//
// Repeating it with the same key and input returns the same subscription. It waits
// on the provider and must not be called inside a transaction. Outcome.Errors:
// CodeInvalid with the field, CodeNotFound, CodeForbidden, CodeStateConflict for a
// card that cannot be charged, CodeConflict for a second live subscription of the
// product, and, with the subscription, CodeDeclined or CodeProviderUnavailable.
func (s *Service) Create(ctx context.Context, in NewSubscription) (*Outcome, error) {
	claim, answer, err := s.keys.Open(ctx, "billingSubscriptionCreate", in.Key, in)
	switch {
	case err != nil:
		return refused(err)
	case answer != nil:
		return s.replay(ctx, answer)
	case claim.IsTakenOver():
		return s.takeOver(ctx, claim, in)
	}
	p, err := s.plan(ctx, in)
	if err != nil {
		return refused(err)
	}
	purchase := providers.Purchase{Amount: p.price.Amount(), Product: p.product.Code, Kind: p.product.Kind}
	wrong, err := s.Bills.CheckPayment(ctx, p.merchant.ID, p.owner, purchase, p.byPage, in.page())
	if err != nil {
		return nil, fmt.Errorf("check the payment for price %s: %w", p.price.ID, err)
	}
	if len(wrong) > 0 {
		return refuse(wrong...), nil
	}
	id := pay.NewSubscriptionID(pay.Instant(s.Store.Clock().Now()))
	var row *ent.BillingSubscription
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := claim.Begin(ctx, tx, id.String()); err != nil {
			return err
		}
		if row, err = s.insert(ctx, tx, id, p); err != nil {
			return err
		}
		if row.OpenBillID == nil {
			return claim.Finish(ctx, tx)
		}
		return nil
	})
	if errors.Is(err, idempotency.ErrTaken) {
		return s.afterRace(ctx, claim)
	}
	if err != nil {
		return refused(err)
	}
	if row.OpenBillID == nil {
		return &Outcome{Subscription: id}, nil
	}
	return s.payFirst(ctx, claim, row, in)
}

// insert writes version 1 of the subscription, and its trial or its first bill.
func (s *Service) insert(ctx context.Context, tx *store.Tx, id pay.SubscriptionID, p *plan) (*ent.BillingSubscription, error) {
	if err := lockUser(ctx, tx, p.owner); err != nil {
		return nil, err
	}
	hadTrial, err := judgeHistory(ctx, tx, p.owner, p.product.ID)
	if err != nil {
		return nil, err
	}
	isTrial := p.price.Trial != nil && !p.price.Trial.IsZero() && !hadTrial
	switch {
	case isTrial && p.byPage:
		return nil, pay.Invalid("subscription.nothing_to_pay",
			"The trial is free, so there is no payment now: save a card by cardRegistrationStart and name it.", "payWith")
	case !isTrial && p.card == nil && !p.byPage:
		return nil, cardMissing()
	}
	st, err := s.blank(ctx, tx, id, p)
	if err != nil {
		return nil, err
	}
	row := st.row
	if isTrial {
		zone, err := s.zone(row.TimeZone)
		if err != nil {
			return nil, fmt.Errorf("load the time zone of subscription %s: %w", id, err)
		}
		end := pay.Instant(p.price.Trial.AddTo(st.now.In(zone)))
		row.Status, row.TrialEnd, row.AnchorAt = pay.SubscriptionTrialing, &end, &end
		row.CurrentPeriodStart, row.CurrentPeriodEnd = &st.now, &end
	} else {
		row.Status, row.AnchorAt = pay.SubscriptionIncomplete, &st.now
		if st.bill, err = s.insertBill(ctx, tx, st, st.now); err != nil {
			return nil, err
		}
		row.OpenBillID = &st.bill.ID
		if p.card != nil {
			row.DunningTry = 1
		}
		row.AnchorAt = nil
	}
	row.NextActionAt = s.nextAction(st)
	if err := insertRow(ctx, tx, row); err != nil {
		return nil, err
	}
	if isTrial {
		if err := addPeriod(ctx, tx, id, periodTrial, *row.CurrentPeriodStart, *row.CurrentPeriodEnd, nil); err != nil {
			return nil, err
		}
		if err := s.grant(ctx, tx, row, p.product, *row.CurrentPeriodEnd); err != nil {
			return nil, err
		}
	}
	return row, s.saved(ctx, tx, row, "", reasonCreated)
}

// blank is the subscription before it is decided how it begins.
func (s *Service) blank(ctx context.Context, tx *store.Tx, id pay.SubscriptionID, p *plan) (state, error) {
	st := state{now: tx.Now}
	owner, err := tx.User.Get(ctx, p.owner)
	if err != nil {
		return st, fmt.Errorf("read user %s: %w", p.owner, err)
	}
	if owner.TestClockID != nil {
		clock, err := tx.TestClock.Get(ctx, *owner.TestClockID)
		if err != nil {
			return st, fmt.Errorf("read the clock of user %s: %w", p.owner, err)
		}
		st.now = pay.Instant(clock.Now)
	}
	st.row = &ent.BillingSubscription{
		ID: id, MerchantID: p.merchant.ID, UserID: p.owner, ProductID: p.product.ID, PriceID: p.price.ID, CardID: p.card,
		TimeZone: p.merchant.TimeZone, Interval: *p.price.Interval, TestClockID: owner.TestClockID,
		Version: 1, CreatedAt: st.now, UpdatedAt: tx.Now,
	}
	return st, nil
}

func insertRow(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription) error {
	err := tx.BillingSubscription.Create().SetID(row.ID).SetMerchantID(row.MerchantID).SetUserID(row.UserID).
		SetProductID(row.ProductID).SetPriceID(row.PriceID).SetNillableCardID(row.CardID).
		SetStatus(row.Status).SetTimeZone(row.TimeZone).SetInterval(row.Interval).
		SetNillableAnchorAt(row.AnchorAt).SetNillableTrialEnd(row.TrialEnd).
		SetNillableCurrentPeriodStart(row.CurrentPeriodStart).SetNillableCurrentPeriodEnd(row.CurrentPeriodEnd).
		SetNillableNextActionAt(row.NextActionAt).SetNillableOpenBillID(row.OpenBillID).SetDunningTry(row.DunningTry).
		SetNillableTestClockID(row.TestClockID).SetVersion(row.Version).
		SetCreatedAt(row.CreatedAt).SetUpdatedAt(row.UpdatedAt).Exec(ctx)
	if err != nil {
		return fmt.Errorf("insert subscription %s: %w", row.ID, err)
	}
	return nil
}

// payFirst charges the first bill, or opens its page, and ends the call.
func (s *Service) payFirst(ctx context.Context, claim *idempotency.Claim, row *ent.BillingSubscription, in NewSubscription) (*Outcome, error) {
	bill := *row.OpenBillID
	var errs []*pay.Error
	var err error
	if row.CardID != nil {
		errs, err = s.chargeFirst(ctx, row, bill, in)
	} else {
		errs, err = s.Bills.OpenPage(ctx, bill, in.page())
	}
	if err != nil {
		return nil, fmt.Errorf("pay for subscription %s: %w", row.ID, err)
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return claim.Finish(ctx, tx, errs...) })
	if err != nil {
		return nil, fmt.Errorf("end the creation of subscription %s: %w", row.ID, err)
	}
	return &Outcome{Subscription: row.ID, FirstBill: bill, Errors: errs}, nil
}

// chargeFirst makes the first charge, whose number was committed with the row.
func (s *Service) chargeFirst(ctx context.Context, row *ent.BillingSubscription, bill pay.BillID, in NewSubscription) ([]*pay.Error, error) {
	err := s.Bills.ChargePeriod(ctx, bill, *row.CardID, row.DunningTry, providers.ByPayer, in.Payer, in.ReturnURL)
	if e := pay.Readable(err); e != nil {
		return []*pay.Error{e}, nil //nolint:nilerr // the caller tells it, with the subscription that is there
	}
	if err != nil {
		return nil, err
	}
	a, err := s.Bills.AttemptOfTry(ctx, bill, row.DunningTry)
	if err != nil || a == nil {
		return nil, err
	}
	f := failureOf(a)
	switch a.Status {
	case pay.AttemptDeclined:
		e := pay.Errorf(pay.CodeDeclined, "decline."+f.code, "%s", f.message)
		e.Retry, e.Detail = f.retry, pay.DeclineDetail{DeclineCode: f.code, ProviderCode: f.providerCode, Attempt: a.ID}
		return []*pay.Error{e}, nil
	case pay.AttemptFailed:
		e := pay.Errorf(pay.CodeProviderUnavailable, "provider.unavailable", "The provider could not be asked; nothing was taken.")
		e.Retry = pay.RetryNewKey // this key has its subscription; its bill can be paid again
		return []*pay.Error{e}, nil
	case pay.AttemptCreated, pay.AttemptSent, pay.AttemptActionRequired, pay.AttemptAuthorized, pay.AttemptCaptured,
		pay.AttemptVoided, pay.AttemptExpired, pay.AttemptUnknown:
	}
	return nil, nil
}

// takeOver goes on where a call with the same key died: its subscription is there,
// because the key's record was committed with it.
func (s *Service) takeOver(ctx context.Context, claim *idempotency.Claim, in NewSubscription) (*Outcome, error) {
	id, err := pay.ParseSubscriptionID(claim.ObjectID())
	if err != nil {
		return nil, fmt.Errorf("take over billingSubscriptionCreate: %w", err)
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return claim.Begin(ctx, tx, id.String()) })
	if errors.Is(err, idempotency.ErrTaken) {
		return s.afterRace(ctx, claim)
	}
	if err != nil {
		return nil, fmt.Errorf("take over the creation of subscription %s: %w", id, err)
	}
	st, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	if st.row.Status == pay.SubscriptionIncomplete && st.bill != nil && st.bill.Status.IsPayable() {
		return s.payFirst(ctx, claim, st.row, in)
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return claim.Finish(ctx, tx) })
	if err != nil {
		return nil, fmt.Errorf("end the creation of subscription %s: %w", id, err)
	}
	return s.outcomeOf(ctx, id)
}

func (s *Service) afterRace(ctx context.Context, claim *idempotency.Claim) (*Outcome, error) {
	answer, err := s.keys.AfterRace(ctx, claim)
	if err != nil {
		return refused(err)
	}
	return s.replay(ctx, answer)
}

// replay is the outcome of a creation that was finished before.
func (s *Service) replay(ctx context.Context, answer *idempotency.Answer) (*Outcome, error) {
	id, err := pay.ParseSubscriptionID(answer.ObjectID)
	if err != nil {
		return nil, fmt.Errorf("read what an idempotency key made: %w", err)
	}
	o, err := s.outcomeOf(ctx, id)
	if err != nil {
		return nil, err
	}
	o.Errors, o.Replayed = answer.Errors, true
	return o, nil
}

// outcomeOf is the outcome of a creation that is over: its first bill is the one
// of the period that began with it.
func (s *Service) outcomeOf(ctx context.Context, id pay.SubscriptionID) (*Outcome, error) {
	o := &Outcome{Subscription: id}
	ctx = viewer.AsProgram(ctx)
	row, err := s.Store.Read().BillingSubscription.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read subscription %s: %w", id, err)
	}
	first, err := s.Store.Read().Bill.Query().
		Where(bill.SubscriptionID(id), bill.PeriodStart(pay.Instant(row.CreatedAt))).Only(ctx)
	if err == nil {
		o.FirstBill = first.ID
	} else if !ent.IsNotFound(err) {
		return nil, fmt.Errorf("read the first bill of subscription %s: %w", id, err)
	}
	return o, nil
}
