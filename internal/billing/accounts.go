package billing

import (
	"context"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Providers returns the accounts that the viewer's payers can choose among, the
// merchant's default first: those that take the amount, and that have the
// capability, where these are given.
func (s *Service) Providers(ctx context.Context, amount *pay.Money, capability *string) ([]providers.Account, error) {
	merchant := viewer.From(ctx).Merchant
	own := slices.DeleteFunc(s.Accounts.Of(merchant), func(a providers.Account) bool {
		can := a.Provider.Capabilities()
		return amount != nil && !can.Allows(*amount) || capability != nil && !slices.Contains(can.Words(), *capability)
	})
	if len(own) < 2 {
		return own, nil
	}
	m, err := s.Merchants.Cached(viewer.AsProgram(ctx), merchant)
	if err != nil {
		return nil, fmt.Errorf("find merchant %s: %w", merchant, err)
	}
	slices.SortStableFunc(own, func(a, b providers.Account) int {
		return isDefault(b, m.DefaultProvider) - isDefault(a, m.DefaultProvider)
	})
	return own, nil
}

func isDefault(a providers.Account, code string) int {
	if a.Code == code {
		return 1
	}
	return 0
}

// Account returns the account that an attempt or a review case went through;
// false when it is no longer configured.
func (s *Service) Account(code string) (providers.Account, bool) { return s.Accounts.ByCode(code) }
