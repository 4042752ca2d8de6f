package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/billevent"
	"github.com/paygraph/paygraph/ent/billline"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Want names what is read along with a bill: one more statement each, however
// many bills there are.
type Want struct {
	Product      bool
	User         bool
	Lines        bool
	Attempts     bool
	Reviews      bool
	Refunds      bool
	Entitlements bool
	Events       bool
}

// moves reports whether something is wanted that changes as its bill does. The
// goods, the lines and the payer do not.
func (w Want) moves() bool { return w.Attempts || w.Reviews || w.Refunds || w.Entitlements || w.Events }

// with adds what is wanted to a query.
func (w Want) with(q *ent.BillQuery) *ent.BillQuery {
	if w.Product {
		q.WithProduct(func(p *ent.ProductQuery) {
			p.WithPrices(func(q *ent.PriceQuery) { q.Order(ent.Asc(price.FieldID)) })
		})
	}
	if w.User {
		q.WithUser()
	}
	if w.Lines {
		q.WithLines(func(l *ent.BillLineQuery) { l.Order(ent.Asc(billline.FieldPosition)) })
	}
	if w.Attempts {
		q.WithAttempts(func(a *ent.AttemptQuery) { a.Order(ent.Asc(attempt.FieldID)) })
	}
	if w.Reviews {
		q.WithReviews(func(r *ent.ReviewCaseQuery) { r.Order(ent.Asc(reviewcase.FieldID)) })
	}
	if w.Refunds {
		q.WithRefunds(func(r *ent.RefundQuery) { r.Order(ent.Asc(refund.FieldID)) })
	}
	if w.Entitlements {
		q.WithEntitlements(func(e *ent.EntitlementQuery) { e.Order(ent.Asc(entitlement.FieldID)) })
	}
	if w.Events {
		q.WithEvents(func(e *ent.BillEventQuery) { e.Order(ent.Asc(billevent.FieldVersion)) })
	}
	return q
}

// Bill returns the bill as its viewer may see it, or nil when there is none for
// them: a malformed id, somebody else's and no bill at all answer alike.
func (s *Service) Bill(ctx context.Context, rawID string, want Want) (*ent.Bill, error) {
	id, err := pay.ParseBillID(rawID)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // no such bill
	}
	bills, err := s.BillsByID(ctx, []pay.BillID{id}, want)
	if err != nil || len(bills) == 0 {
		return nil, err
	}
	return bills[0], nil
}

// BillsByID returns those of the bills that the viewer may see, in no order.
func (s *Service) BillsByID(ctx context.Context, ids []pay.BillID, want Want) ([]*ent.Bill, error) {
	bills, err := s.billsWith(ctx, want, func(q *ent.BillQuery) { q.Where(bill.IDIn(ids...)) })
	if err != nil {
		return nil, fmt.Errorf("read %d bills: %w", len(ids), err)
	}
	return bills, nil
}

// billsWith reads the bills that narrow leaves, with what is wanted, all as of one
// moment: none is shown with a refund that has succeeded and nothing returned.
func (s *Service) billsWith(ctx context.Context, want Want, narrow func(*ent.BillQuery)) ([]*ent.Bill, error) {
	var bills []*ent.Bill
	read := func(c *ent.Client) (err error) {
		q := want.with(c.Bill.Query())
		narrow(q)
		bills, err = q.All(ctx)
		return err
	}
	if !want.moves() {
		err := read(s.Store.Read())
		return bills, err
	}
	err := s.Store.InSnapshot(ctx, read)
	return bills, err
}

// ByReference returns the bill with the merchant's own number, or nil.
func (s *Service) ByReference(ctx context.Context, reference string, want Want) (*ent.Bill, error) {
	bills, err := s.billsWith(ctx, want, func(q *ent.BillQuery) { q.Where(bill.Reference(reference)).Limit(1) })
	if err != nil {
		return nil, fmt.Errorf("read a bill by its reference: %w", err)
	}
	if len(bills) == 0 {
		return nil, nil //nolint:nilnil // no such bill
	}
	return bills[0], nil
}

// Load reads for a bill what was not read along with it, as its viewer may see
// it. It is for the deep corners of a query; lists name what they Want.
func (s *Service) Load(ctx context.Context, b *ent.Bill, want Want) (*ent.Bill, error) {
	full, err := s.BillsByID(ctx, []pay.BillID{b.ID}, want)
	if err != nil {
		return nil, err
	}
	if len(full) == 0 {
		return nil, fmt.Errorf("read bill %s again: it is gone", b.ID)
	}
	return full[0], nil
}

// linesOf returns the lines of a bill, in their order.
func (s *Service) linesOf(ctx context.Context, id pay.BillID) ([]*ent.BillLine, error) {
	lines, err := s.Store.Read().BillLine.Query().Where(billline.BillID(id)).Order(ent.Asc(billline.FieldPosition)).All(viewer.AsProgram(ctx))
	if err != nil {
		return nil, fmt.Errorf("read the lines of bill %s: %w", id, err)
	}
	return lines, nil
}
