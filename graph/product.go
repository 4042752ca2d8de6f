package graph

import (
	"context"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Products are the catalogue.
func (r query) Products(ctx context.Context, kinds []pay.ProductKind, active *bool) ([]*ent.Product, error) {
	return r.Catalogue.Products(ctx, kinds, active)
}

// Product is one product, or null.
func (r query) Product(ctx context.Context, id, code *string) (*ent.Product, error) {
	return orNull(r.Catalogue.Find(ctx, id, code))
}

// Prices are what it costs now.
func (r productFields) Prices(ctx context.Context, p *ent.Product) ([]*ent.Price, error) {
	if _, err := p.Edges.PricesOrErr(); ent.IsNotLoaded(err) {
		full, err := r.Catalogue.Product(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		p = full
	}
	return catalogue.OnSale(p), nil
}

// Grants are columns of the product itself.
func (r productFields) Grants(_ context.Context, p *ent.Product) (*ent.Product, error) { return p, nil }

// GiftOf is what a GIFT gives.
func (r grantsFields) GiftOf(ctx context.Context, p *ent.Product) (*ent.Product, error) {
	if p.GiftOfID == nil || p.Edges.GiftOf != nil {
		return p.Edges.GiftOf, nil
	}
	return orNull(r.Catalogue.Product(ctx, *p.GiftOfID))
}

// Product is what it is a price of.
func (r priceFields) Product(ctx context.Context, p *ent.Price) (*ent.Product, error) {
	if p.Edges.Product != nil {
		return p.Edges.Product, nil
	}
	return r.Catalogue.Product(ctx, p.ProductID)
}

// ProductUpsert adds or changes a product.
func (r mutation) ProductUpsert(ctx context.Context, in model.ProductUpsertInput) (*model.ProductPayload, error) {
	product, replayed, err := r.Catalogue.Upsert(ctx, viewer.From(ctx), upsertOf(in))
	errs, err := r.shownErrors(ctx, err)
	if err != nil {
		return nil, err
	}
	return &model.ProductPayload{Product: product, Errors: errs, Replayed: replayed}, nil
}

func upsertOf(in model.ProductUpsertInput) catalogue.Upsert {
	out := catalogue.Upsert{
		Key: in.IdempotencyKey, Code: in.Code, Kind: in.Kind, Title: in.Title, Description: in.Description,
		Active: in.Active == nil || *in.Active,
	}
	for _, p := range in.Prices {
		out.Prices = append(out.Prices, catalogue.NewPrice{Amount: *p.Amount, Interval: p.Interval, Trial: p.Trial})
	}
	if g := in.Grants; g != nil {
		out.Grants = catalogue.Grants{
			Resources: g.Resources, Pages: g.Pages, Duration: g.Duration, GiftOf: g.GiftOf,
			RefundPolicy: valueOf(g.RefundPolicy),
		}
	}
	return out
}
