package subscriptions_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// answer is what the bank of fakeBills says to a charge.
type answer struct {
	status  pay.AttemptStatus // CAPTURED, DECLINED, FAILED, UNKNOWN or ACTION_REQUIRED
	decline string
}

var approved = answer{status: pay.AttemptCaptured}

func declined(code string) answer { return answer{status: pay.AttemptDeclined, decline: code} }

// fakeBills keeps billing's promises on the real tables, without a provider: a
// bill once for each beginning, a charge once for each number, observers in the
// transaction of each version. What a charge comes to is the bank's word.
type fakeBills struct {
	store    *store.Store
	observer billing.Observer
	fulfil   billing.Fulfiller
	busy     bool  // a page of the bill is being paid: no charge is made
	settles  bool  // a paid bill is fulfilled at once
	taken    error // what the process dies of after a charge was made, once
	dies     error // what it dies of before that, once

	nextNumber func(pay.SubscriptionID) // hears of a subscription when its first bill is made

	mu      sync.Mutex
	bank    func(b *ent.Bill, try int) answer
	charges map[pay.BillID]int // how often the bank was asked
	pages   []billing.PageRequest
}

func (f *fakeBills) CheckCharges(_ string, total pay.Money) *pay.Error {
	if total.Currency == pay.KZT {
		return pay.Errorf(pay.CodeUnsupported, "card.amount_unsupported", "Not that.")
	}
	return nil
}

func (f *fakeBills) CheckPayment(_ context.Context, _ pay.MerchantID, _ pay.UserID, _ providers.Purchase, _ bool, in billing.PageRequest) ([]*pay.Error, error) {
	if in.ReturnURL != nil {
		return []*pay.Error{pay.Invalid("return_url.foreign", "Not there.", "returnUrl")}, nil
	}
	return nil, nil
}

func (f *fakeBills) InsertPeriodBill(ctx context.Context, tx *store.Tx, in billing.PeriodBill) (*ent.Bill, error) {
	known, err := tx.Bill.Query().Where(bill.SubscriptionID(in.Subscription), bill.PeriodStart(pay.Instant(in.Start))).Only(ctx)
	if err == nil || !ent.IsNotFound(err) {
		return known, err
	}
	if f.nextNumber != nil {
		f.nextNumber(in.Subscription)
	}
	total := in.Price.Amount()
	b, err := tx.Bill.Create().SetID(pay.NewBillID(tx.Now)).SetMerchantID(in.Merchant).SetUserID(in.User).
		SetProductID(in.Product.ID).SetPriceID(in.Price.ID).SetStatus(pay.BillPending).
		SetCurrency(total.Currency).SetTotalMinor(total.Amount).SetSubscriptionID(in.Subscription).
		SetPeriodStart(pay.Instant(in.Start)).SetPeriodEnd(pay.Instant(in.End)).SetExpiresAt(pay.Instant(in.Expires)).
		SetVersion(1).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	return b, f.observer.BillMoved(ctx, tx, b, nil)
}

func (f *fakeBills) CancelPeriodBill(ctx context.Context, tx *store.Tx, id pay.BillID) (bool, error) {
	b, err := tx.Bill.Query().Where(bill.ID(id)).WithAttempts().Only(ctx)
	if err != nil {
		return false, err
	}
	switch b.Status {
	case pay.BillCanceled, pay.BillExpired, pay.BillFailed:
		return true, nil
	case pay.BillAuthorized, pay.BillPaid, pay.BillDone, pay.BillAmountMismatch, pay.BillRefunded:
		return false, nil
	case pay.BillPending:
	}
	for _, a := range b.Edges.Attempts {
		if a.Status == pay.AttemptUnknown || a.Status == pay.AttemptCreated {
			return false, nil
		}
	}
	return true, f.move(ctx, tx, b, pay.BillCanceled)
}

// move writes the next version of a bill and tells the observer.
func (f *fakeBills) move(ctx context.Context, tx *store.Tx, b *ent.Bill, to pay.BillStatus) error {
	from := b.Status
	n, err := tx.Bill.Update().Where(bill.ID(b.ID), bill.Version(b.Version)).
		SetStatus(to).SetVersion(b.Version + 1).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("bill %s was moved meanwhile", b.ID)
	}
	b.Status, b.Version = to, b.Version+1
	return f.observer.BillMoved(ctx, tx, b, &from)
}

func (f *fakeBills) ChargePeriod(ctx context.Context, id pay.BillID, card pay.CardID, try int, _ providers.Initiator, _ billing.Payer, _ *string) error {
	var b *ent.Bill
	if f.busy {
		return nil
	}
	if err := f.dies; err != nil {
		f.dies = nil
		return err
	}
	err := f.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if b, err = tx.Bill.Get(ctx, id); err != nil {
			return err
		}
		if !b.Status.IsPayable() {
			return pay.Errorf(pay.CodeStateConflict, "bill.action_not_allowed", "The bill is %s.", b.Status)
		}
		if found, err := tx.Card.Get(ctx, card); err != nil || found.Status == pay.CardRemoved {
			return pay.Errorf(pay.CodeStateConflict, "card.removed", "The card was removed.")
		}
		_, err = tx.Attempt.Create().SetID(pay.NewAttemptID(tx.Now)).SetMerchantID(b.MerchantID).SetBillID(id).
			SetProvider("fake").SetAccount("fake").SetOrderNumber(fmt.Sprintf("%s-%d", id, try)).SetCardID(card).
			SetChargeTry(try).SetStatus(pay.AttemptCreated).SetCurrent(false).SetTestMode(true).
			SetCurrency(b.Currency).SetAmountMinor(b.TotalMinor).SetWatchUntil(tx.Now).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		return f.move(ctx, tx, b, pay.BillPending)
	})
	if store.IsUniqueViolation(err) {
		return nil // it was made before, or is being made
	}
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.charges[id]++
	says, taken := f.bank(b, try), f.taken
	f.taken = nil
	f.mu.Unlock()
	if taken != nil {
		return taken
	}
	return f.record(ctx, id, try, says)
}

// record writes what the bank said, now or when the doubt ends.
func (f *fakeBills) record(ctx context.Context, id pay.BillID, try int, says answer) error {
	err := f.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u := tx.Attempt.Update().Where(attempt.BillID(id), attempt.ChargeTry(try)).SetStatus(says.status).SetUpdatedAt(tx.Now)
		if says.decline != "" {
			u.SetDeclineCode(says.decline).SetDeclineMessage("No.").SetDeclineRetry(pay.RetryOtherMethod)
		}
		if err := u.Exec(ctx); err != nil {
			return err
		}
		b, err := tx.Bill.Get(ctx, id)
		if err != nil {
			return err
		}
		if says.status == pay.AttemptCaptured && b.Status.CanBecome(pay.BillPaid) {
			return f.move(ctx, tx, b, pay.BillPaid)
		}
		return f.move(ctx, tx, b, b.Status)
	})
	if err != nil || !f.settles {
		return err
	}
	return f.FulfilNow(ctx, id)
}

// FulfilNow is billing's fulfilment.
func (f *fakeBills) FulfilNow(ctx context.Context, id pay.BillID) error {
	return f.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		b, err := tx.Bill.Query().Where(bill.ID(id)).WithProduct().Only(ctx)
		if err != nil || b.Status != pay.BillPaid {
			return err
		}
		if err := f.fulfil.Fulfil(ctx, tx, b, b.Edges.Product); err != nil {
			return err
		}
		return f.move(ctx, tx, b, pay.BillDone)
	})
}

func (f *fakeBills) AttemptOfTry(ctx context.Context, id pay.BillID, try int) (*ent.Attempt, error) {
	a, err := f.store.Read().Attempt.Query().Where(attempt.BillID(id), attempt.ChargeTry(try)).Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // as billing does
	}
	return a, err
}

func (f *fakeBills) OpenPage(_ context.Context, _ pay.BillID, in billing.PageRequest) ([]*pay.Error, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pages = append(f.pages, in)
	return nil, nil
}
