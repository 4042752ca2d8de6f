package check_test

import (
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

func theSubscription(w *world) string { return w.subscription.String() }
func theRegistration(w *world) string { return w.registration.String() }
func theCard(w *world) string         { return w.card.String() }
func periodBill(w *world) string      { return w.period.bill.String() }
func periodAttempt(w *world) string   { return w.period.attempt.String() }
func theUser(w *world) string         { return w.user.String() }

// stranger inserts another user of the merchant.
func (s *spoiler) stranger() pay.UserID {
	id := pay.NewUserID(s.tx.Now)
	s.do(s.tx.User.Create().SetID(id).SetMerchantID(s.merchant).SetExternalID("mallory").SetCreatedAt(s.tx.Now).SetUpdatedAt(s.tx.Now).Exec(s.ctx))
	return id
}

// breakingSubscriptions breaks subscriptions, their periods and their charges.
func breakingSubscriptions() []breaking {
	const day = 24 * time.Hour
	return []breaking{
		{
			name: "PeriodsWithAGap", invariant: "periods.chain", about: theSubscription,
			detail: "and the one before it ends at ",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE subscription_periods SET ends_at = ? WHERE kind = 'trial'`, s.starts.Add(-day))
			},
		},
		{
			name: "PeriodsOverlap", invariant: "periods.chain", about: theSubscription,
			detail: "and the one before it ends at ",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE subscription_periods SET ends_at = ? WHERE kind = 'trial'`, s.starts.Add(day))
			},
		},
		{
			name: "PeriodsEndElsewhere", invariant: "periods.chain", about: theSubscription,
			detail: "it is paid or free until ",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE billing_subscriptions SET current_period_end = ? WHERE id = ?`, s.until.Add(-day), s.subscription)
			},
		},
		{
			name: "NoPeriodAtAll", invariant: "periods.chain", about: func(w *world) string { return w.over.String() },
			detail: "its periods end at no time",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE billing_subscriptions SET current_period_end = ? WHERE id = ?`, s.until, s.over)
			},
		},
		{
			name: "PaidPeriodForOtherTime", invariant: "periods.paid", about: theSubscription,
			detail: "has a bill that is for other time",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET period_end = ? WHERE id = ?`, s.ends.Add(day), s.period.bill)
			},
		},
		{
			name: "PaidPeriodOfNoBill", invariant: "periods.paid", about: theSubscription,
			detail: "was paid by no bill of the subscription",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET subscription_id = NULL WHERE id = ?`, s.period.bill)
				s.sql(`UPDATE attempts SET charge_try = NULL`)
			},
		},
		{
			name: "TrialWithABill", invariant: "periods.paid", about: theSubscription,
			detail: "its trial period from ",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE subscription_periods SET bill_id = ? WHERE kind = 'trial'`, s.done.bill)
			},
		},
		{
			name: "GiftedPeriodOfNoGift", invariant: "periods.paid", about: theSubscription,
			detail: "was paid by no gift's bill",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE subscription_periods SET bill_id = NULL WHERE kind = 'gift'`)
				s.sql(`UPDATE gifts SET status = 'ISSUED', redeemed_by_id = NULL, redeemed_at = NULL, subscription_id = NULL WHERE id = ?`, s.gifts[givenTime])
			},
		},
		{
			name: "PaidAndNoTime", invariant: "periods.complete", about: periodBill,
			detail: "it paid for one period, and there are 0",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE subscription_periods SET kind = 'trial', bill_id = NULL WHERE kind = 'paid'`)
			},
		},
		{
			name: "PeriodBillOfOther", invariant: "periods.complete", about: periodBill,
			detail: "its subscription is not there, of another payer, or it says no time",
			spoil: func(s *spoiler) {
				user := s.stranger()
				s.sql(`UPDATE bills SET user_id = ? WHERE id = ?`, user, s.period.bill)
				s.sql(`UPDATE attempts SET card_id = NULL`)
			},
		},
		{
			name: "OpenBillUnnamed", invariant: "subscriptions.open", about: theSubscription,
			detail: "a bill of its waits to be paid, and it does not say so",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET subscription_id = ?, period_start = ?, period_end = ? WHERE id = ?`, s.subscription, s.until, s.until.Add(day), s.pending.bill)
			},
		},
		{
			name: "OpenBillDone", invariant: "subscriptions.open", about: theSubscription,
			detail: "the bill that it calls open is done, or not its own",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE billing_subscriptions SET open_bill_id = ? WHERE id = ?`, s.period.bill, s.subscription)
			},
		},
		{
			name: "OpenBillOfOther", invariant: "subscriptions.open", about: theSubscription,
			detail: "the bill that it calls open is done, or not its own",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE billing_subscriptions SET open_bill_id = ? WHERE id = ?`, s.pending.bill, s.subscription)
			},
		},
		{
			name: "ActiveAndAsleep", invariant: "subscriptions.state", about: theSubscription,
			detail: "it is ACTIVE and does nothing by itself any more",
			spoil:  func(s *spoiler) { s.sql(`UPDATE billing_subscriptions SET next_action_at = NULL`) },
		},
		{
			name: "ActiveWithoutAPeriod", invariant: "subscriptions.state", about: theSubscription,
			detail: "it is ACTIVE and has no period",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE billing_subscriptions SET current_period_start = NULL`)
			},
		},
		{
			name: "OverAndBusy", invariant: "subscriptions.state", about: func(w *world) string { return w.over.String() },
			detail: "it is ENDED and goes on by itself",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE billing_subscriptions SET next_action_at = ? WHERE id = ?`, s.until, s.over)
			},
		},
		{
			name: "VersionOfSubscriptionMissing", invariant: "subscriptions.history", about: theSubscription,
			detail: "version 3 stands where version 2 should",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM object_events WHERE subscription_id = ? AND version = 2`, s.subscription)
			},
		},
		{
			name: "MoveOfSubscriptionIllegal", invariant: "subscriptions.history", about: func(w *world) string { return w.over.String() },
			detail: "version 1 moves from \"\" to PAUSED, which is no legal move",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE object_events SET "to" = 'PAUSED' WHERE subscription_id = ? AND version = 1`, s.over)
			},
		},
		{
			name: "SubscriptionGoesOnFromElsewhere", invariant: "subscriptions.history", about: theSubscription,
			detail: "version 2 goes on from \"PAUSED\", and the one before ended at \"TRIALING\"",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE object_events SET "from" = 'PAUSED' WHERE subscription_id = ? AND version = 2`, s.subscription)
			},
		},
		{
			name: "SubscriptionStandsElsewhere", invariant: "subscriptions.history", about: theSubscription,
			detail: "it is PAST_DUE at version 3, and its history ends at \"ACTIVE\" with version 3",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE billing_subscriptions SET status = 'PAST_DUE', past_due_since = ? WHERE id = ?`, s.tx.Now, s.subscription)
			},
		},
		{
			name: "MessageOfSubscriptionMissing", invariant: "outbox.complete", about: theSubscription,
			detail: "3 versions, and 2 messages of 2 of them (1 to 2)",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM outbox_messages WHERE object_id = ? AND version = 3`, s.subscription.String())
			},
		},
		{
			name: "AccessForGood", invariant: "subscriptions.access", about: theSubscription,
			detail: "what it gives lasts until no time",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE entitlements SET expires_at = NULL WHERE subscription_id = ?`, s.subscription)
			},
		},
		{
			name: "AccessBeyondGrace", invariant: "subscriptions.access", about: theSubscription,
			detail: "what it gives lasts until ",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE entitlements SET expires_at = ? WHERE subscription_id = ?`, s.until.Add(61*day), s.subscription)
			},
		},
		{
			name: "AccessAfterTheEnd", invariant: "subscriptions.access", about: theSubscription,
			detail: "what it gives lasts until ",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE billing_subscriptions SET status = 'CANCELED', ended_at = ?, next_action_at = NULL WHERE id = ?`, s.tx.Now, s.subscription)
				s.sql(`UPDATE object_events SET "to" = 'CANCELED' WHERE subscription_id = ? AND version = 3`, s.subscription)
			},
		},
		{
			name: "AccessOfOther", invariant: "subscriptions.access", about: theSubscription,
			detail: "what it gives is not its user's",
			spoil: func(s *spoiler) {
				user := s.stranger()
				s.sql(`UPDATE entitlements SET user_id = ? WHERE subscription_id = ?`, user, s.subscription)
			},
		},
		{
			name: "SubscriptionGaveTwice", invariant: "entitlements.once", about: theSubscription,
			detail: `it gave resource "news" 2 times`,
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX entitlement_subscription_id_kind_resource`)
				s.do(s.tx.Entitlement.Create().SetID(pay.NewEntitlementID(s.tx.Now)).SetMerchantID(s.merchant).SetSubscriptionID(s.subscription).
					SetUserID(s.user).SetKind("resource").SetResource("news").SetGrantedAt(s.tx.Now).SetExpiresAt(s.until).Exec(s.ctx))
			},
		},
		{
			name: "ChargeOfNoNumber", invariant: "charges.tries", about: periodBill,
			detail: "charge 0 comes after charge 0",
			spoil:  func(s *spoiler) { s.sql(`UPDATE attempts SET charge_try = 0 WHERE charge_try = 1`) },
		},
		{
			name: "ChargedTwiceByOneNumber", invariant: "charges.tries", about: periodBill,
			detail: "charge 1 comes after charge 1",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX attempt_bill_id_charge_try`)
				s.sql(`UPDATE attempts SET charge_try = 1 WHERE charge_try = 2`)
			},
		},
		{
			name: "ChargedWithoutBeginning", invariant: "charges.tries", about: pendingBill,
			detail: "charge 1 was made, and its subscription did not begin it",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET subscription_id = ?, period_start = ?, period_end = ? WHERE id = ?`, s.subscription, s.until, s.until.Add(day), s.pending.bill)
				s.sql(`UPDATE billing_subscriptions SET open_bill_id = ? WHERE id = ?`, s.pending.bill, s.subscription)
				s.sql(`UPDATE attempts SET charge_try = 1 WHERE id = ?`, s.pending.attempt)
			},
		},
		{
			name: "ChargeOfNoPeriod", invariant: "attempts.owner", about: pendingAttempt,
			detail: "or is charged by number and of no subscription",
			spoil:  func(s *spoiler) { s.sql(`UPDATE attempts SET charge_try = 1 WHERE id = ?`, s.pending.attempt) },
		},
		{
			name: "ChargedCardOfOther", invariant: "charges.card", about: periodAttempt,
			detail: "its card is not its payer's",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET card_id = NULL WHERE charge_try = 1`)
				user := s.stranger()
				s.sql(`UPDATE cards SET user_id = ?`, user)
				s.sql(`UPDATE card_registrations SET user_id = ?`, user)
			},
		},
		{
			name: "ChargedCardOfOtherAccount", invariant: "charges.card", about: periodAttempt,
			detail: "its card is saved at another account",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET card_id = NULL WHERE charge_try = 1`)
				s.sql(`UPDATE cards SET account = 'other'`)
				s.sql(`UPDATE card_registrations SET account = 'other'`)
			},
		},
		{
			name: "ChargedWithoutSayingSo", invariant: "charges.card", about: periodAttempt,
			detail: "it charges a saved card, and no operation of it says so",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE operations SET kind = 'START' WHERE attempt_id = ?`, s.period.attempt)
			},
		},
	}
}

// breakingObjects breaks wallet payments, top-ups, gifts, cards and mails.
func breakingObjects() []breaking {
	spentAttempt := func(w *world) string { return w.spent.attempt.String() }
	topUpBill := func(w *world) string { return w.topUp.bill.String() }
	gift := func(what string) func(w *world) string {
		return func(w *world) string { return w.gifts[what].String() }
	}
	return []breaking{
		{
			name: "WalletOfOther", invariant: "attempts.wallet", about: spentAttempt,
			detail: "its wallet is not one of its payer's",
			spoil: func(s *spoiler) {
				user := s.stranger()
				s.sql(`UPDATE bills SET user_id = ? WHERE id = ?`, user, s.spent.bill)
			},
		},
		{
			name: "WalletAndProvider", invariant: "attempts.wallet", about: spentAttempt,
			detail: "it is paid from a wallet, and a provider was asked",
			spoil:  func(s *spoiler) { s.do(s.seedOperation(s.ctx, s.tx, s.spent.attempt, pay.OperationStart, 1000)) },
		},
		{
			name: "WalletByHalf", invariant: "attempts.state", about: spentAttempt,
			detail: "it is neither a wallet's in full nor a provider's",
			spoil:  func(s *spoiler) { s.sql(`UPDATE attempts SET method_kind = 'CARD' WHERE id = ?`, s.spent.attempt) },
		},
		{
			name: "WalletInOtherCurrency", invariant: "attempts.wallet", about: spentAttempt,
			detail: "its wallet is in another currency",
			spoil:  func(s *spoiler) { s.sql(`UPDATE wallets SET currency = 'KZT'`) },
		},
		{
			name: "SpentAndNotTaken", invariant: "captures.wallet", about: spentAttempt,
			detail: "it is VOIDED with 0.00 RUB, and of its wallet 10.00 RUB were set aside, 10.00 RUB taken, 10.00 RUB earned",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET status = 'VOIDED', captured_minor = 0, current = FALSE WHERE id = ?`, s.spent.attempt)
				s.sql(`UPDATE bills SET status = 'CANCELED', paid_minor = 0, version = 2 WHERE id = ?`, s.spent.bill)
				s.sql(`DELETE FROM bill_events WHERE bill_id = ? AND version > 2`, s.spent.bill)
				s.sql(`UPDATE bill_events SET "to" = 'CANCELED' WHERE bill_id = ? AND version = 2`, s.spent.bill)
				s.sql(`DELETE FROM outbox_messages WHERE object_id = ? AND version > 2`, s.spent.bill.String())
			},
		},
		{
			name: "SpentAtOtherAccount", invariant: "captures.wallet", about: spentAttempt,
			detail: "10.00 RUB were set aside, 10.00 RUB taken, 0.00 RUB earned",
			spoil: func(s *spoiler) {
				s.between(pay.AccountRefunds, pay.AccountSales, "RUB")
				s.rebook(pay.AccountSales, pay.AccountRefunds, s.spent)
			},
		},
		{
			name: "SpentAndNotHeld", invariant: "captures.wallet", about: spentAttempt,
			detail: "of its wallet 0.00 RUB were set aside, 10.00 RUB taken, 10.00 RUB earned",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET transfer = 'other' WHERE transfer = ?`, "hold/"+s.spent.attempt.String())
			},
		},
		{
			name: "SpentForNothing", invariant: "captures.wallet", about: func(*world) string { return "hold/att_" },
			detail: "it takes from a wallet, and no attempt is paid from one by it",
			spoil: func(s *spoiler) {
				transfer := "hold/" + s.pending.attempt.String()
				s.do(s.seedEntry(s.ctx, s.tx, transfer, 0, pay.AccountWalletAvailable, "RUB", -5, nil, nil))
				s.do(s.seedEntry(s.ctx, s.tx, transfer, 1, pay.AccountWalletHeld, "RUB", 5, nil, nil))
				s.sql(`UPDATE wallets SET available_minor = available_minor - 5, held_minor = held_minor + 5`)
			},
		},
		{
			name: "TopUpNotCredited", invariant: "topups.posted", about: topUpBill,
			detail: "it is DONE, and no wallet was credited for it",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET transfer = 'other' WHERE transfer = ?`, "top_up/"+s.topUp.bill.String())
			},
		},
		{
			name: "TopUpCreditedMore", invariant: "topups.posted", about: topUpBill,
			detail: "it was paid 10.00 RUB, and credited 15.00 RUB in 1 parts",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM ledger_entries WHERE transfer = ?`, "gift/"+s.gifts[givenMoney].String())
				s.sql(`UPDATE gifts SET status = 'ISSUED', redeemed_by_id = NULL, redeemed_at = NULL WHERE id = ?`, s.gifts[givenMoney])
				s.sql(`UPDATE ledger_entries SET amount_minor = -1500 WHERE transfer = ? AND leg = 0`, "top_up/"+s.topUp.bill.String())
				s.sql(`UPDATE ledger_entries SET amount_minor = 1500, balance_after_minor = 1570 WHERE transfer = ? AND leg = 1`, "top_up/"+s.topUp.bill.String())
				s.sql(`UPDATE ledger_entries SET balance_after_minor = 570 WHERE transfer = ? AND leg = 0`, "capture/"+s.spent.attempt.String())
			},
		},
		{
			name: "TopUpCreditedToOther", invariant: "topups.posted", about: topUpBill,
			detail: "it credited a wallet that is not its payer's",
			spoil: func(s *spoiler) {
				user := s.stranger()
				s.sql(`UPDATE bills SET user_id = ? WHERE id = ?`, user, s.topUp.bill)
			},
		},
		{
			name: "CreditedForNoTopUp", invariant: "topups.posted", about: doneBill,
			detail: "it credited 0.05 RUB, and is no bill of a top-up that is DONE",
			spoil: func(s *spoiler) {
				s.money("top_up/"+s.done.bill.String(), 5, 575)
				s.sql(`UPDATE wallets SET available_minor = 575`)
			},
		},
		{
			name: "GiftNotMade", invariant: "gifts.issued", about: func(w *world) string { return w.giftBills[notGiven].String() },
			detail: "it bought one gift, and there are 0",
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM gifts WHERE id = ?`, s.gifts[notGiven]) },
		},
		{
			name: "GiftOfNoGiftBill", invariant: "gifts.issued", about: doneBill,
			detail: "it has 1 gifts, and is no bill of a gift that is DONE",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM entitlements WHERE bill_id = ?`, s.done.bill)
				s.sql(`UPDATE bills SET product_id = NULL, page_id = NULL WHERE id = ?`, s.done.bill)
				id := pay.NewGiftID(s.tx.Now)
				s.do(s.tx.Gift.Create().SetID(id).SetMerchantID(s.merchant).SetBillID(s.done.bill).SetProductID(s.product).SetStatus(pay.GiftIssued).
					SetCodeHash(id.Bytes()).SetCodeSealed([]byte{1}).SetRecipientEmail("bob@example.com").SetCreatedAt(s.tx.Now).SetUpdatedAt(s.tx.Now).Exec(s.ctx))
			},
		},
		{
			name: "CodeOfTwoGifts", invariant: "gifts.codes", about: func(*world) string { return "gift_" },
			detail: "2 gifts have its code",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX gift_code_hash`)
				s.sql(`UPDATE gifts SET code_hash = ? WHERE id = ?`, s.gifts[givenTime].Bytes(), s.gifts[notGiven])
			},
		},
		{
			name: "RedeemedForNothing", invariant: "gifts.effect", about: gift(givenAccess),
			detail: "it is REDEEMED, and has 0 effects",
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM entitlements WHERE bill_id = ?`, s.giftBills[givenAccess]) },
		},
		{
			name: "RedeemedTwice", invariant: "gifts.effect", about: gift(givenMoney),
			detail: "it is REDEEMED, and has 2 effects",
			spoil:  func(s *spoiler) { s.do(s.seedEntitlement(s.ctx, s.tx, s.giftBills[givenMoney], "resource", "news")) },
		},
		{
			name: "GivenAndNotRedeemed", invariant: "gifts.effect", about: gift(notGiven),
			detail: "it is ISSUED, and something was given for it",
			spoil:  func(s *spoiler) { s.do(s.seedEntitlement(s.ctx, s.tx, s.giftBills[notGiven], "resource", "news")) },
		},
		{
			name: "GivenToOther", invariant: "gifts.effect", about: gift(givenAccess),
			detail: "what it gave is not of who redeemed it",
			spoil: func(s *spoiler) {
				user := s.stranger()
				s.sql(`UPDATE gifts SET redeemed_by_id = ? WHERE id = ?`, user, s.gifts[givenAccess])
			},
		},
		{
			name: "MoneyOfNoGift", invariant: "gifts.effect", about: func(*world) string { return "gift_x" },
			detail: "it credited a wallet, and there is no such gift",
			spoil: func(s *spoiler) {
				s.money("gift/gift_x", 5, 575)
				s.sql(`UPDATE wallets SET available_minor = 575`)
			},
		},
		{
			name: "TwoDefaultCards", invariant: "cards.default", about: theUser,
			detail: "2 default cards, 0 of them removed",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX cards_one_default`)
				s.do(s.seedOneCard(s.ctx, s.tx, pay.NewCardID(s.tx.Now), true))
			},
		},
		{
			name: "CardNumberKept", invariant: "cards.mask", about: theCard,
			detail: "its mask has 16 digits",
			spoil:  func(s *spoiler) { s.sql(`UPDATE cards SET mask = '4111111111111111'`) },
		},
		{
			name: "CardNumberKeptAsAName", invariant: "cards.mask", about: theCard,
			detail: "its holder has 16 digits",
			spoil:  func(s *spoiler) { s.sql(`UPDATE cards SET holder = 'B 4111 1111 1111 1111'`) },
		},
		{
			name: "RegisteredAtOtherAccount", invariant: "registrations.card", about: theRegistration,
			detail: "its card is not there, of another user or at another account",
			spoil:  func(s *spoiler) { s.sql(`UPDATE card_registrations SET account = 'other'`) },
		},
		{
			name: "VersionOfRegistrationMissing", invariant: "registrations.history", about: theRegistration,
			detail: "it is COMPLETED at version 3, and its history ends at \"ACTION_REQUIRED\" with version 2",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM object_events WHERE registration_id = ? AND version = 3`, s.registration)
			},
		},
		{
			name: "MoveOfRegistrationIllegal", invariant: "registrations.history", about: theRegistration,
			detail: "version 3 goes on from \"EXPIRED\", and the one before ended at \"ACTION_REQUIRED\"",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE object_events SET "from" = 'EXPIRED' WHERE registration_id = ? AND version = 3`, s.registration)
			},
		},
		{
			name: "MessageOfNoRegistration", invariant: "outbox.complete", about: theRegistration,
			detail: "3 versions, and 4 messages of 4 of them (1 to 4)",
			spoil: func(s *spoiler) {
				s.do(s.tx.OutboxMessage.Create().SetID(pay.NewOutboxMessageID(s.tx.Now)).SetMerchantID(s.merchant).SetTopic("test").
					SetObjectID(s.registration.String()).SetVersion(4).SetCreatedAt(s.tx.Now).Exec(s.ctx))
			},
		},
		{
			name: "SameNewsTwice", invariant: "mails.once", about: func(*world) string { return "mail_" },
			detail: "2 mails tell the same",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX mail_merchant_id_key`)
				s.do(s.seedOneMail(s.ctx, s.tx, pay.NewMailID(s.tx.Now), "REFUSED"))
			},
		},
		{
			name: "MailOfNoJob", invariant: "mails.queued", about: func(w *world) string { return w.mail.String() },
			detail: "it is QUEUED, and no job sends it",
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM jobs WHERE kind = 'mail.send'`) },
		},
	}
}
