package model

import (
	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/page"
)

// A page is what all connections share: rows, where they stand, and the cursor
// of each.
type rows[T any] struct {
	Nodes  []*T
	info   page.Info
	cursor func(*T) string
}

// PageInfo says where the page stands in its list.
func (r *rows[T]) PageInfo() *PageInfo {
	return &PageInfo{
		HasNextPage: r.info.HasNext, HasPreviousPage: r.info.HasPrevious,
		StartCursor: optional(r.info.Start), EndCursor: optional(r.info.End),
	}
}

func optional(cursor string) *string {
	if cursor == "" {
		return nil
	}
	return &cursor
}

// edgesOf pairs each row with its cursor.
func edgesOf[T, E any](r *rows[T], edge func(cursor string, node *T) *E) []*E {
	edges := make([]*E, len(r.Nodes))
	for at, node := range r.Nodes {
		edges[at] = edge(r.cursor(node), node)
	}
	return edges
}

// BillConnection is a page of bills, and the list that it is a page of.
type BillConnection struct {
	rows[ent.Bill]
	Filter     *billing.Filter // of the whole list, for totalCount
	FeedCursor string          // read before the page; "" when nobody asked
}

// NewBillConnection shows a page of bills.
func NewBillConnection(p *billing.Page[*ent.Bill], filter *billing.Filter, feedCursor string) *BillConnection {
	return &BillConnection{rows[ent.Bill]{p.Rows, p.Info, p.Cursor}, filter, feedCursor}
}

// Edges returns the bills with their cursors.
func (c *BillConnection) Edges() []*BillEdge {
	return edgesOf(&c.rows, func(cursor string, node *ent.Bill) *BillEdge { return &BillEdge{cursor, node} })
}

// UserConnection is a page of users.
type UserConnection struct {
	rows[ent.User]
	Search string // of the whole list, for totalCount
}

// NewUserConnection shows a page of users.
func NewUserConnection(users []*ent.User, info page.Info, cursor func(*ent.User) string, search string) *UserConnection {
	return &UserConnection{rows[ent.User]{users, info, cursor}, search}
}

// Edges returns the users with their cursors.
func (c *UserConnection) Edges() []*UserEdge {
	return edgesOf(&c.rows, func(cursor string, node *ent.User) *UserEdge { return &UserEdge{cursor, node} })
}

// ReviewCaseConnection is a page of review cases.
type ReviewCaseConnection struct {
	rows[ent.ReviewCase]
	Request billing.ReviewsRequest // of the whole list, for totalCount
}

// NewReviewCaseConnection shows a page of review cases.
func NewReviewCaseConnection(p *billing.Page[*ent.ReviewCase], request billing.ReviewsRequest) *ReviewCaseConnection {
	return &ReviewCaseConnection{rows[ent.ReviewCase]{p.Rows, p.Info, p.Cursor}, request}
}

// Edges returns the cases with their cursors.
func (c *ReviewCaseConnection) Edges() []*ReviewCaseEdge {
	return edgesOf(&c.rows, func(cursor string, node *ent.ReviewCase) *ReviewCaseEdge { return &ReviewCaseEdge{cursor, node} })
}

// LedgerEntryConnection is a page of a wallet's entries.
type LedgerEntryConnection struct{ rows[ent.LedgerEntry] }

// NewLedgerEntryConnection shows a page of a wallet's entries.
func NewLedgerEntryConnection(entries []*ent.LedgerEntry, info page.Info, cursor func(*ent.LedgerEntry) string) *LedgerEntryConnection {
	return &LedgerEntryConnection{rows[ent.LedgerEntry]{entries, info, cursor}}
}

// Edges returns the entries with their cursors.
func (c *LedgerEntryConnection) Edges() []*LedgerEntryEdge {
	return edgesOf(&c.rows, func(cursor string, node *ent.LedgerEntry) *LedgerEntryEdge { return &LedgerEntryEdge{cursor, node} })
}

// BillingSubscriptionConnection is a page of subscriptions.
type BillingSubscriptionConnection struct {
	rows[ent.BillingSubscription]
	Filter *BillingSubscriptionFilter // of the whole list, for totalCount
}

// NewBillingSubscriptionConnection shows a page of subscriptions.
func NewBillingSubscriptionConnection(
	list []*ent.BillingSubscription, info page.Info, cursor func(*ent.BillingSubscription) string, filter *BillingSubscriptionFilter,
) *BillingSubscriptionConnection {
	return &BillingSubscriptionConnection{rows[ent.BillingSubscription]{list, info, cursor}, filter}
}

// Edges returns the subscriptions with their cursors.
func (c *BillingSubscriptionConnection) Edges() []*BillingSubscriptionEdge {
	return edgesOf(&c.rows, func(cursor string, node *ent.BillingSubscription) *BillingSubscriptionEdge {
		return &BillingSubscriptionEdge{cursor, node}
	})
}
