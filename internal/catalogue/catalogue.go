// Package catalogue owns products and their prices: what a merchant sells, what
// buying it grants, and what it costs.
//
// A price's amount never changes; a changed price is a new row. It knows no
// bill: billing asks Cached and PriceFor, and copies the amount. Start with
// Service and Upsert.
package catalogue

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/ent/product"
	"github.com/paygraph/paygraph/internal/cache"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// staleFor is how long another process's change may go unseen by Cached.
const staleFor = 5 * time.Second

// mostKept bounds how many are remembered.
const mostKept = 4096

// Service finds and changes products.
type Service struct {
	store *store.Store
	cache *cache.Cache[cacheKey, *ent.Product]
}

type cacheKey struct {
	merchant pay.MerchantID
	product  pay.ProductID
}

// New returns the catalogue of a database.
func New(s *store.Store) *Service {
	return &Service{store: s, cache: cache.New[cacheKey, *ent.Product](s.Clock(), staleFor, mostKept)}
}

// Products returns the merchant's products in the order of creation, of the
// given kinds (nil: all; empty: none), on sale or not (nil: both). Payers see
// only what is on sale. Edges.Prices holds the prices on sale, Edges.GiftOf what
// a gift gives; the number of reads does not depend on the number of products.
func (s *Service) Products(ctx context.Context, kinds []pay.ProductKind, active *bool) ([]*ent.Product, error) {
	query := s.store.Read().Product.Query()
	if kinds != nil {
		query.Where(product.KindIn(kinds...))
	}
	if active != nil {
		query.Where(product.Active(*active))
	}
	if v := viewer.From(ctx); !v.IsProgram() && !v.Role.IsMerchantSide() {
		query.Where(product.Active(true))
	}
	list, err := withOffer(query).Order(ent.Asc(product.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the products: %w", err)
	}
	for _, p := range list {
		sortPrices(p)
	}
	return list, nil
}

// Product returns one product of the viewer's merchant, on sale or not, with the
// same edges as Products. It returns CodeNotFound.
func (s *Service) Product(ctx context.Context, id pay.ProductID) (*ent.Product, error) {
	return s.one(ctx, product.ID(id))
}

// Find returns one product by its id as it was sent, or by its code, as Product
// does. It returns CodeNotFound also for a malformed id, and when neither or
// both are given.
func (s *Service) Find(ctx context.Context, id, code *string) (*ent.Product, error) {
	switch {
	case id != nil && code == nil:
		parsed, err := pay.ParseProductID(*id)
		if err != nil {
			return nil, pay.NotFound("product", "id").Because(err)
		}
		return s.one(ctx, product.ID(parsed))
	case code != nil && id == nil:
		return s.one(ctx, product.Code(*code))
	}
	return nil, pay.NotFound("product")
}

// Price returns one price, on sale or not, with its product. It returns
// CodeNotFound.
func (s *Service) Price(ctx context.Context, id pay.PriceID) (*ent.Price, error) {
	found, err := s.store.Read().Price.Query().
		Where(price.ID(id)).
		WithProduct(func(q *ent.ProductQuery) { withOffer(q) }).
		Only(ctx)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("price")
	}
	if err != nil {
		return nil, fmt.Errorf("read price %s: %w", id, err)
	}
	if found.Edges.Product != nil {
		sortPrices(found.Edges.Product)
	}
	return found, nil
}

// Cached returns a product of the merchant with all its prices, sold or not any
// more, for PriceFor. It asks no viewer: every caller of a merchant may buy from
// its catalogue. What another process changed is seen after 5 seconds. The value
// is shared and must not be changed. It returns CodeNotFound.
func (s *Service) Cached(ctx context.Context, merchant pay.MerchantID, id pay.ProductID) (*ent.Product, error) {
	return s.cache.Get(ctx, cacheKey{merchant, id}, func(ctx context.Context) (*ent.Product, error) {
		found, err := s.store.Read().Product.Query().
			Where(product.ID(id), product.MerchantID(merchant)).
			WithPrices().
			Only(viewer.AsProgram(ctx))
		if ent.IsNotFound(err) {
			return nil, pay.NotFound("product")
		}
		if err != nil {
			return nil, fmt.Errorf("read product %s: %w", id, err)
		}
		sortPrices(found)
		return found, nil
	})
}

func (s *Service) one(ctx context.Context, where predicate.Product) (*ent.Product, error) {
	found, err := withOffer(s.store.Read().Product.Query().Where(where)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("product")
	}
	if err != nil {
		return nil, fmt.Errorf("read a product: %w", err)
	}
	sortPrices(found)
	return found, nil
}

// withOffer loads what the API shows of a product: its prices on sale, and what
// it gives with the same of that.
func withOffer(q *ent.ProductQuery) *ent.ProductQuery {
	onSale := func(q *ent.PriceQuery) { q.Where(price.Active(true)) }
	return q.WithPrices(onSale).WithGiftOf(func(q *ent.ProductQuery) { q.WithPrices(onSale) })
}

// sortPrices puts the loaded prices in their order: by currency, then by
// interval from the shortest, then by age.
func sortPrices(p *ent.Product) {
	slices.SortFunc(p.Edges.Prices, comparePrices)
	if p.Edges.GiftOf != nil {
		slices.SortFunc(p.Edges.GiftOf.Edges.Prices, comparePrices)
	}
}

func comparePrices(a, b *ent.Price) int {
	if by := strings.Compare(string(a.Currency), string(b.Currency)); by != 0 {
		return by
	}
	if by := roughLength(a.Interval) - roughLength(b.Interval); by != 0 {
		return int(by / max(by, -by))
	}
	return strings.Compare(a.ID.UUID(), b.ID.UUID())
}

// roughLength orders intervals; nothing is charged by it.
func roughLength(p *pay.Period) time.Duration {
	if p == nil {
		return 0
	}
	const day = 24 * time.Hour
	return time.Duration(p.Months)*30*day + time.Duration(p.Days)*day + p.Clock
}
