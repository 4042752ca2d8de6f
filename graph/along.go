package graph

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
)

// A shelf holds rows that were read for one answer, by what they belong to: what
// a page reads for all its rows at once, its fields find here. A row that was
// looked for and not found is held as well.
type shelf[K comparable, V any] struct {
	mu   sync.Mutex
	rows map[K]V
}

// get returns the rows of the keys, in one read for all that are not here yet.
func (s *shelf[K, V]) get(ctx context.Context, keys []K, read func(context.Context, []K) (map[K]V, error)) (map[K]V, error) {
	found, missing := s.pick(keys)
	if len(missing) == 0 {
		return found, nil
	}
	fresh, err := read(ctx, missing)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[K]V{}
	}
	for _, key := range missing {
		s.rows[key], found[key] = fresh[key], fresh[key]
	}
	return found, nil
}

// pick splits the keys into the rows that are here and the keys that are not.
func (s *shelf[K, V]) pick(keys []K) (found map[K]V, missing []K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found = make(map[K]V, len(keys))
	asked := make(map[K]bool, len(keys))
	for _, key := range keys {
		row, here := s.rows[key]
		switch {
		case here:
			found[key] = row
		case !asked[key]:
			asked[key] = true
			missing = append(missing, key)
		}
	}
	return found, missing
}

// put leaves a row for the fields below.
func (s *shelf[K, V]) put(key K, row V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[K]V{}
	}
	s.rows[key] = row
}

// clear takes everything off the shelf.
func (s *shelf[K, V]) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = nil
}

// along is what was read along with the rows of one answer and has no place in
// the rows themselves, each as its viewer may see it. It lives as long as the
// answer, and within a mutation's as long as one of its fields, so that nothing
// on it is older than what the caller has just done.
type along struct {
	bills         shelf[pay.BillID, *ent.Bill]
	cards         shelf[pay.CardID, *ent.Card]
	prices        shelf[pay.PriceID, *ent.Price]
	products      shelf[pay.ProductID, *ent.Product]
	subscriptions shelf[pay.SubscriptionID, *ent.BillingSubscription]
	users         shelf[pay.UserID, *ent.User]
	wallets       shelf[pay.WalletID, *ent.Wallet]

	cardsOf           shelf[pay.UserID, []*ent.Card]
	codes             shelf[pay.GiftID, string] // of gifts that were asked for by their codes
	giftOfBill        shelf[pay.BillID, *ent.Gift]
	giftsBought       shelf[pay.UserID, []*ent.Gift]
	giftsReceived     shelf[pay.UserID, []*ent.Gift]
	subscriptionsOf   shelf[pay.UserID, []*ent.BillingSubscription]
	subscriptionsFrom shelf[pay.CardID, []*ent.BillingSubscription] // charged to a card
}

func (a *along) clear() {
	a.bills.clear()
	a.cards.clear()
	a.prices.clear()
	a.products.clear()
	a.subscriptions.clear()
	a.users.clear()
	a.wallets.clear()
	a.cardsOf.clear()
	a.codes.clear()
	a.giftOfBill.clear()
	a.giftsBought.clear()
	a.giftsReceived.clear()
	a.subscriptionsOf.clear()
	a.subscriptionsFrom.clear()
}

type alongKey struct{}

// alongOf returns what was read along for the answer that ctx is for. Where no
// answer is being made, as in the goroutine of a stream, it is empty and kept by
// nobody.
func alongOf(ctx context.Context) *along {
	if a, ok := ctx.Value(alongKey{}).(*along); ok {
		return a
	}
	return &along{}
}

// isMutation reports whether ctx resolves a root field that changes something.
func isMutation(ctx context.Context) bool {
	operation := graphql.GetOperationContext(ctx).Operation
	return operation != nil && operation.Operation == ast.Mutation
}

// schemaWithAlong gives each answer an along of its own.
type schemaWithAlong struct{ graphql.ExecutableSchema }

// Exec runs an operation: once, or for each message of a stream.
func (s schemaWithAlong) Exec(ctx context.Context) graphql.ResponseHandler {
	respond := s.ExecutableSchema.Exec(ctx)
	return func(ctx context.Context) *graphql.Response {
		return respond(context.WithValue(ctx, alongKey{}, &along{}))
	}
}

// keyedBy makes of a read that returns rows in no order one that returns them by
// their keys.
func keyedBy[K comparable, V any](read func(context.Context, []K) ([]*V, error), key func(*V) K) func(context.Context, []K) (map[K]*V, error) {
	return func(ctx context.Context, keys []K) (map[K]*V, error) {
		rows, err := read(ctx, keys)
		if err != nil {
			return nil, err
		}
		byKey := make(map[K]*V, len(rows))
		for _, row := range rows {
			byKey[key(row)] = row
		}
		return byKey, nil
	}
}

func (r *Resolver) cardsByID(ctx context.Context, ids ...pay.CardID) (map[pay.CardID]*ent.Card, error) {
	return alongOf(ctx).cards.get(ctx, ids, keyedBy(r.Cards.CardsByID, func(c *ent.Card) pay.CardID { return c.ID }))
}

func (r *Resolver) pricesByID(ctx context.Context, ids ...pay.PriceID) (map[pay.PriceID]*ent.Price, error) {
	return alongOf(ctx).prices.get(ctx, ids, keyedBy(r.Catalogue.PricesByID, func(p *ent.Price) pay.PriceID { return p.ID }))
}

func (r *Resolver) productsByID(ctx context.Context, ids ...pay.ProductID) (map[pay.ProductID]*ent.Product, error) {
	return alongOf(ctx).products.get(ctx, ids, keyedBy(r.Catalogue.ProductsByID, func(p *ent.Product) pay.ProductID { return p.ID }))
}

func (r *Resolver) subscriptionsByID(ctx context.Context, ids ...pay.SubscriptionID) (map[pay.SubscriptionID]*ent.BillingSubscription, error) {
	return alongOf(ctx).subscriptions.get(ctx, ids,
		keyedBy(r.Subscriptions.SubscriptionsByID, func(s *ent.BillingSubscription) pay.SubscriptionID { return s.ID }))
}

func (r *Resolver) usersByID(ctx context.Context, ids ...pay.UserID) (map[pay.UserID]*ent.User, error) {
	return alongOf(ctx).users.get(ctx, ids, keyedBy(r.Users.UsersByID, func(u *ent.User) pay.UserID { return u.ID }))
}

func (r *Resolver) walletsByID(ctx context.Context, ids ...pay.WalletID) (map[pay.WalletID]*ent.Wallet, error) {
	return alongOf(ctx).wallets.get(ctx, ids, keyedBy(r.Wallets.WalletsByID, func(w *ent.Wallet) pay.WalletID { return w.ID }))
}
