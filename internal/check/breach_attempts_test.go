package check_test

import (
	"github.com/paygraph/paygraph/internal/pay"
)

// breakingAttempts breaks attempts, keys, events, cases and the agreement with the
// book.
func breakingAttempts() []breaking {
	return []breaking{
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
			name: "OverAndInDoubt", invariant: "attempts.state", about: pendingAttempt,
			detail: "it is FAILED and in doubt",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET status = 'FAILED', current = FALSE, doubt_since = ? WHERE id = ?`, s.tx.Now, s.pending.attempt)
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
}
