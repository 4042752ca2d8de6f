package check_test

import (
	"context"
	"testing"
	"time"

	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// refunds is what a world has of money that went back, or is on its way.
type refunds struct {
	returned  payment            // a page, paid, given, and given back in full
	part      payment            // given back in part, after a try that was refused; more waits for a second person
	excess    payment            // too much was taken, and what was too much went back by a person's word
	unpaid    pay.SubscriptionID // ended because its only period was given back
	takenBack pay.AttemptID      // of a gift's bill, whose refund is in doubt
	back      map[string]pay.RefundID
}

// The refunds, by what they show.
const (
	backAll     = "all"     // of returned
	backPart    = "part"    // of part, done
	backRefused = "refused" // of part, before that
	backWaiting = "waiting" // of part, for approval
	backExcess  = "excess"  // of excess
	backTopUp   = "top-up"  // of a top-up's money, which left the wallet
	backWallet  = "wallet"  // of what was paid from a wallet
	backGift    = "gift"    // of a gift, in doubt
	backPeriod  = "period"  // of a subscription's only period
)

// back is one refund to be inserted.
type back struct {
	payment

	amount int64
	status pay.RefundStatus
	source pay.AccountKind
	all    bool
	review *pay.ReviewCaseID
}

// seedBack inserts a refund, what it changes of its attempt and bill, its operation,
// its posting when the money is back, and its job when it is yet to be sent.
func (w *world) seedBack(ctx context.Context, tx *store.Tx, name string, b back) error {
	id, operation := pay.NewRefundID(tx.Now), pay.NewOperationID(tx.Now)
	if w.back == nil {
		w.back = map[string]pay.RefundID{}
	}
	w.back[name] = id
	create := tx.Refund.Create().SetID(id).SetMerchantID(w.merchant).SetBillID(b.bill).SetAttemptID(b.attempt).SetNillableReviewID(b.review).
		SetStatus(b.status).SetCurrency("RUB").SetAmountMinor(b.amount).SetSource(b.source).SetReturnsAll(b.all).SetReason("test").
		SetRequestedBy("FINANCE user_1").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
	var sent *pay.OperationStatus
	var err error
	set := `refunding_minor = refunding_minor + ?`
	switch b.status {
	case pay.RefundSucceeded:
		sent = new(pay.OperationSucceeded)
		set = `refunded_minor = refunded_minor + ?`
		create.SetResolvedAt(tx.Now)
	case pay.RefundFailed:
		sent = new(pay.OperationDeclined)
		set = `refunded_minor = refunded_minor + 0 * ?`
		create.SetResolvedAt(tx.Now)
	case pay.RefundSent:
		sent = new(pay.OperationCreated)
	case pay.RefundUnknown:
		sent = new(pay.OperationUnknown)
	case pay.RefundAwaitingApproval, pay.RefundRequested:
		err = w.seedJob(ctx, tx, "refund.send", id.String())
	}
	if b.attempt == w.spent.attempt {
		sent = nil // nothing is sent for what goes back into a wallet
	}
	if sent != nil {
		create.SetOperationID(operation)
		op := tx.Operation.Create().SetID(operation).SetAttemptID(b.attempt).SetKind(pay.OperationRefund).SetStatus(*sent).
			SetAmountMinor(b.amount).SetCurrency("RUB").SetCreatedAt(tx.Now)
		if b.status.IsOpen() {
			err = firstError(err, exec(ctx, tx, `UPDATE attempts SET doubt_since = ? WHERE id = ?`, tx.Now, b.attempt))
		} else {
			op.SetResolvedAt(tx.Now)
		}
		err = firstError(err, op.Exec(ctx))
	}
	err = firstError(err, create.Exec(ctx),
		exec(ctx, tx, `UPDATE attempts SET `+set+` WHERE id = ?`, b.amount, b.attempt),
		exec(ctx, tx, `UPDATE bills SET `+set+` WHERE id = ?`, b.amount, b.bill))
	if b.status != pay.RefundSucceeded || b.attempt == w.spent.attempt {
		return err
	}
	w.book.of(b.attempt).RefundedMinor += b.amount
	return firstError(err,
		w.seedEntry(ctx, tx, "refund/"+id.String(), 0, b.source, "RUB", -b.amount, &b.bill, nil),
		w.seedEntry(ctx, tx, "refund/"+id.String(), 1, pay.AccountClearing, "RUB", b.amount, &b.bill, nil))
}

func (w *world) seedReturned(ctx context.Context, tx *store.Tx) (err error) {
	w.returned.bill, err = w.seedBill(ctx, tx, 1000, pay.BillPending, pay.BillPending, pay.BillPaid, pay.BillDone, pay.BillRefunded)
	if err != nil {
		return err
	}
	if w.returned.attempt, err = w.seedCapture(ctx, tx, w.returned.bill, true, 1000, "RUB", pay.AccountSales); err != nil {
		return err
	}
	return firstError(
		w.seedEntitlement(ctx, tx, w.returned.bill, "resource", "news"),
		w.seedEntitlement(ctx, tx, w.returned.bill, "page", "p1"),
		exec(ctx, tx, `UPDATE entitlements SET revoked_at = ? WHERE bill_id = ?`, tx.Now, w.returned.bill),
		w.seedBack(ctx, tx, backAll, back{payment: w.returned, amount: 1000, status: pay.RefundSucceeded, source: pay.AccountRefunds, all: true}),
		tx.IdempotencyRecord.Create().SetID(pay.NewIdempotencyRecordID(tx.Now)).SetMerchantID(w.merchant).SetPrincipal("key_1").
			SetMutation("refundCreate").SetKey("r1").SetInputHash([]byte{1}).SetObjectID(w.back[backAll].String()).SetFinishedAt(tx.Now).SetCreatedAt(tx.Now).Exec(ctx))
}

func (w *world) seedPart(ctx context.Context, tx *store.Tx) (err error) {
	w.part.bill, err = w.seedBill(ctx, tx, 1000, pay.BillPending, pay.BillPending, pay.BillPaid, pay.BillDone)
	if err != nil {
		return err
	}
	if w.part.attempt, err = w.seedCapture(ctx, tx, w.part.bill, true, 1000, "RUB", pay.AccountSales); err != nil {
		return err
	}
	return firstError(
		w.forAnAmount(ctx, tx, w.part.bill),
		w.seedBack(ctx, tx, backRefused, back{payment: w.part, amount: 700, status: pay.RefundFailed, source: pay.AccountRefunds}),
		w.seedBack(ctx, tx, backPart, back{payment: w.part, amount: 300, status: pay.RefundSucceeded, source: pay.AccountRefunds}),
		w.seedBack(ctx, tx, backWaiting, back{payment: w.part, amount: 200, status: pay.RefundAwaitingApproval, source: pay.AccountRefunds}))
}

func (w *world) seedExcess(ctx context.Context, tx *store.Tx) (err error) {
	w.excess.bill, err = w.seedBill(ctx, tx, 1200, pay.BillPending, pay.BillAmountMismatch, pay.BillPaid, pay.BillDone)
	if err != nil {
		return err
	}
	if w.excess.attempt, err = w.seedCapture(ctx, tx, w.excess.bill, true, 1200, "RUB", pay.AccountSuspense); err != nil {
		return err
	}
	if err = firstError(w.forAnAmount(ctx, tx, w.excess.bill), w.seedCase(ctx, tx, pay.ReviewAmountMismatch, w.excess, "RUB"), resolveCase(ctx, tx, "REFUND_EXCESS", w.excess)); err != nil {
		return err
	}
	asked, err := tx.ReviewCase.Query().Where(reviewcase.AttemptID(w.excess.attempt)).Only(ctx)
	if err != nil {
		return err
	}
	return firstError(
		w.seedEntry(ctx, tx, "accept/"+w.excess.attempt.String(), 0, pay.AccountSuspense, "RUB", -1000, &w.excess.bill, nil),
		w.seedEntry(ctx, tx, "accept/"+w.excess.attempt.String(), 1, pay.AccountSales, "RUB", 1000, &w.excess.bill, nil),
		w.seedBack(ctx, tx, backExcess, back{payment: w.excess, amount: 200, status: pay.RefundSucceeded, source: pay.AccountSuspense, review: &asked.ID}))
}

// newReturns is a shop that has given money back.
func newReturns(t *testing.T, url string) *world {
	t.Helper()
	w := newShop(t, url)
	w.giveBack(t)
	return w
}

// giveBack gives back a top-up, a payment from a wallet, a gift and a subscription.
func (w *world) giveBack(t *testing.T) {
	t.Helper()
	for _, step := range []func(ctx context.Context, tx *store.Tx) error{w.seedBackTopUp, w.seedBackGift, w.seedBackPeriod} {
		w.inTx(t, step)
		w.clock.Advance(time.Hour)
	}
}

// seedBackTopUp gives back 300 of a top-up of 1000, out of the wallet that it filled,
// and 400 of what was paid from the wallet, into it.
func (w *world) seedBackTopUp(ctx context.Context, tx *store.Tx) error {
	err := firstError(
		w.seedBack(ctx, tx, backTopUp, back{payment: w.topUp, amount: 300, status: pay.RefundSucceeded, source: pay.AccountRefunds}),
		w.seedBack(ctx, tx, backWallet, back{payment: w.spent, amount: 400, status: pay.RefundSucceeded, source: pay.AccountRefunds}))
	out, into := w.back[backTopUp].String(), w.back[backWallet].String()
	return firstError(err,
		w.seedEntry(ctx, tx, "refund_hold/"+out, 0, pay.AccountWalletAvailable, "RUB", -300, &w.topUp.bill, nil),
		w.seedEntry(ctx, tx, "refund_hold/"+out, 1, pay.AccountWalletHeld, "RUB", 300, &w.topUp.bill, nil),
		w.seedEntry(ctx, tx, "refund_revoke/"+out, 0, pay.AccountWalletHeld, "RUB", -300, &w.topUp.bill, new(int64(270))),
		w.seedEntry(ctx, tx, "refund_revoke/"+out, 1, pay.AccountRefunds, "RUB", 300, &w.topUp.bill, nil),
		w.seedEntry(ctx, tx, "refund/"+into, 0, pay.AccountRefunds, "RUB", -400, &w.spent.bill, nil),
		w.seedEntry(ctx, tx, "refund/"+into, 1, pay.AccountWalletAvailable, "RUB", 400, &w.spent.bill, new(int64(670))),
		exec(ctx, tx, `UPDATE wallets SET available_minor = 670`))
}

// seedBackGift inserts a gift whose refund is in doubt, and which is VOIDED for it; a
// person was asked.
func (w *world) seedBackGift(ctx context.Context, tx *store.Tx) error {
	bought, err := tx.Bill.Get(ctx, w.giftBills[notGiven])
	if err != nil {
		return err
	}
	if err := w.seedGift(ctx, tx, takenBack, *bought.ProductID); err != nil {
		return err
	}
	bill := w.giftBills[takenBack]
	taken, err := tx.Attempt.Query().Where(attempt.BillID(bill)).Only(ctx)
	if err != nil {
		return err
	}
	p := payment{bill: bill, attempt: taken.ID}
	w.takenBack = p.attempt
	return firstError(
		exec(ctx, tx, `UPDATE gifts SET status = 'VOIDED', voided_at = ? WHERE id = ?`, tx.Now, w.gifts[takenBack]),
		w.seedBack(ctx, tx, backGift, back{payment: p, amount: 1000, status: pay.RefundUnknown, source: pay.AccountRefunds, all: true}),
		w.seedCase(ctx, tx, pay.ReviewInDoubt, p, "RUB"))
}

// seedBackPeriod inserts a subscription that ended because its only period was given
// back.
func (w *world) seedBackPeriod(ctx context.Context, tx *store.Tx) error {
	const day = 24 * time.Hour
	of, err := tx.BillingSubscription.Get(ctx, w.subscription)
	if err != nil {
		return err
	}
	id, ends := pay.NewSubscriptionID(tx.Now), tx.Now.Add(30*day)
	w.unpaid = id
	bill, err := w.seedBill(ctx, tx, 1000, pay.BillPending, pay.BillPending, pay.BillPaid, pay.BillDone, pay.BillRefunded)
	if err != nil {
		return err
	}
	taken, err := w.seedCapture(ctx, tx, bill, true, 1000, "RUB", pay.AccountSales)
	return firstError(err,
		tx.BillingSubscription.Create().SetID(id).SetMerchantID(w.merchant).SetUserID(w.user).SetProductID(of.ProductID).SetPriceID(of.PriceID).
			SetStatus(pay.SubscriptionCanceled).SetTimeZone("UTC").SetInterval(of.Interval).SetEndedAt(tx.Now).
			SetCurrentPeriodStart(tx.Now).SetCurrentPeriodEnd(ends).SetVersion(2).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx),
		w.seedVersions(ctx, tx, id.String(), "ACTIVE", "CANCELED"),
		exec(ctx, tx, `UPDATE bills SET product_id = ?, page_id = NULL, subscription_id = ?, period_start = ?, period_end = ? WHERE id = ?`, of.ProductID, id, tx.Now, ends, bill),
		tx.SubscriptionPeriod.Create().SetSubscriptionID(id).SetKind("paid").SetStartsAt(tx.Now).SetEndsAt(ends).SetBillID(bill).SetCreatedAt(tx.Now).Exec(ctx),
		tx.Entitlement.Create().SetID(pay.NewEntitlementID(tx.Now)).SetMerchantID(w.merchant).SetSubscriptionID(id).SetUserID(w.user).
			SetKind("resource").SetResource("news").SetGrantedAt(tx.Now).SetExpiresAt(tx.Now).Exec(ctx),
		w.seedBack(ctx, tx, backPeriod, back{payment: payment{bill, taken}, amount: 1000, status: pay.RefundSucceeded, source: pay.AccountRefunds, all: true}))
}

// attemptOf returns a bill's only attempt.
func (s *spoiler) attemptOf(bill pay.BillID) pay.AttemptID {
	found, err := s.tx.Attempt.Query().Where(attempt.BillID(bill)).Only(s.ctx)
	if err != nil {
		s.do(err)
		return pay.AttemptID{}
	}
	return found.ID
}
