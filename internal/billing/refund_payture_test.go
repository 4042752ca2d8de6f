package billing_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// takenBack is what the sandbox's own book says of an attempt: how much was taken, and
// how much given back.
func (b *bundle) takenBack(a *ent.Attempt) (taken, returned float64) {
	b.t.Helper()
	var captures []map[string]any
	b.get("/_control/captures?limit=1000", &captures)
	for _, c := range captures {
		if c["orderRef"] == a.OrderNumber {
			taken, _ = c["capturedMinor"].(float64)
			returned, _ = c["refundedMinor"].(float64)
		}
	}
	return taken, returned
}

// The whole way to Payture's sandbox and back, whose book is the truth.
func TestService_RefundAtPayture(t *testing.T) {
	t.Parallel()
	bought := func(t *testing.T, b *bundle) (*ent.Bill, *ent.Attempt) {
		t.Helper()
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		b.later(firstAsk)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		return bill, b.current(bill)
	}
	asks := func(t *testing.T, b *bundle, in billing.NewRefund) *billing.RefundOutcome {
		t.Helper()
		outcome, err := b.Refund(b.finance(), in)
		require.NoError(t, err)
		return outcome
	}
	fact(t, "PartsAndTheRest", func(t *testing.T, b *bundle) {
		bill, a := bought(t, b)
		require.Empty(t, asks(t, b, wants(bill, 33000)).Errors)
		require.Empty(t, asks(t, b, wants(bill, 33000)).Errors)
		_, returned := b.takenBack(a)
		require.InDelta(t, 66000, returned, 0)
		require.Empty(t, asks(t, b, wants(bill)).Errors)
		taken, returned := b.takenBack(a)
		require.InDelta(t, taken, returned, 0)
		require.Equal(t, pay.BillRefunded, b.bill(bill.ID).Status)
		b.holds(book(0, 99000, -99000, 0))
		b.later(25 * time.Hour) // reconciliation agrees
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
	})
	for _, fault := range []string{"drop_reply", "http_500", "garbage"} {
		fact(t, "LostAnswerIsJudgedByWhatIsLeft/"+fault, func(t *testing.T, b *bundle) {
			bill, a := bought(t, b)
			b.fault("refund", fault, 1)
			require.Equal(t, []string{"PROVIDER_UNAVAILABLE refund.in_doubt"}, faults(asks(t, b, wants(bill, 33000))))
			b.healthy()
			for range 8 {
				b.later(time.Minute)
			}
			bill = b.bill(bill.ID)
			require.Zero(t, bill.RefundingMinor)
			_, returned := b.takenBack(a)
			require.InDelta(t, returned, bill.RefundedMinor, 0)
			require.Empty(t, openCases(bill))
		})
	}
	fact(t, "VendorThatIsAwayIsSentToLater", func(t *testing.T, b *bundle) {
		bill, a := bought(t, b)
		b.fault("refund", "refuse_connect", 1)
		outcome := asks(t, b, wants(bill))
		b.healthy()
		for range 4 {
			b.later(time.Minute)
		}
		require.NotEmpty(t, outcome.Errors)
		bill = b.bill(bill.ID)
		_, returned := b.takenBack(a)
		require.InDelta(t, returned, bill.RefundedMinor, 0)
		require.Zero(t, bill.RefundingMinor)
	})
	fact(t, "HeldAndCapturedInPart", func(t *testing.T, b *bundle) {
		bill := b.held()
		_, err := b.Capture(b.server(), billing.NewCapture{Key: uuid.NewString(), Bill: bill.ID.String(), Amount: new(pay.Of(50000, pay.RUB))})
		require.NoError(t, err)
		b.later(0)
		require.Equal(t, []string{"INVALID refund.amount_range amount.amount"}, faults(asks(t, b, wants(bill, 50001))))
		require.Empty(t, asks(t, b, wants(bill)).Errors)
		taken, returned := b.takenBack(b.current(b.bill(bill.ID)))
		require.Equal(t, []float64{50000, 50000}, []float64{taken, returned})
		require.Equal(t, pay.BillRefunded, b.bill(bill.ID).Status)
	})
}

// A signed notification about money of which some went back since.
func TestService_RefundAndEvents(t *testing.T) {
	t.Parallel()
	paid := func(t *testing.T, b *bundle) (*ent.Bill, *ent.Attempt) {
		t.Helper()
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		b.later(firstAsk)
		return b.bill(bill.ID), b.current(bill)
	}
	captured := func(minor int64) providers.Result {
		return providers.Result{Status: providers.Captured, Captured: pay.Of(minor, pay.RUB)}
	}
	scriptedFact(t, "NewsOfThePaymentThatComesLateRaisesNoAlarm", func(t *testing.T, b *bundle, s *script) {
		s.signed = true
		bill, a := paid(t, b)
		_, err := b.Refund(b.finance(), wants(bill, 33000))
		require.NoError(t, err)
		b.later(time.Minute)
		asked := s.asked
		require.NoError(t, b.event("late", a.OrderNumber, captured(99000)))
		b.later(2 * time.Second)
		require.Empty(t, openCases(b.bill(bill.ID)))
		require.Greater(t, s.asked, asked, "the provider is asked which it is")
	})
	scriptedFact(t, "NewsOfThePaymentThatComesLateDoesNotFailARefund", func(t *testing.T, b *bundle, s *script) {
		s.signed = true
		bill, a := paid(t, b)
		b.fault("refund", "drop_reply", 1)
		b.fault("sync", "http_500", 1000)
		_, err := b.Refund(b.finance(), wants(bill, 33000))
		require.NoError(t, err)
		b.later(2 * time.Minute)
		require.NoError(t, b.event("late", a.OrderNumber, captured(99000)))
		b.later(2 * time.Second)
		require.Equal(t, int64(33000), b.bill(bill.ID).RefundingMinor)
		b.healthy()
		b.later(10 * time.Minute)
		require.Equal(t, int64(33000), b.bill(bill.ID).RefundedMinor)
	})
}

// get reads JSON of the sandbox.
func (b *bundle) get(path string, into any) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.sandbox+path, http.NoBody)
	require.NoError(b.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	require.NoError(b.t, json.NewDecoder(response.Body).Decode(into))
}
