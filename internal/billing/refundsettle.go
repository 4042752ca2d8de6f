package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/ledgeraccount"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// leftOf is what a provider says is still taken by an attempt. One that does not tell
// refunds, and says what it took in the first place, says nothing new.
func leftOf(a *ent.Attempt, r providers.Result) pay.Money {
	if r.Status == providers.Refunded {
		return a.Captured().Zero()
	}
	return r.Captured
}

// refundOut is the refund of an attempt that is on its way, nil when none is.
func refundOut(ctx context.Context, tx *store.Tx, id pay.AttemptID) (*ent.Refund, error) {
	r, err := tx.Refund.Query().Where(refund.AttemptID(id), refund.StatusIn(pay.RefundSent, pay.RefundUnknown)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("look for a refund of attempt %s: %w", id, err)
	}
	return r, nil
}

// judgeRefund holds what a provider says is left of an attempt against the refund that
// is on its way. It reports whether there is one that this explains, or may yet.
func (s *Service) judgeRefund(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, left pay.Money, said providers.Result) (explained bool, err error) {
	r, err := refundOut(ctx, tx, a.ID)
	if r == nil || err != nil {
		return false, err
	}
	r.Edges.Bill, r.Edges.Attempt = b, a
	tells := s.tellsRefunds(a.Account)
	taken := pay.Of(a.CapturedMinor-a.RefundedMinor, a.Currency)
	if !tells && left == a.Captured() {
		left = taken
	}
	if left.IsZero() && said.Status != providers.Refunded {
		return true, nil // a vendor whose posting failed says so too, of money that it may have
	}
	accepted, err := isAccepted(ctx, tx, a.ID, said.RefundFailed)
	if err != nil {
		return false, err
	}
	verdict := pay.JudgeRefund(pay.RefundEvidence{
		Taken: taken, Amount: r.Amount(), Left: left,
		Refunding: said.Refunding || accepted, Settled: s.hasSettled(a, tx.Now), Tells: tells,
	})
	switch verdict {
	case pay.RefundIsDone:
		return true, s.succeedRefund(ctx, tx, r, said.RawStatus)
	case pay.RefundIsNotDone:
		// One that is slower than its settling time does it after all.
		if err := errors.Join(jobs.Drop(ctx, tx, jobAsk, a.ID.String()), s.askAt(ctx, tx, a.ID, tx.Now.Add(lostPoll))); err != nil {
			return true, err
		}
		return true, s.failRefund(ctx, tx, r, providers.Decline{Code: kindNotDone, Message: "The refund did not reach the provider. Nothing was given back."}, kindNotDone)
	case pay.RefundIsOut:
		return true, nil
	case pay.RefundIsDisputed:
	}
	return false, nil
}

// tellsRefunds reports whether the account's provider says how much it gave back.
func (s *Service) tellsRefunds(code string) bool {
	account, known := s.Accounts.ByCode(code)
	return known && account.Provider.Capabilities().TellsRefunds
}

// succeedRefund books money that is back, once, and does what follows from it.
func (s *Service) succeedRefund(ctx context.Context, tx *store.Tx, r *ent.Refund, word string) error {
	a, b, amount := r.Edges.Attempt, r.Edges.Bill, r.Amount()
	err := moveRefund(ctx, tx, r, pay.RefundSucceeded, nil)
	if err != nil {
		return err
	}
	update := tx.Attempt.Update().
		Where(attempt.ID(a.ID), attempt.RefundedMinor(a.RefundedMinor), attempt.RefundingMinor(a.RefundingMinor)).
		AddRefundedMinor(amount.Amount).AddRefundingMinor(-amount.Amount).ClearDoubtSince().SetUpdatedAt(tx.Now)
	setOptional(update.SetProviderStatus, word)
	if err := guardedOnce(ctx, update, a.ID); err != nil {
		return err
	}
	if err := resolveOperations(ctx, tx, a.ID, pay.OperationSucceeded, ""); err != nil {
		return err
	}
	transfer := pay.RefundTransfer(r.ID, a.Account, r.Source, amount)
	if a.WalletID != nil {
		transfer = pay.WalletRefundTransfer(r.ID, *a.WalletID, r.Source, amount)
	}
	if _, err := s.Ledger.Post(ctx, tx, b.MerchantID, &b.ID, transfer); err != nil {
		return fmt.Errorf("book refund %s: %w", r.ID, err)
	}
	// What was meant to be all may not be: an earlier part has failed, or is not back yet.
	if r.ReturnsAll, err = nothingStays(ctx, tx, r); err != nil {
		return err
	}
	next := move{To: b.Status, Reason: "refund.succeeded"}
	if b.RefundedMinor+amount.Amount == b.PaidMinor || r.ReturnsAll && b.Status == pay.BillPaid { // nothing is left to be given for
		next = move{To: pay.BillRefunded, Reason: "bill.refunded"}
	}
	next.Set = func(u *ent.BillUpdate) { u.AddRefundedMinor(amount.Amount).AddRefundingMinor(-amount.Amount) }
	if err := s.advance(ctx, tx, b, next); err != nil {
		return err
	}
	if err := s.withReturner(ctx, tx, b, r, Returner.Returned); err != nil {
		return err
	}
	return s.goOnFulfilling(ctx, tx, b, r)
}

// goOnFulfilling has a bill that is still paid given what it is for: its fulfilment
// waited for the end of the refund.
func (s *Service) goOnFulfilling(ctx context.Context, tx *store.Tx, b *ent.Bill, r *ent.Refund) error {
	if b.Status != pay.BillPaid || r.Source != pay.AccountRefunds {
		return nil
	}
	return s.fulfilLater(ctx, tx, b.ID)
}

// nothingStays reports whether a refund, which is booked, gave back the last of what
// its bill earned.
func nothingStays(ctx context.Context, tx *store.Tx, r *ent.Refund) (bool, error) {
	if r.Source != pay.AccountRefunds {
		return false, nil
	}
	entries, err := tx.LedgerEntry.Query().Where(
		ledgerentry.BillID(r.BillID), ledgerentry.HasAccountWith(ledgeraccount.KindIn(pay.AccountSales, pay.AccountRefunds)),
	).All(ctx)
	if err != nil {
		return false, fmt.Errorf("read what bill %s earned: %w", r.BillID, err)
	}
	stays := int64(0)
	for _, e := range entries {
		if pay.IsEarningKey(e.Transfer) || pay.IsRefundKey(e.Transfer) {
			stays += e.AmountMinor
		}
	}
	return stays == 0, nil
}

// failRefund ends a refund that surely was not done: what it spoke for may be given
// back by another, and what it withheld is there again.
func (s *Service) failRefund(ctx context.Context, tx *store.Tx, r *ent.Refund, why providers.Decline, kind string) error {
	return s.endRefund(ctx, tx, r, why, kind, move{Reason: "refund.failed"})
}

// endRefund is failRefund with another line in the bill's history.
func (s *Service) endRefund(ctx context.Context, tx *store.Tx, r *ent.Refund, why providers.Decline, kind string, told move) error {
	a, b, amount := r.Edges.Attempt, r.Edges.Bill, r.Amount()
	err := moveRefund(ctx, tx, r, pay.RefundFailed, func(u *ent.RefundUpdate) {
		u.SetDeclineCode(why.Code).SetDeclineMessage(why.Message).SetDeclineRetry(pay.RetryNewKey)
		setOptional(u.SetDeclineProviderCode, why.ProviderCode)
	})
	if err != nil {
		return err
	}
	update := tx.Attempt.Update().
		Where(attempt.ID(a.ID), attempt.RefundedMinor(a.RefundedMinor), attempt.RefundingMinor(a.RefundingMinor)).
		AddRefundingMinor(-amount.Amount).SetUpdatedAt(tx.Now)
	if r.Status != pay.RefundAwaitingApproval && r.Status != pay.RefundRequested {
		update.ClearDoubtSince()
	}
	if err := guardedOnce(ctx, update, a.ID); err != nil {
		return err
	}
	if r.Status == pay.RefundSent || r.Status == pay.RefundUnknown { // else the open one is another refund's
		status := pay.OperationDeclined
		if kind != "" {
			status = pay.OperationFailed
		}
		if err := resolveOperations(ctx, tx, a.ID, status, kind); err != nil {
			return err
		}
	}
	told.To, told.Set = b.Status, func(u *ent.BillUpdate) { u.AddRefundingMinor(-amount.Amount) }
	if err := s.advance(ctx, tx, b, told); err != nil {
		return err
	}
	if err := s.withReturner(ctx, tx, b, r, Returner.Restore); err != nil {
		return err
	}
	if r.ReviewID != nil {
		return s.openAgain(ctx, tx, r, why)
	}
	return s.goOnFulfilling(ctx, tx, b, r)
}

// openAgain opens another case like the one whose resolution asked for a refund that
// was not done: its money waits for a person as before. The bill's new version, which
// its readers need, is made by the refund's end.
func (s *Service) openAgain(ctx context.Context, tx *store.Tx, r *ent.Refund, why providers.Decline) error {
	c, err := tx.ReviewCase.Get(ctx, *r.ReviewID)
	if err != nil {
		return fmt.Errorf("read the case that asked for refund %s: %w", r.ID, err)
	}
	amount := r.Amount()
	details := fmt.Sprintf("%s was to be given back by %s, and was not: %s", amount, r.ID, why.Message)
	_, err = s.openReview(ctx, tx, c.Reason, r.Edges.Bill, r.Edges.Attempt, &amount, details)
	return err
}

// guardedOnce runs an UPDATE of one attempt that is guarded by what was read of it.
func guardedOnce(ctx context.Context, update *ent.AttemptUpdate, id pay.AttemptID) error {
	n, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("write the refunds of attempt %s: %w", id, err)
	}
	if n == 0 {
		return fmt.Errorf("write the refunds of attempt %s: %w", id, store.ErrRaced)
	}
	return nil
}
