package billing

import (
	"context"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// CheckPayment returns all that is wrong with what a caller says of a payment whose
// bill another package is about to make: the payer, where they come back to and,
// with onPage, the provider whose page is to be opened. It asks nobody and writes
// nothing. The errors are for a person to read.
func (s *Service) CheckPayment(ctx context.Context, merchant pay.MerchantID, user pay.UserID, total pay.Money, onPage bool, in PageRequest) ([]*pay.Error, error) {
	check := &checks{}
	check.add(checkPayer(in.Payer)...)
	if in.ReturnURL != nil {
		check.add(s.checkReturnURL(ctx, merchant, *in.ReturnURL))
	}
	if onPage {
		_, refused, err := s.byPage(ctx, merchant, &user, in.Provider, total, in.SaveCard)
		if check.add(err); refused != nil {
			check.add(refused)
		}
	}
	return check.found, check.internal
}

// Charges reports whether a saved card at the account can be charged the amount. It
// asks nobody.
func (s *Service) Charges(account string, total pay.Money) bool {
	of, known := s.Accounts.ByCode(account)
	return known && of.Provider.Capabilities().Can(providers.OpChargeSaved) && of.Provider.Capabilities().Allows(total)
}
