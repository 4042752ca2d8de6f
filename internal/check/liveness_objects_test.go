package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// What of cards, subscriptions and gifts looks wrong, and is as it should be.
func TestRun_ObjectsAsTheyMayBe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(s *spoiler)
	}{
		{
			name: "LivesByATestClock",
			spoil: func(s *spoiler) {
				clock := pay.NewTestClockID(s.tx.Now)
				s.do(s.tx.TestClock.Create().SetID(clock).SetMerchantID(s.merchant).SetName("a year").SetNow(s.tx.Now).SetCreatedAt(s.tx.Now).Exec(s.ctx))
				s.sql(`UPDATE billing_subscriptions SET test_clock_id = ?, next_action_at = ? WHERE id = ?`, clock, s.tx.Now.Add(-time.Hour), s.subscription)
				s.sql(`DELETE FROM jobs WHERE kind = 'subscription.step'`)
			},
		},
		{
			name: "DueAndItsJobIsThere",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE billing_subscriptions SET next_action_at = ? WHERE id = ?`, s.tx.Now.Add(-time.Hour), s.subscription)
			},
		},
		{
			name: "PaidWhenItWasOver",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET period_start = ?, period_end = ? WHERE id = ?`, s.until.Add(time.Hour), s.until.Add(2*time.Hour), s.period.bill)
				s.sql(`UPDATE entitlements SET expires_at = ? WHERE subscription_id = ?`, s.until, s.subscription)
				s.sql(`UPDATE object_events SET "to" = 'CANCELED' WHERE subscription_id = ? AND version = 3`, s.subscription)
				s.sql(`UPDATE billing_subscriptions SET status = 'CANCELED', ended_at = ?, next_action_at = NULL WHERE id = ?`, s.tx.Now, s.subscription)
			},
		},
		{
			name: "PaidWhenAnotherPeriodTookItsPlace",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET period_start = ?, period_end = ? WHERE id = ?`, s.starts.Add(-time.Hour), s.ends.Add(-time.Hour), s.period.bill)
			},
		},
		{
			name:  "ChargeRefusedBeforeAnybodyWasAsked",
			spoil: func(s *spoiler) { s.sql(`UPDATE attempts SET charge_try = 5 WHERE charge_try = 2`) },
		},
		{
			name: "GraceBeganLate",
			spoil: func(s *spoiler) {
				late := s.until.Add(100 * 24 * time.Hour)
				s.sql(`UPDATE bills SET subscription_id = ?, period_start = ?, period_end = ? WHERE id = ?`, s.subscription, s.until, late, s.pending.bill)
				s.sql(`UPDATE billing_subscriptions SET open_bill_id = ?, updated_at = ? WHERE id = ?`, s.pending.bill, late, s.subscription)
				s.sql(`UPDATE entitlements SET expires_at = ? WHERE subscription_id = ?`, late.Add(14*24*time.Hour), s.subscription)
			},
		},
		{
			name: "OverWithABillInDoubt",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET subscription_id = ?, period_start = ?, period_end = ? WHERE id = ?`, s.over, s.starts, s.ends, s.pending.bill)
				s.sql(`UPDATE billing_subscriptions SET open_bill_id = ?, next_action_at = ? WHERE id = ?`, s.pending.bill, s.until, s.over)
				s.do(s.seedJob(s.ctx, s.tx, "subscription.step", s.over.String()))
			},
		},
		{
			name: "TopUpPaidTwice",
			spoil: func(s *spoiler) {
				attempt, err := s.seedCapture(s.ctx, s.tx, s.topUp.bill, false, 1000, "RUB", pay.AccountSuspense)
				s.do(err)
				s.sql(`UPDATE bills SET paid_minor = 2000 WHERE id = ?`, s.topUp.bill)
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewDuplicatePayment, payment{bill: s.topUp.bill, attempt: attempt}, "RUB"))
			},
		},
		{
			name: "TopUpWithCommission",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET fee_minor = 30, captured_minor = 1030 WHERE id = ?`, s.topUp.attempt)
				s.sql(`UPDATE bills SET paid_minor = 1030 WHERE id = ?`, s.topUp.bill)
				s.sql(`UPDATE ledger_entries SET amount_minor = -1030 WHERE transfer = ? AND leg = 0`, "capture/"+s.topUp.attempt.String())
				s.sql(`UPDATE ledger_entries SET amount_minor = 1030 WHERE transfer = ? AND leg = 1`, "capture/"+s.topUp.attempt.String())
				s.book.of(s.topUp.attempt).CapturedMinor = 1030
			},
		},
		{
			name: "MailSentAndItsJobStillThere",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE mails SET status = 'SENT', sent_at = ?`, s.tx.Now)
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				w := newShop(t, url)
				w.spoil(t, tt.spoil)
				report := w.run(t, check.Options{Strict: true})
				require.Empty(t, report.Breaches)
				require.Empty(t, report.Pending)
			})
		})
	}
}
