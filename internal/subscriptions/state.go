package subscriptions

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/journal"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// state is a subscription with all that decides what comes next. A change is made
// to a copy: see with.
type state struct {
	row    *ent.BillingSubscription
	bill   *ent.Bill    // the open one; nil when there is none
	charge *ent.Attempt // the one begun last, of a bill that is PENDING; nil when it was not made
	isVain bool         // nothing comes of the open bill, though money came for it: see isDismissed
	now    time.Time    // by the subscription's own clock
}

// read returns how the subscription stands.
func (s *Service) read(ctx context.Context, id pay.SubscriptionID) (state, error) {
	ctx = viewer.AsProgram(ctx)
	row, err := s.Store.Read().BillingSubscription.Get(ctx, id)
	if err != nil {
		return state{}, fmt.Errorf("read subscription %s: %w", id, err)
	}
	return s.stateOf(ctx, s.Store.Read(), row, pay.Instant(s.Store.Clock().Now()))
}

// readIn is read inside a transaction.
func (s *Service) readIn(ctx context.Context, tx *store.Tx, id pay.SubscriptionID) (state, error) {
	row, err := tx.BillingSubscription.Get(ctx, id)
	if err != nil {
		return state{}, fmt.Errorf("read subscription %s: %w", id, err)
	}
	return s.stateOf(ctx, tx.Client(), row, tx.Now)
}

func (s *Service) stateOf(ctx context.Context, c *ent.Client, row *ent.BillingSubscription, now time.Time) (state, error) {
	st := state{row: row, now: now}
	if row.TestClockID != nil {
		clock, err := c.TestClock.Get(ctx, *row.TestClockID)
		if err != nil {
			return st, fmt.Errorf("read the clock of subscription %s: %w", row.ID, err)
		}
		st.now = pay.Instant(clock.Now)
	}
	if row.OpenBillID == nil {
		return st, nil
	}
	var err error
	if st.bill, err = c.Bill.Get(ctx, *row.OpenBillID); err != nil {
		return st, fmt.Errorf("read the open bill of subscription %s: %w", row.ID, err)
	}
	if st.bill.Status == pay.BillPending && row.DunningTry > 0 {
		if st.charge, err = s.Bills.AttemptOfTry(ctx, st.bill.ID, row.DunningTry); err != nil {
			return st, fmt.Errorf("read the charge of subscription %s: %w", row.ID, err)
		}
	}
	st.isVain, err = isDismissed(ctx, c, st.bill)
	return st, err
}

// isDismissed reports whether a person, by DISMISS, left a bill for ever where its
// wrong money, or the fulfilment that failed, had brought it. Nobody looks at it any
// more, and what another resolution began is over.
func isDismissed(ctx context.Context, c *ent.Client, b *ent.Bill) (bool, error) {
	if b.Status != pay.BillAmountMismatch && b.Status != pay.BillPaid {
		return false, nil
	}
	cases, err := c.ReviewCase.Query().Where(reviewcase.BillID(b.ID)).Order(ent.Asc(reviewcase.FieldID)).All(ctx)
	if err != nil {
		return false, fmt.Errorf("read the cases of bill %s: %w", b.ID, err)
	}
	dismissed := false
	for _, one := range cases {
		if one.ResolvedAt == nil {
			return false, nil
		}
		isWhy := one.Reason == pay.ReviewFulfilmentFailed
		if b.Status == pay.BillAmountMismatch {
			isWhy = one.Reason == pay.ReviewAmountMismatch || one.Reason == pay.ReviewCurrencyMismatch
		}
		if isWhy {
			dismissed = *one.Resolution == pay.ResolveDismiss
		}
	}
	return dismissed, nil
}

// with returns a copy of the state whose row may be changed and then saved.
func (st state) with() state {
	row := *st.row
	st.row = &row
	return st
}

// id is the subscription's.
func (st state) id() pay.SubscriptionID { return st.row.ID }

// renewal is the state as the rules want it.
func (st state) renewal() pay.Renewal {
	row := st.row
	r := pay.Renewal{
		Status: row.Status, CreatedAt: row.CreatedAt,
		PeriodStart: at(row.CurrentPeriodStart), PeriodEnd: at(row.CurrentPeriodEnd),
		PausedUntil: at(row.PausedUntil), PastDueSince: at(row.PastDueSince),
		CancelAtPeriodEnd: row.CancelAtPeriodEnd, HasCard: row.CardID != nil,
		Tries: row.DunningTry, NextTry: at(row.DunningNextAt),
	}
	if row.DeclineCode != nil {
		r.Decline = *row.DeclineCode
	}
	if st.bill != nil {
		r.Bill, r.BillStart, r.Dismissed = st.bill.Status, at(st.bill.PeriodStart), st.isVain
	}
	if st.charge != nil {
		r.Charge = st.charge.Status
	}
	return r
}

// schedule is what the row's boundaries are computed from.
func (s *Service) schedule(row *ent.BillingSubscription) (pay.Schedule, error) {
	zone, err := s.zone(row.TimeZone)
	if err != nil {
		return pay.Schedule{}, fmt.Errorf("load the time zone of subscription %s: %w", row.ID, err)
	}
	made := pay.Schedule{Anchor: at(row.AnchorAt), Interval: row.Interval, Zone: zone}
	if row.Shift != nil {
		made.Shift = *row.Shift
	}
	return made, nil
}

// save writes within tx the next version of a subscription: the whole row, its
// line in the journal, and the job for what is due next. The guard is the version
// that from was read at; it returns store.ErrRaced when somebody else was faster.
func (s *Service) save(ctx context.Context, tx *store.Tx, from, to state, reason string) error {
	old, row := from.row, to.row
	if old.Status != row.Status && !old.Status.CanBecome(row.Status) {
		return fmt.Errorf("save subscription %s: %s does not become %s", row.ID, old.Status, row.Status)
	}
	row.Version = old.Version + 1
	row.NextActionAt = s.nextAction(to)
	u := tx.BillingSubscription.Update().
		Where(billingsubscription.ID(row.ID), billingsubscription.Version(old.Version), billingsubscription.StatusEQ(old.Status)).
		SetStatus(row.Status).SetPeriodIndex(row.PeriodIndex).SetCancelAtPeriodEnd(row.CancelAtPeriodEnd).
		SetDunningTry(row.DunningTry).SetVersion(row.Version).SetUpdatedAt(tx.Now)
	setAll(u, row)
	n, err := u.Save(ctx)
	if err != nil {
		return fmt.Errorf("save subscription %s: %w", row.ID, err)
	}
	if n == 0 {
		return store.ErrRaced
	}
	return s.saved(ctx, tx, row, old.Status, reason)
}

// saved records a version that was written and schedules what it makes due.
func (s *Service) saved(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, from pay.SubscriptionStatus, reason string) error {
	err := journal.Record(ctx, tx, s.Feed, journal.Line{
		Subscription: row.ID, Merchant: row.MerchantID, User: row.UserID, Version: row.Version,
		From: string(from), To: string(row.Status), Reason: reason,
	})
	if err == nil && row.NextActionAt != nil && row.TestClockID == nil {
		err = s.wake(ctx, tx, row.ID, *row.NextActionAt)
	}
	crashpoint.Here(crashpoint.SubscriptionStepping)
	return err
}

// wake has the subscription's job run at an instant.
func (s *Service) wake(ctx context.Context, tx *store.Tx, id pay.SubscriptionID, when time.Time) error {
	err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: JobStep, Key: id.String(), RunAt: when, Priority: priorityStep})
	if err != nil {
		return fmt.Errorf("schedule the next step of subscription %s: %w", id, err)
	}
	if !when.After(tx.Now) {
		tx.AfterCommit(s.Runner.Wake)
	}
	return nil
}

// nextAction is when something is due by itself, nil when nothing is.
func (s *Service) nextAction(st state) *time.Time {
	step, until := st.renewal().Decide(st.now, s.Policy)
	if step != pay.RenewalRest {
		return &st.now
	}
	if until.IsZero() {
		return nil
	}
	until = pay.Instant(until)
	return &until
}

// setAll writes the columns that may be null.
func setAll(u *ent.BillingSubscriptionUpdate, row *ent.BillingSubscription) {
	put(row.CardID, u.SetCardID, u.ClearCardID)
	put(row.AnchorAt, u.SetAnchorAt, u.ClearAnchorAt)
	put(row.Shift, u.SetShift, u.ClearShift)
	put(row.CurrentPeriodStart, u.SetCurrentPeriodStart, u.ClearCurrentPeriodStart)
	put(row.CurrentPeriodEnd, u.SetCurrentPeriodEnd, u.ClearCurrentPeriodEnd)
	put(row.TrialEnd, u.SetTrialEnd, u.ClearTrialEnd)
	put(row.NextActionAt, u.SetNextActionAt, u.ClearNextActionAt)
	put(row.CancelAt, u.SetCancelAt, u.ClearCancelAt)
	put(row.PausedAt, u.SetPausedAt, u.ClearPausedAt)
	put(row.PausedUntil, u.SetPausedUntil, u.ClearPausedUntil)
	put(row.EndedAt, u.SetEndedAt, u.ClearEndedAt)
	put(row.PastDueSince, u.SetPastDueSince, u.ClearPastDueSince)
	put(row.DunningNextAt, u.SetDunningNextAt, u.ClearDunningNextAt)
	put(row.DeclineCode, u.SetDeclineCode, u.ClearDeclineCode)
	put(row.DeclineProviderCode, u.SetDeclineProviderCode, u.ClearDeclineProviderCode)
	put(row.DeclineMessage, u.SetDeclineMessage, u.ClearDeclineMessage)
	put(row.DeclineRetry, u.SetDeclineRetry, u.ClearDeclineRetry)
	put(row.OpenBillID, u.SetOpenBillID, u.ClearOpenBillID)
}

func put[T, U any](value *T, set func(T) U, clearIt func() U) {
	if value == nil {
		clearIt()
		return
	}
	set(*value)
}

// at is the instant, zero for none.
func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// orNil is the reverse of at.
func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = pay.Instant(t)
	return &t
}
