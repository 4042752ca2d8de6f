package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// PeriodBill is the bill for one period of a subscription.
type PeriodBill struct {
	Merchant     pay.MerchantID
	User         pay.UserID
	Product      *ent.Product
	Price        *ent.Price
	Subscription pay.SubscriptionID
	Start, End   time.Time // the period that it pays
	Expires      time.Time // as long as it may be paid
	Locale       *string
	ReturnURL    *string
}

// InsertPeriodBill inserts within tx the bill of a period, once for each
// subscription and beginning: when it is there it is returned as it is. When two
// transactions insert it at once the slower gets an error that
// store.IsUniqueViolation recognises; its repeat finds the bill.
func (s *Service) InsertPeriodBill(ctx context.Context, tx *store.Tx, in PeriodBill) (*ent.Bill, error) {
	start := pay.Instant(in.Start)
	known, err := tx.Bill.Query().Where(bill.SubscriptionID(in.Subscription), bill.PeriodStart(start)).Only(ctx)
	if err == nil || !ent.IsNotFound(err) {
		return known, err
	}
	total := in.Price.Amount()
	return s.insertBill(ctx, tx, pay.NewBillID(tx.Now), &plan{
		in:       NewBill{Payer: Payer{Locale: in.Locale}, ReturnURL: in.ReturnURL},
		merchant: in.Merchant, user: &in.User, product: &in.Product.ID, price: &in.Price.ID,
		total: total, lines: []NewLine{{Title: in.Product.Title, Quantity: 1, Unit: total}},
		expires: pay.Instant(in.Expires), period: &in,
	})
}

// CancelPeriodBill ends within tx the bill of a period that will not be paid. It
// reports false, and changes nothing, when the bill is paid meanwhile or money for
// it is in doubt.
func (s *Service) CancelPeriodBill(ctx context.Context, tx *store.Tx, id pay.BillID) (bool, error) {
	b, err := tx.Bill.Get(ctx, id)
	if err != nil {
		return false, fmt.Errorf("read bill %s: %w", id, err)
	}
	if b.Status == pay.BillCanceled || b.Status == pay.BillExpired || b.Status == pay.BillFailed {
		return true, nil
	}
	if b.Status != pay.BillPending {
		return false, nil
	}
	err = s.endPending(ctx, tx, b, move{To: pay.BillCanceled, Reason: "bill.canceled"})
	if pay.CodeOf(err) == pay.CodeConflict || errors.Is(err, store.ErrRaced) { // in doubt, or just paid
		return false, nil
	}
	return err == nil, err
}

// endPending ends a PENDING bill within tx: its page, which may still be open, is
// only watched from now on. It returns CodeConflict while money is in doubt.
func (s *Service) endPending(ctx context.Context, tx *store.Tx, b *ent.Bill, to move) error {
	// Before the attempts are read: a charge that is being committed is seen, or waits.
	if err := keepStill(ctx, tx, b); err != nil {
		return err
	}
	current, err := tx.Attempt.Query().Where(attempt.BillID(b.ID), attempt.Current(true)).All(ctx)
	if err != nil {
		return fmt.Errorf("read the current attempt of bill %s: %w", b.ID, err)
	}
	for _, a := range current {
		if a.Status.MayHaveTaken() {
			return errInDoubt()
		}
		if err := s.supersede(ctx, tx, a); err != nil {
			return err
		}
	}
	return s.advance(ctx, tx, b, to)
}

// ChargePeriod charges a saved card for the bill of a period: the charge numbered
// try, which is made once, ever. Repeating it after a crash charges nothing new;
// an attempt that a crash left in doubt is resolved by asking. What it came to is
// read from the bill and AttemptOfTry, and every change is told to the observers.
//
// It returns the typed error of a card that cannot be charged, CodeConflict while
// an earlier attempt is in doubt, and CodeStateConflict when the bill is over. It
// waits on the provider and must not be called inside a transaction.
func (s *Service) ChargePeriod(ctx context.Context, id pay.BillID, card pay.CardID, try int, initiator providers.Initiator, payer Payer, returnURL *string) error {
	ctx = viewer.AsProgram(ctx)
	known, err := s.AttemptOfTry(ctx, id, try)
	if known != nil || err != nil {
		return err
	}
	b, err := s.Store.Read().Bill.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("read bill %s: %w", id, err)
	}
	if !b.Status.IsPayable() {
		return notAllowed(ctx, b, pay.ActionPay)
	}
	of, err := s.purchaseOf(ctx, b)
	if err != nil {
		return err
	}
	o, refused, err := s.byCard(ctx, b.MerchantID, b.UserID, card, of)
	if err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	o.Try, o.Initiator, o.Payer, o.ReturnURL = &try, initiator, payer, returnURL
	outcome, err := s.charge(ctx, keyless{}, id, o, nil)
	if err != nil {
		return err
	}
	for _, e := range outcome.Errors {
		if e.Code == pay.CodeConflict || e.Code == pay.CodeStateConflict { // nothing was begun
			return e
		}
	}
	return nil
}

// AttemptOfTry returns the charge of a period's bill that has the number, nil when
// there is none.
func (s *Service) AttemptOfTry(ctx context.Context, id pay.BillID, try int) (*ent.Attempt, error) {
	a, err := s.Store.Read().Attempt.Query().Where(attempt.BillID(id), attempt.ChargeTry(try)).Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("read charge %d of bill %s: %w", try, id, err)
	}
	return a, nil
}

// PageRequest is what the page of a bill that is there is opened with.
type PageRequest struct {
	Provider  *string // nil: the merchant's default
	Payer     Payer
	ReturnURL *string
	SaveCard  bool // what pays is saved as a card of the bill's user
}

// OpenPage opens the provider's page for a bill, or leaves the one that is open as
// it is. It may be repeated. It waits on the provider and must not be called
// inside a transaction. The errors are for a person to read.
func (s *Service) OpenPage(ctx context.Context, id pay.BillID, in PageRequest) ([]*pay.Error, error) {
	ctx = viewer.AsProgram(ctx)
	b, err := s.Store.Read().Bill.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read bill %s: %w", id, err)
	}
	if !b.Status.IsPayable() {
		return asList(notAllowed(ctx, b, pay.ActionPay)), nil
	}
	of, err := s.purchaseOf(ctx, b)
	if err != nil {
		return nil, err
	}
	o, refused, err := s.byPage(ctx, b.MerchantID, b.UserID, in.Provider, of, need{saving: in.SaveCard, oneStage: b.SubscriptionID != nil})
	if refused != nil || err != nil {
		return asList(refused), err
	}
	o.Payer, o.ReturnURL, o.Email = in.Payer, in.ReturnURL, b.Email
	outcome, err := s.open(ctx, keyless{}, id, o, nil)
	if err != nil {
		return nil, err
	}
	return outcome.Errors, nil
}
