package subscriptions

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/subscriptionperiod"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Fulfil gives within tx the period that a bill paid for: it is billing's
// Fulfiller of SUBSCRIPTION products, and the only way by which a period is paid.
// One bill pays one period, so repeating it changes nothing.
//
// A bill that is paid when its subscription is over still gives its period, from now
// on when that has passed, and renews nothing. One whose place another period took
// meanwhile (a gift, a pause) gives as much time at the end.
func (s *Service) Fulfil(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product) error {
	if b.SubscriptionID == nil || b.PeriodStart == nil || b.PeriodEnd == nil {
		return fmt.Errorf("fulfil bill %s: it pays no period of a subscription", b.ID)
	}
	given, err := tx.SubscriptionPeriod.Query().Where(subscriptionperiod.BillID(b.ID)).Count(ctx)
	if err != nil {
		return fmt.Errorf("read the period of bill %s: %w", b.ID, err)
	}
	if given > 0 {
		return nil
	}
	st, err := s.readIn(ctx, tx, *b.SubscriptionID)
	if err != nil {
		return err
	}
	to := st.with()
	reason := reasonRenewed
	switch {
	case !st.row.Status.IsLive():
		reason = reasonPaidLate
		err = s.payEnded(ctx, tx, &to, b)
	case st.row.CurrentPeriodEnd == nil || st.row.OpenBillID != nil && *st.row.OpenBillID == b.ID:
		if err = s.payNext(ctx, tx, to.row, b); err == nil {
			err = s.takeCard(ctx, tx, to.row, b)
		}
		clearDunning(to.row)
	default:
		reason = reasonPaidLate
		err = s.prolongBy(ctx, tx, &to, to.row.Interval, periodPaid, &b.ID)
	}
	if err != nil {
		return err
	}
	if to.row.OpenBillID != nil && *to.row.OpenBillID == b.ID {
		to.row.OpenBillID, to.bill, to.charge = nil, nil, nil
	}
	if to.row.CancelAtPeriodEnd {
		to.row.CancelAt = to.row.CurrentPeriodEnd
	}
	if err := s.grant(ctx, tx, to.row, p, *to.row.CurrentPeriodEnd); err != nil {
		return err
	}
	return s.save(ctx, tx, st, to, reason)
}

// payNext moves the row on by the period that its open bill paid.
func (s *Service) payNext(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, b *ent.Bill) error {
	if row.AnchorAt == nil {
		row.AnchorAt = b.PeriodStart
	}
	schedule, err := s.schedule(row)
	if err != nil {
		return err
	}
	row.PeriodIndex, _ = schedule.Next(row.PeriodIndex)
	row.CurrentPeriodStart, row.CurrentPeriodEnd = b.PeriodStart, b.PeriodEnd
	if row.Status != pay.SubscriptionPaused {
		row.Status = pay.SubscriptionActive
	}
	return addPeriod(ctx, tx, row.ID, periodPaid, *b.PeriodStart, *b.PeriodEnd, &b.ID)
}

// payEnded gives the period of a bill whose subscription is over, at its own place
// when nothing is there. One that would be over already begins now instead: who pays
// late pays for time that is to come.
func (s *Service) payEnded(ctx context.Context, tx *store.Tx, to *state, b *ent.Bill) error {
	row := to.row
	hasPlace := row.CurrentPeriodEnd == nil || row.CurrentPeriodEnd.Equal(*b.PeriodStart)
	end := *b.PeriodEnd
	if !hasPlace {
		schedule, err := s.schedule(row)
		if err != nil {
			return err
		}
		schedule.Shift = schedule.Shift.Plus(row.Interval)
		end = schedule.Boundary(row.PeriodIndex)
	}
	switch {
	case !end.After(to.now):
		return s.payAnew(ctx, tx, row, to.now, b)
	case !hasPlace:
		return s.prolong(ctx, tx, row, row.Interval, periodPaid, &b.ID)
	}
	if row.AnchorAt == nil {
		row.AnchorAt = b.PeriodStart
	}
	row.CurrentPeriodStart, row.CurrentPeriodEnd = b.PeriodStart, b.PeriodEnd
	row.PeriodIndex++
	return addPeriod(ctx, tx, row.ID, periodPaid, *b.PeriodStart, *b.PeriodEnd, &b.ID)
}

// payAnew gives the period of a bill from an instant on: the periods begin anew there,
// after a pause since the last one.
func (s *Service) payAnew(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, when time.Time, b *ent.Bill) error {
	if row.CurrentPeriodEnd == nil { // it never began
		row.AnchorAt, row.PeriodIndex, row.CurrentPeriodEnd = &when, 0, &when
	} else if err := s.anchorAt(ctx, tx, row, when); err != nil {
		return err
	}
	schedule, err := s.schedule(row)
	if err != nil {
		return err
	}
	start := *row.CurrentPeriodEnd
	next, end := schedule.Next(row.PeriodIndex)
	row.PeriodIndex, row.CurrentPeriodStart, row.CurrentPeriodEnd = next, &start, &end
	return addPeriod(ctx, tx, row.ID, periodPaid, start, end, &b.ID)
}

// isBilled reports whether there is a bill for a period with that beginning.
func isBilled(ctx context.Context, tx *store.Tx, id pay.SubscriptionID, start time.Time) (bool, error) {
	n, err := tx.Bill.Query().Where(bill.SubscriptionID(id), bill.PeriodStart(pay.Instant(start))).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for a bill of subscription %s: %w", id, err)
	}
	return n > 0, nil
}
