package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// paid is a bill that was paid and fulfilled without trouble.
func (b *bundle) paid() *ent.Bill {
	b.t.Helper()
	bill := b.created(b.public(), b.buyPage())
	b.paysOn(b.current(bill), "approve")
	b.later(5 * time.Second)
	bill = b.bill(bill.ID)
	require.Equal(b.t, pay.BillDone, bill.Status)
	return bill
}

func TestService_Reconcile(t *testing.T) {
	t.Parallel()
	scriptedFact(t, "ACaptureIsAskedAboutOnceAfterAnHourAndOnceAfterADay", func(t *testing.T, b *bundle, s *script) {
		b.paid()
		asked := s.asked
		b.later(59 * time.Minute)
		require.Equal(t, asked, s.asked)
		for range 3 {
			b.later(time.Hour)
		}
		require.Equal(t, asked+1, s.asked)
		for range 60 {
			b.later(time.Hour)
		}
		require.Equal(t, asked+2, s.asked)
		require.Empty(t, b.cases(pay.ReviewProviderDisagrees))
	})
	scriptedFact(t, "LessThanWeRecordedIsAPersonsAffair", func(t *testing.T, b *bundle, s *script) {
		bill := b.paid()
		s.sync = says(providers.Result{Status: providers.Captured, Captured: pay.Of(98999, pay.RUB)}, nil)
		b.later(2 * time.Hour)
		require.Len(t, b.cases(pay.ReviewProviderDisagrees), 1)
		after := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, after.Status)
		require.Equal(t, "DONE payment.provider_disagrees", history(after)[len(history(after))-1])
		b.later(26 * time.Hour) // the same finding a day later
		require.Len(t, b.cases(pay.ReviewProviderDisagrees), 1)
	})
	scriptedFact(t, "ACaptureThatTheProviderNeverHeardOfToo", func(t *testing.T, b *bundle, s *script) {
		b.paid()
		s.sync = says(providers.Result{}, &providers.Error{Kind: providers.NotFound, Op: providers.OpSync})
		b.later(2 * time.Hour)
		require.Len(t, b.cases(pay.ReviewProviderDisagrees), 1)
	})
	scriptedFact(t, "ACaptureThatIsDeclinedNowToo", func(t *testing.T, b *bundle, s *script) {
		b.paid()
		s.sync = says(providers.Result{Status: providers.Declined, SessionOver: true, Decline: &providers.Decline{Code: "issuer_declined"}}, nil)
		b.later(2 * time.Hour)
		require.Len(t, b.cases(pay.ReviewProviderDisagrees), 1)
	})
	for name, denial := range map[string]providers.Result{
		"ACaptureThatIsOnlyHeldNowToo":        {Status: providers.Authorized, Authorized: pay.Of(99000, pay.RUB)},
		"ACaptureThatIsPendingNowToo":         {Status: providers.Pending},
		"ACaptureThatWaitsForItsPayerNowToo":  {Status: providers.ActionRequired},
		"ACaptureThatIsDeclinedAndPayableToo": {Status: providers.Declined, Decline: &providers.Decline{Code: "issuer_declined"}},
		"ACaptureThatIsVoidedNowToo":          {Status: providers.Voided},
		"ACaptureThatHasExpiredNowToo":        {Status: providers.Expired},
	} {
		scriptedFact(t, name, func(t *testing.T, b *bundle, s *script) {
			bill := b.paid()
			s.sync = says(denial, nil)
			b.later(2 * time.Hour)
			cases := b.cases(pay.ReviewProviderDisagrees)
			require.Len(t, cases, 1)
			require.Equal(t, bill.Edges.Attempts[0].ID, *cases[0].AttemptID)
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		})
	}
	fact(t, "ACaptureThatAPersonSawAndTheProviderStillHoldsToo", func(t *testing.T, b *bundle) {
		require.NoError(t, b.Begin(b.program()))
		bill, c := lostCapture(b, "refuse_connect") // it never arrived
		require.Empty(t, b.ends(c, pay.ResolveFulfil).Errors)
		b.healthy()
		for range 30 {
			b.later(time.Hour)
		}
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Len(t, b.cases(pay.ReviewProviderDisagrees), 1)
	})
	scriptedFact(t, "MoneyInAnotherCurrencyIsOneFinding", func(t *testing.T, b *bundle, s *script) {
		b.created(b.public(), b.buyPage())
		s.sync = says(providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.USD)}, nil)
		b.later(5 * time.Second)
		require.Len(t, b.cases(pay.ReviewCurrencyMismatch), 1)
		asked := s.asked
		for range 60 {
			b.later(time.Hour)
		}
		require.Equal(t, asked+2, s.asked, "it is reconciled as any other")
		require.Empty(t, b.cases(pay.ReviewProviderDisagrees))
	})
	scriptedFact(t, "MoneyThatCameAfterAllIsFoundADayLater", func(t *testing.T, b *bundle, s *script) {
		bill := b.created(b.public(), b.buyPage())
		s.sync = says(providers.Result{Status: providers.ActionRequired}, nil)
		for range 16 {
			b.later(10 * time.Minute) // the page is over, and its watch
		}
		require.Equal(t, pay.AttemptExpired, b.bill(bill.ID).Edges.Attempts[0].Status)
		s.sync = says(providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB)}, nil)
		for range 50 {
			b.later(time.Hour)
		}
		require.Equal(t, pay.AttemptCaptured, b.bill(bill.ID).Edges.Attempts[0].Status)
	})
	scriptedFact(t, "AnOutageDelaysItAndSkipsNothing", func(t *testing.T, b *bundle, s *script) {
		b.paid()
		s.sync = says(silent())
		b.later(2 * time.Hour)
		s.sync = says(providers.Result{Status: providers.Captured, Captured: pay.Of(1, pay.RUB)}, nil)
		for range 30 {
			b.later(time.Hour)
		}
		require.Len(t, b.cases(pay.ReviewProviderDisagrees), 1)
	})
}

// Orders that the provider cannot answer about keep it from nothing else.
func TestService_ReconcilePoison(t *testing.T) {
	t.Parallel()
	denied := providers.Result{Status: providers.Captured, Captured: pay.Of(1, pay.RUB)}
	// bad makes that many paid bills, which the provider answers about in that way,
	// and one behind them whose money it denies.
	bad := func(b *bundle, s *script, n int, answer func() (providers.Result, error)) *ent.Bill {
		poison := map[string]bool{}
		for range n {
			poison[b.paid().Edges.Attempts[0].OrderNumber] = true
		}
		last := b.paid()
		s.about = func(order string) (providers.Result, error) {
			if poison[order] {
				return answer()
			}
			return denied, nil
		}
		return last
	}
	found := func(b *bundle, bill *ent.Bill) {
		cases := b.cases(pay.ReviewProviderDisagrees)
		require.Len(b.t, cases, 1)
		require.Equal(b.t, bill.ID, *cases[0].BillID)
	}
	scriptedFact(t, "AnAnswerThatMakesNoSenseStopsNoOther", func(_ *testing.T, b *bundle, s *script) {
		bill := bad(b, s, 4, unreadable)
		b.later(2 * time.Hour)
		found(b, bill)
	})
	scriptedFact(t, "OneWithoutAnAnswerStopsNoOther", func(_ *testing.T, b *bundle, s *script) {
		bill := bad(b, s, 1, silent)
		b.later(2 * time.Hour)
		found(b, bill)
	})
	scriptedFact(t, "ManyWithoutAnAnswerDelayTheOthers", func(t *testing.T, b *bundle, s *script) {
		bill := bad(b, s, 4, silent)
		b.later(2 * time.Hour)
		require.Empty(t, b.cases(pay.ReviewProviderDisagrees), "it may be an outage")
		for range 3 {
			b.later(10 * time.Minute)
		}
		found(b, bill)
	})
}

func TestService_Sweep(t *testing.T) {
	t.Parallel()

	fact(t, "TakesUpWhatNobodyAsksAboutAnyMore", func(t *testing.T, b *bundle) {
		require.NoError(t, b.Begin(b.program()))
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		b.withoutJobs("attempt.ask")
		b.later(14 * time.Minute)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		b.later(6 * time.Minute)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "ForgetsHintsThatAreLongPast", func(t *testing.T, b *bundle) {
		require.NoError(t, b.Begin(b.program()))
		b.notified(b.current(b.created(b.public(), b.buyPage())))
		b.later(29 * 24 * time.Hour)
		require.Len(t, b.events(), 1)
		b.later(2 * 24 * time.Hour)
		require.Empty(t, b.events())
	})
}

// withoutJobs deletes the jobs of a kind, as somebody's hand might.
func (b *bundle) withoutJobs(kind string) {
	b.t.Helper()
	err := b.store.InTx(b.program(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw(ctx, `DELETE FROM jobs WHERE kind = ?`, kind)
		return err
	})
	require.NoError(b.t, err)
}
