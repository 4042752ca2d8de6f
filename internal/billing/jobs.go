package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// The jobs of a bill. Each is keyed by its object, so there is one of a kind.
const (
	jobFulfil  jobs.Kind = "bill.fulfil"
	jobExpire  jobs.Kind = "bill.expire"
	jobAsk     jobs.Kind = "attempt.ask"
	jobRelease jobs.Kind = "attempt.release"
)

// The jobs of a provider account, keyed by its code.
const (
	jobProbe         jobs.Kind = "account.probe"
	jobStrangers     jobs.Kind = "account.strangers"
	jobReconcile     jobs.Kind = "account.reconcile"      // every hour
	jobReconcileLate jobs.Kind = "account.reconcile_late" // every day
)

// The job of a signed notification, keyed by its row, and that of the whole
// installation.
const (
	jobEvent jobs.Kind = "event.settle"
	jobSweep jobs.Kind = "sweep"
)

// Lower runs first: what was paid is given before anything is asked, and what
// asks on suspicion comes last.
const (
	priorityFulfil    = 10 // urgent: the runner keeps workers free for it
	priorityEvent     = 15
	priorityDoubt     = 20 // asking about money in doubt, which keeps a bill from everything else
	priorityRelease   = 22
	priorityProbe     = 25
	priorityAsk       = 30
	priorityExpire    = 40
	prioritySweep     = 50
	priorityStrangers = 60
	priorityReconcile = 70
)

func (s *Service) registerJobs() {
	soon := jobs.Policy{Delays: retryDelays()}
	s.Runner.Handle(jobFulfil, soon, s.fulfilJob)
	// These are what finds money and lets it go: they are never parked.
	always := jobs.Policy{Delays: retryDelays(), Last: -1}
	s.Runner.Handle(jobExpire, always, s.expireJob)
	s.Runner.Handle(jobAsk, always, s.askJob)
	s.Runner.Handle(jobRelease, always, s.releaseJob)
	s.Runner.Handle(jobEvent, always, s.eventJob)
	s.Runner.Handle(jobProbe, always, s.probeJob)
	s.Runner.Handle(jobStrangers, always, s.strangersJob)
	s.Runner.Handle(jobSweep, always, s.sweepJob)
	s.Runner.Handle(jobReconcile, always, s.reconcileJob)
	s.Runner.Handle(jobReconcileLate, always, s.reconcileLateJob)
}

// retryDelays are the times between the tries of a job that fails; after the last
// it is parked.
func retryDelays() []time.Duration {
	return []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
}

// fulfilJob gives what a paid bill is for. When even the last try failed, a
// person is told that money was taken and nothing given.
func (s *Service) fulfilJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseBillID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	failed := s.fulfil(ctx, id)
	crashpoint.Here(crashpoint.Fulfilled)
	if failed == nil || job.Tries < len(retryDelays()) {
		return failed
	}
	return errors.Join(failed, s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		paid, err := tx.Attempt.Query().Where(attempt.BillID(id), attempt.StatusEQ(pay.AttemptCaptured)).WithBill().First(ctx)
		if err != nil {
			return fmt.Errorf("read the capture of bill %s: %w", id, err)
		}
		return s.report(ctx, tx, pay.ReviewFulfilmentFailed, paid.Edges.Bill, paid, new(paid.Captured()), "The bill is paid, and what was bought could not be given.")
	}))
}

// fulfil gives what a paid bill is for, in the transaction that moves the bill to
// DONE.
func (s *Service) fulfil(ctx context.Context, id pay.BillID) error {
	return s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		b, err := tx.Bill.Query().Where(bill.ID(id)).WithProduct().Only(ctx)
		if err != nil {
			return fmt.Errorf("read bill %s: %w", id, err)
		}
		if b.Status != pay.BillPaid {
			return nil
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

// expireJob ends a bill that nobody has paid, after a last question about the
// page that may be open. Money in doubt keeps it from expiring.
func (s *Service) expireJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseBillID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	current, err := s.Store.Read().Attempt.Query().Where(attempt.BillID(id), attempt.Current(true)).Only(viewer.AsProgram(ctx))
	if err != nil && !ent.IsNotFound(err) {
		return fmt.Errorf("read the current attempt of bill %s: %w", id, err)
	}
	if current != nil && current.Status == pay.AttemptActionRequired {
		if _, err := s.ask(ctx, current.ID); err != nil {
			s.Logger.WarnContext(ctx, "a provider could not be asked before its bill expires", "attempt", current.ID, "error", err)
		}
	}
	var wait time.Time
	err = s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait = time.Time{}
		b, err := tx.Bill.Query().Where(bill.ID(id)).WithAttempts(func(q *ent.AttemptQuery) { q.Where(attempt.Current(true)) }).Only(ctx)
		if err != nil {
			return fmt.Errorf("read bill %s: %w", id, err)
		}
		switch {
		case b.Status != pay.BillPending:
			return nil
		case tx.Now.Before(b.ExpiresAt): // the clock was set back since the job was claimed, or it came too early
			wait = b.ExpiresAt
			return nil
		}
		for _, a := range b.Edges.Attempts {
			if a.Status == pay.AttemptUnknown {
				wait = tx.Now.Add(time.Minute)
				return nil
			}
			if err := s.supersede(ctx, tx, a); err != nil {
				return err
			}
		}
		err = s.advance(ctx, tx, b, move{To: pay.BillExpired, Reason: "bill.expired"})
		crashpoint.Here(crashpoint.Expiring)
		return err
	})
	crashpoint.Here(crashpoint.Expired)
	if err == nil && !wait.IsZero() {
		return jobs.Snooze(wait)
	}
	return err
}
