package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// start asks the provider to open the attempt. No transaction is open.
func (s *Service) start(ctx context.Context, b *ent.Bill, a *ent.Attempt, o opening) (providers.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := s.startRequest(ctx, b, a, o)
	if err != nil {
		return providers.Result{}, &providers.Error{Provider: o.Account.Provider.Name(), Op: providers.OpStart, Kind: providers.Unavailable, Err: err}
	}
	return s.guarded(ctx, o.Account, providers.OpStart, func() (providers.Result, error) {
		return o.Account.Provider.Start(ctx, request)
	})
}

// startRequest is what the provider is told of an attempt.
func (s *Service) startRequest(ctx context.Context, b *ent.Bill, a *ent.Attempt, o opening) (providers.StartRequest, error) {
	can := o.Account.Provider.Capabilities()
	r := providers.StartRequest{
		OrderNumber: a.OrderNumber,
		Amount:      a.Amount(),
		ReturnURL:   s.PublicURL + "/return/" + s.returnToken(a.ID),
		NotifyURL:   s.PublicURL + "/webhooks/" + a.Provider + "/" + a.Account,
		Payer: providers.Payer{
			Email: deref(o.Email), Phone: deref(o.Payer.Phone), Locale: deref(o.Payer.Locale),
			IP: o.Payer.IP, Note: deref(o.Payer.Note),
			Requisites: o.Payer.Requisites, Service: o.Payer.Service, Browser: o.Payer.Browser,
		},
		Expires: b.ExpiresAt,
		SaveFor: o.SaveFor,
	}
	if can.SecretNotifyURL {
		r.NotifyURL += "/" + s.notifyToken(a.ID)
	}
	var err error
	if can.WantsItems {
		if r.Items, err = s.itemsOf(ctx, b); err != nil {
			return r, err
		}
	}
	r.Description, err = s.describe(ctx, b)
	return r, err
}

// itemsOf are the bill's lines, for a fiscal receipt.
func (s *Service) itemsOf(ctx context.Context, b *ent.Bill) ([]providers.Item, error) {
	lines, err := s.linesOf(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	items := make([]providers.Item, len(lines))
	for n, line := range lines {
		items[n] = providers.Item{Title: line.Title, Quantity: line.Quantity, Unit: line.Unit(), Tax: deref(line.Tax)}
	}
	return items, nil
}

// refOf names an attempt at its vendor.
func refOf(a *ent.Attempt) providers.Ref {
	return providers.Ref{OrderNumber: a.OrderNumber, ProviderRef: deref(a.ProviderRef), OfCustomer: a.SavesCard || a.CardID != nil}
}

// describe is the one line that a payer reads on the provider's page.
func (s *Service) describe(ctx context.Context, b *ent.Bill) (string, error) {
	if b.ProductID != nil {
		product, err := s.Catalogue.Cached(viewer.AsProgram(ctx), b.MerchantID, *b.ProductID)
		if err != nil {
			return "", fmt.Errorf("find the product of bill %s: %w", b.ID, err)
		}
		return product.Title, nil
	}
	lines, err := s.linesOf(ctx, b.ID)
	if err != nil {
		return "", err
	}
	if len(lines) > 1 {
		return fmt.Sprintf("%s + %d", lines[0].Title, len(lines)-1), nil
	}
	return lines[0].Title, nil
}
