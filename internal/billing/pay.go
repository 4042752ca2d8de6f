package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// NewPayment is one wish to pay a bill that is there.
type NewPayment struct {
	Key       string `json:"-"`
	Bill      string
	PayWith   *PayWith
	Payer     Payer
	ReturnURL *string
	SaveCard  bool
}

// Pay pays a bill: by a saved card or from a wallet at once, else by opening a
// provider's page. While a page of the same provider is open and
// has refused no card it returns that one; otherwise a new attempt supersedes it.
// Money in doubt blocks.
//
// Repeating it with the same key and input returns the same result. It waits on
// the provider and must not be called inside a transaction. Outcome.Errors:
// CodeNotFound, CodeInvalid with the field, CodeStateConflict when the bill is
// not PENDING, CodeConflict while money is in doubt, CodeUnsupported, CodeDeclined,
// CodeProviderUnavailable.
func (s *Service) Pay(ctx context.Context, in NewPayment) (*Outcome, error) {
	c, done, err := s.claimKey(ctx, "billPay", in.Key, in)
	if done != nil || err != nil {
		return done, err
	}
	b, refused, err := s.visible(ctx, in.Bill, "bill")
	if refused != nil || err != nil {
		return refused, err
	}
	if errs, err := s.checkPayment(ctx, b, in); len(errs) > 0 || err != nil {
		return &Outcome{Bill: b.ID, Errors: errs}, err
	}
	o, err := s.wayOf(ctx, b, in.PayWith, in.SaveCard)
	if err != nil {
		return outcomeOf(b.ID, err)
	}
	o.Payer, o.Email, o.ReturnURL = in.Payer, b.Email, in.ReturnURL
	if o.ReturnURL == nil {
		o.ReturnURL = b.ReturnURL
	}
	return s.pay(ctx, c, b.ID, o, nil)
}

func (s *Service) checkPayment(ctx context.Context, b *ent.Bill, in NewPayment) ([]*pay.Error, error) {
	check := &checks{}
	if !b.Status.IsPayable() {
		check.add(notAllowed(ctx, b, "pay"))
	}
	check.add(checkPayWith(in.PayWith))
	check.add(checkPayer(ctx, in.Payer)...)
	if in.ReturnURL != nil {
		check.add(s.checkReturnURL(ctx, b.MerchantID, *in.ReturnURL))
	}
	return check.found, check.internal
}

// visible reads a bill that the caller may see. A malformed id, somebody else's
// bill and no bill at all answer alike.
func (s *Service) visible(ctx context.Context, raw string, field ...string) (*ent.Bill, *Outcome, error) {
	id, err := pay.ParseBillID(raw)
	if err != nil {
		return nil, refuse(pay.NotFound("bill", field...)), nil //nolint:nilerr // a malformed id is no such bill
	}
	b, err := s.Store.Read().Bill.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, refuse(pay.NotFound("bill", field...)), nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read bill %s: %w", id, err)
	}
	return b, nil, nil
}

// notAllowed says that the bill's status does not allow an action, and what it
// allows the caller instead.
func notAllowed(ctx context.Context, b *ent.Bill, action pay.BillAction) *pay.Error {
	allowed := []string{}
	for _, a := range b.Status.AllowedActions(viewer.From(ctx).Role) {
		allowed = append(allowed, string(a))
	}
	e := pay.Errorf(pay.CodeStateConflict, "bill.cannot_"+string(action), "A bill that is %s does not allow this.", b.Status)
	if b.Status == pay.BillPaid || b.Status == pay.BillDone {
		e.Key, e.Message, e.Retry = "bill.already_paid", "The bill is paid already.", pay.DoNotRetry
	}
	e.Detail = pay.StateDetail{From: string(b.Status), Allowed: allowed}
	return e
}
