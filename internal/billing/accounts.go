package billing

import (
	"context"
	"slices"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Providers returns the accounts that the viewer can choose among, in the order in which
// they are tried when nobody chooses: those that take the amount, and that have the
// capability, where these are given. A rule about certain products says nothing here.
func (s *Service) Providers(ctx context.Context, amount *pay.Money, capability *string) ([]providers.Account, error) {
	v := viewer.From(ctx)
	own := s.Accounts.Of(v.Merchant)
	var of providers.Purchase
	if amount != nil {
		of.Amount = *amount
	}
	tried := providers.Order(own, s.routesOf(v.Merchant), s.defaultOf(ctx, v.Merchant), of)
	if route, found := providers.RouteOf(s.routesOf(v.Merchant), of); found && (!route.Fixed || v.Role.IsMerchantSide()) {
		tried = append(tried, slices.DeleteFunc(slices.Clone(own), func(a providers.Account) bool { return isAmong(tried, a) })...)
	}
	return slices.DeleteFunc(tried, func(a providers.Account) bool {
		can := a.Capabilities()
		return amount != nil && !can.Allows(*amount) || capability != nil && !slices.Contains(can.Words(), *capability)
	}), nil
}

func isAmong(list []providers.Account, one providers.Account) bool {
	return slices.ContainsFunc(list, func(a providers.Account) bool { return a.Code == one.Code })
}

// Account returns the account that an attempt or a review case went through;
// false when it is no longer configured.
func (s *Service) Account(code string) (providers.Account, bool) { return s.Accounts.ByCode(code) }
