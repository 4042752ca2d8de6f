package billing

import (
	"context"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// CheckPayment returns all that is wrong with what a caller says of a payment whose
// bill, of a subscription's first period, another package is about to make: the payer,
// where they come back to and, with onPage, the provider whose page is to be opened. It
// asks nobody and writes nothing. The errors are for a person to read.
func (s *Service) CheckPayment(ctx context.Context, merchant pay.MerchantID, user pay.UserID, of providers.Purchase, onPage bool, in PageRequest) ([]*pay.Error, error) {
	check := &checks{}
	check.add(checkPayer(ctx, in.Payer)...)
	if in.ReturnURL != nil {
		check.add(s.checkReturnURL(ctx, merchant, *in.ReturnURL))
	}
	if onPage {
		_, refused, err := s.byPage(ctx, merchant, &user, in.Provider, of, need{saving: in.SaveCard, oneStage: true})
		if check.add(err); refused != nil {
			check.add(refused)
		}
	}
	return check.found, check.internal
}

// CheckCharges returns why a saved card at the account cannot be charged the amount
// for one period of a subscription after the other; nil when it can. It asks nobody.
// The error is for a person to read.
func (s *Service) CheckCharges(account string, total pay.Money) *pay.Error {
	of, known := s.Accounts.ByCode(account)
	if !known {
		return accountNotSetUp()
	}
	can := of.Capabilities()
	switch {
	case !can.Can(providers.OpChargeSaved) || !can.Allows(total):
		return pay.Errorf(pay.CodeUnsupported, "card.amount_unsupported", "The provider that keeps this card does not take %s.", total)
	case can.TwoStage:
		return twoStageRefused()
	}
	return nil
}
