package graph

import (
	"context"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
)

// Bill is one bill, or null.
func (r query) Bill(ctx context.Context, id string) (*ent.Bill, error) {
	return linkedOne(r.Billing.Bill(ctx, id, selected(ctx).want()))
}

// BillByReference is the bill with the merchant's own number, or null.
func (r query) BillByReference(ctx context.Context, reference string) (*ent.Bill, error) {
	return linkedOne(r.Billing.ByReference(ctx, reference, selected(ctx).want()))
}

// Bills are the merchant's.
func (r query) Bills(ctx context.Context, first *int, after *string, filter *billing.Filter, order *model.BillOrder) (*model.BillConnection, error) {
	ask := billing.ListRequest{Request: pageOf(first, after), Filter: filter}
	if order != nil {
		ask.OrderBy, ask.Ascending = order.Field, order.Direction == model.OrderDirectionAsc
	}
	return r.billPage(ctx, ask)
}

// BillTotals are the sums of the bills that match.
func (r query) BillTotals(ctx context.Context, filter billing.Filter) ([]*billing.Totals, error) {
	totals, err := r.Billing.Totals(ctx, &filter)
	if err != nil {
		return nil, err
	}
	shown := make([]*billing.Totals, len(totals))
	for at := range totals {
		shown[at] = &totals[at]
	}
	return shown, nil
}

func pageOf(first *int, after *string) page.Request {
	return page.Request{First: first, After: valueOf(after)}
}

// billPage reads one page of bills with what was asked for of each. The feed's
// position is read first, so that nothing is missed between the page and the
// subscription that goes on from there.
func (r *Resolver) billPage(ctx context.Context, ask billing.ListRequest) (*model.BillConnection, error) {
	wanted := selected(ctx)
	feedCursor := ""
	if wanted.has("feedCursor") {
		head, err := r.Feed.Head(ctx)
		if err != nil {
			return nil, err
		}
		feedCursor = head.Encode()
	}
	ask.Want = wanted.rows().want()
	bills, err := r.Billing.Bills(ctx, ask)
	if err != nil {
		return nil, err
	}
	if err := r.fillBills(ctx, wanted.rows(), linked(bills.Rows...)); err != nil {
		return nil, err
	}
	return model.NewBillConnection(bills, ask.Filter, feedCursor), nil
}

// TotalCount counts the whole list.
func (r billPageFields) TotalCount(ctx context.Context, c *model.BillConnection) (int, error) {
	return r.Billing.Count(ctx, c.Filter)
}

// billOf reads the bill that a row belongs to, or nil.
func (r *Resolver) billOf(ctx context.Context, id *pay.BillID) (*ent.Bill, error) {
	if id == nil {
		return nil, nil
	}
	return linkedOne(r.Billing.Bill(asHolder(ctx, *id), id.String(), selected(ctx).want()))
}

// billsOf reads the bills that rows belong to, with what was asked for of them,
// in as many statements for all as for one. The map is nil when nothing was.
func (r *Resolver) billsOf(ctx context.Context, asked selection, ids []pay.BillID) (map[pay.BillID]*ent.Bill, error) {
	if asked.isEmpty() {
		return nil, nil
	}
	return r.billsWith(ctx, asked, asked.want(), ids)
}

// billsWith is billsOf for rows that want something of their bills for themselves.
func (r *Resolver) billsWith(ctx context.Context, asked selection, want billing.Want, ids []pay.BillID) (map[pay.BillID]*ent.Bill, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	bills, err := r.Billing.BillsByID(ctx, ids, want)
	if err != nil {
		return nil, err
	}
	byID := make(map[pay.BillID]*ent.Bill, len(bills))
	for _, b := range linked(bills...) {
		byID[b.ID] = b
	}
	return byID, r.fillBills(ctx, asked, bills)
}

// billBeside is a bill that another object names. To name it gives no right to it:
// a PUBLIC page that looks at a gift is not the holder of the bill that paid it.
func (r *Resolver) billBeside(ctx context.Context, id *pay.BillID) (*ent.Bill, error) {
	if id == nil {
		return nil, nil
	}
	found, err := alongOf(ctx).bills.get(ctx, []pay.BillID{*id}, func(ctx context.Context, ids []pay.BillID) (map[pay.BillID]*ent.Bill, error) {
		return r.billsOf(ctx, selected(ctx), ids)
	})
	return found[*id], err
}
