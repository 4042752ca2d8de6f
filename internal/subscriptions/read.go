package subscriptions

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
)

// Subscription returns a subscription that the viewer may see, nil when there is
// none, or none of theirs.
func (s *Service) Subscription(ctx context.Context, rawID string) (*ent.BillingSubscription, error) {
	id, err := pay.ParseSubscriptionID(rawID)
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // what is no id is nobody's subscription
	}
	found, err := s.Store.Read().BillingSubscription.Query().Where(billingsubscription.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // not there and not yours answer alike
	}
	if err != nil {
		return nil, fmt.Errorf("read subscription %s: %w", id, err)
	}
	return found, nil
}

// SubscriptionsByID returns those of the subscriptions that the viewer may see, in
// no order.
func (s *Service) SubscriptionsByID(ctx context.Context, ids []pay.SubscriptionID) ([]*ent.BillingSubscription, error) {
	found, err := s.Store.Read().BillingSubscription.Query().Where(billingsubscription.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d subscriptions: %w", len(ids), err)
	}
	return found, nil
}

// SubscriptionsOf returns the subscriptions of users, newest first, ended ones too.
func (s *Service) SubscriptionsOf(ctx context.Context, users ...pay.UserID) (map[pay.UserID][]*ent.BillingSubscription, error) {
	found, err := s.newest(ctx, billingsubscription.UserIDIn(users...))
	if err != nil {
		return nil, err
	}
	of := make(map[pay.UserID][]*ent.BillingSubscription, len(users))
	for _, row := range found {
		of[row.UserID] = append(of[row.UserID], row)
	}
	return of, nil
}

// OfCards returns the subscriptions that are charged to cards, newest first, ended
// ones too.
func (s *Service) OfCards(ctx context.Context, cards ...pay.CardID) (map[pay.CardID][]*ent.BillingSubscription, error) {
	found, err := s.newest(ctx, billingsubscription.CardIDIn(cards...))
	if err != nil {
		return nil, err
	}
	of := make(map[pay.CardID][]*ent.BillingSubscription, len(cards))
	for _, row := range found {
		of[*row.CardID] = append(of[*row.CardID], row)
	}
	return of, nil
}

func (s *Service) newest(ctx context.Context, which predicate.BillingSubscription) ([]*ent.BillingSubscription, error) {
	found, err := s.Store.Read().BillingSubscription.Query().Where(which).Order(ent.Desc(billingsubscription.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read subscriptions: %w", err)
	}
	return found, nil
}

// Filter narrows a list of subscriptions. Nil does not narrow; an empty list
// matches nothing.
type Filter struct {
	Status    []pay.SubscriptionStatus
	User      *string
	Product   *string
	Price     *string
	Card      *string
	TestClock *string
}

// predicates returns the conditions of the filter. An id that cannot be one of
// ours matches nothing rather than failing: a filter is a question.
func (f *Filter) predicates() []predicate.BillingSubscription {
	if f == nil {
		return nil
	}
	var all []predicate.BillingSubscription
	if f.Status != nil {
		all = append(all, billingsubscription.StatusIn(f.Status...))
	}
	if f.User != nil {
		all = append(all, byID(*f.User, pay.ParseUserID, billingsubscription.UserID))
	}
	if f.Product != nil {
		all = append(all, byID(*f.Product, pay.ParseProductID, billingsubscription.ProductID))
	}
	if f.Price != nil {
		all = append(all, byID(*f.Price, pay.ParsePriceID, billingsubscription.PriceID))
	}
	if f.Card != nil {
		all = append(all, byID(*f.Card, pay.ParseCardID, billingsubscription.CardID))
	}
	if f.TestClock != nil {
		all = append(all, byID(*f.TestClock, pay.ParseTestClockID, billingsubscription.TestClockID))
	}
	return all
}

func byID[ID any](raw string, parse func(string) (ID, error), is func(ID) predicate.BillingSubscription) predicate.BillingSubscription {
	id, err := parse(raw)
	if err != nil {
		return func(s *sql.Selector) { s.Where(sql.False()) }
	}
	return is(id)
}

// Page is one page of a list of subscriptions, newest first.
type Page struct {
	Rows   []*ent.BillingSubscription
	Info   page.Info
	Cursor func(*ent.BillingSubscription) string // of any of its rows
}

const (
	defaultPage = 20
	listKind    = "subscriptions.desc"
)

// List returns one page of the subscriptions that the viewer may see, newest
// first. It returns CodeInvalid for a size out of range; a cursor that is not one
// of this list's counts as absent.
func (s *Service) List(ctx context.Context, f *Filter, r page.Request) (Page, error) {
	size, err := r.Size(defaultPage)
	if err != nil {
		return Page{}, err
	}
	q := s.Store.Read().BillingSubscription.Query().Where(f.predicates()...).
		Order(page.Order(true, billingsubscription.FieldID)).Limit(size + 1)
	place, continued := page.Find(listKind, r.After, pay.ParseSubscriptionID)
	if continued {
		q.Where(page.Beyond(true, []string{billingsubscription.FieldID}, place.ID))
	}
	rows, err := q.All(ctx)
	if err != nil {
		return Page{}, fmt.Errorf("list subscriptions: %w", err)
	}
	cursor := func(row *ent.BillingSubscription) string { return page.At(listKind, 0, row.ID.String()) }
	rows, more := page.Cut(rows, size)
	return Page{Rows: rows, Info: page.InfoOf(rows, more, continued, cursor), Cursor: cursor}, nil
}

// Count counts the subscriptions that the filter matches.
func (s *Service) Count(ctx context.Context, f *Filter) (int, error) {
	n, err := s.Store.Read().BillingSubscription.Query().Where(f.predicates()...).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count subscriptions: %w", err)
	}
	return n, nil
}

// AllowedActions lists what may be done to a subscription as it stands, by those
// who may act on it.
func AllowedActions(row *ent.BillingSubscription) []string {
	allowed := row.Status.AllowedActions(row.CancelAtPeriodEnd)
	words := make([]string, len(allowed))
	for n, a := range allowed {
		words[n] = string(a)
	}
	return words
}

// NextChargeAt is when the card is charged next by itself; nil when it will not be.
func NextChargeAt(row *ent.BillingSubscription) *time.Time {
	if row.CardID == nil || row.CancelAtPeriodEnd {
		return nil
	}
	switch row.Status {
	case pay.SubscriptionTrialing, pay.SubscriptionActive:
		if row.OpenBillID != nil && row.DunningNextAt != nil {
			return row.DunningNextAt
		}
		return row.CurrentPeriodEnd
	case pay.SubscriptionPastDue:
		return row.DunningNextAt
	case pay.SubscriptionIncomplete, pay.SubscriptionPaused, pay.SubscriptionCanceled, pay.SubscriptionEnded:
	}
	return nil
}

// Dunning is how far the retries of a failed renewal are.
type Dunning struct {
	Attempt     int // how many charges were made, the first included
	MaxAttempts int
	NextRetryAt *time.Time // nil: none is left
	Declined    bool       // the last one was a refusal, which the row's decline columns tell
}

// DunningOf returns how far the retries of a subscription are, nil when no renewal
// of it has failed.
func (s *Service) DunningOf(row *ent.BillingSubscription) *Dunning {
	if row.Status != pay.SubscriptionPastDue {
		return nil
	}
	return &Dunning{
		// Charges that nobody could be asked about are numbered too, and count for none here.
		Attempt: min(row.DunningTry, s.Policy.Dunning.MaxCharges()), MaxAttempts: s.Policy.Dunning.MaxCharges(),
		NextRetryAt: row.DunningNextAt, Declined: row.DeclineCode != nil && pay.IsRefusal(*row.DeclineCode),
	}
}
