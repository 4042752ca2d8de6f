package billing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture"
)

// A flood of notifications about orders that are not ours asks the provider no more
// than a few things a minute.
func TestService_StrangersPace(t *testing.T) {
	t.Parallel()
	answers := map[string]func(string) (providers.Result, error){
		"OrdersThatWaitOn":   func(string) (providers.Result, error) { return silent() },
		"OrdersClosedAtOnce": func(string) (providers.Result, error) { return providers.Result{Status: providers.Pending}, nil },
		"NumbersThatItRefuses": func(string) (providers.Result, error) {
			return providers.Result{}, &providers.Error{Provider: payture.Name, Op: providers.OpSync, Kind: providers.Rejected}
		},
	}
	for name, about := range answers {
		scriptedFact(t, "FiveOrdersInTenSecondsWhateverComesIn/"+name, func(t *testing.T, b *bundle, s *script) {
			s.about = about
			for at := range 60 {
				for other := range 3 {
					b.notified(strange(fmt.Sprint(at, "-", other)))
				}
				b.later(time.Second)
			}
			require.Equal(t, 6*5, s.asked, "rounds at 2, 12, 22, 32, 42 and 52 s")
		})
	}
	scriptedFact(t, "TheFirstAfterAQuietTimeIsLookedAtSoon", func(t *testing.T, b *bundle, s *script) {
		s.about = answers["OrdersClosedAtOnce"]
		for at := range 3 {
			b.notified(strange(fmt.Sprint(at)))
			b.later(time.Second)
			require.Equal(t, at, s.asked)
			b.later(time.Second)
			require.Equal(t, at+1, s.asked)
			b.later(8 * time.Second)
		}
	})
	scriptedFact(t, "OneThatComesSoonAfterARoundIsOfTheNext", func(t *testing.T, b *bundle, s *script) {
		s.about = answers["OrdersClosedAtOnce"]
		b.notified(strange("first"))
		b.later(2 * time.Second)
		b.notified(strange("second"))
		b.later(9 * time.Second)
		require.Equal(t, 1, s.asked)
		b.later(time.Second)
		require.Equal(t, 2, s.asked)
	})
	scriptedFact(t, "AClockThatIsSetBackStopsNoRounds", func(t *testing.T, b *bundle, s *script) {
		s.about = answers["OrdersClosedAtOnce"]
		b.clock.Advance(time.Hour)
		b.notified(strange("before"))
		b.later(2 * time.Second)
		require.Equal(t, 1, s.asked)
		b.clock.Advance(-time.Hour)
		b.notified(strange("after"))
		for range 12 {
			b.later(time.Second)
		}
		require.Equal(t, 2, s.asked)
	})
}

func TestTurnstile(t *testing.T) {
	t.Parallel()
	const every, most = 2 * time.Second, 1000
	now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

	t.Run("LetsOneThroughForEachNameAndWhile", func(t *testing.T) {
		t.Parallel()
		pass := billing.TurnstileForTest()
		require.True(t, pass("eve", now, every))
		require.True(t, pass("mallory", now, every))
		require.False(t, pass("eve", now.Add(every-1), every))
		require.True(t, pass("eve", now.Add(every), every))
		require.True(t, pass("eve", now.Add(-time.Hour), every))
	})
	t.Run("RemembersSoManyNamesAndForgetsOldOnes", func(t *testing.T) {
		t.Parallel()
		pass := billing.TurnstileForTest()
		for at := range most {
			require.True(t, pass(fmt.Sprint(at), now, every))
		}
		require.False(t, pass("one more", now.Add(every-1), every))
		require.True(t, pass("one more", now.Add(every), every))
	})
}

// strange is an order of the first account that is none of ours.
func strange(number string) *ent.Attempt {
	return &ent.Attempt{OrderNumber: "strange-" + number, Account: oneStage}
}
