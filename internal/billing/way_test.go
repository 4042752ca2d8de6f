package billing_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
)

// The way of a bill from its creation to what it grants.
func TestService_Way(t *testing.T) {
	t.Parallel()
	fact(t, "NewBillWaitsForItsPayer", func(t *testing.T, b *bundle) {
		outcome, err := b.Create(b.public(), b.buyPage())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.NotEmpty(t, outcome.AccessToken)

		bill := b.bill(outcome.Bill)
		require.Equal(t, pay.BillPending, bill.Status)
		require.Equal(t, pay.Of(99000, pay.RUB), bill.Total())
		require.Equal(t, []string{"PENDING bill.created", "PENDING attempt.action_required"}, history(bill))
		require.Equal(t, "One page", bill.Edges.Lines[0].Title)
		a := b.current(bill)
		require.Equal(t, pay.AttemptActionRequired, a.Status)
		require.Contains(t, *a.RedirectURL, b.sandbox+"/payture/apim/Pay?SessionId=")
		require.WithinDuration(t, b.clock.Now().Add(time.Hour), *a.SessionEndsAt, time.Minute)
	})
	fact(t, "PollSettlesWithoutAnyNotification", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		require.Equal(t, "Charged", b.paysOn(b.current(bill), "approve"))
		b.later(5 * time.Second)

		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, bill.Total(), bill.Paid())
		require.NotNil(t, bill.PaidAt)
		require.Equal(t, []string{
			"PENDING bill.created", "PENDING attempt.action_required", "PAID payment.captured", "DONE bill.fulfilled",
		}, history(bill))
		require.Len(t, bill.Edges.Entitlements, 1)
		require.Equal(t, "page", bill.Edges.Entitlements[0].Kind)
		require.Equal(t, "news/42", bill.Edges.Entitlements[0].Resource)
		require.Equal(t, pay.AttemptCaptured, bill.Edges.Attempts[0].Status)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
	fact(t, "NotificationIsAHintThatIsFollowedAtOnce", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.notified(b.current(bill)) // forged: nobody has paid
		b.later(0)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)

		b.paysOn(b.current(bill), "approve")
		b.notified(b.current(bill))
		b.later(2 * time.Second) // the forged one was asked about just now
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "BrowserThatComesBackIsAHintToo", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		back := b.ReturnTokenForTest(b.current(bill).ID)
		page, err := b.Return(t.Context(), back)
		require.NoError(t, err)
		require.Equal(t, "https://shop.example/thanks", page)
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)

		_, err = b.Return(t.Context(), back[:len(back)-1])
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
	})
	fact(t, "EveryoneAtOnceSettlesOnce", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		a := b.current(bill)
		b.paysOn(a, "approve")
		b.clock.Advance(5 * time.Second)
		var racers sync.WaitGroup
		for range 4 {
			racers.Go(func() { _, _ = b.Refresh(b.server(), bill.ID.String()) })
			racers.Go(func() { b.notified(a) })
			racers.Go(func() { _, _ = b.runner.RunDue(t.Context()) })
			racers.Go(func() { _, _ = b.Return(t.Context(), b.ReturnTokenForTest(a.ID)) })
		}
		racers.Wait()
		b.later(2 * time.Second)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, 4, bill.Version)
		require.Len(t, bill.Edges.Entitlements, 1)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
	fact(t, "DeclineInALiveSessionLeavesTheBillPayable", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "decline")
		b.later(5 * time.Second)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillPending, bill.Status)
		require.Equal(t, pay.AttemptActionRequired, b.current(bill).Status)
		require.NotNil(t, b.current(bill).DeclineCode)

		b.paysOn(b.current(bill), "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "ServerBillsLinesOfItsOwn", func(t *testing.T, b *bundle) {
		_, user := b.user("alice")
		in := billing.NewBill{
			Key: uuid.NewString(), Start: true, User: new(user.ID.String()), Reference: new("order-7"),
			Lines: []billing.NewLine{
				{Title: "Tea", Quantity: 2, Unit: pay.Of(15050, pay.RUB)},
				{Title: "Cup", Quantity: 1, Unit: pay.Of(49900, pay.RUB), Tax: new("VAT20")},
			},
		}
		bill := b.created(b.server(), in)
		require.Equal(t, pay.Of(80000, pay.RUB), bill.Total())
		b.paysOn(b.current(bill), "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)

		in.Key = uuid.NewString()
		again, err := b.Create(b.server(), in)
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeConflict}, codes(again))
		require.Equal(t, []string{"reference"}, again.Errors[0].Path)
		require.True(t, again.Bill.IsZero())
	})
}
