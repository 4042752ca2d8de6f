package check_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// world is a small database in which every promise holds, and the sandbox's book
// that agrees with it. Its rows are inserted one by one: nothing of what writes
// in earnest is used.
type world struct {
	clock    *storetest.Clock
	store    *store.Store
	book     *book
	merchant pay.MerchantID
	user     pay.UserID
	product  pay.ProductID
	wallet   pay.WalletID

	done     payment // a page, paid and given
	held     payment // a hold, captured for less than it held; nothing is to be given
	mismatch payment // too little was taken
	foreign  payment // taken in another currency
	late     payment // paid after it had expired
	accepted payment // paid after it was canceled, and accepted by a person; nothing is to be given
	twice    payment // paid by two attempts; attempt is the second; nothing is to be given
	pending  payment // its page is open

	refunds
	objects // what newShop adds
}

// payment is a bill and the attempt that matters in it.
type payment struct {
	bill    pay.BillID
	attempt pay.AttemptID
}

// run checks the world, with the book.
func (w *world) run(t *testing.T, options check.Options) *check.Report {
	t.Helper()
	options.Store, options.Sandbox = w.store, w.book.url
	report, err := check.Run(t.Context(), options)
	require.NoError(t, err)
	return report
}

func (w *world) inTx(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, w.store.InTx(t.Context(), f))
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	w := &world{clock: &storetest.Clock{}, book: newBook(t)}
	w.store = storetest.Open(t, url, w.clock)
	for _, step := range []func(ctx context.Context, tx *store.Tx) error{
		w.seedShop, w.seedDone, w.seedHeld, w.seedMismatch, w.seedForeign, w.seedLate, w.seedAccepted, w.seedTwice, w.seedPending, w.seedWallet,
		w.seedReturned, w.seedPart, w.seedExcess,
	} {
		w.inTx(t, step)
		w.clock.Advance(time.Hour) // nothing below is young when the check runs
	}
	return w
}

func (w *world) seedShop(ctx context.Context, tx *store.Tx) error {
	w.merchant, w.user, w.product = pay.NewMerchantID(tx.Now), pay.NewUserID(tx.Now), pay.NewProductID(tx.Now)
	return firstError(
		tx.Merchant.Create().SetID(w.merchant).SetCode("shop").SetName("Shop").SetTestMode(true).SetCreatedAt(tx.Now).Exec(ctx),
		tx.User.Create().SetID(w.user).SetMerchantID(w.merchant).SetExternalID("alice").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx),
		tx.Product.Create().SetID(w.product).SetMerchantID(w.merchant).SetCode("pages").SetKind(pay.ProductDirect).SetTitle("Pages").
			SetGrantResources([]string{"news"}).SetGrantPages("*").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx),
	)
}

// seedBill inserts a bill of 1000 RUB with its history and its messages. Path is
// every status of its versions.
func (w *world) seedBill(ctx context.Context, tx *store.Tx, paid int64, path ...pay.BillStatus) (pay.BillID, error) {
	id := pay.NewBillID(tx.Now)
	err := tx.Bill.Create().SetID(id).SetMerchantID(w.merchant).SetUserID(w.user).SetProductID(w.product).SetPageID("p1").
		SetStatus(path[len(path)-1]).SetVersion(len(path)).SetCurrency("RUB").SetTotalMinor(1000).SetPaidMinor(paid).
		SetExpiresAt(tx.Now.Add(100 * time.Hour)).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
	var from *pay.BillStatus
	for at, status := range path {
		err = firstError(err,
			tx.BillEvent.Create().SetBillID(id).SetMerchantID(w.merchant).SetVersion(at+1).SetNillableFrom(from).SetTo(status).
				SetReason("test").SetAt(tx.Now).Exec(ctx),
			w.seedMessage(ctx, tx, id, at+1))
		from = &path[at]
	}
	return id, err
}

// seedVersion inserts one more version of a bill, with its message.
func (w *world) seedVersion(ctx context.Context, tx *store.Tx, id pay.BillID, version int, from, to pay.BillStatus) error {
	return firstError(
		tx.BillEvent.Create().SetBillID(id).SetMerchantID(w.merchant).SetVersion(version).SetFrom(from).SetTo(to).SetReason("test").SetAt(tx.Now).Exec(ctx),
		w.seedMessage(ctx, tx, id, version))
}

func (w *world) seedMessage(ctx context.Context, tx *store.Tx, id pay.BillID, version int) error {
	return tx.OutboxMessage.Create().SetID(pay.NewOutboxMessageID(tx.Now)).SetMerchantID(w.merchant).SetTopic("bill.updated").
		SetObjectID(id.String()).SetVersion(version).SetCreatedAt(tx.Now).Exec(ctx)
}

// seedAttempt inserts an attempt at 1000 RUB with its START operation.
func (w *world) seedAttempt(ctx context.Context, tx *store.Tx, bill pay.BillID, status pay.AttemptStatus, current bool, captured int64) (pay.AttemptID, error) {
	id := pay.NewAttemptID(tx.Now)
	return id, firstError(
		tx.Attempt.Create().SetID(id).SetMerchantID(w.merchant).SetBillID(bill).SetProvider("payture").SetAccount("payture-main").
			SetOrderNumber(id.Suffix()).SetStatus(status).SetCurrent(current).SetTestMode(true).SetCurrency("RUB").
			SetAmountMinor(1000).SetCapturedMinor(captured).SetWatchUntil(tx.Now.Add(30*time.Minute)).SetAskedAt(tx.Now).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx),
		w.seedOperation(ctx, tx, id, pay.OperationStart, 1000))
}

func (w *world) seedOperation(ctx context.Context, tx *store.Tx, attempt pay.AttemptID, kind pay.OperationKind, amount int64) error {
	return tx.Operation.Create().SetID(pay.NewOperationID(tx.Now)).SetAttemptID(attempt).SetKind(kind).SetStatus(pay.OperationSucceeded).
		SetAmountMinor(amount).SetCurrency("RUB").SetCreatedAt(tx.Now).SetResolvedAt(tx.Now).Exec(ctx)
}

// seedCapture inserts a CAPTURED attempt, its posting, and what the book has. Its
// money lies on SALES, or on SUSPENSE when it is not what its bill waited for.
func (w *world) seedCapture(ctx context.Context, tx *store.Tx, bill pay.BillID, current bool, captured int64, currency pay.Currency, to pay.AccountKind) (pay.AttemptID, error) {
	id, err := w.seedAttempt(ctx, tx, bill, pay.AttemptCaptured, current, captured)
	w.book.add(entry{Provider: "payture", OrderRef: id.Suffix(), Kind: "payment", AmountMinor: 1000, CapturedMinor: captured, Currency: currency, Captures: 1, At: tx.Now})
	return id, firstError(err,
		w.seedEntry(ctx, tx, "capture/"+id.String(), 0, pay.AccountClearing, currency, -captured, &bill, nil),
		w.seedEntry(ctx, tx, "capture/"+id.String(), 1, to, currency, captured, &bill, nil))
}

// seedEntry inserts one leg of a transfer; after is all that the wallet has then,
// nil where the transfer leaves that as it was.
func (w *world) seedEntry(ctx context.Context, tx *store.Tx, transfer string, leg int, kind pay.AccountKind, currency pay.Currency, amount int64, bill *pay.BillID, after *int64) error {
	create := tx.LedgerEntry.Create().SetID(pay.NewLedgerEntryID(tx.Now)).SetMerchantID(w.merchant).SetTransfer(transfer).SetLeg(leg).
		SetKind(pay.EntryPurchase).SetAmountMinor(amount).SetCurrency(currency).SetNillableBillID(bill).SetNillableBalanceAfterMinor(after).SetCreatedAt(tx.Now)
	owner := ""
	if kind == pay.AccountClearing {
		owner = "payture-main"
	}
	if kind == pay.AccountWalletAvailable || kind == pay.AccountWalletHeld {
		owner = w.wallet.UUID()
		create.SetWalletID(w.wallet)
	}
	account := pay.LedgerAccountIDOf(w.merchant, kind, currency, owner)
	if _, err := tx.LedgerAccount.Get(ctx, account); ent.IsNotFound(err) {
		err := tx.LedgerAccount.Create().SetID(account).SetMerchantID(w.merchant).SetKind(kind).SetCurrency(currency).SetOwner(owner).SetCreatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return create.SetAccountID(account).Exec(ctx)
}

func (w *world) seedCase(ctx context.Context, tx *store.Tx, reason pay.ReviewReason, p payment, currency pay.Currency) error {
	return tx.ReviewCase.Create().SetID(pay.NewReviewCaseID(tx.Now)).SetMerchantID(w.merchant).SetKey(string(reason) + "/" + p.attempt.String()).
		SetReason(reason).SetBillID(p.bill).SetAttemptID(p.attempt).SetCurrency(currency).SetAmountMinor(1).SetDetails("test").SetOpenedAt(tx.Now).Exec(ctx)
}

// seedStranger inserts 5 RUB that the book has for an order of nobody, as they are
// booked, with their case.
func (w *world) seedStranger(ctx context.Context, tx *store.Tx) error {
	w.book.add(entry{Provider: "payture", OrderRef: "whose", Kind: "payment", CapturedMinor: 5, Captures: 1, Currency: "RUB", At: tx.Now})
	return firstError(
		tx.ReviewCase.Create().SetID(pay.NewReviewCaseID(tx.Now)).SetMerchantID(w.merchant).SetKey("UNMATCHED_PAYMENT/payture-main/whose").
			SetReason(pay.ReviewUnmatchedPayment).SetAmountMinor(5).SetCurrency("RUB").SetDetails("test").SetOpenedAt(tx.Now).Exec(ctx),
		w.seedEntry(ctx, tx, "unmatched/payture-main/whose", 0, pay.AccountClearing, "RUB", -5, nil, nil),
		w.seedEntry(ctx, tx, "unmatched/payture-main/whose", 1, pay.AccountSuspense, "RUB", 5, nil, nil))
}

// resolveCase ends the cases of an attempt as a person does.
func resolveCase(ctx context.Context, tx *store.Tx, resolution string, p payment) error {
	return exec(ctx, tx, `UPDATE review_cases SET resolution = ?, note = 'seen', resolved_by = 'FINANCE user_1', resolved_at = opened_at WHERE attempt_id = ?`, resolution, p.attempt)
}

// forAnAmount makes a bill one that names no product: nothing is given for it.
func (w *world) forAnAmount(ctx context.Context, tx *store.Tx, bill pay.BillID) error {
	return exec(ctx, tx, `UPDATE bills SET product_id = NULL, page_id = NULL WHERE id = ?`, bill)
}

// seedEvent inserts what a provider told of an attempt: a hint, or a signed event
// with its result.
func (w *world) seedEvent(ctx context.Context, tx *store.Tx, key string, p payment, result string) error {
	id := pay.NewProviderEventID(tx.Now)
	create := tx.ProviderEvent.Create().SetID(id).SetMerchantID(w.merchant).SetAccount("payture-main").SetEventKey(key).
		SetOrderNumber(p.attempt.Suffix()).SetHint(result == "").SetBody([]byte("{}")).SetReceivedAt(tx.Now)
	if result != "" {
		create.SetResult(json.RawMessage(result)).SetProcessedAt(tx.Now).SetOutcome("settled")
	}
	return create.Exec(ctx)
}

func (w *world) seedEntitlement(ctx context.Context, tx *store.Tx, bill pay.BillID, kind, resource string) error {
	return tx.Entitlement.Create().SetID(pay.NewEntitlementID(tx.Now)).SetMerchantID(w.merchant).SetBillID(bill).SetUserID(w.user).
		SetKind(kind).SetResource(resource).SetGrantedAt(tx.Now).Exec(ctx)
}

func (w *world) seedKey(ctx context.Context, tx *store.Tx, key string, object pay.BillID) error {
	return tx.IdempotencyRecord.Create().SetID(pay.NewIdempotencyRecordID(tx.Now)).SetMerchantID(w.merchant).SetPrincipal("key_1").
		SetMutation("billCreate").SetKey(key).SetInputHash([]byte{1}).SetObjectID(object.String()).SetFinishedAt(tx.Now).SetCreatedAt(tx.Now).Exec(ctx)
}

func (w *world) seedDone(ctx context.Context, tx *store.Tx) (err error) {
	w.done.bill, err = w.seedBill(ctx, tx, 1000, pay.BillPending, pay.BillPending, pay.BillPaid, pay.BillDone)
	if err != nil {
		return err
	}
	if w.done.attempt, err = w.seedCapture(ctx, tx, w.done.bill, true, 1000, "RUB", pay.AccountSales); err != nil {
		return err
	}
	return firstError(
		w.seedEntitlement(ctx, tx, w.done.bill, "resource", "news"),
		w.seedEntitlement(ctx, tx, w.done.bill, "page", "p1"),
		w.seedKey(ctx, tx, "k1", w.done.bill),
		w.seedEvent(ctx, tx, "a-hint", w.done, ""), // never marked as processed: it proves nothing
		w.seedEvent(ctx, tx, "an-event", w.done, `{"Status":"CAPTURED","Captured":{"Amount":1000}}`),
		tx.Job.Create().SetID(pay.NewJobID(tx.Now)).SetKind("attempt.ask").SetKey(w.done.attempt.String()).SetRunAt(tx.Now.Add(100*time.Hour)).SetCreatedAt(tx.Now).Exec(ctx))
}

func (w *world) seedHeld(ctx context.Context, tx *store.Tx) (err error) {
	w.held.bill, err = w.seedBill(ctx, tx, 400, pay.BillPending, pay.BillAuthorized, pay.BillPaid, pay.BillDone)
	if err != nil {
		return err
	}
	if w.held.attempt, err = w.seedCapture(ctx, tx, w.held.bill, true, 400, "RUB", pay.AccountSales); err != nil {
		return err
	}
	return firstError(
		w.forAnAmount(ctx, tx, w.held.bill),
		w.seedOperation(ctx, tx, w.held.attempt, pay.OperationCapture, 400))
}

func (w *world) seedMismatch(ctx context.Context, tx *store.Tx) (err error) {
	w.mismatch.bill, err = w.seedBill(ctx, tx, 900, pay.BillPending, pay.BillAmountMismatch)
	if err != nil {
		return err
	}
	if w.mismatch.attempt, err = w.seedCapture(ctx, tx, w.mismatch.bill, true, 900, "RUB", pay.AccountSuspense); err != nil {
		return err
	}
	return w.seedCase(ctx, tx, pay.ReviewAmountMismatch, w.mismatch, "RUB")
}

func (w *world) seedForeign(ctx context.Context, tx *store.Tx) (err error) {
	w.foreign.bill, err = w.seedBill(ctx, tx, 0, pay.BillPending, pay.BillAmountMismatch)
	if err != nil {
		return err
	}
	if w.foreign.attempt, err = w.seedCapture(ctx, tx, w.foreign.bill, true, 1000, "KZT", pay.AccountSuspense); err != nil {
		return err
	}
	return w.seedCase(ctx, tx, pay.ReviewCurrencyMismatch, w.foreign, "KZT")
}

func (w *world) seedLate(ctx context.Context, tx *store.Tx) (err error) {
	w.late.bill, err = w.seedBill(ctx, tx, 1000, pay.BillPending, pay.BillExpired, pay.BillExpired)
	if err != nil {
		return err
	}
	if w.late.attempt, err = w.seedCapture(ctx, tx, w.late.bill, false, 1000, "RUB", pay.AccountSuspense); err != nil {
		return err
	}
	return w.seedCase(ctx, tx, pay.ReviewLatePayment, w.late, "RUB")
}

func (w *world) seedAccepted(ctx context.Context, tx *store.Tx) (err error) {
	w.accepted.bill, err = w.seedBill(ctx, tx, 1000, pay.BillPending, pay.BillCanceled, pay.BillCanceled, pay.BillPaid, pay.BillDone)
	if err != nil {
		return err
	}
	if w.accepted.attempt, err = w.seedCapture(ctx, tx, w.accepted.bill, false, 1000, "RUB", pay.AccountSuspense); err != nil {
		return err
	}
	return firstError(
		w.forAnAmount(ctx, tx, w.accepted.bill),
		w.seedCase(ctx, tx, pay.ReviewLatePayment, w.accepted, "RUB"),
		resolveCase(ctx, tx, "FULFIL", w.accepted),
		w.seedEntry(ctx, tx, "accept/"+w.accepted.attempt.String(), 0, pay.AccountSuspense, "RUB", -1000, &w.accepted.bill, nil),
		w.seedEntry(ctx, tx, "accept/"+w.accepted.attempt.String(), 1, pay.AccountSales, "RUB", 1000, &w.accepted.bill, nil))
}

func (w *world) seedTwice(ctx context.Context, tx *store.Tx) (err error) {
	w.twice.bill, err = w.seedBill(ctx, tx, 2000, pay.BillPending, pay.BillPaid, pay.BillPaid, pay.BillDone)
	if err != nil {
		return err
	}
	if _, err = w.seedCapture(ctx, tx, w.twice.bill, true, 1000, "RUB", pay.AccountSales); err != nil {
		return err
	}
	if w.twice.attempt, err = w.seedCapture(ctx, tx, w.twice.bill, false, 1000, "RUB", pay.AccountSuspense); err != nil {
		return err
	}
	return firstError(
		w.forAnAmount(ctx, tx, w.twice.bill),
		w.seedCase(ctx, tx, pay.ReviewDuplicatePayment, w.twice, "RUB"))
}

func (w *world) seedPending(ctx context.Context, tx *store.Tx) (err error) {
	w.pending.bill, err = w.seedBill(ctx, tx, 0, pay.BillPending, pay.BillPending)
	if err != nil {
		return err
	}
	if _, err = w.seedAttempt(ctx, tx, w.pending.bill, pay.AttemptFailed, false, 0); err != nil {
		return err
	}
	w.pending.attempt, err = w.seedAttempt(ctx, tx, w.pending.bill, pay.AttemptActionRequired, true, 0)
	err = firstError(err, w.seedKey(ctx, tx, "k2", w.pending.bill), w.seedEvent(ctx, tx, "a-step", w.pending, `{"Status":"ACTION_REQUIRED"}`))
	w.book.add(entry{Provider: "payture", OrderRef: w.pending.attempt.Suffix(), Kind: "payment", AmountMinor: 1000, Currency: "RUB", At: tx.Now})
	w.book.add(entry{Provider: "payture", OrderRef: "a-card-check", Kind: "verification", AmountMinor: 100, CapturedMinor: 100, Captures: 1, Currency: "RUB", At: tx.Now})
	return err
}

// seedWallet inserts a wallet that got 100, set 40 aside, spent 30 of these and
// took 10 back. It is written latest first, as two clocks may.
func (w *world) seedWallet(ctx context.Context, tx *store.Tx) error {
	w.wallet = pay.NewWalletID(tx.Now)
	leg := func(transfer string, n int, kind pay.AccountKind, amount int64, after *int64) error {
		return w.seedEntry(ctx, tx, transfer, n, kind, "RUB", amount, nil, after)
	}
	return firstError(
		tx.Wallet.Create().SetID(w.wallet).SetMerchantID(w.merchant).SetUserID(w.user).SetCurrency("RUB").SetAvailableMinor(70).SetCreatedAt(tx.Now).Exec(ctx),
		leg("release", 0, pay.AccountWalletHeld, -10, nil),
		leg("release", 1, pay.AccountWalletAvailable, 10, nil),
		leg("debit", 0, pay.AccountWalletHeld, -30, new(int64(70))),
		leg("debit", 1, pay.AccountSales, 30, nil),
		leg("hold", 0, pay.AccountWalletAvailable, -40, nil),
		leg("hold", 1, pay.AccountWalletHeld, 40, nil),
		leg("top-up", 0, pay.AccountWalletAvailable, 100, new(int64(100))),
		leg("top-up", 1, pay.AccountSales, -100, nil))
}

func exec(ctx context.Context, tx *store.Tx, query string, args ...any) error {
	_, err := tx.Raw(ctx, query, args...)
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
