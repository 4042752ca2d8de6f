package catalogue

import (
	"context"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/ent/product"
	"github.com/paygraph/paygraph/internal/pay"
)

// OnSale returns those of p's loaded prices that are on sale, in their order. It
// reads nothing and leaves p as it is.
func OnSale(p *ent.Product) []*ent.Price {
	onSale := slices.DeleteFunc(slices.Clone(p.Edges.Prices), func(p *ent.Price) bool { return !p.Active })
	slices.SortFunc(onSale, comparePrices)
	return onSale
}

// Currencies returns the currencies of the prices that the viewer's merchant has
// on sale, in alphabetical order.
func (s *Service) Currencies(ctx context.Context) ([]pay.Currency, error) {
	var used []pay.Currency
	err := s.store.Read().Price.Query().Where(price.Active(true)).
		Order(ent.Asc(price.FieldCurrency)).Unique(true).Select(price.FieldCurrency).Scan(ctx, &used)
	if err != nil {
		return nil, fmt.Errorf("list the currencies of the catalogue: %w", err)
	}
	return used, nil
}

// ProductsByID returns those of the products that are the viewer's merchant's, as
// Product does, in no order.
func (s *Service) ProductsByID(ctx context.Context, ids []pay.ProductID) ([]*ent.Product, error) {
	found, err := withOffer(s.store.Read().Product.Query().Where(product.IDIn(ids...))).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d products: %w", len(ids), err)
	}
	return found, nil
}

// PricesByID returns those of the prices that are the viewer's merchant's, with
// their products, in no order.
func (s *Service) PricesByID(ctx context.Context, ids []pay.PriceID) ([]*ent.Price, error) {
	found, err := s.store.Read().Price.Query().Where(price.IDIn(ids...)).
		WithProduct(func(q *ent.ProductQuery) { withOffer(q) }).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d prices: %w", len(ids), err)
	}
	return found, nil
}
