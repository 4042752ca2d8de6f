package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
)

func TestService_Breaker(t *testing.T) {
	t.Parallel()
	t.Run("ADeadProviderIsLeftAloneAndStillAsked", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			calls := 0
			s := &script{start: func() (providers.Result, error) { calls++; return silent() }}
			b := setupScripted(t, url, s)
			for range 8 { // each opens twice
				_, err := b.Create(b.public(), b.buyPage())
				require.NoError(t, err)
			}
			require.Equal(t, 10, calls)

			outcome, err := b.Create(b.public(), b.buyPage())
			require.NoError(t, err)
			require.Equal(t, []pay.Code{pay.CodeProviderUnavailable}, codes(outcome))
			require.Equal(t, pay.RetrySameKey, outcome.Errors[0].Retry)
			require.Equal(t, 10, calls)

			other := b.buyPage() // another account is not touched by it
			other.PayWith = &billing.PayWith{Provider: new(secondOne)}
			b.created(b.public(), other)

			asked := s.asked
			b.later(4 * time.Second)
			b.later(time.Second)
			require.Greater(t, s.asked, asked)

			s.start = nil
			b.created(b.public(), b.buyPage()) // the trial closes it
			b.created(b.public(), b.buyPage())
		})
	})
	t.Run("ADeclineIsAnAnswer", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			calls := 0
			b := setupScripted(t, url, &script{start: func() (providers.Result, error) {
				calls++
				return providers.Result{Status: providers.Declined, Decline: &providers.Decline{Code: "fraud", Message: "Refused."}}, nil
			}})
			for range 12 {
				_, err := b.Create(b.public(), b.buyPage())
				require.NoError(t, err)
			}
			require.Equal(t, 12, calls)
		})
	})
	fact(t, "ACaptureThatIsRefusedByItIsSurelyNotDone", func(t *testing.T, b *bundle) {
		bill := b.held()
		b.fault("charge", "refuse_connect", 0)
		others := make([]string, 10)
		for at := range others {
			others[at] = b.held().ID.String()
		}
		for _, id := range others {
			_, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: id})
			require.NoError(t, err)
		}
		b.healthy()
		outcome, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeProviderUnavailable}, codes(outcome))
		after := b.bill(bill.ID).Edges.Attempts[0]
		require.Equal(t, pay.AttemptAuthorized, after.Status) // and not UNKNOWN
		require.Nil(t, after.DoubtSince)
	})
}

func TestService_Lanes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		release, waiting := make(chan struct{}), make(chan struct{})
		s := &script{sync: func(context.Context, func() (providers.Result, error)) (providers.Result, error) {
			waiting <- struct{}{}
			<-release
			return silent()
		}}
		b := setupScripted(t, url, s)
		for range 8 {
			b.created(b.public(), b.buyPage())
		}
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new(secondOne)}
		healthy := b.created(b.public(), in)
		b.paysOn(b.current(healthy), "approve")
		b.clock.Advance(5 * time.Second)

		done := make(chan error, 3)
		for range 3 { // three jobs wait on the dead provider
			go func() { _, err := b.runner.RunDue(b.program()); done <- err }()
			<-waiting
		}
		b.clock.Advance(time.Second)           // too long
		_, err := b.runner.RunDue(b.program()) // and a fourth worker is free for the others
		require.NoError(t, err)
		require.Equal(t, pay.BillDone, b.bill(healthy.ID).Status)
		close(release)
		for range 3 {
			require.NoError(t, <-done)
		}
	})
}
