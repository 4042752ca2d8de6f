package billing

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/operation"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// What each resolution does, within the transaction that ends the case. None of it
// calls a provider.

// carryOut does what a resolution means, which whyNotEnd has admitted, and writes it
// into the bill's history, as "review.fulfil" and the like, with the note.
func (s *Service) carryOut(ctx context.Context, tx *store.Tx, c *ent.ReviewCase, of about, in Resolution) (err error) {
	b, a := of.bill, of.attempt
	if b == nil || a == nil {
		return nil
	}
	to := b.Status
	switch in.Resolution {
	case pay.ResolveFulfil:
		if c.Reason != pay.ReviewInDoubt {
			to, err = s.accept(ctx, tx, b, a, a.Captured())
			break
		}
		if err = s.settleSeen(ctx, tx, c, b, a); err == nil {
			b, err = tx.Bill.Get(ctx, b.ID) // settle has moved it
		}
		if err == nil {
			to = b.Status
		}
	case pay.ResolveRetryFulfilment:
		err = s.fulfilLater(ctx, tx, b.ID) // with all the tries of a new job; when the last of them fails too, another case opens
	case pay.ResolveRefundAll:
		to, err = s.giveBack(ctx, tx, c, of)
	case pay.ResolveRefundExcess:
		to, err = s.giveBackExcess(ctx, tx, c, of)
	case pay.ResolveDismiss:
		if c.Reason == pay.ReviewInDoubt {
			err = s.endDoubt(ctx, tx, c, b, a)
		}
	}
	if err != nil {
		return err
	}
	return s.advance(ctx, tx, b, move{To: to, Reason: "review." + strings.ToLower(string(in.Resolution)), Note: in.Note})
}

// accept takes captured money, or the part of it that is kept: it is earned, the bill
// is paid by it, and what was bought is given. What the bill counts as paid, settle
// has counted.
func (s *Service) accept(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, kept pay.Money) (pay.BillStatus, error) {
	if _, err := s.Ledger.Post(ctx, tx, b.MerchantID, &b.ID, pay.AcceptTransfer(a.ID, kept)); err != nil {
		return "", fmt.Errorf("book the acceptance of attempt %s: %w", a.ID, err)
	}
	return pay.BillPaid, s.fulfilLater(ctx, tx, b.ID)
}

// awaitsPerson reports whether money that came for a bill waits for a person.
func awaitsPerson(status pay.BillStatus) bool {
	switch status {
	case pay.BillAmountMismatch, pay.BillExpired, pay.BillCanceled, pay.BillFailed:
		return true
	case pay.BillPending, pay.BillAuthorized, pay.BillPaid, pay.BillDone, pay.BillRefunded:
		return false
	}
	return false
}

// giveBack returns what is held or was taken: what was taken by a refund, as if
// somebody had asked for it. The bill is REFUNDED when that is done, at once when it
// is done already.
func (s *Service) giveBack(ctx context.Context, tx *store.Tx, c *ent.ReviewCase, of about) (pay.BillStatus, error) {
	b, a := of.bill, of.attempt
	switch {
	case a.Status == pay.AttemptCaptured && !restOf(a).IsZero():
		source, most, err := sourceOf(ctx, tx, a)
		if e := pay.Readable(err); e != nil && e.Code == pay.CodeUnsupported {
			return "", refundsUnsupported().Because(err)
		}
		if err != nil {
			return "", err
		}
		return b.Status, s.refundByCase(ctx, tx, c, of, wish{bill: b, attempt: a, amount: most, source: source})
	case a.Status.IsOpen():
		return b.Status, s.releaseLater(ctx, tx, a.ID)
	case b.Status != pay.BillAmountMismatch:
		return b.Status, nil
	}
	taken, err := countTaken(ctx, tx, b.ID)
	if err != nil || taken > 0 {
		return b.Status, err
	}
	return pay.BillRefunded, nil
}

// giveBackExcess returns what is above the bill's total, the vendor's commission left
// aside; the rest pays the bill.
func (s *Service) giveBackExcess(ctx context.Context, tx *store.Tx, c *ent.ReviewCase, of about) (pay.BillStatus, error) {
	b, a := of.bill, of.attempt
	kept, excess := excessOf(b, a)
	to, err := s.accept(ctx, tx, b, a, kept)
	if err != nil {
		return "", err
	}
	return to, s.refundByCase(ctx, tx, c, of, wish{bill: b, attempt: a, amount: excess, source: pay.AccountSuspense})
}

// refundByCase writes the refund that a resolution asks for. What its provider cannot
// give back is for a person to settle there.
func (s *Service) refundByCase(ctx context.Context, tx *store.Tx, c *ent.ReviewCase, of about, w wish) error {
	v := viewer.From(ctx)
	w.by, w.review, w.reason = personOf(v), &c.ID, reviewedReason
	if err := s.limit(v, &w); err != nil {
		return err
	}
	w.waits = w.waits || wasContested(of.cases, w.attempt.ID)
	_, err := s.insertRefund(ctx, tx, w)
	switch e := pay.Readable(err); {
	case e == nil:
		return err
	case e.Code == pay.CodeUnsupported:
		return refundsUnsupported().Because(err)
	default:
		return e.At("resolution")
	}
}

// reviewedReason is the reason of a refund that a resolution asked for. The payer reads
// it; the person's note is the merchant's.
const reviewedReason = "Given back after a review of the payment."

// refundsUnsupported is why money that was taken stays where it is.
func refundsUnsupported() *pay.Error {
	e := pay.Errorf(pay.CodeUnsupported, "review.refunds_unsupported", "This money cannot be returned from here. Return it at the provider, then dismiss the case.").At("resolution")
	e.Retry = pay.DoNotRetry
	return e
}

// countTaken counts the attempts that took money for the bill, and have some of it.
func countTaken(ctx context.Context, tx *store.Tx, id pay.BillID) (int, error) {
	n, err := tx.Attempt.Query().
		Where(attempt.BillID(id), attempt.StatusEQ(pay.AttemptCaptured), func(s *sql.Selector) {
			s.Where(sql.ColumnsGT(s.C(attempt.FieldCapturedMinor), s.C(attempt.FieldRefundedMinor)))
		}).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count what was taken for bill %s: %w", id, err)
	}
	return n, nil
}

// afterEnd writes what the end of an attempt without money does to its bill. One
// that waited for a person, who had its only money given back, is REFUNDED.
func (s *Service) afterEnd(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, to pay.AttemptStatus) error {
	next := afterAttempt(b, a, to)
	if b.Status != pay.BillAmountMismatch {
		return s.advance(ctx, tx, b, next)
	}
	returned, err := tx.ReviewCase.Query().
		Where(reviewcase.BillID(b.ID), reviewcase.AttemptID(a.ID), reviewcase.ResolutionEQ(pay.ResolveRefundAll)).Count(ctx)
	if err != nil {
		return fmt.Errorf("look whether attempt %s was to be given back: %w", a.ID, err)
	}
	taken, err := countTaken(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	if returned > 0 && taken == 0 {
		next = move{To: pay.BillRefunded, Reason: "bill.refunded"}
	}
	return s.advance(ctx, tx, b, next)
}

// isAbout reports whether the attempt is in the doubt that the case is about. A
// later one is of an operation that may be under way right now.
func isAbout(c *ent.ReviewCase, a *ent.Attempt) bool {
	if a.DoubtSince == nil {
		return a.Status == pay.AttemptUnknown
	}
	return a.DoubtSince.Before(c.OpenedAt)
}

// refundInDoubt is the refund that a case is about, with its bill and attempt; nil
// when it is about something else.
func refundInDoubt(ctx context.Context, tx *store.Tx, c *ent.ReviewCase, b *ent.Bill, a *ent.Attempt) (*ent.Refund, error) {
	if a.Status != pay.AttemptCaptured || !isAbout(c, a) {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	r, err := refundOut(ctx, tx, a.ID)
	if r != nil {
		r.Edges.Bill, r.Edges.Attempt = b, a
	}
	return r, err
}

// settleSeen ends doubt by what a person has seen with their own eyes: the money
// was taken, as much as the operation in doubt was to take.
func (s *Service) settleSeen(ctx context.Context, tx *store.Tx, c *ent.ReviewCase, b *ent.Bill, a *ent.Attempt) error {
	if r, err := refundInDoubt(ctx, tx, c, b, a); r != nil || err != nil {
		if err != nil {
			return err
		}
		return s.succeedRefund(ctx, tx, r, "")
	}
	seen := a.Amount()
	lost, err := tx.Operation.Query().Where(operation.AttemptID(a.ID), operation.ResolvedAtIsNil()).Only(ctx)
	switch {
	case ent.IsNotFound(err):
	case err != nil:
		return fmt.Errorf("read the operation in doubt of attempt %s: %w", a.ID, err)
	case lost.Kind == pay.OperationCapture:
		seen = lost.Amount()
	case lost.Kind == pay.OperationVoid:
		// What was taken was not released.
		if err := resolveOperations(ctx, tx, a.ID, pay.OperationFailed, "captured"); err != nil {
			return err
		}
	}
	return s.settle(ctx, tx, a.ID, providers.Result{Status: providers.Captured, Captured: seen})
}

// endDoubt ends doubt by a person's word that no money moved: a hold stands as
// before its capture or void, and may be captured or voided again; anything else
// has failed, and its bill may be paid again. Late evidence still counts.
func (s *Service) endDoubt(ctx context.Context, tx *store.Tx, c *ent.ReviewCase, b *ent.Bill, a *ent.Attempt) error {
	if r, err := refundInDoubt(ctx, tx, c, b, a); r != nil || err != nil {
		if err != nil {
			return err
		}
		err := s.failRefund(ctx, tx, r, providers.Decline{Code: kindDismissed, Message: "A person found that the money was not given back."}, kindDismissed)
		if err != nil {
			return err
		}
		return s.askAt(ctx, tx, a.ID, soonest(a, tx.Now)) // the provider may know better by now
	}
	if !isAbout(c, a) {
		return nil
	}
	to := pay.AttemptFailed
	if a.Status == pay.AttemptAuthorized || a.AuthorizedMinor > 0 {
		to = pay.AttemptAuthorized
	}
	err := s.moveAttempt(ctx, tx, a, to, providers.Result{}, func(u *ent.AttemptUpdate) { u.ClearDoubtSince() })
	if err != nil {
		return err
	}
	if err := resolveOperations(ctx, tx, a.ID, pay.OperationFailed, kindDismissed); err != nil {
		return err
	}
	return s.askAt(ctx, tx, a.ID, soonest(a, tx.Now)) // the provider may have come to its senses
}
