package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// What time alone may mend is nothing while it is young, then pending, and a
// breach of a program at rest. Each row breaks one thing.
func TestRun_Liveness(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		invariant string
		detail    string
		about     func(w *world) string
		young     time.Duration // how old it may be before it is reported
		spoil     func(s *spoiler, since time.Time)
	}{
		{
			name: "RefundNotSent", invariant: "refunds.due", about: refundOf(backWaiting), young: 30 * time.Second,
			detail: "it is REQUESTED since ",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE refunds SET status = 'REQUESTED', updated_at = ? WHERE id = ?`, since, s.back[backWaiting])
			},
		},
		{
			name: "Unknown", invariant: "attempts.certain", about: pendingAttempt, young: 30 * time.Second,
			detail: "it is UNKNOWN and in doubt since ",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE attempts SET status = 'UNKNOWN', doubt_since = ? WHERE id = ?`, since, s.pending.attempt)
			},
		},
		{
			name: "Sent", invariant: "attempts.certain", about: pendingAttempt, young: 30 * time.Second,
			detail: "it is SENT and in doubt since ",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE attempts SET status = 'SENT', updated_at = ? WHERE id = ?`, since, s.pending.attempt)
			},
		},
		{
			name: "Created", invariant: "attempts.certain", about: pendingAttempt, young: 30 * time.Second,
			detail: "it is CREATED and in doubt since ",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE attempts SET status = 'CREATED', updated_at = ? WHERE id = ?`, since, s.pending.attempt)
			},
		},
		{
			name: "OperationOut", invariant: "attempts.certain", about: pendingAttempt, young: 30 * time.Second,
			detail: "it is ACTION_REQUIRED and in doubt since ",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE operations SET resolved_at = NULL, created_at = ? WHERE attempt_id = ?`, since, s.pending.attempt)
			},
		},
		{
			name: "DoubtDismissedAndStillThere", invariant: "attempts.certain", about: pendingAttempt, young: 30 * time.Second,
			detail: "without an open IN_DOUBT case",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE attempts SET status = 'UNKNOWN', doubt_since = ? WHERE id = ?`, since, s.pending.attempt)
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewInDoubt, s.pending, "RUB"))
				s.do(resolveCase(s.ctx, s.tx, "DISMISS", s.pending))
			},
		},
		{
			name: "NotFulfilled", invariant: "bills.fulfilled", about: doneBill, young: time.Minute,
			detail: "it is PAID, and nothing was given for it yet",
			spoil:  func(s *spoiler, since time.Time) { s.unfulfil(since) },
		},
		{
			name: "NotExpired", invariant: "bills.expired", about: pendingBill, young: 2 * time.Minute,
			detail: "it is PENDING past its end",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE bills SET expires_at = ? WHERE id = ?`, since, s.pending.bill)
			},
		},
		{
			name: "EventWaits", invariant: "events.processed", about: func(*world) string { return "pev_" }, young: time.Minute,
			detail: "what account payture-main told is stored and not acted on",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE provider_events SET processed_at = NULL, received_at = ? WHERE event_key = 'an-event'`, since)
			},
		},
		{
			name: "RegistrationNotOpened", invariant: "registrations.pending", about: theRegistration, young: 30 * time.Second,
			detail: "it is PENDING, and its page may or may not be open",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE card_registrations SET status = 'PENDING', card_id = NULL, version = 1, created_at = ?`, since)
				s.sql(`DELETE FROM object_events WHERE registration_id = ? AND version > 1`, s.registration)
				s.sql(`DELETE FROM outbox_messages WHERE object_id = ? AND version > 1`, s.registration.String())
			},
		},
		{
			name: "SubscriptionForgotten", invariant: "subscriptions.due", about: theSubscription, young: time.Minute,
			detail: "something is due for it, and no job does it",
			spoil: func(s *spoiler, since time.Time) {
				s.sql(`UPDATE billing_subscriptions SET next_action_at = ? WHERE id = ?`, since, s.subscription)
				s.sql(`DELETE FROM jobs WHERE kind = 'subscription.step'`)
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				w := newShop(t, url)
				w.spoil(t, func(s *spoiler) { tt.spoil(s, s.tx.Now) })
				w.clock.Advance(tt.young)
				young := w.run(t, check.Options{})
				require.True(t, young.OK())
				require.Empty(t, young.Pending)

				w.clock.Advance(time.Second)
				old := w.run(t, check.Options{})
				require.True(t, old.OK())
				require.Len(t, old.Pending, 1)
				require.Equal(t, tt.invariant, old.Pending[0].Invariant)
				require.Contains(t, old.Pending[0].Detail, tt.detail)
				require.Contains(t, old.Pending[0].Objects[0], tt.about(w))

				strict := w.run(t, check.Options{Strict: true})
				require.Empty(t, strict.Pending)
				require.Equal(t, old.Pending, strict.Breaches)
			})
		})
	}
}

// A program at rest has no lease and no work that is due. While it runs, neither
// says anything.
func TestRun_JobsAtRest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		want  string // "" nothing is reported
		spoil func(s *spoiler)
	}{
		{
			name: "LeaseHeld", want: "attempt.ask has a lease that was not given back",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE jobs SET lease_until = ? WHERE kind = 'attempt.ask'`, s.tx.Now.Add(time.Minute))
			},
		},
		{
			name: "LeaseRunOut", want: "attempt.ask has a lease that was not given back",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE jobs SET lease_until = ? WHERE kind = 'attempt.ask'`, s.tx.Now.Add(-time.Hour))
			},
		},
		{
			name: "Overdue", want: "attempt.ask is overdue, and nobody runs it",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE jobs SET run_at = ? WHERE kind = 'attempt.ask'`, s.tx.Now.Add(-61*time.Second))
			},
		},
		{
			name: "JustDue",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE jobs SET run_at = ? WHERE kind = 'attempt.ask'`, s.tx.Now.Add(-60*time.Second))
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				w := newWorld(t, url)
				w.spoil(t, tt.spoil)
				running := w.run(t, check.Options{})
				require.True(t, running.OK())
				require.Empty(t, running.Pending)
				require.Equal(t, tt.want, detail(w.run(t, check.Options{Strict: true}).Breaches))
			})
		})
	}
}

// What looks like something left undone, and is known or as it should be.
func TestRun_NothingLeftUndone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(s *spoiler)
	}{
		{
			name: "DoubtKnownToAPerson",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET status = 'UNKNOWN', doubt_since = ? WHERE id = ?`, s.tx.Now, s.pending.attempt)
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewInDoubt, s.pending, "RUB"))
			},
		},
		{
			name: "PastItsEndWithMoneyInDoubt",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET status = 'UNKNOWN', doubt_since = ? WHERE id = ?`, s.tx.Now, s.pending.attempt)
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewInDoubt, s.pending, "RUB"))
				s.sql(`UPDATE bills SET expires_at = ? WHERE id = ?`, s.tx.Now.Add(-time.Hour), s.pending.bill)
			},
		},
		{
			name: "FulfilmentKnownToAPerson",
			spoil: func(s *spoiler) {
				s.unfulfil(s.tx.Now)
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewFulfilmentFailed, s.done, "RUB"))
			},
		},
		{
			name: "FulfilmentGivenUpByAPerson",
			spoil: func(s *spoiler) {
				s.unfulfil(s.tx.Now)
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewFulfilmentFailed, s.done, "RUB"))
				s.do(resolveCase(s.ctx, s.tx, "DISMISS", s.done))
			},
		},
		{
			name: "OrderOfNobodyReturnedByAPerson",
			spoil: func(s *spoiler) {
				s.do(s.seedStranger(s.ctx, s.tx))
				s.sql(`UPDATE review_cases SET resolution = 'DISMISS', note = 'seen', resolved_by = 'FINANCE user_1', resolved_at = opened_at
					WHERE reason = 'UNMATCHED_PAYMENT'`)
			},
		},
		{
			name: "CallerNeverCameBack",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE idempotency_records SET finished_at = NULL, lease_until = ?`, s.tx.Now.Add(-time.Hour))
			},
		},
		{
			name: "SeveralCallsAboutOneBill",
			spoil: func(s *spoiler) {
				s.do(s.seedKey(s.ctx, s.tx, "k3", s.done.bill))
				s.sql(`UPDATE idempotency_records SET mutation = 'billPay' WHERE key = 'k3'`)
			},
		},
		{
			name: "AnswerThatMadeNothing",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE idempotency_records SET object_id = '', errors = '[{"code":"INVALID"}]' WHERE key = 'k1'`)
			},
		},
		{
			name: "EventOfMoneyKnownToAPerson",
			spoil: func(s *spoiler) {
				s.do(s.seedEvent(s.ctx, s.tx, "money", s.pending, `{"Status":"CAPTURED"}`))
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewProviderDisagrees, s.pending, "RUB"))
			},
		},
		{
			name:  "EventAboutNoneOfOurs",
			spoil: func(s *spoiler) { s.do(s.seedEvent(s.ctx, s.tx, "money", payment{}, `{"Status":"CAPTURED"}`)) },
		},
		{
			name: "MismatchAccepted",
			spoil: func(s *spoiler) {
				s.do(resolveCase(s.ctx, s.tx, "FULFIL", s.mismatch))
				s.do(s.forAnAmount(s.ctx, s.tx, s.mismatch.bill))
				s.sql(`UPDATE bills SET status = 'DONE', version = 4 WHERE id = ?`, s.mismatch.bill)
				s.do(s.seedVersion(s.ctx, s.tx, s.mismatch.bill, 3, pay.BillAmountMismatch, pay.BillPaid))
				s.do(s.seedVersion(s.ctx, s.tx, s.mismatch.bill, 4, pay.BillPaid, pay.BillDone))
				s.do(s.seedEntry(s.ctx, s.tx, "accept/"+s.mismatch.attempt.String(), 0, pay.AccountSuspense, "RUB", -900, &s.mismatch.bill, nil))
				s.do(s.seedEntry(s.ctx, s.tx, "accept/"+s.mismatch.attempt.String(), 1, pay.AccountSales, "RUB", 900, &s.mismatch.bill, nil))
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				w := newWorld(t, url)
				w.spoil(t, tt.spoil)
				w.clock.Advance(time.Hour)
				report := w.run(t, check.Options{Strict: true})
				require.Empty(t, report.Breaches)
				require.Empty(t, report.Pending)
			})
		})
	}
}

// unfulfil takes a DONE bill back to PAID, as it was at since.
func (s *spoiler) unfulfil(since time.Time) {
	s.sql(`DELETE FROM entitlements WHERE bill_id = ?`, s.done.bill)
	s.sql(`DELETE FROM bill_events WHERE bill_id = ? AND version = 4`, s.done.bill)
	s.sql(`DELETE FROM outbox_messages WHERE object_id = ? AND version = 4`, s.done.bill.String())
	s.sql(`UPDATE bills SET status = 'PAID', version = 3, updated_at = ? WHERE id = ?`, since, s.done.bill)
}
