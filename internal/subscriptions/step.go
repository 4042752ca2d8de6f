package subscriptions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// JobStep is the kind of the job that takes a subscription's due steps. Its key is
// the subscription's id; it rests until the row's next_action_at. Those who live
// by a test clock have one only when something happened in real time.
const JobStep jobs.Kind = "subscription.step"

// priorityStep is after fulfilments and money in doubt, and before questions about
// open pages.
const priorityStep = 28

// stepPolicy never gives up: money is owed, or owed for nothing.
func stepPolicy() jobs.Policy {
	return jobs.Policy{
		Delays: []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour},
		Last:   -1, Jitter: 20, Timeout: 2 * time.Minute,
	}
}

// mostSteps is more than a subscription takes in one go, even after years.
const mostSteps = 10_000

func (s *Service) stepJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseSubscriptionID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	rested, err := s.step(ctx, id)
	if err != nil || rested.row.TestClockID != nil || rested.row.NextActionAt == nil {
		return err
	}
	return jobs.Snooze(*rested.row.NextActionAt)
}

// Step takes everything that is due of the subscription, one move after the other,
// until it rests. It may be repeated at any time, by any number of processes. It
// waits on the provider and must not be called inside a transaction.
func (s *Service) Step(ctx context.Context, id pay.SubscriptionID) error {
	_, err := s.step(ctx, id)
	return err
}

// step is Step, and returns how the subscription then stands.
func (s *Service) step(ctx context.Context, id pay.SubscriptionID) (state, error) {
	ctx = viewer.AsProgram(ctx)
	for range mostSteps {
		if err := ctx.Err(); err != nil {
			return state{}, fmt.Errorf("step subscription %s: %w", id, err)
		}
		st, err := s.read(ctx, id)
		if err != nil {
			return state{}, err
		}
		step, until := st.renewal().Decide(st.now, s.Policy)
		if step != pay.RenewalRest && step != pay.RenewalNotify {
			err = asRace(s.take(ctx, st, step, until))
			if !errors.Is(err, errInDoubt) {
				if err != nil && !errors.Is(err, store.ErrRaced) {
					return state{}, err
				}
				crashpoint.Here(crashpoint.SubscriptionStepped)
				continue
			}
			step, until = pay.RenewalRest, st.now.Add(s.Policy.Recheck)
			if errors.Is(err, errPageInUse) {
				until = st.now.Add(billing.PageInUse)
			}
		}
		switch err := asRace(s.rest(ctx, st, until, step == pay.RenewalNotify)); {
		case err == nil:
			st = st.with()
			st.row.NextActionAt = orNil(until)
			return st, nil
		case !errors.Is(err, store.ErrRaced):
			return state{}, err
		}
	}
	return state{}, fmt.Errorf("step subscription %s: it does not come to rest", id)
}

// rest writes when the subscription is due next, and tells its payer of a charge
// to come. It is no version: nothing that anybody sees has changed.
func (s *Service) rest(ctx context.Context, st state, until time.Time, notice bool) error {
	next := orNil(until)
	if !notice && sameInstant(next, st.row.NextActionAt) {
		return nil
	}
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if notice {
			if err := s.tellRenewalComing(ctx, tx, st); err != nil {
				return err
			}
		}
		u := tx.BillingSubscription.Update().
			Where(billingsubscription.ID(st.id()), billingsubscription.Version(st.row.Version))
		put(next, u.SetNextActionAt, u.ClearNextActionAt)
		n, err := u.Save(ctx)
		if err != nil {
			return fmt.Errorf("write when subscription %s is due: %w", st.id(), err)
		}
		if n == 0 {
			return store.ErrRaced
		}
		return nil
	})
}

func sameInstant(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// errInDoubt says that a step has to wait for money to be found, or found not to be.
var errInDoubt = errors.New("money for the open bill is in doubt")

// errPageInUse is errInDoubt about a page that may be paid on right now: the wait is
// short.
var errPageInUse = fmt.Errorf("its payer may be paying on a page: %w", errInDoubt)

// take takes one step. It returns an error that asRace knows when somebody else was
// faster, and the step is to be judged anew.
func (s *Service) take(ctx context.Context, st state, step pay.RenewalStep, when time.Time) error {
	switch step {
	case pay.RenewalCharge:
		return s.charge(ctx, st)
	case pay.RenewalJudge:
		return s.judge(ctx, st)
	case pay.RenewalRest, pay.RenewalNotify:
		return nil
	case pay.RenewalResume, pay.RenewalBill, pay.RenewalBegin, pay.RenewalAsk,
		pay.RenewalRefuse, pay.RenewalCancel, pay.RenewalLapse, pay.RenewalDrop:
	}
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		switch step {
		case pay.RenewalResume:
			return s.resume(ctx, tx, st, when)
		case pay.RenewalBill:
			return s.makeBill(ctx, tx, st)
		case pay.RenewalBegin:
			return s.begin(ctx, tx, st)
		case pay.RenewalAsk:
			return s.ask(ctx, tx, st)
		case pay.RenewalRefuse:
			return s.endWhenSure(ctx, tx, st, pay.SubscriptionCanceled, reasonUnpaid)
		case pay.RenewalCancel:
			return s.endWhenSure(ctx, tx, st, pay.SubscriptionCanceled, reasonCanceled)
		case pay.RenewalLapse:
			return s.endWhenSure(ctx, tx, st, pay.SubscriptionEnded, reasonLapsed)
		case pay.RenewalDrop:
			return s.dropLeftBill(ctx, tx, st)
		case pay.RenewalRest, pay.RenewalNotify, pay.RenewalCharge, pay.RenewalJudge:
		}
		return nil
	})
}
