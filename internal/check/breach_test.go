package check_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// spoiler breaks a world, in one transaction.
type spoiler struct {
	*world
	ctx context.Context // of the transaction
	tx  *store.Tx
	err error // the first one
}

// spoil breaks the world.
func (w *world) spoil(t *testing.T, f func(s *spoiler)) {
	t.Helper()
	w.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		s := &spoiler{world: w, ctx: ctx, tx: tx}
		f(s)
		return s.err
	})
}

func (s *spoiler) sql(query string, args ...any) { s.do(exec(s.ctx, s.tx, query, args...)) }

func (s *spoiler) do(err error) { s.err = firstError(s.err, err) }

// money inserts a balanced transfer that changes what the wallet has available.
func (s *spoiler) money(transfer string, amount, after int64) {
	s.do(s.seedEntry(s.ctx, s.tx, transfer, 0, pay.AccountWalletAvailable, "RUB", amount, nil, &after))
	s.do(s.seedEntry(s.ctx, s.tx, transfer, 1, pay.AccountSales, "RUB", -amount, nil, nil))
}

// between inserts a balanced transfer between two accounts, so that both are
// there.
func (s *spoiler) between(to, from pay.AccountKind, currency pay.Currency) {
	s.do(s.seedEntry(s.ctx, s.tx, "between", 0, to, currency, 5, nil, nil))
	s.do(s.seedEntry(s.ctx, s.tx, "between", 1, from, currency, -5, nil, nil))
}

// rebook moves what lies on one account for a bill to another.
func (s *spoiler) rebook(from, to pay.AccountKind, p payment) {
	s.sql(`UPDATE ledger_entries SET account_id = ? WHERE account_id = ? AND bill_id = ?`,
		pay.LedgerAccountIDOf(s.merchant, to, "RUB", ""), pay.LedgerAccountIDOf(s.merchant, from, "RUB", ""), p.bill)
}

// TestRun_Breach shows of every promise that its check can fail: each row breaks
// one thing, and that alone is reported.
func TestRun_Breach(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		invariant string
		detail    string
		about     func(w *world) string // what the breach names first
		spoil     func(s *spoiler)
	}{
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
			detail: "1 messages about a bill that is not there",
			spoil:  func(s *spoiler) { s.do(s.seedMessage(s.ctx, s.tx, noBill(s.world), 1)) },
		},
		{
			name: "MessageOfNonsense", invariant: "outbox.complete", about: func(*world) string { return "bill_x" },
			detail: "an id that no bill can have",
			spoil: func(s *spoiler) {
				s.do(s.seedMessage(s.ctx, s.tx, noBill(s.world), 1))
				s.sql(`UPDATE outbox_messages SET object_id = 'bill_x' WHERE object_id = ?`, noBill(s.world).String())
			},
		},
		{
			name: "LegMissing", invariant: "postings.balanced", about: func(w *world) string { return "capture/" + w.done.attempt.String() },
			detail: "its 1 legs in RUB sum to 10.00 RUB",
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
		{
			name: "CaptureNotBooked", invariant: "captures.posted", about: doneAttempt,
			detail: "it took 10.00 RUB, and nothing is booked",
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM ledger_entries WHERE bill_id = ?`, s.done.bill) },
		},
		{
			name: "OtherAmountBooked", invariant: "captures.posted", about: doneAttempt,
			detail: "it took 10.00 RUB, and 9.99 RUB is booked in 1 parts",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET amount_minor = 999 WHERE bill_id = ? AND leg = 0`, s.done.bill)
				s.sql(`UPDATE ledger_entries SET amount_minor = -999 WHERE bill_id = ? AND leg = 1`, s.done.bill)
			},
		},
		{
			name: "BookedTwice", invariant: "captures.posted", about: doneAttempt,
			detail: "it took 10.00 RUB, and 20.00 RUB is booked in 2 parts",
			spoil: func(s *spoiler) {
				s.do(s.seedEntry(s.ctx, s.tx, "capture/"+s.done.attempt.String(), 2, pay.AccountClearing, "RUB", 1000, &s.done.bill, nil))
				s.do(s.seedEntry(s.ctx, s.tx, "capture/"+s.done.attempt.String(), 3, pay.AccountSales, "RUB", -1000, &s.done.bill, nil))
			},
		},
		{
			name: "BookedForOtherBill", invariant: "captures.posted", about: doneAttempt,
			detail: "it took 10.00 RUB, and that is booked for another bill",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET bill_id = ? WHERE bill_id = ?`, s.pending.bill, s.done.bill)
			},
		},
		{
			name: "BookedWithoutCapture", invariant: "captures.posted", about: pendingAttempt,
			detail: "0.05 RUB is booked, and the attempt is not CAPTURED",
			spoil: func(s *spoiler) {
				s.do(s.seedEntry(s.ctx, s.tx, "capture/"+s.pending.attempt.String(), 0, pay.AccountClearing, "RUB", 5, &s.pending.bill, nil))
				s.do(s.seedEntry(s.ctx, s.tx, "capture/"+s.pending.attempt.String(), 1, pay.AccountSales, "RUB", -5, &s.pending.bill, nil))
			},
		},
		{
			name: "BookedForNobody", invariant: "captures.posted", about: func(*world) string { return "capture/x" },
			detail: "the transfer books a capture and names no attempt",
			spoil: func(s *spoiler) {
				s.do(s.seedEntry(s.ctx, s.tx, "capture/x", 0, pay.AccountClearing, "RUB", 5, nil, nil))
				s.do(s.seedEntry(s.ctx, s.tx, "capture/x", 1, pay.AccountSales, "RUB", -5, nil, nil))
			},
		},
		{
			name: "LateMoneyUnseen", invariant: "captures.settled", about: func(w *world) string { return w.late.bill.String() },
			detail: "an attempt took money, the bill is EXPIRED, and no review case says why",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM review_cases WHERE bill_id = ?`, s.late.bill)
				s.rebook(pay.AccountSuspense, pay.AccountSales, s.late)
			},
		},
		{
			name: "LateMoneyUnderOtherCase", invariant: "captures.settled", about: func(w *world) string { return w.late.bill.String() },
			detail: "no review case says why",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE review_cases SET reason = 'IN_DOUBT' WHERE bill_id = ?`, s.late.bill)
				s.rebook(pay.AccountSuspense, pay.AccountSales, s.late)
			},
		},
		{
			name: "OtherAmountTaken", invariant: "captures.amount", about: doneAttempt,
			detail: "it took 10.00 RUB where 11.00 RUB and a commission of 0.00 RUB were asked for",
			spoil:  func(s *spoiler) { s.sql(`UPDATE attempts SET amount_minor = 1100 WHERE id = ?`, s.done.attempt) },
		},
		{
			name: "LessThanHeldByNobody", invariant: "captures.amount", about: func(w *world) string { return w.held.attempt.String() },
			detail: "it took 4.00 RUB where 10.00 RUB and a commission of 0.00 RUB were asked for",
			spoil:  func(s *spoiler) { s.sql(`UPDATE operations SET status = 'FAILED' WHERE kind = 'CAPTURE'`) },
		},
		{
			name: "TakenTwiceUnseen", invariant: "captures.single", about: func(w *world) string { return w.twice.bill.String() },
			detail: "2 attempts took money for it, and no review case says so",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM review_cases WHERE bill_id = ?`, s.twice.bill)
				s.rebook(pay.AccountSuspense, pay.AccountSales, s.twice)
			},
		},
		{
			name: "PaidIsNotTaken", invariant: "bills.paid", about: doneBill,
			detail: "it is DONE and counts 9.00 RUB as paid; its attempts took 10.00 RUB",
			spoil:  func(s *spoiler) { s.sql(`UPDATE bills SET paid_minor = 900 WHERE id = ?`, s.done.bill) },
		},
		{
			name: "PaidByNothing", invariant: "bills.paid", about: pendingBill,
			detail: "it is PAID and counts 0.00 RUB as paid",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET status = 'PAID', updated_at = ? WHERE id = ?`, s.tx.Now, s.pending.bill)
				s.sql(`UPDATE bill_events SET "to" = 'PAID' WHERE bill_id = ? AND version = 2`, s.pending.bill)
			},
		},
		{
			name: "HeldByNothing", invariant: "bills.held", about: pendingBill,
			detail: "it is AUTHORIZED, and no current attempt holds money for it",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET status = 'AUTHORIZED' WHERE id = ?`, s.pending.bill)
				s.sql(`UPDATE bill_events SET "to" = 'AUTHORIZED' WHERE bill_id = ? AND version = 2`, s.pending.bill)
			},
		},
		{
			name: "HoldOfNobody", invariant: "holds.known", about: func(w *world) string { return w.pending.attempt.String() },
			detail: "it holds money that its bill does not stand on, and nobody gives it back",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET status = 'AUTHORIZED' WHERE id = ?`, s.pending.attempt)
			},
		},
		{
			name: "TwoCurrentAttempts", invariant: "attempts.current", about: pendingBill,
			detail: "it has 2 current attempts",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX attempts_one_current`)
				s.sql(`UPDATE attempts SET current = TRUE, status = 'ACTION_REQUIRED' WHERE bill_id = ?`, s.pending.bill)
			},
		},
		{
			name: "TwoOpenOperations", invariant: "operations.open", about: func(w *world) string { return w.held.attempt.String() },
			detail: "it has 2 open operations",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX operations_one_open`)
				s.sql(`UPDATE operations SET resolved_at = NULL, created_at = ? WHERE attempt_id = ?`, s.tx.Now, s.held.attempt)
			},
		},
		{
			name: "JobGivenUp", invariant: "jobs.parked", about: func(*world) string { return "job_" },
			detail: "attempt.ask was given up after 7 tries",
			spoil:  func(s *spoiler) { s.sql(`UPDATE jobs SET parked_at = run_at, tries = 7, last_error = 'secret'`) },
		},
		{
			name: "KeyDidTwoThings", invariant: "idempotency.once", about: func(*world) string { return "idem_" },
			detail: "one key of key_1 in billCreate has 2 records of 2 objects",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX idempotencyrecord_merchant_id_principal_mutation_key`)
				s.do(s.seedKey(s.ctx, s.tx, "k1", s.late.bill))
			},
		},
		{
			name: "EarnedBeforeAnybodyLooked", invariant: "captures.account", about: func(w *world) string { return w.late.attempt.String() },
			detail: "its bill was not paid by it, and of the 10.00 RUB it took 10.00 RUB lie on SALES and 0.00 RUB on SUSPENSE",
			spoil:  func(s *spoiler) { s.rebook(pay.AccountSuspense, pay.AccountSales, s.late) },
		},
		{
			name: "PaidAndStillSuspense", invariant: "captures.account", about: doneAttempt,
			detail: "its bill was paid by it, and of the 10.00 RUB it took 0.00 RUB lie on SALES and 10.00 RUB on SUSPENSE",
			spoil:  func(s *spoiler) { s.rebook(pay.AccountSales, pay.AccountSuspense, s.done) },
		},
		{
			name: "AcceptedAndNotBooked", invariant: "captures.account", about: func(w *world) string { return w.accepted.attempt.String() },
			detail: "its bill was paid by it, and of the 10.00 RUB it took 0.00 RUB lie on SALES and 10.00 RUB on SUSPENSE",
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM ledger_entries WHERE transfer LIKE 'accept/%'`) },
		},
		{
			name: "AcceptedByNobody", invariant: "captures.account", about: func(w *world) string { return w.accepted.attempt.String() },
			detail: "its bill was not paid by it, and of the 10.00 RUB it took 10.00 RUB lie on SALES and 0.00 RUB on SUSPENSE",
			spoil:  func(s *spoiler) { s.do(resolveCase(s.ctx, s.tx, "DISMISS", s.accepted)) },
		},
		{
			name: "BookedElsewhere", invariant: "captures.account", about: doneAttempt,
			detail: "of the 10.00 RUB it took 0.00 RUB lie on SALES and 0.00 RUB on SUSPENSE",
			spoil: func(s *spoiler) {
				s.between(pay.AccountRefunds, pay.AccountSales, "RUB")
				s.rebook(pay.AccountSales, pay.AccountRefunds, s.done)
			},
		},
		{
			name: "OrderOfNobodyNotBooked", invariant: "captures.unmatched", about: func(*world) string { return "payture-main/whose" },
			detail: "a case is about it, and nothing is booked",
			spoil: func(s *spoiler) {
				s.do(s.seedStranger(s.ctx, s.tx))
				s.sql(`DELETE FROM ledger_entries WHERE transfer LIKE 'unmatched/%'`)
			},
		},
		{
			name: "OrderOfNobodyBookedOtherwise", invariant: "captures.unmatched", about: func(*world) string { return "payture-main/whose" },
			detail: "a case is about 0.06 RUB, and 0.05 RUB is booked in 1 parts",
			spoil: func(s *spoiler) {
				s.do(s.seedStranger(s.ctx, s.tx))
				s.sql(`UPDATE review_cases SET amount_minor = 6 WHERE reason = 'UNMATCHED_PAYMENT'`)
			},
		},
		{
			name: "OrderOfNobodyUnasked", invariant: "captures.unmatched", about: func(*world) string { return "payture-main/whose" },
			detail: "0.05 RUB is booked for an order of nobody, and no case asks whose it is",
			spoil: func(s *spoiler) {
				s.do(s.seedStranger(s.ctx, s.tx))
				s.book.entries = s.book.entries[:len(s.book.entries)-1]
				s.sql(`DELETE FROM review_cases WHERE reason = 'UNMATCHED_PAYMENT'`)
			},
		},
		{
			name: "MismatchOfNothing", invariant: "bills.mismatch", about: func(w *world) string { return w.mismatch.bill.String() },
			detail: "no review case says what is wrong with its money",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE review_cases SET reason = 'LATE_PAYMENT' WHERE bill_id = ?`, s.mismatch.bill)
			},
		},
		{
			name: "RefundedInPart", invariant: "bills.refunded", about: doneBill,
			detail: "it is REFUNDED, was paid 10.00 RUB and gave back 4.00 RUB",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET status = 'REFUNDED', refunded_minor = 400 WHERE id = ?`, s.done.bill)
				s.sql(`UPDATE bill_events SET "to" = 'REFUNDED' WHERE bill_id = ? AND version = 4`, s.done.bill)
			},
		},
		{
			name: "AttemptOfOtherMerchant", invariant: "attempts.owner", about: pendingAttempt,
			detail: "of another merchant or in another currency",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET merchant_id = ? WHERE id = ?`, pay.NewMerchantID(s.tx.Now), s.pending.attempt)
			},
		},
		{
			name: "AttemptInOtherCurrency", invariant: "attempts.owner", about: pendingAttempt,
			detail: "of another merchant or in another currency",
			spoil:  func(s *spoiler) { s.sql(`UPDATE attempts SET currency = 'KZT' WHERE id = ?`, s.pending.attempt) },
		},
		{
			name: "TakenAndNotCaptured", invariant: "attempts.state", about: pendingAttempt,
			detail: "it is ACTION_REQUIRED and took 0.05 RUB",
			spoil:  func(s *spoiler) { s.sql(`UPDATE attempts SET captured_minor = 5 WHERE id = ?`, s.pending.attempt) },
		},
		{
			name: "OverAndCurrent", invariant: "attempts.state", about: pendingAttempt,
			detail: "it is DECLINED and its bill's current attempt",
			spoil:  func(s *spoiler) { s.sql(`UPDATE attempts SET status = 'DECLINED' WHERE id = ?`, s.pending.attempt) },
		},
		{
			name: "OverAndInDoubt", invariant: "attempts.state", about: doneAttempt,
			detail: "it is CAPTURED and in doubt",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET doubt_since = ? WHERE id = ?`, s.tx.Now, s.done.attempt)
			},
		},
		{
			name: "BillMadeByTwoKeys", invariant: "idempotency.objects", about: func(*world) string { return "idem_" },
			detail: "another key made the same bill",
			spoil:  func(s *spoiler) { s.do(s.seedKey(s.ctx, s.tx, "k3", s.done.bill)) },
		},
		{
			name: "KeyOfNoBill", invariant: "idempotency.objects", about: func(*world) string { return "idem_" },
			detail: "it names a bill that is not there",
			spoil:  func(s *spoiler) { s.do(s.seedKey(s.ctx, s.tx, "k3", noBill(s.world))) },
		},
		{
			name: "KeyOfOtherMerchant", invariant: "idempotency.objects", about: func(*world) string { return "idem_" },
			detail: "it names a bill of another merchant",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE idempotency_records SET merchant_id = ? WHERE key = 'k1'`, pay.NewMerchantID(s.tx.Now))
			},
		},
		{
			name: "KeyThatDidNothing", invariant: "idempotency.objects", about: func(*world) string { return "idem_" },
			detail: "it is over and names no bill that can be",
			spoil:  func(s *spoiler) { s.sql(`UPDATE idempotency_records SET object_id = '' WHERE key = 'k1'`) },
		},
		{
			name: "EventTwice", invariant: "events.once", about: func(*world) string { return "an-event" },
			detail: "account payture-main told it once, and it is stored 2 times",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX providerevent_account_event_key`)
				s.do(s.seedEvent(s.ctx, s.tx, "an-event", s.done, `{"Status":"CAPTURED"}`))
			},
		},
		{
			name: "EventOfMoneyWithoutEffect", invariant: "events.settled", about: pendingAttempt,
			detail: "a signed event says that its money was taken, and it is ACTION_REQUIRED, without a review case",
			spoil: func(s *spoiler) {
				s.do(s.seedEvent(s.ctx, s.tx, "money", s.pending, `{"Status":"CAPTURED"}`))
			},
		},
		{
			name: "EventUnreadable", invariant: "events.settled", about: pendingAttempt,
			detail: "what a signed event says of it cannot be read",
			spoil:  func(s *spoiler) { s.do(s.seedEvent(s.ctx, s.tx, "garbage", s.pending, `["CAPTURED"]`)) },
		},
		{
			name: "CaseOpenTwice", invariant: "reviews.once", about: func(w *world) string { return "LATE_PAYMENT/" + w.late.attempt.String() },
			detail: "2 cases are open about it",
			spoil: func(s *spoiler) {
				s.sql(`DROP INDEX reviewcase_key`)
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewLatePayment, s.late, "RUB"))
			},
		},
		{
			name: "ResolvedByNobody", invariant: "reviews.resolved", about: func(*world) string { return "rev_" },
			detail: "it is neither open nor resolved in full",
			spoil:  func(s *spoiler) { s.sql(`UPDATE review_cases SET resolved_by = NULL`) },
		},
		{
			name: "ResolvedWithoutReason", invariant: "reviews.resolved", about: func(*world) string { return "rev_" },
			detail: "it is neither open nor resolved in full",
			spoil:  func(s *spoiler) { s.sql(`UPDATE review_cases SET note = NULL`) },
		},
		{
			name: "OpenAndResolvedBySomebody", invariant: "reviews.resolved", about: func(*world) string { return "rev_" },
			detail: "it is neither open nor resolved in full",
			spoil:  func(s *spoiler) { s.sql(`UPDATE review_cases SET resolved_by = 'FINANCE user_1'`) },
		},
		{
			name: "ResolvedAsItCannotBe", invariant: "reviews.resolved", about: func(*world) string { return "rev_" },
			detail: "it is about DUPLICATE_PAYMENT and was resolved by RETRY_FULFILMENT",
			spoil:  func(s *spoiler) { s.do(resolveCase(s.ctx, s.tx, "RETRY_FULFILMENT", s.twice)) },
		},
		{
			name: "CaseOfOtherMerchant", invariant: "reviews.owner", about: func(*world) string { return "rev_" },
			detail: "its bill or attempt is not there, of another merchant",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE review_cases SET merchant_id = ? WHERE bill_id = ?`, pay.NewMerchantID(s.tx.Now), s.late.bill)
			},
		},
		{
			name: "CaseOfAnotherBillsAttempt", invariant: "reviews.owner", about: func(*world) string { return "rev_" },
			detail: "they do not belong together",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE review_cases SET bill_id = ? WHERE bill_id = ?`, s.done.bill, s.late.bill)
			},
		},
		{
			name: "AcceptedAndNotCarriedOut", invariant: "reviews.carried", about: func(*world) string { return "rev_" },
			detail: "it was resolved by FULFIL, and its bill is AMOUNT_MISMATCH",
			spoil: func(s *spoiler) {
				s.do(resolveCase(s.ctx, s.tx, "FULFIL", s.mismatch))
				s.rebook(pay.AccountSuspense, pay.AccountSales, s.mismatch)
			},
		},
		{
			name: "MoneySeenAndNotTaken", invariant: "reviews.carried", about: func(*world) string { return "rev_" },
			detail: "it was resolved by FULFIL, and its attempt is ACTION_REQUIRED",
			spoil: func(s *spoiler) {
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewInDoubt, s.pending, "RUB"))
				s.do(resolveCase(s.ctx, s.tx, "FULFIL", s.pending))
			},
		},
		{
			name: "VoidedAndTaken", invariant: "book.matched", about: pendingAttempt,
			detail: "payture took 10.00 RUB, and the attempt is VOIDED, without an open review case",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET status = 'VOIDED', current = FALSE WHERE id = ?`, s.pending.attempt)
				s.book.take(s.pending.attempt)
			},
		},
		{
			name: "TakenTwiceByTheProvider", invariant: "book.matched", about: doneAttempt,
			detail: "payture took its money 2 times",
			spoil:  func(s *spoiler) { s.book.of(s.done.attempt).Captures = 2 },
		},
		{
			name: "OtherAmountInTheBook", invariant: "book.matched", about: doneAttempt,
			detail: "payture took 9.00 RUB, and 10.00 RUB is recorded",
			spoil:  func(s *spoiler) { s.book.of(s.done.attempt).CapturedMinor = 900 },
		},
		{
			name: "OtherCurrencyInTheBook", invariant: "book.matched", about: doneAttempt,
			detail: "payture took 10.00 USD, and 10.00 RUB is recorded",
			spoil:  func(s *spoiler) { s.book.of(s.done.attempt).Currency = "USD" },
		},
		{
			name: "NotInTheBook", invariant: "book.matched", about: doneAttempt,
			detail: "it took 10.00 RUB, and the book of payture has nothing",
			spoil:  func(s *spoiler) { s.book.drop(s.done.attempt) },
		},
		{
			name: "OnlyHeldInTheBook", invariant: "book.matched", about: doneAttempt,
			detail: "it took 10.00 RUB, and the book of payture has nothing",
			spoil: func(s *spoiler) {
				s.book.of(s.done.attempt).Captures, s.book.of(s.done.attempt).CapturedMinor = 0, 0
			},
		},
		{
			name: "OnlyACardCheckInTheBook", invariant: "book.matched", about: doneAttempt,
			detail: "it took 10.00 RUB, and the book of payture has nothing",
			spoil:  func(s *spoiler) { s.book.of(s.done.attempt).Kind = "verification" },
		},
		{
			name: "TakenAndForgotten", invariant: "book.matched", about: pendingAttempt,
			detail: "payture took 10.00 RUB, and the attempt is ACTION_REQUIRED, without an open review case",
			spoil:  func(s *spoiler) { s.book.take(s.pending.attempt) },
		},
		{
			name: "OrderOfNobody", invariant: "book.matched", about: func(*world) string { return "whose" },
			detail: "payture took 0.05 RUB for an order that is no attempt of ours",
			spoil: func(s *spoiler) {
				s.book.add(entry{Provider: "payture", OrderRef: "whose", Kind: "payment", CapturedMinor: 5, Captures: 1, Currency: "RUB", At: s.tx.Now})
			},
		},
		{
			name: "OrderOfTwo", invariant: "book.matched", about: pendingAttempt,
			detail: "two attempts have this order of payture",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM provider_events`)
				s.sql(`UPDATE attempts SET account = 'other', order_number = ? WHERE id = ?`, s.done.attempt.Suffix(), s.pending.attempt)
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				w := newWorld(t, url)
				w.spoil(t, tt.spoil)
				report := w.run(t, check.Options{})
				require.NotEmpty(t, report.Breaches)
				for _, found := range report.Breaches {
					require.Equal(t, tt.invariant, found.Invariant, found.Detail)
					require.Contains(t, found.Detail, tt.detail)
					require.Contains(t, found.Objects[0], tt.about(w))
				}
				require.Empty(t, report.Pending)
				require.False(t, report.OK())
			})
		})
	}
}

func doneBill(w *world) string       { return w.done.bill.String() }
func doneAttempt(w *world) string    { return w.done.attempt.String() }
func pendingBill(w *world) string    { return w.pending.bill.String() }
func pendingAttempt(w *world) string { return w.pending.attempt.String() }
func theWallet(w *world) string      { return w.wallet.String() }

// available is the account of what the wallet has available.
func available(w *world) string {
	return pay.LedgerAccountIDOf(w.merchant, pay.AccountWalletAvailable, "RUB", w.wallet.UUID()).String()
}

// noBill is the id of a bill that is not there.
func noBill(w *world) pay.BillID {
	var id pay.BillID
	_ = id.Scan(w.merchant.Bytes())
	return id
}
