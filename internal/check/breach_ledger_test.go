package check_test

import (
	"github.com/paygraph/paygraph/internal/pay"
)

// breakingLedger breaks histories, the ledger and what was given.
func breakingLedger() []breaking {
	return []breaking{
		{
			name: "VersionMissing", invariant: "history.steps", about: doneBill,
			detail: "version 3 stands where version 2 should",
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM bill_events WHERE bill_id = ? AND version = 2`, s.done.bill) },
		},
		{
			name: "StepFromElsewhere", invariant: "history.steps", about: doneBill,
			detail: `version 3 goes on from "AUTHORIZED", and the one before ended at "PENDING"`,
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bill_events SET "from" = 'AUTHORIZED' WHERE bill_id = ? AND version = 3`, s.done.bill)
			},
		},
		{
			name: "HistoryBeginsLate", invariant: "history.steps", about: pendingBill,
			detail: `version 1 moves from "" to EXPIRED, which is no legal move`,
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bill_events SET "to" = 'EXPIRED' WHERE bill_id = ?`, s.pending.bill)
				s.sql(`UPDATE bill_events SET "from" = 'EXPIRED' WHERE bill_id = ? AND version = 2`, s.pending.bill)
				s.sql(`UPDATE bills SET status = 'EXPIRED' WHERE id = ?`, s.pending.bill)
			},
		},
		{
			name: "IllegalMove", invariant: "history.steps", about: pendingBill,
			detail: `version 2 moves from "PENDING" to REFUNDED, which is no legal move`,
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bill_events SET "to" = 'REFUNDED' WHERE bill_id = ? AND version = 2`, s.pending.bill)
				s.sql(`UPDATE bills SET status = 'REFUNDED' WHERE id = ?`, s.pending.bill)
			},
		},
		{
			name: "LateMoneyAcceptedByNobody", invariant: "history.steps", about: func(w *world) string { return w.accepted.bill.String() },
			detail: `version 4 moves from "CANCELED" to PAID, and the bill has no review case`,
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM review_cases WHERE bill_id = ?`, s.accepted.bill) },
		},
		{
			name: "StatusWithoutHistory", invariant: "history.current", about: pendingBill,
			detail: `it is CANCELED at version 2, and its history ends at "PENDING" with version 2`,
			spoil:  func(s *spoiler) { s.sql(`UPDATE bills SET status = 'CANCELED' WHERE id = ?`, s.pending.bill) },
		},
		{
			name: "VersionWithoutHistory", invariant: "history.current", about: pendingBill,
			detail: `it is PENDING at version 3, and its history ends at "PENDING" with version 2`,
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET version = 3 WHERE id = ?`, s.pending.bill)
				s.do(s.seedMessage(s.ctx, s.tx, s.pending.bill, 3))
			},
		},
		{
			name: "NoHistory", invariant: "history.current", about: pendingBill,
			detail: `its history ends at "" with version 0`,
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM bill_events WHERE bill_id = ?`, s.pending.bill) },
		},
		{
			name: "MessageMissing", invariant: "outbox.complete", about: doneBill,
			detail: "4 versions, and 3 messages of 3 of them (2 to 4)",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM outbox_messages WHERE object_id = ? AND version = 1`, s.done.bill.String())
			},
		},
		{
			name: "NoMessage", invariant: "outbox.complete", about: pendingBill,
			detail: "2 versions, and 0 messages",
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM outbox_messages WHERE object_id = ?`, s.pending.bill.String()) },
		},
		{
			name: "MessageTwice", invariant: "outbox.complete", about: doneBill,
			detail: "4 versions, and 5 messages of 4 of them (1 to 4)",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX outboxmessage_object_id_version`)
				s.do(s.seedMessage(s.ctx, s.tx, s.done.bill, 2))
			},
		},
		{
			name: "MessageOfNoVersion", invariant: "outbox.complete", about: pendingBill,
			detail: "2 versions, and 3 messages of 3 of them (1 to 3)",
			spoil:  func(s *spoiler) { s.do(s.seedMessage(s.ctx, s.tx, s.pending.bill, 3)) },
		},
		{
			name: "MessageOfNoBill", invariant: "outbox.complete", about: func(w *world) string { return noBill(w).String() },
			detail: "1 messages about what is not there",
			spoil:  func(s *spoiler) { s.do(s.seedMessage(s.ctx, s.tx, noBill(s.world), 1)) },
		},
		{
			name: "MessageOfNonsense", invariant: "outbox.complete", about: func(*world) string { return "bill_x" },
			detail: "an id that nothing can have",
			spoil: func(s *spoiler) {
				s.do(s.seedMessage(s.ctx, s.tx, noBill(s.world), 1))
				s.sql(`UPDATE outbox_messages SET object_id = 'bill_x' WHERE object_id = ?`, noBill(s.world).String())
			},
		},
		{
			name: "LegMissing", invariant: "postings.balanced", about: func(w *world) string { return "capture/" + w.done.attempt.String() },
			detail: "its 1 legs in RUB sum to -10.00 RUB",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM ledger_entries WHERE bill_id = ? AND leg = 1`, s.done.bill)
			},
		},
		{
			name: "CurrenciesMixed", invariant: "postings.balanced", about: func(w *world) string { return "capture/" + w.done.attempt.String() },
			detail: "sum to",
			spoil: func(s *spoiler) {
				s.between(pay.AccountRefunds, pay.AccountSales, "KZT")
				s.sql(`UPDATE ledger_entries SET currency = 'KZT', account_id = ? WHERE bill_id = ? AND leg = 1`,
					pay.LedgerAccountIDOf(s.merchant, pay.AccountSales, "KZT", ""), s.done.bill)
			},
		},
		{
			name: "EntryInOtherCurrency", invariant: "postings.account", about: func(*world) string { return "hold" },
			detail: "an entry in KZT is on an account in RUB",
			spoil:  func(s *spoiler) { s.sql(`UPDATE ledger_entries SET currency = 'KZT' WHERE transfer = 'hold'`) },
		},
		{
			name: "EntryOfOtherMerchant", invariant: "postings.account", about: func(*world) string { return "hold" },
			detail: "an entry is on an account of another merchant",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET merchant_id = ? WHERE transfer = 'hold'`, pay.NewMerchantID(s.tx.Now))
			},
		},
		{
			name: "AvailableFromNothing", invariant: "wallets.balance", about: theWallet,
			detail: "it says 0.80 RUB available and 0.00 RUB held, its entries sum to 0.70 RUB and 0.00 RUB",
			spoil:  func(s *spoiler) { s.sql(`UPDATE wallets SET available_minor = 80`) },
		},
		{
			name: "HeldFromNothing", invariant: "wallets.balance", about: theWallet,
			detail: "it says 0.70 RUB available and 0.05 RUB held, its entries sum to 0.70 RUB and 0.00 RUB",
			spoil:  func(s *spoiler) { s.sql(`UPDATE wallets SET held_minor = 5`) },
		},
		{
			name: "Overdrawn", invariant: "wallets.entries", about: theWallet,
			detail: "the balance after it is -30 minor units, below zero",
			spoil: func(s *spoiler) {
				s.money("too-much", -100, -30)
				s.money("back", 100, 70)
			},
		},
		{
			name: "BalanceAfterWrong", invariant: "wallets.entries", about: theWallet,
			detail: "more often than",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET balance_after_minor = 65 WHERE transfer = 'debit' AND leg = 0`)
			},
		},
		{
			name: "BalanceOfAHold", invariant: "wallets.entries", about: theWallet,
			detail: "leaves the wallet as it was, and it records a balance of 60 minor units",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET balance_after_minor = 60 WHERE transfer = 'hold' AND leg = 0`)
			},
		},
		{
			name: "BalanceMissing", invariant: "wallets.entries", about: theWallet,
			detail: "it records no balance after it",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET balance_after_minor = NULL WHERE transfer = 'debit'`)
			},
		},
		{
			name: "UpdateLost", invariant: "wallets.entries", about: theWallet,
			detail: "more often than others",
			spoil: func(s *spoiler) {
				s.money("one", -10, 60)
				s.money("other", -10, 60)
				s.sql(`UPDATE wallets SET available_minor = 50`)
			},
		},
		{
			name: "EntryOfNoWallet", invariant: "wallets.entries", about: available,
			detail: "an entry of a wallet's account names no wallet",
			spoil: func(s *spoiler) {
				s.money("stray", 10, 80)
				s.sql(`UPDATE ledger_entries SET wallet_id = NULL WHERE transfer = 'stray' AND leg = 0`)
			},
		},
		{
			name: "GivenTwice", invariant: "entitlements.once", about: doneBill,
			detail: `it gave page "p1" 2 times`,
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX entitlement_bill_id_kind_resource`)
				s.do(s.seedEntitlement(s.ctx, s.tx, s.done.bill, "page", "p1"))
			},
		},
		{
			name: "GivenUnpaid", invariant: "entitlements.paid", about: pendingBill,
			detail: `resource "news" was given, and the bill never was paid`,
			spoil:  func(s *spoiler) { s.do(s.seedEntitlement(s.ctx, s.tx, s.pending.bill, "resource", "news")) },
		},
		{
			name: "PageNotGiven", invariant: "entitlements.complete", about: doneBill,
			detail: `it is DONE and did not give page "p1"`,
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM entitlements WHERE kind = 'page'`) },
		},
		{
			name: "ResourceNotGiven", invariant: "entitlements.complete", about: doneBill,
			detail: `it is DONE and did not give resource "news"`,
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM entitlements WHERE kind = 'resource'`) },
		},
	}
}
