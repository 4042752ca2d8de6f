package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// refundOf returns who a breach about a refund names.
func refundOf(name string) func(w *world) string {
	return func(w *world) string { return w.back[name].String() }
}

func returnedBill(w *world) string { return w.returned.bill.String() }
func partAttempt(w *world) string  { return w.part.attempt.String() }

// set changes a column of one of the refunds.
func (s *spoiler) set(name, column string, value any) {
	s.sql(`UPDATE refunds SET `+column+` = ? WHERE id = ?`, value, s.back[name])
}

// setOperation changes a column of the operation of one of the refunds.
func (s *spoiler) setOperation(name, column string, value any) {
	s.sql(`UPDATE operations SET `+column+` = ? WHERE id = (SELECT operation_id FROM refunds WHERE id = ?)`, value, s.back[name])
}

// rename gives a transfer another key.
func (s *spoiler) rename(from, to string) {
	s.sql(`UPDATE ledger_entries SET transfer = ? WHERE transfer = ?`, to, from)
}

// unchecked lets the database keep what its CHECK refuses.
func (s *spoiler) unchecked(table, constraint string) {
	if s.store.IsPostgres() {
		s.sql(`ALTER TABLE ` + table + ` DROP CONSTRAINT ` + constraint)
		return
	}
	s.sql(`PRAGMA ignore_check_constraints = ON`)
}

// givesBack inserts one more refund.
func (s *spoiler) givesBack(name string, b back) { s.do(s.seedBack(s.ctx, s.tx, name, b)) }

// breakingRefunds breaks money that goes back.
func breakingRefunds() []breaking {
	return []breaking{
		{
			name: "OtherThanItsRefunds", invariant: "attempts.refunded", about: doneAttempt,
			detail: "it says 1.00 RUB went back and 0.00 RUB is on its way; its refunds say 0.00 RUB and 0.00 RUB",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET refunded_minor = 100 WHERE id = ?`, s.done.attempt)
				s.sql(`UPDATE bills SET refunded_minor = 100 WHERE id = ?`, s.done.bill)
				s.book.of(s.done.attempt).RefundedMinor = 100
			},
		},
		{
			name: "NotOnItsWayAnyMore", invariant: "attempts.refunded", about: partAttempt,
			detail: "it says 3.00 RUB went back and 0.00 RUB is on its way; its refunds say 3.00 RUB and 2.00 RUB",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET refunding_minor = 0 WHERE id = ?`, s.part.attempt)
				s.sql(`UPDATE bills SET refunding_minor = 0 WHERE id = ?`, s.part.bill)
			},
		},
		{
			name: "OtherThanItsAttempts", invariant: "bills.refunded", about: doneBill,
			detail: "it says 0.00 RUB went back and 0.05 RUB is on its way; its attempts say 0.00 RUB and 0.00 RUB",
			spoil:  func(s *spoiler) { s.sql(`UPDATE bills SET refunding_minor = 5 WHERE id = ?`, s.done.bill) },
		},
		{
			name: "AllBackAndNotRefunded", invariant: "bills.refunded", about: returnedBill,
			detail: "it is DONE, was paid 10.00 RUB and gave back 10.00 RUB",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET status = 'DONE' WHERE id = ?`, s.returned.bill)
				s.sql(`UPDATE bill_events SET "to" = 'DONE' WHERE bill_id = ? AND version = 5`, s.returned.bill)
			},
		},
		{
			name: "RefundedAndNothingBack", invariant: "bills.returned", about: doneBill,
			detail: "it is REFUNDED, and gave back 0.00 RUB of the 10.00 RUB that it was paid, 0.00 RUB of the 10.00 RUB that it earned",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET status = 'REFUNDED' WHERE id = ?`, s.done.bill)
				s.sql(`UPDATE bill_events SET "to" = 'REFUNDED' WHERE bill_id = ? AND version = 4`, s.done.bill)
			},
		},
		{
			name: "RefundInOtherCurrency", invariant: "refunds.owner", about: refundOf(backWaiting),
			detail: "of another merchant or in another currency",
			spoil:  func(s *spoiler) { s.set(backWaiting, "currency", "KZT") },
		},
		{
			name: "RefundOfOtherMerchant", invariant: "refunds.owner", about: refundOf(backWaiting),
			detail: "of another merchant or in another currency",
			spoil:  func(s *spoiler) { s.set(backWaiting, "merchant_id", pay.NewMerchantID(s.tx.Now)) },
		},
		{
			name: "RefundOfOtherCase", invariant: "refunds.owner", about: refundOf(backWaiting),
			detail: "they do not belong together",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE refunds SET review_id = (SELECT id FROM review_cases WHERE attempt_id = ?) WHERE id = ?`, s.late.attempt, s.back[backWaiting])
			},
		},
		{
			name: "ApprovedByWhoAsked", invariant: "refunds.owner", about: refundOf(backAll),
			detail: "it was approved by who asked for it",
			spoil:  func(s *spoiler) { s.set(backAll, "approved_by", "ADMIN user_1") },
		},
		{
			name: "ApprovedAndWaitsForIt", invariant: "refunds.owner", about: refundOf(backWaiting),
			detail: "it waits for approval and has it",
			spoil:  func(s *spoiler) { s.set(backWaiting, "approved_by", "ADMIN user_2") },
		},
		{
			name: "RefundOfWhatWasNotTaken", invariant: "refunds.owner", about: refundOf("odd"),
			detail: "it gives back what its attempt did not take",
			spoil: func(s *spoiler) {
				s.givesBack("odd", back{payment: s.pending, amount: 5, status: pay.RefundFailed, source: pay.AccountRefunds})
			},
		},
		{
			name: "RefundNotBooked", invariant: "refunds.posted", about: refundOf(backAll),
			detail: "it is SUCCEEDED, and booked in 0 legs",
			spoil: func(s *spoiler) {
				s.sql(`DELETE FROM ledger_entries WHERE transfer = ?`, "refund/"+s.back[backAll].String())
			},
		},
		{
			name: "RefundBookedTwice", invariant: "refunds.posted", about: refundOf(backPart),
			detail: "it is SUCCEEDED, and booked in 4 legs",
			spoil: func(s *spoiler) {
				s.do(s.seedEntry(s.ctx, s.tx, "refund/"+s.back[backPart].String(), 2, pay.AccountRefunds, "RUB", -300, &s.part.bill, nil))
				s.do(s.seedEntry(s.ctx, s.tx, "refund/"+s.back[backPart].String(), 3, pay.AccountClearing, "RUB", 300, &s.part.bill, nil))
			},
		},
		{
			name: "RefundThatFailedIsBooked", invariant: "refunds.posted", about: refundOf(backRefused),
			detail: "it is FAILED, and booked in 2 legs",
			spoil: func(s *spoiler) {
				s.do(s.seedEntry(s.ctx, s.tx, "refund/"+s.back[backRefused].String(), 0, pay.AccountRefunds, "RUB", -700, &s.part.bill, nil))
				s.do(s.seedEntry(s.ctx, s.tx, "refund/"+s.back[backRefused].String(), 1, pay.AccountClearing, "RUB", 700, &s.part.bill, nil))
			},
		},
		{
			name: "OtherAmountBookedAsGivenBack", invariant: "refunds.posted", about: refundOf(backPart),
			detail: "it gave back 3.00 RUB, and 2.99 RUB went out of REFUNDS, 2.99 RUB to CLEARING",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET amount_minor = -299 WHERE transfer = ? AND leg = 0`, "refund/"+s.back[backPart].String())
				s.sql(`UPDATE ledger_entries SET amount_minor = 299 WHERE transfer = ? AND leg = 1`, "refund/"+s.back[backPart].String())
			},
		},
		{
			name: "GivenBackFromOtherAccount", invariant: "refunds.posted", about: refundOf(backPart),
			detail: "0.00 RUB went out of REFUNDS, 3.00 RUB to CLEARING",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET account_id = ? WHERE transfer = ? AND leg = 0`,
					pay.LedgerAccountIDOf(s.merchant, pay.AccountSuspense, "RUB", ""), "refund/"+s.back[backPart].String())
			},
		},
		{
			name: "GivenBackByNobody", invariant: "refunds.posted", about: func(*world) string { return "refund/x" },
			detail: "it gives money back, and there is no such refund",
			spoil:  func(s *spoiler) { s.rename("release", "refund/x") },
		},
		{
			name: "MoreThanWaits", invariant: "refunds.source", about: func(w *world) string { return w.excess.attempt.String() },
			detail: "its refunds take 2.50 RUB from SUSPENSE, and it brought 2.00 RUB there",
			spoil: func(s *spoiler) {
				s.givesBack("more", back{payment: s.excess, amount: 50, status: pay.RefundAwaitingApproval, source: pay.AccountSuspense})
			},
		},
		{
			name: "MoreThanWasTaken", invariant: "refunds.source", about: partAttempt,
			detail: "its refunds take 11.00 RUB from REFUNDS, and it brought 10.00 RUB there",
			spoil: func(s *spoiler) {
				s.unchecked("attempts", "attempts_refunded")
				s.unchecked("bills", "bills_refunding")
				s.givesBack("more", back{payment: s.part, amount: 600, status: pay.RefundRequested, source: pay.AccountRefunds})
			},
		},
		{
			name: "BackAndNotSent", invariant: "refunds.sent", about: refundOf(backAll),
			detail: "it is SUCCEEDED, and its operation at the provider is FAILED",
			spoil:  func(s *spoiler) { s.setOperation(backAll, "status", "FAILED") },
		},
		{
			name: "RefusedAndDone", invariant: "refunds.sent", about: refundOf(backRefused),
			detail: "it is FAILED, and its operation at the provider is SUCCEEDED",
			spoil:  func(s *spoiler) { s.setOperation(backRefused, "status", "SUCCEEDED") },
		},
		{
			name: "SentBeforeItWasApproved", invariant: "refunds.sent", about: refundOf(backWaiting),
			detail: "it is AWAITING_APPROVAL, and its operation at the provider is not there",
			spoil:  func(s *spoiler) { s.set(backWaiting, "operation_id", pay.NewOperationID(s.tx.Now)) },
		},
		{
			name: "SentForOtherAmount", invariant: "refunds.sent", about: refundOf(backAll),
			detail: "its operation is another attempt's, no refund, or for another amount",
			spoil:  func(s *spoiler) { s.setOperation(backAll, "amount_minor", 999) },
		},
		{
			name: "SentAgain", invariant: "refunds.sent", about: func(*world) string { return "op_" },
			detail: "it gives money back or may have, is SUCCEEDED, and is no refund's",
			spoil:  func(s *spoiler) { s.do(s.seedOperation(s.ctx, s.tx, s.returned.attempt, pay.OperationRefund, 1000)) },
		},
		{
			name: "InDoubtAndNothingOut", invariant: "refunds.out", about: doneAttempt,
			detail: "it is CAPTURED and in doubt, and no refund of it is out",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET doubt_since = ? WHERE id = ?`, s.tx.Now, s.done.attempt)
			},
		},
		{
			name: "OutAndNotInDoubt", invariant: "refunds.out", about: doneAttempt,
			detail: "a refund of it is out, and it is not in doubt",
			spoil: func(s *spoiler) {
				s.givesBack("out", back{payment: s.done, amount: 5, status: pay.RefundSent, source: pay.AccountRefunds})
				s.sql(`UPDATE attempts SET doubt_since = NULL WHERE id = ?`, s.done.attempt)
			},
		},
		{
			name: "TwoOut", invariant: "refunds.out", about: doneAttempt,
			detail: "2 refunds of it are out at once",
			spoil: func(s *spoiler) {
				s.givesBack("out", back{payment: s.done, amount: 5, status: pay.RefundSent, source: pay.AccountRefunds})
				s.setOperation("out", "resolved_at", s.tx.Now)
				s.givesBack("more", back{payment: s.done, amount: 5, status: pay.RefundSent, source: pay.AccountRefunds})
			},
		},
		{
			name: "NobodySendsIt", invariant: "refunds.due", about: refundOf(backWaiting),
			detail: "it is AWAITING_APPROVAL, and no job sends or ends it",
			spoil:  func(s *spoiler) { s.sql(`DELETE FROM jobs WHERE kind = 'refund.send'`) },
		},
		{
			name: "RefundMadeByTwoKeys", invariant: "refunds.keys", about: func(*world) string { return "idem_" },
			detail: "another key made the same refund",
			spoil: func(s *spoiler) {
				s.do(s.seedKey(s.ctx, s.tx, "r2", s.done.bill))
				s.sql(`UPDATE idempotency_records SET mutation = 'refundCreate', object_id = ? WHERE key = 'r2'`, s.back[backAll].String())
			},
		},
		{
			name: "KeyOfNoRefund", invariant: "refunds.keys", about: func(*world) string { return "idem_" },
			detail: "it names a refund that is not there",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE idempotency_records SET object_id = ? WHERE key = 'r1'`, pay.NewRefundID(s.tx.Now).String())
			},
		},
		{
			name: "KeyOfOtherMerchantsRefund", invariant: "refunds.keys", about: func(*world) string { return "idem_" },
			detail: "it names a refund of another merchant",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE idempotency_records SET merchant_id = ? WHERE key = 'r1'`, pay.NewMerchantID(s.tx.Now))
			},
		},
		{
			name: "WithheldForNoTopUp", invariant: "refunds.withheld", about: refundOf(backAll),
			detail: "it is SUCCEEDED of 10.00 RUB, and of a top-up's wallet 0.40 RUB were set aside",
			spoil:  func(s *spoiler) { s.rename("hold", "refund_hold/"+s.back[backAll].String()) },
		},
		{
			name: "WithheldForNobody", invariant: "refunds.withheld", about: func(*world) string { return "refund_hold/x" },
			detail: "there is no such refund",
			spoil:  func(s *spoiler) { s.rename("hold", "refund_hold/x") },
		},
		{
			name: "MoneyBackAndThePageOpen", invariant: "refunds.revoked", about: returnedBill,
			detail: "all that it earned went back, and what it granted may be used",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE entitlements SET revoked_at = NULL WHERE bill_id = ? AND kind = 'page'`, s.returned.bill)
			},
		},
		{
			name: "ExcessThatNobodyGivesBack", invariant: "reviews.carried", about: func(*world) string { return "rev_" },
			detail: "it was resolved by REFUND_EXCESS, and its bill is one whose money was taken, and no refund of it began",
			spoil:  func(s *spoiler) { s.set(backExcess, "review_id", nil) },
		},
		{
			name: "ExcessThatIsEarned", invariant: "captures.account", about: func(w *world) string { return w.excess.attempt.String() },
			detail: "its bill was paid by 10.00 RUB of it, and of the 12.00 RUB it took 9.00 RUB lie on SALES and 3.00 RUB on SUSPENSE",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET amount_minor = -900 WHERE transfer = ? AND leg = 0`, "accept/"+s.excess.attempt.String())
				s.sql(`UPDATE ledger_entries SET amount_minor = 900 WHERE transfer = ? AND leg = 1`, "accept/"+s.excess.attempt.String())
			},
		},
		{
			name: "GivenBackInTheBookOnly", invariant: "book.matched", about: doneAttempt,
			detail: "payture gave back 0.05 RUB, and 0.00 RUB is recorded",
			spoil:  func(s *spoiler) { s.book.of(s.done.attempt).RefundedMinor = 5 },
		},
		{
			name: "GivenBackTwiceInTheBook", invariant: "book.matched", about: partAttempt,
			detail: "payture gave back 6.00 RUB, and 3.00 RUB is recorded",
			spoil:  func(s *spoiler) { s.book.of(s.part.attempt).RefundedMinor = 600 },
		},
		{
			name: "NotGivenBackInTheBook", invariant: "book.matched", about: partAttempt,
			detail: "payture gave back 0.00 RUB, and 3.00 RUB is recorded",
			spoil:  func(s *spoiler) { s.book.of(s.part.attempt).RefundedMinor = 0 },
		},
	}
}

// breakingReturns breaks what follows for a top-up, a gift and a subscription.
func breakingReturns() []breaking {
	return []breaking{
		{
			name: "WithheldAndNotTaken", invariant: "refunds.withheld", about: refundOf(backTopUp),
			detail: "3.00 RUB were set aside, 0.00 RUB taken, 0.00 RUB set free",
			spoil:  func(s *spoiler) { s.rename("refund_revoke/"+s.back[backTopUp].String(), "other") },
		},
		{
			name: "WithheldAndBoth", invariant: "refunds.withheld", about: refundOf(backTopUp),
			detail: "3.00 RUB were set aside, 3.00 RUB taken, 0.10 RUB set free",
			spoil:  func(s *spoiler) { s.rename("release", "refund_release/"+s.back[backTopUp].String()) },
		},
		{
			name: "NothingWithheld", invariant: "refunds.withheld", about: refundOf(backTopUp),
			detail: "the top-up had filled a wallet, and nothing was set aside in it",
			spoil: func(s *spoiler) {
				s.rename("refund_revoke/"+s.back[backTopUp].String(), "other")
				s.rename("refund_hold/"+s.back[backTopUp].String(), "another")
			},
		},
		{
			name: "IntoOtherThanTheWalletThatPaid", invariant: "refunds.posted", about: refundOf(backWallet),
			detail: "4.00 RUB went out of REFUNDS, 0.00 RUB to WALLET_AVAILABLE",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE ledger_entries SET account_id = ?, wallet_id = NULL, balance_after_minor = NULL WHERE transfer = ? AND leg = 1`,
					pay.LedgerAccountIDOf(s.merchant, pay.AccountClearing, "RUB", "payture-main"), "refund/"+s.back[backWallet].String())
				s.sql(`UPDATE wallets SET available_minor = available_minor - 400`)
			},
		},
		{
			name: "WalletThatAskedAProvider", invariant: "refunds.sent", about: refundOf(backWallet),
			detail: "it is SUCCEEDED, and its operation at the provider is not there",
			spoil:  func(s *spoiler) { s.set(backWallet, "operation_id", pay.NewOperationID(s.tx.Now)) },
		},
		{
			name: "VoidedForNothing", invariant: "refunds.revoked", about: func(w *world) string { return w.giftBills[notGiven].String() },
			detail: "its gift is VOIDED, and no refund of all that it earned is out or done",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE gifts SET status = 'VOIDED', voided_at = ? WHERE id = ?`, s.tx.Now, s.gifts[notGiven])
			},
		},
		{
			name: "MoneyBackAndTheGiftGood", invariant: "refunds.revoked", about: func(w *world) string { return w.giftBills[notGiven].String() },
			detail: "all that it earned went back, and its gift is ISSUED",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET status = 'REFUNDED' WHERE id = ?`, s.giftBills[notGiven])
				s.sql(`UPDATE bill_events SET "to" = 'REFUNDED' WHERE bill_id = ? AND version = 4`, s.giftBills[notGiven])
				s.givesBack("gift-back", back{
					payment: payment{bill: s.giftBills[notGiven], attempt: s.attemptOf(s.giftBills[notGiven])},
					amount:  1000, status: pay.RefundSucceeded, source: pay.AccountRefunds, all: true,
				})
			},
		},
		{
			name: "MoneyBackAndTheSubscriptionOpen", invariant: "refunds.revoked", about: func(*world) string { return "bill_" },
			detail: "it paid for the newest period, all that it earned went back, and its subscription is CANCELED",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE entitlements SET expires_at = (SELECT current_period_end FROM billing_subscriptions WHERE id = ?) WHERE subscription_id = ?`, s.unpaid, s.unpaid)
			},
		},
	}
}

// TestRun_BreachOfRefunds shows of every promise about money that goes back that its
// check can fail.
func TestRun_BreachOfRefunds(t *testing.T) {
	t.Parallel()
	t.Run("Money", func(t *testing.T) {
		t.Parallel()
		testBreaches(t, newWorld, breakingRefunds())
	})
	t.Run("WhatWasBought", func(t *testing.T) {
		t.Parallel()
		testBreaches(t, newReturns, breakingReturns())
	})
}

// A refund that the provider may have done explains what its book has.
func TestRun_RefundInDoubt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := newReturns(t, url)
		w.book.of(w.takenBack).RefundedMinor = 1000
		lenient := w.run(t, check.Options{})
		require.Empty(t, lenient.Breaches)
		require.Equal(t, "payture gave back 10.00 RUB, 0.00 RUB is recorded, and a refund is out", detail(lenient.Pending))
		require.Equal(t, lenient.Pending, w.run(t, check.Options{Strict: true}).Breaches)
	})
}

// A vendor that numbers orders itself has its own number in its book.
func TestRun_BookByTheVendorsNumbers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.spoil(t, func(s *spoiler) {
			s.sql(`UPDATE attempts SET provider_ref = 'vendor-7' WHERE id = ?`, s.part.attempt)
			s.book.of(s.part.attempt).OrderRef = "vendor-7"
		})
		require.True(t, w.run(t, check.Options{Strict: true}).OK())
	})
}

// What was paid is not given while its money is on its way back.
func TestRun_FulfilmentWaitsForARefund(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.spoil(t, func(s *spoiler) {
			s.sql(`UPDATE bills SET status = 'PAID' WHERE id = ?`, s.part.bill)
			s.sql(`UPDATE bill_events SET "to" = 'PAID' WHERE bill_id = ? AND version = 4`, s.part.bill)
		})
		require.True(t, w.run(t, check.Options{Strict: true}).OK())
	})
}
