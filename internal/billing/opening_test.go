package billing_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// Openings that go wrong: none takes money, and the payer is never stuck.
func TestService_Opening(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault    string
		count    int
		attempts int
		codes    []pay.Code
	}{
		{fault: "drop_reply", count: 1, attempts: 2, codes: []pay.Code{}},
		{fault: "http_500", count: 1, attempts: 2, codes: []pay.Code{}},
		{fault: "garbage", count: 1, attempts: 2, codes: []pay.Code{}},
		{fault: "drop_reply", count: 2, attempts: 2, codes: []pay.Code{pay.CodeProviderUnavailable}},
	}
	for _, tt := range tests {
		fact(t, fmt.Sprintf("%sTimes%d", tt.fault, tt.count), func(t *testing.T, b *bundle) {
			b.fault("start", tt.fault, tt.count)
			in := b.buyPage()
			outcome, err := b.Create(b.public(), in)
			require.NoError(t, err)
			require.Equal(t, tt.codes, codes(outcome))
			bill := b.bill(outcome.Bill)
			require.Len(t, bill.Edges.Attempts, tt.attempts)
			require.Equal(t, pay.AttemptFailed, bill.Edges.Attempts[0].Status)

			b.healthy()
			again, err := b.Create(b.public(), in) // the same key finds the bill, and opens it if it is not open
			require.NoError(t, err)
			require.Empty(t, again.Errors)
			require.Equal(t, bill.ID, again.Bill)
			b.paysOn(b.current(b.bill(bill.ID)), "approve")
			b.later(5 * time.Second)
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		})
	}
	t.Run("CallThatDiedIsTakenUpByTheSameKey", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			dying := &crash{}
			b := setup(t, url, dying.wrap)
			dying.die.Store(true)
			in := b.buyPage()
			var died sync.WaitGroup
			died.Go(func() { _, _ = b.Create(b.public(), in) })
			died.Wait()

			dying.die.Store(false)
			early, err := b.Create(b.public(), in)
			require.NoError(t, err)
			require.Equal(t, []pay.Code{pay.CodeIdempotencyInFlight}, codes(early))
			b.clock.Advance(31 * time.Second)
			outcome, err := b.Create(b.public(), in)
			require.NoError(t, err)
			require.Empty(t, outcome.Errors)
			bill := b.bill(outcome.Bill)
			require.Len(t, bill.Edges.Attempts, 2)
			require.Equal(t, pay.AttemptFailed, bill.Edges.Attempts[0].Status)
			b.paysOn(b.current(bill), "approve")
			b.later(5 * time.Second)
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		})
	})
	fact(t, "OpenPageIsReused", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.Len(t, b.bill(bill.ID).Edges.Attempts, 1)
	})
	fact(t, "PageThatRefusedACardIsNotReused", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "decline")
		b.later(5 * time.Second)
		outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		bill = b.bill(bill.ID)
		require.Len(t, bill.Edges.Attempts, 2)
		b.paysOn(b.current(bill), "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "TooManyPagesOfOneBillAreRefused", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		refused := []pay.Code{}
		for n := range 14 {
			account := []string{secondOne, oneStage}[n%2]
			outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{
				Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(account)},
			})
			require.NoError(t, err)
			refused = append(refused, codes(outcome)...)
		}
		require.Equal(t, []pay.Code{pay.CodeLimitExceeded, pay.CodeLimitExceeded}, refused, "the account of the open page is let back to it")
	})
	fact(t, "ManyPayersOfOneBillOpenOnePage", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.Start = false
		bill := b.created(b.public(), in)
		var racers sync.WaitGroup
		for range 8 {
			racers.Go(func() {
				_, err := b.Pay(b.guest(bill.ID), billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String()})
				if err != nil {
					t.Errorf("pay: %v", err)
				}
			})
		}
		racers.Wait()
		require.Len(t, b.bill(bill.ID).Edges.Attempts, 1)
	})
}
