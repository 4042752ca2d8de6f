package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

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
		leave, ok := s.lanes.enter(current.Account)
		if !ok {
			return jobs.Snooze(s.now().Add(laneFull))
		}
		defer leave()
		if _, err := s.ask(ctx, current.ID); err != nil {
			s.Logger.WarnContext(ctx, "a provider could not be asked before its bill expires", "attempt", current.ID, "error", err)
		}
	}
	var wait time.Time
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait = time.Time{}
		b, err := tx.Bill.Get(ctx, id)
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
		err = s.endPending(ctx, tx, b, move{To: pay.BillExpired, Reason: "bill.expired"})
		if pay.CodeOf(err) == pay.CodeConflict { // money is in doubt
			wait = tx.Now.Add(time.Minute)
			return nil
		}
		crashpoint.Here(crashpoint.Expiring)
		return err
	})
	crashpoint.Here(crashpoint.Expired)
	if err == nil && !wait.IsZero() {
		return jobs.Snooze(wait)
	}
	return err
}
