package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
)

// OrderField is what a list of bills is ordered by.
type OrderField string

// The orders of a list of bills. Equal values follow the bills' ids.
const (
	ByCreation OrderField = "CREATED_AT"
	ByUpdate   OrderField = "UPDATED_AT"
	ByTotal    OrderField = "TOTAL"
	ByExpiry   OrderField = "EXPIRES_AT"
)

// ListRequest asks for one page of bills. Its zero value is the newest bills
// first.
type ListRequest struct {
	page.Request
	Filter    *Filter
	OrderBy   OrderField // "" is ByCreation
	Ascending bool
	Want      Want
}

// Page is one page of a list.
type Page[T any] struct {
	Rows   []T
	Info   page.Info
	Cursor func(T) string // of any of its rows
}

const defaultPage = 20

// Bills returns one page of the bills that the viewer may see. It returns
// CodeInvalid for a size out of range; a cursor that is not one of this list's
// counts as absent.
func (s *Service) Bills(ctx context.Context, r ListRequest) (*Page[*ent.Bill], error) {
	size, err := r.Size(defaultPage)
	if err != nil {
		return nil, err
	}
	order := r.order()
	place, continued := page.Find(order.kind, r.After, pay.ParseBillID)
	rows, err := s.billsWith(ctx, r.Want, func(q *ent.BillQuery) {
		q.Where(r.Filter.predicates()...).Order(page.Order(!r.Ascending, order.columns...)).Limit(size + 1)
		if continued {
			q.Where(page.Beyond(!r.Ascending, order.columns, order.values(place)...))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list bills: %w", err)
	}
	rows, more := page.Cut(rows, size)
	return &Page[*ent.Bill]{Rows: rows, Info: page.InfoOf(rows, more, continued, order.cursor), Cursor: order.cursor}, nil
}

// Count counts the bills that the filter matches. It is a statement of its own,
// run only when somebody asks.
func (s *Service) Count(ctx context.Context, f *Filter) (int, error) {
	n, err := s.Store.Read().Bill.Query().Where(f.predicates()...).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count bills: %w", err)
	}
	return n, nil
}

// Matching returns those of the bills that the viewer may see and the filter
// matches, in no order: how a live feed narrows what it tells.
func (s *Service) Matching(ctx context.Context, ids []pay.BillID, f *Filter, want Want) ([]*ent.Bill, error) {
	bills, err := s.billsWith(ctx, want, func(q *ent.BillQuery) { q.Where(bill.IDIn(ids...)).Where(f.predicates()...) })
	if err != nil {
		return nil, fmt.Errorf("read %d changed bills: %w", len(ids), err)
	}
	return bills, nil
}

// billOrder is one order of the list: its columns, and how a cursor holds them.
type billOrder struct {
	kind    string
	columns []string
	values  func(page.Place[pay.BillID]) []any
	cursor  func(*ent.Bill) string
}

func (r ListRequest) order() billOrder {
	kind := "bills." + string(r.OrderBy)
	if r.Ascending {
		kind += ".asc"
	}
	byTime := func(column string, at func(*ent.Bill) string) billOrder {
		return billOrder{
			kind: kind, columns: []string{column, bill.FieldID}, cursor: at,
			values: func(p page.Place[pay.BillID]) []any { return []any{p.Time(), p.ID} },
		}
	}
	switch r.OrderBy {
	case ByUpdate:
		return byTime(bill.FieldUpdatedAt, func(b *ent.Bill) string { return page.AtTime(kind, b.UpdatedAt, b.ID.String()) })
	case ByExpiry:
		return byTime(bill.FieldExpiresAt, func(b *ent.Bill) string { return page.AtTime(kind, b.ExpiresAt, b.ID.String()) })
	case ByTotal:
		return billOrder{
			kind: kind, columns: []string{bill.FieldTotalMinor, bill.FieldID},
			values: func(p page.Place[pay.BillID]) []any { return []any{p.Sort, p.ID} },
			cursor: func(b *ent.Bill) string { return page.At(kind, b.TotalMinor, b.ID.String()) },
		}
	case ByCreation, "":
	}
	// A bill's id is a UUIDv7: it is ordered by creation itself.
	return billOrder{
		kind: kind, columns: []string{bill.FieldID},
		values: func(p page.Place[pay.BillID]) []any { return []any{p.ID} },
		cursor: func(b *ent.Bill) string { return page.At(kind, 0, b.ID.String()) },
	}
}

// ReviewsRequest asks for one page of review cases, oldest first.
type ReviewsRequest struct {
	page.Request
	Open    *bool // nil: open and resolved
	Reasons []pay.ReviewReason
}

// Reviews returns one page of the review cases that the viewer may see, with
// their bills and attempts.
func (s *Service) Reviews(ctx context.Context, r ReviewsRequest) (*Page[*ent.ReviewCase], error) {
	size, err := r.Size(defaultPage)
	if err != nil {
		return nil, err
	}
	const kind = "reviews"
	q := s.reviews(r).WithBill().WithAttempt().
		Order(page.Order(false, reviewcase.FieldID)).Limit(size + 1)
	place, continued := page.Find(kind, r.After, pay.ParseReviewCaseID)
	if continued {
		q.Where(page.Beyond(false, []string{reviewcase.FieldID}, place.ID))
	}
	rows, err := q.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list review cases: %w", err)
	}
	cursor := func(c *ent.ReviewCase) string { return page.At(kind, 0, c.ID.String()) }
	rows, more := page.Cut(rows, size)
	return &Page[*ent.ReviewCase]{Rows: rows, Info: page.InfoOf(rows, more, continued, cursor), Cursor: cursor}, nil
}

// CountReviews counts the cases that Reviews pages through.
func (s *Service) CountReviews(ctx context.Context, r ReviewsRequest) (int, error) {
	n, err := s.reviews(r).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count review cases: %w", err)
	}
	return n, nil
}

func (s *Service) reviews(r ReviewsRequest) *ent.ReviewCaseQuery {
	q := s.Store.Read().ReviewCase.Query()
	if r.Open != nil && *r.Open {
		q.Where(reviewcase.ResolvedAtIsNil())
	}
	if r.Open != nil && !*r.Open {
		q.Where(reviewcase.ResolvedAtNotNil())
	}
	if r.Reasons != nil {
		q.Where(reviewcase.ReasonIn(r.Reasons...))
	}
	return q
}
