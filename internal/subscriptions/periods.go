package subscriptions

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// The kinds of periods.
const (
	periodTrial = "trial"
	periodPaid  = "paid"
	periodGift  = "gift"
	periodPause = "pause"
)

// addPeriod inserts a period. Each begins where the one before it ended, and its
// beginning is unique: no instant is covered twice.
func addPeriod(ctx context.Context, tx *store.Tx, id pay.SubscriptionID, kind string, start, end time.Time, bill *pay.BillID) error {
	err := tx.SubscriptionPeriod.Create().SetSubscriptionID(id).SetKind(kind).
		SetStartsAt(pay.Instant(start)).SetEndsAt(pay.Instant(end)).SetNillableBillID(bill).SetCreatedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("insert a period of subscription %s: %w", id, err)
	}
	return nil
}

// anchorAt begins the row's periods anew at an instant, which nothing covers yet:
// the time since its last period ended counts as a pause. A later boundary is
// computed from here, so no month end is lost to what was before.
func (s *Service) anchorAt(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, when time.Time) error {
	start := *row.CurrentPeriodEnd
	if when.Before(start) {
		return nil
	}
	billed, err := isBilled(ctx, tx, row.ID, when)
	if err != nil {
		return err
	}
	if billed {
		when = when.Add(time.Microsecond) // a bill for this very beginning was made, and dropped
	}
	if when.Equal(start) {
		return nil
	}
	if err := addPeriod(ctx, tx, row.ID, periodPause, start, when, nil); err != nil {
		return err
	}
	row.AnchorAt, row.Shift, row.PeriodIndex = &when, nil, 0
	row.CurrentPeriodStart, row.CurrentPeriodEnd = &start, &when
	return nil
}

// prolong moves the end of the row's present period by a gift, or by what was paid
// for a period that had no place any more. The boundaries after it move with it:
// nothing that is left is replaced.
func (s *Service) prolong(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, give pay.Period, kind string, bill *pay.BillID) error {
	start := *row.CurrentPeriodEnd
	shift := give
	if row.Shift != nil {
		shift = row.Shift.Plus(give)
	}
	row.Shift = &shift
	schedule, err := s.schedule(row)
	if err != nil {
		return err
	}
	end := schedule.Boundary(row.PeriodIndex)
	if !end.After(start) {
		return fmt.Errorf("prolong subscription %s: %s moves its end from %s to %s", row.ID, give, start, end)
	}
	row.CurrentPeriodEnd = &end
	return addPeriod(ctx, tx, row.ID, kind, start, end, bill)
}
