package billing

import (
	"time"

	"github.com/paygraph/paygraph/internal/jobs"
)

// The jobs of a bill. Each is keyed by its object, so there is one of a kind.
const (
	jobFulfil  jobs.Kind = "bill.fulfil"
	jobExpire  jobs.Kind = "bill.expire"
	jobAsk     jobs.Kind = "attempt.ask"
	jobRelease jobs.Kind = "attempt.release"
	jobRefund  jobs.Kind = "refund.send"
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
	priorityRefund    = 21
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
	s.Runner.Handle(jobRefund, always, s.refundJob)
	s.Runner.Handle(jobEvent, always, s.eventJob)
	s.Runner.Handle(jobProbe, always, s.probeJob)
	s.Runner.Handle(jobStrangers, always, s.strangersJob)
	s.Runner.Handle(jobSweep, always, s.sweepJob)
	s.Runner.Handle(jobReconcile, always, s.reconcileJob)
	s.Runner.Handle(jobReconcileLate, always, s.reconcileLateJob)
}

// retryDelays are the times between the tries of a job of this package that fails.
// After the last jobFulfil is parked; for the others it repeats.
func retryDelays() []time.Duration {
	return []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
}
