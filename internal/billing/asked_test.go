package billing_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
)

// statuses are those of the bills' newest attempts.
func (b *bundle) statuses(bills []*ent.Bill) []pay.AttemptStatus {
	b.t.Helper()
	list := make([]pay.AttemptStatus, len(bills))
	for at, bill := range bills {
		attempts := b.bill(bill.ID).Edges.Attempts
		list[at] = attempts[len(attempts)-1].Status
	}
	return list
}

// When, and how often, a provider is asked what became of money.
func TestService_Asked(t *testing.T) {
	t.Parallel()
	fact(t, "AboutAllThatIsInDoubtAtItsFirstAnswer", func(t *testing.T, b *bundle) {
		bills := []*ent.Bill{b.held(), b.held(), b.held()}
		b.fault("sync", "http_500", 0)
		for _, bill := range bills {
			b.fault("charge", "drop_reply", 1)
			_, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
			require.NoError(t, err)
		}
		for range 30 { // 5 min: their own next questions are minutes away
			b.later(10 * time.Second)
		}
		require.Equal(t, []pay.AttemptStatus{pay.AttemptUnknown, pay.AttemptUnknown, pay.AttemptUnknown}, b.statuses(bills))
		b.healthy()
		b.later(5 * time.Second) // the probe's
		b.later(2 * time.Second)
		require.Equal(t, []pay.AttemptStatus{pay.AttemptCaptured, pay.AttemptCaptured, pay.AttemptCaptured}, b.statuses(bills))
	})
	fact(t, "AgainWhenAForgedHintCameFirst", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.notified(b.current(bill)) // by somebody: nothing is paid
		b.later(0)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		b.paysOn(b.current(bill), "approve")
		b.notified(b.current(bill)) // the provider's own, which looks the same
		b.later(2 * time.Second)    // sooner than any poll
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Len(t, b.events(), 1, "the twin is not stored, and not swallowed")
	})
	// most is how often at most an order in doubt is asked about within four
	// minutes when the provider answers about one of them in that way.
	most := func(b *bundle, s *script, answer func() (providers.Result, error)) int {
		bills := make([]*ent.Bill, 4)
		for at := range bills {
			bills[at] = b.created(b.public(), b.buyPage())
			inDoubt(b, bills[at].ID)
		}
		poison, asked := b.current(bills[3]).OrderNumber, map[string]int{}
		s.about = func(order string) (providers.Result, error) {
			asked[order]++
			if order == poison {
				return answer()
			}
			return providers.Result{Status: providers.Pending}, nil
		}
		for range 120 {
			b.later(2 * time.Second)
		}
		require.Len(b.t, asked, len(bills))
		return slices.Max(slices.Collect(maps.Values(asked)))
	}
	scriptedFact(t, "NoOftenerForOneThatItCannotAnswerAbout", func(t *testing.T, b *bundle, s *script) {
		require.LessOrEqual(t, most(b, s, unreadable), 7)
	})
	scriptedFact(t, "NotEveryFewSecondsForOneThatItNeverAnswersAbout", func(t *testing.T, b *bundle, s *script) {
		require.LessOrEqual(t, most(b, s, silent), 15)
	})
	scriptedFact(t, "NotAgainAboutWhatWasSurelyNotSent", func(t *testing.T, b *bundle, s *script) {
		s.start = func() (providers.Result, error) {
			return providers.Result{}, &providers.Error{Kind: providers.Unavailable, Op: providers.OpStart}
		}
		outcome, err := b.Create(b.public(), b.buyPage())
		require.NoError(t, err)
		for range 4 {
			_, err := b.Pay(b.guest(outcome.Bill), billing.NewPayment{Key: uuid.NewString(), Bill: outcome.Bill.String()})
			require.NoError(t, err)
		}
		for range 60 {
			b.later(30 * time.Second)
		}
		attempts := b.bill(outcome.Bill).Edges.Attempts
		require.Len(t, attempts, 5)
		require.LessOrEqual(t, s.asked, len(attempts))
	})
	t.Run("AlsoWhileItsCallsAreRefused", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			s := &script{start: silent}
			b := setupScripted(t, url, s)
			var last pay.BillID
			for range 5 { // each opens twice, and ten open the breaker
				outcome, err := b.Create(b.public(), b.buyPage())
				require.NoError(t, err)
				last = outcome.Bill
			}
			asked := s.asked
			_, err := b.Refresh(b.server(), last.String())
			require.NoError(t, err)
			require.Equal(t, asked+2, s.asked, "about both attempts of the bill, at once")
		})
	})
	t.Run("HoweverOftenItDidNotAnswer", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			s := &script{sync: func(context.Context, func() (providers.Result, error)) (providers.Result, error) { return silent() }}
			b := setupScripted(t, url, s)
			bill := b.created(b.public(), b.buyPage())
			for range 15 {
				b.clock.Advance(askPause)
				_, err := b.Refresh(b.server(), bill.ID.String())
				require.NoError(t, err)
			}
			require.Equal(t, 15, s.asked)
			s.sync = nil
			b.paysOn(b.current(bill), "approve")
			b.clock.Advance(askPause)
			_, err := b.Refresh(b.server(), bill.ID.String())
			require.NoError(t, err)
			require.Equal(t, pay.BillPaid, b.bill(bill.ID).Status)
		})
	})
	t.Run("NotBelievedAtOnceThatItHasNeverHeardOfIt", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setupScripted(t, url, &script{sync: func(context.Context, func() (providers.Result, error)) (providers.Result, error) {
				return providers.Result{}, &providers.Error{Kind: providers.NotFound, Op: providers.OpSync}
			}})
			bill := b.created(b.public(), b.buyPage())
			inDoubt(b, bill.ID)
			b.later(firstAsk)
			b.later(time.Minute)
			require.Equal(t, []pay.AttemptStatus{pay.AttemptUnknown}, b.statuses([]*ent.Bill{bill}))
			b.later(2 * time.Minute) // its settling time is over
			require.Equal(t, []pay.AttemptStatus{pay.AttemptFailed}, b.statuses([]*ent.Bill{bill}))
			require.Equal(t, pay.BillPending, b.bill(bill.ID).Status, "and may be paid again")
		})
	})
}

// askPause is the least time between two questions about one attempt.
const askPause = 2 * time.Second
