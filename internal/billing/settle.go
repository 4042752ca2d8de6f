package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/operation"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// settle is the only code that turns evidence into statuses. It settles the
// attempt first: captured money moves an attempt from any status to CAPTURED,
// once, with its posting, whatever the bill is. Then the bill moves, or a review
// case opens. Everything is in one transaction, and evidence that is known
// already changes nothing, so any notification, poll and refresh may repeat it.
//
// It returns store.ErrRaced when another call was faster; InTxAgain then runs it again.
func (s *Service) settle(ctx context.Context, tx *store.Tx, id pay.AttemptID, r providers.Result) error {
	a, err := tx.Attempt.Query().Where(attempt.ID(id)).WithBill().Only(ctx)
	if err != nil {
		return fmt.Errorf("read attempt %s: %w", id, err)
	}
	b := a.Edges.Bill
	if err := learnNumber(ctx, tx, a, r.ProviderRef); err != nil {
		return err
	}
	if s.isTooEarly(a, r, tx.Now) {
		return nil
	}
	switch r.Status {
	case providers.Captured:
		return s.settleCapture(ctx, tx, b, a, r)
	case providers.Authorized:
		return s.settleHold(ctx, tx, b, a, r)
	case providers.Declined:
		return s.settleDecline(ctx, tx, b, a, r)
	case providers.Voided:
		return s.settleClosed(ctx, tx, b, a, r, pay.AttemptVoided)
	case providers.Expired:
		return s.settleClosed(ctx, tx, b, a, r, pay.AttemptExpired)
	case providers.Pending, providers.ActionRequired:
		if r.Moderated {
			return s.report(ctx, tx, pay.ReviewModeration, b, a, nil, "The provider holds the payment until a person of its own has looked. Nothing is given before that.")
		}
		if isCharge(a) && a.Status.MayHaveTaken() && r.Status == providers.ActionRequired {
			if r.Redirect != nil {
				return s.sendToProve(ctx, tx, a, r)
			}
			return s.neverHeardOf(ctx, tx, b, a) // it waits for a payer, and a charge has none: it never arrived
		}
		return s.settleWaiting(ctx, tx, b, a)
	case providers.Refunded, providers.ChargedBack:
		return s.settleReturned(ctx, tx, b, a, r)
	}
	return fmt.Errorf("settle attempt %s: unknown status %q of its provider", id, r.Status)
}

// learnNumber keeps the vendor's own number of an attempt, when it was not known yet:
// some can be asked by no other.
func learnNumber(ctx context.Context, tx *store.Tx, a *ent.Attempt, number string) error {
	if number == "" || a.ProviderRef != nil {
		return nil
	}
	err := tx.Attempt.Update().Where(attempt.ID(a.ID), attempt.ProviderRefIsNil()).SetProviderRef(number).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep the provider's number of attempt %s: %w", a.ID, err)
	}
	return nil
}

// isTooEarly reports whether a provider's word that nothing was taken must not be
// believed yet: a charge may be on its way there.
func (s *Service) isTooEarly(a *ent.Attempt, said providers.Result, now time.Time) bool {
	if !isCharge(a) || !a.Status.MayHaveTaken() || s.hasSettled(a, now) {
		return false
	}
	switch said.Status {
	case providers.ActionRequired:
		return said.Redirect == nil // with a page it has arrived
	case providers.Pending, providers.Voided, providers.Expired:
		return true
	case providers.Authorized, providers.Captured, providers.Declined, providers.Refunded, providers.ChargedBack:
	}
	return false
}

// settleCapture books money that was taken.
func (s *Service) settleCapture(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, r providers.Result) error {
	captured := r.Captured
	// A capture of nothing is a vendor's that could not end the payment and may yet.
	isKnown := a.Status == pay.AttemptCaptured && (a.CapturedMinor > 0 || captured.IsZero())
	if isKnown {
		explained, err := s.judgeRefund(ctx, tx, b, a, captured, r)
		if explained || err != nil {
			return err
		}
		return s.compareCapture(ctx, tx, b, a, captured)
	}
	expected, err := s.expected(ctx, tx, a, r.Fee)
	if err != nil {
		return err
	}
	verdict := pay.JudgeCapture(pay.Capture{
		Bill: b.Status, Expected: expected, Captured: captured,
		OtherRun: r.TestMode != nil && *r.TestMode != a.TestMode,
	})
	err = s.moveAttempt(ctx, tx, a, pay.AttemptCaptured, r, func(u *ent.AttemptUpdate) {
		u.SetCapturedMinor(captured.Amount).SetFeeMinor(r.Fee.Amount)
	})
	if err != nil {
		return err
	}
	if err := resolveOperations(ctx, tx, a.ID, pay.OperationSucceeded, ""); err != nil {
		return err
	}
	if err := s.releaseOthers(ctx, tx, b, a); err != nil {
		return err
	}
	if err := jobs.Drop(ctx, tx, jobAsk, a.ID.String()); err != nil { // there is nothing left to poll for
		return err
	}
	if !captured.IsZero() {
		transfer := captureTransfer(a, verdict.Account, captured)
		if _, err := s.Ledger.Post(ctx, tx, b.MerchantID, &b.ID, transfer); err != nil {
			return fmt.Errorf("book the capture of attempt %s: %w", a.ID, err)
		}
	}
	if a.SavesCard {
		if err := s.saveCard(ctx, tx, b, a, r.Saved); err != nil {
			return err
		}
	}
	if verdict.Review != "" {
		details := fmt.Sprintf("The provider took %s; %s was asked for, and the bill was %s.", captured, expected, b.Status)
		if _, err := s.openReview(ctx, tx, verdict.Review, b, a, &captured, details); err != nil {
			return err
		}
	}
	return s.payBill(ctx, tx, b, verdict, captured)
}

// payBill moves the bill to where captured money brings it. A bill that stays
// where it is (late or duplicate money) still has a new version: its readers see
// the money and the review.
func (s *Service) payBill(ctx context.Context, tx *store.Tx, b *ent.Bill, verdict pay.Verdict, captured pay.Money) error {
	m := move{To: b.Status, Reason: "payment.captured", Set: func(u *ent.BillUpdate) {
		if captured.Currency == b.Currency {
			u.AddPaidMinor(captured.Amount)
		}
		if b.PaidAt == nil {
			u.SetPaidAt(tx.Now)
		}
	}}
	if verdict.Bill != "" {
		m.To = verdict.Bill
	}
	if verdict.Review != "" {
		m.Reason = "payment." + reviewWord(verdict.Review)
	}
	if err := s.advance(ctx, tx, b, m); err != nil {
		return err
	}
	if b.Status != pay.BillPaid || verdict.Bill != pay.BillPaid {
		return nil
	}
	return s.fulfilLater(ctx, tx, b.ID)
}

// expected is the amount that a capture should have: what the merchant's own
// capture named, else what the attempt asked for; with the commission where the
// vendor adds one.
func (s *Service) expected(ctx context.Context, tx *store.Tx, a *ent.Attempt, fee pay.Money) (pay.Money, error) {
	expected := a.Amount()
	last, err := tx.Operation.Query().
		Where(
			operation.AttemptID(a.ID), operation.KindEQ(pay.OperationCapture),
			operation.Or(operation.StatusNotIn(pay.OperationFailed, pay.OperationDeclined), operation.ErrorKindIn(takenForFailed()...)),
		).
		Order(ent.Desc(operation.FieldID)).First(ctx)
	switch {
	case ent.IsNotFound(err):
	case err != nil:
		return pay.Money{}, fmt.Errorf("read the capture of attempt %s: %w", a.ID, err)
	default:
		expected = last.Amount()
	}
	if fee.IsZero() || fee.Currency != expected.Currency { // another currency is a mismatch by itself
		return expected, nil
	}
	return expected.Add(fee)
}

// takenForFailed are the kinds of an operation's failure that nobody saw: it was
// believed, and the provider may prove otherwise.
func takenForFailed() []string { return []string{kindNotDone, kindDismissed} }

const (
	kindNotDone   = "not_done"  // the provider still holds the money after its settling time
	kindDismissed = "dismissed" // a person said so
)

// compareCapture looks at a capture that is recorded already. Less than what is left
// of it by our own refunds, or more, is nothing that we did: a person must look.
func (s *Service) compareCapture(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, captured pay.Money) error {
	left := pay.Of(a.CapturedMinor-a.RefundedMinor, a.Currency)
	if captured == left || captured == a.Captured() && !s.tellsRefunds(a.Account) {
		return nil
	}
	if captured.Currency != a.Currency && captured.Amount == a.CapturedMinor {
		return nil // its CURRENCY_MISMATCH case says so already
	}
	details := fmt.Sprintf("The provider says that %s is taken; %s was recorded.", captured, left)
	return s.report(ctx, tx, pay.ReviewProviderDisagrees, b, a, &captured, details)
}

// stillHeld takes a held attempt out of doubt when the provider says that the
// money is still only held, once its answers have had time to settle: the capture
// or void that we lost sight of was not done.
func (s *Service) stillHeld(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt) error {
	if !s.hasSettled(a, tx.Now) {
		return nil
	}
	err := s.moveAttempt(ctx, tx, a, pay.AttemptAuthorized, providers.Result{}, func(u *ent.AttemptUpdate) { u.ClearDoubtSince() })
	if err != nil {
		return err
	}
	if err := resolveOperations(ctx, tx, a.ID, pay.OperationFailed, kindNotDone); err != nil {
		return err
	}
	return s.advance(ctx, tx, b, move{To: b.Status, Reason: "attempt.authorized"})
}

// settleDecline records a refusal. While the session lives the payer may try
// another card on the same page; when it is over the attempt is.
func (s *Service) settleDecline(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, r providers.Result) error {
	if a.Status == pay.AttemptCaptured && r.SessionOver {
		return s.compareCapture(ctx, tx, b, a, a.Captured().Zero())
	}
	over := r.SessionOver || a.CardID != nil || a.SessionEndsAt != nil && !tx.Now.Before(*a.SessionEndsAt)
	d := r.Decline
	known := d == nil || a.DeclineCode != nil && *a.DeclineCode == d.Code && deref(a.DeclineProviderCode) == d.ProviderCode
	next := move{To: b.Status, Reason: "attempt.declined"}
	switch {
	case over && a.Status.CanBecome(pay.AttemptDeclined):
		next = afterAttempt(b, a, pay.AttemptDeclined)
		if err := s.moveAttempt(ctx, tx, a, pay.AttemptDeclined, r, nil); err != nil {
			return err
		}
		if err := resolveOperations(ctx, tx, a.ID, pay.OperationDeclined, ""); err != nil {
			return err
		}
	case known || a.Status != pay.AttemptActionRequired:
		return nil
	default:
		update := tx.Attempt.Update().Where(attempt.ID(a.ID), attempt.StatusEQ(a.Status)).SetUpdatedAt(tx.Now)
		setOptional(update.SetProviderStatus, r.RawStatus)
		setDecline(update, d)
		if err := update.Exec(ctx); err != nil {
			return fmt.Errorf("record the decline of attempt %s: %w", a.ID, err)
		}
	}
	return s.advance(ctx, tx, b, next)
}

// settleClosed records that an attempt ended without money: voided by us, or run
// out.
func (s *Service) settleClosed(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, r providers.Result, to pay.AttemptStatus) error {
	if a.Status == pay.AttemptCaptured {
		captured := a.Captured().Zero()
		return s.compareCapture(ctx, tx, b, a, captured)
	}
	if !a.Status.IsOpen() || !a.Status.CanBecome(to) {
		return nil
	}
	if err := s.moveAttempt(ctx, tx, a, to, r, nil); err != nil {
		return err
	}
	status := pay.OperationFailed
	if to == pay.AttemptVoided {
		status = pay.OperationSucceeded
	}
	if err := resolveOperations(ctx, tx, a.ID, status, ""); err != nil {
		return err
	}
	return s.afterEnd(ctx, tx, b, a, to)
}

// afterAttempt is what the end of an attempt without money does to its bill: one
// that stood on its hold is over too, any other only has a new version.
func afterAttempt(b *ent.Bill, a *ent.Attempt, to pay.AttemptStatus) move {
	stoodOnIt := b.Status == pay.BillAuthorized && a.Current
	switch {
	case stoodOnIt && to == pay.AttemptVoided:
		return move{To: pay.BillCanceled, Reason: "bill.canceled"}
	case stoodOnIt:
		return move{To: pay.BillExpired, Reason: "bill.hold_lapsed"}
	}
	return move{To: b.Status, Reason: "attempt." + reasonOf(to)}
}

// settleWaiting looks at an attempt that its provider still waits for. Only its
// own end changes anything: a session that is over, with the provider asked
// after it, is expired.
func (s *Service) settleWaiting(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt) error {
	if a.Status != pay.AttemptActionRequired || tx.Now.Before(a.WatchUntil) {
		return nil
	}
	return s.settleClosed(ctx, tx, b, a, providers.Result{}, pay.AttemptExpired)
}

// settleReturned looks at money that was taken and given back outside of us.
func (s *Service) settleReturned(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, r providers.Result) error {
	if r.Status == providers.ChargedBack {
		captured := a.Captured()
		return s.report(ctx, tx, pay.ReviewChargeback, b, a, &captured, "The payer's bank took the money back"+on(r.At)+".")
	}
	if a.Status == pay.AttemptCaptured {
		explained, err := s.judgeRefund(ctx, tx, b, a, a.Captured().Zero(), r)
		if explained || err != nil || a.RefundedMinor == a.CapturedMinor {
			return err
		}
	} else {
		if !a.Status.CanBecome(pay.AttemptVoided) {
			return nil
		}
		if err := s.settleClosed(ctx, tx, b, a, r, pay.AttemptVoided); err != nil {
			return err
		}
	}
	return s.report(ctx, tx, pay.ReviewProviderDisagrees, b, a, nil, "The provider gave the money back"+on(r.At)+", and not by our order.")
}

// on writes when something happened at a vendor that said so: another time is
// another finding.
func on(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return " on " + at.UTC().Format("2006-01-02 15:04 MST")
}

// moveAttempt moves a to the next status by one guarded UPDATE, with what the
// provider told beside it. A final status ends its place as the bill's current
// attempt, except for the one that took the money.
func (s *Service) moveAttempt(ctx context.Context, tx *store.Tx, a *ent.Attempt, to pay.AttemptStatus, r providers.Result, set func(*ent.AttemptUpdate)) error {
	update := tx.Attempt.Update().Where(attempt.ID(a.ID), attempt.StatusEQ(a.Status)).SetStatus(to).SetUpdatedAt(tx.Now)
	if to == a.Status { // money after a capture of nothing: its status tells nobody that it came
		update.Where(attempt.CapturedMinor(a.CapturedMinor))
	}
	if !to.IsOpen() {
		update.SetResolvedAt(tx.Now).ClearDoubtSince()
		if to != pay.AttemptCaptured {
			update.SetCurrent(false)
		}
	}
	setOptional(update.SetProviderRef, r.ProviderRef)
	setOptional(update.SetProviderStatus, r.RawStatus)
	setDecline(update, r.Decline)
	setCard(update, r.Card)
	if set != nil {
		set(update)
	}
	moved, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("move attempt %s to %s: %w", a.ID, to, err)
	}
	if moved == 0 {
		return fmt.Errorf("move attempt %s to %s: %w", a.ID, to, store.ErrRaced)
	}
	return nil
}
