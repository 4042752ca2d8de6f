package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// ofWallets stands for the provider and the account of attempts that are paid
// from a wallet: there is none.
const ofWallets = "wallet"

// payFromWallet takes a bill's total out of a wallet, under the caller's key. The
// hold, the posting and every status are one transaction, so there is nothing in
// between that could be in doubt. It returns CodeInsufficientFunds, with nothing
// changed, when the wallet has less than the total available.
func (s *Service) payFromWallet(ctx context.Context, c keyed, id pay.BillID, o opening, insert insertFunc) (*Outcome, error) {
	if insert == nil {
		if err := s.askBeforeCharge(ctx, id, o); err != nil {
			return s.ended(ctx, c, id, nil, err)
		}
	}
	err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := c.Begin(ctx, tx, id.String()); err != nil {
			return err
		}
		b, err := s.billToPayAtOnce(ctx, tx, id, o, insert)
		if err != nil {
			return err
		}
		a, err := s.newAttempt(ctx, tx, b, o)
		if err != nil {
			return err
		}
		if _, err := s.Ledger.Post(ctx, tx, b.MerchantID, &b.ID, pay.WalletHoldTransfer(a.ID, *o.Wallet, a.Amount())); err != nil {
			return blameWallet(err)
		}
		if err := s.settle(ctx, tx, a.ID, providers.Result{Status: providers.Captured, Captured: a.Amount()}); err != nil {
			return err
		}
		err = c.Finish(ctx, tx)
		crashpoint.Here(crashpoint.WalletPaying)
		return err
	})
	crashpoint.Here(crashpoint.WalletPaid)
	return s.ended(ctx, c, id, nil, err)
}

// blameWallet names the input that a refusal of the ledger is about.
func blameWallet(err error) error {
	if refused, ok := errors.AsType[*pay.Error](err); ok && refused.Code == pay.CodeInsufficientFunds {
		return refused.At("payWith", "wallet")
	}
	return fmt.Errorf("hold money in a wallet: %w", err)
}

// captureTransfer books captured money: out of the wallet where it was held, or as
// what the provider owes.
func captureTransfer(a *ent.Attempt, to pay.AccountKind, captured pay.Money) pay.Transfer {
	if a.WalletID != nil {
		return pay.WalletCaptureTransfer(a.ID, *a.WalletID, to, captured)
	}
	return pay.CaptureTransfer(a.ID, a.Account, to, captured)
}
