package billing

import (
	"context"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// chooseAccount picks the provider account for a purchase: among those that the
// caller names, where the merchant's rules let them, else among those that the
// merchant's rules name, the first that can do what is needed. It asks nobody. The
// error says what the one lacks that is nearest to it.
func (s *Service) chooseAccount(ctx context.Context, merchant pay.MerchantID, named *string, of providers.Purchase, need need) (providers.Account, *pay.Error) {
	own := s.Accounts.Of(merchant)
	var among []providers.Account
	if named == nil {
		among = providers.Order(own, s.routesOf(merchant), s.defaultOf(ctx, merchant), of)
	} else {
		var refused *pay.Error
		if among, refused = s.namedBy(ctx, own, *named, of); refused != nil {
			return providers.Account{}, refused
		}
	}
	nearest := lacksAmount
	for _, account := range among {
		lack := need.lackOf(account.Capabilities(), of.Amount)
		if lack == lacksNothing {
			return account, nil
		}
		nearest = min(nearest, lack)
	}
	return providers.Account{}, nearest.refusal(of.Amount, named != nil)
}

// namedBy returns those of the merchant's own accounts that a caller means by a name.
func (s *Service) namedBy(ctx context.Context, own []providers.Account, name string, of providers.Purchase) ([]providers.Account, *pay.Error) {
	among := providers.Named(own, name)
	if len(among) == 0 {
		return nil, pay.NotFound("provider", "payWith", "provider")
	}
	among = slices.DeleteFunc(among, func(a providers.Account) bool { return s.isKeptFrom(ctx, a, of) })
	if len(among) == 0 {
		return nil, notTheirsToChoose().At("payWith", "provider")
	}
	return among, nil
}

// isKeptFrom reports whether a rule's Fixed keeps the viewer, a payer, from an account.
func (s *Service) isKeptFrom(ctx context.Context, account providers.Account, of providers.Purchase) bool {
	v := viewer.From(ctx)
	route, found := providers.RouteOf(s.routesOf(account.Merchant), of)
	return found && route.Fixed && !v.Role.IsMerchantSide() && !v.IsProgram() && !slices.Contains(route.Accounts, account.Code)
}

func notTheirsToChoose() *pay.Error {
	return pay.Errorf(pay.CodeForbidden, "provider.not_yours_to_choose", "This bill is not paid through this provider.")
}

// lack is what an account cannot do of what is needed, the least first.
type lack int

const (
	lacksNothing lack = iota
	lacksOneStage
	lacksSaving
	lacksAmount
)

func (n need) lackOf(can providers.Capabilities, amount pay.Money) lack {
	switch {
	case !can.Allows(amount):
		return lacksAmount
	case n.saving && !can.SavesCards():
		return lacksSaving
	case n.oneStage && can.TwoStage:
		return lacksOneStage
	}
	return lacksNothing
}

// refusal is what a caller is told, who named the provider or left the choice to us.
func (l lack) refusal(amount pay.Money, named bool) *pay.Error {
	switch {
	case l == lacksOneStage:
		return twoStageRefused().At("payWith", "provider")
	case l == lacksSaving && named:
		return unsupported("card.saving_unsupported", "This provider saves no cards.", "saveCard")
	case l == lacksSaving:
		return unsupported("card.saving_unsupported", "No provider of this merchant saves cards.", "saveCard")
	case named:
		return pay.Errorf(pay.CodeUnsupported, "provider.amount_unsupported", "This provider does not take %s.", amount).At("payWith", "provider")
	}
	return pay.Errorf(pay.CodeUnsupported, "provider.none_for_currency", "No provider of this merchant takes %s.", amount).At("currency")
}

// routesOf returns the merchant's rules for choosing an account.
func (s *Service) routesOf(merchant pay.MerchantID) []providers.Route {
	if s.Routes == nil {
		return nil
	}
	return s.Routes(merchant)
}

// defaultOf returns the code of the account that the merchant prefers where no rule
// says otherwise; "" when there is none.
func (s *Service) defaultOf(ctx context.Context, merchant pay.MerchantID) string {
	m, err := s.Merchants.Cached(viewer.AsProgram(ctx), merchant)
	if err != nil {
		return ""
	}
	return m.DefaultProvider
}

// purchase is what a plan's account is chosen by.
func (p *plan) purchase() providers.Purchase {
	return providers.Purchase{Amount: p.total, Product: p.code, Kind: p.kind}
}

// purchaseOf is purchase for a bill that is there.
func (s *Service) purchaseOf(ctx context.Context, b *ent.Bill) (providers.Purchase, error) {
	of := providers.Purchase{Amount: b.Total()}
	if b.ProductID == nil {
		return of, nil
	}
	product, err := s.Catalogue.Cached(viewer.AsProgram(ctx), b.MerchantID, *b.ProductID)
	if err != nil {
		return of, fmt.Errorf("find the product of bill %s: %w", b.ID, err)
	}
	of.Product, of.Kind = product.Code, product.Kind
	return of, nil
}
