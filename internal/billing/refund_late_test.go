package billing_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// A process that is held up at the worst moment.
func TestService_RefundHeldUp(t *testing.T) {
	t.Parallel()
	inShops(t, "BetweenItsCommitAndItsCallItIsNotSentAnyMore", func(t *testing.T, s *shop) {
		bill := s.bought()
		id, err := s.RequestRefundForTest(s.finance(), wants(bill, 33000))
		require.NoError(t, err)
		var once sync.Once
		s.till.can = func(*providers.Capabilities) { once.Do(func() { s.clock.Advance(11 * time.Second) }) } // looked at just before the call
		require.NoError(t, s.SendRefundForTest(s.finance(), id))
		require.Zero(t, s.till.sent())
		require.Equal(t, pay.RefundRequested, s.refund(id).Status, "surely not sent, so it is sent anew")
		s.later(2 * time.Minute)
		require.Equal(t, pay.RefundSucceeded, s.refund(id).Status)
		require.Equal(t, 1, s.till.sent())
	})
	inShops(t, "InDoubtTheNextQuestionComesSoonAfterSomebodyElses", func(t *testing.T, s *shop) {
		bill := s.bought()
		s.till.answer = s.till.isLost
		r := s.gives(bill, 33000)
		s.later(5 * time.Second)
		s.clock.Advance(9 * time.Second) // a second before the question of 15 s
		asked, err := s.AskForTest(s.program(), s.current(bill).ID)
		require.NoError(t, err)
		require.True(t, asked)
		s.till.giveBack(s.till.refunds[0]) // the vendor was slow
		s.later(time.Second)
		s.later(2 * time.Second)
		require.Equal(t, pay.RefundSucceeded, s.refund(r.ID).Status)
	})
}
