package check_test

import (
	"github.com/paygraph/paygraph/internal/pay"
)

// breakingCaptures breaks what was taken, and what bills and jobs make of it.
func breakingCaptures() []breaking {
	return []breaking{
		{
			name: "CaptureNotBooked", invariant: "captures.posted", about: doneAttempt,
			detail: "it took 10.00 RUB, and nothing is booked",
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM ledger_entries WHERE bill_id = ?`, s.done.bill) },
		},
		{
			name: "OtherAmountBooked", invariant: "captures.posted", about: doneAttempt,
			detail: "it took 10.00 RUB, and 9.99 RUB is booked in 1 parts",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET amount_minor = -999 WHERE bill_id = ? AND leg = 0`, s.done.bill)
				s.sql(`UPDATE ledger_entries SET amount_minor = 999 WHERE bill_id = ? AND leg = 1`, s.done.bill)
			},
		},
		{
			name: "BookedTwice", invariant: "captures.posted", about: doneAttempt,
			detail: "it took 10.00 RUB, and 20.00 RUB is booked in 2 parts",
			spoil: func(s *spoiler) {
				s.do(s.seedEntry(s.ctx, s.tx, "capture/"+s.done.attempt.String(), 2, pay.AccountClearing, "RUB", -1000, &s.done.bill, nil))
				s.do(s.seedEntry(s.ctx, s.tx, "capture/"+s.done.attempt.String(), 3, pay.AccountSales, "RUB", 1000, &s.done.bill, nil))
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
			detail: "0.05 RUB is booked, and the attempt is not CAPTURED at a provider",
			spoil: func(s *spoiler) {
				s.do(s.seedEntry(s.ctx, s.tx, "capture/"+s.pending.attempt.String(), 0, pay.AccountClearing, "RUB", -5, &s.pending.bill, nil))
				s.do(s.seedEntry(s.ctx, s.tx, "capture/"+s.pending.attempt.String(), 1, pay.AccountSales, "RUB", 5, &s.pending.bill, nil))
			},
		},
		{
			name: "BookedForNobody", invariant: "captures.posted", about: func(*world) string { return "capture/x" },
			detail: "the transfer books a capture and names no attempt",
			spoil: func(s *spoiler) {
				s.do(s.seedEntry(s.ctx, s.tx, "capture/x", 0, pay.AccountClearing, "RUB", -5, nil, nil))
				s.do(s.seedEntry(s.ctx, s.tx, "capture/x", 1, pay.AccountSales, "RUB", 5, nil, nil))
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
			spoil: func(s *spoiler) {
				s.sql(`UPDATE jobs SET parked_at = run_at, tries = 7, last_error = 'secret' WHERE kind = 'attempt.ask'`)
			},
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
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM ledger_entries WHERE transfer LIKE 'accept/%' AND bill_id = ?`, s.accepted.bill)
			},
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
	}
}
