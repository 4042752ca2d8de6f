package pay

import "time"

// Renewal is what decides about a subscription at an instant: its row, its open
// bill, and the charge of that bill which was begun last. Times that are not set
// are zero.
type Renewal struct {
	Status            SubscriptionStatus
	CreatedAt         time.Time // by its own clock
	PeriodStart       time.Time
	PeriodEnd         time.Time // of what is paid or free
	PausedUntil       time.Time
	PastDueSince      time.Time
	CancelAtPeriodEnd bool
	HasCard           bool

	Bill      BillStatus // of the open bill; "" when there is none
	BillStart time.Time  // of the period that it pays
	Dismissed bool       // money came for it, and a person said that nothing comes of that
	Tries     int        // how many charges of it were begun
	Charge    AttemptStatus
	Decline   string    // why the last charge came to nothing, once that is judged; begun again, it is ""
	NextTry   time.Time // when the next one is due
}

// RenewalPolicy is when things are due. It is data.
type RenewalPolicy struct {
	Dunning    DunningPolicy
	FirstBill  time.Duration // how long the first bill may be paid
	BillAhead  time.Duration // how long before its period a bill is made that the payer pays by hand
	Notice     time.Duration // how long before a charge, or a trial's end, its payer is told
	NoticeFrom time.Duration // of periods that are at least so long; of every trial that is longer than Notice, with a card or without
	Resume     time.Duration // how long a charge that was begun may take before somebody else begins it again
	Recheck    time.Duration // how often to look at what somebody else will move
}

// DefaultRenewals returns the usual policy.
func DefaultRenewals() RenewalPolicy {
	const day = 24 * time.Hour
	return RenewalPolicy{
		Dunning: DefaultDunning(), FirstBill: day, BillAhead: 3 * day, Notice: 3 * day, NoticeFrom: 60 * day,
		Resume: time.Minute, Recheck: time.Hour,
	}
}

// RenewalStep is the one thing to do next with a subscription.
type RenewalStep int

// The steps. All but RenewalRest and RenewalNotify move something, after which
// Decide is asked again.
const (
	RenewalRest   RenewalStep = iota // nothing, until the time that comes with it; zero: until somebody acts
	RenewalNotify                    // tell the payer of the charge to come, or of the end of a trial, then rest
	RenewalResume                    // go on after a pause, as of the time that comes with it
	RenewalBill                      // make the bill of the next period
	RenewalBegin                     // begin one more charge of the open bill
	RenewalCharge                    // make the charge that was begun
	RenewalJudge                     // write down what the charge came to
	RenewalAsk                       // ask the payer, who has no card, for what is due
	RenewalRefuse                    // end it: it was not paid
	RenewalCancel                    // end it, as its payer asked for
	RenewalLapse                     // end it: it never was paid
	RenewalDrop                      // end the open bill of a subscription that is over
)

// Decide returns what to do with the subscription at now, and until when to rest.
// It is total: whatever a crash, a race or a downtime left, there is one next
// step, and taking it again does nothing twice.
func (r Renewal) Decide(now time.Time, p RenewalPolicy) (RenewalStep, time.Time) {
	switch r.Status {
	case SubscriptionIncomplete:
		return r.decideIncomplete(now, p)
	case SubscriptionTrialing, SubscriptionActive, SubscriptionPastDue:
		return r.decideRunning(now, p)
	case SubscriptionPaused:
		return r.decidePaused(now)
	case SubscriptionCanceled, SubscriptionEnded:
		if r.Bill == BillPending {
			if r.Charge.isOut() {
				return RenewalRest, now.Add(p.Recheck)
			}
			return RenewalDrop, now.Add(p.Recheck)
		}
	}
	return RenewalRest, time.Time{}
}

func (r Renewal) decideIncomplete(now time.Time, p RenewalPolicy) (RenewalStep, time.Time) {
	switch r.Bill {
	case BillPending:
	case BillFailed, BillExpired, BillCanceled, BillRefunded, "":
		return RenewalLapse, time.Time{}
	case BillAuthorized, BillPaid, BillDone, BillAmountMismatch:
		if r.Dismissed {
			return RenewalLapse, time.Time{}
		}
		return RenewalRest, now.Add(p.Recheck)
	}
	end := r.CreatedAt.Add(p.FirstBill)
	switch {
	case r.Charge.isOut():
		return RenewalRest, now.Add(p.Recheck)
	case !now.Before(end):
		return RenewalLapse, time.Time{}
	case r.Tries > 0 && r.Charge == "" && r.Decline == "":
		if again := r.CreatedAt.Add(p.Resume); r.Tries == 1 && now.Before(again) {
			return RenewalRest, earlier(again, end) // the payer's own call is making it
		}
		return RenewalCharge, time.Time{}
	case r.Tries > 0 && r.Decline == "" && r.Charge != AttemptActionRequired:
		return RenewalJudge, time.Time{}
	case !r.HasCard:
		return RenewalRest, end
	case isDue(r.NextTry, now):
		return RenewalBegin, time.Time{}
	}
	return RenewalRest, earlier(r.NextTry, end)
}

func (r Renewal) decidePaused(now time.Time) (RenewalStep, time.Time) {
	end := time.Time{}
	if r.CancelAtPeriodEnd {
		end = r.PeriodEnd
	}
	switch {
	case isDue(end, now):
		return RenewalCancel, time.Time{}
	case isDue(r.PausedUntil, now):
		return RenewalResume, r.PausedUntil
	}
	return RenewalRest, earlier(end, r.PausedUntil)
}

func (r Renewal) decideRunning(now time.Time, p RenewalPolicy) (RenewalStep, time.Time) {
	switch r.Bill {
	case "":
		return r.decideUnbilled(now, p)
	case BillPending:
		return r.decideBilled(now, p)
	case BillFailed, BillExpired, BillCanceled, BillRefunded:
		// Its period can have no second bill: somebody decided that it is not paid.
		return RenewalRefuse, time.Time{}
	case BillAuthorized, BillPaid, BillDone, BillAmountMismatch:
		if r.Dismissed {
			return RenewalRefuse, time.Time{}
		}
	}
	return RenewalRest, now.Add(p.Recheck)
}

// decideUnbilled decides about a period that nothing is owed for.
func (r Renewal) decideUnbilled(now time.Time, p RenewalPolicy) (RenewalStep, time.Time) {
	end, isTrial := r.PeriodEnd, r.Status == SubscriptionTrialing
	if r.CancelAtPeriodEnd {
		if isDue(end, now) {
			return RenewalCancel, time.Time{}
		}
		return RenewalRest, end
	}
	if isTrial && !r.HasCard && isDue(end, now) {
		return RenewalLapse, time.Time{}
	}
	due := end
	if !r.HasCard && !isTrial {
		ahead := min(p.BillAhead, end.Sub(r.PeriodStart)/2)
		due = end.Add(-ahead)
	}
	if isDue(due, now) {
		return RenewalBill, time.Time{}
	}
	long := end.Sub(r.PeriodStart)
	if notice := end.Add(-p.Notice); isTrial && long > p.Notice || r.HasCard && long >= p.NoticeFrom {
		if isDue(notice, now) {
			return RenewalNotify, due
		}
		return RenewalRest, notice
	}
	return RenewalRest, due
}

// decideBilled decides about a bill that is not paid.
func (r Renewal) decideBilled(now time.Time, p RenewalPolicy) (RenewalStep, time.Time) {
	grace := time.Time{}
	if !r.PastDueSince.IsZero() {
		grace = r.PastDueSince.Add(p.Dunning.Grace)
	}
	begun := r.Tries > 0 && r.Decline == ""
	switch {
	case r.Charge.isOut():
		return RenewalRest, now.Add(p.Recheck) // money may have moved: whatever was asked for, wait
	case r.CancelAtPeriodEnd && isDue(r.PeriodEnd, now):
		return RenewalCancel, time.Time{}
	case isDue(grace, now): // also when a charge was begun and a downtime kept it from being made
		return RenewalRefuse, time.Time{}
	case begun && r.Charge == "":
		return RenewalCharge, time.Time{}
	case begun:
		return RenewalJudge, time.Time{}
	case now.Before(r.BillStart):
		return RenewalRest, r.BillStart
	case r.HasCard && (isDue(r.NextTry, now) || r.Decline == "" && r.NextTry.IsZero()):
		return RenewalBegin, time.Time{}
	case !r.HasCard && r.Decline == "":
		return RenewalAsk, time.Time{}
	case !r.HasCard:
		return RenewalRest, grace
	}
	return RenewalRest, earlier(r.NextTry, grace)
}

// isOut reports whether a charge may have taken money that nobody has told us of,
// or has: then the bill is about to move, and nothing else may.
func (s AttemptStatus) isOut() bool {
	switch s {
	case AttemptCreated, AttemptSent, AttemptUnknown, AttemptAuthorized, AttemptCaptured:
		return true
	case AttemptActionRequired, AttemptDeclined, AttemptFailed, AttemptVoided, AttemptExpired:
		return false
	}
	return false
}

// isDue reports whether an instant that is set has come.
func isDue(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// earlier returns the earlier of two instants that may not be set.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
