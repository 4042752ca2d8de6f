package billing

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/ent/product"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/pay"
)

// Filter narrows a list of bills. Nil and "" do not narrow; an empty list
// matches nothing.
type Filter struct {
	Status       []pay.BillStatus
	Provider     []string
	Review       *bool
	ReviewReason []pay.ReviewReason
	RefundStatus []pay.RefundStatus
	Reference    *string
	Search       *string // an id, a reference, a provider's number, or the beginning of an e-mail address
	User         *string
	Email        *string
	Product      *string
	Kind         []pay.ProductKind
	Subscription *string
	ProviderRef  *string
	Currency     *pay.Currency
	AmountMin    *int64
	AmountMax    *int64
	CreatedFrom  *time.Time // inclusive
	CreatedTo    *time.Time // exclusive
}

// predicates returns the conditions of the filter. An id that cannot be one of
// ours matches nothing rather than failing: a filter is a question.
func (f *Filter) predicates() []predicate.Bill {
	if f == nil {
		return nil
	}
	var all []predicate.Bill
	add := func(p predicate.Bill) { all = append(all, p) }
	if f.Status != nil {
		add(bill.StatusIn(f.Status...))
	}
	if f.Provider != nil {
		add(bill.HasAttemptsWith(attempt.Or(attempt.ProviderIn(f.Provider...), attempt.AccountIn(f.Provider...))))
	}
	if f.Review != nil {
		open := bill.HasReviewsWith(reviewcase.ResolvedAtIsNil())
		if !*f.Review {
			open = bill.Not(open)
		}
		add(open)
	}
	if f.ReviewReason != nil {
		add(bill.HasReviewsWith(reviewcase.ResolvedAtIsNil(), reviewcase.ReasonIn(f.ReviewReason...)))
	}
	if f.RefundStatus != nil {
		add(bill.HasRefundsWith(refund.StatusIn(f.RefundStatus...)))
	}
	if f.Reference != nil {
		add(bill.Reference(*f.Reference))
	}
	if f.Search != nil {
		add(matchesSearch(*f.Search))
	}
	if f.User != nil {
		add(byID(*f.User, pay.ParseUserID, bill.UserID))
	}
	if f.Email != nil {
		add(bill.EmailEqualFold(*f.Email))
	}
	if f.Product != nil {
		add(byID(*f.Product, pay.ParseProductID, bill.ProductID))
	}
	if f.Kind != nil {
		add(bill.HasProductWith(product.KindIn(f.Kind...)))
	}
	if f.Subscription != nil {
		add(byID(*f.Subscription, pay.ParseSubscriptionID, bill.SubscriptionID))
	}
	if f.ProviderRef != nil {
		add(bill.HasAttemptsWith(attempt.Or(attempt.ProviderRef(*f.ProviderRef), attempt.OrderNumber(*f.ProviderRef))))
	}
	return append(all, f.ranges()...)
}

func (f *Filter) ranges() []predicate.Bill {
	var all []predicate.Bill
	if f.Currency != nil {
		all = append(all, bill.CurrencyEQ(*f.Currency))
	}
	if f.AmountMin != nil {
		all = append(all, bill.TotalMinorGTE(*f.AmountMin))
	}
	if f.AmountMax != nil {
		all = append(all, bill.TotalMinorLTE(*f.AmountMax))
	}
	if f.CreatedFrom != nil {
		all = append(all, bill.CreatedAtGTE(pay.Instant(*f.CreatedFrom)))
	}
	if f.CreatedTo != nil {
		all = append(all, bill.CreatedAtLT(pay.Instant(*f.CreatedTo)))
	}
	return all
}

func nothing(s *sql.Selector) { s.Where(sql.False()) }

func byID[ID any](raw string, parse func(string) (ID, error), is func(ID) predicate.Bill) predicate.Bill {
	id, err := parse(raw)
	if err != nil {
		return nothing
	}
	return is(id)
}

func matchesSearch(text string) predicate.Bill {
	text = strings.TrimSpace(text)
	if text == "" {
		return nothing
	}
	if id, err := pay.ParseBillID(text); err == nil {
		return bill.ID(id)
	}
	return bill.Or(
		bill.Reference(text),
		emailBegins(text),
		bill.HasAttemptsWith(attempt.Or(attempt.ProviderRef(text), attempt.OrderNumber(text))),
	)
}

// emailBegins compares the beginning of the address without regard to capitals,
// on both databases alike: their LIKE differs.
func emailBegins(text string) predicate.Bill {
	folded := strings.ToLower(text)
	return func(s *sql.Selector) {
		s.Where(sql.ExprP("substr(lower("+s.C(bill.FieldEmail)+"), 1, ?) = ?", utf8.RuneCountInString(folded), folded))
	}
}

// Totals is the sum of the matching bills in one currency.
type Totals struct {
	Currency pay.Currency
	Count    int
	Total    pay.Money
	Paid     pay.Money
	Refunded pay.Money
}

// Totals sums the bills that the filter matches, by currency, in one statement.
func (s *Service) Totals(ctx context.Context, f *Filter) ([]Totals, error) {
	var rows []struct {
		Currency pay.Currency `sql:"currency"`
		Count    int          `sql:"count"`
		Total    int64        `sql:"total"`
		Paid     int64        `sql:"paid"`
		Refunded int64        `sql:"refunded"`
	}
	err := s.Store.Read().Bill.Query().Where(f.predicates()...).
		Order(ent.Asc(bill.FieldCurrency)).
		GroupBy(bill.FieldCurrency).
		Aggregate(
			ent.As(ent.Count(), "count"),
			wholeSum(bill.FieldTotalMinor, "total"),
			wholeSum(bill.FieldPaidMinor, "paid"),
			wholeSum(bill.FieldRefundedMinor, "refunded"),
		).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("sum bills: %w", err)
	}
	totals := make([]Totals, len(rows))
	for at, row := range rows {
		totals[at] = Totals{
			Currency: row.Currency, Count: row.Count, Total: pay.Of(row.Total, row.Currency),
			Paid: pay.Of(row.Paid, row.Currency), Refunded: pay.Of(row.Refunded, row.Currency),
		}
	}
	return totals, nil
}

// wholeSum sums a column of minor units as a bigint: Postgres would make it a
// numeric, which no int64 reads.
func wholeSum(column, as string) ent.AggregateFunc {
	return func(s *sql.Selector) string {
		return sql.As("CAST("+sql.Sum(s.C(column))+" AS bigint)", as)
	}
}
