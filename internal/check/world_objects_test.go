package check_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// objects is what a world has of cards, subscriptions, gifts and mails.
type objects struct {
	topUp     payment // credited to the wallet
	spent     payment // paid from it
	period    payment // of the subscription, by the second charge of its card
	gifts     map[string]pay.GiftID
	giftBills map[string]pay.BillID

	card         pay.CardID
	registration pay.CardRegistrationID
	subscription pay.SubscriptionID // has had a trial, a paid period and one that was a gift
	over         pay.SubscriptionID // never was paid
	mail         pay.MailID
	starts       time.Time // of the paid period
	ends         time.Time // of the paid period
	until        time.Time // the end of the last one
}

// The gifts, by what became of them.
const (
	givenAccess = "access" // redeemed for the right to use something
	givenTime   = "time"   // redeemed for time on the subscription
	givenMoney  = "money"  // redeemed for money in the wallet
	notGiven    = "issued" // waits
	takenBack   = "voided" // its refund is in doubt
)

// newShop is a world with objects.
func newShop(t *testing.T, url string) *world {
	t.Helper()
	w := newWorld(t, url)
	w.gifts, w.giftBills = map[string]pay.GiftID{}, map[string]pay.BillID{}
	for _, step := range []func(ctx context.Context, tx *store.Tx) error{
		w.seedTopUp, w.seedSpent, w.seedCard, w.seedSubscription, w.seedGifts, w.seedMail,
	} {
		w.inTx(t, step)
		w.clock.Advance(time.Hour)
	}
	return w
}

func (w *world) seedProduct(ctx context.Context, tx *store.Tx, kind pay.ProductKind) (pay.ProductID, error) {
	id := pay.NewProductID(tx.Now)
	return id, tx.Product.Create().SetID(id).SetMerchantID(w.merchant).SetCode(string(kind)).SetKind(kind).SetTitle("A product").
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
}

// seedDoneBill inserts a DONE bill of 1000 RUB for a product, without its money.
func (w *world) seedDoneBill(ctx context.Context, tx *store.Tx, product pay.ProductID) (pay.BillID, error) {
	id, err := w.seedBill(ctx, tx, 1000, pay.BillPending, pay.BillPending, pay.BillPaid, pay.BillDone)
	return id, firstError(err, exec(ctx, tx, `UPDATE bills SET product_id = ?, page_id = NULL, paid_at = ? WHERE id = ?`, product, tx.Now, id))
}

func (w *world) seedTopUp(ctx context.Context, tx *store.Tx) error {
	product, err := w.seedProduct(ctx, tx, pay.ProductTopUp)
	if err != nil {
		return err
	}
	if w.topUp.bill, err = w.seedDoneBill(ctx, tx, product); err != nil {
		return err
	}
	w.topUp.attempt, err = w.seedCapture(ctx, tx, w.topUp.bill, true, 1000, "RUB", pay.AccountSales)
	transfer := "top_up/" + w.topUp.bill.String()
	return firstError(err,
		w.seedEntry(ctx, tx, transfer, 0, pay.AccountSales, "RUB", -1000, &w.topUp.bill, nil),
		w.seedEntry(ctx, tx, transfer, 1, pay.AccountWalletAvailable, "RUB", 1000, &w.topUp.bill, new(int64(1070))))
}

func (w *world) seedSpent(ctx context.Context, tx *store.Tx) (err error) {
	if w.spent.bill, err = w.seedBill(ctx, tx, 1000, pay.BillPending, pay.BillPending, pay.BillPaid, pay.BillDone); err != nil {
		return err
	}
	w.spent.attempt = pay.NewAttemptID(tx.Now)
	id, bill := w.spent.attempt, &w.spent.bill
	return firstError(
		w.forAnAmount(ctx, tx, *bill),
		tx.Attempt.Create().SetID(id).SetMerchantID(w.merchant).SetBillID(*bill).SetProvider("wallet").SetAccount("wallet").
			SetMethodKind(pay.MethodWallet).SetWalletID(w.wallet).SetOrderNumber(id.Suffix()).SetStatus(pay.AttemptCaptured).SetCurrent(true).
			SetTestMode(true).SetCurrency("RUB").SetAmountMinor(1000).SetCapturedMinor(1000).SetWatchUntil(tx.Now).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).SetResolvedAt(tx.Now).Exec(ctx),
		w.seedEntry(ctx, tx, "hold/"+id.String(), 0, pay.AccountWalletAvailable, "RUB", -1000, bill, nil),
		w.seedEntry(ctx, tx, "hold/"+id.String(), 1, pay.AccountWalletHeld, "RUB", 1000, bill, nil),
		w.seedEntry(ctx, tx, "capture/"+id.String(), 0, pay.AccountWalletHeld, "RUB", -1000, bill, new(int64(70))),
		w.seedEntry(ctx, tx, "capture/"+id.String(), 1, pay.AccountSales, "RUB", 1000, bill, nil))
}

func (w *world) seedCard(ctx context.Context, tx *store.Tx) error {
	w.card, w.registration = pay.NewCardID(tx.Now), pay.NewCardRegistrationID(tx.Now)
	err := firstError(
		w.seedOneCard(ctx, tx, w.card, true),
		tx.CardRegistration.Create().SetID(w.registration).SetMerchantID(w.merchant).SetUserID(w.user).SetProvider("payture").SetAccount("payture-main").
			SetOrderNumber(w.registration.Suffix()).SetStatus(pay.RegistrationCompleted).SetCardID(w.card).SetVerificationMinor(100).SetCurrency("RUB").
			SetExpiresAt(tx.Now).SetWatchUntil(tx.Now).SetVersion(3).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).SetResolvedAt(tx.Now).Exec(ctx))
	return firstError(err, w.seedVersions(ctx, tx, w.registration.String(), "PENDING", "ACTION_REQUIRED", "COMPLETED"))
}

func (w *world) seedOneCard(ctx context.Context, tx *store.Tx, id pay.CardID, isDefault bool) error {
	return tx.Card.Create().SetID(id).SetMerchantID(w.merchant).SetUserID(w.user).SetProvider("payture").SetAccount("payture-main").
		SetRefSealed([]byte{1}).SetRefHash(id.Bytes()).SetStatus(pay.CardActive).SetBrand("VISA").SetMask("411111******1111").
		SetIsDefault(isDefault).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
}

// seedVersions inserts the history of a subscription or a card registration, with
// its messages.
func (w *world) seedVersions(ctx context.Context, tx *store.Tx, object string, path ...string) error {
	var err error
	from := ""
	for at, to := range path {
		create := tx.ObjectEvent.Create().SetMerchantID(w.merchant).SetUserID(w.user).SetVersion(at + 1).SetTo(to).SetReason("test").SetAt(tx.Now)
		if from != "" {
			create.SetFrom(from)
		}
		if id, wrong := pay.ParseSubscriptionID(object); wrong == nil {
			create.SetSubscriptionID(id)
		} else {
			create.SetRegistrationID(w.registration)
		}
		err = firstError(err, create.Exec(ctx),
			tx.OutboxMessage.Create().SetID(pay.NewOutboxMessageID(tx.Now)).SetMerchantID(w.merchant).SetTopic("test").
				SetObjectID(object).SetVersion(at+1).SetCreatedAt(tx.Now).Exec(ctx))
		from = to
	}
	return err
}

func (w *world) seedSubscription(ctx context.Context, tx *store.Tx) error {
	const day = 24 * time.Hour
	product, err := w.seedProduct(ctx, tx, pay.ProductSubscription)
	if err != nil {
		return err
	}
	price := pay.NewPriceID(tx.Now)
	w.subscription, w.over = pay.NewSubscriptionID(tx.Now), pay.NewSubscriptionID(tx.Now)
	w.starts, w.ends, w.until = tx.Now.Add(-10*day), tx.Now.Add(20*day), tx.Now.Add(50*day)
	month := pay.Period{Months: 1}
	err = firstError(
		tx.Price.Create().SetID(price).SetMerchantID(w.merchant).SetProductID(product).SetAmountMinor(1000).SetCurrency("RUB").SetInterval(month).SetCreatedAt(tx.Now).Exec(ctx),
		tx.BillingSubscription.Create().SetID(w.subscription).SetMerchantID(w.merchant).SetUserID(w.user).SetProductID(product).SetPriceID(price).
			SetCardID(w.card).SetStatus(pay.SubscriptionActive).SetTimeZone("UTC").SetInterval(month).SetAnchorAt(w.starts).
			SetCurrentPeriodStart(w.starts).SetCurrentPeriodEnd(w.until).SetTrialEnd(w.starts).SetNextActionAt(w.until).
			SetVersion(3).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx),
		tx.BillingSubscription.Create().SetID(w.over).SetMerchantID(w.merchant).SetUserID(w.user).SetProductID(product).SetPriceID(price).
			SetStatus(pay.SubscriptionEnded).SetTimeZone("UTC").SetInterval(month).SetEndedAt(tx.Now).
			SetVersion(2).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx),
		w.seedVersions(ctx, tx, w.subscription.String(), "TRIALING", "ACTIVE", "ACTIVE"),
		w.seedVersions(ctx, tx, w.over.String(), "INCOMPLETE", "ENDED"),
		w.seedJob(ctx, tx, "subscription.step", w.subscription.String()),
		tx.Entitlement.Create().SetID(pay.NewEntitlementID(tx.Now)).SetMerchantID(w.merchant).SetSubscriptionID(w.subscription).SetUserID(w.user).
			SetKind("resource").SetResource("news").SetGrantedAt(tx.Now).SetExpiresAt(w.until.Add(10*day)).Exec(ctx))
	if err != nil {
		return err
	}
	if w.period.bill, err = w.seedDoneBill(ctx, tx, product); err != nil {
		return err
	}
	if _, err = w.seedCharge(ctx, tx, w.period.bill, 1, pay.AttemptDeclined, 0); err != nil {
		return err
	}
	w.period.attempt, err = w.seedCharge(ctx, tx, w.period.bill, 2, pay.AttemptCaptured, 1000)
	w.book.add(entry{Provider: "payture", OrderRef: w.period.attempt.Suffix(), Kind: "payment", AmountMinor: 1000, CapturedMinor: 1000, Currency: "RUB", Captures: 1, At: tx.Now})
	return firstError(err,
		exec(ctx, tx, `UPDATE bills SET subscription_id = ?, period_start = ?, period_end = ? WHERE id = ?`, w.subscription, w.starts, w.ends, w.period.bill),
		w.seedEntry(ctx, tx, "capture/"+w.period.attempt.String(), 0, pay.AccountClearing, "RUB", -1000, &w.period.bill, nil),
		w.seedEntry(ctx, tx, "capture/"+w.period.attempt.String(), 1, pay.AccountSales, "RUB", 1000, &w.period.bill, nil),
		w.seedPeriod(ctx, tx, "paid", w.starts, w.ends, &w.period.bill),
		w.seedPeriod(ctx, tx, "trial", w.starts.Add(-10*day), w.starts, nil))
}

func (w *world) seedPeriod(ctx context.Context, tx *store.Tx, kind string, starts, ends time.Time, bill *pay.BillID) error {
	return tx.SubscriptionPeriod.Create().SetSubscriptionID(w.subscription).SetKind(kind).SetStartsAt(starts).SetEndsAt(ends).
		SetNillableBillID(bill).SetCreatedAt(tx.Now).Exec(ctx)
}

// seedCharge inserts one charge of the saved card.
func (w *world) seedCharge(ctx context.Context, tx *store.Tx, bill pay.BillID, try int, status pay.AttemptStatus, captured int64) (pay.AttemptID, error) {
	id := pay.NewAttemptID(tx.Now)
	return id, firstError(
		tx.Attempt.Create().SetID(id).SetMerchantID(w.merchant).SetBillID(bill).SetProvider("payture").SetAccount("payture-main").
			SetCardID(w.card).SetChargeTry(try).SetOrderNumber(id.Suffix()).SetStatus(status).SetCurrent(status == pay.AttemptCaptured).
			SetTestMode(true).SetCurrency("RUB").SetAmountMinor(1000).SetCapturedMinor(captured).SetWatchUntil(tx.Now).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx),
		w.seedOperation(ctx, tx, id, pay.OperationCharge, 1000))
}

func (w *world) seedJob(ctx context.Context, tx *store.Tx, kind, key string) error {
	return tx.Job.Create().SetID(pay.NewJobID(tx.Now)).SetKind(kind).SetKey(key).SetRunAt(tx.Now.Add(100 * time.Hour)).SetCreatedAt(tx.Now).Exec(ctx)
}

func (w *world) seedGifts(ctx context.Context, tx *store.Tx) error {
	product, err := w.seedProduct(ctx, tx, pay.ProductGift)
	for _, what := range []string{givenAccess, givenTime, givenMoney, notGiven} {
		if err != nil {
			return err
		}
		err = w.seedGift(ctx, tx, what, product)
	}
	bill, transfer := w.giftBills[givenTime], "gift/"+w.gifts[givenMoney].String()
	return firstError(err,
		w.seedEntitlement(ctx, tx, w.giftBills[givenAccess], "resource", "news"),
		w.seedPeriod(ctx, tx, "gift", w.ends, w.until, &bill),
		exec(ctx, tx, `UPDATE gifts SET subscription_id = ? WHERE id = ?`, w.subscription, w.gifts[givenTime]),
		w.seedEntry(ctx, tx, transfer, 0, pay.AccountSales, "RUB", -500, nil, nil),
		w.seedEntry(ctx, tx, transfer, 1, pay.AccountWalletAvailable, "RUB", 500, nil, new(int64(570))),
		exec(ctx, tx, `UPDATE wallets SET available_minor = 570`))
}

func (w *world) seedGift(ctx context.Context, tx *store.Tx, what string, product pay.ProductID) error {
	bill, err := w.seedDoneBill(ctx, tx, product)
	if err != nil {
		return err
	}
	if _, err := w.seedCapture(ctx, tx, bill, true, 1000, "RUB", pay.AccountSales); err != nil {
		return err
	}
	id := pay.NewGiftID(tx.Now)
	w.gifts[what], w.giftBills[what] = id, bill
	create := tx.Gift.Create().SetID(id).SetMerchantID(w.merchant).SetBillID(bill).SetProductID(w.product).SetStatus(pay.GiftIssued).
		SetCodeHash(id.Bytes()).SetCodeSealed([]byte{1}).SetRecipientEmail("bob@example.com").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
	if what != notGiven && what != takenBack {
		create.SetStatus(pay.GiftRedeemed).SetRedeemedByID(w.user).SetRedeemedAt(tx.Now)
	}
	return create.Exec(ctx)
}

func (w *world) seedMail(ctx context.Context, tx *store.Tx) error {
	w.mail = pay.NewMailID(tx.Now)
	return firstError(w.seedOneMail(ctx, tx, w.mail, "QUEUED"), w.seedJob(ctx, tx, "mail.send", w.mail.String()))
}

func (w *world) seedOneMail(ctx context.Context, tx *store.Tx, id pay.MailID, status string) error {
	return tx.Mail.Create().SetID(id).SetMerchantID(w.merchant).SetKind("receipt").SetKey("receipt/1").SetRecipient("bob@example.com").
		SetLocale("en").SetData(json.RawMessage(`{}`)).SetStatus(status).SetCreatedAt(tx.Now).Exec(ctx)
}
