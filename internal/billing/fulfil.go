package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// fulfilJob gives what a paid bill is for. When even the last try failed, a
// person is told that money was taken and nothing given.
func (s *Service) fulfilJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseBillID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	failed := s.fulfil(ctx, id)
	crashpoint.Here(crashpoint.Fulfilled)
	if errors.Is(failed, errReturning) {
		return jobs.Snooze(s.now().Add(returningPoll))
	}
	if failed == nil || job.Tries < len(retryDelays()) {
		return failed
	}
	return errors.Join(failed, s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		paid, err := paidBy(ctx, tx, id)
		if err != nil {
			return err
		}
		return s.report(ctx, tx, pay.ReviewFulfilmentFailed, paid.Edges.Bill, paid, new(paid.Captured()), "The bill is paid, and what was bought could not be given.")
	}))
}

// fulfil gives what a paid bill is for, in the transaction that moves the bill to
// DONE.
func (s *Service) fulfil(ctx context.Context, id pay.BillID) error {
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		b, err := tx.Bill.Query().Where(bill.ID(id)).WithProduct().Only(ctx)
		if err != nil {
			return fmt.Errorf("read bill %s: %w", id, err)
		}
		if b.Status != pay.BillPaid {
			return nil
		}
		returning, err := tx.Refund.Query().Where(
			refund.BillID(id), refund.SourceEQ(pay.AccountRefunds), refund.StatusNotIn(pay.RefundSucceeded, pay.RefundFailed),
		).Count(ctx)
		if err != nil {
			return fmt.Errorf("look for refunds of bill %s: %w", id, err)
		}
		if returning > 0 {
			return fmt.Errorf("fulfil bill %s: %w", id, errReturning)
		}
		if product := b.Edges.Product; product != nil {
			fulfiller, known := s.Fulfillers[product.Kind]
			if !known {
				return fmt.Errorf("fulfil bill %s: nobody fulfils products of kind %s", id, product.Kind)
			}
			if err := fulfiller.Fulfil(ctx, tx, b, product); err != nil {
				return fmt.Errorf("fulfil bill %s: %w", id, err)
			}
		}
		err = s.advance(ctx, tx, b, move{To: pay.BillDone, Reason: "bill.fulfilled"})
		crashpoint.Here(crashpoint.Fulfilling)
		return err
	})
}

// returningPoll is how often a paid bill is looked at whose money is on its way back;
// the end of the refund wakes its job.
const returningPoll = 10 * time.Minute

// errReturning says that what paid a bill is on its way back: whether there is
// something to give is known when that is over.
var errReturning = errors.New("its money is on its way back")

// FulfilNow gives what a paid bill is for in the caller's goroutine, as the job
// would soon. A bill that is not paid, or was fulfilled, is left as it is.
func (s *Service) FulfilNow(ctx context.Context, id pay.BillID) error {
	err := s.fulfil(viewer.AsProgram(ctx), id)
	if errors.Is(err, errReturning) {
		return nil // its job does
	}
	return err
}

// fulfilLater has what a paid bill is for given by a job, at once.
func (s *Service) fulfilLater(ctx context.Context, tx *store.Tx, id pay.BillID) error {
	err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobFulfil, Key: id.String(), RunAt: tx.Now, Priority: priorityFulfil})
	if err != nil {
		return fmt.Errorf("schedule the fulfilment of bill %s: %w", id, err)
	}
	tx.AfterCommit(s.Runner.Wake)
	return nil
}

// paidBy is the attempt whose money paid the bill, and not one of money that came on
// top, whether that waits for a person or is back.
func paidBy(ctx context.Context, tx *store.Tx, id pay.BillID) (*ent.Attempt, error) {
	taken, err := tx.Attempt.Query().Where(attempt.BillID(id), attempt.StatusEQ(pay.AttemptCaptured)).
		WithBill().Order(ent.Asc(attempt.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the captures of bill %s: %w", id, err)
	}
	var paid *ent.Attempt
	for _, a := range taken {
		source, rest, err := sourceOf(ctx, tx, a)
		if err != nil && pay.CodeOf(err) != pay.CodeUnsupported {
			return nil, err
		}
		if paid == nil || err == nil && source == pay.AccountRefunds && !rest.IsZero() {
			paid = a
		}
	}
	if paid == nil {
		return nil, fmt.Errorf("bill %s is paid, and nothing was taken for it", id)
	}
	return paid, nil
}
