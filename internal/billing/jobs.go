package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// The jobs of a bill. Each is keyed by its object, so there is one of a kind.
const (
	jobFulfil  jobs.Kind = "bill.fulfil"
	jobExpire  jobs.Kind = "bill.expire"
	jobAsk     jobs.Kind = "attempt.ask"
	jobRelease jobs.Kind = "attempt.release"
)

// Lower runs first: what was paid is given before anything is asked.
const (
	priorityFulfil  = 10
	priorityRelease = 20
	priorityAsk     = 30
	priorityExpire  = 40
)

func (s *Service) registerJobs() {
	soon := jobs.Policy{Delays: retryDelays()}
	s.Runner.Handle(jobFulfil, soon, s.fulfilJob)
	// These three are what finds money and lets it go: they are never parked.
	always := jobs.Policy{Delays: retryDelays(), Last: -1}
	s.Runner.Handle(jobExpire, always, s.expireJob)
	s.Runner.Handle(jobAsk, always, s.askJob)
	s.Runner.Handle(jobRelease, always, s.releaseJob)
}

// retryDelays are the times between the tries of a job that fails; after the last
// it is parked.
func retryDelays() []time.Duration {
	return []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
}

// askJob polls one attempt until its money is taken or its watch is over. It is
// what settles a bill when no notification ever comes.
func (s *Service) askJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseAttemptID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	if err := s.ask(ctx, id); err != nil {
		if _, ofProvider := errors.AsType[*providers.Error](err); !ofProvider {
			return err
		}
		s.Logger.WarnContext(ctx, "a provider could not be asked", "attempt", id, "error", err)
	}
	a, err := s.Store.Read().Attempt.Get(viewer.AsProgram(ctx), id)
	if err != nil {
		return fmt.Errorf("read attempt %s: %w", id, err)
	}
	if err := s.endWatch(ctx, a); err != nil {
		return err
	}
	next := nextAsk(a, s.now())
	if next.IsZero() {
		return nil
	}
	return jobs.Snooze(next)
}

// endWatch ends what waiting alone cannot: an opening that a crash left behind, a
// page whose provider cannot be asked, and doubt that a day of asking did not
// resolve.
func (s *Service) endWatch(ctx context.Context, a *ent.Attempt) error {
	account, known := s.Accounts.ByCode(a.Account)
	unanswerable := a.Status == pay.AttemptActionRequired && a.WatchUntil.Before(s.now()) &&
		(!known || !account.Provider.Capabilities().Can(providers.OpSync))
	abandoned := a.Status == pay.AttemptCreated && a.CreatedAt.Add(claimLease).Before(s.now())
	inDoubt := a.DoubtSince != nil && a.DoubtSince.Add(doubtEnds).Before(s.now())
	if !abandoned && !inDoubt && !unanswerable {
		return nil
	}
	return s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, err := tx.Attempt.Query().Where(attempt.ID(a.ID)).WithBill().Only(ctx)
		if err != nil {
			return fmt.Errorf("read attempt: %w", err)
		}
		switch {
		case unanswerable && a.Status == pay.AttemptActionRequired:
			return s.settleClosed(ctx, tx, a.Edges.Bill, a, providers.Result{}, pay.AttemptExpired)
		case abandoned && a.Status == pay.AttemptCreated && a.Current:
			if err := s.supersede(ctx, tx, a); err != nil {
				return err
			}
			b := a.Edges.Bill
			return s.advance(ctx, tx, b, move{To: b.Status, Reason: "attempt.failed"})
		case inDoubt && a.DoubtSince != nil:
			return s.openReview(ctx, tx, pay.ReviewInDoubt, a.Edges.Bill, a, nil, "The provider could not say for a day whether it took the money.")
		}
		return nil
	})
}

// fulfilJob gives what a paid bill is for. When even the last try failed, a
// person is told that money was taken and nothing given.
func (s *Service) fulfilJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseBillID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	failed := s.fulfil(ctx, id)
	if failed == nil || job.Tries < len(retryDelays()) {
		return failed
	}
	return errors.Join(failed, s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		paid, err := tx.Attempt.Query().Where(attempt.BillID(id), attempt.StatusEQ(pay.AttemptCaptured)).WithBill().First(ctx)
		if err != nil {
			return fmt.Errorf("read the capture of bill %s: %w", id, err)
		}
		return s.openReview(ctx, tx, pay.ReviewFulfilmentFailed, paid.Edges.Bill, paid, new(paid.Captured()), "The bill is paid, and what was bought could not be given.")
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
		return s.advance(ctx, tx, b, move{To: pay.BillDone, Reason: "bill.fulfilled"})
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
		if err := s.ask(ctx, current.ID); err != nil {
			s.Logger.WarnContext(ctx, "a provider could not be asked before its bill expires", "attempt", current.ID, "error", err)
		}
	}
	wait := false
	err = s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		b, err := tx.Bill.Query().Where(bill.ID(id)).WithAttempts(func(q *ent.AttemptQuery) { q.Where(attempt.Current(true)) }).Only(ctx)
		if err != nil {
			return fmt.Errorf("read bill %s: %w", id, err)
		}
		if b.Status != pay.BillPending {
			return nil
		}
		for _, a := range b.Edges.Attempts {
			if wait = a.Status == pay.AttemptUnknown; wait {
				return nil
			}
			if err := s.supersede(ctx, tx, a); err != nil {
				return err
			}
		}
		return s.advance(ctx, tx, b, move{To: pay.BillExpired, Reason: "bill.expired"})
	})
	if err == nil && wait {
		return jobs.Snooze(s.now().Add(time.Minute))
	}
	return err
}
