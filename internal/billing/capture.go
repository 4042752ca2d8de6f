package billing

import (
	"context"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// NewCapture is one wish to take held money.
type NewCapture struct {
	Key    string `json:"-"`
	Bill   string
	Amount *pay.Money // nil: all of it
}

// Capture takes the money that an AUTHORIZED bill holds, all of it or less. What
// is not taken goes back to the payer.
//
// Repeating it with the same key and input captures once. It waits on the
// provider and must not be called inside a transaction. Outcome.Errors:
// CodeStateConflict when nothing is held, CodeInvalid for an amount out of range,
// CodeConflict while another operation runs, CodeDeclined, and
// CodeProviderUnavailable when the answer was lost: the bill then says what
// became of it as soon as the provider does.
func (s *Service) Capture(ctx context.Context, in NewCapture) (*Outcome, error) {
	c, done, err := s.claimKey(ctx, "billCapture", in.Key, in)
	if done != nil || err != nil {
		return done, err
	}
	b, refused, err := s.visible(ctx, in.Bill, "bill")
	if refused != nil || err != nil {
		return refused, err
	}
	if b.Status != pay.BillAuthorized && !c.IsTakenOver() {
		return &Outcome{Bill: b.ID, Errors: asList(notAllowed(ctx, b, pay.ActionCapture))}, nil
	}
	amount := b.Total()
	if in.Amount != nil {
		amount = *in.Amount
	}
	if amount.Currency != b.Currency {
		return &Outcome{Bill: b.ID, Errors: asList(pay.Invalid("capture.currency_differs", "The bill is in another currency.", "amount", "currency"))}, nil
	}
	if amount.Amount < 1 || amount.Amount > b.TotalMinor {
		return &Outcome{Bill: b.ID, Errors: asList(pay.Invalid("capture.amount_range", "At least 1 minor unit and at most what is held.", "amount", "amount"))}, nil
	}
	return s.operate(ctx, c, b, pay.OperationCapture, amount, func(ctx context.Context, p providers.Provider, ref providers.Ref, handle string) (providers.Result, error) {
		capturer, err := providers.As[providers.Capturer](p, providers.OpCapture)
		if err != nil {
			return providers.Result{}, err
		}
		return capturer.Capture(ctx, ref, handle, amount)
	})
}
